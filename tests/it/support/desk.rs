//! A flight over routers in memory and a journal in memory, told step by step: no time passes unless a test says so.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use flightdeck::domain::check::Asking;
use flightdeck::domain::connection::{Connection, Ended};
use flightdeck::domain::notify::{Notified, ToTell};
use flightdeck::domain::{
    ChangeId, CheckId, CockpitId, Elapsed, Now, Operator, Outcome, PoolId, Procedure, RouterId, SessionId, Timestamp,
    Trouble, TroubleKind,
};
use flightdeck::entry::Entry;
use flightdeck::flight::connection::SendEnd;
use flightdeck::flight::task::SendCancel;
use flightdeck::flight::{Appended, Ask, Effect, Flight, Me, Msg, Notice, Send};
use flightdeck::session::event::{Process, SessionOpened};
use flightdeck::session::proposal::{Confirmation, Gesture, Override};
use flightdeck::session::{Event, Session, Stamp};

use crate::simulation::router::{Router, prepare};

/// The whole desk.
pub struct Desk {
    pub flight: Flight,
    pub routers: BTreeMap<RouterId, Router>,
    pub journal: Vec<Entry>,
    /// Every write that reached a router, in order.
    pub sent: Vec<(RouterId, String)>,
    pub notices: Vec<Notice>,
    /// Questions of checks that were not answered yet: check, number, what it was told.
    pub questions: Vec<(CheckId, u64, Asking)>,
    /// What lingers, whatever router and pool are asked.
    pub lingering: Vec<Connection>,
    /// What was ended.
    pub ended: Vec<SendEnd>,
    /// Tasks that were asked to end,
    pub tasks_cancelled: Vec<SendCancel>,
    /// and what is answered to it.
    pub cancel_answer: Outcome,
    /// What people outside were to be told,
    pub tellings: Vec<ToTell>,
    /// and what came of it; `None` while nothing comes of it.
    pub told: Option<Notified>,
    /// The system of deploy actions.
    pub actions: super::action::Actions,
    /// Appends that were not answered, while the journal is told to be silent.
    pub journal_answers: bool,
    pub unanswered: Vec<Entry>,
    time: u64,
    pools: Vec<PoolId>,
    cancelled: BTreeSet<ChangeId>,
    held: Vec<Send>,
}

pub fn me(number: u128, operator: &str) -> Me {
    Me {
        cockpit: CockpitId(uuid::Uuid::from_u128(number)),
        operator: Operator::from(operator),
        process: Process { host: "here".to_owned(), boot: "b".to_owned(), pid: 1, started: 1 },
        seat: flightdeck::domain::Seat::Operator,
        key: None,
    }
}

impl Desk {
    /// An open session; every router has been read once and stands at 50 / 50, or shared equally.
    pub fn open(procedure: Procedure) -> Self {
        let pools = procedure.pools.len();
        Self::open_at(procedure, &vec![100 / u32::try_from(pools).unwrap(); pools])
    }

    /// As [`Desk::open`], something having been done to the routers before they were read.
    pub fn open_with(procedure: Procedure, before: impl FnOnce(&mut Self)) -> Self {
        let pools = procedure.pools.len();
        Self::begin(procedure, &vec![100 / u32::try_from(pools).unwrap(); pools], before)
    }

    /// An open session; every router has been read once and has these weights.
    pub fn open_at(procedure: Procedure, weights: &[u32]) -> Self {
        Self::begin(procedure, weights, |_| {})
    }

    fn begin(procedure: Procedure, weights: &[u32], before: impl FnOnce(&mut Self)) -> Self {
        let procedure = Arc::new(procedure);
        let pools: Vec<PoolId> = procedure.pool_ids().cloned().collect();
        let routers = procedure.routers.iter().map(|each| (each.id.clone(), Router::new(&pools, weights))).collect();
        let id = SessionId(uuid::Uuid::from_u128(99));
        let flight = Flight::new(me(1, "ana"), id, Session::default(), procedure.clone());
        let controls = flight.me.controls("opened");
        let mut desk = Self {
            flight,
            routers,
            journal: Vec::new(),
            sent: Vec::new(),
            notices: Vec::new(),
            questions: Vec::new(),
            lingering: Vec::new(),
            ended: Vec::new(),
            tasks_cancelled: Vec::new(),
            cancel_answer: Outcome::Accepted,
            tellings: Vec::new(),
            told: None,
            actions: super::action::Actions::default(),
            journal_answers: true,
            unanswered: Vec::new(),
            time: 1_000,
            pools,
            cancelled: BTreeSet::new(),
            held: Vec::new(),
        };
        before(&mut desk);
        let opened = Box::new(SessionOpened {
            service: procedure.service.clone(),
            environment: procedure.environment.clone(),
            from_version: "2.4.0".to_owned(),
            to_version: "2.5.0".to_owned(),
            pools: procedure.pools.iter().map(|pool| (pool.id.clone(), pool.mark.clone())).collect(),
            routers: procedure.routers.iter().map(|router| (router.id.clone(), router.kind.clone())).collect(),
            files: Vec::new(),
            digest: procedure.digest,
            flightdeck: "0".to_owned(),
            durability: flightdeck::domain::Durability::Synced,
            private: false,
            why: flightdeck::domain::Why::default(),
            planned: None,
        });
        desk.ask(Ask::Open { opened, controls });
        desk.pass(1_000);
        desk
    }

    pub fn now(&self) -> Now {
        let wall = Timestamp(1_795_000_000_000 + i64::try_from(self.time).unwrap());
        Now { wall, elapsed: Elapsed(self.time) }
    }

    /// Lets so many milliseconds pass in ticks of 100.
    pub fn pass(&mut self, span: u64) {
        for _ in 0..span / 100 {
            self.time += 100;
            self.tell(Msg::Tick);
        }
    }

    /// Lets time pass without a tick, as while a machine sleeps.
    pub fn skip(&mut self, span: u64) {
        self.time += span;
    }

    pub fn ask(&mut self, ask: Ask) {
        self.tell(Msg::Ask(ask));
    }

    /// Confirms what is proposed by one key, the dialog having been seen.
    pub fn confirm(&mut self) {
        self.confirm_by(Gesture::Key, true, Vec::new());
    }

    pub fn confirm_by(&mut self, gesture: Gesture, seen: bool, overrides: Vec<Override>) {
        self.ask(Ask::Confirm { confirmation: Confirmation::new(gesture, seen), overrides });
    }

    /// Proposes the next step and confirms it.
    pub fn shift(&mut self) {
        self.ask(Ask::ProposeStep);
        self.confirm();
    }

    pub fn tell(&mut self, msg: Msg) {
        let mut queue = VecDeque::from([msg]);
        while let Some(msg) = queue.pop_front() {
            let now = self.now();
            for effect in self.flight.update(now, msg) {
                queue.extend(self.perform(effect));
            }
        }
    }

    fn perform(&mut self, effect: Effect) -> Option<Msg> {
        match effect {
            Effect::Read { router, poll } => {
                let began = self.now();
                let simulated = self.routers.get_mut(&router).unwrap();
                let trouble = |kind, why: &str| Trouble::new(kind, "read", why, "wait");
                let result = if simulated.dead {
                    Err(trouble(TroubleKind::Unreachable, "connection refused"))
                } else if simulated.stopped {
                    Err(trouble(TroubleKind::TimedOut, "no answer for 2 s"))
                } else {
                    Ok(simulated.read(began.elapsed.0))
                };
                Some(Msg::RouterRead { router, poll, began, result })
            }
            Effect::Prepare { request, router, target, .. } => {
                Some(Msg::Prepared { request, router, result: Ok(prepare(&self.pools, &target)) })
            }
            Effect::Append(entry) if self.journal_answers => {
                let id = entry.id;
                self.journal.push(*entry);
                Some(Msg::Appended { entry: id, answer: Appended::Kept { hash: flightdeck::domain::Digest::ZERO } })
            }
            Effect::Append(entry) => {
                self.unanswered.push(*entry);
                None
            }
            Effect::ReadJournal { after } => {
                let entries = self
                    .journal
                    .iter()
                    .filter(|entry| entry.number > after)
                    .map(|entry| (entry.clone(), flightdeck::domain::Digest::ZERO))
                    .collect();
                Some(Msg::Followed { entries, is_tail: true })
            }
            Effect::Send(send) => self.serve(&send),
            Effect::ListConnections { request, router, pool, .. } => {
                let result = Ok(self.lingering.clone());
                Some(Msg::ConnectionsListed { request, router, pool, began: self.now(), result })
            }
            Effect::EndConnections(end) => {
                let ended = Ended::Done { ended: u32::try_from(end.connections.len()).unwrap(), gone: 0 };
                self.ended.push(*end.clone());
                Some(Msg::ConnectionsEnded { act: end.act, ended })
            }
            Effect::CancelTask(cancel) => {
                let answer = Msg::TaskCancelAnswered { act: cancel.act, outcome: self.cancel_answer.clone() };
                self.tasks_cancelled.push(*cancel);
                Some(answer)
            }
            effect @ (Effect::DescribeAction { .. }
            | Effect::StartAction(_)
            | Effect::LookAction(_)
            | Effect::CancelAction(_)) => self.actions.answer(self.now(), effect),
            Effect::Cancel { change } => {
                self.cancelled.insert(change);
                None
            }
            Effect::Spill { entry, .. } => {
                let result = Ok(flightdeck::domain::Digest::ZERO);
                Some(Msg::Spilled { entry: entry.id, result })
            }
            Effect::Announce(_)
            | Effect::Meter { .. }
            | Effect::Share(_)
            | Effect::Lines(_)
            | Effect::Sign(_)
            | Effect::CheckSignature(_)
            | Effect::DropSpill => None,
            Effect::AskCheck { check, request, asking } => {
                self.questions.push((check, request, *asking));
                None
            }
            Effect::Notify(to_tell) => {
                let (notifier, key) = (to_tell.notifier.clone(), to_tell.key.clone());
                self.tellings.push(*to_tell);
                self.told.clone().map(|came| Msg::Notified { notifier, key, came: Box::new(came) })
            }
            Effect::Tell(notice) => {
                self.notices.push(notice);
                None
            }
        }
    }

    fn serve(&mut self, send: &Send) -> Option<Msg> {
        let answer = |outcome| {
            let (change, router, attempt) = (send.change, send.router.clone(), send.attempt);
            Some(Msg::SetAnswered { change, router, attempt, outcome })
        };
        let now = self.now();
        if self.cancelled.contains(&send.change) || now.wall > send.deadline || now.elapsed > send.until {
            return answer(Outcome::NotSent { why: "the fence is closed".to_owned() });
        }
        let simulated = self.routers.get_mut(&send.router).unwrap();
        if simulated.dead {
            return answer(Outcome::NotSent { why: "connection refused".to_owned() });
        }
        if simulated.stopped {
            self.sent.push((send.router.clone(), send.prepared.requests.join("; ")));
            simulated.held.push_back(send.prepared.native.clone());
            self.held.push(send.clone());
            return answer(Outcome::Unknown { why: "no answer for 2 s".to_owned() });
        }
        if send.expected.as_ref().is_some_and(|expected| *expected != simulated.native()) {
            return answer(Outcome::Moved { read: simulated.native() });
        }
        self.sent.push((send.router.clone(), send.prepared.requests.join("; ")));
        simulated.apply(&send.prepared.native);
        answer(Outcome::Accepted)
    }

    pub fn router(&mut self, name: &str) -> &mut Router {
        self.routers.get_mut(&RouterId::from(name)).unwrap()
    }

    /// `kill -9`, and the same operator opens it again.
    pub fn crash(&mut self) {
        let mut session = Session::default();
        for entry in &self.journal {
            let (number, at, actor) = (entry.number, entry.at, entry.actor.clone());
            session.apply_entry(&Stamp { number, at, actor, cockpit: entry.cockpit }, &entry.events);
        }
        self.unanswered.clear();
        let me = me(self.flight.me.cockpit.0.as_u128() + 1, "ana");
        let controls = me.controls("the process before is gone");
        self.flight = Flight::new(me, self.flight.id, session, self.flight.procedure.clone());
        self.ask(Ask::Resume { controls, holder_gone: true });
    }

    pub fn events(&self) -> impl Iterator<Item = &Event> {
        self.journal.iter().flat_map(|entry| &entry.events)
    }

    /// The gates of a next act that is a person's work.
    pub fn ask_gates(&self) -> Vec<flightdeck::session::proposal::GateReport> {
        self.flight.gates_to_complete(self.now())
    }

    /// What was said last.
    pub fn said(&self) -> &str {
        self.notices.last().map_or("", |notice| notice.text.as_str())
    }
}
