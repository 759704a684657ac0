//! One message in, effects out. A file per concern; each is a part of the same [`Model`].
//!
//! Invariants: only [`confirm`] asks the flight to send, and only after a frame with what is sent went out (F2); mouse
//! and paste never reach it; what opens by itself is a banner, never a dialog.

mod action;
mod approval;
mod chart;
mod check;
mod checklist;
mod confirm;
mod connection;
mod controls;
mod correlate;
mod dialog;
mod draft;
mod duty;
mod guard;
mod log;
mod mark;
mod mouse;
mod navigate;
mod pairs;
mod pattern;
mod people;
mod question;
mod router;
mod setting;
mod task;
mod unwind;
mod watch;

pub(super) use navigate::around;

use super::query::BEAT;
use super::{Action, Effect, Model, Msg, Noticed, Overlay, OverlayKind};
use crate::domain::Now;
use crate::flight::{self, Ask, Notice, Tone};

/// How many messages to the operator are kept.
const NOTICES: usize = 500;

/// Takes a message in and says what is to be done.
pub fn update(model: &mut Model, now: Now, msg: Msg) -> Vec<Effect> {
    let mut out = Vec::new();
    let second = model.now.wall.0.div_euclid(1000) != now.wall.0.div_euclid(1000);
    model.now = now;
    let changed = model.take(msg, &mut out) | model.order_routers();
    model.tell_look(&mut out);
    if changed {
        model.measure_columns();
    }
    if changed || second {
        model.version += 1;
    }
    out
}

impl Model {
    /// Takes a message in; says whether anything visible changed.
    fn take(&mut self, msg: Msg, out: &mut Vec<Effect>) -> bool {
        match msg {
            Msg::Flight(flight::Msg::Tick) => return self.tick(out),
            Msg::Flight(msg) => {
                self.fly(msg, out);
            }
            Msg::Action(action) => {
                self.ask(Ask::LookClosely, out);
                let before = self.notices.back().cloned();
                self.act(action, false, out);
                if self.notices.back() != before.as_ref() {
                    self.answered_at = Some(self.now.elapsed);
                }
            }
            Msg::NoSuchKey(key) => {
                self.ask(Ask::LookClosely, out);
                self.tell(Tone::Plain, format!("{key} does nothing here; ? shows the keys"), out);
                self.answered_at = Some(self.now.elapsed);
            }
            Msg::Paste(text) => self.paste(&text),
            Msg::Click { column, row } => self.click(column, row, out),
            Msg::Wheel { column, row, lines } => self.wheel(column, row, lines),
            Msg::Resized { columns, rows } => {
                self.size = (columns, rows);
                self.keep_checklist_in_view();
            }
            Msg::Drawn { version } => {
                self.drawn = self.drawn.max(version);
                if let Some(overlay) = &mut self.overlay {
                    overlay.seen = self.drawn >= overlay.opened;
                }
                return false;
            }
            Msg::Resumed => out.push(Effect::Redraw),
            Msg::Lines(batch) if self.flight.is_metered_log(&batch.source) => {
                self.fly(flight::Msg::LinesRead(Box::new(batch)), out);
            }
            Msg::Lines(batch) => self.take_lines(&batch, out),
            Msg::LogState { source, state } => self.take_log_state(source, state, out),
            Msg::DemoSaid(text) => self.tell(Tone::Plain, text, out),
            Msg::HolderGone { cockpit } => self.gone = Some(cockpit),
            Msg::Told(notice) => self.notice(notice, out),
            Msg::Dropped { count } => {
                self.dropped += count;
                self.fly(flight::Msg::TelemetryLost { count }, out);
            }
        }
        true
    }

    fn tick(&mut self, out: &mut Vec<Effect>) -> bool {
        let before = (self.is_void(), self.notices.len(), self.flight.session.head, self.overlay.is_some());
        self.fly(flight::Msg::Tick, out);
        let searched = self.logs.searching;
        if searched {
            self.logs.search();
        }
        let rang = self.ring(out);
        let counted = self.count_some();
        let beats = self.is_moving() && self.now.elapsed.since(self.beat_at) >= BEAT;
        if beats {
            self.beat += 1;
            self.beat_at = self.now.elapsed;
        }
        let after = (self.is_void(), self.notices.len(), self.flight.session.head, self.overlay.is_some());
        searched || counted || beats || rang || before != after
    }

    /// Gives the flight a message, and its effects to the runtime; what it tells becomes a notice.
    fn fly(&mut self, msg: flight::Msg, out: &mut Vec<Effect>) {
        let folds = matches!(msg, flight::Msg::Appended { .. } | flight::Msg::Followed { .. });
        let before = folds.then(|| mark::Before::of(&self.flight.session));
        for effect in self.flight.update(self.now, msg) {
            match effect {
                flight::Effect::Tell(notice) => self.notice(notice, out),
                flight::Effect::Lines(batch) => self.take_lines(&batch, out),
                flight::Effect::Read { .. }
                | flight::Effect::Prepare { .. }
                | flight::Effect::AskCheck { .. }
                | flight::Effect::Notify(_)
                | flight::Effect::Append(_)
                | flight::Effect::ReadJournal { .. }
                | flight::Effect::Send(_)
                | flight::Effect::Announce(_)
                | flight::Effect::Meter { .. }
                | flight::Effect::Share(_)
                | flight::Effect::Sign(_)
                | flight::Effect::CheckSignature(_)
                | flight::Effect::Spill { .. }
                | flight::Effect::DropSpill
                | flight::Effect::ListConnections { .. }
                | flight::Effect::EndConnections(_)
                | flight::Effect::CancelTask(_)
                | flight::Effect::DescribeAction { .. }
                | flight::Effect::StartAction(_)
                | flight::Effect::LookAction(_)
                | flight::Effect::CancelAction(_)
                | flight::Effect::RunCommand(_)
                | flight::Effect::StopCommand { .. }
                | flight::Effect::Cancel { .. } => out.push(Effect::Flight(effect)),
            }
        }
        if let Some(before) = before {
            self.mark(&before);
            self.keep_checklist_in_view();
        }
        self.follow_flight();
    }

    fn ask(&mut self, ask: Ask, out: &mut Vec<Effect>) {
        self.fly(flight::Msg::Ask(ask), out);
    }

    fn tell(&mut self, tone: Tone, text: impl Into<String>, out: &mut Vec<Effect>) {
        self.notice(Notice { tone, text: text.into() }, out);
    }

    fn notice(&mut self, notice: Notice, out: &mut Vec<Effect>) {
        if notice.tone == Tone::Bad && !out.contains(&Effect::Bell) {
            out.push(Effect::Bell);
        }
        // The same word again only becomes newer.
        if self.notices.back().is_some_and(|last| last.notice == notice) {
            self.notices.pop_back();
        }
        self.notices.push_back(Noticed { at: self.now, notice });
        while self.notices.len() > NOTICES {
            self.notices.pop_front();
        }
    }

    fn shows_panes_or_list(&self) -> bool {
        self.overlay.as_ref().is_none_or(|overlay| {
            matches!(
                overlay.kind,
                OverlayKind::Help
                    | OverlayKind::Details { .. }
                    | OverlayKind::Messages
                    | OverlayKind::Approvals(_)
                    | OverlayKind::Checks(_)
                    | OverlayKind::Line(_)
                    | OverlayKind::Item(_)
                    | OverlayKind::Correlate(_)
                    | OverlayKind::Patterns(_)
                    | OverlayKind::People
            )
        })
    }

    /// Lays something over the panes. Keys count for it once a frame that shows it went out.
    fn open(&mut self, kind: OverlayKind, by_enter: bool) {
        let opened = self.version + 1;
        self.overlay = Some(Overlay { kind, opened, seen: false, by_enter, scroll: 0 });
    }

    /// Does what an operator means. `by_enter`: Enter led here, so Enter does not confirm what opens (F2).
    #[expect(clippy::too_many_lines, reason = "one arm for each act, of one line")]
    fn act(&mut self, action: Action, by_enter: bool, out: &mut Vec<Effect>) {
        if self.overlay.is_some() && action.is_for_panes() {
            return;
        }
        // What another person waits for can be looked at from a list, and never in the place of a dialog that acts.
        if matches!(action, Action::LookAtRequest | Action::LookAtControls) && !self.shows_panes_or_list() {
            return;
        }
        if let Some(why) = self.not_for_me(&action) {
            self.tell(Tone::Warn, why, out);
            return;
        }
        match action {
            Action::Focus(pane) => self.focus = pane,
            Action::FocusNext => self.focus_by(1),
            Action::FocusPrevious => self.focus_by(-1),
            Action::Zoom => self.zoomed = !self.zoomed,
            Action::Up => self.go(navigate::Go::By(-1), out),
            Action::Down => self.go(navigate::Go::By(1), out),
            Action::PageUp => self.go(navigate::Go::Pages(-1), out),
            Action::PageDown => self.go(navigate::Go::Pages(1), out),
            Action::Top => self.go(navigate::Go::Top, out),
            Action::Bottom => self.go(navigate::Go::Bottom, out),
            Action::Left => self.sideways(-1, out),
            Action::Right => self.sideways(1, out),
            Action::DraftMore => self.draft_by(true, out),
            Action::DraftLess => self.draft_by(false, out),
            Action::DraftDigit(digit) => self.draft_digit(digit, out),
            Action::DraftErase => self.draft_erase(),
            Action::DraftSet(points) => self.draft_set(points, out),
            Action::Enter => self.enter(out),
            Action::Escape => self.escape(out),
            Action::NextStep => self.next_step(by_enter, out),
            Action::SkipStep => self.ask_to_skip(out),
            Action::RollBack => self.roll_back(by_enter, out),
            Action::NextRollbackAct => self.next_act(by_enter, out),
            Action::SkipRollbackAct => self.ask_to_skip_act(),
            Action::PassRollbackAct => self.pass_act(out),
            Action::ExcludeRouter => self.exclude_router(by_enter, out),
            Action::BackAtOnce => self.back_at_once(by_enter, out),
            Action::OtherWayBack => self.other_way_back(out),
            Action::Send => self.confirm(confirm::By::Key, out),
            Action::Afresh => self.afresh(out),
            Action::Override => self.begin_override(out),
            Action::OpenPartial => self.open_partial(by_enter, out),
            Action::Retry => self.retry(out),
            Action::SendWave => self.send_wave(out),
            Action::Leave => self.ask_to_leave(),
            Action::OpenDrift => self.open_drift(by_enter, out),
            Action::PutBack => self.put_back(out),
            Action::AcceptDrift => self.ask_to_accept(),
            Action::Toggle => self.toggle(out),
            Action::Hold => self.ask_to_hold(),
            Action::ArmGuards => self.open_arming(out),
            Action::Note => self.question(super::Purpose::Note),
            Action::SelectLines => self.select_lines(),
            Action::AttachLines => self.attach_lines(out),
            Action::Copy => self.copy(out),
            Action::Correlate => self.correlate_line(out),
            Action::ToggleColumns => self.toggle_columns(out),
            Action::PauseLogs => self.pause_logs(),
            Action::FilterLogs => self.question(super::Purpose::FilterLogs),
            Action::NextLevel => self.next_level(),
            Action::NextPool => self.next_pool(),
            Action::ToggleExcluded => self.toggle_excluded(),
            Action::NextSpan => self.span_by(1),
            Action::EarlierRange => self.shift_range(true, out),
            Action::LaterRange => self.shift_range(false, out),
            Action::Help => self.show(OverlayKind::Help),
            Action::Palette => self.open(OverlayKind::Palette(super::Palette::default()), by_enter),
            Action::CallView => self.call_view = !self.call_view,
            Action::Connections => self.list_or_again(out),
            Action::EndConnections => self.ask_to_end_connections(out),
            Action::CancelTask => self.open_cancel(out),
            Action::Details => self.show_details(out),
            Action::Messages => self.show(OverlayKind::Messages),
            Action::NextTheme => self.next_theme(out),
            Action::ToggleMotion => self.settings.motion = !self.settings.motion,
            Action::ToggleMouse => self.toggle_mouse(out),
            Action::ReloadProfile => self.open_reload(by_enter, out),
            Action::TakeControls => self.take_controls(out),
            Action::CloseSession => self.question(super::Purpose::CloseSession),
            Action::Demo(name) => out.push(Effect::Demo(name)),
            Action::Edit(request) => self.edit(request),
            Action::LookAtRequest => self.look_at_request(out),
            Action::Refuse => self.refuse(out),
            Action::BreakGlass => self.break_glass(out),
            Action::ConfirmRun => self.open_run(out),
            Action::EndRun => self.ask_to_end_run(out),
            Action::OfferControls => self.offer_controls(out),
            Action::AskControls => self.ask_controls(out),
            Action::LookAtControls => self.look_at_controls(out),
            Action::Point => self.point_at(Some(self.pointable()), out),
            Action::PointAtStep => self.point_at(self.next_step_name(), out),
            Action::Approvals => self.show_approvals(out),
            Action::Approve => self.open_approve(by_enter, out),
            Action::ReportApproval => self.ask_to_report(out),
            Action::WithdrawApproval => self.ask_to_withdraw_approval(out),
            Action::Checks => self.show(OverlayKind::Checks(super::CheckTable::default())),
            Action::RunGroup => self.run_group(out),
            Action::Patterns => self.show(OverlayKind::Patterns(super::PatternTable::default())),
            Action::RunChecks => self.run_all_checks(out),
            Action::Tellings => self.show_tellings(),
            Action::TellAgain => self.ask(Ask::TellAgain, out),
            Action::People => self.show(OverlayKind::People),
            Action::ReadAloud => self.open_reading(),
            Action::Contacts => self.open_contacts(),
            Action::RunCommand => self.open_run_sheet(out),
            Action::AttachEvidence => self.attach_to_item(out),
            Action::Start => self.start(out),
            Action::Yes => self.say_yes(out),
            Action::No => self.say_no(out),
            Action::Redraw => out.push(Effect::Redraw),
            Action::Suspend => self.leave(true, out),
            Action::Quit => self.leave(false, out),
        }
    }

    /// The dialogs keep up with the flight: a kept confirmation closes its dialog, a refused one says why, a fresh
    /// proposal must be drawn before it can be confirmed.
    fn follow_flight(&mut self) {
        let Some(mut overlay) = self.overlay.take() else { return };
        if self.keeps(&mut overlay) {
            self.overlay = Some(overlay);
        }
    }
}
