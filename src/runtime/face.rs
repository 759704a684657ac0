//! Where the loop meets the cockpit, the keys and the drawing.

use crossterm::event::{Event, KeyCode, KeyModifiers};
use ratatui::buffer::Buffer;
use ratatui::layout::Position;
use ratatui::style::Style;

use crate::cockpit::{Charts, Effect, Model, Msg, Noticed, Pane, Settings, Surroundings};
use crate::domain::{Elapsed, Now, PoolId};
use crate::flight::{self, Flight, Notice};

/// How the deck looks.
#[derive(Debug)]
pub struct Look {
    /// Whether the mouse is captured at first.
    pub mouse: bool,
    /// Whether things that stand for traffic move.
    pub motion: bool,
    theme: String,
}

impl Look {
    /// A look by the name of its theme.
    pub fn new(theme: Option<&str>, motion: bool) -> Result<Self, String> {
        Ok(Self { mouse: true, motion, theme: theme.unwrap_or("dark").to_owned() })
    }

    /// The settings that keys change.
    pub fn settings(&self) -> Settings {
        Settings { motion: self.motion, theme: self.theme.clone(), themes: vec![], mouse: self.mouse }
    }

    /// Another theme.
    pub fn choose(&mut self, name: &str) {
        self.theme = name.to_owned();
    }
}

/// A model for a flight.
pub fn model(flight: Flight, settings: Settings, around: Surroundings, size: (u16, u16), now: Now) -> Model {
    let pool = flight.procedure.pool_ids().next().cloned().unwrap_or_else(|| PoolId::from(""));
    Model {
        flight, now, size, version: 1, drawn: 0, focus: Pane::Traffic, zoomed: false, call_view: false, draft: None,
        pool, checklist: Default::default(), router: 0, charts: Charts::default(), overlay: None,
        notices: Default::default(), settings, around, dropped: 0, beat: 0,
    }
}

/// A notice of the runtime's own.
pub fn notice(notice: Notice) -> Msg {
    Msg::DemoSaid(notice.text)
}

/// One message in, effects out.
pub fn update(model: &mut Model, now: Now, msg: Msg) -> Vec<Effect> {
    model.now = now;
    let mut out = Vec::new();
    match msg {
        Msg::Flight(msg) => {
            model.version += 1;
            for effect in model.flight.update(now, msg) {
                if let flight::Effect::Tell(notice) = &effect {
                    model.notices.push_back(Noticed { at: now, notice: notice.clone() });
                }
                out.push(Effect::Flight(effect));
            }
        }
        Msg::Resized { columns, rows } => {
            model.size = (columns, rows);
            model.version += 1;
        }
        Msg::NoSuchKey(key) => match key.as_str() {
            "q" => out.push(Effect::Quit),
            "z" => out.push(Effect::Suspend),
            _ => {}
        },
        Msg::DemoSaid(text) => {
            model.notices.push_back(Noticed { at: now, notice: Notice { tone: flight::Tone::Plain, text } });
            model.version += 1;
        }
        _ => {}
    }
    out
}

/// When the model next wants time to pass.
pub fn wakes_at(model: &Model) -> Option<Elapsed> {
    model.flight.wakes_at()
}

/// What a terminal event means now.
pub fn input(_model: &Model, event: &Event) -> Option<Msg> {
    let key = event.as_key_press_event()?;
    match (key.code, key.modifiers) {
        (KeyCode::Char('z'), KeyModifiers::CONTROL) => Some(Msg::NoSuchKey("z".to_owned())),
        (KeyCode::Char(c), _) => Some(Msg::NoSuchKey(c.to_string())),
        _ => None,
    }
}

/// Draws the model; gives the place of the cursor, where text is typed.
pub fn draw(model: &Model, _look: &Look, buffer: &mut Buffer) -> Option<Position> {
    let width = usize::from(buffer.area.width);
    let mut lines = vec![format!(
        "{} {} {}x{}",
        model.flight.procedure.service, model.flight.procedure.environment, model.size.0, model.size.1
    )];
    for (router, watch) in &model.flight.watches {
        let shares = watch.shares(model.flight.procedure.pool_ids());
        lines.push(format!("{router} {}", shares.map_or_else(|| "?".to_owned(), |shares| shares.to_string())));
    }
    lines.extend(model.notices.iter().rev().take(8).map(|noticed| noticed.notice.text.clone()));
    for (row, line) in lines.iter().take(usize::from(buffer.area.height)).enumerate() {
        buffer.set_stringn(0, u16::try_from(row).unwrap_or(0), line, width, Style::new());
    }
    None
}
