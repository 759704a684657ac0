//! Confirming a forward act: a shift with every router spelled out, or a person's step.
//!
//! ```text
//! ╭ Shift traffic · payments-api · PROD ─────────────────────────────────────────────╮
//! │  ▲ blue 30 → 50    ● green 70 → 50    about 248 req/s move to blue               │
//! │  in 2 waves, 30 s apart: eu-1 · eu-2                                             │
//! │                                                                                  │
//! │  ✗ soak 3:12 of 5:00   o override, with a reason                                 │
//! │                                                                                  │
//! │  eu-1  haproxy  30 / 70 → 50 / 50                                                │
//! │    set server app/blue-1 weight 86                                               │
//! │  eu-2  haproxy  30 / 70 → 50 / 50   the same requests                            │
//! │                                                                                  │
//! │  ✓ blue 3/3 up                                                                   │
//! │  Way back from there: 30 / 70                                                    │
//! │                                                                                  │
//! │  Type blue 50 to send: blue 5▏    valid 0:52    Esc send nothing                 │
//! ╰──────────────────────────────────────────────────────────────────────────────────╯
//! ```

use super::confirm::{answer, failing, holding, orders};
use super::{Piece, Sheet, key, piece, unwind};
use crate::cockpit::{Action, ConfirmState, Model};
use crate::domain::procedure::{Step, StepAct};
use crate::domain::{RouterId, StepId, Waves, Weights};
use crate::flight::propose::Stage;
use crate::session::event::ChangeKind;
use crate::theme::Role;
use crate::view::format::rate;
use crate::view::key as keys;
use crate::view::seen::{PoolSeen, Seen};

/// The confirmation of a shift.
pub(super) fn shift(model: &Model, confirm: &ConfirmState, seen: &Seen<'_>) -> Sheet {
    let flight = &model.flight;
    let Some(proposing) = &flight.proposing else {
        let mut sheet = Sheet::act(model, "Shift traffic");
        sheet.line(vec![piece(Role::Text, "There is no proposal any more. Nothing was sent.")]);
        sheet.pin(key(&keys::of(model, &Action::Escape), "close"));
        return sheet;
    };
    let act = match &proposing.kind {
        ChangeKind::Step { step } => {
            flight.procedure.step(step).map_or_else(|| "Shift traffic".to_owned(), |(_, step)| step.name.clone())
        }
        ChangeKind::OffPlan => match proposing.takes_in(&model.flight) {
            Some(router) => format!("Take {router} into the plan again"),
            None => "Shift traffic off plan".to_owned(),
        },
        ChangeKind::PutBack => "Put a router back".to_owned(),
        ChangeKind::Rollback { .. } => "Roll back".to_owned(),
    };
    let mut sheet = Sheet::act(model, &act);
    sheet.line(summary(&proposing.to, seen));
    if let Some(line) = proposing.proposal().and_then(|proposal| waves(&proposal.waves)) {
        sheet.line(line);
    }
    sheet.gap();
    if stage(model, &mut sheet, &proposing.stage) {
        return sheet;
    }
    let reports = flight.gates(model.now);
    failing(model, &mut sheet, &reports, confirm);
    if let Some(proposal) = proposing.proposal() {
        orders(model, &mut sheet, proposal);
        if proposal.holds_already() {
            sheet.line(vec![piece(Role::Good, "✓ every router holds it already: nothing is sent, the step is marked")]);
            sheet.gap();
        }
    }
    holding(&mut sheet, &reports);
    sheet.line(way_back_from(model, &proposing.kind));
    answer(model, &mut sheet, confirm, "send");
    sheet
}

/// The stages in which nothing can be confirmed; says whether it is one.
pub(super) fn stage(model: &Model, sheet: &mut Sheet, stage: &Stage) -> bool {
    match stage {
        Stage::Ready(_) | Stage::Asking(_) | Stage::Confirming(_) => return false,
        Stage::Preparing => {
            sheet.line(vec![piece(Role::Dim, "↻ working out what each router is sent …")]);
        }
        Stage::Void { why } => {
            sheet.border = Role::Bad;
            // A refusal begins with the word already.
            let moved = why.strip_prefix("void: ").unwrap_or(why);
            sheet.line(vec![piece(Role::Bad, "void: "), piece(Role::Strong, format!("{moved}; look again"))]);
            sheet.line(vec![piece(Role::Text, "Nothing was sent.")]);
        }
        Stage::Impossible { refusals } => {
            sheet.border = Role::Bad;
            for (router, refused) in refusals {
                sheet.line(vec![
                    piece(Role::Bad, "✗ "),
                    piece(Role::Strong, router.to_string()),
                    piece(Role::Text, format!("  {}; {}", refused.why, refused.advice)),
                ]);
            }
            sheet.line(vec![piece(Role::Text, "Nothing was sent.")]);
        }
    }
    let mut line = key(&keys::of(model, &Action::Afresh), "propose it afresh");
    line.extend(key(&keys::of(model, &Action::Escape), "send nothing"));
    sheet.pin(line);
    true
}

/// In which order the routers are sent to; nothing where all go at once.
pub(super) fn waves(waves: &Waves) -> Option<Vec<Piece>> {
    const NAMED: usize = 24;
    let routers: usize = waves.iter().map(<[RouterId]>::len).sum();
    let each: Vec<String> = waves
        .iter()
        .map(|wave| match wave {
            many if routers > NAMED => many.len().to_string(),
            few => few.iter().map(RouterId::as_str).collect::<Vec<_>>().join(", "),
        })
        .collect();
    let many = if routers > NAMED { " routers" } else { "" };
    Some(vec![
        piece(Role::Strong, format!("in {}", waves.words()?)),
        piece(Role::Dim, ": "),
        piece(Role::Text, format!("{}{many}", each.join(" · "))),
    ])
}

/// Every pool with its share before and after, and what moves.
pub(super) fn summary(to: &Weights, seen: &Seen<'_>) -> Vec<Piece> {
    let mut line = Vec::new();
    let mut raised: Option<(&PoolSeen<'_>, f64)> = None;
    for pool in &seen.pools {
        let points = to.of(&pool.spec.id);
        let before = pool.percent();
        line.push(piece(pool.role, format!("{} {}  ", pool.spec.mark, pool.spec.id)));
        line.push(piece(Role::Text, before));
        line.push(piece(Role::Dim, " → "));
        line.push(piece(Role::Strong, format!("{points}     ")));
        let grows = points.fraction() - pool.share.unwrap_or(points.fraction());
        if grows > 0.0005 && raised.is_none_or(|(_, most)| grows > most) {
            raised = Some((pool, grows));
        }
    }
    if let (Some((pool, grows)), Some(total)) = (raised, seen.total) {
        line.push(piece(Role::Dim, "about "));
        line.push(piece(Role::Strong, rate(grows * total)));
        line.push(piece(Role::Dim, " req/s move to "));
        line.push(piece(pool.role, pool.spec.id.to_string()));
    }
    line
}

/// Where R would go once this is done.
fn way_back_from(model: &Model, kind: &ChangeKind) -> Vec<Piece> {
    let flight = &model.flight;
    let declared = match kind {
        ChangeKind::Step { step } => flight.procedure.step(step).and_then(|(_, step)| step.back_to.clone()),
        ChangeKind::OffPlan | ChangeKind::PutBack | ChangeKind::Rollback { .. } => None,
    };
    let to = declared.or_else(|| model.live().and_then(|live| live.nearest_weights()));
    let Some(to) = to else {
        return vec![piece(Role::Wait, "Way back from there: not known without a reading")];
    };
    let slowest =
        flight.procedure.routers.iter().map(|router| router.capabilities.back_ms + router.capabilities.settle_ms);
    let time = super::super::way_back::seconds(slowest.max().unwrap_or(0));
    let mut line = vec![piece(Role::Dim, "Way back from there: "), piece(Role::Strong, to.to_string())];
    for (pool, points) in to.iter().filter(|(_, points)| points.0 > 0) {
        if let Some((up, all)) = flight.servers_of(pool, model.now.elapsed).filter(|_| points.0 > 0) {
            let role = if up < all { Role::Bad } else { Role::Text };
            line.push(piece(role, format!(", {pool} {up}/{all} up")));
        }
    }
    line.push(piece(Role::Text, format!(", {time} on each router")));
    line
}

/// The confirmation of a person's step.
pub(super) fn complete(model: &Model, id: &StepId, confirm: &ConfirmState) -> Sheet {
    let Some(step) = model.flight.procedure.work(id) else {
        return Sheet::act(model, "Step");
    };
    let unwinds = unwind::title(model, id);
    let is_back = unwinds.is_some();
    let mut sheet = Sheet::act(model, &format!("{} done?", unwinds.as_ref().unwrap_or(&step.name)));
    if is_back {
        unwind::head(model, &mut sheet, id);
    }
    for line in words(step).lines() {
        sheet.line(vec![piece(Role::Text, line)]);
    }
    super::version::lines(model, &mut sheet, step);
    sheet.gap();
    let reports = model.gates_of(id);
    failing(model, &mut sheet, &reports, confirm);
    holding(&mut sheet, &reports);
    sheet.line(vec![piece(Role::Dim, "flightdeck does nothing for this step: it records that a person did it.")]);
    answer(model, &mut sheet, confirm, "record it as done");
    unwind::ways_past(model, &mut sheet);
    sheet
}

fn words(step: &Step) -> &str {
    match &step.act {
        StepAct::Deploy { text, .. } | StepAct::Pause { text } => text,
        StepAct::Shift(_) => "",
    }
}
