//! Requests falling into a pool's vessel: the width of the fall is the share, its density the requests per second. It
//! moves with the model's beat, which counts only while traffic moves; where readings are old it stands still and grey.

use ratatui::layout::Rect;

use crate::cockpit::Model;
use crate::theme::Role;
use crate::view::pen::Pen;
use crate::view::seen::PoolSeen;

/// Draws the fall above one vessel.
pub(super) fn draw(pen: &mut Pen<'_>, model: &Model, pool: &PoolSeen<'_>, vessel: Rect, fall: Rect, is_live: bool) {
    let Some(rate) = pool.rate.filter(|rate| *rate > 0.0) else { return };
    let share = pool.share.unwrap_or(0.0).max(0.03);
    let mouth = vessel.width.saturating_sub(2);
    let cells = cells_of(share, mouth).max(1);
    let x = vessel.x + 1 + (mouth - cells) / 2;
    let moves = is_live && model.settings.motion;
    let phase = if moves { model.beat } else { 0 };
    let style = pen.style(if is_live { pool.role } else { Role::Stale });
    let sparse = sparseness(rate);
    // The last row of the fall is the mouth of the vessel itself: its border.
    for row in 0..fall.height {
        for column in 0..cells {
            let dots = dots(column, row, phase, sparse);
            if dots != 0 {
                let mark = char::from_u32(0x2800 + u32::from(dots)).unwrap_or(' ');
                pen.mark(x + column, fall.y + row, mark, style);
            }
        }
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a fraction of a width of cells")]
fn cells_of(share: f64, cells: u16) -> u16 {
    (share.clamp(0.0, 1.0) * f64::from(cells)).round() as u16
}

/// How many dots apart the drops of one lane are: a thousand requests per second give a dense fall, one a thin one.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to 4 to 40")]
fn sparseness(rate: f64) -> u64 {
    (34.0 - 9.0 * (1.0 + rate).log10()).clamp(4.0, 40.0) as u64
}

/// The dots of one braille cell: each half cell is a lane in which drops fall one behind the other.
fn dots(column: u16, row: u16, phase: u64, sparse: u64) -> u8 {
    /// The bits of a braille cell's dots, by lane and from top to bottom.
    const BITS: [[u8; 4]; 2] = [[0x01, 0x02, 0x04, 0x40], [0x08, 0x10, 0x20, 0x80]];
    let mut found = 0;
    for (side, bits) in (0_u64..).zip(BITS) {
        let lane = u64::from(column) * 2 + side;
        let scattered = scatter(lane);
        let length = sparse + scattered % 5;
        let speed = 1 + scattered / 64 % 2;
        for (dot, bit) in (0_u64..).zip(bits) {
            let y = u64::from(row) * 4 + dot;
            let place = (y + scattered).wrapping_sub(phase.wrapping_mul(speed)) % length;
            if place == 0 {
                found |= bit;
            }
        }
    }
    found
}

/// A number that looks like chance and is the same every time.
fn scatter(lane: u64) -> u64 {
    let mixed = (lane + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed ^ (mixed >> 31)).wrapping_mul(0xbf58_476d_1ce4_e5b9) >> 33
}
