//! Connections that linger in a pool without weight: listed where a router can, and ended by a confirmed act (D6).

use std::collections::BTreeMap;
use std::time::Duration;

use super::{Effect, Flight, Tone};
use crate::domain::connection::{Connection, Ended};
use crate::domain::{ChangeId, Elapsed, Now, PoolId, RouterId, Timestamp, Trouble};
use crate::session::command::Command;
use crate::session::event::ConnectionsEnding;
use crate::session::proposal::Confirmation;

/// What lingers, as far as it was asked.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Lingering {
    /// The newest list per router and pool.
    pub lists: BTreeMap<(RouterId, PoolId), Listed>,
    /// The ask that each list waits for.
    asked: BTreeMap<(RouterId, PoolId), u64>,
    /// What is sent once its intent is kept.
    ready: BTreeMap<ChangeId, ToEnd>,
}

/// One list.
#[derive(Clone, PartialEq, Debug)]
pub struct Listed {
    /// When it was begun to be made: it is at least as old.
    pub at: Elapsed,
    /// The connections, oldest first, or why they are not known.
    pub connections: Result<Vec<Connection>, Trouble>,
}

#[derive(Clone, PartialEq, Debug)]
struct ToEnd {
    connections: Vec<Connection>,
    listed: Elapsed,
}

/// What is to be ended, as it was confirmed.
#[derive(Clone, PartialEq, Debug)]
pub struct EndConnections {
    /// The router.
    pub router: RouterId,
    /// The pool.
    pub pool: PoolId,
    /// The connections as they were listed.
    pub connections: Vec<Connection>,
    /// When they were listed.
    pub listed: Elapsed,
    /// Why.
    pub reason: String,
}

/// One write that ends connections.
#[derive(Clone, PartialEq, Debug)]
pub struct SendEnd {
    /// The act.
    pub act: ChangeId,
    /// The router.
    pub router: RouterId,
    /// The pool.
    pub pool: PoolId,
    /// The connections, as old as they must be by now.
    pub connections: Vec<Connection>,
    /// After this nothing is sent, by the wall clock,
    pub deadline: Timestamp,
    /// and by the clock that runs during suspend.
    pub until: Elapsed,
}

impl Flight {
    /// Asks a router for the connections of a pool.
    pub(super) fn list_connections(&mut self, router: RouterId, pool: PoolId, out: &mut Vec<Effect>) {
        self.counters.requests += 1;
        let request = self.counters.requests;
        self.lingering.asked.insert((router.clone(), pool.clone()), request);
        let masked = !self.procedure.drain.show_clients;
        out.push(Effect::ListConnections { request, router, pool, masked });
    }

    pub(super) fn connections_listed(
        &mut self,
        request: u64,
        router: RouterId,
        pool: PoolId,
        began: Now,
        connections: Result<Vec<Connection>, Trouble>,
    ) {
        let key = (router, pool);
        if self.lingering.asked.get(&key) == Some(&request) {
            self.lingering.lists.insert(key, Listed { at: began.elapsed, connections });
        }
    }

    pub(super) fn end_connections(&mut self, now: Now, end: EndConnections, confirmation: Confirmation) {
        let EndConnections { router, pool, connections, listed, reason } = end;
        self.counters.changes += 1;
        let act = ChangeId { cockpit: self.me.cockpit, counter: self.counters.changes };
        let count = u32::try_from(connections.len()).unwrap_or(u32::MAX);
        self.lingering.ready.insert(act, ToEnd { connections, listed });
        let evidence = self.evidence(now);
        self.ask(now, Command::EndConnections { act, router, pool, count, reason, confirmation, evidence });
    }

    /// The intent is kept: now it may be sent (D1), by the process that confirmed it alone (C4).
    pub(super) fn send_end(&mut self, now: Now, intent: &ConnectionsEnding, out: &mut Vec<Effect>) {
        let Some(ready) = self.lingering.ready.remove(&intent.act).filter(|_| intent.owner == self.me.cockpit) else {
            return;
        };
        let passed = now.elapsed.since(ready.listed);
        // Ages are told in whole seconds, and both are rounded: a connection of that name that is younger is another one.
        let by_now = |age: Duration| (age + passed).saturating_sub(Duration::from_secs(2));
        let connections = ready.connections.into_iter();
        let connections = connections.map(|each| Connection { age: by_now(each.age), ..each }).collect();
        out.push(Effect::EndConnections(Box::new(SendEnd {
            act: intent.act,
            router: intent.router.clone(),
            pool: intent.pool.clone(),
            connections,
            deadline: intent.deadline,
            until: now.elapsed.plus(intent.deadline.since(now.wall)),
        })));
    }

    pub(super) fn connections_ended(&mut self, now: Now, act: ChangeId, ended: &Ended, out: &mut Vec<Effect>) {
        let (count, how) = (ended.count(), ended.words());
        let ending = self.session.ending.iter().find(|ending| ending.act == act).cloned();
        self.note(now, Command::NoteConnectionsEnded { act, count, how: how.clone() });
        if let Some(ending) = ending {
            let tone = if matches!(ended, Ended::Done { .. }) { Tone::Good } else { Tone::Bad };
            out.push(Effect::tell(tone, format!("connections of {} on {}: {how}", ending.pool, ending.router)));
            self.list_connections(ending.router, ending.pool, out);
        }
    }
}
