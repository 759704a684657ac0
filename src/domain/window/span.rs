//! What a window is made of: hours of the week, or the time between two dates; in seconds as a clock of the zone shows them.

/// Seconds of a day on a clock that is not changed.
pub const DAY: i64 = 24 * 3_600;

/// Days of the week.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Days(u8);

impl Days {
    /// Every day.
    pub const ALL: Self = Self(0b111_1111);
    /// None.
    pub const NONE: Self = Self(0);

    /// With the days from one to another, counted from Monday as 0; from Friday to Monday goes over Sunday.
    #[must_use]
    pub fn with(self, from: u8, to: u8) -> Self {
        let (from, to) = (from % 7, to % 7);
        let count = (to + 7 - from) % 7;
        Self((0..=count).fold(self.0, |days, next| days | 1 << ((from + next) % 7)))
    }

    /// Whether a day is among them, counted in days since 1970, which began on a Thursday.
    fn has(self, day: i64) -> bool {
        self.0 >> (day + 3).rem_euclid(7) & 1 == 1
    }
}

/// Hours of some days of the week.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Weekly {
    /// The days on which they begin.
    pub days: Days,
    /// The minute of the day at which they begin.
    pub from: u16,
    /// The minute at which they end, up to 1440; where it is not after the beginning, on the next day.
    pub to: u16,
}

/// One span of a window. The start belongs to it, the end does not.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Span {
    /// Every week.
    Weekly(Weekly),
    /// Once.
    Dates {
        /// From then on, in seconds since 1970 on the zone's clock.
        from: i64,
        /// Before then.
        to: i64,
    },
}

impl Weekly {
    fn seconds(self) -> (i64, i64) {
        let (from, to) = (i64::from(self.from) * 60, i64::from(self.to) * 60);
        (from, if to <= from { to + DAY } else { to })
    }
}

impl Span {
    /// Whether what a clock shows lies within it.
    pub(super) fn holds(&self, local: i64) -> bool {
        match *self {
            Self::Weekly(weekly) => {
                let (day, second) = (local.div_euclid(DAY), local.rem_euclid(DAY));
                let (from, to) = weekly.seconds();
                // What began the day before may go on.
                [(day, second), (day - 1, second + DAY)]
                    .into_iter()
                    .any(|(day, second)| weekly.days.has(day) && (from..to).contains(&second))
            }
            Self::Dates { from, to } => (from..to).contains(&local),
        }
    }

    /// What a clock shows when it begins and ends, from one such time to another; a few more may be told.
    pub(super) fn borders(&self, start: i64, end: i64) -> Vec<i64> {
        match *self {
            Self::Weekly(weekly) => {
                let (from, to) = weekly.seconds();
                let days = start.div_euclid(DAY) - 1..=end.div_euclid(DAY);
                days.filter(|day| weekly.days.has(*day)).flat_map(|day| [day * DAY + from, day * DAY + to]).collect()
            }
            Self::Dates { from, to } => vec![from, to],
        }
    }

    /// Its dates, where it has some.
    pub(super) fn dates(&self) -> Option<[i64; 2]> {
        match *self {
            Self::Weekly(_) => None,
            Self::Dates { from, to } => Some([from, to]),
        }
    }
}
