//! What is looked at before a pool counts as drained, and what one look finds.

use crate::domain::{CheckId, Elapsed, Measure, RouterId, SourceId, Timestamp};

/// One sort of evidence.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Evidence {
    /// Every router has weight zero for the pool, as read back.
    WeightZero,
    /// No request in flight on any router.
    InFlight,
    /// No new request on any router.
    Requests,
    /// A measure of the pool by a metric source is zero: the pool's own gauge, or its request rate.
    Measure(Measure),
    /// No line but excluded ones from this log source.
    Log(SourceId),
    /// A check passes. It never speaks of traffic, whatever it asks: what a system answers about itself is not a count.
    Check(CheckId),
}

impl Evidence {
    /// Its short name on the screen.
    pub fn name(&self) -> String {
        match self {
            Self::WeightZero => "weight 0 read back".to_owned(),
            Self::InFlight => "in flight".to_owned(),
            Self::Requests => "new requests".to_owned(),
            Self::Measure(Measure::Panel(panel)) => format!("panel {panel}"),
            Self::Measure(
                measure @ (Measure::Errors | Measure::P99 | Measure::P50 | Measure::Requests | Measure::InFlight),
            ) => format!("measured {measure}"),
            Self::Log(source) => format!("log {source}"),
            Self::Check(check) => format!("check {check}"),
        }
    }

    /// What it says when it speaks for drained: `0`.
    pub fn nothing(&self) -> &'static str {
        match self {
            Self::Check(_) => "passed",
            Self::WeightZero | Self::InFlight | Self::Requests | Self::Measure(_) | Self::Log(_) => "0",
        }
    }

    /// Whether it speaks of traffic. A weight says what a router was told, not what still arrives.
    pub fn is_of_traffic(&self) -> bool {
        match self {
            Self::WeightZero | Self::Check(_) => false,
            Self::InFlight | Self::Requests | Self::Measure(_) | Self::Log(_) => true,
        }
    }

    /// What a router counts for it, where it is routers that count: `eu-2 cannot count in-flight`.
    pub fn counted(&self) -> &'static str {
        match self {
            Self::WeightZero => "weights",
            Self::InFlight => "in-flight",
            Self::Requests => "requests",
            Self::Measure(_) | Self::Log(_) | Self::Check(_) => "it",
        }
    }
}

/// What one look says about one line of evidence.
#[derive(Clone, PartialEq, Debug)]
pub enum Finding {
    /// It speaks for drained: zero, or a check that passes.
    Zero,
    /// It speaks against: so much; of a check that fails, one.
    Some(f64),
    /// Nobody can count this. Neither for nor against.
    CannotCount,
    /// No fresh answer.
    Unknown {
        /// Why, for people.
        why: String,
    },
}

impl Finding {
    /// A count.
    pub fn count(count: u64) -> Self {
        #[expect(clippy::cast_precision_loss, reason = "requests and lines between two looks are far below 2^52")]
        match count {
            0 => Self::Zero,
            count => Self::Some(count as f64),
        }
    }

    /// Not known, for this reason.
    pub fn unknown(why: impl Into<String>) -> Self {
        Self::Unknown { why: why.into() }
    }
}

/// Up to when a finding speaks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Until {
    /// It speaks of no moment.
    Nothing,
    /// A moment on our own clock: the oldest of the readings that it is made of, or the time of a sample.
    Moment(Elapsed),
    /// The source's own clock, which may lag behind ours.
    Source {
        /// The newest line of any sort that was delivered, excluded ones included: silence is proven only up to this.
        watermark: Timestamp,
        /// The newest line that speaks against.
        last: Option<Timestamp>,
        /// When anything was delivered last, on our clock.
        delivered: Elapsed,
    },
}

/// One look at one line of evidence.
#[derive(Clone, PartialEq, Debug)]
pub struct Look {
    /// What is looked at.
    pub evidence: Evidence,
    /// What it says.
    pub finding: Finding,
    /// Up to when.
    pub until: Until,
    /// The routers that cannot count it.
    pub cannot: Vec<RouterId>,
}

impl Look {
    /// A look without a moment and of which every router can tell.
    pub fn new(evidence: Evidence, finding: Finding) -> Self {
        Self { evidence, finding, until: Until::Nothing, cannot: Vec::new() }
    }

    /// The same, speaking up to a moment.
    #[must_use]
    pub fn until(self, until: Until) -> Self {
        Self { until, ..self }
    }
}
