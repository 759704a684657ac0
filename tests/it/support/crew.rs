//! Several cockpits over the same routers and one journal, all in memory: no time passes unless a test says so.
//!
//! What the journal holds is compared as a story: one line for each event, `who: kind: what`, the events of one entry
//! after its first one with a `+`.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use flightdeck::domain::reading::Identity;
use flightdeck::domain::{
    ChangeId, Digest, Durability, Elapsed, Now, Outcome, PoolId, Procedure, RouterId, Seat, SessionId, Timestamp,
    Trouble, TroubleKind,
};
use flightdeck::entry::{Entry, kind};
use flightdeck::flight::{Appended, Ask, Effect, Flight, Msg, Send, ToCheck, ToSign};
use flightdeck::session::event::{ChangeKind, SessionOpened, Settlement, Spilled, StepMark};
use flightdeck::session::guard::Acted;
use flightdeck::session::proposal::{Confirmation, Gesture, Override};
use flightdeck::session::second::Second;
use flightdeck::session::{Event, Session};

use super::desk::me;
use crate::simulation::router::{Router, prepare};

/// The first cockpit: it opens the session.
pub const ANA: usize = 0;
/// The second one: it joins.
pub const RAJ: usize = 1;

/// How the journal treats one cockpit.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Line {
    /// It answers.
    Answers,
    /// It says nothing at all.
    Silent,
    /// It says that it cannot.
    Away,
}

/// One cockpit with what it has around it.
pub struct Cockpit {
    pub flight: Flight,
    pub notices: Vec<String>,
    pub line: Line,
    /// Appends that the journal has not answered.
    pub unanswered: Vec<Entry>,
    /// Readings of the journal that it has not answered: they are asked again until it does.
    pub reads: Vec<u64>,
    /// Whether its spill file cannot be written.
    pub spill_fails: bool,
    /// Whether what is written beside the journal is answered only by `written_beside`, and what waits so.
    pub spill_waits: bool,
    waiting_spills: Vec<Msg>,
    /// What it wrote beside the journal and was not dropped.
    pub spilled: Vec<Spilled>,
    pub to_sign: Vec<ToSign>,
    pub to_check: Vec<ToCheck>,
    /// Who answers here for a router, where that is somebody else.
    pub reaches: BTreeMap<RouterId, Identity>,
    paused: bool,
    mail: VecDeque<Msg>,
    cancelled: BTreeSet<ChangeId>,
}

/// All of them.
pub struct Pair {
    pub cockpits: Vec<Cockpit>,
    pub routers: BTreeMap<RouterId, Router>,
    pub journal: Vec<Entry>,
    /// Every write that reached a router, with who sent it.
    pub sent: Vec<(String, RouterId, String)>,
    time: u64,
    pools: Vec<PoolId>,
    id: SessionId,
    procedure: Arc<Procedure>,
}

fn hash(number: u64) -> Digest {
    Digest([u8::try_from(number % 251).unwrap(); 32])
}

fn with_hash(entry: &Entry) -> (Entry, Digest) {
    (entry.clone(), hash(entry.number))
}

/// A confirmation by one key.
pub fn key() -> Confirmation {
    Confirmation::new(Gesture::Key, true)
}

/// A confirmation by the typed target.
pub fn typed(target: &str) -> Confirmation {
    Confirmation::new(Gesture::Typed(target.to_owned()), true)
}

/// The broken glass: the target typed, with a reason.
pub fn alone(target: &str, reason: &str) -> Confirmation {
    Confirmation { alone: Some(reason.to_owned()), ..typed(target) }
}

impl Pair {
    /// A session that ana opened and raj joined; every router was read by both and stands at 50 / 50.
    pub fn open(procedure: Procedure) -> Self {
        let mut pair = Self::opening(procedure, |_| {});
        pair.aboard("raj", Seat::Operator);
        pair.pass(1_000);
        pair
    }

    /// A session that ana opens, or tries to.
    pub fn opening(procedure: Procedure, with: impl FnOnce(&mut SessionOpened)) -> Self {
        let procedure = Arc::new(procedure);
        let pools: Vec<PoolId> = procedure.pool_ids().cloned().collect();
        let routers = procedure.routers.iter().map(|each| (each.id.clone(), Router::new(&pools, &[50, 50]))).collect();
        let mut opened = SessionOpened {
            service: procedure.service.clone(),
            environment: procedure.environment.clone(),
            from_version: "2.4.0".to_owned(),
            to_version: "2.5.0".to_owned(),
            pools: procedure.pools.iter().map(|pool| (pool.id.clone(), pool.mark.clone())).collect(),
            routers: procedure.routers.iter().map(|router| (router.id.clone(), router.kind.clone())).collect(),
            files: Vec::new(),
            digest: procedure.digest,
            flightdeck: "0".to_owned(),
            durability: Durability::Synced,
            private: false,
            why: flightdeck::domain::Why::default(),
            planned: None,
        };
        with(&mut opened);
        let id = SessionId(uuid::Uuid::from_u128(99));
        let mut pair = Self {
            cockpits: Vec::new(),
            routers,
            journal: Vec::new(),
            sent: Vec::new(),
            time: 1_000,
            pools,
            id,
            procedure,
        };
        let ana = pair.seat("ana", Seat::Operator);
        let controls = pair.flight(ana).me.controls("opened");
        pair.ask(ana, Ask::Open { opened: Box::new(opened), controls });
        pair.pass(1_000);
        pair
    }

    fn seat(&mut self, operator: &str, seat: Seat) -> usize {
        let number = self.cockpits.len() as u128 + 1;
        let me = flightdeck::flight::Me { seat, ..me(number, operator) };
        let mut session = Session::default();
        for entry in &self.journal {
            session.apply_entry(&entry.stamp(), &entry.events);
        }
        let mut flight = Flight::new(me, self.id, session, self.procedure.clone());
        flight.crew.shared = true;
        for entry in &self.journal {
            flight.link.remember(entry.number, hash(entry.number));
        }
        self.cockpits.push(Cockpit {
            flight,
            notices: Vec::new(),
            line: Line::Answers,
            unanswered: Vec::new(),
            reads: Vec::new(),
            spill_fails: false,
            spill_waits: false,
            waiting_spills: Vec::new(),
            spilled: Vec::new(),
            to_sign: Vec::new(),
            to_check: Vec::new(),
            reaches: BTreeMap::new(),
            paused: false,
            mail: VecDeque::new(),
            cancelled: BTreeSet::new(),
        });
        self.cockpits.len() - 1
    }

    /// Another cockpit comes aboard.
    pub fn aboard(&mut self, operator: &str, seat: Seat) -> usize {
        let who = self.seat(operator, seat);
        self.ask(who, Ask::Join);
        who
    }

    pub fn flight(&self, who: usize) -> &Flight {
        &self.cockpits[who].flight
    }

    pub fn cockpit(&mut self, who: usize) -> &mut Cockpit {
        &mut self.cockpits[who]
    }

    pub fn router(&mut self, name: &str) -> &mut Router {
        self.routers.get_mut(&RouterId::from(name)).unwrap()
    }

    pub fn now(&self) -> Now {
        let wall = Timestamp(1_795_000_000_000 + i64::try_from(self.time).unwrap());
        Now { wall, elapsed: Elapsed(self.time) }
    }

    /// Lets so many milliseconds pass in ticks of 100.
    pub fn pass(&mut self, span: u64) {
        for _ in 0..span / 100 {
            self.time += 100;
            for who in 0..self.cockpits.len() {
                if !self.cockpits[who].paused {
                    self.tell(who, Msg::Tick);
                }
            }
        }
    }

    pub fn ask(&mut self, who: usize, ask: Ask) {
        self.tell(who, Msg::Ask(ask));
    }

    /// Confirms what is proposed.
    pub fn confirm(&mut self, who: usize, confirmation: Confirmation, overrides: Vec<Override>) {
        self.ask(who, Ask::Confirm { confirmation, overrides });
    }

    /// Proposes the next step and confirms it by one key.
    pub fn shift(&mut self, who: usize) {
        self.ask(who, Ask::ProposeStep);
        self.confirm(who, key(), Vec::new());
    }

    /// Confirms as the second person what is asked now.
    pub fn give(&mut self, who: usize) {
        let request = self.flight(who).session.request.clone().expect("something is asked").asked;
        let confirmation = typed(&request.act.typed_target());
        self.ask(who, Ask::Give { request: request.request, digest: request.digest, confirmation });
    }

    /// Rolls back by one key.
    pub fn roll_back(&mut self, who: usize) {
        self.ask(who, Ask::ProposeRollback(flightdeck::flight::WayBackChoice::Step));
        self.confirm(who, key(), Vec::new());
    }

    /// Stops a cockpit's process: nothing reaches it, and it does nothing.
    pub fn stop(&mut self, who: usize) {
        self.cockpits[who].paused = true;
    }

    /// Lets it go on: it gets what came meanwhile.
    pub fn go_on(&mut self, who: usize) {
        self.cockpits[who].paused = false;
        let mail: Vec<Msg> = self.cockpits[who].mail.drain(..).collect();
        for msg in mail {
            self.tell(who, msg);
        }
    }

    /// Changes how the journal treats a cockpit. When it answers again, what came meanwhile is followed.
    pub fn line(&mut self, who: usize, line: Line) {
        self.cockpits[who].line = line;
        if line == Line::Answers {
            let entries = self.journal.iter().map(with_hash).collect();
            self.tell(who, Msg::Followed { entries, is_tail: false });
            let reads: Vec<u64> = self.cockpits[who].reads.drain(..).collect();
            for after in reads {
                let entries = self.after(after);
                self.tell(who, Msg::Followed { entries, is_tail: true });
            }
        }
    }

    /// Says `unknown` about the first append that was not answered.
    pub fn unknown(&mut self, who: usize) {
        let id = self.cockpits[who].unanswered.first().expect("an append was not answered").id;
        self.tell(who, Msg::Appended { entry: id, answer: Appended::Unknown { why: "no answer for 2 s".to_owned() } });
    }

    /// Lets the journal keep the first append that was not answered, without a word to its writer.
    pub fn keep_in_silence(&mut self, who: usize) {
        let entry = self.cockpits[who].unanswered.remove(0);
        let mut queue = self.keep(who, entry);
        self.run(&mut queue);
    }

    /// The disk has what was to be written beside the journal.
    pub fn written_beside(&mut self, who: usize) {
        self.cockpits[who].spill_waits = false;
        for answer in std::mem::take(&mut self.cockpits[who].waiting_spills) {
            self.tell(who, answer);
        }
    }

    pub fn tell(&mut self, who: usize, msg: Msg) {
        self.run(&mut VecDeque::from([(who, msg)]));
    }

    fn run(&mut self, queue: &mut VecDeque<(usize, Msg)>) {
        while let Some((who, msg)) = queue.pop_front() {
            if self.cockpits[who].paused {
                self.cockpits[who].mail.push_back(msg);
                continue;
            }
            let now = self.now();
            for effect in self.cockpits[who].flight.update(now, msg) {
                self.perform(who, effect, queue);
            }
        }
    }

    fn keep(&mut self, who: usize, entry: Entry) -> VecDeque<(usize, Msg)> {
        let followed = || Msg::Followed { entries: vec![with_hash(&entry)], is_tail: false };
        let others = (0..self.cockpits.len()).filter(|other| *other != who);
        let heard = others.filter(|other| self.cockpits[*other].line == Line::Answers);
        let messages = heard.map(|other| (other, followed())).collect();
        self.journal.push(entry);
        messages
    }

    fn perform(&mut self, who: usize, effect: Effect, queue: &mut VecDeque<(usize, Msg)>) {
        match effect {
            Effect::Read { router, poll } => {
                let msg = self.read(who, router, poll);
                queue.push_back((who, msg));
            }
            Effect::Prepare { request, router, target, .. } => {
                let result = Ok(prepare(&self.pools, &target));
                queue.push_back((who, Msg::Prepared { request, router, result }));
            }
            Effect::Append(entry) => {
                let id = entry.id;
                let head = self.journal.len() as u64;
                let answer = match self.cockpits[who].line {
                    Line::Silent => {
                        self.cockpits[who].unanswered.push(*entry);
                        return;
                    }
                    Line::Away => Appended::Unavailable { why: "disk full".to_owned() },
                    Line::Answers if entry.number != head + 1 => Appended::Conflict { head },
                    Line::Answers => {
                        let number = entry.number;
                        queue.extend(self.keep(who, *entry));
                        Appended::Kept { hash: hash(number) }
                    }
                };
                queue.push_back((who, Msg::Appended { entry: id, answer }));
            }
            Effect::ReadJournal { after } if self.cockpits[who].line == Line::Answers => {
                let entries = self.after(after);
                queue.push_back((who, Msg::Followed { entries, is_tail: true }));
            }
            Effect::ReadJournal { after } => self.cockpits[who].reads.push(after),
            Effect::Send(send) => queue.extend(self.serve(who, &send).map(|msg| (who, msg))),
            Effect::Cancel { change } => {
                self.cockpits[who].cancelled.insert(change);
            }
            Effect::Announce(presence) if self.cockpits[who].line == Line::Answers => {
                let others = (0..self.cockpits.len()).filter(|other| *other != who);
                let heard = others.filter(|other| self.cockpits[*other].line == Line::Answers);
                queue.extend(heard.map(|other| (other, Msg::Present(presence.clone()))));
            }
            Effect::Spill { entry, .. } => {
                let cockpit = &mut self.cockpits[who];
                let result = if cockpit.spill_fails { Err("no space left".to_owned()) } else { Ok(Digest([9; 32])) };
                let id = entry.id;
                if let Ok(hash) = result {
                    cockpit.spilled.push(Spilled { hash: Some(hash), ..*entry });
                }
                let answer = Msg::Spilled { entry: id, result };
                if cockpit.spill_waits {
                    cockpit.waiting_spills.push(answer);
                } else {
                    queue.push_back((who, answer));
                }
            }
            Effect::DropSpill => self.cockpits[who].spilled.clear(),
            Effect::Sign(sign) => self.cockpits[who].to_sign.push(*sign),
            Effect::CheckSignature(check) => self.cockpits[who].to_check.push(*check),
            Effect::Tell(notice) => self.cockpits[who].notices.push(notice.text),
            Effect::Announce(_)
            | Effect::AskCheck { .. }
            | Effect::Meter { .. }
            | Effect::Share(_)
            | Effect::Lines(_)
            | Effect::ListConnections { .. }
            | Effect::EndConnections(_)
            | Effect::Notify(_)
            | Effect::CancelTask(_)
            | Effect::DescribeAction { .. }
            | Effect::StartAction(_)
            | Effect::LookAction(_)
            | Effect::CancelAction(_) => {}
        }
    }

    fn after(&self, number: u64) -> Vec<(Entry, Digest)> {
        self.journal.iter().filter(|entry| entry.number > number).map(with_hash).collect()
    }

    fn read(&mut self, who: usize, router: RouterId, poll: u64) -> Msg {
        let began = self.now();
        let simulated = self.routers.get_mut(&router).unwrap();
        let trouble = |kind, why: &str| Trouble::new(kind, "read", why, "wait");
        let result = if simulated.dead {
            Err(trouble(TroubleKind::Unreachable, "connection refused"))
        } else if simulated.stopped {
            Err(trouble(TroubleKind::TimedOut, "no answer for 2 s"))
        } else {
            let mut reading = simulated.read(began.elapsed.0);
            if let Some(identity) = self.cockpits[who].reaches.get(&router) {
                Arc::make_mut(&mut reading).identity = identity.clone();
            }
            Ok(reading)
        };
        Msg::RouterRead { router, poll, began, result }
    }

    fn serve(&mut self, who: usize, send: &Send) -> Option<Msg> {
        let answer = |outcome| {
            let (change, router, attempt) = (send.change, send.router.clone(), send.attempt);
            Some(Msg::SetAnswered { change, router, attempt, outcome })
        };
        let now = self.now();
        let cockpit = &self.cockpits[who];
        if cockpit.cancelled.contains(&send.change) || now.wall > send.deadline || now.elapsed > send.until {
            return answer(Outcome::NotSent { why: "the fence is closed".to_owned() });
        }
        let name = cockpit.flight.me.operator.to_string();
        let simulated = self.routers.get_mut(&send.router).unwrap();
        if simulated.dead {
            return answer(Outcome::NotSent { why: "connection refused".to_owned() });
        }
        if simulated.stopped {
            simulated.held.push_back(send.prepared.native.clone());
            self.sent.push((name, send.router.clone(), send.prepared.requests.join("; ")));
            return answer(Outcome::Unknown { why: "no answer for 2 s".to_owned() });
        }
        if send.expected.as_ref().is_some_and(|expected| *expected != simulated.native()) {
            return answer(Outcome::Moved { read: simulated.native() });
        }
        simulated.apply(&send.prepared.native);
        self.sent.push((name, send.router.clone(), send.prepared.requests.join("; ")));
        answer(Outcome::Accepted)
    }

    /// Where the journal stands, for [`Pair::story`].
    pub fn mark(&self) -> usize {
        self.journal.len()
    }

    /// What the journal tells since a mark, but for what counters said: that comes when enough requests were counted.
    pub fn story(&self, since: usize) -> Vec<String> {
        let mut lines = Vec::new();
        for entry in &self.journal[since..] {
            let told = entry.events.iter().filter(|event| !matches!(event, Event::SplitObserved { .. }));
            for (index, event) in told.enumerate() {
                let what = line(event);
                lines.push(if index == 0 { format!("{}: {what}", entry.actor) } else { format!("+ {what}") });
            }
        }
        lines
    }

    /// What was said last in a cockpit.
    pub fn said(&self, who: usize) -> &str {
        self.cockpits[who].notices.last().map_or("", String::as_str)
    }

    /// Whether something was ever said in a cockpit.
    pub fn was_told(&self, who: usize, words: &str) -> bool {
        self.cockpits[who].notices.iter().any(|notice| notice.contains(words))
    }

    /// Every cockpit that hears the journal has the same session as its entries give.
    pub fn all_see_the_same(&self) {
        let mut session = Session::default();
        for entry in &self.journal {
            session.apply_entry(&entry.stamp(), &entry.events);
        }
        for cockpit in &self.cockpits {
            assert_eq!(cockpit.flight.session, session, "{} sees another session", cockpit.flight.me.operator);
        }
    }
}

/// An event in one line: its kind, and what of it matters to people.
pub fn line(event: &Event) -> String {
    let list = |names: &mut dyn Iterator<Item = &str>| names.collect::<Vec<_>>().join(" ");
    let what = match event {
        Event::ControlsTaken(taken) => taken.why.clone(),
        Event::CockpitJoined { seat, .. } => format!("{seat:?}").to_lowercase(),
        Event::ControlsOffered { operator, .. } => format!("to {operator}"),
        Event::CockpitLeft { why }
        | Event::OfferEnded { why }
        | Event::AskingEnded { why }
        | Event::ConfirmationEnded { why, .. }
        | Event::RunEnded { why }
        | Event::GuardsDisarmed { why } => why.clone(),
        Event::GuardsArmed { guards, .. } => list(&mut guards.iter().map(flightdeck::domain::GuardId::as_str)),
        Event::GuardConfessed { guard, .. } | Event::GuardCalmed { guard } => guard.to_string(),
        Event::GuardTripped { guard, words, acted } => {
            let acted = match acted {
                Acted::Proposed => "proposed".to_owned(),
                Acted::RolledBack { .. } => "rolled back".to_owned(),
                Acted::Rang { because } => format!("rang, {because}"),
            };
            format!("{guard}: {words}: {acted}")
        }
        Event::ControlsAsked { reason }
        | Event::ConfirmationRefused { reason, .. }
        | Event::Held { reason }
        | Event::HoldReleased { reason } => reason.clone(),
        Event::ConfirmationAsked(asked) => match asked.overrides.len() {
            0 => asked.act.words(),
            some => format!("{}, {some} overridden", asked.act.words()),
        },
        Event::ConfirmationGiven { looked, signed, .. } => {
            let seen = list(&mut looked.iter().map(RouterId::as_str));
            if signed.is_some() { format!("{seen} signed") } else { seen }
        }
        Event::RunConfirmed(run) => list(&mut run.steps.iter().map(flightdeck::domain::StepId::as_str)),
        Event::SpillMerged(spill) => {
            let entries = spill.entries.iter().map(|entry| {
                let events: Vec<String> = entry.events.iter().map(line).collect();
                format!("{}: {}", entry.actor, events.join(" + "))
            });
            entries.collect::<Vec<_>>().join(" | ")
        }
        Event::ChangeConfirmed(confirmed) => {
            let kind = match &confirmed.kind {
                ChangeKind::Step { step } => step.to_string(),
                ChangeKind::OffPlan => "off plan".to_owned(),
                ChangeKind::PutBack => "put back".to_owned(),
                ChangeKind::Rollback { supersedes: Some(_), .. } => "rollback instead".to_owned(),
                ChangeKind::Rollback { .. } => "rollback".to_owned(),
            };
            format!("{kind} to {}, {}", confirmed.to, second(&confirmed.second))
        }
        Event::RouterAnswered { router, outcome, .. } => format!("{router} {}", outcome.word()),
        Event::ChangeSettled { how, .. } => match how {
            Settlement::Verified => "verified".to_owned(),
            Settlement::Left { reason } => format!("left, {reason}"),
            Settlement::Superseded { .. } => "superseded".to_owned(),
            Settlement::NothingSent => "nothing sent".to_owned(),
        },
        Event::StepMarked { step, mark } => match mark {
            StepMark::Done { second: by, .. } => format!("{step} done, {}", second(by)),
            StepMark::Acted { act } => format!("{step} done by the action {act}"),
            StepMark::AlreadySo => format!("{step} already so"),
            StepMark::Skipped { reason } => format!("{step} skipped, {reason}"),
        },
        Event::ProfileReloaded { second: by, .. } => second(by),
        Event::DriftNoticed { router, .. }
        | Event::DriftEnded { router }
        | Event::DriftAccepted { router, .. }
        | Event::LateEffect { router, .. } => router.to_string(),
        Event::RouterRestarted { router, was, is } => format!("{router} {} was {}", is.process, was.process),
        Event::PoolDrained { pool, .. } => pool.to_string(),
        Event::NoteAdded { text } => text.clone(),
        Event::SessionClosed { outcome, .. } => outcome.clone(),
        _ => String::new(),
    };
    if what.is_empty() { kind(event).to_owned() } else { format!("{}: {what}", kind(event)) }
}

fn second(second: &Second) -> String {
    match second {
        Second::NotAsked => "one person".to_owned(),
        Second::Given { by, key, .. } => {
            format!("with {by}{}", if key.is_some() { ", proven" } else { "" })
        }
        Second::Run { by, .. } => format!("in a run of {by}"),
        Second::Alone { reason } => format!("alone, {reason}"),
    }
}
