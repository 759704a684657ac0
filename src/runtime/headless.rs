//! A flight without a screen: what `rollback` and `status` run. The same flight, the same journal, the same hands.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::clock;
use super::hands::{Hands, Tell};
use super::opening::Opening;
use super::queue::Control;
use super::signal::{Signal, Signals};
use crate::error::Error;
use crate::flight::execute::Phase;
use crate::flight::{Ask, Flight, Msg, Notice};

/// How often time passes for a flight without a screen, at least.
const BEAT: Duration = Duration::from_millis(100);
/// How long answers are waited for when it must end (S1).
pub(super) const GRACE: Duration = Duration::from_secs(2);

/// A flight without a screen.
pub struct Headless {
    /// The flight.
    pub flight: Flight,
    /// What it told so far.
    pub notices: Vec<Notice>,
    hands: Hands,
    answers: UnboundedReceiver<Msg>,
    signals: Signals,
    tracker: TaskTracker,
    cancel: CancellationToken,
}

impl Headless {
    /// Takes a session up: it is told what comes first, and its journal is followed.
    ///
    /// # Errors
    /// When signals cannot be listened to.
    pub fn start(opening: Opening) -> Result<Self, Error> {
        let Opening { tools, flight, first, notices, on_disk: _ } = opening;
        let signals = Signals::new().map_err(|source| Error::Internal {
            what: format!("signals cannot be listened to: {source}"),
            log: "the state directory".to_owned(),
        })?;
        let (control, answers) = Control::new();
        let (tracker, cancel) = (TaskTracker::new(), CancellationToken::new());
        let tell: Tell = Arc::new(move |msg| control.put(msg));
        let heard = tell.clone();
        let hands = Hands::new(tools, tell, tracker.clone(), cancel.clone());
        hands.follow(flight.session.head);
        if flight.crew.shared {
            hands.listen();
            hands.listen_to_parcels(heard);
        }
        let mut headless = Self { flight, notices, hands, answers, signals, tracker, cancel };
        for msg in first {
            headless.take(msg);
        }
        headless.take(Msg::Tick);
        Ok(headless)
    }

    /// The moment, by this host's clocks.
    pub fn now(&self) -> crate::domain::Now {
        clock::now()
    }

    /// Asks something of the flight.
    pub fn ask(&mut self, ask: Ask) {
        self.take(Msg::Ask(ask));
    }

    /// Flies until something holds, and says whether it came to hold in time.
    ///
    /// # Errors
    /// When a signal asks to end. Nothing more is sent then, and what was sent got its time to answer.
    pub async fn fly_until(&mut self, patience: Duration, holds: impl Fn(&Flight) -> bool) -> Result<bool, Error> {
        let until = clock::elapsed().plus(patience);
        loop {
            if holds(&self.flight) {
                return Ok(true);
            }
            if clock::elapsed() >= until {
                return Ok(false);
            }
            tokio::select! {
                biased;
                signal = self.signals.next() => if let Signal::End(number) = signal {
                    self.hands.fences.end();
                    self.settle().await;
                    return Err(Error::Signal { number });
                },
                Some(msg) = self.answers.recv() => self.take(msg),
                () = sleep(BEAT) => self.take(Msg::Tick),
            }
        }
    }

    /// Flies on while something else is waited for.
    ///
    /// # Errors
    /// When a signal asks to end.
    pub async fn meanwhile<T>(&mut self, waited: impl Future<Output = T>) -> Result<T, Error> {
        let mut waited = std::pin::pin!(waited);
        loop {
            tokio::select! {
                biased;
                signal = self.signals.next() => if let Signal::End(number) = signal {
                    return Err(Error::Signal { number });
                },
                done = &mut waited => return Ok(done),
                Some(msg) = self.answers.recv() => self.take(msg),
                () = sleep(BEAT) => self.take(Msg::Tick),
            }
        }
    }

    /// Waits a moment for what is on its way, then ends every task.
    pub async fn end(mut self) {
        self.settle().await;
        self.cancel.cancel();
        self.tracker.close();
        timeout(GRACE, self.tracker.wait()).await.ok();
    }

    async fn settle(&mut self) {
        let until = clock::elapsed().plus(GRACE);
        while is_unsettled(&self.flight) && clock::elapsed() < until {
            tokio::select! {
                biased;
                Some(msg) = self.answers.recv() => self.take(msg),
                () = sleep(BEAT) => self.take(Msg::Tick),
            }
        }
    }

    fn take(&mut self, msg: Msg) {
        for effect in self.flight.update(clock::now(), msg) {
            self.notices.extend(self.hands.perform(effect));
        }
    }
}

/// Whether answers or entries are still on their way.
pub(super) fn is_unsettled(flight: &Flight) -> bool {
    let is_open = |phase: Phase| match phase {
        Phase::Sending | Phase::ReadingBack { .. } | Phase::Asking { .. } => true,
        Phase::Done => false,
    };
    (flight.link.is_busy() && flight.link.broken.is_none())
        || flight.tellings.is_busy()
        || flight.executing.iter().any(|execution| execution.legs.values().any(|leg| is_open(leg.phase)))
}
