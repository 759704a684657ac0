//! Drawing: a pure function of the model and the theme into a buffer. Nothing is kept and nothing is changed.
//!
//! The eye's path, at any size: where does the traffic go (top left), is it safe (right of it), what is next (last line).
//! One file per region, each with its picture. [`seen`] works out once per frame what is known of the pools; [`pen`]
//! writes and clips; [`state`] says how a router stands.
//!
//! Rules of the drawing: a colour is a meaning and never the only sign of it; what is old is grey and has its age, what is
//! missing is `–`; numbers have fixed places; only what stands for traffic moves.
#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

mod call;
mod chart;
mod checklist;
mod footer;
mod format;
mod header;
mod key;
mod log;
mod log_column;
mod message;
mod overlay;
mod pen;
mod plan;
mod pointer;
mod seen;
mod state;
mod strip;
mod traffic;
mod way_back;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::cockpit::Model;
use crate::layout::{Areas, Pane, Screen, Shape, areas};
use crate::theme::{Role, Theme};
use pen::Pen;
use seen::Seen;

/// Draws the whole screen into an area of the buffer that begins at its upper left corner.
pub fn draw(model: &Model, theme: &Theme, area: Rect, buffer: &mut Buffer) {
    let area = area.intersection(buffer.area);
    if area.is_empty() {
        return;
    }
    buffer.set_style(area, theme.style(Role::Text));
    let mut pen = Pen { buffer, theme };
    let screen = Screen { size: (area.width, area.height), ..model.screen() };
    let areas = areas(&screen);
    let seen = Seen::of(model);
    if areas.shape == Shape::Tiny {
        strip::tiny(&mut pen, model, &areas, &seen);
    } else if model.call_view {
        call::draw(&mut pen, model, &areas, &seen);
    } else {
        header::draw(&mut pen, model, areas.header);
        strip::draw(&mut pen, areas.strip, &seen);
        frames(&mut pen, model, &areas);
        traffic::draw(&mut pen, model, &areas, &seen);
        plan::draw(&mut pen, model, areas.plan);
        checklist::draw(&mut pen, model, &areas);
        chart::draw(&mut pen, model, &areas);
        log::draw(&mut pen, model, &areas);
        message::draw(&mut pen, model, areas.message);
        way_back::draw(&mut pen, model, areas.way_back);
        footer::draw(&mut pen, model, areas.footer);
    }
    overlay::draw(&mut pen, model, &areas, &seen);
    pen.spell_out(area);
}

/// All frames before any title: the focused one last, so that the borders that it shares have its colour.
fn frames(pen: &mut Pen<'_>, model: &Model, areas: &Areas) {
    let focus = model.overlay.is_none().then_some(model.focus);
    for focused in [false, true] {
        for pane in Pane::ALL.into_iter().filter(|pane| (focus == Some(*pane)) == focused) {
            pen.frame(areas.pane(pane), focused);
            if pane == Pane::Traffic {
                pen.frame(areas.plan, focused);
            }
        }
    }
}
