//! The first line: what is deployed where, how fresh it is, since when, and who flies.
//!
//! ```text
//!  payments-api  prod   v2.4.0 → v2.5.0            LIVE  14:02:11Z  T+12:31   SOLO  ana drives
//! ```

use ratatui::layout::Rect;

use super::pen::Pen;
use crate::cockpit::Model;
use crate::domain::clock_span;
use crate::theme::Role;

/// Draws the header.
pub(super) fn draw(pen: &mut Pen<'_>, model: &Model, area: Rect) {
    let flight = &model.flight;
    let session = &flight.session;
    let environment = if flight.procedure.production { Role::Production } else { Role::Strong };
    let mut row = pen.row_of(area, 0);
    row.skip(1).put(Role::Strong, &flight.procedure.service).skip(2);
    let name = format!(" {} ", flight.procedure.environment);
    row.put(environment, &name).skip(2);
    // From the right: who flies matters last, whether it is live first.
    let (state, words) = state(model);
    let mut ends = vec![(state, words)];
    ends.push((Role::Text, format!("{}Z", model.now.wall.clock())));
    if let Some(opened) = &session.opened {
        ends.push((Role::Dim, format!("T+{}", clock_span(model.now.wall.since(opened.at)))));
    }
    if model.around.solo {
        ends.push((Role::Dim, "SOLO".to_owned()));
    }
    ends.push(match &session.controls {
        Some(controls) => {
            let is_me = flight.drives();
            let role = if is_me { Role::Text } else { Role::Wait };
            (role, format!("{} drives", controls.holder.operator))
        }
        None => (Role::Dim, "nobody drives".to_owned()),
    });
    let room = row.left().saturating_sub(1);
    let mut shown = 0;
    let mut cells = 0;
    for (_, text) in &ends {
        let more = super::pen::width(text) + 2;
        if cells + more > room {
            break;
        }
        cells += more;
        shown += 1;
    }
    let versions = session.opened.as_ref().map(|opened| (&opened.what.from_version, &opened.what.to_version));
    if let Some((from, to)) = versions.filter(|(from, to)| !from.is_empty() || !to.is_empty()) {
        let from = if from.is_empty() { "?" } else { from };
        let to = if to.is_empty() { "?" } else { to };
        if super::pen::width(from) + super::pen::width(to) + 3 + cells <= room {
            row.put(Role::Text, from).put(Role::Dim, " → ").put(Role::Strong, to);
        }
    }
    for (role, text) in ends.iter().take(shown).rev() {
        row.end(*role, &format!("{text} "));
    }
}

/// One word for how far what is on the screen can be trusted, worst first.
pub(super) fn state(model: &Model) -> (Role, String) {
    let flight = &model.flight;
    let now = model.now.elapsed;
    let fresh = flight.watches.values().filter(|watch| watch.fresh(now).is_some()).count();
    let all = flight.watches.len();
    if flight.session.closed.is_some() {
        (Role::Dim, "CLOSED".to_owned())
    } else if flight.link.broken.is_some() {
        (Role::Bad, "READ-ONLY".to_owned())
    } else if flight.link.down.is_some() {
        (Role::Bad, "JOURNAL DOWN".to_owned())
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
