//! A pool as a vessel: its level is the requests in flight against their recent peak. A pool without weight tells its
//! drain inside.
//!
//! ```text
//! ╭─ ▲ BLUE new ────────╮
//! │      draining       │
//! │   17 req, ~0:12     │
//! │▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂▂│
//! ╰ 3/3 up ─────────────╯
//! ```

use ratatui::layout::{HorizontalAlignment, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, BorderType, Widget};

use crate::domain::drain::DrainState;
use crate::domain::{clock_span, procedure};
use crate::layout::inner;
use crate::theme::Role;
use crate::view::format::{MISSING, whole};
use crate::view::pen::{Pen, fit, width};
use crate::view::seen::PoolSeen;

/// Fillings of a cell from its bottom, in eighths.
const EIGHTHS: [&str; 9] = [" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];

/// Draws a pool's vessel.
pub(super) fn draw(pen: &mut Pen<'_>, pool: &PoolSeen<'_>, area: Rect, is_live: bool) {
    let hue = pen.style(if is_live { pool.role } else { Role::Stale });
    let dim = pen.style(Role::Dim);
    let name = fit(&pool.spec.id.as_str().to_uppercase(), area.width.saturating_sub(6));
    let role = match pool.spec.role {
        procedure::Role::Old => "old ",
        procedure::Role::New => "new ",
    };
    let role = if width(&name) + 10 <= area.width { role } else { "" };
    let title = Line::from(vec![
        Span::styled(format!(" {} {name} ", pool.spec.mark), pen.style(pool.role)),
        Span::styled(role, dim),
    ]);
    let (servers, health) = match pool.servers {
        Some((up, all)) => (format!(" {up}/{all} up "), if up < all { Role::Bad } else { Role::Dim }),
        None => (format!(" {MISSING} servers "), Role::Stale),
    };
    let health = if is_live { health } else { Role::Stale };
    let share = pool.between.map(|_| format!(" {} % ", pool.percent_fixed().trim_end_matches(".0")));
    let mut block = Block::bordered()
        .border_type(BorderType::Rounded)
        .border_style(hue)
        .title(title)
        .title_bottom(Line::styled(servers.clone(), pen.style(health)));
    if let Some(share) = share.filter(|share| width(share) + width(&servers) + 3 < area.width) {
        let role = if is_live { Role::Strong } else { Role::Stale };
        block = block.title_bottom(Line::styled(share, pen.style(role)).alignment(HorizontalAlignment::Right));
    }
    block.render(area, pen.buffer);
    let inside = inner(area);
    level(pen, pool, inside, is_live);
    words(pen, pool, inside);
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a fraction of a height in eighths")]
fn level(pen: &mut Pen<'_>, pool: &PoolSeen<'_>, inside: Rect, is_live: bool) {
    let Some(level) = pool.level else { return };
    let anything = pool.in_flight.is_some_and(|count| count > 0);
    let eighths = (level.clamp(0.0, 1.0) * 0.9 * f64::from(inside.height) * 8.0).round() as u16;
    let eighths = eighths.max(u16::from(anything));
    let style = pen.style(if is_live { pool.role } else { Role::Stale });
    for row in 0..inside.height {
        let below = eighths.saturating_sub((inside.height - 1 - row) * 8).min(8);
        let symbol = if below == 8 { "▒" } else { EIGHTHS.get(usize::from(below)).copied().unwrap_or(" ") };
        if below > 0 {
            pen.run(inside.x, inside.y + row, inside.width, symbol, style);
        }
    }
}

fn words(pen: &mut Pen<'_>, pool: &PoolSeen<'_>, inside: Rect) {
    let Some(drain) = pool.drain else { return };
    if pool.share.is_none_or(|share| share > 0.0) {
        return;
    }
    let lines: Vec<(Role, String)> = match drain.state {
        DrainState::Active => Vec::new(),
        DrainState::Unknown => vec![(Role::Stale, "drain unknown".to_owned())],
        DrainState::Drained => {
            let quiet = drain.quiet_for().unwrap_or_default();
            vec![(Role::Good, "✓ drained".to_owned()), (Role::Dim, format!("quiet {}", clock_span(quiet)))]
        }
        DrainState::Draining => {
            let mut lines = vec![(Role::Wait, "draining".to_owned())];
            match (pool.in_flight, drain.quiet_for()) {
                (_, Some(quiet)) => {
                    let needed = clock_span(drain.quiet_needed());
                    lines.push((Role::Strong, format!("quiet {}/{needed}", clock_span(quiet))));
                }
                (Some(left), None) => {
                    let time = drain.time_left().map(|left| format!(", ~{}", clock_span(left))).unwrap_or_default();
                    lines.push((Role::Strong, format!("{} req{time}", whole(left))));
                }
                (None, None) => lines.push((Role::Stale, format!("{MISSING} req"))),
            }
            lines
        }
    };
    for (row, (role, text)) in (0..inside.height).zip(lines) {
        let text = fit(&text, inside.width);
        let pad = (inside.width - width(&text)) / 2;
        let style = pen.style(role);
        pen.text(inside.x + pad, inside.y + row, inside.width - pad, &text, style);
    }
}
