//! What the palette offers, and finding in it.

use std::cmp::Reverse;

use nucleo_matcher::pattern::{CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};

use super::catalogue::catalogue;
use super::{Action, Model, OverlayKind};

/// One line of the palette.
#[derive(Clone, PartialEq, Debug)]
pub struct PaletteEntry {
    /// What it does.
    pub action: Action,
    /// Its name, as in key files.
    pub name: String,
    /// One line of help.
    pub title: String,
    /// Why it does nothing now; `None` when it can be done.
    pub unavailable: Option<&'static str>,
}

impl Model {
    /// What the palette offers for what is typed in it, best first; acts that can be done now stand before others.
    pub fn palette_entries(&self) -> Vec<PaletteEntry> {
        let Some(OverlayKind::Palette(palette)) = self.overlay.as_ref().map(|overlay| &overlay.kind) else {
            return Vec::new();
        };
        let acts = catalogue().into_iter().filter(|entry| entry.in_palette).map(|entry| PaletteEntry {
            unavailable: self.unavailable(&entry.action),
            action: entry.action,
            name: entry.name.to_owned(),
            title: entry.title.to_owned(),
        });
        let demo = self.around.demo.iter().map(|(name, help)| PaletteEntry {
            action: Action::Demo(name.clone()),
            name: name.clone(),
            title: format!("demo: {help}"),
            unavailable: None,
        });
        let mut matcher = Matcher::new(Config::DEFAULT);
        let pattern = Pattern::parse(palette.input.value(), CaseMatching::Ignore, Normalization::Smart);
        let typed = palette.input.value().trim().to_lowercase();
        let mut score = |text: &str| pattern.score(Utf32Str::new(text, &mut Vec::new()), &mut matcher);
        // What is typed is first of all the beginning of a name, then a part of one, then of what stands beside it.
        let mut found: Vec<((u8, Reverse<u32>), PaletteEntry)> = acts
            .chain(demo)
            .filter_map(|entry| {
                let rank = match (score(&entry.name), score(&format!("{} {}", entry.name, entry.title))) {
                    (Some(score), _) if entry.name.to_lowercase().starts_with(&typed) => (0, Reverse(score)),
                    (Some(score), _) => (1, Reverse(score)),
                    (None, Some(score)) => (2, Reverse(score)),
                    (None, None) => return None,
                };
                Some((rank, entry))
            })
            .collect();
        found.sort_by_key(|(rank, entry)| (entry.unavailable.is_some(), *rank));
        found.into_iter().map(|(_, entry)| entry).collect()
    }

    /// The entry that Enter takes.
    pub fn palette_chosen(&self) -> Option<PaletteEntry> {
        let Some(OverlayKind::Palette(palette)) = self.overlay.as_ref().map(|overlay| &overlay.kind) else {
            return None;
        };
        self.palette_entries().into_iter().nth(palette.selected)
    }

    fn could_arm(&self) -> bool {
        crate::session::guard::may_be_armed(&self.flight.procedure).is_ok() && self.flight.session.is_open()
    }

    /// Why an act does nothing now; `None` when it can be done. A hint for the palette: the rules decide elsewhere.
    #[expect(clippy::too_many_lines, reason = "one arm for each act, most of one line")]
    pub fn unavailable(&self, action: &Action) -> Option<&'static str> {
        let session = &self.flight.session;
        let unless = |holds: bool, why: &'static str| (!holds).then_some(why);
        match action {
            Action::NextStep | Action::SkipStep => {
                unless(session.next_step(&self.flight.procedure.plan).is_some(), "the plan has no step left")
            }
            Action::CancelTask => {
                let can = self.task_to_cancel().is_some() || self.flight.cancellable_action().is_some();
                unless(can, "no system is at work that could be cancelled")
            }
            Action::RollBack | Action::BackAtOnce => {
                let by_traffic = self.flight.way_back(crate::flight::WayBackChoice::Step).is_ok();
                unless(by_traffic || self.flight.next_act().is_some(), "nothing to roll back")
            }
            Action::NextRollbackAct => unless(self.flight.next_act().is_some(), "no act of a way back waits"),
            Action::ExcludeRouter => unless(
                session.is_open() && self.flight.procedure.routers.len() > 1,
                "there is one router at most, or the session is closed",
            ),
            Action::ArmGuards => unless(self.could_arm(), "no guard of this profile may roll back by itself"),
            Action::OpenPartial => unless(self.matrix().is_some(), "no change is partly done"),
            Action::OpenDrift => unless(!session.drifted.is_empty(), "no router drifted"),
            Action::ReloadProfile => unless(self.flight.changed_profile.is_some(), "the profile did not change"),
            Action::TakeControls => {
                unless(session.is_open() && !self.flight.drives(), "you have the controls, or the session is closed")
            }
            Action::LookAtRequest => unless(self.flight.asked_of_me().is_some(), "nobody asks you to confirm anything"),
            Action::ConfirmRun => unless(
                !self.flight.drives() && self.asks_two_to_shift() && !self.runnable().is_empty(),
                "you drive, shifts ask one person, or the next step is no shift",
            ),
            Action::EndRun => unless(session.run.is_some(), "no run of steps is confirmed"),
            Action::OfferControls => unless(self.flight.drives(), "you do not have the controls"),
            Action::AskControls => {
                unless(!self.flight.drives() && session.controls.is_some(), "you have the controls, or nobody has")
            }
            Action::LookAtControls => {
                unless(session.offer.is_some() || session.asking.is_some(), "nobody offers or asks for the controls")
            }
            Action::Hold | Action::Note | Action::CloseSession => unless(session.is_open(), "the session is closed"),
            Action::Approvals | Action::Approve | Action::ReportApproval | Action::WithdrawApproval => {
                unless(!self.flight.procedure.approvals.is_empty(), "the profile asks for no approval")
            }
            Action::Checks | Action::RunGroup => {
                unless(!self.flight.procedure.checks.is_empty(), "the profile names no check")
            }
            Action::RunChecks => unless(
                !self.flight.procedure.checks.is_empty() && session.is_open(),
                "the profile names no check, or the session is closed",
            ),
            Action::Tellings => unless(!self.flight.procedure.notifiers.is_empty(), "the profile names no [[notify]]"),
            Action::TellAgain => unless(!self.flight.tellings.failed.is_empty(), "nothing waits to be told again"),
            Action::ReadAloud => {
                unless(self.flight.procedure.checklist.items().next().is_some(), "the profile has no checklist")
            }
            Action::Contacts => unless(!self.flight.procedure.contacts.is_empty(), "the profile names no [[contact]]"),
            Action::RunCommand => unless(
                self.flight.procedure.shell.is_some() && self.item_at_hand().is_some(),
                "the profile names no shell in [commands], or no item is chosen",
            ),
            Action::AttachEvidence | Action::Start => unless(self.item_at_hand().is_some(), "no item is chosen"),
            Action::FilterLogs
            | Action::PauseLogs
            | Action::NextLevel
            | Action::NextPool
            | Action::ToggleExcluded
            | Action::SelectLines
            | Action::AttachLines
            | Action::Correlate
            | Action::ToggleColumns
            | Action::Patterns
            | Action::Copy => unless(!self.flight.procedure.logs.is_empty(), "the profile names no log source"),
            Action::Focus(_)
            | Action::FocusNext
            | Action::FocusPrevious
            | Action::Zoom
            | Action::Up
            | Action::Down
            | Action::PageUp
            | Action::PageDown
            | Action::Top
            | Action::Bottom
            | Action::Left
            | Action::Right
            | Action::DraftMore
            | Action::DraftLess
            | Action::DraftDigit(_)
            | Action::DraftErase
            | Action::DraftSet(_)
            | Action::Enter
            | Action::Escape
            | Action::OtherWayBack
            | Action::SkipRollbackAct
            | Action::PassRollbackAct
            | Action::Send
            | Action::Afresh
            | Action::Override
            | Action::Refuse
            | Action::BreakGlass
            | Action::Point
            | Action::PointAtStep
            | Action::People
            | Action::Yes
            | Action::No
            | Action::Retry
            | Action::SendWave
            | Action::Leave
            | Action::PutBack
            | Action::AcceptDrift
            | Action::Toggle
            | Action::NextSpan
            | Action::EarlierRange
            | Action::LaterRange
            | Action::Help
            | Action::Palette
            | Action::CallView
            | Action::Connections
            | Action::EndConnections
            | Action::Details
            | Action::Messages
            | Action::NextTheme
            | Action::ToggleMotion
            | Action::ToggleMouse
            | Action::Demo(_)
            | Action::Edit(_)
            | Action::Redraw
            | Action::Suspend
            | Action::Quit => None,
        }
    }
}
