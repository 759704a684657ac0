//! Lines of text: what they are asked for, typed and pasted, and what becomes of them.

use std::collections::BTreeSet;

use tui_input::{Input, InputRequest};

use super::super::{ConfirmState, Effect, Model, Overlay, OverlayKind, Purpose, Question};
use super::approval::told_by;
use crate::domain::duty::Proof;
use crate::domain::procedure::Friction;
use crate::flight::connection::EndConnections;
use crate::flight::{Ask, Tone};
use crate::logbook::Filter;
use crate::session::duty::Duty;

/// The longest line that can be typed or pasted.
const LONGEST: usize = 500;

impl Model {
    pub(super) fn question(&mut self, purpose: Purpose) {
        let text = match &purpose {
            Purpose::FilterLogs => {
                let filter = self.logs.view.filter();
                let text = filter.to_string();
                // Words begin behind a space.
                if filter.text.is_some() || text.is_empty() { text } else { format!("{text} ") }
            }
            Purpose::Note
            | Purpose::Hold
            | Purpose::ReleaseHold
            | Purpose::SkipStep
            | Purpose::SkipRollbackAct
            | Purpose::ExcludeRouter { .. }
            | Purpose::Leave
            | Purpose::Refuse { .. }
            | Purpose::EndConnections(_)
            | Purpose::AskControls
            | Purpose::EndRun
            | Purpose::ReportApproval { .. }
            | Purpose::WithdrawApproval { .. }
            | Purpose::AcceptDrift { .. }
            | Purpose::CloseSession
            | Purpose::TickDespite { .. }
            | Purpose::Evidence { .. }
            | Purpose::NotSo { .. }
            | Purpose::Incident => String::new(),
        };
        let question = Question { purpose, input: Input::new(text), failed: None };
        self.open(OverlayKind::Ask(question), false);
    }

    pub(super) fn ask_to_hold(&mut self) {
        let held = self.flight.session.hold.is_some();
        self.question(if held { Purpose::ReleaseHold } else { Purpose::Hold });
    }

    pub(super) fn ask_to_skip(&mut self, out: &mut Vec<Effect>) {
        if self.flight.session.next_step(&self.flight.procedure.plan).is_some() {
            self.question(Purpose::SkipStep);
        } else {
            self.tell(Tone::Plain, "the plan has no step left to skip", out);
        }
    }

    /// Enter in a line of text.
    pub(super) fn answer(&mut self, out: &mut Vec<Effect>) {
        let Some(Overlay { kind: OverlayKind::Ask(question), .. }) = &mut self.overlay else { return };
        let text = question.input.value().trim().to_owned();
        let ask = match &question.purpose {
            Purpose::FilterLogs => {
                match Filter::parse(&text) {
                    Ok(filter) => {
                        self.overlay = None;
                        self.logs.set_filter(filter);
                    }
                    Err(bad) => question.failed = Some(bad.to_string()),
                }
                return;
            }
            _any if text.is_empty() => {
                question.failed = Some("type something; Esc goes back".to_owned());
                return;
            }
            Purpose::Note => Ask::Note(text),
            Purpose::Hold => Ask::Hold { reason: text },
            Purpose::ReleaseHold => Ask::ReleaseHold { reason: text },
            Purpose::SkipStep => Ask::SkipStep { reason: text },
            Purpose::SkipRollbackAct => Ask::SkipRollbackAct { reason: text },
            Purpose::ExcludeRouter { router } => Ask::ExcludeRouter { router: router.clone(), reason: text },
            Purpose::Leave => Ask::Leave { reason: text },
            Purpose::Refuse { request } => Ask::Refuse { request: *request, reason: text },
            Purpose::EndConnections(end) => {
                let end = EndConnections { reason: text, ..(**end).clone() };
                return self.open_end(end);
            }
            Purpose::AskControls => Ask::AskControls { reason: text },
            Purpose::EndRun => Ask::EndRun { why: text },
            Purpose::ReportApproval { approval } => match told_by(&text) {
                Ok((by, link)) => Ask::ReportApproval { approval: approval.clone(), by, link },
                Err(wanted) => {
                    question.failed = Some(wanted.to_owned());
                    return;
                }
            },
            Purpose::WithdrawApproval { approval, by } => {
                Ask::WithdrawApproval { approval: approval.clone(), by: by.clone(), reason: text }
            }
            Purpose::AcceptDrift { router, read } => {
                Ask::AcceptDrift { router: router.clone(), read: read.clone(), reason: text }
            }
            Purpose::CloseSession => Ask::Close { outcome: text },
            Purpose::TickDespite { item, .. } => duty(Duty::TickDespite { item: item.clone(), reason: text }),
            Purpose::Evidence { item } => duty(Duty::Attach { item: item.clone(), proof: Proof::typed(&text) }),
            Purpose::NotSo { item, reading } => duty(Duty::Answer {
                item: item.clone(),
                reading: *reading,
                not_so: Some(text),
                present: BTreeSet::new(),
            }),
            Purpose::Incident => duty(Duty::Declare { what: text }),
        };
        let purpose = question.purpose.clone();
        self.overlay = None;
        self.ask(ask, out);
        self.back_to_sheet(&purpose);
    }

    /// The text field that has the keys, if one has. `pasted` leaves the confirmation's own out (F2).
    fn field(&mut self, pasted: bool) -> Option<&mut Input> {
        let types = !pasted && self.friction() == Some(Friction::Type) && self.can_be_confirmed();
        let overlay = self.overlay.as_mut()?;
        let seen = overlay.seen;
        match &mut overlay.kind {
            OverlayKind::Ask(question) => {
                question.failed = None;
                Some(&mut question.input)
            }
            OverlayKind::Palette(palette) => {
                palette.selected = 0;
                Some(&mut palette.input)
            }
            OverlayKind::Shift(confirm)
            | OverlayKind::RollBack { confirm, .. }
            | OverlayKind::Complete { confirm, .. }
            | OverlayKind::Run { confirm, .. }
            | OverlayKind::Arm { confirm, .. }
            | OverlayKind::EndConnections { confirm, .. }
            | OverlayKind::CancelTask { confirm, .. }
            | OverlayKind::CancelAction { confirm, .. }
            | OverlayKind::Approve { confirm, .. }
            | OverlayKind::Reload(confirm) => confirming(confirm, types && seen),
            OverlayKind::Look(look) => confirming(&mut look.confirm, types && seen),
            OverlayKind::Duty(duty) => confirming(duty.confirm_mut()?, types && seen),
            OverlayKind::Partial
            | OverlayKind::Drift { .. }
            | OverlayKind::Connections { .. }
            | OverlayKind::Help
            | OverlayKind::Details { .. }
            | OverlayKind::Line(_)
            | OverlayKind::Item(_)
            | OverlayKind::Correlate(_)
            | OverlayKind::Messages
            | OverlayKind::Controls(_)
            | OverlayKind::Approvals(_)
            | OverlayKind::Checks(_)
            | OverlayKind::Patterns(_)
            | OverlayKind::People
            | OverlayKind::Quit { .. } => None,
        }
    }

    pub(super) fn edit(&mut self, request: InputRequest) {
        if let Some(input) = self.field(false) {
            let full = matches!(request, InputRequest::InsertChar(_)) && input.value().chars().count() >= LONGEST;
            if !full {
                input.handle(request);
            }
        }
    }

    /// Pasted text goes into lines of text on one line, never into what confirms.
    pub(super) fn paste(&mut self, text: &str) {
        if let Some(input) = self.field(true) {
            let room = LONGEST.saturating_sub(input.value().chars().count());
            for each in text.trim().chars().map(|each| if each.is_control() { ' ' } else { each }).take(room) {
                input.handle(InputRequest::InsertChar(each));
            }
        }
    }
}

fn duty(duty: Duty) -> Ask {
    Ask::Duty(Box::new(duty))
}

/// The field of a confirmation that has the keys: a reason, else the target. Keys typed before the dialog was on the screen
/// were not meant for it.
fn confirming(confirm: &mut ConfirmState, types: bool) -> Option<&mut Input> {
    if let Some((_, input)) = &mut confirm.overriding {
        return Some(input);
    }
    if let Some(input) = &mut confirm.breaking {
        return Some(input);
    }
    (types && !confirm.waiting).then_some(&mut confirm.typed)
}
