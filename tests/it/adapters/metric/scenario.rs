//! What a source that answers queries must do, whatever system it asks.

use std::sync::Arc;
use std::time::Duration;

use flightdeck::adapter::metric::MetricSource;
use flightdeck::domain::measure::Sample;
use flightdeck::domain::metric::Look;
use flightdeck::domain::{Trouble, TroubleKind};
use flightdeck::profile::{Loaded, ProfileFile, parse};
use tempfile::TempDir;

use super::fake::{Fake, Gives, World};
use crate::support::web::{Said, Web};

/// What the fakes take.
pub const SECRET: &str = "s3cr3t-of-the-test";

/// A source with its fake.
pub struct Scene {
    pub web: Web<World>,
    pub source: Arc<dyn MetricSource>,
    pub loaded: Loaded,
    _folder: TempDir,
}

/// A profile with one source of the whole service and one panel.
pub fn profile(keys: &str, kind: &str, panel: &str) -> Loaded {
    let text = format!(
        "service = \"order-api\"\nenvironment = \"test\"\nnew = \"blue\"\n[pools.blue]\n[pools.green]\n\
         [[metrics]]\nname = \"m\"\nkind = \"{kind}\"\ntimeout = \"2s\"\n{keys}\n\
         [[panel]]\nname = \"panel\"\nsource = \"m\"\n{panel}\n"
    );
    let file = ProfileFile { path: "profile.toml".to_owned(), bytes: text.into_bytes() };
    parse(&[file]).unwrap_or_else(|problems| panic!("{problems}"))
}

/// The only source of a profile.
pub fn source(loaded: &Loaded) -> Arc<dyn MetricSource> {
    let config = &loaded.adapters.metrics[0];
    config.configured.connect(&config.queries).expect("it can be made")
}

impl Scene {
    pub fn of<F: Fake>() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let secret = folder.path().join("secret");
        std::fs::write(&secret, SECRET).unwrap();
        let now = chrono::Utc::now().timestamp_millis();
        let world = World { gives: Gives::Value(0.25), secret: SECRET.to_owned(), at: now, frozen_ms: 0 };
        let web = Web::start(world, F::answer);
        let keys = F::keys(&format!("http://{}", web.address), &secret);
        let panel = format!("query = \"{}\"\nwindow = \"1s\"\nunit = \"percent\"", F::QUERY);
        let loaded = profile(&keys, F::NAME, &panel);
        let source = source(&loaded);
        Self { web, source, loaded, _folder: folder }
    }

    pub fn gives(&self, gives: Gives) {
        self.web.state().gives = gives;
    }

    pub async fn look(&self) -> Result<Option<Sample>, Trouble> {
        value(self.source.as_ref()).await
    }

    /// Looks until the answer from memory is over.
    async fn look_anew(&self) -> Result<Option<Sample>, Trouble> {
        let asked = self.web.asked().len();
        for _ in 0..200 {
            let look = self.look().await;
            if self.web.asked().len() > asked {
                return look;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("it never asks again");
    }

    async fn trouble(&self) -> Trouble {
        let trouble = self.look_anew().await.expect_err("it cannot say anything");
        let told = format!("{trouble} {trouble:?}");
        assert!(!told.contains(SECRET), "a trouble quotes the secret: {told}");
        assert!(!trouble.what.is_empty() && !trouble.why.is_empty() && !trouble.advice.is_empty(), "{trouble:?}");
        trouble
    }
}

/// The value of a source with one query.
pub async fn value(source: &dyn MetricSource) -> Result<Option<Sample>, Trouble> {
    match source.look().await {
        Look::Values(mut answers) => {
            assert_eq!(answers.len(), 1, "{answers:?}");
            answers.remove(0).value
        }
        Look::Counters(scrape) => panic!("not values: {scrape:?}"),
    }
}

pub async fn a_value_has_a_time_of_its_own<F: Fake>() {
    let scene = Scene::of::<F>();
    let sample = scene.look().await.unwrap().expect("there is a value");
    assert!((sample.value - 0.25).abs() < 1e-9, "{sample:?}");
    let age = chrono::Utc::now().timestamp_millis() - sample.at.0;
    assert!((0..5_000).contains(&age), "it is {age} ms old");
}

pub async fn the_same_sample_read_twice_is_known_as_one<F: Fake>() {
    let scene = Scene::of::<F>();
    for _ in 0..50 {
        let (first, second) = (scene.look().await.unwrap().unwrap(), scene.look().await.unwrap().unwrap());
        if first.at == second.at {
            return;
        }
    }
    panic!("no two looks give the same sample");
}

pub async fn the_next_sample_is_another_one<F: Fake>() {
    let scene = Scene::of::<F>();
    let first = scene.look().await.unwrap().unwrap();
    scene.web.state().at += 1000;
    for _ in 0..200 {
        if scene.look().await.unwrap().unwrap().at > first.at {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("its time never moves");
}

pub async fn what_is_missing_stays_missing<F: Fake>() {
    for gives in [Gives::Nothing, Gives::NotANumber] {
        let scene = Scene::of::<F>();
        scene.gives(gives);
        assert_eq!(scene.look().await, Ok(None));
        let (found, remarks) = scene.source.probe().await.unwrap();
        assert!(found.starts_with("0 of 1"), "{found}");
        assert!(remarks.iter().any(|remark| remark.contains("no value")), "{remarks:?}");
    }
}

pub async fn several_series_are_refused_with_advice<F: Fake>() {
    let scene = Scene::of::<F>();
    scene.gives(Gives::Several);
    assert_eq!(scene.trouble().await.kind, TroubleKind::Mismatch);
}

pub async fn a_no_is_told_without_the_secret<F: Fake>() {
    let scene = Scene::of::<F>();
    // A bad system repeats what it was shown.
    scene.gives(Gives::Said(Said::text(403, &format!("{SECRET} may not"))));
    assert_eq!(scene.trouble().await.kind, TroubleKind::Denied);
    assert!(!format!("{:?}", scene.loaded).contains(SECRET));
    let scene = Scene::of::<F>();
    scene.web.state().secret = "another".to_owned();
    assert_eq!(scene.trouble().await.kind, TroubleKind::Denied);
}

pub async fn a_system_that_is_asked_too_often_is_left_alone<F: Fake>() {
    let scene = Scene::of::<F>();
    scene.gives(Gives::Said(Said::text(429, "slow down").with("Retry-After", "3600")));
    let told = scene.trouble().await;
    assert_eq!(told.kind, TroubleKind::Denied);
    assert!(told.why.contains("429") && told.advice.contains("interval"), "{told}");
    let asked = scene.web.asked().len();
    scene.gives(Gives::Value(1.0));
    let again = scene.look().await.expect_err("it stays away");
    assert!(again.why.contains("not asked for another"), "{again}");
    assert_eq!(scene.web.asked().len(), asked, "it was asked all the same");
}

pub async fn it_is_asked_again_when_its_time_is_over<F: Fake>() {
    let scene = Scene::of::<F>();
    scene.gives(Gives::Said(Said::text(429, "").with("X-RateLimit-Reset", "1")));
    scene.trouble().await;
    scene.gives(Gives::Value(1.0));
    for _ in 0..200 {
        if let Ok(value) = scene.look().await {
            assert!(value.is_some());
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("it stays away for ever");
}

pub async fn a_system_that_hangs_is_given_up<F: Fake>() {
    let scene = Scene::of::<F>();
    scene.web.freeze(true);
    let trouble = scene.look().await.expect_err("nobody answers");
    assert_eq!(trouble.kind, TroubleKind::TimedOut, "{trouble}");
    assert!(trouble.advice.contains("timeout"), "{trouble}");
    scene.web.freeze(false);
}

pub async fn nobody_there_is_said<F: Fake>() {
    let scene = Scene::of::<F>();
    scene.web.end();
    let trouble = scene.look().await.expect_err("nobody is there");
    assert_eq!(trouble.kind, TroubleKind::Unreachable, "{trouble}");
    let trouble = scene.source.probe().await.expect_err("nobody is there");
    assert!(trouble.what.contains("127.0.0.1"), "{trouble}");
}

pub async fn garbage_is_no_value<F: Fake>() {
    for body in ["", "<html>login</html>", "{}", "[]", "{\"status\":\"success\"}", "null"] {
        let scene = Scene::of::<F>();
        scene.gives(Gives::Said(Said::text(200, body)));
        match scene.look().await {
            Ok(None) => {}
            Ok(Some(sample)) => panic!("{sample:?} of {body}"),
            Err(trouble) => {
                assert!(matches!(trouble.kind, TroubleKind::Garbage | TroubleKind::Mismatch), "{trouble}");
            }
        }
    }
    let scene = Scene::of::<F>();
    scene.gives(Gives::Said(Said::text(200, "<html>login</html>")));
    assert_eq!(scene.trouble().await.kind, TroubleKind::Garbage);
}

pub async fn a_fault_of_the_system_is_told<F: Fake>() {
    let scene = Scene::of::<F>();
    scene.gives(Gives::Said(Said::text(500, "\u{1b}[2Jout of memory")));
    let trouble = scene.trouble().await;
    assert_eq!(trouble.kind, TroubleKind::Unreachable);
    assert!(!trouble.to_string().contains('\u{1b}'), "{trouble}");
}

pub async fn check_says_what_was_found<F: Fake>() {
    let scene = Scene::of::<F>();
    let (found, remarks) = scene.source.probe().await.unwrap();
    assert!(found.starts_with("1 of 1"), "{found}");
    assert_eq!(remarks, Vec::<String>::new());
}

pub async fn what_was_before_is_told_with_its_gaps<F: Fake>() {
    let scene = Scene::of::<F>();
    let past = scene.source.past(Duration::from_secs(20), Duration::from_secs(1)).await.unwrap();
    if !F::REMEMBERS {
        assert_eq!(past, Vec::new());
        return;
    }
    assert_eq!(past.len(), 1);
    let points = &past[0].points;
    assert!((15..=21).contains(&points.len()), "{points:?}");
    assert!(points.windows(2).all(|pair| pair[0].0 < pair[1].0), "{points:?}");
    assert_eq!(points.iter().filter(|(_, value)| value.is_none()).count(), 1, "{points:?}");
    let age = chrono::Utc::now().timestamp_millis() - points.last().unwrap().0.0;
    assert!((0..5_000).contains(&age), "the newest is {age} ms old");
    scene.gives(Gives::Said(Said::text(500, "")));
    assert!(scene.source.past(Duration::from_secs(20), Duration::from_secs(1)).await.is_err());
}
