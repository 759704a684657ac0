//! The rows of the traffic pane: which router stands where, and which one is selected.
//!
//! Routers that all fit on the screen stand in the profile's order. Where they do not, those with something wrong stand
//! first, then those under way, then the others, each in the profile's order.
//!
//! Invariants: a router that was selected stays selected wherever it goes; rows change their places at most once in
//! [`REST`], and not within [`QUIET`] of a key or click among them, so that nobody's finger meets another router.

use std::collections::BTreeSet;
use std::time::Duration;

use super::Model;
use crate::domain::procedure::RouterSpec;
use crate::domain::{Elapsed, Freshness, Outcome, RouterId};
use crate::flight::execute::Phase;
use crate::session::event::Settlement;

/// Rows keep their places for so long.
const REST: Duration = Duration::from_secs(1);
/// And for so long after a key or click among them.
const QUIET: Duration = Duration::from_secs(3);

/// The rows of the routers.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Roster {
    /// The router that was selected, by its place in the profile; `None` while the first row is meant, whoever stands there.
    chosen: Option<usize>,
    /// Row by row the place in the profile; empty in the profile's order.
    order: Vec<usize>,
    /// How many stand first because something is wrong.
    wrong: usize,
    ordered: Option<Elapsed>,
    touched: Option<Elapsed>,
}

/// Why a router stands where it does; the first stands first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Urgency {
    /// It failed, differs, is silent, drifted, or was left like that.
    Wrong,
    /// It is being sent to, read back or asked, or its system is at work.
    UnderWay,
    /// Nothing of it waits for anything.
    Quiet,
}

impl Roster {
    /// How many routers stand before all others because something is wrong; 0 in the profile's order.
    pub fn wrong(&self) -> usize {
        self.wrong
    }

    /// The place in the profile of the router in a row.
    fn place(&self, row: usize, count: usize) -> usize {
        // A profile that was taken in anew may have other routers.
        let ordered = if self.order.len() == count { self.order.get(row) } else { None };
        ordered.copied().unwrap_or(row)
    }
}

impl Model {
    /// The router in a row of the traffic pane.
    pub fn router_in(&self, row: usize) -> Option<&RouterSpec> {
        let routers = &self.flight.procedure.routers;
        routers.get(self.roster.place(row, routers.len()))
    }

    /// The row of the selected router.
    pub fn router_row(&self) -> usize {
        let count = self.flight.procedure.routers.len();
        let Some(chosen) = self.roster.chosen.filter(|chosen| *chosen < count) else { return 0 };
        (0..count).find(|row| self.roster.place(*row, count) == chosen).unwrap_or(0)
    }

    /// The selected router.
    pub fn selected_router(&self) -> Option<&RouterSpec> {
        self.router_in(self.router_row())
    }

    /// Selects the router in a row, the last one where there are not so many.
    pub fn select_router(&mut self, row: usize) {
        let count = self.flight.procedure.routers.len();
        self.roster.chosen = Some(self.roster.place(row.min(count.saturating_sub(1)), count));
        self.roster.touched = Some(self.now.elapsed);
    }

    /// Selects the first row, whichever router comes to stand there.
    pub(super) fn select_first_router(&mut self) {
        self.roster.chosen = None;
        self.roster.touched = Some(self.now.elapsed);
    }

    /// Puts the rows in order where that is due; says whether anything moved.
    pub(super) fn order_routers(&mut self) -> bool {
        let now = self.now.elapsed;
        let has_rested = |since: Option<Elapsed>, rest| since.is_none_or(|since| now.since(since) >= rest);
        if !has_rested(self.roster.ordered, REST) || !has_rested(self.roster.touched, QUIET) {
            return false;
        }
        self.roster.ordered = Some(now);
        let rows = usize::from(self.areas().inside.routers.height);
        if rows == 0 {
            return false;
        }
        let count = self.flight.procedure.routers.len();
        let (order, wrong) = if count <= rows { (Vec::new(), 0) } else { self.by_urgency() };
        let moved = order != self.roster.order || wrong != self.roster.wrong;
        (self.roster.order, self.roster.wrong) = (order, wrong);
        moved
    }

    /// The places of all routers, the most urgent first, and how many of them have something wrong.
    fn by_urgency(&self) -> (Vec<usize>, usize) {
        let left = self.left_undone();
        let routers = self.flight.procedure.routers.iter().enumerate();
        let mut all: Vec<(Urgency, usize)> =
            routers.map(|(place, router)| (self.urgency(&router.id, &left), place)).collect();
        all.sort_unstable();
        let wrong = all.iter().take_while(|(urgency, _)| *urgency == Urgency::Wrong).count();
        (all.into_iter().map(|(_, place)| place).collect(), wrong)
    }

    /// Routers that the newest change was left with as they were.
    fn left_undone(&self) -> BTreeSet<&RouterId> {
        let newest = self.flight.session.changes.last();
        let Some(change) = newest.filter(|change| matches!(change.settled, Some((_, Settlement::Left { .. })))) else {
            return BTreeSet::new();
        };
        let undone = change.outcomes.iter().filter(|(_, known)| known.outcome != Some(Outcome::Verified));
        undone.map(|(router, _)| router).chain(change.waiting()).collect()
    }

    fn urgency(&self, router: &RouterId, left: &BTreeSet<&RouterId>) -> Urgency {
        let flight = &self.flight;
        let Some(watch) = flight.watches.get(router) else { return Urgency::Wrong };
        let leg = flight.executing.iter().rev().find_map(|execution| execution.legs.get(router));
        let failed = leg.and_then(|leg| leg.outcome.as_ref()).is_some_and(|outcome| match outcome {
            Outcome::Accepted | Outcome::Verified => false,
            Outcome::NotSent { .. }
            | Outcome::Differs { .. }
            | Outcome::Moved { .. }
            | Outcome::Failed { .. }
            | Outcome::Unknown { .. } => true,
        });
        let is_close = flight.is_close(self.now.elapsed);
        let freshness = watch.freshness(self.now.elapsed, is_close, &flight.procedure.timing);
        let is_silent = watch.trouble.is_some() || matches!(freshness, Freshness::Stale { .. });
        if failed || is_silent || flight.session.drifted.contains_key(router) || left.contains(router) {
            return Urgency::Wrong;
        }
        let is_sent_to = leg.is_some_and(|leg| leg.phase != Phase::Done);
        let is_at_work = || watch.last.as_ref().is_some_and(|seen| seen.reading.underway.is_some());
        if is_sent_to || is_at_work() { Urgency::UnderWay } else { Urgency::Quiet }
    }
}
