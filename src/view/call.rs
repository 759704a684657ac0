//! The view for a shared screen: four things in letters that survive a video call.
//!
//! ```text
//!  payments-api  prod                                                     LIVE  14:02:11Z
//!
//!   █▀▄ █   █ █ █▀▀   ▀▀█ █▀█
//!   █▀▄ █   █ █ █▀     ▀█ █ █                        the split, a line per pool
//!   ▀▀  ▀▀▀ ▀▀▀ ▀▀▀   ▀▀▀ ▀▀▀
//!
//!   draining: 17 in flight
//!   soak 3:12 of 5:00
//!   all 4 gates hold
//!   next: Blue 50
//! ```

use ratatui::layout::Rect;

use super::pen::Pen;
use super::seen::Seen;
use super::{footer, header, message, plan, way_back};
use crate::cockpit::Model;
use crate::domain::drain::DrainState;
use crate::layout::Areas;
use crate::theme::Role;

/// Draws the view.
pub(super) fn draw(pen: &mut Pen<'_>, model: &Model, areas: &Areas, seen: &Seen<'_>) {
    header::draw(pen, model, areas.header);
    message::draw(pen, model, areas.message);
    way_back::draw(pen, model, areas.way_back);
    footer::draw(pen, model, areas.footer);
    let room = Rect {
        x: 2,
        y: areas.header.bottom() + 1,
        width: areas.all.width.saturating_sub(4),
        height: areas.message.y.saturating_sub(areas.header.bottom() + 1),
    };
    let lines = lines(model, seen);
    let small = u16::try_from(lines.len()).unwrap_or(0) + 1;
    let pools = u16::try_from(seen.pools.len()).unwrap_or(1).max(1);
    let tall = room.height.saturating_sub(small) / pools;
    let splits: Vec<String> =
        seen.pools.iter().map(|pool| format!("{} {}", pool.spec.id.as_str().to_uppercase(), pool.percent())).collect();
    // One scale for all pools: a larger letter must not look like a larger share.
    let scale = splits.iter().map(|text| scale(text, room.width, tall)).min().unwrap_or(0);
    let mut y = room.y;
    for (pool, text) in seen.pools.iter().zip(&splits) {
        let role = if seen.is_live { pool.role } else { Role::Stale };
        if scale == 0 {
            pen.row_of(room, y - room.y).put(role, &pool.spec.mark).skip(1).put(Role::Strong, text);
            y += 1;
        } else {
            letters(pen, Rect { y, ..room }, text, scale, role);
            y += 5 * scale + 1;
        }
    }
    for (place, (role, text, large)) in (1_u16..).zip(lines) {
        let after = small.saturating_sub(place + 1);
        let cells = u16::try_from(large.chars().count()).unwrap_or(u16::MAX).saturating_mul(8);
        if !large.is_empty() && scale > 0 && cells <= room.width && y + 6 + after <= room.bottom() {
            letters(pen, Rect { y, ..room }, &large, 1, role);
            y += 6;
        } else if y < room.bottom() {
            pen.row_of(room, y - room.y).put(role, &text);
            y += 1;
        }
    }
}

/// What follows the split: a line each, with the few words of it that can stand in large letters.
fn lines(model: &Model, seen: &Seen<'_>) -> Vec<(Role, String, String)> {
    let mut lines = Vec::new();
    for pool in &seen.pools {
        let drain = pool.drain.filter(|_| pool.share.is_some_and(|share| share == 0.0));
        if let Some(drain) = drain.filter(|drain| drain.state != DrainState::Active) {
            let words = model.flight.drain_words(drain);
            let role = if drain.state == DrainState::Drained { Role::Good } else { Role::Wait };
            let left = drain.level().filter(|left| *left > 0).map(|left| format!(" {left}")).unwrap_or_default();
            let large = format!("{}{left}", drain.state.word().to_uppercase());
            lines.push((role, format!("{} {} {}: {words}", pool.spec.mark, pool.spec.id, drain.state.word()), large));
        }
    }
    if let Some((role, text)) = plan::soak(model) {
        let large = text.replace('✓', "").trim().to_uppercase();
        let large = large.split(" OF").next().unwrap_or_default().to_owned();
        lines.push((role, text.trim().to_owned(), large));
    }
    lines.extend(super::traffic::guards(model));
    if let Some(age) = seen.old.filter(|_| !seen.is_live) {
        lines.push((Role::Stale, format!("the split was read {} ago", super::format::old(age)), String::new()));
    }
    lines.extend(plan::schedule(model).into_iter().map(|(role, text)| (role, text, String::new())));
    let next = model.flight.session.next_step(&model.flight.procedure.plan);
    let gates = super::traffic::next_lines(model);
    if let Some(step) = next {
        match gates.len().saturating_sub(1) {
            0 => lines.push((Role::Good, "✓ gates hold".to_owned(), "GATES HOLD".to_owned())),
            1 => lines.push((Role::Wait, "✗ 1 gate does not hold".to_owned(), "1 GATE OPEN".to_owned())),
            open => lines.push((Role::Wait, format!("✗ {open} gates do not hold"), format!("{open} GATES OPEN"))),
        }
        lines.push((Role::Text, format!("next: {}", step.name), format!("NEXT {}", step.name.to_uppercase())));
    }
    lines.extend(gates.into_iter().skip(usize::from(next.is_some())).map(|(role, text)| (role, text, String::new())));
    lines
}

/// How many cells a dot of a letter is high; it is twice as wide. Zero where letters do not fit.
fn scale(text: &str, width: u16, height: u16) -> u16 {
    let letters = u16::try_from(text.chars().count()).unwrap_or(u16::MAX);
    let by_width = width / letters.saturating_mul(8).max(1);
    by_width.min(height.saturating_sub(1) / 5).min(3)
}

fn letters(pen: &mut Pen<'_>, area: Rect, text: &str, scale: u16, role: Role) {
    let style = pen.style(role);
    let full = if pen.has_colour() { "█" } else { "#" };
    for (place, letter) in (0_u16..).zip(text.chars()) {
        let dots = dots(letter);
        let left = area.x + place * 8 * scale;
        for row in 0..5_u16 {
            for column in 0..3_u16 {
                if dots >> (14 - (row * 3 + column)) & 1 == 0 {
                    continue;
                }
                for line in 0..scale {
                    let y = area.y + row * scale + line;
                    pen.run(left + column * 2 * scale, y, 2 * scale, full, style);
                }
            }
        }
    }
}

/// A letter of three by five dots, from its upper left corner.
fn dots(letter: char) -> u16 {
    match letter {
        'A' => 0b010_101_111_101_101,
        'B' => 0b110_101_110_101_110,
        'C' => 0b011_100_100_100_011,
        'D' => 0b110_101_101_101_110,
        'E' => 0b111_100_110_100_111,
        'F' => 0b111_100_110_100_100,
        'G' => 0b011_100_101_101_011,
        'H' => 0b101_101_111_101_101,
        'I' => 0b111_010_010_010_111,
        'J' => 0b001_001_001_101_010,
        'K' => 0b101_101_110_101_101,
        'L' => 0b100_100_100_100_111,
        'M' => 0b101_111_111_101_101,
        'N' => 0b110_101_101_101_101,
        'O' => 0b010_101_101_101_010,
        'P' => 0b110_101_110_100_100,
        'Q' => 0b010_101_101_110_011,
        'R' => 0b110_101_110_101_101,
        'S' => 0b011_100_010_001_110,
        'T' => 0b111_010_010_010_010,
        'U' => 0b101_101_101_101_111,
        'V' => 0b101_101_101_101_010,
        'W' => 0b101_101_111_111_101,
        'X' => 0b101_101_010_101_101,
        'Y' => 0b101_101_010_010_010,
        'Z' => 0b111_001_010_100_111,
        '0' => 0b111_101_101_101_111,
        '1' => 0b010_110_010_010_111,
        '2' => 0b111_001_111_100_111,
        '3' => 0b111_001_111_001_111,
        '4' => 0b101_101_111_001_001,
        '5' => 0b111_100_111_001_111,
        '6' => 0b111_100_111_101_111,
        '7' => 0b111_001_001_010_010,
        '8' => 0b111_101_111_101_111,
        '9' => 0b111_101_111_001_111,
        '.' => 0b000_000_000_000_010,
        ':' => 0b000_010_000_010_000,
        '/' => 0b001_001_010_100_100,
        '-' | '–' | '_' => 0b000_000_111_000_000,
        _ => 0,
    }
}
