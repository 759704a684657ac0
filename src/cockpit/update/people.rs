//! The second person: looking at what is asked, confirming or refusing it; runs of steps; the broken glass (F3).

use tui_input::Input;

use super::super::{ConfirmState, Effect, Look, Model, Overlay, OverlayKind, Purpose};
use crate::domain::StepId;
use crate::flight::{Ask, Tone};
use crate::session::second::AskedAct;

impl Model {
    /// Opens what another person asks. The key that opens it confirms nothing: its target is to be typed (F2).
    pub(super) fn look_at_request(&mut self, out: &mut Vec<Effect>) {
        match self.flight.asked_of_me().cloned() {
            Some(request) => {
                let look = Look { request, confirm: ConfirmState::default(), over: None };
                self.open(OverlayKind::Look(Box::new(look)), true);
            }
            None => self.tell(Tone::Plain, "nobody asks you to confirm anything", out),
        }
    }

    /// Whether the open request can still be confirmed here: it stands, and another person asks it.
    pub fn look_stands(&self, look: &Look) -> bool {
        let asked = &look.request.asked;
        let open = self.flight.session.request.as_ref();
        let open = open.is_some_and(|request| request.asked.request == asked.request && request.given.is_none());
        open && look.over.is_none() && self.why_not_mine(look).is_none() && self.now.wall <= asked.until
    }

    /// Why this operator cannot be the second person for a request.
    pub fn why_not_mine(&self, look: &Look) -> Option<&'static str> {
        if self.is_observer() {
            Some("you only watch: an operator has to confirm it")
        } else if look.request.by == self.flight.me.operator {
            Some("you ask it yourself, in another terminal: two terminals of one person are one person")
        } else {
            None
        }
    }

    /// Keeps the look at a request up to date; says whether it stays open.
    pub(super) fn keeps_look(&mut self, look: &mut Look) -> bool {
        let id = look.request.asked.request;
        let request = self.flight.session.request.as_ref().filter(|request| request.asked.request == id);
        match request.map(|request| request.given.clone()) {
            Some(Some(given)) if given.cockpit == self.flight.me.cockpit => {
                self.say_given(look);
                return false;
            }
            Some(Some(given)) => look.over = Some(format!("{} confirmed it already", given.by)),
            Some(None) if self.now.wall > look.request.asked.until => {
                look.over = Some("it lapsed: the time to answer is over".to_owned());
            }
            Some(None) => {
                let idle = !self.flight.link.is_busy() && self.flight.keys.signing.is_none();
                let refused = look.confirm.waiting && idle;
                self.take_refusal(&mut look.confirm, refused);
            }
            // The word and what came of it can arrive together.
            None if look.over.is_none() && self.is_done(&look.request.asked.act) => {
                if look.confirm.waiting {
                    self.say_given(look);
                    return false;
                }
                look.over = Some("it was confirmed, and went on".to_owned());
            }
            None if look.over.is_none() => {
                let told = self.notices.back().filter(|noticed| noticed.at == self.now);
                let why = told.map(|noticed| noticed.notice.text.as_str());
                let why = why.map(|text| text.split_once("nothing was sent: ").map_or(text, |(_, why)| why));
                let why = why.map(|text| text.strip_prefix("void: ").unwrap_or(text));
                look.over = Some(why.unwrap_or("the session went on, and it is not asked any more").to_owned());
            }
            None => {}
        }
        if look.over.is_some() {
            look.confirm.waiting = false;
        }
        true
    }

    fn say_given(&mut self, look: &Look) {
        self.closed_at = Some(self.now.elapsed);
        let text =
            format!("you confirmed {}; {}'s cockpit sends it", look.request.asked.digest.short(), look.request.by);
        self.notices.push_back(super::Noticed { at: self.now, notice: super::Notice { tone: Tone::Good, text } });
    }

    /// Whether what was asked has another person's word, or went on after it.
    pub fn is_confirmed(&self, look: &Look) -> bool {
        let asked = &look.request.asked;
        let request = self.flight.session.request.as_ref().filter(|request| request.asked.request == asked.request);
        request.is_some_and(|request| request.given.is_some()) || self.is_done(&asked.act)
    }

    /// Whether the journal has what was asked: it went on after another person's word.
    fn is_done(&self, act: &AskedAct) -> bool {
        match act {
            AskedAct::Change(proposal) => self.flight.session.change(proposal.change).is_some(),
            AskedAct::Complete { step, revision, .. } => {
                let session = &self.flight.session;
                let started =
                    || session.actions.iter().any(|run| run.intent.what.step == *step && run.intent.entry > *revision);
                session.steps.contains_key(step) || started()
            }
            AskedAct::Reload { digest, .. } => self.flight.session.profile_digest() == Some(*digest),
        }
    }

    /// What this cockpit has on its screen is told to the others.
    pub(super) fn tell_look(&mut self, out: &mut Vec<Effect>) {
        let looked = match self.overlay.as_ref().map(|overlay| &overlay.kind) {
            Some(OverlayKind::Look(look)) if look.over.is_none() => Some(look.request.asked.digest),
            Some(_) | None => None,
        };
        if self.flight.crew.looking_at != looked {
            self.ask(Ask::LookAt(looked), out);
        }
    }

    /// Refuses what the open dialog is about, or takes one's own asking back.
    pub(super) fn refuse(&mut self, out: &mut Vec<Effect>) {
        match self.overlay.as_ref().filter(|overlay| overlay.seen).map(|overlay| &overlay.kind) {
            Some(OverlayKind::Look(look)) if self.look_stands(look) && !look.confirm.waiting => {
                let request = look.request.asked.request;
                self.question(Purpose::Refuse { request });
            }
            Some(OverlayKind::Controls(_)) => self.refuse_controls(out),
            Some(_) | None => {}
        }
    }

    /// Begins to do alone what asks two people: a reason, then the target typed.
    pub(super) fn break_glass(&mut self, out: &mut Vec<Effect>) {
        if self.could_break_glass() {
            if let Some(confirm) = self.overlay.as_mut().and_then(Overlay::confirm_mut) {
                (confirm.breaking, confirm.failed) = (Some(Input::default()), None);
            }
        } else if self.asks_two() && !self.flight.procedure.people.break_glass {
            self.tell(Tone::Warn, "this profile lets nobody do it alone: wait for a second person", out);
        }
    }

    /// Takes the reason for breaking the glass; the dialog then asks for the target, and must be drawn anew (F2).
    pub(super) fn give_reason_alone(&mut self) {
        let opened = self.version + 1;
        let Some(overlay) = self.overlay.as_mut() else { return };
        let Some(confirm) = overlay.confirm_mut() else { return };
        let Some(input) = confirm.breaking.take() else { return };
        let reason = input.value().trim().to_owned();
        if reason.is_empty() {
            confirm.failed = Some("breaking the glass needs a reason; Esc goes back".to_owned());
            confirm.breaking = Some(input);
            return;
        }
        (confirm.failed, confirm.alone, confirm.typed) = (None, Some(reason), Input::default());
        (overlay.opened, overlay.seen) = (opened, false);
    }

    pub(super) fn open_run(&mut self, out: &mut Vec<Effect>) {
        let first: Vec<StepId> = self.runnable().into_iter().take(1).collect();
        if !self.asks_two_to_shift() {
            self.tell(Tone::Plain, "shifts ask one person only in this profile: no run is needed", out);
        } else if self.flight.drives() {
            self.tell(Tone::Plain, "another person confirms a run: they press F7 in their cockpit", out);
        } else if first.is_empty() {
            self.tell(Tone::Plain, "the next step is no shift: a run holds shifts only", out);
        } else {
            self.open(OverlayKind::Run { steps: first, confirm: ConfirmState::default() }, true);
        }
    }

    /// One step more or fewer in the run that is being chosen; what is typed and seen begins anew.
    pub(super) fn choose_run(&mut self, longer: bool) {
        let (opened, runnable) = (self.version + 1, self.runnable());
        let Some(overlay) = self.overlay.as_mut() else { return };
        let OverlayKind::Run { steps, confirm } = &mut overlay.kind else { return };
        let wanted = if longer { steps.len() + 1 } else { steps.len().saturating_sub(1).max(1) };
        let chosen: Vec<StepId> = runnable.into_iter().take(wanted).collect();
        if confirm.waiting || chosen == *steps {
            return;
        }
        (*steps, confirm.typed, confirm.failed) = (chosen, Input::default(), None);
        (overlay.opened, overlay.seen) = (opened, false);
    }

    /// Keeps the choice of a run up to date; says whether it stays open.
    pub(super) fn keeps_run(&mut self, steps: &mut Vec<StepId>, confirm: &mut ConfirmState) -> bool {
        let session = &self.flight.session;
        let given =
            session.run.as_ref().is_some_and(|run| run.given.cockpit == self.flight.me.cockpit && run.steps == *steps);
        if given && confirm.waiting {
            self.closed_at = Some(self.now.elapsed);
            return false;
        }
        let next: Vec<StepId> = self.runnable().into_iter().take(steps.len()).collect();
        if next != *steps {
            confirm.typed = Input::default();
            confirm.failed = Some("the plan went on: look again".to_owned());
            *steps = next;
        }
        let idle = !self.flight.link.is_busy() && self.flight.keys.signing.is_none();
        let refused = confirm.waiting && idle;
        self.take_refusal(confirm, refused);
        !steps.is_empty()
    }

    pub(super) fn ask_to_end_run(&mut self, out: &mut Vec<Effect>) {
        if self.flight.session.run.is_some() {
            self.question(Purpose::EndRun);
        } else {
            self.tell(Tone::Plain, "no run of steps is confirmed", out);
        }
    }
}
