//! Deploy windows as gates: whether it is the time for an act, judged in one place for the screen and for the decision
//! alike. Rolling back never asks for them.

use std::time::Duration;

use super::proposal::{Gate, GateReport, GateState};
use super::state::{Change, Session};
use crate::domain::procedure::StepAct;
use crate::domain::window::{During, StepKind, Tz, WindowRule, in_words, moment};
use crate::domain::{Procedure, Timestamp, WindowId, WindowSpec};

/// Windows that stand together: one that blocks, or all that allow.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Opening<'p> {
    windows: Vec<&'p WindowSpec>,
    rule: WindowRule,
}

/// How an opening stands at a moment.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Standing {
    /// Its gate.
    pub gate: Gate,
    /// Whether steps may be taken.
    pub is_open: bool,
    /// When that changes, and by whose clocks that is said; `None` where it never does.
    pub changes: Option<(Timestamp, Tz)>,
    /// In words: `off-peak closes in 0:42, at 17:00 New York`.
    pub text: String,
}

impl Standing {
    /// How long it is still open, where it closes at some time.
    pub fn closes_in(&self, now: Timestamp) -> Option<Duration> {
        self.changes.filter(|_| self.is_open).map(|(at, _)| at.since(now))
    }

    /// As a gate.
    pub fn report(self) -> GateReport {
        let state = if self.is_open { GateState::Holds } else { GateState::Fails };
        GateReport { gate: self.gate, state, text: self.text }
    }
}

/// After so many beginnings and ends of single windows nobody waits for the next one of all together.
const CHANGES: usize = 64;

impl Opening<'_> {
    fn name(&self) -> WindowId {
        let names: Vec<&str> = self.windows.iter().map(|window| window.id.as_str()).collect();
        WindowId::new(names.join(" or "))
    }

    fn gate(&self) -> Gate {
        Gate::Window { window: self.name() }
    }

    fn is_open(&self, at: Timestamp) -> bool {
        let is_within = self.windows.iter().any(|window| window.is_within(at));
        match self.rule {
            WindowRule::Allow => is_within,
            WindowRule::Block => !is_within,
        }
    }

    /// The first moment after another at which it opens or closes, and the window that does it.
    fn next_change(&self, after: Timestamp) -> Option<(Timestamp, Tz)> {
        let is_open = self.is_open(after);
        let mut at = after;
        for _ in 0..CHANGES {
            let next = self.windows.iter().filter_map(|window| Some((window.next_change(at)?, window.zone)));
            let (moment, zone) = next.min_by_key(|(moment, _)| *moment)?;
            if self.is_open(moment) != is_open {
                return Some((moment, zone));
            }
            at = moment;
        }
        None
    }

    fn freezes(&self) -> bool {
        self.windows.iter().any(|window| window.during == During::Freeze)
    }

    fn stands(&self, now: Timestamp) -> Standing {
        let (name, is_open, changes) = (self.name(), self.is_open(now), self.next_change(now));
        let when = changes.map(|(at, zone)| (in_words(at.since(now)), moment(at, zone, now)));
        let text = match (is_open, self.rule, when) {
            (true, WindowRule::Allow, Some((left, at))) => format!("{name} closes in {left}, at {at}"),
            (true, WindowRule::Allow, None) => format!("{name} is open"),
            (true, WindowRule::Block, Some((left, at))) => format!("{name} blocks in {left}, at {at}"),
            (true, WindowRule::Block, None) => format!("{name} is over"),
            (false, WindowRule::Allow, Some((left, at))) => format!("outside {name}: opens in {left}, at {at}"),
            (false, WindowRule::Allow, None) => format!("outside {name}: it does not open again"),
            (false, WindowRule::Block, Some((left, at))) => format!("{name} blocks: ends in {left}, at {at}"),
            (false, WindowRule::Block, None) => format!("{name} blocks, and does not end"),
        };
        Standing { gate: self.gate(), is_open, changes, text }
    }
}

/// The openings that a kind of step asks for: each window that blocks for itself, those that allow together.
fn openings(procedure: &Procedure, kind: StepKind) -> Vec<Opening<'_>> {
    let about =
        |rule: WindowRule| procedure.windows.iter().filter(move |window| window.rule == rule && window.is_about(kind));
    let allow: Vec<&WindowSpec> = about(WindowRule::Allow).collect();
    let allow = (!allow.is_empty()).then_some(Opening { windows: allow, rule: WindowRule::Allow });
    let block = about(WindowRule::Block).map(|window| Opening { windows: vec![window], rule: WindowRule::Block });
    block.chain(allow).collect()
}

/// How the windows stand that a kind of step asks for. A freeze that is over for good is not told.
pub fn windows(procedure: &Procedure, kind: StepKind, now: Timestamp) -> Vec<Standing> {
    let all = openings(procedure, kind);
    let is_over = |opening: &Opening<'_>, stands: &Standing| {
        opening.rule == WindowRule::Block && stands.is_open && stands.changes.is_none()
    };
    let standing = all.into_iter().map(|opening| (opening.stands(now), opening));
    standing.filter(|(stands, opening)| !is_over(opening, stands)).map(|(stands, _)| stands).collect()
}

/// Which kind the next step of the plan is, as it is asked for windows; off the plan traffic is shifted.
pub fn next_kind(session: &Session, procedure: &Procedure) -> StepKind {
    match session.next_step(&procedure.plan).map(|step| &step.act) {
        Some(StepAct::Deploy { .. }) => StepKind::Deploy,
        Some(StepAct::Pause { .. }) => StepKind::Pause,
        Some(StepAct::Shift(_)) | None => StepKind::Shift,
    }
}

/// Windows that a change in its middle asks for: they freeze, and were not set aside when it was confirmed.
fn freezing<'p>(procedure: &'p Procedure, change: &Change) -> impl Iterator<Item = Opening<'p>> {
    let set_aside = |opening: &Opening<'_>| {
        let gate = opening.gate();
        change.confirmed.overrides.iter().any(|each| each.gate == gate)
    };
    openings(procedure, StepKind::Shift).into_iter().filter(move |opening| opening.freezes() && !set_aside(opening))
}

/// Whether a change in its middle stops when its time is over.
pub fn stops_when_closed(procedure: &Procedure, change: &Change) -> bool {
    freezing(procedure, change).next().is_some()
}

/// Why the next wave of a change does not go out at this time, in words; `None` where the windows let it.
pub fn freezes(procedure: &Procedure, change: &Change, now: Timestamp) -> Option<String> {
    freezing(procedure, change).map(|opening| opening.stands(now)).find(|stands| !stands.is_open).map(|each| each.text)
}

/// Whether a window that freezes was closed at some time since the last wave of a change was sent: then nobody may be
/// there any more who would see the next one go.
pub fn was_closed_since(procedure: &Procedure, change: &Change, now: Timestamp) -> bool {
    let Some(intent) = change.intent else { return false };
    let deadline = i64::try_from(procedure.timing.deadline.as_millis()).unwrap_or(i64::MAX);
    let sent = Timestamp(intent.deadline.0.saturating_sub(deadline)).min(now);
    freezing(procedure, change).any(|opening| {
        let closes = opening.next_change(sent).is_some_and(|(at, _)| at <= now);
        !opening.is_open(sent) || closes
    })
}
