//! Enter and Esc, and the dialogs beside confirming: partly done, drift, reload, details, leaving.

use std::time::Duration;

use super::super::{Action, ChecklistRow, ConfirmState, Effect, ItemDetail, Model, OverlayKind, Pane, Purpose};
use super::confirm::By;
use crate::domain::checklist::Item;
use crate::domain::share::Observed;
use crate::domain::{Outcome, PoolId, RouterId};
use crate::flight::{Ask, ChangedProfile, Tone};
use crate::session::duty::Duty;

/// A dialog that was confirmed closes by itself. An Enter within this time was meant for it: it opens nothing.
const AFTERMATH: Duration = Duration::from_millis(700);

impl Model {
    pub(super) fn enter(&mut self, out: &mut Vec<Effect>) {
        let overriding =
            self.overlay.as_ref().and_then(super::Overlay::confirm).is_some_and(|c| c.overriding.is_some());
        let breaking = self.overlay.as_ref().and_then(super::Overlay::confirm).is_some_and(|c| c.breaking.is_some());
        match self.overlay.as_ref().map(|overlay| &overlay.kind) {
            Some(_) if overriding => self.give_reason(),
            Some(_) if breaking => self.give_reason_alone(),
            Some(OverlayKind::Shift(_) | OverlayKind::RollBack { .. }) if self.is_void() => self.afresh(out),
            Some(OverlayKind::Duty(duty)) if duty.confirm().is_none() => self.enter_duty(out),
            Some(
                OverlayKind::Shift(_)
                | OverlayKind::Duty(_)
                | OverlayKind::RollBack { .. }
                | OverlayKind::Complete { .. }
                | OverlayKind::Reload(_)
                | OverlayKind::Look(_)
                | OverlayKind::Run { .. }
                | OverlayKind::Arm { .. }
                | OverlayKind::EndConnections { .. }
                | OverlayKind::CancelTask { .. }
                | OverlayKind::CancelAction { .. }
                | OverlayKind::Approve { .. }
                | OverlayKind::Controls(_)
                | OverlayKind::Quit { .. },
            ) => self.confirm(By::Enter, out),
            Some(OverlayKind::Ask(_)) => self.answer(out),
            Some(OverlayKind::Palette(_)) => self.take_from_palette(out),
            Some(
                OverlayKind::Help
                | OverlayKind::Details { .. }
                | OverlayKind::Messages
                | OverlayKind::People
                | OverlayKind::Item(_)
                | OverlayKind::Connections { .. },
            ) => {
                self.overlay = None;
            }
            Some(OverlayKind::Approvals(_)) => self.approve_or_close(out),
            Some(OverlayKind::Checks(_)) => self.open_evidence(),
            Some(OverlayKind::Line(_)) => self.correlate_detail(out),
            Some(OverlayKind::Correlate(_)) => self.take_choice(),
            Some(OverlayKind::Patterns(_)) => self.show_pattern(out),
            Some(OverlayKind::Partial | OverlayKind::Drift { .. }) => {}
            None => self.enter_pane(out),
        }
    }

    fn enter_pane(&mut self, out: &mut Vec<Effect>) {
        if self.closed_at.is_some_and(|closed| self.now.elapsed.since(closed) < AFTERMATH) {
            return;
        }
        if let Some(draft) = &self.draft {
            let to = draft.weights.clone();
            if let Some(why) = self.not_for_me(&Action::NextStep) {
                self.tell(Tone::Warn, why, out);
                return;
            }
            self.propose(Ask::ProposeShift(to), true, out);
            return;
        }
        match self.focus {
            Pane::Traffic => {
                let action = self.answer_to_banner().unwrap_or(Action::NextStep);
                self.act(action, true, out);
            }
            Pane::Checklist => self.toggle(out),
            Pane::Metrics => self.charts.alone = !self.charts.alone,
            Pane::Logs => self.correlate_line(out),
        }
    }

    fn take_from_palette(&mut self, out: &mut Vec<Effect>) {
        let Some(chosen) = self.palette_chosen() else { return };
        self.overlay = None;
        match chosen.unavailable {
            Some(why) => self.tell(Tone::Plain, format!("{}: {why}", chosen.title), out),
            None => self.act(chosen.action, true, out),
        }
    }

    /// Closes what is open, one layer at a time; nothing is sent.
    pub(super) fn escape(&mut self, out: &mut Vec<Effect>) {
        let Some(overlay) = self.overlay.as_mut() else {
            if self.draft.take().is_some() {
                return;
            }
            if self.focus == Pane::Logs && self.logs.anchor.is_none() && self.logs.leave_correlation() {
                return;
            }
            if self.flight.crew.pointer.is_some() {
                self.ask(Ask::Point(None), out);
            } else if self.focus != Pane::Metrics || !self.escape_chart() {
                self.followed = None;
                self.logs.anchor = None;
                self.zoomed = false;
                self.call_view = false;
            }
            return;
        };
        if let Some(confirm) = overlay.confirm_mut()
            && confirm.overriding.take().is_some()
        {
            confirm.failed = None;
            return;
        }
        if let Some(confirm) = overlay.confirm_mut()
            && !confirm.waiting
            && (confirm.breaking.take().is_some() || confirm.alone.take().is_some())
        {
            (confirm.failed, confirm.typed) = (None, tui_input::Input::default());
            return;
        }
        if let OverlayKind::Checks(table) = &mut overlay.kind
            && std::mem::take(&mut table.is_open)
        {
            overlay.scroll = 0;
            return;
        }
        let proposed = matches!(overlay.kind, OverlayKind::Shift(_) | OverlayKind::RollBack { .. });
        if self.ends_reading() {
            self.overlay = None;
            self.ask(Ask::Duty(Box::new(Duty::EndReading)), out);
            return;
        }
        let Some(overlay) = self.overlay.as_mut() else { return };
        let acts = overlay.confirm().is_some() && !matches!(overlay.kind, OverlayKind::Look(_));
        self.overlay = None;
        if proposed || (acts && self.flight.waits_for_second()) {
            self.ask(Ask::Withdraw, out);
        }
    }

    pub(super) fn open_partial(&mut self, by_enter: bool, out: &mut Vec<Effect>) {
        if self.matrix().is_some() {
            self.open(OverlayKind::Partial, by_enter);
        } else {
            self.tell(Tone::Plain, "no change is partly done", out);
        }
    }

    /// The routers of the change in flight that can be sent to once more (V4).
    pub fn can_retry(&self) -> Vec<RouterId> {
        let Some(change) = self.flight.session.in_flight() else { return Vec::new() };
        let forward = change.confirmed.kind.is_forward();
        let open = change.unfinished().filter(|(_, known)| {
            known.and_then(|known| known.outcome.as_ref()).is_some_and(|outcome| match outcome {
                Outcome::Verified | Outcome::Accepted => false,
                Outcome::Moved { .. } => !forward,
                Outcome::NotSent { .. }
                | Outcome::Differs { .. }
                | Outcome::Failed { .. }
                | Outcome::Unknown { .. } => true,
            })
        });
        open.map(|(router, _)| router.clone()).collect()
    }

    /// Sends once more, so the dialog must have been on the screen (F2).
    pub(super) fn retry(&mut self, out: &mut Vec<Effect>) {
        if !self.sees_matrix() {
            return;
        }
        let routers = self.can_retry();
        if routers.is_empty() {
            self.tell(Tone::Plain, "no router can be sent to once more now: roll back, or wait for its word", out);
        } else {
            self.ask(Ask::Retry(routers), out);
        }
    }

    /// Sends the next wave, so the dialog must have been on the screen (F2). Whether it may go is decided elsewhere.
    pub(super) fn send_wave(&mut self, out: &mut Vec<Effect>) {
        if self.sees_matrix() {
            self.ask(Ask::SendWave, out);
        }
    }

    fn sees_matrix(&self) -> bool {
        self.overlay.as_ref().is_some_and(|overlay| matches!(overlay.kind, OverlayKind::Partial) && overlay.seen)
    }

    pub(super) fn ask_to_leave(&mut self) {
        if self.overlay.as_ref().is_some_and(|overlay| matches!(overlay.kind, OverlayKind::Partial)) {
            self.question(Purpose::Leave);
        }
    }

    pub(super) fn open_drift(&mut self, by_enter: bool, out: &mut Vec<Effect>) {
        let drifted = &self.flight.session.drifted;
        let selected = self.selected_router().map(|router| &router.id);
        let router = selected.filter(|router| drifted.contains_key(*router)).or_else(|| drifted.keys().next());
        match router.cloned() {
            Some(router) => self.open(OverlayKind::Drift { router }, by_enter),
            None => self.tell(Tone::Plain, "no router drifted", out),
        }
    }

    /// In the drift dialog the router goes back to what the plan gave it; in the partial one everything goes back.
    pub(super) fn put_back(&mut self, out: &mut Vec<Effect>) {
        match self.overlay.as_ref().map(|overlay| overlay.kind.clone()) {
            Some(OverlayKind::Drift { router }) => {
                self.propose(Ask::ProposePutBack(router), false, out);
            }
            Some(OverlayKind::Partial) => self.roll_back(false, out),
            Some(_) | None => {}
        }
    }

    pub(super) fn ask_to_accept(&mut self) {
        let Some(OverlayKind::Drift { router }) = self.overlay.as_ref().map(|overlay| overlay.kind.clone()) else {
            return;
        };
        if let Some(drifted) = self.flight.session.drifted.get(&router) {
            let read = drifted.read.clone();
            self.question(Purpose::AcceptDrift { router, read });
        }
    }

    pub(super) fn open_reload(&mut self, by_enter: bool, out: &mut Vec<Effect>) {
        match &self.flight.changed_profile {
            Some(ChangedProfile::Good { .. }) => self.open(OverlayKind::Reload(ConfirmState::default()), by_enter),
            Some(ChangedProfile::Bad { why }) => {
                let text = format!("the profile on disk has problems, so it cannot be taken in: {why}");
                self.tell(Tone::Warn, text, out);
            }
            None => self.tell(Tone::Plain, "the profile on disk is the one that is flown", out),
        }
    }

    /// Whether the holder is gone is looked at anew when it is asked, and the rule decides (C4).
    pub(super) fn take_controls(&mut self, out: &mut Vec<Effect>) {
        match self.unavailable(&Action::TakeControls) {
            Some(why) => self.tell(Tone::Plain, why, out),
            None => out.push(Effect::TakeControls),
        }
    }

    pub(super) fn show(&mut self, kind: OverlayKind) {
        self.open(kind, false);
    }

    pub(super) fn show_details(&mut self, out: &mut Vec<Effect>) {
        let (title, lines) = match self.focus {
            Pane::Traffic => self.router_details(),
            Pane::Checklist => match self.checklist_selected() {
                Some(ChecklistRow::Item { item, .. }) => {
                    let detail = ItemDetail { item: item.id.clone(), row: 0 };
                    return self.show(OverlayKind::Item(Box::new(detail)));
                }
                Some(ChecklistRow::Heading { section, .. }) => {
                    let items = section.items.iter();
                    let line = |item: &Item| format!("{}{}", if item.required { "required: " } else { "" }, item.text);
                    (section.title.clone(), items.map(line).collect())
                }
                None => ("Checklist".to_owned(), vec!["the profile has no checklist".to_owned()]),
            },
            Pane::Metrics => self.chart_details(),
            Pane::Logs => return self.show_line(out),
        };
        self.show(OverlayKind::Details { title, lines });
    }

    /// Who is told what, what could not be told, and how it is told again.
    pub(super) fn show_tellings(&mut self) {
        let mut lines = self.flight.telling_lines();
        if lines.is_empty() {
            lines.push("the profile names no [[notify]]".to_owned());
        }
        if !self.flight.tellings.failed.is_empty() {
            lines.push("F10 tells again what could not be told.".to_owned());
        }
        self.show(OverlayKind::Details { title: "People outside".to_owned(), lines });
    }

    /// What its counters say since its weights last changed, and the likely reason where that is off.
    fn counted(&self, router: &RouterId) -> Vec<String> {
        let Some(likely) = self.likely_reason(router) else { return Vec::new() };
        let one = |(pool, seen): (PoolId, Observed)| {
            let (word, half) = (seen.agreement.word(), seen.interval.half_width_points());
            format!("counted {pool} {} ±{half:.1} % of {} requests: {word}", seen.share, seen.share.whole)
        };
        let counted = self.flight.observed(router).into_iter().map(one);
        counted.chain([likely.sentence().to_owned()]).collect()
    }

    fn router_details(&self) -> (String, Vec<String>) {
        let Some(spec) = self.selected_router() else {
            return ("Routers".to_owned(), vec!["the profile names no router".to_owned()]);
        };
        let mut lines = super::router::what_it_can(&spec.capabilities);
        let watch = self.flight.watches.get(&spec.id);
        match watch.and_then(|watch| watch.last.as_ref()) {
            None => lines.push("never read".to_owned()),
            Some(seen) => {
                let reading = &seen.reading;
                lines.push(format!("process {} on {}", reading.identity.process, reading.identity.node));
                if !reading.generation.is_empty() {
                    lines.push(format!("configuration {}", reading.generation));
                }
                lines.push(format!("read {} ago", crate::domain::age(self.now.elapsed.since(seen.at.elapsed))));
                let weights = reading.native.0.iter();
                lines.extend(weights.map(|weight| format!("{} weight {}", weight.reference, weight.weight)));
                if let Some(underway) = &reading.underway {
                    lines.push(format!("under way: {}", underway.what));
                    lines.extend(underway.waits_for.iter().map(|what| format!("  waits for {what}")));
                    lines.extend(underway.link.iter().map(|link| format!("  {link}")));
                }
                lines.extend(reading.warnings.iter().map(|warning| format!("! {warning}")));
                lines.extend(self.counted(&spec.id));
            }
        }
        if let Some((_, trouble)) = watch.and_then(|watch| watch.trouble.as_ref()) {
            lines.push(format!("! {trouble}"));
        }
        let last = self.flight.session.changes.iter().rev().find_map(|change| Some((change, change.order(&spec.id)?)));
        if let Some((change, order)) = last {
            lines.push(format!("sent for {}:", change.confirmed.to));
            lines.extend(order.prepared.requests.iter().map(|request| format!("  {request}")));
            let known = change.outcomes.get(&spec.id).and_then(|known| known.outcome.as_ref());
            lines.push(format!("  {}", known.map_or("no word yet", Outcome::word)));
        }
        if let Some(opened) = self.flight.session.opened.as_ref().filter(|opened| !opened.what.why.is_empty()) {
            lines.push(format!("this session is for {}", opened.what.why.words()));
        }
        let mut guards = self.guard_details();
        if guards.is_empty() {
            return (spec.id.to_string(), lines);
        }
        guards.extend([String::new(), format!("{}:", spec.id)]);
        guards.extend(lines);
        (format!("Guards, and {}", spec.id), guards)
    }

    /// Leaves, or asks first where something would stop with it (S1).
    pub(super) fn leave(&mut self, suspend: bool, out: &mut Vec<Effect>) {
        if self.is_quit_dialog() {
            return;
        }
        let stops = self.stops();
        if stops.is_empty() {
            out.push(if suspend { Effect::Suspend } else { Effect::Quit });
        } else {
            self.open(OverlayKind::Quit { stops, suspend }, false);
        }
    }

    pub(super) fn is_quit_dialog(&self) -> bool {
        self.overlay.as_ref().is_some_and(|overlay| matches!(overlay.kind, OverlayKind::Quit { .. }))
    }

    pub(super) fn confirm_quit(&mut self, by: By, out: &mut Vec<Effect>) {
        let Some(overlay) = &self.overlay else { return };
        if let OverlayKind::Quit { suspend, .. } = &overlay.kind
            && by == By::Key
            && overlay.seen
        {
            out.push(if *suspend { Effect::Suspend } else { Effect::Quit });
            self.overlay = None;
        }
    }
}
