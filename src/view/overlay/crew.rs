//! The controls that change hands, and who is there.
//!
//! ```text
//! ╭ Controls · payments-api · PROD ───────────────────────────────╮
//! │  ana offers you the controls  at 14:02:11                     │
//! │    eu-1 has 30 / 70, read 0:01 ago                            │
//! │    next step: Blue 50                                         │
//! │                                                               │
//! │  y take the controls    n refuse    Esc close                 │
//! ╰───────────────────────────────────────────────────────────────╯
//! ```

use super::{Sheet, key, piece};
use crate::cockpit::{Action, Handover, Model, Part};
use crate::domain::clock_span;
use crate::theme::Role;
use crate::view::key as keys;

/// The controls change hands.
pub(super) fn controls(model: &Model, handover: &Handover) -> Sheet {
    let session = &model.flight.session;
    let mut sheet = Sheet::act(model, "Controls");
    let (mut yes, mut no) = ("", "");
    match handover {
        Handover::OfferTo { cockpits, chosen } => {
            for (place, (_, name)) in cockpits.iter().enumerate() {
                let here = place == *chosen;
                let mark = if here { "› " } else { "  " };
                let role = if here { Role::Strong } else { Role::Text };
                sheet.line(vec![piece(Role::Accent, mark), piece(role, name.to_string())]);
            }
            let name = cockpits.get(*chosen).map(|(_, name)| name.to_string()).unwrap_or_default();
            sheet.line(vec![piece(Role::Dim, format!("{name} reads this, and has them once they accept:"))]);
            summary(&mut sheet, &model.flight.summary(model.now));
            yes = "offer them";
        }
        Handover::Offered => {
            if let Some(offer) = &session.offer {
                sheet.line(vec![
                    piece(Role::Strong, offer.by.to_string()),
                    piece(Role::Text, " offers you the controls"),
                    piece(Role::Dim, format!("  at {}", offer.at.clock())),
                ]);
                summary(&mut sheet, &offer.summary);
            }
            (yes, no) = ("take the controls", "refuse");
        }
        Handover::Asked => {
            if let Some(asking) = &session.asking {
                sheet.line(vec![
                    piece(Role::Strong, asking.by.to_string()),
                    piece(Role::Text, format!(" asks for the controls: {}", asking.reason)),
                    piece(Role::Dim, format!("  at {}", asking.at.clock())),
                ]);
                sheet.line(vec![piece(Role::Dim, "They read this, and have them once they accept:")]);
                summary(&mut sheet, &model.flight.summary(model.now));
            }
            (yes, no) = ("hand over", "refuse");
        }
        Handover::Asking => {
            sheet.line(vec![piece(Role::Text, model.asking_words())]);
            let silence = model.flight.procedure.people;
            sheet.line(vec![piece(
                Role::Dim,
                format!(
                    "They can be taken {} after the asking, from who is silent for {} or has touched no key for {}.",
                    clock_span(silence.grace),
                    clock_span(silence.silence),
                    clock_span(silence.away)
                ),
            )]);
            if model.taken_in() == Some(Ok(std::time::Duration::ZERO)) {
                yes = "take the controls";
                summary(&mut sheet, &model.flight.summary(model.now));
            }
            no = "ask no longer";
        }
    }
    let mut line = if yes.is_empty() { Vec::new() } else { key(&keys::of(model, &Action::Send), yes) };
    if !no.is_empty() {
        line.extend(key(&keys::of(model, &Action::Refuse), no));
    }
    line.extend(key(&keys::of(model, &Action::Escape), "close"));
    sheet.pin(line);
    sheet
}

fn summary(sheet: &mut Sheet, lines: &[String]) {
    sheet.gap();
    for line in lines {
        sheet.line(vec![piece(Role::Text, format!("  {line}"))]);
    }
}

/// Who is there, and what is known of them.
pub(super) fn people(model: &Model) -> Sheet {
    let (flight, now) = (&model.flight, model.now.elapsed);
    let mut sheet = Sheet::new("Who is there");
    sheet.width = 92;
    for person in model.people() {
        let process = flight.session.aboard.get(&person.cockpit).map(|aboard| &aboard.process);
        let heard = flight.crew.others.get(&person.cockpit).map(|heard| &heard.presence);
        let mut line = vec![
            piece(Role::Strong, format!("{:<10}", person.name.as_str())),
            piece(
                if person.part == Part::Drives { Role::Accent } else { Role::Text },
                format!("{:<9}", person.part.word()),
            ),
        ];
        line.push(match person.silent {
            _ if person.is_me => piece(Role::Text, format!("{:<18}", "you")),
            Some(span) => piece(Role::Wait, format!("{:<18}", format!("not here {}", clock_span(span)))),
            None if heard.is_some() => {
                let idle = crate::domain::age(flight.away_for(person.cockpit, now));
                piece(Role::Dim, format!("{:<18}", format!("last key {idle} ago")))
            }
            None => piece(Role::Dim, " ".repeat(18)),
        });
        if let Some(process) = process {
            line.push(piece(Role::Dim, format!("process {} on {}", process.pid, process.host)));
        }
        if let Some(pointer) = heard.and_then(|heard| heard.pointer.as_ref()) {
            line.push(piece(Role::Accent, format!("  points at {pointer}")));
        }
        sheet.line(line);
    }
    sheet.gap();
    let asks = flight.procedure.confirm.asks_two();
    let names = if flight.procedure.people.keys {
        piece(Role::Good, "names are proven by the profile's keys where two people are asked")
    } else if asks {
        piece(Role::Wait, "names are claims: the profile lists no keys, so two people read as two cockpits")
    } else {
        piece(Role::Dim, "names are claims; no act of this profile asks two people")
    };
    sheet.line(vec![names]);
    let kept = format!("journal: {}", model.around.durability);
    let solo = if model.around.solo { ", this host and user only: nobody else can join" } else { "" };
    sheet.line(vec![piece(Role::Dim, format!("{kept}{solo}"))]);
    match flight.crew.offset_ms {
        Some(offset) => {
            let sign = if offset < 0 { "-" } else { "" };
            let (whole, tenths) = (offset.unsigned_abs() / 1000, offset.unsigned_abs() % 1000 / 100);
            let text = format!("this host's clock is {sign}{whole}.{tenths} s off the journal's");
            sheet.line(vec![piece(if flight.crew.skew_ms() > 2_000 { Role::Wait } else { Role::Dim }, text)]);
        }
        None => sheet.line(vec![piece(Role::Dim, "how far this host's clock is off is not known")]),
    }
    sheet
}
