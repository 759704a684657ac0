//! Asks running workers what they were started with.

use std::sync::PoisonError;
use std::time::Duration;

use tokio::time::{Instant, sleep, timeout_at};

use super::Nginx;
use super::text::Marker;
use crate::adapter::http::{Client, Request};
use crate::domain::{Trouble, TroubleKind};

/// So many equal answers in a row, over at least [`SPAN`], prove that no worker of another sort takes connections: both
/// sorts do for a tenth of a second after a reload.
const IN_A_ROW: u32 = 5;

/// See [`IN_A_ROW`].
const SPAN: Duration = Duration::from_millis(250);

/// Between two answers that agree.
const PACE: Duration = Duration::from_millis(60);

/// Between two answers while new workers are awaited.
const HASTE: Duration = Duration::from_millis(10);

/// So many answers that are none are taken for an accident of the moment in which workers change.
const MISSES: u32 = 3;

/// What must be written where workers do not answer as they should.
const LOCATION: &str = "include the file in nginx's `http` block, and let the location that `status` names answer with it: \
                        return 200 \"$flightdeck\\n\";";

/// What workers say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Said {
    /// The last answer.
    pub(super) marker: Marker,
    /// Whether all say so, as far as can be told.
    pub(super) is_settled: bool,
}

impl Nginx {
    /// What workers say; `on_disk` is the time of writing that the file tells. One that was seen settled before, and is
    /// still that of the file, is settled.
    pub(super) async fn ask(&self, status: &Client, on_disk: Option<&str>) -> Result<Said, Trouble> {
        let known = self.settled.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let known = on_disk.filter(|at| *at == known);
        self.ask_until(status, |_| true, known, 1).await
    }

    /// Waits until all workers say that they were started with what was written at that time, as long as they may take.
    pub(super) async fn await_workers(&self, status: &Client, at: &str) -> Result<Said, Trouble> {
        self.ask_until(status, |marker| marker.at == at, None, MISSES).await
    }

    async fn ask_until(
        &self,
        status: &Client,
        is_wanted: impl Fn(&Marker) -> bool,
        known: Option<&str>,
        allowed: u32,
    ) -> Result<Said, Trouble> {
        let until = Instant::now() + self.config.timeout.max(Duration::from_secs(1));
        let (mut last, mut in_a_row, mut missed): (Option<Marker>, u32, u32) = (None, 0, 0);
        let mut since = Instant::now();
        loop {
            match timeout_at(until, once(status)).await {
                Err(_elapsed) => return unsettled(last, status),
                Ok(Err(trouble)) => {
                    missed += 1;
                    if missed >= allowed || trouble.kind == TroubleKind::TimedOut {
                        return Err(trouble);
                    }
                }
                Ok(Ok(marker)) => {
                    missed = 0;
                    if last.as_ref() == Some(&marker) {
                        in_a_row += 1;
                    } else {
                        (in_a_row, since) = (1, Instant::now());
                    }
                    let is_enough = in_a_row >= IN_A_ROW && since.elapsed() >= SPAN;
                    if is_wanted(&marker) && (is_enough || known == Some(marker.at.as_str())) {
                        self.settled.lock().unwrap_or_else(PoisonError::into_inner).clone_from(&marker.at);
                        return Ok(Said { marker, is_settled: true });
                    }
                    last = Some(marker);
                }
            }
            if Instant::now() >= until {
                return unsettled(last, status);
            }
            sleep(if last.as_ref().is_some_and(&is_wanted) { PACE } else { HASTE }).await;
        }
    }
}

fn unsettled(last: Option<Marker>, status: &Client) -> Result<Said, Trouble> {
    last.map(|marker| Said { marker, is_settled: false }).ok_or_else(|| {
        let advice = "see whether it hangs, or give it a longer `timeout`";
        Trouble::new(TroubleKind::TimedOut, what(status), "no worker answered within the time-out", advice)
    })
}

/// One answer of one worker.
async fn once(status: &Client) -> Result<Marker, Trouble> {
    let what = what(status);
    let answer = status.look(&Request::get(path(status))).await.map_err(|failure| failure.trouble(&what))?;
    if !answer.is_success() {
        let mut trouble = answer.refusal(&what);
        if answer.status == 404 {
            LOCATION.clone_into(&mut trouble.advice);
        }
        return Err(trouble);
    }
    Marker::of(&answer.text()).ok_or_else(|| {
        let why = format!("its answer is not that of a worker with our file: `{}`", answer.words());
        Trouble::new(TroubleKind::Garbage, what, why, LOCATION)
    })
}

/// What is asked, for people.
pub(super) fn what(status: &Client) -> String {
    format!("read {}{}", status.endpoint(), path(status))
}

/// An address without a path means the one of the examples.
fn path(status: &Client) -> &'static str {
    let shown = status.endpoint().to_string();
    let has_path = shown.split_once("://").is_some_and(|(_, rest)| rest.contains('/'));
    if has_path { "" } else { "/flightdeck" }
}
