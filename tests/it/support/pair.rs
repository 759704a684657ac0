//! Two cockpits, or three, over one scripted journal and the same scripted routers.
//!
//! ```ignore
//! let mut pair = Pair::of(two_people(), "ana", "raj");
//! pair.keys(ANA, "n<drawn>y").keys(RAJ, "<f5><drawn>green 100<enter>");
//! ```
//!
//! The world, routers and journal, is handed to whoever acts; what is kept and announced meanwhile reaches the others at
//! once, unless they were cut off.

use std::collections::BTreeMap;

use flightdeck::cockpit::Msg;
use flightdeck::domain::procedure::Friction;
use flightdeck::domain::{Procedure, Seat};
use flightdeck::flight::{self, Ask};

use super::app::{App, Store, me_as};

pub const ANA: usize = 0;
pub const RAJ: usize = 1;
pub const MIA: usize = 2;

/// The cockpits; the first one opened the session and drives.
pub struct Pair {
    pub apps: Vec<App>,
    /// Who has the world.
    at: usize,
    /// Of each cockpit: whether nothing reaches it and nothing comes from it.
    pub away: Vec<bool>,
    /// Of each cockpit: entries that it was told.
    told: Vec<usize>,
}

/// Shifts ask two people, deploy steps too.
pub fn two_people() -> Procedure {
    let mut procedure = super::scene::payments();
    procedure.confirm.shift = Friction::Two;
    procedure.confirm.deploy = Friction::Two;
    procedure
}

impl Pair {
    /// The first opens on half and half, the second joins.
    pub fn of(procedure: Procedure, first: &str, second: &str) -> Self {
        let app = App::with_weights(procedure, &[50, 50]);
        assert_eq!(first, "ana", "the first cockpit is ana's");
        Self::join_to(app).join(second, Seat::Operator)
    }

    /// Others join what was flown so far.
    pub fn join_to(mut app: App) -> Self {
        app.model.around.solo = false;
        app.model.flight.crew.shared = true;
        let told = vec![app.journal.len()];
        Self { apps: vec![app], at: 0, away: vec![false], told }
    }

    /// One more joins.
    pub fn join(mut self, name: &str, seat: Seat) -> Self {
        let number = 0xd00 + self.apps.len() as u128;
        let procedure = (*self.apps[0].model.flight.procedure).clone();
        let mut app = App::idle(me_as(number, name, seat), procedure, BTreeMap::new());
        app.model.around.solo = false;
        app.model.flight.crew.shared = true;
        self.apps.push(app);
        self.away.push(false);
        self.told.push(0);
        let who = self.apps.len() - 1;
        self.act(who, |app| {
            let entries = app.journal.iter().map(|entry| (entry.clone(), flightdeck::domain::Digest::ZERO)).collect();
            app.tell(Msg::Flight(flight::Msg::Followed { entries, is_tail: true }));
            app.ask(Ask::Join);
        });
        self.pass(3000);
        for who in 0..self.apps.len() {
            self.keys(who, "<drawn>");
        }
        self
    }

    /// Somebody acts in the shared world; the others then hear of it.
    pub fn act(&mut self, who: usize, what: impl FnOnce(&mut App)) -> &mut Self {
        self.world_to(who);
        what(&mut self.apps[who]);
        self.deliver()
    }

    /// Somebody types.
    pub fn keys(&mut self, who: usize, keys: &str) -> &mut Self {
        // Key by key, so that what one key sets going has come back before the next.
        let mut rest = keys;
        while let Some(first) = rest.chars().next() {
            let end = if first == '<' { rest.find('>').map_or(1, |end| end + 1) } else { first.len_utf8() };
            let (one, after) = rest.split_at(end);
            self.act(who, |app| {
                app.keys(one);
            });
            rest = after;
        }
        self
    }

    /// Time passes for everybody; who is away stands still.
    pub fn pass(&mut self, ms: u64) -> &mut Self {
        let mut left = ms;
        while left > 0 {
            let step = left.min(100);
            left -= step;
            for who in 0..self.apps.len() {
                self.act(who, |app| {
                    app.pass(step);
                });
            }
        }
        self
    }

    /// The same, with one cockpit stopped: it does nothing and nobody hears of it.
    pub fn pass_without(&mut self, stopped: usize, ms: u64) -> &mut Self {
        self.away[stopped] = true;
        let mut left = ms;
        while left > 0 {
            let step = left.min(100);
            left -= step;
            for who in (0..self.apps.len()).filter(|who| *who != stopped) {
                self.act(who, |app| {
                    app.pass(step);
                });
            }
        }
        self
    }

    /// The journal is away for one cockpit, or back.
    pub fn cut_off(&mut self, who: usize, cut: bool) -> &mut Self {
        self.away[who] = cut;
        self
    }

    fn world_to(&mut self, who: usize) {
        if self.at != who {
            let from = std::mem::replace(&mut self.at, who);
            let (low, high) = (from.min(who), from.max(who));
            let (left, right) = self.apps.split_at_mut(high);
            let (a, b) = (&mut left[low], &mut right[0]);
            let (giver, taker) = if low == from { (a, b) } else { (b, a) };
            giver.hand_world_to(taker);
        }
        self.apps[who].store = if self.away[who] { Store::Away } else { Store::Well };
    }

    /// Tells everybody what was kept and announced, until nothing new comes of it.
    fn deliver(&mut self) -> &mut Self {
        for _ in 0..50 {
            let mut quiet = true;
            for from in 0..self.apps.len() {
                let presences = std::mem::take(&mut self.apps[from].announced);
                let heard = if self.away[from] { Vec::new() } else { presences };
                for presence in heard {
                    for to in (0..self.apps.len()).filter(|to| *to != from) {
                        if !self.away[to] {
                            self.world_to(to);
                            self.apps[to].tell(Msg::Flight(flight::Msg::Present(presence.clone())));
                            quiet = false;
                        }
                    }
                }
            }
            for to in 0..self.apps.len() {
                let kept = self.apps[self.at].journal.len();
                if self.away[to] || self.told[to] >= kept {
                    continue;
                }
                quiet = false;
                self.world_to(to);
                let app = &mut self.apps[to];
                let entries: Vec<_> = app
                    .journal
                    .iter()
                    .skip(self.told[to])
                    .map(|entry| (entry.clone(), flightdeck::domain::Digest::ZERO))
                    .collect();
                self.told[to] = kept;
                app.tell(Msg::Flight(flight::Msg::Followed { entries, is_tail: false }));
            }
            if quiet {
                break;
            }
        }
        self
    }

    /// What one's screen says, at a size.
    pub fn screen(&mut self, who: usize, columns: u16, rows: u16) -> String {
        let picture = super::scene::picture(&mut self.apps[who], columns, rows);
        picture.lines().take(usize::from(rows)).collect::<Vec<_>>().join("\n")
    }
}
