//! Waves: the time since the waves that were sent became whole, and the next one when it may go (D5).
//!
//! The rules are the session's; here is the clock that they ask about, and the asking. Only the cockpit that drives asks,
//! and whether it may is decided against what is kept.

use std::time::Duration;

use super::soak::GAP;
use super::{Effect, Flight, Tone};
use crate::domain::{ChangeId, Elapsed, Now};
use crate::session::wave::{Rest, Waits, pause, waits};
use crate::session::{Change, Command};

/// The time between two waves, as this cockpit saw it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Resting {
    change: ChangeId,
    next: usize,
    /// The session that it was last held against.
    head: u64,
    /// Since when every router that was sent to is verified; `None` while one is not.
    since: Option<Elapsed>,
    /// Whether no look was missed since then.
    watched: bool,
    looked: Elapsed,
    tried: Option<Elapsed>,
}

/// How often a wave that a gate keeps back is tried again.
const AGAIN: Duration = Duration::from_millis(250);

impl Flight {
    /// The change in flight with the wave that comes next, counted from 0; `None` where no wave waits.
    pub fn next_wave(&self) -> Option<(&Change, usize)> {
        let change = self.session.in_flight()?;
        Some((change, change.next_wave()?))
    }

    /// What keeps the next wave from going out; `None` when nothing does, or no wave waits.
    pub fn wave_waits(&self, now: Now) -> Option<Waits> {
        let (change, _) = self.next_wave()?;
        waits(&self.session, &self.procedure, change, self.rest(now.elapsed), now.wall)
    }

    /// How long the waves that were sent have been whole.
    pub(super) fn rest(&self, now: Elapsed) -> Rest {
        let seen = |resting: &Resting| {
            let held = resting.since.map_or(Duration::ZERO, |since| now.since(since));
            Rest { held, watched: resting.watched }
        };
        self.resting.as_ref().map(seen).unwrap_or_default()
    }

    /// When the pause is over; `None` when none runs, or it is over and something else keeps the wave back.
    pub(super) fn next_wave_at(&self) -> Option<Elapsed> {
        let (resting, (change, _)) = (self.resting?, self.next_wave()?);
        let over = resting.since?.plus(pause(&self.procedure, change));
        (over > resting.looked).then_some(over)
    }

    /// Runs the clock between two waves, and sends the next one when it may go by itself.
    pub(super) fn look_after_waves(&mut self, now: Now) {
        let Some((change, next)) = self.next_wave() else {
            self.resting = None;
            return;
        };
        let (id, head) = (change.id(), self.session.head);
        let known = self.resting.filter(|resting| (resting.change, resting.next) == (id, next));
        let mut resting = known.unwrap_or(Resting {
            change: id,
            next,
            head: 0,
            since: None,
            watched: true,
            looked: now.elapsed,
            tried: None,
        });
        if resting.head != head {
            resting.head = head;
            let whole = change.is_whole_so_far();
            resting.since = resting.since.filter(|_| whole).or(whole.then_some(now.elapsed));
        }
        if now.elapsed.since(resting.looked) > GAP {
            resting.watched = false;
            resting.since = resting.since.map(|_| now.elapsed);
        }
        resting.looked = now.elapsed;
        let tried = resting.tried.is_some_and(|tried| now.elapsed.since(tried) < AGAIN);
        self.resting = Some(resting);
        if tried || !self.drives() || self.link.is_busy() || self.wave_waits(now).is_some() {
            return;
        }
        self.resting = Some(Resting { tried: Some(now.elapsed), ..resting });
        let command = self.wave_command(now, id, next, false);
        self.note(now, command);
    }

    /// A person asks for the next wave.
    pub(super) fn send_wave(&mut self, now: Now, out: &mut Vec<Effect>) {
        match self.next_wave().map(|(change, wave)| (change.id(), wave)) {
            Some((change, wave)) => {
                let command = self.wave_command(now, change, wave, true);
                self.ask(now, command);
            }
            None => out.push(Effect::tell(Tone::Plain, "no wave of a change waits")),
        }
    }

    fn wave_command(&self, now: Now, change: ChangeId, wave: usize, by_key: bool) -> Command {
        Command::SendWave { change, wave, by_key, rest: self.rest(now.elapsed), evidence: self.evidence(now) }
    }

    pub(super) fn tell_wave(&self, change: ChangeId, out: &mut Vec<Effect>) {
        let Some(change) = self.session.change(change).filter(|change| change.settled.is_none()) else { return };
        let (wave, waves) = (change.waves_sent, change.confirmed.waves.count());
        out.push(Effect::tell(Tone::Plain, format!("{}: wave {wave} of {waves} goes out", change.confirmed.to)));
    }
}
