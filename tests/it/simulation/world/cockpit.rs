//! One cockpit: a flight with its clocks, its hands, and what its process has heard.

use super::stage::Told;
use super::*;

/// A process with a flight in it. A killed one stays in the list and does nothing any more.
#[expect(clippy::struct_excessive_bools, reason = "each is a fault of its own")]
pub struct Cockpit {
    pub flight: Flight,
    pub place: usize,
    pub host: usize,
    pub alive: bool,
    /// Stopped, or on a laptop that sleeps: what comes waits.
    pub asleep: bool,
    pub inbox: Vec<Msg>,
    /// How far the host's wall clock is off.
    pub skew: i64,
    /// When its host's clock was set the last time.
    pub clock_set: u64,
    /// What its other clock began with.
    pub elapsed: u64,
    /// Whether it reaches the store.
    pub cut_off: bool,
    /// Whether the others hear it.
    pub mute: bool,
    pub cancelled: BTreeSet<ChangeId>,
    /// The last entry that its follower gave.
    pub followed: u64,
    pub ticked: u64,
    /// Its spill file, which outlives it.
    pub spill: Option<SpillMerged>,
    /// The dead cockpit of this host whose spill file it found.
    pub found: Option<usize>,
    /// The newest reading of each router that it was told.
    pub readings: BTreeMap<RouterId, (u64, Arc<Reading>)>,
    /// What each router answered it: from when to when it read so.
    pub served: BTreeMap<RouterId, Vec<(u64, u64, NativeSplit)>>,
    /// When each other cockpit was last heard, and when its person had last touched a key then.
    pub heard: BTreeMap<CockpitId, (u64, u64)>,
    /// What it was told of each check between stages.
    pub told: BTreeMap<CheckId, Told>,
    pub began: u64,
    /// Since when a confirmed rollback has been on its way.
    pub confirming: Option<(ChangeId, u64)>,
}

impl Cockpit {
    pub fn next_tick(&self) -> u64 {
        let wanted = self.flight.wakes_at().map_or(u64::MAX, |at| at.0.saturating_sub(self.elapsed));
        wanted.min(self.ticked + 1_000).max(self.ticked + 25)
    }

    fn note(&mut self, msg: &Msg, time: u64) {
        match msg {
            Msg::Tick => self.ticked = time,
            Msg::RouterRead { router, poll, result: Ok(reading), .. } => {
                let newest = self.readings.entry(router.clone()).or_insert_with(|| (*poll, reading.clone()));
                if newest.0 < *poll {
                    *newest = (*poll, reading.clone());
                }
            }
            Msg::CheckAnswered { check, began, answer, .. } => {
                let told = Told { asked: began.elapsed.0 - self.elapsed, verdict: answer.verdict };
                let newest = self.told.entry(check.clone()).or_insert(told);
                if newest.asked <= told.asked {
                    *newest = told;
                }
            }
            Msg::Present(presence) => {
                if presence.leaving {
                    self.heard.remove(&presence.cockpit);
                } else {
                    self.heard.insert(presence.cockpit, (time, time.saturating_sub(presence.idle_ms)));
                }
            }
            _ => {}
        }
    }
}

/// A proposal before a message: its revision, and whether another person is asked about it.
struct Stood {
    revision: u64,
    change: ChangeId,
}

impl World {
    /// A new process at a place: it reads the journal, finds a spill, and comes aboard.
    pub fn start(&mut self, place: usize) -> usize {
        let Place { operator, host, seat } = self.places[place].clone();
        let at = self.cockpits.len();
        let me = Me {
            cockpit: CockpitId(uuid::Uuid::from_u128(at as u128 + 1)),
            key: self.editions[0].people.keys.then(|| scene::key_of(&operator)),
            operator,
            process: Process {
                host: format!("host-{host}"),
                boot: "b".to_owned(),
                pid: u32::try_from(at).unwrap() + 100,
                started: self.time,
            },
            seat,
        };
        let session = self.store.fold.clone();
        let flown = session.profile_digest().and_then(|digest| self.edition(digest));
        let procedure = flown.unwrap_or_else(|| self.editions[0].clone());
        let mut flight = Flight::new(me, self.id, session, procedure);
        flight.crew.shared = true;
        for kept in &self.store.entries {
            flight.link.remember(kept.entry.number, kept.hash);
        }
        let same_host = self.cockpits.iter().find(|cockpit| cockpit.host == host);
        let skew = match same_host {
            Some(other) => other.skew,
            None => scene::skew(&mut self.random),
        };
        let elapsed = self.random.below(1_000_000);
        let (followed, time) = (self.store.fold.head, self.time);
        self.cockpits.push(Cockpit {
            flight,
            place,
            host,
            alive: true,
            asleep: false,
            inbox: Vec::new(),
            skew,
            clock_set: 0,
            elapsed,
            cut_off: false,
            mute: false,
            cancelled: BTreeSet::new(),
            followed,
            ticked: time,
            spill: None,
            found: None,
            readings: BTreeMap::new(),
            served: BTreeMap::new(),
            heard: BTreeMap::new(),
            told: BTreeMap::new(),
            began: time,
            confirming: None,
        });
        self.tell_clock(at);
        self.tell(at, Msg::Tick);
        self.begin_looking(at);
        if self.store.fold.is_open() {
            self.find_spill(at);
            self.come_aboard(at);
        }
        at
    }

    pub fn edition(&self, digest: Digest) -> Option<Arc<Procedure>> {
        self.editions.iter().find(|procedure| procedure.digest == digest).cloned()
    }

    fn come_aboard(&mut self, at: usize) {
        let flight = &self.cockpits[at].flight;
        let holder = flight.session.controls.as_ref().map(|held| held.holder.cockpit);
        let is_gone = |holder: CockpitId| {
            let held = self.at(holder).map(|held| &self.cockpits[held]);
            held.is_some_and(|held| !held.alive && held.host == self.cockpits[at].host)
        };
        let gone = holder.is_some_and(is_gone);
        let operator = flight.me.seat == Seat::Operator;
        if operator && (gone || holder.is_none()) {
            let why = if gone { "the process before is gone" } else { "nobody had the controls" };
            let controls = flight.me.controls(why);
            self.ask(at, Ask::Resume { controls, holder_gone: gone });
        } else {
            self.ask(at, Ask::Join);
        }
    }

    /// The spill file of a dead process of this host, if there is one.
    pub fn find_spill(&mut self, at: usize) {
        let host = self.cockpits[at].host;
        if self.cockpits[at].flight.spill.is_some() || self.cockpits[at].spill.is_some() {
            return;
        }
        let held: BTreeSet<usize> = self.alive().into_iter().filter_map(|at| self.cockpits[at].found).collect();
        let left = |(dead, cockpit): (usize, &Cockpit)| {
            let lies = cockpit.host == host && !cockpit.alive && !held.contains(&dead);
            cockpit.spill.clone().filter(|_| lies).map(|spill| (dead, spill))
        };
        let Some((dead, spill)) = self.cockpits.iter().enumerate().find_map(left) else { return };
        self.seen.mark("crash with spill");
        self.cockpits[at].found = Some(dead);
        self.tell(at, Msg::SpillFound(Box::new(spill)));
    }

    pub fn ask(&mut self, at: usize, ask: Ask) {
        self.tell(at, Msg::Ask(ask));
    }

    /// Tells a flight something, unless its process sleeps or is gone.
    pub fn tell(&mut self, at: usize, msg: Msg) {
        let (now, time) = (self.now(at), self.time);
        let cockpit = &mut self.cockpits[at];
        if !cockpit.alive {
            return;
        }
        if cockpit.asleep {
            if !matches!(msg, Msg::Tick) {
                cockpit.inbox.push(msg);
            }
            return;
        }
        cockpit.note(&msg, time);
        self.note_tag(at, &msg);
        let cockpit = &mut self.cockpits[at];
        if let Msg::Ask(Ask::Confirm { .. }) = &msg
            && let Some(proposing) = cockpit.flight.proposing.as_ref()
            && matches!(proposing.stage, Stage::Ready(_))
        {
            self.staging.account.press(proposing.change);
        }
        if self.traced && !matches!(msg, Msg::Tick | Msg::Looked { .. } | Msg::Present(_)) {
            super::super::flights::say(&format!("{time} to {at}: {msg:?}"));
        }
        let stood = match &cockpit.flight.proposing {
            Some(proposing) => match &proposing.stage {
                Stage::Ready(proposal) | Stage::Asking(proposal) => {
                    Some(Stood { revision: proposal.revision, change: proposal.change })
                }
                _ => None,
            },
            None => None,
        };
        let effects = cockpit.flight.update(now, msg);
        if let Some(stood) = stood {
            self.check_void(at, &stood);
        }
        self.check_flight(at);
        for effect in effects {
            self.perform(at, effect);
        }
    }

    /// B2 and B3: a proposal is void only for what it is bound to.
    fn check_void(&mut self, at: usize, stood: &Stood) {
        let cockpit = &self.cockpits[at];
        let Some(proposing) = cockpit.flight.proposing.as_ref().filter(|each| each.change == stood.change) else {
            return;
        };
        let Stage::Void { why } = &proposing.stage else { return };
        let why = why.clone();
        let proposing = proposing.clone();
        self.seen.mark("void");
        if why.contains("lapsed") {
            self.seen.mark("two-person lapsed");
        }
        // Another request took its place, or it was ended.
        let answered = self.store.entries.iter().any(|kept| {
            let ends = |event: &Event| {
                matches!(event, Event::ConfirmationAsked(asked) if asked.act.change() != Some(stood.change))
                    || matches!(event, Event::ConfirmationEnded { .. } | Event::CockpitLeft { .. })
            };
            kept.entry.number > stood.revision && kept.entry.events.iter().any(ends)
        });
        if why.contains("the session went on") && proposing.is_rollback() && !answered {
            return self.broke("R4", "a rollback is void because the session went on");
        }
        if why.contains("the session went on") && !(answered && why.contains("another person")) {
            // What was decided beside the journal is not in the store yet.
            let beside = cockpit.flight.spill.is_some();
            let head = cockpit.flight.kept_session().head;
            if !beside
                && !self.store.entries.iter().any(|kept| {
                    let number = kept.entry.number;
                    number > stood.revision && number <= head && self.ledger.moving.contains(&number)
                })
            {
                self.broke("B2", format!("a proposal is void and nothing that it is bound to moved: {why}"));
            }
        }
    }

    /// What must be true of a flight at any moment.
    fn check_flight(&mut self, at: usize) {
        let time = self.time;
        let cockpit = &mut self.cockpits[at];
        let flight = &cockpit.flight;
        let open = flight.session.changes.iter().filter(|change| change.settled.is_none()).count();
        let on_its_way = flight
            .proposing
            .as_ref()
            .filter(|proposing| proposing.is_rollback() && matches!(proposing.stage, Stage::Confirming(_)))
            .map(|proposing| proposing.change);
        cockpit.confirming = match (cockpit.confirming, on_its_way) {
            (Some((change, since)), Some(same)) if change == same => Some((change, since)),
            (_, Some(change)) => Some((change, time)),
            (_, None) => None,
        };
        let late = cockpit.confirming.is_some_and(|(_, since)| time - since > 3_500);
        if open > 1 {
            self.broke("D4", "two changes are in flight at once");
        }
        if late {
            self.broke("R5", "a confirmed rollback waits for the journal for more than its time");
        }
    }

    fn perform(&mut self, at: usize, effect: Effect) {
        let delay = self.random.below(15);
        match effect {
            Effect::Read { router, poll } => {
                let began = self.now(at);
                self.later(delay, Due::Read(at, router, poll, began));
            }
            Effect::Prepare { request, router, target, reading: _ } => {
                let result = Ok(prepare(&self.pools, &target));
                self.answer(at, delay / 4, Msg::Prepared { request, router, result });
            }
            Effect::Append(entry) => {
                self.check_decided(at, &entry);
                self.later(delay, Due::Append(at, entry));
            }
            Effect::ReadJournal { after } => self.later(delay + 20, Due::ReadJournal(at, after)),
            Effect::Send(send) => {
                let slow = if !self.healed && self.random.chance(4) { self.random.below(4_000) } else { 0 };
                self.later(delay + slow, Due::Set(at, send));
            }
            Effect::Cancel { change } => {
                self.cockpits[at].cancelled.insert(change);
            }
            Effect::Announce(presence) => self.announce(at, &presence),
            Effect::Sign(to_sign) => self.sign(at, &to_sign),
            Effect::CheckSignature(to_check) => self.check_signature(at, &to_check),
            Effect::Tell(notice) => self.hear(&notice.text),
            Effect::Spill { after, hash, entry } => self.write_spill(at, after, hash, &entry),
            Effect::DropSpill => self.drop_spill(at),
            Effect::AskCheck { check, request, .. } => self.ask_check(at, check, request),
            // No source of this world is metered, and nothing lingers in it.
            Effect::Meter { .. }
            | Effect::Share(_)
            | Effect::Lines(_)
            | Effect::ListConnections { .. }
            | Effect::EndConnections(_)
            | Effect::Notify(_)
            | Effect::CancelTask(_) => {}
            Effect::RunCommand(command) => self.later(delay, Due::Command(at, command)),
            Effect::StopCommand { run } => self.stop_command(at, run),
            Effect::DescribeAction { request, acting, .. } => self.describe_action(at, request, &acting.key),
            Effect::StartAction(start) => self.later(delay, Due::Start(at, start)),
            Effect::LookAction(look) => self.look_at_action(at, &look),
            Effect::CancelAction(cancel) => self.serve_action_cancel(at, &cancel),
        }
    }

    fn announce(&mut self, at: usize, presence: &Presence) {
        if self.cockpits[at].cut_off || self.cockpits[at].mute {
            return;
        }
        for other in self.alive() {
            let lost = !self.healed && self.random.chance(10);
            if other == at || self.cockpits[other].cut_off || lost {
                continue;
            }
            let late = !self.healed && self.random.chance(5);
            let delay = self.random.below(if late { 2_500 } else { 200 });
            self.answer(other, delay, Msg::Present(presence.clone()));
        }
    }

    fn hear(&mut self, text: &str) {
        let heard = [
            ("both are the same person", "own confirmation refused"),
            ("take the controls over:", "take-over refused"),
            ("this cockpit only watches", "rollback of an observer refused"),
            ("s off the journal's; set the clock", "far clock refused"),
            ("the request has lapsed", "two-person lapsed"),
            ("nobody confirmed it in time", "two-person lapsed"),
        ];
        for (words, what) in heard {
            if text.contains(words) {
                self.seen.mark(what);
            }
        }
    }

    fn write_spill(&mut self, at: usize, after: u64, hash: Digest, entry: &Spilled) {
        self.seen.mark("spilled");
        self.check_spilled_guard(&entry.events);
        self.check_spilled_stage(&entry.events);
        self.note_intents(entry.cockpit, &entry.events, entry.id);
        let delay = self.random.below(300);
        let result = if self.random.chance(88) {
            let file = &mut self.cockpits[at].spill;
            if file.is_some() {
                self.seen.mark("spilled twice");
            }
            let file = file.get_or_insert_with(|| SpillMerged { after, hash, entries: Vec::new() });
            file.entries.push(Spilled { hash: Some(Digest([9; 32])), ..entry.clone() });
            Ok(Digest([9; 32]))
        } else {
            self.seen.mark("not even spilled");
            Err("the disk is full".to_owned())
        };
        self.answer(at, delay, Msg::Spilled { entry: entry.id, result });
    }

    fn drop_spill(&mut self, at: usize) {
        let found = self.cockpits[at].found.take();
        for file in [Some(at), found].into_iter().flatten() {
            let Some(spill) = self.cockpits[file].spill.take() else { continue };
            let changes = spill.entries.iter().flat_map(|entry| &entry.events).filter_map(|event| match event {
                Event::ChangeConfirmed(confirmed) => Some(confirmed.change),
                _ => None,
            });
            for change in changes {
                if self.store.fold.change(change).is_none() {
                    self.broke("R5", format!("the spill of {change} was dropped and the journal does not have it"));
                }
            }
        }
    }
}
