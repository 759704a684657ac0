//! One line above the way back: what answers the last key, else what waits for the operator, else what became of the
//! change, else the newest message.
//!
//! ```text
//!  ! 50 / 50 is not done everywhere: eu-2 not verified   p look
//!  50 / 50   ✓ eu-1 verified 0.009 s   ↻ eu-2 accepted, reading back
//!  14:02:11 blue is drained
//! ```

use ratatui::layout::Rect;

use super::format::took;
use super::pen::{Pen, Row, fit, width};
use super::state::{leg_state, outcome_state};
use crate::cockpit::{Action, ChecklistRow, Model, Noticed, Pane};
use crate::flight::Tone;
use crate::session::Change;
use crate::theme::Role;

/// Routers up to so many are told one by one.
const FEW: usize = 4;

/// Draws the line.
pub(super) fn draw(pen: &mut Pen<'_>, model: &Model, area: Rect) {
    let banners = model.banners();
    if let Some(noticed) = model.answer_to_key() {
        notice(pen, model, noticed, area);
    } else if let Some(banner) = banners.first() {
        let mut row = pen.row_of(area, 0);
        let key =
            banner.action.as_ref().map(|action| super::key::in_panes(model, action)).filter(|key| !key.is_empty());
        if banners.len() > 1 {
            row.end(Role::Dim, &format!("1 of {} ", banners.len()));
        }
        let role = tone(banner.tone);
        // The key stays in view, however long the text is.
        let verb = verb(model, banner.action.as_ref());
        let kept = key.as_ref().map_or(0, |key| width(key) + width(&verb) + 2);
        let room = row.left().saturating_sub(kept + 3);
        row.skip(1).put(role, mark(banner.tone)).skip(1).put(role, &fit(&banner.text, room));
        if let Some(key) = key {
            row.skip(2).put(Role::Accent, &key).put(Role::Text, &verb);
        }
    } else if let Some(text) = cut_item(model) {
        pen.row_of(area, 0).skip(1).put(Role::Accent, "☐ ").put(Role::Text, text);
    } else if let Some(change) = model.result() {
        result(pen, model, change, area);
    } else if let Some(noticed) = model.newest_notice() {
        notice(pen, model, noticed, area);
    }
}

fn notice(pen: &mut Pen<'_>, model: &Model, noticed: &Noticed, area: Rect) {
    let is_new = model.now.elapsed.since(noticed.at.elapsed).as_secs() < 30;
    let role = if is_new { tone(noticed.notice.tone) } else { Role::Dim };
    let mut row = pen.row_of(area, 0);
    row.skip(1).put(Role::Dim, &noticed.at.wall.clock()).skip(1);
    row.put(role, mark(noticed.notice.tone)).skip(1).put(role, &noticed.notice.text);
}

/// The selected item's text where its pane is too narrow for it.
fn cut_item(model: &Model) -> Option<&str> {
    let ChecklistRow::Item { item, tick: None, .. } = model.checklist_selected()? else { return None };
    let room = model.areas().inner(Pane::Checklist).width.saturating_sub(5 + u16::from(item.depth) * 2);
    (model.focus == Pane::Checklist && width(&item.text) > room).then_some(item.text.as_str())
}

/// What a banner's key does.
fn verb(model: &Model, action: Option<&Action>) -> String {
    let words = match action {
        // What a guard asks for is said whole: where the two keys go.
        Some(Action::RollBack) if !model.trips().is_empty() => {
            return format!(", Enter: {}", model.roll_back_words());
        }
        Some(Action::TakeControls) => " take them",
        Some(Action::AskControls) => " ask for them",
        Some(Action::OfferControls) => " take the offer back",
        Some(Action::RollBack) if model.flight.session.ramp().is_some() => {
            let at_once = super::key::in_panes(model, &Action::BackAtOnce);
            return format!(" on with it, {at_once} at once");
        }
        Some(Action::RollBack) => " roll back",
        Some(_) | None => " look",
    };
    words.to_owned()
}

/// What is known of a change, router by router.
fn result(pen: &mut Pen<'_>, model: &Model, change: &Change, area: Rect) {
    let execution = model.flight.execution(change.id());
    let mut row = pen.row_of(area, 0);
    let act = if change.confirmed.kind.is_forward() { "" } else { "back to " };
    row.skip(1).put(Role::Strong, &format!("{act}{}", change.confirmed.to)).skip(3);
    if change.confirmed.routers.len() > FEW || !change.confirmed.waves.are_all_at_once() {
        return counted(&mut row, model, change);
    }
    if let Some(time) = change.took().filter(|_| !change.confirmed.kind.is_forward()) {
        let (role, declared) = match model.flight.procedure.back.estimate {
            Some(declared) if time > declared => (Role::Wait, format!(", declared {}", took(declared))),
            Some(declared) => (Role::Good, format!(" of {} declared", took(declared))),
            None => (Role::Dim, String::new()),
        };
        row.put(role, &format!("took {}{declared}", took(time))).skip(3);
    }
    for order in &change.confirmed.routers {
        let leg = execution.and_then(|execution| execution.legs.get(&order.router));
        let known = change.outcomes.get(&order.router).and_then(|known| known.outcome.as_ref());
        let state = match (leg, known) {
            (Some(leg), _) => leg_state(model, leg),
            (None, Some(outcome)) => outcome_state(model, outcome),
            (None, None) => continue,
        };
        let time = leg.and_then(|leg| leg.took).map(|span| format!(" {}", took(span))).unwrap_or_default();
        row.put(state.role, state.mark.encode_utf8(&mut [0; 4]));
        row.put(Role::Text, &format!(" {} ", order.router)).put(state.role, &state.words).put(Role::Dim, &time).skip(3);
    }
}

/// How many routers have each outcome.
fn counted(row: &mut Row<'_, '_>, model: &Model, change: &Change) {
    for (role, text) in super::overlay::counted(model, change) {
        row.put(role, &text);
    }
    let key = super::key::in_panes(model, &Action::OpenPartial);
    if model.matrix().is_some() && !key.is_empty() {
        row.put(Role::Accent, &key).put(Role::Text, " routers");
    }
}

/// The role of a message.
pub(super) fn tone(tone: Tone) -> Role {
    match tone {
        Tone::Plain => Role::Text,
        Tone::Good => Role::Good,
        Tone::Warn => Role::Wait,
        Tone::Bad => Role::Bad,
    }
}

/// The mark of a message.
pub(super) fn mark(tone: Tone) -> &'static str {
    match tone {
        Tone::Plain => "·",
        Tone::Good => "✓",
        Tone::Warn | Tone::Bad => "!",
    }
}
