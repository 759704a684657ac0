//! What `demo` and `open` share: the cockpit on a terminal.

use std::path::PathBuf;
use std::time::Duration;

use crate::error::Error;
use crate::runtime::deck::{Demo, Fittings, Landed, fly};
use crate::runtime::look::Look;
use crate::runtime::opening::Opening;

/// How the cockpit looks.
#[derive(Debug, clap::Args)]
pub(super) struct LookArgs {
    /// The theme to begin with, by name or as the path of its file
    #[arg(long, value_name = "THEME")]
    theme: Option<String>,
    /// Stop everything on the screen that moves
    #[arg(long)]
    no_motion: bool,
    /// End with a fault after so many milliseconds
    #[cfg(debug_assertions)]
    #[arg(long, value_name = "MS", hide = true)]
    panic_after: Option<u64>,
}

impl LookArgs {
    /// The look, or why there is none such.
    pub(super) fn look(&self) -> Result<Look, Error> {
        Look::new(self.theme.as_deref(), !self.no_motion)
            .map_err(|what| Error::Usage { what, advice: "name one of these with --theme".to_owned() })
    }

    #[cfg(debug_assertions)]
    fn panic_after(&self) -> Option<Duration> {
        self.panic_after.map(Duration::from_millis)
    }

    #[cfg(not(debug_assertions))]
    #[expect(clippy::unused_self, reason = "the same call in both builds")]
    fn panic_after(&self) -> Option<Duration> {
        None
    }
}

/// Flies a session on the terminal.
pub(super) async fn run(
    opening: Opening,
    profile: Option<PathBuf>,
    look: Look,
    args: &LookArgs,
    demo: Option<Demo>,
) -> Result<(), Error> {
    let fittings = Fittings { profile, look, demo, panic_after: args.panic_after() };
    let Landed { signal } = Box::pin(fly(opening, fittings)).await?;
    signal.map_or(Ok(()), |number| Err(Error::Signal { number }))
}
