//! Banners: what waits for the operator without taking the keyboard (F2). Each names the act that answers it.

use super::Action;
use crate::flight::Tone;

/// One line above the keys. It is worked out from the model, never kept.
#[derive(Clone, PartialEq, Debug)]
pub struct Banner {
    /// What happened and what can be done about it.
    pub text: String,
    /// The act that answers it; its key is drawn with it.
    pub action: Option<Action>,
    /// How much it matters.
    pub tone: Tone,
}
