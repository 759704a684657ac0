//! Where another person points: a mark with their name beside the thing. Nothing moves for it.

use ratatui::text::Span;

use super::pen::Pen;
use crate::cockpit::Model;
use crate::theme::Role;

/// The mark beside a thing of this name; `None` where nobody points at it.
pub(super) fn mark(model: &Model, name: &str) -> Option<String> {
    model.pointed_by(name).map(|who| format!("◀ {who}"))
}

/// The mark in a pane's title.
pub(super) fn span(pen: &Pen<'_>, model: &Model, name: &str) -> Option<Span<'static>> {
    mark(model, name).map(|text| Span::styled(format!("{text} "), pen.style(Role::Accent)))
}
