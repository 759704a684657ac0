//! The other side: routers that answer late or not at all, and a store with moods.

use super::*;

impl World {
    pub(super) fn serve_read(&mut self, cockpit: CockpitId, router: RouterId, poll: u64, began: Now) {
        if cockpit != self.cockpit() {
            return;
        }
        let trouble = |kind, why: &str| Trouble::new(kind, "read", why, "wait");
        let time = self.time;
        let simulated = self.routers.get_mut(&router).unwrap();
        let (delay, result) = if simulated.dead {
            (1, Err(trouble(TroubleKind::Unreachable, "refused")))
        } else if simulated.stopped {
            (2_000, Err(trouble(TroubleKind::TimedOut, "no answer")))
        } else {
            (self.random.below(10), Ok(simulated.read(time)))
        };
        if let Ok(reading) = &result {
            let served = self.served.entry(router.clone()).or_default();
            if served.back().map(|(.., native)| native) != Some(&reading.native) {
                served.push_back((time, time, reading.native.clone()));
            } else if let Some(newest) = served.back_mut() {
                newest.1 = time;
            }
        }
        self.answer(delay, Msg::RouterRead { router, poll, began, result });
    }

    pub(super) fn serve_set(&mut self, cockpit: CockpitId, send: &Send) {
        // A killed process sends nothing more.
        if cockpit != self.cockpit() {
            return;
        }
        let answer = |outcome| Msg::SetAnswered {
            change: send.change,
            router: send.router.clone(),
            attempt: send.attempt,
            outcome,
        };
        let now = self.now();
        if self.cancelled.contains(&send.change) || now.wall > send.deadline || now.elapsed > send.until {
            self.seen.mark("not sent");
            return self.tell(answer(Outcome::NotSent { why: "the fence is closed".to_owned() }));
        }
        let router = self.routers.get(&send.router).unwrap().clone();
        if router.dead {
            return self.tell(answer(Outcome::NotSent { why: "refused".to_owned() }));
        }
        if let Some(expected) = send.expected.as_ref().filter(|_| !router.stopped)
            && *expected != router.native()
        {
            self.seen.mark("moved");
            // The look before the write is a read as well.
            let read = (self.time, self.time, router.native());
            self.served.entry(send.router.clone()).or_default().push_back(read);
            return self.tell(answer(Outcome::Moved { read: router.native() }));
        }
        self.check_write(cockpit, send);
        self.written.insert((send.change, send.router.clone()), self.time);
        self.seen.mark("sent");
        let simulated = self.routers.get_mut(&send.router).unwrap();
        if simulated.stopped {
            simulated.held.push_back(send.prepared.native.clone());
            self.answer(2_000, answer(Outcome::Unknown { why: "no answer for 2 s".to_owned() }));
        } else {
            simulated.apply(&send.prepared.native);
            if simulated.weights.iter().all(|weight| *weight == 0) {
                self.fail("D4", "a router has no weight left");
            }
            let delay = self.random.below(10);
            if self.random.chance(8) {
                self.seen.mark("unknown");
                self.answer(delay, answer(Outcome::Unknown { why: "the answer was lost".to_owned() }));
            } else {
                self.answer(delay, answer(Outcome::Accepted));
            }
        }
    }

    pub(super) fn serve_append(&mut self, cockpit: CockpitId, entry: Entry) {
        let id = entry.id;
        let head = self.store.last().map_or(0, |last| last.number);
        let known = self.store.iter().any(|kept| kept.id == id);
        let guarded = entry.number == head + 1;
        let answer = match self.mood {
            StoreMood::Unavailable => {
                self.seen.mark("store unavailable");
                Appended::Unavailable { why: "away".to_owned() }
            }
            StoreMood::LosesAnswers if self.random.chance(50) => {
                if guarded && !known && self.random.chance(50) {
                    self.seen.mark("store unknown, kept");
                    self.keep(entry);
                } else {
                    self.seen.mark("store unknown, lost");
                }
                Appended::Unknown { why: "the answer was lost".to_owned() }
            }
            StoreMood::Well | StoreMood::LosesAnswers => {
                if known {
                    Appended::Kept { hash: flightdeck::domain::Digest::ZERO }
                } else if guarded {
                    self.keep(entry);
                    Appended::Kept { hash: flightdeck::domain::Digest::ZERO }
                } else {
                    Appended::Conflict { head }
                }
            }
        };
        if cockpit == self.cockpit() {
            let delay = self.random.below(8);
            self.answer(delay, Msg::Appended { entry: id, answer });
        }
    }

    pub(super) fn keep(&mut self, entry: Entry) {
        if self.store.last().is_some_and(|last| entry.at < last.at) {
            self.fail("S2", "an entry is stamped before the one before it");
        }
        for event in &entry.events {
            self.check_event(event);
        }
        self.store.push(entry);
    }
}
