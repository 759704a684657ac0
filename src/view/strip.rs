//! The split in one line, for where the traffic pane is not; and the smallest screen: the split, the state and R.
//!
//! ```text
//! ▲ 30 %  ● 70 %  ■■■■■■■■■■■■■■■■■■■■■
//! LIVE  payments-api prod
//! draining 17
//! R → 10 / 90
//! ```

use ratatui::layout::Rect;

use super::format::old;
use super::pen::{Pen, width};
use super::seen::Seen;
use super::traffic::{Look, bar};
use super::{header, message, plan, way_back};
use crate::cockpit::Model;
use crate::domain::drain::DrainState;
use crate::layout::Areas;
use crate::theme::Role;

/// Draws the strip.
pub(super) fn draw(pen: &mut Pen<'_>, area: Rect, seen: &Seen<'_>) {
    if area.is_empty() {
        return;
    }
    let texts: Vec<String> = seen.pools.iter().map(|pool| format!("{} {} %", pool.spec.mark, pool.percent())).collect();
    let texts: Vec<String> = match seen.old {
        Some(age) => texts.into_iter().chain([format!("read {} ago", old(age))]).collect(),
        None => texts,
    };
    let taken: u16 = texts.iter().map(|text| width(text) + 2).sum();
    let number = seen.number();
    let mut row = pen.row_of(area, 0);
    row.skip(1);
    for (place, text) in texts.iter().enumerate() {
        let hue = seen.pools.get(place).map_or(Role::Dim, |pool| pool.role);
        row.put(if number == Role::Stale { number } else { hue }, text).skip(2);
    }
    let room = area.width.saturating_sub(taken + 2);
    if room >= 6 {
        let parts: Vec<f64> = seen.pools.iter().map(|pool| pool.share.unwrap_or(0.0)).collect();
        let look = if seen.is_live { Look::Live } else { Look::Old };
        if seen.pools.iter().any(|pool| pool.share.is_some()) {
            bar(pen, area.x + taken + 1, area.y, room, &parts, &[], look);
        }
    }
}

/// Draws the smallest screen.
pub(super) fn tiny(pen: &mut Pen<'_>, model: &Model, areas: &Areas, seen: &Seen<'_>) {
    draw(pen, areas.strip, seen);
    let mut lines = Vec::new();
    if let Some(banner) = model.banners().first() {
        lines.push((message::tone(banner.tone), banner.text.clone()));
    }
    let procedure = &model.flight.procedure;
    let (role, word) = header::state(model);
    let armed = header::armed(model);
    let word = armed.as_ref().map_or(word.clone(), |(_, armed)| format!("{word}  {armed}"));
    let role = armed.map_or(role, |(armed, _)| if role == Role::Good { armed } else { role });
    lines.push((role, format!("{word}  {} {}", procedure.service, procedure.environment)));
    lines.push(header::driver(model));
    for pool in &seen.pools {
        let drain = pool.drain.filter(|_| pool.share.is_some_and(|share| share == 0.0));
        if let Some(drain) = drain.filter(|drain| drain.state != DrainState::Active) {
            let words = model.flight.drain_words(drain);
            lines.push((Role::Text, format!("{} {}: {words}", pool.spec.mark, drain.state.word())));
        }
    }
    if let Some((role, text)) = plan::soak(model) {
        lines.push((role, text.trim().to_owned()));
    }
    lines.extend(super::traffic::guards(model).map(|(role, text, _)| (role, text)));
    for (row, (role, text)) in (0..areas.message.height).zip(lines) {
        pen.row_of(areas.message, row).skip(1).put(role, &text);
    }
    way_back::draw(pen, model, areas.way_back);
}
