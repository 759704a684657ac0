//! The draft: a split to be proposed, drawn beside the live one. Nothing of it is sent.

use super::super::{Draft, Effect, Model};
use crate::domain::{BasisPoints, PoolId, Weights};
use crate::flight::Tone;

impl Model {
    /// The split that a draft starts from, and the pool that it sets.
    fn draft_base(&mut self, out: &mut Vec<Effect>) -> Option<(Weights, PoolId)> {
        let live = self.live().and_then(|live| live.nearest_weights());
        let base = live.zip(self.pool().cloned());
        if base.is_none() {
            self.tell(Tone::Plain, "no router was read yet: there is no split to draft from", out);
        }
        base
    }

    pub(super) fn draft_by(&mut self, more: bool, out: &mut Vec<Effect>) {
        let Some((live, pool)) = self.draft_base(out) else { return };
        let base = self.draft.take().map_or(live, |draft| draft.weights);
        let (at, step) = (base.of(&pool).0, self.flight.procedure.increment.0);
        let points = if more { at.saturating_add(step).min(BasisPoints::ALL.0) } else { at.saturating_sub(step) };
        let points = self.flight.procedure.held(BasisPoints(points), more);
        self.take_draft(&base, &pool, points, String::new());
    }

    /// A digit replaces what `+` and `-` made; a number that is no percentage is not taken.
    pub(super) fn draft_digit(&mut self, digit: char, out: &mut Vec<Effect>) {
        let Some((live, pool)) = self.draft_base(out) else { return };
        let mut typed = self.draft.as_ref().map(|draft| draft.typed.clone()).unwrap_or_default();
        if typed == "0" && digit != '.' {
            typed.clear();
        }
        if typed.is_empty() && digit == '.' {
            typed.push('0');
        }
        typed.push(digit);
        if let Ok(points) = typed.parse::<BasisPoints>() {
            self.take_draft(&live, &pool, points, typed);
        }
    }

    pub(super) fn draft_erase(&mut self) {
        let Some(draft) = self.draft.take() else { return };
        let mut typed = draft.typed;
        typed.pop();
        let base = self.live().and_then(|live| live.nearest_weights()).zip(self.pool().cloned());
        if let (Ok(points), Some((live, pool))) = (typed.parse::<BasisPoints>(), base) {
            self.take_draft(&live, &pool, points, typed);
        }
    }

    pub(super) fn draft_set(&mut self, points: BasisPoints, out: &mut Vec<Effect>) {
        if let Some((live, pool)) = self.draft_base(out) {
            self.take_draft(&live, &pool, points, String::new());
        }
    }

    pub(super) fn take_draft(&mut self, base: &Weights, pool: &PoolId, points: BasisPoints, typed: String) {
        self.draft = base.with(pool, points).ok().map(|weights| Draft { weights, typed });
    }

    /// Arrows choose the pool; a number that was typed goes over to it.
    pub(super) fn choose_pool(&mut self, by: isize) {
        let pools: Vec<PoolId> = self.flight.procedure.pool_ids().cloned().collect();
        let at = self.pool().and_then(|pool| pools.iter().position(|each| each == pool)).unwrap_or(0);
        let Some(pool) = pools.get(super::navigate::around(at, by, pools.len())).cloned() else { return };
        let typed = self.draft.as_ref().map(|draft| draft.typed.clone()).unwrap_or_default();
        let live = self.live().and_then(|live| live.nearest_weights());
        if let (Ok(points), Some(live)) = (typed.parse::<BasisPoints>(), live) {
            self.take_draft(&live, &pool, points, typed);
        }
        self.chosen_pool = Some(pool);
    }
}
