//! The first line: what is deployed where, how fresh it is, how long until the planned start or since the first change or action,
//! and who flies.
//!
//! ```text
//!  payments-api  prod   v2.4.0 → v2.5.0      LIVE  14:02:11Z  T+12:31  ana (you) drives  raj copilot  mia watches
//! ```

use ratatui::layout::Rect;

use super::pen::Pen;
use crate::cockpit::{Arming, Model, Part};
use crate::domain::version::short;
use crate::domain::{Durability, clock_span};
use crate::theme::Role;

/// From this width on there is room for more than single words.
pub(super) const ROOMY: u16 = 110;

/// Draws the header.
pub(super) fn draw(pen: &mut Pen<'_>, model: &Model, area: Rect) {
    let flight = &model.flight;
    let session = &flight.session;
    let environment = if flight.procedure.production { Role::Production } else { Role::Strong };
    let mut row = pen.row_of(area, 0);
    row.skip(1).put(Role::Strong, &flight.procedure.service).skip(2);
    let name = format!(" {} ", flight.procedure.environment);
    row.put(environment, &name).skip(2);
    // Each piece with how much it matters where not all fit: the state and who drives stay longest.
    let (role, words) = state(model);
    let mut ends: Vec<(u8, Role, String)> = vec![(0, role, words)];
    ends.extend(armed(model).map(|(role, text)| (0, role, text)));
    ends.extend(left_out(model).map(|(role, text)| (0, role, text)));
    ends.extend(beside_journal(model).map(|(role, text)| (0, role, text)));
    ends.push((2, Role::Text, format!("{}Z", model.now.wall.clock())));
    ends.extend(count(model));
    if let Some(opened) = session.opened.as_ref().filter(|opened| !opened.what.why.ticket.is_empty()) {
        ends.push((5, Role::Text, opened.what.why.ticket.clone()));
    }
    if model.around.solo {
        let text = if area.width >= ROOMY { "SOLO, this host only" } else { "SOLO" };
        ends.push((4, Role::Dim, text.to_owned()));
    }
    ends.extend(worth(model).into_iter().map(|text| (6, Role::Wait, text)));
    ends.extend(people(model));
    let room = row.left().saturating_sub(1);
    let mut order: Vec<usize> = (0..ends.len()).collect();
    order.sort_by_key(|place| ends.get(*place).map(|(rank, _, _)| *rank));
    let mut shown = vec![false; ends.len()];
    let mut cells = 0;
    for place in order {
        let Some((_, _, text)) = ends.get(place) else { continue };
        let more = super::pen::width(text) + 2;
        if cells + more > room {
            break;
        }
        cells += more;
        if let Some(shown) = shown.get_mut(place) {
            *shown = true;
        }
    }
    let versions = session.opened.as_ref().map(|opened| (&opened.what.from_version, &opened.what.to_version));
    if let Some((from, to)) = versions.filter(|(from, to)| !from.is_empty() || !to.is_empty()) {
        let from = if from.is_empty() { "?" } else { from };
        let to = if to.is_empty() { "?" } else { to };
        let taken = super::pen::width(from) + super::pen::width(to) + 3 + cells;
        if taken <= room {
            row.put(Role::Text, from).put(Role::Dim, " → ").put(Role::Strong, to);
        }
        // The digest without its algorithm: enough to be read aloud.
        let digest = short(session.digest()).rsplit(':').next().map(|digits| format!("@{digits}")).unwrap_or_default();
        if !session.digest().is_empty() && taken + super::pen::width(&digest) <= room {
            row.put(Role::Dim, &digest);
        }
    }
    for ((_, role, text), _) in ends.iter().zip(shown).filter(|(_, shown)| *shown).rev() {
        row.end(*role, &format!("{text} "));
    }
}

/// How long until the planned start, or since the first change or action; before both, since when the session is open.
fn count(model: &Model) -> Option<(u8, Role, String)> {
    let (session, now) = (&model.flight.session, model.now.wall);
    let opened = session.opened.as_ref()?;
    Some(match (session.began(), session.planned()) {
        (Some(began), _) => (2, Role::Dim, format!("T+{}", clock_span(now.since(began)))),
        (None, Some(planned)) if now < planned => (2, Role::Text, format!("T-{}", clock_span(planned.since(now)))),
        (None, Some(planned)) => (2, Role::Wait, format!("T-0 was {} ago", clock_span(now.since(planned)))),
        (None, None) => (5, Role::Dim, format!("open {}", clock_span(now.since(opened.at)))),
    })
}

/// That guards may roll back by themselves, and whether the cockpit in which they do is there (G1).
pub(super) fn armed(model: &Model) -> Option<(Role, String)> {
    Some(match model.arming()? {
        Arming::Watched => (Role::Wait, "ARMED".to_owned()),
        Arming::Unwatched => (Role::Bad, "ARMED, nobody watching".to_owned()),
    })
}

/// Routers that no step goes to (D8).
pub(super) fn left_out(model: &Model) -> Option<(Role, String)> {
    let excluded = &model.flight.session.excluded;
    let first = excluded.keys().next()?;
    let text = if excluded.len() == 1 { format!("{first} LEFT OUT") } else { format!("{} LEFT OUT", excluded.len()) };
    Some((Role::Bad, text))
}

/// What was decided while cut off, and whether it is at least in the file beside the journal (R5).
fn beside_journal(model: &Model) -> Option<(Role, String)> {
    let spill = model.flight.spill.as_ref()?;
    Some(if spill.is_recorded() { (Role::Wait, "SPILLED".to_owned()) } else { (Role::Bad, "NOT RECORDED".to_owned()) })
}

/// What two people's word and the journal are worth, where that is less than it seems (F3, J5).
fn worth(model: &Model) -> Vec<String> {
    let opened = model.flight.session.opened.as_ref();
    let weak = opened.is_some_and(|opened| opened.what.durability == Durability::MemoryOfOne);
    let weak = (weak && !model.around.solo).then(|| "memory of one server".to_owned());
    weak.into_iter().chain(model.names_are_claims().then(|| "names are claims".to_owned())).collect()
}

/// Who drives, who is there, who is not; this cockpit's own name is marked where there are others.
fn people(model: &Model) -> Vec<(u8, Role, String)> {
    let people = model.people();
    let alone = people.len() == 1;
    let mut found: Vec<(u8, Role, String)> = people
        .iter()
        .map(|person| {
            let rank = if person.part == Part::Drives || person.is_me { 1 } else { 3 };
            let mine = if person.is_me && !alone { " (you)" } else { "" };
            match (person.silent, person.part) {
                (Some(_), Part::Drives) => (rank, Role::Bad, format!("{} drives, not here", person.name)),
                (Some(_), Part::Copilot | Part::Watches) => (rank, Role::Stale, format!("{} not here", person.name)),
                (None, Part::Watches) if person.is_me => (1, Role::Wait, format!("{} watching only", person.name)),
                (None, part) => {
                    let role = if person.is_me { Role::Strong } else { Role::Text };
                    let role = if alone { Role::Text } else { role };
                    (rank, role, format!("{}{mine} {}", person.name, part.word()))
                }
            }
        })
        .collect();
    if !people.iter().any(|person| person.part == Part::Drives) {
        let holder = model.flight.session.controls.as_ref().map(|controls| &controls.holder.operator);
        let text = holder.map_or("nobody drives".to_owned(), |holder| format!("{holder} drives"));
        found.insert(0, (1, Role::Dim, text));
    }
    found
}

/// Who drives, for where there is no room for more.
pub(super) fn driver(model: &Model) -> (Role, String) {
    let first = people(model).into_iter().find(|(rank, _, _)| *rank == 1);
    first.map_or((Role::Dim, "nobody drives".to_owned()), |(_, role, text)| (role, text))
}

/// One word for how far what is on the screen can be trusted, worst first.
pub(super) fn state(model: &Model) -> (Role, String) {
    let flight = &model.flight;
    let now = model.now.elapsed;
    let fresh = flight.watches.values().filter(|watch| watch.fresh(now).is_some()).count();
    let all = flight.watches.len();
    if flight.session.closed.is_some() {
        (Role::Dim, "CLOSED".to_owned())
    } else if flight.is_cut_off() {
        (Role::Bad, "CUT OFF".to_owned())
    } else if flight.session.hold.is_some() {
        (Role::Wait, "HELD".to_owned())
    } else if all == 0 {
        (Role::Dim, "NO ROUTER".to_owned())
    } else if fresh == all {
        (Role::Good, "LIVE".to_owned())
    } else {
        let word = if fresh == 0 { "STALE".to_owned() } else { format!("LIVE {fresh} of {all}") };
        (Role::Bad, word)
    }
}
