//! What goes wrong: processes that die or sleep, clocks, the store, the network, routers, and hands outside.

use super::store::Mood;
use super::*;

impl World {
    pub fn fault(&mut self) {
        let alive = self.alive();
        let Some(at) = self.random.pick(&alive).copied() else { return self.revive() };
        match self.random.below(100) {
            0..12 => self.foreign_change(),
            12..20 => self.with_router(|router, _| router.stopped = true),
            20..34 => self.router_goes_on(),
            34..37 => self.with_router(Router::restart),
            37..39 => self.with_router(|router, _| router.dead = true),
            39..43 => self.revive_routers(),
            43..46 => {
                let index = usize::try_from(self.random.below(2)).unwrap();
                self.with_router(|router, _| router.down[index] = !router.down[index]);
            }
            46..56 => {
                self.store.mood = match self.random.below(5) {
                    0 => Mood::Unavailable,
                    1 => Mood::LosesAnswers,
                    _ => Mood::Well,
                };
            }
            56..60 => {
                self.seen.mark("cut off from the store");
                self.cockpits[at].cut_off = true;
            }
            60..66 => self.reconnect(at),
            66..70 => self.cockpits[at].mute = true,
            70..73 => self.cockpits[at].mute = false,
            73..82 => self.fall_asleep(at),
            82..87 => self.crash(at),
            87..92 => self.revive(),
            92..95 => {
                let jump = scene::skew(&mut self.random);
                let (host, time) = (self.cockpits[at].host, self.time);
                for other in self.cockpits.iter_mut().filter(|other| other.host == host) {
                    (other.skew, other.clock_set) = (jump, time);
                }
                self.tell_clock(at);
            }
            _ => self.edit_profile(at),
        }
    }

    /// The store tells how far this host's clock is off, or cannot.
    pub fn tell_clock(&mut self, at: usize) {
        let offset_ms = (self.healed || self.random.chance(85)).then_some(self.cockpits[at].skew);
        let delay = self.random.below(300);
        self.answer(at, delay, Msg::Clock { offset_ms });
    }

    /// Somebody edits the profile's file, or puts an older edition back.
    pub fn edit_profile(&mut self, at: usize) {
        if self.editions.len() < 3 && self.random.chance(40) {
            let edition = u8::try_from(self.editions.len()).unwrap();
            let edited = scene::edited(&self.editions[0], &mut self.random, edition);
            let edited = self.approving.edited(self.staging.edited(edited));
            self.editions.push(Arc::new(edited));
        }
        let Some(procedure) = self.random.pick(&self.editions).cloned() else { return };
        let flown = self.cockpits[at].flight.procedure.digest == procedure.digest;
        let changed = (!flown).then(|| Box::new(ChangedProfile::Good { procedure, files: Vec::new() }));
        self.tell(at, Msg::ProfileDiffers { changed });
    }

    /// Stopped, or asleep with its laptop, for a while.
    pub fn fall_asleep(&mut self, at: usize) {
        if self.cockpits[at].asleep {
            return;
        }
        if self.cockpits[at].flight.session.in_flight().is_some() {
            self.seen.mark("asleep in flight");
        }
        self.cockpits[at].asleep = true;
        let long = if self.random.chance(30) { 12_000 } else { 3_000 };
        let span = 200 + self.random.below(long);
        self.later(span, Due::Wake(at));
    }

    /// Everything that came meanwhile comes at once.
    pub fn wake(&mut self, at: usize) {
        let time = self.time;
        let cockpit = &mut self.cockpits[at];
        if !cockpit.asleep {
            return;
        }
        cockpit.asleep = false;
        if let Some(confirming) = &mut cockpit.confirming {
            confirming.1 = time;
        }
        for msg in std::mem::take(&mut cockpit.inbox) {
            self.tell(at, msg);
        }
        self.tell(at, Msg::Tick);
    }

    /// `kill -9`: what was not sent is never sent; what has left may still arrive.
    pub fn crash(&mut self, at: usize) {
        if !self.store.fold.is_open() {
            return;
        }
        let cockpit = &mut self.cockpits[at];
        cockpit.alive = false;
        cockpit.asleep = false;
        cockpit.inbox.clear();
        cockpit.found = None;
        let place = cockpit.place;
        if cockpit.flight.session.in_flight().is_some() {
            self.seen.mark("crash in flight");
        }
        if self.random.chance(70) {
            self.open_again(place);
        }
    }

    /// Starts a cockpit wherever one was killed.
    pub fn revive(&mut self) {
        for place in 0..self.places.len() {
            if !self.cockpits.iter().any(|cockpit| cockpit.alive && cockpit.place == place) {
                self.open_again(place);
            }
        }
    }

    fn open_again(&mut self, place: usize) {
        let host = self.places[place].host;
        let cut_off = self.cockpits.iter().any(|other| other.host == host && other.alive && other.cut_off);
        // Opening reads the journal first: it waits until that answers.
        if self.store.mood == Mood::Well && !cut_off && self.store.fold.is_open() {
            self.start(place);
        }
    }

    pub fn reconnect(&mut self, at: usize) {
        self.cockpits[at].cut_off = false;
        self.tell_clock(at);
        self.later(20, Due::Follow(at));
    }

    fn with_router(&mut self, act: impl FnOnce(&mut Router, u64)) {
        let names: Vec<RouterId> = self.routers.keys().cloned().collect();
        let time = self.time;
        if let Some(router) = self.random.pick(&names).and_then(|name| self.routers.get_mut(name)) {
            act(router, time);
        }
    }

    /// Somebody moves a router by hand, or puts it back where the plan had it.
    fn foreign_change(&mut self) {
        let blue = u32::try_from(self.random.below(11)).unwrap() * 10;
        let puts_back = self.random.chance(50);
        let names: Vec<RouterId> = self.routers.keys().cloned().collect();
        let Some(name) = self.random.pick(&names) else { return };
        let Some(router) = self.routers.get_mut(name).filter(|router| !router.stopped && !router.dead) else { return };
        match self.store.fold.expected.get(name).filter(|_| puts_back) {
            Some(expected) => router.apply(expected),
            None => router.weights = vec![blue, 100 - blue],
        }
    }

    /// A router goes on, with what was written to it meanwhile, or without.
    fn router_goes_on(&mut self) {
        let loses = self.random.chance(30);
        self.with_router(|router, _| {
            if loses {
                router.held.clear();
            }
            router.go_on();
        });
    }

    pub fn revive_routers(&mut self) {
        let time = self.time;
        for router in self.routers.values_mut().filter(|router| router.dead) {
            router.restart(time);
        }
    }
}
