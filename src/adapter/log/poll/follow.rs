//! A polled log as a stream.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use futures_util::stream::{BoxStream, StreamExt as _};
use tokio::time::{Instant, sleep_until};

use super::super::outbox::{Follow, Outbox, stream};
use super::super::{Cleaner, Config, LogSource, LogUpdate};
use super::seen::Seen;
use super::{Found, Live, Pace, Page, Refused, System, Window};
use crate::domain::log::{LogBatch, LogSourceState, line_id};
use crate::domain::{Timestamp, Trouble, TroubleKind};

/// What is older is not asked for, however long the system was away.
const REACH: Duration = Duration::from_hours(1);
/// How often a window is begun anew because its cursor was over, before that is told.
const RESTARTS: u32 = 3;
/// So many pages are asked for at once; then there is a pause as between two polls.
const PAGES: u32 = 50;
/// The longest pause after failures.
const LONGEST: Duration = Duration::from_mins(1);
/// Further behind than its lag by this much, it is said that it does not keep up.
const BEHIND: Duration = Duration::from_mins(2);

/// A polled log in a profile.
pub(in crate::adapter::log) struct Polled<S> {
    config: Config,
    pace: Pace,
    system: Arc<S>,
}

impl<S: System> Polled<S> {
    pub(in crate::adapter::log) fn new(config: &Config, pace: Pace, system: S) -> Self {
        Self { config: config.clone(), pace, system: Arc::new(system) }
    }
}

impl<S: System> LogSource for Polled<S> {
    fn follow(&self) -> BoxStream<'static, LogUpdate> {
        self.follow_from(None)
    }

    fn follow_from(&self, upto: Option<Timestamp>) -> BoxStream<'static, LogUpdate> {
        let following = Following {
            config: self.config.clone(),
            pace: self.pace,
            system: Arc::clone(&self.system),
            cleaner: None,
            seen: Seen::default(),
            done: upto,
            open: None,
            due: None,
            failures: 0,
            live: self.system.live(),
            live_trouble: None,
            missing: Vec::new(),
            outbox: Outbox::default(),
        };
        stream(following)
    }

    fn probe(&self) -> BoxFuture<'_, Result<String, Trouble>> {
        async {
            let mut cleaner = Cleaner::of(&self.config)?;
            let now = now();
            let window = Window { from: less(now, self.pace.lag.max(Duration::from_mins(1))), to: now };
            match self.system.page(&mut cleaner, window, None).await {
                Ok(page) => Ok(format!(
                    "{} can be read, {} lines on the first page of the last {} s",
                    self.system.place(),
                    page.lines.len(),
                    (window.to.0 - window.from.0) / 1000
                )),
                Err(Refused::Expired(trouble) | Refused::Later(_, trouble) | Refused::Failed(trouble)) => Err(trouble),
            }
        }
        .boxed()
    }
}

struct Following<S> {
    config: Config,
    pace: Pace,
    system: Arc<S>,
    cleaner: Option<Cleaner>,
    seen: Seen,
    /// Everything before this was delivered.
    done: Option<Timestamp>,
    open: Option<Open>,
    due: Option<Instant>,
    failures: u32,
    live: Option<BoxStream<'static, Live>>,
    /// Why it does not tell lines by itself.
    live_trouble: Option<Trouble>,
    /// The times of lines that it left out and no poll has found yet.
    missing: Vec<Timestamp>,
    outbox: Outbox,
}

/// A window that is being asked for.
struct Open {
    window: Window,
    cursor: Option<String>,
    pages: u32,
    restarts: u32,
}

impl<S: System> Follow for Following<S> {
    fn outbox(&mut self) -> &mut Outbox {
        &mut self.outbox
    }

    async fn step(&mut self) {
        if let Some(due) = self.due {
            match &mut self.live {
                None => sleep_until(due).await,
                Some(live) => {
                    let told = tokio::select! {
                        () = sleep_until(due) => None,
                        told = live.next() => told,
                    };
                    if let Some(told) = told {
                        return self.hear(told);
                    }
                }
            }
            self.due = None;
        }
        self.ask().await;
    }
}

impl<S: System> Following<S> {
    async fn ask(&mut self) {
        let Some(mut cleaner) = self.cleaner() else { return };
        let open = match self.open.take() {
            Some(open) => open,
            None => self.begin(0),
        };
        let asked = Instant::now();
        let page = self.system.page(&mut cleaner, open.window, open.cursor.as_deref()).await;
        self.cleaner = Some(cleaner);
        match page {
            Ok(page) => self.take(page, &open, asked),
            Err(Refused::Later(span, trouble)) => {
                self.outbox.tell(LogSourceState::Waiting(trouble));
                self.due = Some(Instant::now() + span);
                self.open = Some(open);
            }
            Err(Refused::Expired(trouble)) if open.restarts >= RESTARTS => self.failed(trouble),
            Err(Refused::Expired(_)) => self.open = Some(self.begin(open.restarts + 1)),
            Err(Refused::Failed(trouble)) => self.failed(trouble),
        }
    }

    fn cleaner(&mut self) -> Option<Cleaner> {
        let cleaner = self.cleaner.take().map_or_else(|| Cleaner::of(&self.config), Ok);
        // A source with such a pattern was refused before it was made.
        cleaner.map_err(|trouble| self.failed(trouble)).ok()
    }

    /// Takes what the system tells by itself.
    fn hear(&mut self, told: Live) {
        match told {
            // What it said between two tails is in no tail.
            Live::Opened => {
                self.live_trouble = None;
                self.hurry();
            }
            Live::Ended => {}
            Live::Broken(trouble) => {
                self.outbox.tell(LogSourceState::Waiting(trouble.clone()));
                self.live_trouble = Some(trouble);
            }
            Live::Lines { lines, dropped } => {
                let Some(mut cleaner) = self.cleaner() else { return };
                let found = lines.into_iter().map(|line| line.found(&mut cleaner)).collect();
                self.cleaner = Some(cleaner);
                if !dropped.is_empty() {
                    self.missing.extend(dropped);
                    self.hurry();
                }
                self.hand_over(found, false);
            }
        }
    }

    /// The next poll is at once, unless the system asked to be left alone.
    fn hurry(&mut self) {
        if self.failures == 0 && self.open.is_none() {
            self.due = Some(Instant::now());
        }
    }

    /// The window from where everything was delivered until now.
    fn begin(&mut self, restarts: u32) -> Open {
        let to = now();
        let (wanted, reach) = (self.done.unwrap_or(less(to, self.pace.since)), less(to, REACH));
        if wanted < reach {
            let trouble = Trouble::new(
                TroubleKind::Unreachable,
                format!("read {}", self.system.place()),
                format!("nothing could be read since {wanted}, and what is older than an hour is not asked for"),
                "nothing needs to be done; for the lines between look there by other means",
            );
            self.outbox.tell(LogSourceState::Waiting(trouble));
        }
        // A clock that was set back must not ask for a window that ends before it begins.
        let from = wanted.max(reach).min(to);
        Open { window: Window { from, to }, cursor: None, pages: 0, restarts }
    }

    fn take(&mut self, page: Page, open: &Open, asked: Instant) {
        self.failures = 0;
        let Page { lines, next, budget } = page;
        // A cursor that leads to itself would be followed for ever.
        let next = next.filter(|next| open.cursor.as_ref() != Some(next));
        let is_over = next.is_none();
        if is_over {
            let done = less(open.window.to, self.pace.lag);
            self.done = Some(self.done.map_or(done, |before| before.max(done)));
        }
        let behind = now().since(open.window.to).saturating_sub(self.pace.lag);
        self.outbox.tell(match &self.live_trouble {
            _ if !is_over && behind > BEHIND => self.falls_behind(behind),
            Some(trouble) => LogSourceState::Waiting(trouble.clone()),
            None => LogSourceState::Following,
        });
        self.missing.retain(|missing| !lines.iter().any(|line| line.at == *missing));
        self.hand_over(lines, is_over);
        let pages = open.pages + 1;
        let pause = budget.map_or(Duration::ZERO, super::Budget::pause);
        if is_over {
            if let Some(done) = self.done {
                self.seen.forget_before(done);
            }
            self.due = Some(asked + self.pace.every.max(pause));
            return;
        }
        // What remains is kept for pages while there is enough of it: only a budget that is nearly used up makes them wait.
        let pause = if budget.is_some_and(|budget| budget.remaining < 3) { pause } else { Duration::ZERO };
        let pause = if pages.is_multiple_of(PAGES) { pause.max(self.pace.every) } else { pause.max(PACE) };
        self.due = Some(asked + pause);
        self.open = Some(Open { window: open.window, cursor: next, pages, restarts: open.restarts });
    }

    fn falls_behind(&self, behind: Duration) -> LogSourceState {
        LogSourceState::Waiting(Trouble::new(
            TroubleKind::TimedOut,
            format!("read {}", self.system.place()),
            format!("more lines match than may be asked for: it is {} min behind", behind.as_secs() / 60),
            "narrow the query, so that it keeps up",
        ))
    }

    fn hand_over(&mut self, found: Vec<Found>, is_over: bool) {
        let new = found.into_iter().filter_map(|Found { id, at, line }| {
            let id = line_id(&id);
            self.seen.is_new(at, id).then_some((line, id))
        });
        let (lines, ids): (Vec<_>, Vec<_>) = new.unzip();
        if lines.is_empty() && !is_over {
            return;
        }
        // What stands in a window that was read to its end, and was not there, is lost.
        let lost = if is_over { self.missing.extract_if(.., |missing| Some(*missing) < self.done).count() } else { 0 };
        let (source, pool) = (self.config.id.clone(), self.config.pool.clone());
        self.outbox.lines(LogBatch {
            source,
            pool,
            lines,
            ids,
            dropped: lost as u64,
            watermark: self.done,
            by_time: true,
        });
    }

    /// Tells the trouble and begins the window anew after a pause.
    fn failed(&mut self, trouble: Trouble) {
        self.outbox.tell(LogSourceState::Waiting(trouble));
        self.failures = self.failures.saturating_add(1);
        let pause = self.pace.every.saturating_mul(1 << self.failures.min(6)).min(LONGEST.max(self.pace.every));
        self.due = Some(Instant::now() + pause);
        self.open = None;
    }
}

/// The least time between two batches.
const PACE: Duration = Duration::from_millis(10);

fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Timestamp(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

fn less(at: Timestamp, span: Duration) -> Timestamp {
    Timestamp(at.0.saturating_sub(i64::try_from(span.as_millis()).unwrap_or(i64::MAX)))
}
