//! Whole flights over the adapters of a profile: keys in, screens out, while routers, checks, actions and metrics are the
//! product's own and speak to whatever the profile names.
//!
//! Time passes only when a test says so: each look takes as long as its system takes, and none of it passes here. What a system
//! stamps by its own clock is therefore of no use in such a profile.

use std::sync::Arc;
use std::time::Duration;

use flightdeck::adapter::router::{Fence, SetAnswer};
use flightdeck::cockpit;
use flightdeck::domain::{ItemId, Now, Outcome, StepId};
use flightdeck::flight::{Ask, Effect, Msg};
use flightdeck::profile::{ProfileFile, parse};
use flightdeck::runtime::adapter::Adapters;
use flightdeck::session::Event;
use flightdeck::theme::Theme;
use tokio::runtime::{Builder, Runtime};

use super::app::App;
use super::scene::{drawn, text};

/// The adapters of a profile.
pub struct Outside {
    adapters: Adapters,
    runtime: Runtime,
}

/// A fence that lets everything out: the flight has looked at its deadline, and none of it passes meanwhile.
struct Open;

impl Fence for Open {
    fn may_send(&self) -> Result<(), String> {
        Ok(())
    }
}

impl Outside {
    /// Has an adapter do what is wanted, and waits for its answer.
    ///
    /// # Errors
    /// With the effect, where it is no adapter's.
    pub fn perform(&self, now: Now, effect: Effect) -> Result<Option<Msg>, Box<Effect>> {
        self.runtime.block_on(self.answer(now, effect)).map(Some)
    }

    async fn answer(&self, now: Now, effect: Effect) -> Result<Msg, Box<Effect>> {
        let Adapters { routers, checks, actions, .. } = &self.adapters;
        Ok(match effect {
            Effect::Read { router, poll } => {
                let result = routers[&router].router.read().await.map(Arc::new);
                Msg::RouterRead { router, poll, began: now, result }
            }
            Effect::Prepare { request, router, target, reading } => {
                let result = routers[&router].router.prepare(&target, reading.as_deref());
                Msg::Prepared { request, router, result }
            }
            Effect::Send(send) => {
                let router = &routers[&send.router].router;
                let outcome = outcome(router.set(&send.prepared, send.expected.as_ref(), &Open).await);
                Msg::SetAnswered { change: send.change, router: send.router, attempt: send.attempt, outcome }
            }
            Effect::AskCheck { check, request, asking } => {
                let answer = Box::new(checks[&check].ask(&asking).await);
                Msg::CheckAnswered { check, request, began: now, answer }
            }
            Effect::DescribeAction { request, action, acting } => {
                Msg::ActionDescribed { request, result: actions[&action].describe(&acting).await }
            }
            Effect::StartAction(start) => {
                let started = actions[&start.action].start(&start.acting, &Open).await;
                Msg::ActionAnswered { act: start.act, started }
            }
            Effect::LookAction(look) => {
                let seen = actions[&look.action].look(&look.acting, look.handle.as_deref()).await;
                Msg::ActionLooked { request: look.request, act: look.act, began: now, look: Box::new(seen) }
            }
            Effect::CancelAction(cancel) => {
                let said = actions[&cancel.action].cancel(&cancel.acting, &cancel.handle, &Open).await;
                Msg::ActionCancelAnswered { act: cancel.act, outcome: outcome(said) }
            }
            other => return Err(Box::new(other)),
        })
    }

    /// Looks at every metric source once.
    fn look(&self, now: Now) -> Vec<Msg> {
        let look = |each: &flightdeck::runtime::adapter::MetricAdapter| {
            let look = self.runtime.block_on(each.source.look());
            Msg::Looked { source: each.id.clone(), began: now, look }
        };
        self.adapters.metrics.iter().map(look).collect()
    }
}

fn outcome(said: SetAnswer) -> Outcome {
    match said {
        SetAnswer::Accepted => Outcome::Accepted,
        SetAnswer::Moved(read) => Outcome::Moved { read },
        SetAnswer::NotSent(why) => Outcome::NotSent { why },
        SetAnswer::Failed(why) => Outcome::Failed { why },
        SetAnswer::Unknown(why) => Outcome::Unknown { why },
    }
}

/// A cockpit over the systems of its profile.
pub struct Flown {
    /// The cockpit.
    pub app: App,
    outside: Arc<Outside>,
    interval: Duration,
    looked: Duration,
    passed: Duration,
}

impl Flown {
    /// Opens a session of a profile, from v2.4.0 to v2.5.0.
    pub fn open(profile: &str) -> Self {
        let file = ProfileFile { path: "profile.toml".to_owned(), bytes: profile.as_bytes().to_vec() };
        let loaded = parse(&[file]).unwrap_or_else(|problems| panic!("{problems}"));
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let adapters = {
            let _inside = runtime.enter();
            Adapters::new(&loaded.adapters).unwrap_or_else(|trouble| panic!("{trouble}"))
        };
        let interval = adapters.metrics.iter().map(|each| each.interval).min().unwrap_or(Duration::MAX);
        let outside = Arc::new(Outside { adapters, runtime });
        let hands = outside.clone();
        let app = App::over(loaded.procedure, Box::new(move |now, effect| hands.perform(now, effect)));
        let mut flown = Self { app, outside, interval, looked: Duration::ZERO, passed: Duration::ZERO };
        flown.pass(3);
        flown
    }

    /// Lets so many seconds pass; metrics are looked at by their interval.
    pub fn pass(&mut self, seconds: u64) -> &mut Self {
        for _ in 0..seconds {
            self.passed += Duration::from_secs(1);
            if self.passed.saturating_sub(self.looked) >= self.interval {
                self.looked = self.passed;
                for looked in self.outside.look(self.app.now()) {
                    self.app.tell(cockpit::Msg::Flight(looked));
                }
            }
            self.app.pass(1_000);
        }
        self.app.draw();
        self
    }

    /// Types keys, as in the tests of flows.
    pub fn keys(&mut self, keys: &str) -> &mut Self {
        self.app.keys(keys);
        self.app.draw();
        self
    }

    /// Ticks items.
    pub fn tick(&mut self, items: &[&str]) -> &mut Self {
        for item in items {
            self.app.ask(Ask::ToggleItem(ItemId::new((*item).to_owned())));
            let id = ItemId::new((*item).to_owned());
            assert!(self.app.model.flight.session.ticks.contains_key(&id), "{item}: {:?}", self.app.notices());
        }
        self
    }

    /// Fails with the screen where a text is not on it.
    #[track_caller]
    pub fn shows(&self, wanted: &[&str]) {
        let screen = self.screen();
        for each in wanted {
            assert!(screen.contains(each), "{each:?} is not on the screen:\n{screen}\n{:?}", self.app.notices());
        }
    }

    /// The screen as it is, 120 by 36.
    pub fn screen(&self) -> String {
        screen(&self.app)
    }

    /// Whether a step is done.
    pub fn is_done(&self, step: &str) -> bool {
        is_done(&self.app, step)
    }
}

/// The screen as it is, 120 by 36.
pub fn screen(app: &App) -> String {
    let theme = Theme::builtin("dark").expect("the default theme is built in");
    text(&drawn(&app.model, &theme, 120, 36))
}

/// Whether a step is done.
pub fn is_done(app: &App, step: &str) -> bool {
    app.model.flight.session.steps.contains_key(&StepId::from(step))
}

/// What the journal has of actions, a word each.
pub fn told(app: &App) -> Vec<String> {
    let told = app.events().filter_map(|event| match event {
        Event::ActionStarting(intent) => Some(format!("starting {}", intent.action)),
        Event::ActionStarted { handle, .. } => Some(format!("runs as {handle}")),
        Event::ActionUnknown { .. } => Some("unknown".to_owned()),
        Event::ActionEnded { end, .. } => Some(end.words()),
        _ => None,
    });
    told.collect()
}
