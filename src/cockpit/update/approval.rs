//! The panel of approvals: opened, one given, noted as told, taken back (F7).

use super::super::approval::{ApprovalTable, ToApprove};
use super::super::{ConfirmState, Effect, Model, OverlayKind, Purpose};
use crate::domain::Operator;
use crate::flight::Tone;
use crate::session::decide::approval::link_of;

impl Model {
    /// Opens the panel, on what the next step waits for.
    pub(super) fn show_approvals(&mut self, out: &mut Vec<Effect>) {
        let all = &self.flight.procedure.approvals;
        if all.is_empty() {
            let text = "this profile asks for no approval: [[approval]] names one, and a step says that it needs it";
            return self.tell(Tone::Plain, text, out);
        }
        let missing = self.flight.missing_approvals(self.now);
        let mine = missing.iter().find(|spec| self.flight.why_not_approve(spec, self.now).is_none());
        let waits = self.flight.approvals_of_next();
        let first = mine.or(missing.first()).or(waits.first()).map(|spec| &spec.id);
        let selected = all.iter().position(|spec| Some(&spec.id) == first).unwrap_or(0);
        self.show(OverlayKind::Approvals(ApprovalTable { selected }));
    }

    /// Opens the dialog in which the chosen approval is given; says why there is none.
    pub(super) fn open_approve(&mut self, by_enter: bool, out: &mut Vec<Effect>) {
        let Some(spec) = self.chosen_approval() else { return };
        if let Some(why) = self.flight.why_not_approve(spec, self.now) {
            let text = format!("{}: {why}", spec.title);
            return self.tell(Tone::Plain, text, out);
        }
        let given = ToApprove { approval: spec.id.clone(), about: self.flight.session.about(&spec.id) };
        let kind = OverlayKind::Approve { given: Box::new(given), confirm: ConfirmState::default() };
        self.open(kind, by_enter);
    }

    /// Enter in the panel: to the dialog where the chosen one is this operator's to give, else it closes.
    pub(super) fn approve_or_close(&mut self, out: &mut Vec<Effect>) {
        if self.could_approve_chosen() {
            self.open_approve(true, out);
        } else {
            self.overlay = None;
        }
    }

    /// Whether the chosen approval is this operator's to give now.
    pub fn could_approve_chosen(&self) -> bool {
        self.chosen_approval().is_some_and(|spec| self.flight.why_not_approve(spec, self.now).is_none())
    }

    pub(super) fn ask_to_report(&mut self, out: &mut Vec<Effect>) {
        let Some(spec) = self.chosen_approval() else { return };
        if spec.approvers().is_some_and(|approvers| approvers.reported) {
            let approval = spec.id.clone();
            self.question(Purpose::ReportApproval { approval });
        } else {
            let text = format!("{}: this profile takes nobody's word for it", spec.title);
            self.tell(Tone::Plain, text, out);
        }
    }

    pub(super) fn ask_to_withdraw_approval(&mut self, out: &mut Vec<Effect>) {
        let Some(spec) = self.chosen_approval() else { return };
        if let Some(word) = self.flight.own_word(spec) {
            let (approval, by) = (spec.id.clone(), word.by.clone());
            self.question(Purpose::WithdrawApproval { approval, by });
        } else {
            let text = format!("{}: there is no word of yours to take back", spec.title);
            self.tell(Tone::Plain, text, out);
        }
    }

    /// Whether the dialog stays: until the word is kept, or it is asked anew.
    pub(super) fn keeps_approve(&mut self, given: &ToApprove, confirm: &mut ConfirmState) -> bool {
        let me = &self.flight.me.operator;
        let words = self.flight.session.words_for(&given.approval);
        let kept = words.iter().any(|word| word.by == *me && word.stands(given.about, self.now.wall));
        if kept {
            if confirm.waiting {
                self.closed_at = Some(self.now.elapsed);
            }
            return false;
        }
        self.take_refusal(confirm, confirm.waiting && !self.is_pending());
        if !self.can_approve(given) && !confirm.waiting {
            confirm.failed = Some("it cannot be given like this any more: close this and look again".to_owned());
        }
        true
    }
}

/// Who is said to have approved and where that can be looked at, from one line: the name, then the address.
pub(super) fn told_by(text: &str) -> Result<(Operator, String), &'static str> {
    const WANTED: &str = "type who approved it and the address where that can be looked at: carol https://…";
    let (name, link) = text.trim().rsplit_once(char::is_whitespace).ok_or(WANTED)?;
    let link = link_of(link).ok_or(WANTED)?;
    let name = name.trim().trim_end_matches([',', ':']);
    if name.is_empty() { Err(WANTED) } else { Ok((Operator::from(name), link)) }
}
