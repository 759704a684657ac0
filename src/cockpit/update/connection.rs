//! What lingers in a pool without weight: listed router by router, and ended with a reason and the number typed (D6).

use super::super::{ConfirmState, Effect, Model, OverlayKind, Purpose};
use crate::domain::{PoolId, RouterId};
use crate::flight::connection::{EndConnections, Listed};
use crate::flight::{Ask, Tone};

impl Model {
    /// Lists what the selected router still holds open to the pool that has no weight.
    pub(super) fn open_connections(&mut self, out: &mut Vec<Effect>) {
        let Some(router) = self.selected_router().map(|router| router.id.clone()) else {
            return self.tell(Tone::Plain, "the profile names no router", out);
        };
        let Some(pool) = self.pool_to_list() else {
            return self.tell(Tone::Plain, "the profile names no pool", out);
        };
        self.show(OverlayKind::Connections { router: router.clone(), pool: pool.clone() });
        self.ask(Ask::ListConnections { router, pool }, out);
    }

    /// Opens the list, or asks for it once more.
    pub(super) fn list_or_again(&mut self, out: &mut Vec<Effect>) {
        if let Some((router, pool, _)) = self.listed() {
            let ask = Ask::ListConnections { router: router.clone(), pool: pool.clone() };
            self.ask(ask, out);
        } else if self.overlay.is_none() {
            self.open_connections(out);
        }
    }

    /// The chosen pool, else the first one that has no weight.
    fn pool_to_list(&self) -> Option<PoolId> {
        let live = self.live();
        let is_empty = |pool: &&PoolId| live.as_ref().is_some_and(|live| live.of(pool).part == 0);
        let pools = || self.flight.procedure.pool_ids();
        let found = self.chosen_pool.as_ref().or_else(|| pools().find(is_empty)).or_else(|| pools().next());
        found.cloned()
    }

    /// The list that is open, as far as it has come.
    pub fn listed(&self) -> Option<(&RouterId, &PoolId, Option<&Listed>)> {
        let Some(OverlayKind::Connections { router, pool }) = self.overlay.as_ref().map(|overlay| &overlay.kind) else {
            return None;
        };
        let list = self.flight.lingering.lists.get(&(router.clone(), pool.clone()));
        Some((router, pool, list))
    }

    /// The next router's list.
    pub(super) fn connections_of_next(&mut self, by: isize, out: &mut Vec<Effect>) {
        let count = self.flight.procedure.routers.len();
        if count == 0 {
            return;
        }
        self.select_router(super::around(self.router_row(), by, count));
        self.open_connections(out);
    }

    /// Asks why what is listed is to be ended; whether it may be is decided elsewhere.
    pub(super) fn ask_to_end_connections(&mut self, out: &mut Vec<Effect>) {
        if self.overlay.as_ref().is_none_or(|overlay| !overlay.seen) {
            return;
        }
        let Some((router, pool, list)) = self.listed() else { return };
        let (router, pool) = (router.clone(), pool.clone());
        let Some(Listed { at, connections: Ok(connections) }) = list else {
            return self.tell(Tone::Plain, format!("nothing of {pool} is listed on {router}"), out);
        };
        if connections.is_empty() {
            return self.tell(Tone::Plain, format!("{router} holds no connection of {pool}"), out);
        }
        let end = EndConnections { router, pool, connections: connections.clone(), listed: *at, reason: String::new() };
        self.question(Purpose::EndConnections(Box::new(end)));
    }

    /// The reason is given: now the number is typed.
    pub(super) fn open_end(&mut self, end: EndConnections) {
        let before = self.flight.session.endings;
        let kind = OverlayKind::EndConnections { end: Box::new(end), before, confirm: ConfirmState::default() };
        self.open(kind, true);
    }

    /// Whether the dialog stays: until the journal has what became of it.
    pub(super) fn keeps_end(&self, before: u32, confirm: &mut ConfirmState, is_pending: bool) -> bool {
        let done = self.flight.session.endings > before;
        let refused = confirm.waiting && !is_pending && self.flight.session.ending.is_empty();
        self.take_refusal(confirm, refused && !done);
        !done
    }
}
