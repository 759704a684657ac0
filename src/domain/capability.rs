//! What one router can do, as data: the cockpit offers only what holds, and says what a change costs and proves.

use super::weights::{BasisPoints, Weights};

/// What one router can do.
#[expect(clippy::struct_excessive_bools, reason = "each is an independent fact about a system")]
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Capabilities {
    /// The system's name for people: `HAProxy`.
    pub system: String,
    /// How one router is changed, for people: `Runtime API, one line`.
    pub means: String,
    /// The time that a change usually takes until it reads back.
    pub change_ms: u64,
    /// The time that the way back usually takes until it reads back.
    pub back_ms: u64,
    /// How long an accepted change may take until it reads back. Only after that a reading that differs says so; while
    /// the system itself tells that work is under way ([`super::Reading::underway`]) it never does.
    pub read_back_ms: u64,
    /// How long after read-back traffic may still follow the old weights.
    pub settle_ms: u64,
    /// It is not read more often than this, however closely it is watched: what its rate limits leave.
    pub least_poll_ms: u64,
    /// Which shares it can hold.
    pub holds: Holds,
    /// How a pool is given nothing.
    pub zero: Zero,
    /// Whether all weights of a change come true at one moment.
    pub atomic: bool,
    /// Whether the router refuses a write when the weights have moved; otherwise a gap between read and write remains.
    pub conditional: bool,
    /// The best proof that it can give.
    pub proof: Proof,
    /// Counts requests in flight per pool.
    pub counts_in_flight: bool,
    /// Counts requests per pool.
    pub counts_requests: bool,
    /// Lists the connections of a pool, and can end them.
    pub lists_connections: bool,
    /// Where weights live in memory only and are lost with a restart or a reload: where they are made permanent, as an
    /// imperative sentence without a full stop. `None` where what was set stays.
    pub make_permanent: Option<String>,
}

/// Which shares a router can hold.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Holds {
    /// Any share from nothing to everything, in steps about as fine as this, which is also the smallest one above zero.
    Shares {
        /// The finest step.
        finest: BasisPoints,
    },
    /// One pool has everything, the others nothing.
    AllOrNothing,
    /// The new pool has one of these shares, which are the system's own; nobody chooses another one.
    Steps(Vec<BasisPoints>),
}

/// How a pool is given nothing.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Zero {
    /// By a weight of zero.
    Weight,
    /// By taking it out, in the system's words: `the endpoint is disabled`.
    TakenOut(String),
    /// Not at all.
    Never,
}

/// What can be proven of a change, each including the one before.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Proof {
    /// The system said yes.
    Accepted,
    /// The weights were read back from the system.
    ReadBack,
    /// Its counters tell which traffic went where.
    Observed,
}

impl Proof {
    /// The word on the screen.
    pub fn word(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::ReadBack => "read back",
            Self::Observed => "observed",
        }
    }
}

impl Capabilities {
    /// A router that holds any share to a hundredth of a percent, by weights that stay and can be read back, and counts
    /// nothing: what an adapter's own data starts from.
    pub fn of(system: &str, means: &str) -> Self {
        Self {
            system: system.to_owned(),
            means: means.to_owned(),
            change_ms: 1_000,
            back_ms: 1_000,
            read_back_ms: 0,
            settle_ms: 0,
            least_poll_ms: 0,
            holds: Holds::Shares { finest: BasisPoints(1) },
            zero: Zero::Weight,
            atomic: true,
            conditional: false,
            proof: Proof::ReadBack,
            counts_in_flight: false,
            counts_requests: false,
            lists_connections: false,
            make_permanent: None,
        }
    }
}

impl Holds {
    /// Whether such weights can be held, but for rounding to the finest step.
    pub fn takes(&self, weights: &Weights) -> bool {
        match self {
            Self::Shares { finest } => weights.iter().all(|(_, points)| points.0 == 0 || points >= *finest),
            Self::AllOrNothing => weights.iter().any(|(_, points)| points == BasisPoints::ALL),
            Self::Steps(steps) => weights.iter().any(|(_, points)| steps.contains(&points)),
        }
    }

    /// The nearest share that can be held to one that was asked; of two that are as near, the smaller.
    pub fn nearest(&self, points: BasisPoints) -> BasisPoints {
        let near = |all: &mut dyn Iterator<Item = BasisPoints>| {
            all.min_by_key(|each| (each.0.abs_diff(points.0), each.0)).unwrap_or(points)
        };
        near(&mut self.around(points).into_iter())
    }

    /// The nearest share that can be held and is at least this one, or at most this one; else the nearest at all.
    pub fn towards(&self, points: BasisPoints, at_least: bool) -> BasisPoints {
        let fits = |each: &BasisPoints| if at_least { *each >= points } else { *each <= points };
        let there = self.around(points).into_iter().filter(fits).min_by_key(|each| each.0.abs_diff(points.0));
        there.unwrap_or_else(|| self.nearest(points))
    }

    /// Shares that can be held, those next to this one among them.
    fn around(&self, points: BasisPoints) -> Vec<BasisPoints> {
        match self {
            Self::Shares { finest } => {
                let least = finest.0.min(BasisPoints::ALL.0 / 2);
                let (low, high) = (BasisPoints(least), BasisPoints(BasisPoints::ALL.0 - least));
                let between = (low..=high).contains(&points).then_some(points);
                [BasisPoints::ZERO, low, high, BasisPoints::ALL].into_iter().chain(between).collect()
            }
            Self::AllOrNothing => vec![BasisPoints::ZERO, BasisPoints::ALL],
            Self::Steps(steps) => steps.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_goes_to_the_nearest_that_is_held() {
        let nearest = |holds: &Holds, asked: &[u32]| -> Vec<u32> {
            asked.iter().map(|points| holds.nearest(BasisPoints(*points)).0).collect()
        };
        let fine = Holds::Shares { finest: BasisPoints(40) };
        assert_eq!(nearest(&fine, &[0, 10, 30, 40, 5_000, 9_970, 10_000]), [0, 0, 40, 40, 5_000, 9_960, 10_000]);
        assert_eq!(nearest(&Holds::AllOrNothing, &[0, 4_999, 5_000, 5_001]), [0, 0, 0, 10_000]);
        let steps = Holds::Steps([500, 2_500, 10_000].map(BasisPoints).to_vec());
        assert_eq!(nearest(&steps, &[0, 1_400, 1_600, 7_000]), [500, 500, 2_500, 10_000]);
        assert_eq!(Holds::AllOrNothing.towards(BasisPoints(1_000), true), BasisPoints::ALL);
        assert_eq!(Holds::AllOrNothing.towards(BasisPoints(9_000), false), BasisPoints::ZERO);
        assert_eq!(fine.towards(BasisPoints(3_000), true), BasisPoints(3_000));
    }

    #[test]
    fn weights_are_taken_or_not_by_what_is_held() {
        let weights = |one: u32| {
            Weights::new(vec![("a".into(), BasisPoints(one)), ("b".into(), BasisPoints(10_000 - one))])
                .expect("the example adds up")
        };
        assert!(Holds::AllOrNothing.takes(&weights(10_000)) && !Holds::AllOrNothing.takes(&weights(5_000)));
        let fine = Holds::Shares { finest: BasisPoints(100) };
        assert!(fine.takes(&weights(0)) && fine.takes(&weights(100)) && !fine.takes(&weights(99)));
        assert!(Holds::Steps(vec![BasisPoints(2_000)]).takes(&weights(8_000)));
    }
}
