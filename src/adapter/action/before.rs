//! What must be read before anything is started, and why it could not be.
//!
//! Some systems are changed by what they are: what runs is read first, and the change is made of that. Until then no byte of
//! a change has gone out, so that whatever fails is known to have changed nothing.

use serde_json::Value;

use super::say;
use crate::adapter::http::{Answer, Failure};
use crate::domain::action::{ActionLook, ActionState, Started};
use crate::domain::{Trouble, TroubleKind};

/// Why something could not be read.
#[derive(Debug)]
pub(super) struct Unread {
    look: ActionLook,
    /// Whether the system said no, and not that it failed.
    is_no: bool,
    kind: TroubleKind,
}

impl Unread {
    /// It answered something else than yes.
    pub(super) fn refused(answer: &Answer, what: &str) -> Self {
        let is_no = answer.status < 500;
        let kind = if is_no { TroubleKind::Denied } else { TroubleKind::Unreachable };
        Self { look: say::refused(answer, what), is_no, kind }
    }

    /// It said no in words of its own.
    #[cfg_attr(not(feature = "aws"), expect(dead_code, reason = "only systems of AWS do"))]
    pub(super) fn said(look: ActionLook, is_no: bool) -> Self {
        Self { look, is_no, kind: TroubleKind::Denied }
    }

    /// No whole answer came.
    pub(super) fn failed(failure: Failure, what: &str) -> Self {
        Self { look: say::failure(failure, what), is_no: false, kind: TroubleKind::Unreachable }
    }

    /// It could not even be asked.
    pub(super) fn trouble_of(trouble: &Trouble) -> Self {
        let Trouble { kind, what, why, advice } = trouble;
        let look = say::untold(format!("{what}: {}; {advice}", say::quoted(why)));
        Self { look, is_no: false, kind: *kind }
    }

    /// Its answer is none that can be understood, or nothing that fits.
    pub(super) fn misfit(why: impl Into<String>) -> Self {
        Self { look: say::untold(why), is_no: false, kind: TroubleKind::Mismatch }
    }

    /// Why, in a sentence: what was tried, what came back, what to do.
    pub(super) fn why(&self) -> String {
        match &self.look.state {
            ActionState::Unknown { why } => why.clone(),
            ActionState::Running { .. }
            | ActionState::Succeeded
            | ActionState::Failed { .. }
            | ActionState::Absent { .. }
            | ActionState::Lost { .. } => String::new(),
        }
    }

    /// As the answer to a start, of which nothing has gone out.
    pub(super) fn started(self) -> Started {
        let why = self.why();
        if self.is_no { Started::Failed { why } } else { Started::NotSent { why } }
    }

    /// As a look.
    pub(super) fn look(self) -> ActionLook {
        self.look
    }

    /// As the trouble of a description, or of a probe.
    pub(super) fn trouble(self, what: &str) -> Trouble {
        Trouble::new(self.kind, what, self.why(), "nothing was sent")
    }
}

/// A text of a document; empty where there is none.
pub(super) fn text<'d>(document: &'d Value, pointer: &str) -> &'d str {
    document.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

/// A whole number of a document.
pub(super) fn number(document: &Value, pointer: &str) -> Option<u64> {
    document.pointer(pointer).and_then(Value::as_u64)
}

/// The items of a list of a document; none where there is no list.
pub(super) fn items<'d>(document: &'d Value, pointer: &str) -> impl Iterator<Item = &'d Value> {
    document.pointer(pointer).and_then(Value::as_array).into_iter().flatten()
}
