//! Whether a TCP connection is taken.

use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};

use super::{Check, Configured};
use crate::domain::Trouble;
use crate::domain::check::{Answer, Asking, Verdict};
use crate::setting::{Table, host_port};

/// What the profile says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Config {
    /// Host and port.
    pub at: String,
    /// How long it may take.
    pub timeout: Duration,
}

impl Config {
    /// Reads the keys of this kind.
    pub fn read(table: &mut Table<'_>, timeout: Duration) -> Option<Self> {
        let at = table.required("at", "Where to connect to: \"10.0.0.5:5432\".", &host_port());
        Some(Self { at: at?.value, timeout })
    }
}

impl Configured for Config {
    fn connect(&self) -> Result<Arc<dyn Check>, Trouble> {
        Ok(Arc::new(Tcp(self.clone())))
    }
}

struct Tcp(Config);

impl Check for Tcp {
    fn ask<'a>(&'a self, asking: &'a Asking) -> BoxFuture<'a, Answer> {
        async move {
            let begun = Instant::now();
            let answer = match timeout(self.0.timeout, TcpStream::connect(&self.0.at)).await {
                Ok(Ok(_stream)) => {
                    let words = format!("connected in {} ms", begun.elapsed().as_millis());
                    Answer::new(Verdict::Pass, words, asking.now)
                }
                // Nobody listens there: that is an answer, and it is no.
                Ok(Err(error)) if error.kind() == std::io::ErrorKind::ConnectionRefused => {
                    Answer::new(Verdict::Fail, "connection refused", asking.now)
                }
                Ok(Err(error)) => Answer::new(Verdict::Inconclusive, error.to_string(), asking.now),
                Err(_elapsed) => {
                    let words = format!("no answer within {} ms", self.0.timeout.as_millis());
                    Answer::new(Verdict::Inconclusive, words, asking.now)
                }
            };
            answer.with("connect", self.0.at.as_str())
        }
        .boxed()
    }
}
