//! Who asks the metered sources, and what the others are given of it (J6).
//!
//! # Invariants
//! - At most one cockpit that hears the others asks: who drives; where nobody drives who is heard, the one with the lowest
//!   id among those who are there, and observers last.
//! - A cockpit that has just come waits until it could have heard the others.
//! - What came from another cockpit is drawn like one's own reading, and is never shared on.
//!
//! How the lines of logs are shared stands in [`super::reel`].

use std::collections::BTreeMap;
use std::time::Duration;

use super::reel::Reel;
use super::{Effect, Flight};
use crate::domain::metric::Look;
use crate::domain::parcel::{Content, Parcel};
use crate::domain::{CockpitId, Elapsed, Now, Operator, Seat, SourceId};

/// How long a cockpit that has come listens before it takes itself for alone: two announcements of the others.
const LISTEN: Duration = Duration::from_secs(4);

/// What is known about asking.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Meter {
    /// What the runtime was told last: whether this cockpit asks.
    told: Option<bool>,
    /// The number of the newest parcel of its own.
    number: u64,
    /// The newest parcel of each other cockpit and source.
    heard: BTreeMap<(CockpitId, SourceId), u64>,
    /// The metered logs.
    pub(super) reels: BTreeMap<SourceId, Reel>,
}

impl Flight {
    /// Whether this cockpit asks the metered sources.
    pub fn asks_metered(&self, now: Elapsed) -> bool {
        if !self.crew.shared || self.drives() {
            return true;
        }
        if let Some((holder, _)) = self.other_driver()
            && self.silent_for(holder, now) < self.procedure.people.silence
        {
            return false;
        }
        if self.crew.listened_for(now) < LISTEN {
            return false;
        }
        let rank = |is_observer: bool, cockpit: CockpitId| (is_observer, cockpit);
        let mine = rank(self.me.seat == Seat::Observer, self.me.cockpit);
        self.present(now).all(|other| rank(other.observer, other.cockpit) > mine)
    }

    /// Who asks the metered sources, where another cockpit does.
    pub fn metered_asker(&self, now: Elapsed) -> Option<&Operator> {
        if self.asks_metered(now) {
            return None;
        }
        let driver =
            self.other_driver().filter(|(holder, _)| self.silent_for(*holder, now) < self.procedure.people.silence);
        if let Some((_, operator)) = driver {
            return Some(operator);
        }
        let first = self.present(now).min_by_key(|other| (other.observer, other.cockpit));
        first.map(|other| &other.operator)
    }

    /// Tells the runtime whether to ask, when that has changed.
    pub(super) fn mind_meter(&mut self, now: Elapsed, out: &mut Vec<Effect>) {
        let procedure = &self.procedure;
        if !procedure.metrics.iter().any(|spec| spec.metered) && !procedure.logs.iter().any(|spec| spec.metered) {
            return;
        }
        let asks = self.asks_metered(now);
        if self.meter.told != Some(asks) {
            self.meter.told = Some(asks);
            let upto = self.meter.reels.iter().filter_map(|(source, reel)| Some((source.clone(), reel.upto()?)));
            out.push(Effect::Meter { asks, upto: upto.collect() });
        }
    }

    /// Shares what this cockpit read of a metered source.
    pub(super) fn share(&mut self, source: &SourceId, look: &Look, out: &mut Vec<Effect>) {
        let is_metered = self.procedure.metrics.iter().any(|spec| spec.metered && spec.id == *source);
        let Look::Values(values) = look else { return };
        if !is_metered || !self.crew.shared || values.is_empty() {
            return;
        }
        self.meter.number += 1;
        out.push(Effect::Share(Box::new(Parcel {
            cockpit: self.me.cockpit,
            number: self.meter.number,
            source: source.clone(),
            content: Content::Values(values.clone()),
        })));
    }

    /// Takes what another cockpit read; nothing while this one asks for itself.
    pub(super) fn parcel_heard(&mut self, now: Now, parcel: Parcel, out: &mut Vec<Effect>) {
        let Parcel { cockpit, number, source, content } = parcel;
        let values = match content {
            Content::Values(values) => values,
            Content::Lines(lines) => return self.lines_heard(now, (cockpit, number), source, lines, out),
        };
        let is_metered = self.procedure.metrics.iter().any(|spec| spec.metered && spec.id == source);
        if cockpit == self.me.cockpit || !is_metered || self.asks_metered(now.elapsed) {
            return;
        }
        let newest = self.meter.heard.entry((cockpit, source.clone())).or_default();
        if number <= *newest {
            return;
        }
        *newest = number;
        self.looked(&source, now, Look::Values(values));
    }
}
