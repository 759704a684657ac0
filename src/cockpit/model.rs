//! Everything that the screen shows.

use std::collections::{BTreeSet, VecDeque};

use super::chart::Charts;
use super::log_pane::LogPane;
use super::overlay::Overlay;
use super::roster::Roster;
use crate::domain::{ChangeId, CockpitId, Elapsed, Now, PoolId, Weights};
use crate::flight::{Flight, Notice};
pub use crate::layout::Pane;

/// The model. What is not here is not on the screen.
#[derive(Debug)]
pub struct Model {
    /// The flight.
    pub flight: Flight,
    /// The moment of the last message; ages are drawn against it.
    pub now: Now,
    /// Columns and rows of the terminal.
    pub size: (u16, u16),
    /// Counts up with every change of the model; a frame is known by it.
    pub version: u64,
    /// The newest version that was drawn.
    pub drawn: u64,
    /// The pane that has the keys.
    pub focus: Pane,
    /// Whether the focused pane fills the screen.
    pub zoomed: bool,
    /// Whether the view for a shared screen is on (F2 on the keyboard).
    pub call_view: bool,
    /// A split being drafted, drawn beside the live one.
    pub draft: Option<Draft>,
    /// The pool that arrows chose for `+`, `-` and digits; `None` while it is the one that the next step raises.
    /// [`Model::pool`] tells which it is.
    pub chosen_pool: Option<PoolId>,
    /// The change that was confirmed here last: its outcome stands as a strip until it is put away.
    pub followed: Option<ChangeId>,
    /// The checklist pane.
    pub checklist: ChecklistPane,
    /// The rows of the traffic pane, and the router selected among them.
    pub roster: Roster,
    /// The charts.
    pub charts: Charts,
    /// The logs.
    pub logs: LogPane,
    /// What lies over the panes.
    pub overlay: Option<Overlay>,
    /// Messages to the operator, newest last.
    pub notices: VecDeque<Noticed>,
    /// Settings that keys change.
    pub settings: Settings,
    /// What is known of the surroundings.
    pub around: Surroundings,
    /// The cockpit whose process was last seen to be gone while it had the controls.
    pub gone: Option<CockpitId>,
    /// Looks at metrics that were dropped; lines that were lost are counted by the book.
    pub dropped: u64,
    /// Counts up while anything on the screen moves.
    pub beat: u64,
    /// When `beat` last counted.
    pub(super) beat_at: Elapsed,
    /// When a key was last answered by a message: it stands before banners for a moment.
    pub(super) answered_at: Option<Elapsed>,
    /// When a confirmed dialog last closed by itself: an Enter that comes just after it was meant for the dialog.
    pub(super) closed_at: Option<Elapsed>,
}

/// A split being drafted.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Draft {
    /// The weights.
    pub weights: Weights,
    /// Digits typed so far; empty when `+` and `-` made it.
    pub typed: String,
}

/// The checklist pane.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ChecklistPane {
    /// The selected row of the visible ones.
    pub selected: usize,
    /// Slugs of sections that are folded.
    pub folded: BTreeSet<String>,
    /// The first row shown.
    pub scroll: usize,
    /// Times that rang; `None` before the first look.
    pub rung: Option<BTreeSet<String>>,
}

/// A notice with its moment.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Noticed {
    /// When.
    pub at: Now,
    /// What.
    pub notice: Notice,
}

/// Settings that keys change.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Settings {
    /// Whether things that stand for traffic move.
    pub motion: bool,
    /// The theme's name.
    pub theme: String,
    /// The names of all themes.
    pub themes: Vec<String>,
    /// Whether the mouse is captured.
    pub mouse: bool,
}

/// What is known of the surroundings.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Surroundings {
    /// The journal is private to this user and host: the header says SOLO.
    pub solo: bool,
    /// What `kept` means in this store, for people: `synced to disk`.
    pub durability: String,
    /// The profile's path as the operator named it.
    pub profile: String,
    /// The directory in which it was started.
    pub directory: String,
    /// How far the clocks here are ahead of UTC, in minutes.
    pub zone_minutes: i32,
    /// Acts and faults of the built-in world: name and one line of help; empty for a real profile.
    pub demo: Vec<(String, String)>,
}

impl Model {
    /// A cockpit over a flight, with the traffic in focus and nothing open.
    pub fn new(flight: Flight, settings: Settings, around: Surroundings, now: Now, size: (u16, u16)) -> Self {
        Self {
            flight,
            now,
            size,
            version: 1,
            drawn: 0,
            focus: Pane::Traffic,
            zoomed: false,
            call_view: false,
            draft: None,
            chosen_pool: None,
            followed: None,
            checklist: ChecklistPane::default(),
            roster: Roster::default(),
            charts: Charts::default(),
            logs: LogPane::default(),
            overlay: None,
            notices: VecDeque::new(),
            settings,
            around,
            gone: None,
            dropped: 0,
            beat: 0,
            beat_at: Elapsed(0),
            answered_at: None,
            closed_at: None,
        }
    }

    /// The message that answers the last key, for the moment that it takes to read it.
    pub fn answer_to_key(&self) -> Option<&Noticed> {
        let newest = self.notices.back()?;
        let at = self.answered_at.filter(|at| newest.at.elapsed == *at)?;
        (self.now.elapsed.since(at).as_secs() < 4).then_some(newest)
    }

    /// The newest notice, while it is fresh enough to stand in the message line.
    pub fn newest_notice(&self) -> Option<&Noticed> {
        let newest = self.notices.back()?;
        let stands = match newest.notice.tone {
            crate::flight::Tone::Plain | crate::flight::Tone::Good => 8,
            crate::flight::Tone::Warn | crate::flight::Tone::Bad => 20,
        };
        (self.now.elapsed.since(newest.at.elapsed).as_secs() < stands).then_some(newest)
    }
}
