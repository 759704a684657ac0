//! What lies over the panes. A dialog has a title that names act, service and environment, a body that scrolls, and
//! pinned lines below it that say how it is answered.
//!
//! ```text
//! ╭ Shift traffic · payments-api · PROD ───────────╮
//! │  body                                          │
//! │  …                                             │
//! │                                                │
//! │  Type blue 50 to send: blue 5▏   valid 0:52    │
//! ╰─────────────────────────────────────── 4 more ─╯
//! ```

mod action;
mod after;
mod approval;
mod back;
mod change;
mod check;
mod confirm;
mod connection;
mod crew;
pub(super) mod duty;
mod guard;
mod item;
mod list;
mod log;
mod pattern;
mod second;
mod task;
mod text;
mod unwind;
mod version;

use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use unicode_segmentation::UnicodeSegmentation;

use super::pen::{Pen, width};
use super::seen::Seen;
use crate::cockpit::{Model, OverlayKind};
use crate::layout::Areas;
use crate::session::Change;
use crate::theme::Role;

/// A piece of a line.
pub(super) type Piece = (Role, String);

/// A piece with its role.
pub(super) fn piece(role: Role, text: impl Into<String>) -> Piece {
    (role, text.into())
}

/// A dialog before it is laid out.
pub(super) struct Sheet {
    /// The title's pieces.
    pub(super) title: Vec<Piece>,
    /// The role of the border: the accent for most, bad or waiting where it says more.
    pub(super) border: Role,
    /// The lines that scroll.
    pub(super) body: Vec<Vec<Piece>>,
    /// The lines below them.
    pub(super) pinned: Vec<Vec<Piece>>,
    /// The row of the body that must be in view.
    pub(super) cursor: Option<usize>,
    /// Columns wanted for the inside.
    pub(super) width: u16,
    /// Whether long lines go on in the next row; else they are cut.
    pub(super) wraps: bool,
}

impl Sheet {
    pub(super) fn new(title: impl Into<String>) -> Self {
        Self {
            title: vec![piece(Role::DialogTitle, title)],
            border: Role::Accent,
            body: Vec::new(),
            pinned: Vec::new(),
            cursor: None,
            width: 64,
            wraps: true,
        }
    }

    /// A sheet for an act, named with service and environment.
    pub(super) fn act(model: &Model, act: &str) -> Self {
        let procedure = &model.flight.procedure;
        let mut sheet = Self::new(format!("{act} · {} · ", procedure.service));
        let role = if procedure.production { Role::Production } else { Role::DialogTitle };
        sheet.title.push(piece(role, procedure.environment.to_uppercase()));
        sheet.width = 96;
        sheet
    }

    pub(super) fn line(&mut self, pieces: Vec<Piece>) {
        self.body.push(pieces);
    }

    pub(super) fn gap(&mut self) {
        if self.body.last().is_some_and(|line| !line.is_empty()) {
            self.body.push(Vec::new());
        }
    }

    pub(super) fn pin(&mut self, pieces: Vec<Piece>) {
        self.pinned.push(pieces);
    }
}

/// Draws what lies over the panes.
pub(super) fn draw(pen: &mut Pen<'_>, model: &Model, areas: &Areas, seen: &Seen<'_>) {
    let Some(overlay) = &model.overlay else { return };
    let sheet = match &overlay.kind {
        OverlayKind::Shift(confirm) => change::shift(model, confirm, seen),
        OverlayKind::RollBack { choice, confirm } => back::roll_back(model, *choice, confirm, seen),
        OverlayKind::Complete { step, confirm } if model.is_action(step) => action::action(model, step, confirm),
        OverlayKind::Complete { step, confirm } => change::complete(model, step, confirm),
        OverlayKind::CancelAction { of, confirm, .. } => action::cancel(model, *of, confirm),
        OverlayKind::Partial => after::partial(model),
        OverlayKind::Drift { router } => after::drift(model, router),
        OverlayKind::Connections { router, pool } => connection::list(model, router, pool),
        OverlayKind::EndConnections { end, confirm, .. } => connection::end(model, end, confirm),
        OverlayKind::CancelTask { cancel, confirm, .. } => task::cancel(model, cancel, confirm),
        OverlayKind::Ask(question) => text::ask(model, question),
        OverlayKind::Help => list::help(model),
        OverlayKind::Palette(palette) => list::palette(model, palette),
        OverlayKind::Line(detail) => log::line(model, detail),
        OverlayKind::Item(detail) => item::item(model, detail),
        OverlayKind::Correlate(choice) => log::choice(model, choice),
        OverlayKind::Details { title, lines } => text::details(title, lines),
        OverlayKind::Messages => list::messages(model),
        OverlayKind::Reload(confirm) => text::reload(model, confirm),
        OverlayKind::Arm { disarms, confirm } => guard::arm(model, *disarms, confirm),
        OverlayKind::Look(look) => second::look(model, look, seen),
        OverlayKind::Run { steps, confirm } => second::run(model, steps, confirm),
        OverlayKind::Controls(handover) => crew::controls(model, handover),
        OverlayKind::Approvals(table) => approval::approvals(model, *table),
        OverlayKind::Approve { given, confirm } => approval::approve(model, given, confirm),
        OverlayKind::Checks(table) => check::checks(model, table),
        OverlayKind::Patterns(table) => pattern::patterns(model, table),
        OverlayKind::People => crew::people(model),
        OverlayKind::Duty(duty) => duty::duty(model, duty),
        OverlayKind::Quit { stops, suspend } => text::quit(model, stops, *suspend),
    };
    lay(pen, areas, sheet, overlay.scroll);
}

fn lay(pen: &mut Pen<'_>, areas: &Areas, sheet: Sheet, scroll: u16) {
    let inside = sheet.width.min(areas.all.width.saturating_sub(6));
    let wraps = sheet.wraps;
    let broken = |line: Vec<Piece>| if wraps { wrap(line, inside) } else { vec![line] };
    let body: Vec<Vec<Piece>> = sheet.body.into_iter().flat_map(broken).collect();
    let pinned: Vec<Vec<Piece>> = sheet.pinned.into_iter().flat_map(|line| wrap(line, inside)).collect();
    let rows = |lines: &[Vec<Piece>]| u16::try_from(lines.len()).unwrap_or(u16::MAX);
    let gap = u16::from(!pinned.is_empty() && !body.is_empty());
    let area = areas.dialog(inside + 4, rows(&body).saturating_add(rows(&pinned)).saturating_add(2 + gap));
    if area.width < 5 || area.height < 3 {
        return;
    }
    let mut title = vec![Span::raw(" ")];
    title.extend(sheet.title.into_iter().map(|(role, text)| Span::styled(text, pen.style(role))));
    title.push(Span::raw(" "));
    pen.dialog(area, &Line::from(title), sheet.border);
    let room = Rect::new(area.x + 2, area.y + 1, area.width - 4, area.height - 2);
    let kept = rows(&pinned).min(room.height);
    let view = room.height.saturating_sub(kept + gap).max(u16::from(kept == 0));
    let most = rows(&body).saturating_sub(view);
    let mut first = scroll.min(most);
    if let Some(cursor) = sheet.cursor.and_then(|row| u16::try_from(row).ok()) {
        first = first.clamp((cursor + 1).saturating_sub(view), cursor).min(most);
    }
    for (row, line) in (0..view).zip(body.iter().skip(usize::from(first))) {
        write(pen, room, row, line);
    }
    for (row, line) in (room.height - kept..room.height).zip(&pinned) {
        write(pen, room, row, line);
    }
    let below = most - first;
    if below > 0 || first > 0 {
        let text = match (first, below) {
            (0, below) => format!(" ↓ {below} more "),
            (above, 0) => format!(" ↑ {above} more "),
            (above, below) => format!(" ↑ {above}  ↓ {below} more "),
        };
        let style = pen.style(Role::Wait);
        let cells = width(&text);
        pen.text(area.right().saturating_sub(cells + 1), area.bottom() - 1, cells, &text, style);
    }
}

fn write(pen: &mut Pen<'_>, room: Rect, row: u16, line: &[Piece]) {
    let mut cells = pen.row_of(room, row);
    for (place, (role, text)) in (1..).zip(line) {
        // A space at the end of a row is no text that could be cut.
        cells.put(*role, if place == line.len() { text.trim_end() } else { text });
    }
}

/// Breaks a line between words where it is too long; what follows is set in as far as the line itself and two cells more.
fn wrap(line: Vec<Piece>, cells: u16) -> Vec<Vec<Piece>> {
    let total: u16 = line.iter().map(|(_, text)| width(text)).fold(0, u16::saturating_add);
    if total <= cells || cells < 8 {
        return vec![line];
    }
    let first = line.first().map(|(_, text)| text.as_str()).unwrap_or_default();
    let lead = u16::try_from(first.len() - first.trim_start().len()).unwrap_or(0);
    let indent = (lead + 2).min(cells / 3);
    let mut rows = vec![Vec::new()];
    let mut left = cells;
    for (role, text) in line {
        for word in text.split_inclusive(' ') {
            let mut word = word.to_owned();
            let mut wide = width(word.trim_end());
            if wide > left && left < cells {
                rows.push(vec![piece(Role::Text, " ".repeat(usize::from(indent)))]);
                left = cells - indent;
            }
            while wide > left {
                let (head, rest) = split_at(&word, left);
                push(&mut rows, role, &head);
                rows.push(vec![piece(Role::Text, " ".repeat(usize::from(indent)))]);
                left = cells - indent;
                word = rest;
                wide = width(word.trim_end());
            }
            left = left.saturating_sub(width(&word));
            push(&mut rows, role, &word);
        }
    }
    rows
}

fn split_at(word: &str, cells: u16) -> (String, String) {
    let (head, _) = super::pen::cut(word, cells);
    // One character wider than the row would never fit: it goes alone.
    let at = if head.is_empty() { word.graphemes(true).next().map_or(0, str::len) } else { head.len() };
    let (head, rest) = word.split_at_checked(at).unwrap_or((word, ""));
    (head.to_owned(), rest.to_owned())
}

fn push(rows: &mut [Vec<Piece>], role: Role, text: &str) {
    let Some(row) = rows.last_mut() else { return };
    match row.last_mut() {
        Some((last, before)) if *last == role => before.push_str(text),
        _ => row.push(piece(role, text)),
    }
}

/// How many routers of a change have each outcome, as pieces of a line.
pub(super) fn counted(model: &Model, change: &Change) -> Vec<Piece> {
    after::counted(model, change)
}

/// A text broken between words.
pub(super) fn wrapped(text: &str, cells: u16) -> Vec<String> {
    wrap(vec![piece(Role::Text, text)], cells)
        .into_iter()
        .map(|row| row.into_iter().map(|(_, text)| text).collect::<String>().trim_end().to_owned())
        .collect()
}

/// A text field with its cursor, for a line of a dialog.
pub(super) fn field(input: &tui_input::Input) -> Vec<Piece> {
    let value = input.value();
    let at = value.char_indices().nth(input.cursor()).map_or(value.len(), |(at, _)| at);
    let (before, after) = value.split_at_checked(at).unwrap_or((value, ""));
    vec![piece(Role::Strong, before), piece(Role::Accent, "▏"), piece(Role::Strong, after)]
}

/// A key with what it does.
pub(super) fn key(key: &str, words: &str) -> Vec<Piece> {
    if key.is_empty() {
        return Vec::new();
    }
    vec![piece(Role::Accent, key), piece(Role::Text, format!(" {words}    "))]
}
