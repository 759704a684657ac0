//! Routers that answer late or not at all, and the hands that write to them behind a fence.

use super::*;

impl World {
    pub fn serve_read(&mut self, at: usize, router: RouterId, poll: u64, began: Now) {
        if !self.cockpits[at].alive {
            return;
        }
        let trouble = |kind, why: &str| Trouble::new(kind, "read", why, "wait");
        let time = self.time;
        let Some(simulated) = self.routers.get_mut(&router) else { return };
        let (delay, result) = if simulated.dead {
            (1, Err(trouble(TroubleKind::Unreachable, "refused")))
        } else if simulated.stopped {
            (1_000, Err(trouble(TroubleKind::TimedOut, "no answer")))
        } else {
            let slow = if self.random.chance(5) { 800 } else { 10 };
            (self.random.below(slow), Ok(simulated.read(time)))
        };
        if self.routers.get(&router).is_some_and(Router::is_behind) {
            self.seen.mark("read behind");
        }
        if let Ok(reading) = &result {
            self.note_served(at, &router, &reading.native);
        }
        self.answer(at, delay, Msg::RouterRead { router, poll, began, result });
    }

    fn note_served(&mut self, at: usize, router: &RouterId, native: &NativeSplit) {
        let time = self.time;
        let served = self.cockpits[at].served.entry(router.clone()).or_default();
        match served.last_mut() {
            Some(newest) if newest.2 == *native => newest.1 = time,
            _ => served.push((time, time, native.clone())),
        }
    }

    pub fn serve_set(&mut self, at: usize, send: Send) {
        // A killed process sends nothing more; one that is stopped goes on where it was.
        if !self.cockpits[at].alive {
            return;
        }
        if self.cockpits[at].asleep {
            return self.later(50, Due::Set(at, Box::new(send)));
        }
        let answer = |outcome| Msg::SetAnswered {
            change: send.change,
            router: send.router.clone(),
            attempt: send.attempt,
            outcome,
        };
        let now = self.now(at);
        let is_cancelled = self.cockpits[at].cancelled.contains(&send.change);
        if is_cancelled || now.wall > send.deadline || now.elapsed > send.until {
            self.seen.mark("not sent");
            return self.tell(at, answer(Outcome::NotSent { why: "the fence is closed".to_owned() }));
        }
        let Some(router) = self.routers.get(&send.router) else { return };
        if router.dead {
            return self.tell(at, answer(Outcome::NotSent { why: "refused".to_owned() }));
        }
        let (stopped, native) = (router.stopped, router.native());
        if send.expected.as_ref().is_some_and(|expected| !stopped && *expected != native) {
            self.seen.mark("moved");
            // The look before the write is a read as well.
            self.note_served(at, &send.router, &native);
            return self.tell(at, answer(Outcome::Moved { read: native }));
        }
        if !self.healed && self.random.chance(2) {
            // Stopped between the look at the fence and the byte: nothing can stop that byte any more.
            self.fall_asleep(at);
            return self.later(0, Due::LateByte(at, Box::new(send)));
        }
        self.check_write(at, &send);
        // A write of what the router has already changes nothing: a read from before it proves as much. The first write of
        // an attempt counts: what was read after it stays read, though the same is sent again later.
        let changes = !native.holds(&send.prepared.native);
        let first = self.ledger.written.entry((send.change, send.router.clone())).or_insert((0, 0));
        if first.0 < send.attempt {
            *first = (send.attempt, if changes { self.time } else { first.1 });
        }
        self.write(at, &send);
    }

    pub fn late_byte(&mut self, at: usize, send: &Send) {
        if !self.cockpits[at].alive {
            return;
        }
        if self.cockpits[at].asleep {
            return self.later(50, Due::LateByte(at, Box::new(send.clone())));
        }
        self.seen.mark("late write after a pause");
        self.write(at, send);
    }

    fn write(&mut self, at: usize, send: &Send) {
        let answer = |outcome| Msg::SetAnswered {
            change: send.change,
            router: send.router.clone(),
            attempt: send.attempt,
            outcome,
        };
        self.ledger.bytes.insert((send.change, send.router.clone(), send.attempt));
        self.seen.mark("sent");
        let Some(simulated) = self.routers.get_mut(&send.router) else { return };
        if simulated.stopped || simulated.dead {
            simulated.held.push_back(send.prepared.native.clone());
            return self.answer(at, 1_000, answer(Outcome::Unknown { why: "no answer for 1 s".to_owned() }));
        }
        let delay = self.random.below(10);
        if !self.healed && self.random.chance(3) {
            self.seen.mark("failed");
            return self.answer(at, delay, answer(Outcome::Failed { why: "permission denied".to_owned() }));
        }
        simulated.apply(&send.prepared.native);
        if simulated.weights.iter().all(|weight| *weight == 0) {
            self.broke("D4", "a router has no weight left");
        }
        let outcome = if !self.healed && self.random.chance(8) {
            self.seen.mark("unknown");
            Outcome::Unknown { why: "the answer was lost".to_owned() }
        } else {
            Outcome::Accepted
        };
        self.answer(at, delay, answer(outcome));
    }
}
