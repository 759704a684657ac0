//! What the cockpit wants done, beside what its flight wants.

use crate::flight;

/// Something to do.
#[derive(Clone, PartialEq, Debug)]
pub enum Effect {
    /// For the flight.
    Flight(flight::Effect),
    /// Put text into the terminal's clipboard (OSC 52). Not answered.
    Copy(String),
    /// Ring. Not answered.
    Bell,
    /// Draw everything anew. Not answered.
    Redraw,
    /// Switch mouse capture. Not answered.
    Mouse {
        /// Whether to capture.
        capture: bool,
    },
    /// Switch the theme, by name. Not answered.
    Theme(String),
    /// A fault or act of the built-in world. Answered by [`super::Msg::DemoSaid`].
    Demo(String),
    /// Look whether the process that has the controls is gone, and ask for them. Answered by
    /// [`crate::flight::Ask::Resume`].
    TakeControls,
    /// To the background. Answered by [`super::Msg::Resumed`] when back.
    Suspend,
    /// Leave. Not answered.
    Quit,
}
