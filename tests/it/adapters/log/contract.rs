//! What every kind of system that keeps logs must do, one scenario after the other.

use flightdeck::adapter::log::{Config, source};
use flightdeck::domain::TroubleKind;
use flightdeck::domain::log::LogSourceState;
use serde_json::json;

use super::followed::Followed;
use super::shelf::{PACE, SECRET, World, now};

/// Runs every scenario against one kind.
macro_rules! keeps_the_contract {
    ($world:path) => {
        $crate::adapters::log::contract::keeps_the_contract!($world;
            lines_come_once_from_all_pages
            late_lines_come_once
            empty_pages_are_no_end
            it_is_left_alone_as_long_as_it_says
            a_cursor_that_is_over_loses_nothing
            wrong_credentials_are_said_and_never_shown
            nonsense_is_said
            a_source_that_was_away_is_caught_up_with
            nobody_there_is_said
            hostile_lines_are_harmless_and_masked
            silence_is_proven_up_to_the_watermark
            a_probe_says_whether_it_is_there
        );
    };
    ($world:path; $($scenario:ident)*) => {
        mod contract {
            $(#[tokio::test]
            async fn $scenario() {
                crate::adapters::log::contract::$scenario($world()).await;
            })*
        }
    };
}
pub(super) use keeps_the_contract;

pub async fn lines_come_once_from_all_pages(world: World) {
    let begin = now() - 60_000;
    for number in 0..2_500 {
        world.shelf().put(begin + number, &format!("line {number}"));
    }
    let mut log = Followed::new(&world.config);
    log.until(|log| log.texts.len() >= 2_500).await;
    log.until_following().await;
    let asked = world.asked();
    log.until(|_| world.asked() > asked + 6).await;
    let wanted: Vec<String> = (0..2_500).map(|number| format!("line {number}")).collect();
    let got: Vec<&str> = log.lines.iter().map(|line| line.text.split(" attribute").next().unwrap()).collect();
    assert_eq!(got, wanted);
    assert_eq!(log.lines.first().unwrap().at.unwrap().0, begin);
    assert_eq!(log.dropped, 0);
}

pub async fn late_lines_come_once(world: World) {
    world.shelf().put(now() - 1_000, "early");
    let mut log = Followed::new(&world.config);
    log.until_text("early").await;
    let asked = world.asked();
    log.until(|_| world.asked() > asked + 3).await;
    let late = now() - 2_000;
    world.shelf().put(late, "late");
    log.until_text("late").await;
    let asked = world.asked();
    log.until(|_| world.asked() > asked + 6).await;
    assert_eq!(log.texts, ["early", "late"]);
    assert_eq!(log.lines.last().unwrap().at.unwrap().0, late);
}

pub async fn empty_pages_are_no_end(world: World) {
    let begin = now() - 60_000;
    world.shelf().empty_pages = true;
    for number in 0..2_100 {
        world.shelf().put(begin + number, &format!("line {number}"));
    }
    let mut log = Followed::new(&world.config);
    log.until(|log| log.texts.len() >= 2_100).await;
    assert_eq!(log.texts.last().unwrap(), "line 2099");
}

pub async fn it_is_left_alone_as_long_as_it_says(world: World) {
    world.shelf().put(now() - 1_000, "a");
    world.shelf().throttle = 1;
    let mut log = Followed::new(&world.config);
    let trouble = log.until_waiting().await;
    assert!(trouble.why.contains("429") && trouble.why.contains("again in 1 s"), "{trouble}");
    assert!(trouble.advice.contains("goes on by itself"), "{trouble}");
    log.until_text("a").await;
    log.until_following().await;
    let shelf = world.shelf();
    let kept_away = shelf.came_back.unwrap().duration_since(shelf.throttled.unwrap());
    assert!(kept_away.as_millis() >= 990, "{kept_away:?}");
}

pub async fn a_cursor_that_is_over_loses_nothing(world: World) {
    let begin = now() - 60_000;
    for number in 0..2_500 {
        world.shelf().put(begin + number, &format!("line {number}"));
    }
    world.shelf().expire = 1;
    let mut log = Followed::new(&world.config);
    log.until(|log| log.texts.len() >= 2_500).await;
    log.until_following().await;
    let asked = world.asked();
    log.until(|_| world.asked() > asked + 3).await;
    let mut texts = log.texts.clone();
    texts.sort();
    texts.dedup();
    assert_eq!((texts.len(), log.texts.len()), (2_500, 2_500));
}

pub async fn wrong_credentials_are_said_and_never_shown(world: World) {
    world.shelf().put(now() - 1_000, "a");
    world.shelf().is_locked = true;
    let mut log = Followed::new(&world.config);
    let trouble = log.until_waiting().await;
    assert_eq!(trouble.kind, TroubleKind::Denied, "{trouble}");
    assert!(trouble.why.contains("may not read"), "{trouble}");
    assert!(!trouble.to_string().contains(SECRET) && !trouble.to_string().contains("ana@example.com"), "{trouble}");
    let shown = format!("{:?}", world.config);
    assert!(!shown.contains(SECRET), "{shown}");
    world.shelf().is_locked = false;
    log.until_text("a").await;

    std::fs::remove_file(&world.secret).unwrap();
    let trouble = source(&world.config).unwrap().probe().await.unwrap_err();
    assert!(trouble.why.contains("secret") || trouble.why.contains("credentials"), "{trouble}");
}

pub async fn nonsense_is_said(world: World) {
    world.shelf().put(now() - 1_000, "a");
    world.shelf().is_garbage = true;
    let mut log = Followed::new(&world.config);
    let trouble = log.until_waiting().await;
    assert_eq!(trouble.kind, TroubleKind::Garbage, "{trouble}");
    assert!(!trouble.to_string().contains('\u{1b}'), "{trouble}");
    world.shelf().is_garbage = false;
    log.until_text("a").await;
}

pub async fn a_source_that_was_away_is_caught_up_with(world: World) {
    world.shelf().put(now() - 1_000, "before");
    let mut log = Followed::new(&world.config);
    log.until_text("before").await;
    world.shelf().is_down = true;
    let trouble = log.until_waiting().await;
    assert!(!trouble.advice.is_empty() && trouble.why.contains("500"), "{trouble}");
    world.shelf().put(now(), "meanwhile");
    world.shelf().is_down = false;
    log.until_text("meanwhile").await;
    log.until_following().await;
    assert_eq!(log.texts, ["before", "meanwhile"]);
}

pub async fn nobody_there_is_said(world: World) {
    world.web.end();
    let trouble = Followed::new(&world.config).until_waiting().await;
    assert_eq!(trouble.kind, TroubleKind::Unreachable, "{trouble}");
    assert!(trouble.what.contains(&world.web.address.to_string()), "{trouble}");
}

pub async fn hostile_lines_are_harmless_and_masked(world: World) {
    {
        let mut shelf = world.shelf();
        let line = shelf.put(now() - 1_000, "\u{1b}[2J card 4111 1111 1111 1111 \u{202e} ACC123");
        line.level = "error";
        line.attributes =
            json!({ "Properties": { "Pan": "abc", "Stan": "0042" }, "mail": "ana@example.com \u{1b}]0;x\u{7}" });
    }
    let config = Config {
        mask_fields: vec!["Properties.Pan".to_owned()],
        mask_patterns: vec!["ACC[0-9]+".to_owned()],
        ..world.config.clone()
    };
    let mut log = Followed::new(&config);
    log.until(|log| !log.lines.is_empty()).await;
    let line = &log.lines[0];
    assert!(line.text.starts_with("␛[2J card ••••1111 ‹U+202E› ‹masked›"), "{}", line.text);
    let all = line.fields().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>().join(" ");
    assert_eq!(line.field("Properties.Stan"), Some("0042"), "{all}");
    assert_eq!(line.field("Properties.Pan"), Some("‹masked›"), "{all}");
    assert_eq!(line.field("mail"), Some("‹email› ␛]0;x␇"), "{all}");
    assert!(!line.text.contains("abc") && !all.contains("abc"));
    assert!(!all.contains('\u{1b}') && !all.contains("ana@"));
}

pub async fn silence_is_proven_up_to_the_watermark(world: World) {
    let mut log = Followed::new(&world.config);
    log.until(|log| log.watermarks.len() > 5).await;
    let lag = i64::try_from(PACE.lag.as_millis()).unwrap();
    let latest = log.watermarks.last().unwrap().0;
    assert!((now() - lag - 10_000..=now() - lag).contains(&latest), "{latest}");
    assert!(log.watermarks.is_sorted());
    world.shelf().is_down = true;
    log.until_waiting().await;
    let stands = log.watermarks.last().copied();
    world.shelf().put(now(), "after");
    world.shelf().is_down = false;
    log.until_text("after").await;
    log.until(|log| log.watermarks.last().copied() > stands).await;
    assert!(log.watermarks.is_sorted());
}

pub async fn a_probe_says_whether_it_is_there(world: World) {
    world.shelf().put(now() - 1_000, "a");
    let here = source(&world.config).unwrap();
    let said = here.probe().await.unwrap();
    assert!(said.contains("can be read, 1 lines"), "{said}");
    world.shelf().is_down = true;
    let trouble = here.probe().await.unwrap_err();
    assert!(trouble.why.contains("500"), "{trouble}");
    assert!(matches!(LogSourceState::Waiting(trouble), LogSourceState::Waiting(_)));
}
