//! The deck: one loop, from keys, answers and time to messages, from messages to effects, from the model to frames.
//!
//! Control is served before telemetry. A key is drawn at once, telemetry at most sixty times a second, and nothing where
//! nothing changed. The terminal never holds the loop up (S3).

mod leave;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crossterm::event::Event;
use ratatui::buffer::Buffer;
use tokio::sync::mpsc::{Receiver, UnboundedReceiver};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::adapter::Adapters;
use super::hands::Hands;
use super::look::Look;
use super::opening::{Opening, changed};
use super::queue::{Control, Telemetry};
use super::signal::{Signal, Signals};
use super::source::{self, OnDisk};
use super::terminal::{FromTerminal, Keys, Screen, Terminal, panic};
use super::{clipboard, clock};
use crate::cockpit::{self, Effect, Model, Msg, Surroundings};
use crate::domain::Elapsed;
use crate::error::Error;
use crate::flight::{self, ChangedProfile, Notice, Tone};
use crate::input;
use crate::profile::Loaded;

/// Between two frames that no key asked for.
const FRAME: Duration = Duration::from_millis(16);
/// Between two ticks, at most; also how often a vanished terminal is looked for.
const BEAT: Duration = Duration::from_secs(1);
/// Between two ticks, at least.
const REST: Duration = Duration::from_millis(10);
/// Telemetry that is taken in before the loop looks up again.
const BATCH: usize = 32;

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
    /// The profile, to watch its files.
    pub profile: PathBuf,
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
    /// A profile that was found on disk and could be taken in.
    found: Option<Loaded>,
    end: Option<End>,
    /// The version of the model that was handed over last.
    handed: Option<u64>,
    /// To the background, as soon as the loop comes round.
    is_leaving_front: bool,
    /// A key waits to be drawn.
    is_eager: bool,
    drawn_at: Elapsed,
    ticked_at: Elapsed,
}

/// Flies a session on the terminal until its operator leaves. Runs on the thread that called
/// [`panic::install`].
///
/// # Errors
/// When the terminal cannot be taken.
pub async fn fly(opening: Opening, fittings: Fittings) -> Result<Landed, Error> {
    let Opening { store, flight, adapters, on_disk, first, notices } = opening;
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
    let size = terminal.size().unwrap_or((80, 24));
    let (demo_acts, demo) = fittings.demo.map(|demo| (demo.listed, demo.act)).unzip();
    let around = Surroundings {
        solo: store.is_private(),
        durability: store.durability().words().to_owned(),
        profile: fittings.profile.display().to_string(),
        demo: demo_acts.unwrap_or_default(),
    };
    let answer = control.clone();
    let tell = Arc::new(move |msg: flight::Msg| answer.put(ToLoop::Cockpit(Msg::Flight(msg))));
    let hands = Hands::new(adapters, store, flight.id, tell, tracker.clone(), cancel.clone());
    hands.follow(flight.session.head);
    source::watch_profile(&fittings.profile, on_disk.clone(), control.clone(), &tracker, &cancel);
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
        cancel,
        found: Some(on_disk),
        end: None,
        handed: None,
        is_leaving_front: false,
        is_eager: true,
        drawn_at: Elapsed(0),
        ticked_at: Elapsed(0),
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
    Ok(deck.land().await)
}

impl Deck {
    async fn run(&mut self, panic_at: Option<Elapsed>) {
        while self.end.is_none() {
            if std::mem::take(&mut self.is_leaving_front) {
                self.suspend().await;
                continue;
            }
            self.draw();
            assert!(panic_at.is_none_or(|at| clock::elapsed() < at), "asked for by --panic-after");
            let rest = self.rest().min(panic_at.map_or(BEAT, clock::until));
            tokio::select! {
                biased;
                signal = self.signals.next() => self.signal(signal),
                // Before keys: that a dialog was drawn must be known before a key that answers it (F2).
                Some(message) = self.answers.recv() => self.take(message),
                event = self.keys.next() => self.event(event),
                message = panic::next() => self.tell(
                    Tone::Bad,
                    format!("flightdeck has a fault: {message}; the deck flies on, its own log has more"),
                ),
                () = sleep(rest) => self.tick_when_due(),
                Some(sample) = self.samples.recv() => self.take_batch(sample),
            }
        }
    }

    /// How long until something is due without anything coming in.
    fn rest(&self) -> Duration {
        let now = clock::elapsed();
        let mut at = self.ticked_at.plus(BEAT);
        if let Some(wakes_at) = self.model.wakes_at() {
            at = at.min(wakes_at.max(self.ticked_at.plus(REST)));
        }
        if self.is_dirty() && self.terminal.is_free() {
            at = at.min(self.drawn_at.plus(FRAME));
        }
        at.since(now)
    }

    fn tick_when_due(&mut self) {
        let now = clock::elapsed();
        let beat = now >= self.ticked_at.plus(BEAT);
        if beat && self.terminal.size().is_err() {
            self.end = Some(End::TerminalGone);
        }
        let wakes = self.model.wakes_at().is_some_and(|at| now >= at.max(self.ticked_at.plus(REST)));
        if beat || wakes {
            self.ticked_at = now;
            let dropped = self.telemetry.take_dropped();
            if dropped > 0 {
                self.update(Msg::Dropped { count: dropped });
            }
            self.update(Msg::Flight(flight::Msg::Tick));
        }
    }

    fn signal(&mut self, signal: Signal) {
        match signal {
            Signal::End(number) => {
                tracing::info!(number, "ended by a signal");
                self.end = Some(End::Signal(number));
            }
            Signal::Suspend => self.is_leaving_front = true,
            // Whoever stopped it may have left the terminal in other modes.
            Signal::Continue => {
                if self.terminal.enter().is_err() {
                    self.end = Some(End::TerminalGone);
                }
                self.screen.forget();
            }
            Signal::Resize => self.resize(),
        }
    }

    fn event(&mut self, event: Option<Event>) {
        self.is_eager = true;
        match event {
            Some(Event::Resize(..)) => self.resize(),
            Some(event) => {
                if let Some(msg) = input::read(&event, &self.model) {
                    self.update(msg);
                }
            }
            None => self.end = Some(End::TerminalGone),
        }
    }

    fn resize(&mut self) {
        match self.terminal.size() {
            Ok((columns, rows)) => {
                self.is_eager = true;
                self.update(Msg::Resized { columns, rows });
            }
            Err(_gone) => self.end = Some(End::TerminalGone),
        }
    }

    fn take_batch(&mut self, first: ToLoop) {
        self.take(first);
        for _ in 1..BATCH {
            match self.samples.try_recv() {
                Ok(sample) => self.take(sample),
                Err(_none_left) => break,
            }
        }
    }

    fn take(&mut self, message: ToLoop) {
        match message {
            ToLoop::Cockpit(msg) => self.update(msg),
            ToLoop::Terminal(FromTerminal::Written { version }) => self.update(Msg::Drawn { version }),
            ToLoop::Terminal(FromTerminal::Lost(error)) => {
                tracing::warn!(%error, "the terminal is gone");
                self.end = Some(End::TerminalGone);
            }
            ToLoop::OnDisk(told) => self.found_on_disk(told.0),
        }
    }

    fn found_on_disk(&mut self, found: Result<Loaded, crate::profile::Problems>) {
        let changed = match found {
            Ok(loaded) if loaded.procedure.digest == self.model.flight.procedure.digest => None,
            Ok(loaded) => {
                let changed = changed(&loaded);
                self.found = Some(loaded);
                Some(Box::new(changed))
            }
            Err(problems) => {
                let why = problems.0.first().map(ToString::to_string).unwrap_or_default();
                Some(Box::new(ChangedProfile::Bad { why }))
            }
        };
        self.update(Msg::Flight(flight::Msg::ProfileDiffers { changed }));
    }

    fn update(&mut self, msg: Msg) {
        let flown = self.model.flight.procedure.digest;
        for effect in cockpit::update(&mut self.model, clock::now(), msg) {
            self.perform(effect);
        }
        if self.model.flight.procedure.digest != flown {
            self.change_adapters();
        }
    }

    fn perform(&mut self, effect: Effect) {
        match effect {
            // What the flight tells is in the model already; here it goes into the log.
            Effect::Flight(effect) => drop(self.hands.perform(effect)),
            Effect::Copy(text) => self.screen.aside(&clipboard::copy(&text)),
            Effect::Bell => self.screen.aside(b"\x07"),
            Effect::Redraw => self.screen.forget(),
            Effect::Mouse { capture } => {
                let bytes = self.terminal.mouse(capture);
                self.screen.aside(bytes.as_bytes());
            }
            Effect::Theme(name) => {
                self.look.choose(&name);
                self.screen.forget();
            }
            Effect::Demo(name) => {
                if let Some(act) = &self.demo {
                    let said = act(&name);
                    self.control.put(Msg::DemoSaid(said).into());
                }
            }
            Effect::Suspend => self.is_leaving_front = true,
            Effect::Quit => self.end = Some(End::Quit),
        }
    }

    /// The profile that is flown is another one: its routers and sources take the place of the old ones.
    fn change_adapters(&mut self) {
        let digest = self.model.flight.procedure.digest;
        let Some(found) = self.found.as_ref().filter(|found| found.procedure.digest == digest) else { return };
        match Adapters::new(&found.adapters) {
            Ok(adapters) => {
                self.hands.adapters = adapters;
                self.follow_sources();
            }
            Err(trouble) => self.tell(Tone::Bad, format!("the old routers and sources stay: {trouble}")),
        }
    }

    fn follow_sources(&mut self) {
        self.sources.cancel();
        self.sources = self.cancel.child_token();
        source::follow(&self.hands.adapters, &self.control, &self.telemetry, &self.tracker, &self.sources);
    }

    fn tell(&mut self, tone: Tone, text: String) {
        self.update(Msg::Told(Notice { tone, text }));
    }

    fn is_dirty(&self) -> bool {
        self.handed != Some(self.model.version) || self.screen.is_urgent()
    }

    fn draw(&mut self) {
        let now = clock::elapsed();
        let is_due = self.is_eager || now >= self.drawn_at.plus(FRAME);
        if !self.is_dirty() || !is_due || !self.terminal.is_free() || self.end.is_some() {
            return;
        }
        let mut buffer = Buffer::empty(Screen::area(self.model.size));
        self.look.draw(&self.model, &mut buffer);
        let version = self.model.version;
        self.drawn_at = now;
        match self.screen.frame(buffer, None) {
            // What was handed over has gone out, and shows this version too.
            Ok(bytes) if bytes.is_empty() => {
                self.handed = Some(version);
                self.is_eager = false;
                self.update(Msg::Drawn { version });
            }
            Ok(bytes) => {
                if self.terminal.frame(bytes, version) {
                    self.handed = Some(version);
                    self.is_eager = false;
                } else {
                    self.screen.forget();
                }
            }
            Err(error) => tracing::error!(%error, "a frame could not be made"),
        }
    }
}
