//! Arming guards: which roll back by themselves, when, where to, and what would keep them from it.
//!
//! ```text
//! ╭ Arm the guards · payments-api · PROD ────────────────────────────────────────────╮
//! │  From then on these roll back by themselves, once, without asking anybody:        │
//! │  errors   3 in a row            → 10 / 90   back_to of Blue 30                    │
//! │           ! would ring now instead: green has 0/2 up                              │
//! │  ✗ p99 is red already: it is left out                                             │
//! │  …                                                                                │
//! │  y arm them    Esc send nothing                                                   │
//! ╰──────────────────────────────────────────────────────────────────────────────────╯
//! ```

use super::confirm::answer;
use super::{Sheet, piece};
use crate::cockpit::{ConfirmState, Model};
use crate::domain::GuardId;
use crate::domain::clock_span;
use crate::domain::guard::Patience;
use crate::session::guard::to_arm;
use crate::theme::Role;

/// The dialog that arms the guards, or disarms them.
pub(super) fn arm(model: &Model, disarms: bool, confirm: &ConfirmState) -> Sheet {
    if disarms {
        return disarm(model, confirm);
    }
    let flight = &model.flight;
    let mut sheet = Sheet::act(model, "Arm the guards");
    sheet.border = Role::Wait;
    let (guards, left_out) = to_arm(&flight.session, &flight.procedure);
    if guards.is_empty() {
        sheet.line(vec![piece(Role::Text, "There is none to arm:")]);
    } else {
        sheet.line(vec![piece(Role::Strong, "From then on these roll back by themselves, once, and ask nobody:")]);
    }
    for guard in guards {
        let patience = flight.procedure.guards.iter().find(|spec| spec.id == *guard).map(|spec| spec.patience);
        let mut line = vec![
            piece(Role::Strong, format!("  {guard}")),
            piece(Role::Text, format!("  once it is broken {}", patience.map(patient).unwrap_or_default())),
        ];
        match flight.guard_back(guard) {
            Ok(back) => {
                line.push(piece(Role::Dim, "  goes back to "));
                line.push(piece(Role::Strong, back.to.to_string()));
                line.push(piece(Role::Dim, format!("  {}", back.why)));
                sheet.line(line);
                if let Some(why) = flight.guard_would_ring(guard, model.now) {
                    sheet.line(vec![piece(Role::Wait, format!("    ! would only ring now: {why}"))]);
                }
            }
            Err(refused) => {
                line.push(piece(Role::Dim, format!("  only rings now: {}", refused.why)));
                sheet.line(line);
            }
        }
    }
    for guard in left_out {
        sheet.line(vec![piece(Role::Bad, format!("  ✗ {guard} is red already: it would never fire, and is left out"))]);
    }
    sheet.gap();
    for text in [
        "Only while this cockpit has the controls and the journal answers. Else they ring, and R goes back.",
        "They ring as well where the pool to go back to is down, too small, or breaks the same limit.",
        "A hand-over, a rollback, leaving or a reload disarms them. Nothing goes forward by itself after it.",
    ] {
        sheet.line(vec![piece(Role::Dim, text)]);
    }
    answer(model, &mut sheet, confirm, "arm them");
    sheet
}

fn disarm(model: &Model, confirm: &ConfirmState) -> Sheet {
    let mut sheet = Sheet::act(model, "Disarm the guards");
    if let Some(armed) = model.flight.session.armed() {
        let names: Vec<&str> = armed.guards.iter().map(GuardId::as_str).collect();
        sheet.line(vec![
            piece(Role::Strong, names.join(", ")),
            piece(Role::Text, format!(", armed by {} at {}", armed.by, armed.at.clock())),
        ]);
    }
    sheet.gap();
    sheet.line(vec![piece(Role::Dim, "After it they ring and put up their banner, and R goes back.")]);
    answer(model, &mut sheet, confirm, "disarm them");
    sheet
}

fn patient(patience: Patience) -> String {
    match patience {
        Patience::InARow(1) => "once".to_owned(),
        Patience::InARow(times) => format!("{times} times in a row"),
        Patience::For(span) => format!("for {}", clock_span(span)),
    }
}
