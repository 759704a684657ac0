//! The deck: one loop, from keys, answers and time to messages, from messages to effects, from the model to frames.
//!
//! Control is served before telemetry. A key is drawn at once, what becomes of a change soon, telemetry at most sixty times a
//! second, and nothing where nothing changed. The terminal never holds the loop up (S3).
//!
//! - `turn`: what comes in, in order; `act`: what is done for the cockpit; `draw`: frames; `leave`: the background, the end.

mod act;
mod draw;
mod leave;
mod turn;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc::{Receiver, UnboundedReceiver};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::alarm::Alarm;
use super::clock;
use super::hands::Hands;
use super::look::Look;
use super::opening::Opening;
use super::queue::{Control, Telemetry};
use super::signal::Signals;
use super::source::{self, Aside, OnDisk};
use super::terminal::{FromTerminal, Keys, Screen, Terminal};
use crate::cockpit::{Model, Msg, Surroundings};
use crate::domain::Elapsed;
use crate::error::Error;
use crate::flight;
use crate::profile::Loaded;

/// Between two frames that no key asked for.
const FRAME: Duration = Duration::from_millis(16);
/// The same while a change is under way: its end is not to wait for the frame that showed its beginning.
const AWAITED: Duration = Duration::from_millis(4);
/// How long a frame waits for the answer of a router that was asked just now. Nearly all answer sooner.
const ANSWER: Duration = Duration::from_millis(5);

/// An act or fault of the built-in world, by its name; says what it did.
pub type DemoAct = Arc<dyn Fn(&str) -> String + Send + Sync>;

/// The built-in world, as far as the cockpit acts on it.
pub struct Demo {
    /// Its acts and faults: name and one line of help.
    pub listed: Vec<(String, String)>,
    /// Does them.
    pub act: DemoAct,
}

/// What a deck needs beside its session.
pub struct Fittings {
    /// The profile, to watch its files; none where the session's own is flown.
    pub profile: Option<PathBuf>,
    /// How it looks.
    pub look: Look,
    /// The built-in world, where it is flown.
    pub demo: Option<Demo>,
    /// Ends the program with a fault after this; for tests of that way out.
    pub panic_after: Option<Duration>,
}

/// How a deck ended.
#[derive(Debug)]
pub struct Landed {
    /// The signal that ended it, if one did.
    pub signal: Option<u8>,
}

/// What comes into the loop.
enum ToLoop {
    Cockpit(Msg),
    Terminal(FromTerminal),
    OnDisk(Box<OnDisk>),
}

impl From<Msg> for ToLoop {
    fn from(msg: Msg) -> Self {
        Self::Cockpit(msg)
    }
}

impl From<FromTerminal> for ToLoop {
    fn from(told: FromTerminal) -> Self {
        Self::Terminal(told)
    }
}

impl From<OnDisk> for ToLoop {
    fn from(told: OnDisk) -> Self {
        Self::OnDisk(Box::new(told))
    }
}

/// Why the loop ends.
enum End {
    Quit,
    Signal(u8),
    TerminalGone,
}

struct Deck {
    model: Model,
    hands: Hands,
    look: Look,
    demo: Option<DemoAct>,
    terminal: Terminal,
    screen: Screen,
    keys: Keys,
    signals: Signals,
    control: Control<ToLoop>,
    answers: UnboundedReceiver<ToLoop>,
    telemetry: Telemetry<ToLoop>,
    samples: Receiver<ToLoop>,
    tracker: TaskTracker,
    cancel: CancellationToken,
    /// Ends the sources of the profile that is flown now.
    sources: CancellationToken,
    aside: Aside,
    alarm: Alarm,
    /// A profile that was found on disk and could be taken in.
    found: Option<Loaded>,
    end: Option<End>,
    /// The version of the model that was handed over last.
    handed: Option<u64>,
    /// To the background, as soon as the loop comes round.
    is_leaving_front: bool,
    /// A key waits to be drawn.
    is_eager: bool,
    /// A change was under way since the last frame, or in it, or something was on its way into the journal.
    is_awaited: bool,
    /// No frame before this, but for a key's.
    held_until: Option<Elapsed>,
    drawn_at: Elapsed,
    /// How long the last frame took.
    frame_took: Duration,
    ticked_at: Elapsed,
    /// When it was last looked for what nothing tells: a terminal that is gone, a holder that is gone.
    beat_at: Elapsed,
}

/// Flies a session on the terminal until its operator leaves. Runs on the thread that called
/// [`super::terminal::panic::install`].
///
/// # Errors
/// When the terminal cannot be taken.
pub async fn fly(opening: Opening, fittings: Fittings) -> Result<Landed, Error> {
    let Opening { tools, flight, on_disk, first, notices } = opening;
    let (control, answers) = Control::new();
    let (telemetry, samples) = Telemetry::new();
    let (tracker, cancel) = (TaskTracker::new(), CancellationToken::new());
    let internal = |source: std::io::Error| Error::Terminal {
        why: format!("signals or keys cannot be listened to: {source}"),
        advice: "look at the limits of this shell".to_owned(),
    };
    let signals = Signals::new().map_err(internal)?;
    let terminal = Terminal::take(control.clone(), fittings.look.mouse)?;
    let keys = terminal.keys().map_err(internal)?;
    let alarm = Alarm::new().map_err(internal)?;
    let size = terminal.size().unwrap_or((80, 24));
    let (demo_acts, demo) = fittings.demo.map(|demo| (demo.listed, demo.act)).unzip();
    let around = Surroundings {
        solo: tools.store.is_private(),
        durability: tools.store.durability().words().to_owned(),
        profile: fittings
            .profile
            .as_ref()
            .map_or_else(|| "the session's own".to_owned(), |path| path.display().to_string()),
        directory: std::env::current_dir().map(|path| path.display().to_string()).unwrap_or_default(),
        zone_minutes: clock::zone_minutes(),
        demo: demo_acts.unwrap_or_default(),
    };
    let answer = control.clone();
    let tell = Arc::new(move |msg: flight::Msg| answer.put(ToLoop::Cockpit(Msg::Flight(msg))));
    let hands = Hands::new(tools, tell, tracker.clone(), cancel.clone());
    hands.follow(flight.session.head);
    if flight.crew.shared {
        hands.listen();
        hands.listen_to_parcels(act::lossy(&telemetry));
    }
    if let Some(profile) = &fittings.profile {
        source::watch_profile(profile, on_disk.clone(), control.clone(), &tracker, &cancel);
    }
    let model = Model::new(flight, fittings.look.settings(), around, clock::now(), size);
    let mut deck = Deck {
        model,
        hands,
        look: fittings.look,
        demo,
        terminal,
        screen: Screen::new(),
        keys,
        signals,
        control,
        answers,
        telemetry,
        samples,
        tracker,
        sources: cancel.child_token(),
        aside: Aside::default(),
        alarm,
        cancel,
        found: Some(on_disk),
        end: None,
        handed: None,
        is_leaving_front: false,
        is_eager: true,
        is_awaited: false,
        held_until: None,
        drawn_at: Elapsed(0),
        frame_took: Duration::ZERO,
        ticked_at: Elapsed(0),
        beat_at: Elapsed(0),
    };
    for notice in notices {
        deck.update(Msg::Told(notice));
    }
    for msg in first {
        deck.update(Msg::Flight(msg));
    }
    deck.follow_sources();
    let panic_at = fittings.panic_after.map(|after| clock::elapsed().plus(after));
    deck.run(panic_at).await;
    Ok(Box::pin(deck.land()).await)
}
