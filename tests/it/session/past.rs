//! What past sessions tell of a version: well done, rolled back, not over.

use std::sync::Arc;

use flightdeck::adapter::check::ran_in::{Past, PastAsked};
use flightdeck::domain::SessionId;
use flightdeck::domain::version::{End, History, latest};
use flightdeck::journal::{Appended, MemoryStore, Store};
use flightdeck::runtime::past::Sessions;
use flightdeck::session::Command;

use super::command::column;
use super::world::{ANA, World, procedure};

const HOUR: u64 = 3_600_000;
const SHIFTED: [&str; 3] =
    ["Confirm, the next step, alone with a reason", "NoteOutcome, verified", "NoteOutcome, verified"];

/// A session of a version that begins so many hours in, and these acts of its driver.
async fn flown(store: &MemoryStore, number: u128, version: &str, hours: u64, acts: &[&str]) {
    let mut world = World::new(procedure());
    world.time = hours * HOUR;
    let mut opening = world.opening(ANA);
    if let Command::Open { opened, .. } = &mut opening {
        version.clone_into(&mut opened.to_version);
    }
    world.does(ANA, opening);
    let baseline = world.as_read();
    world.does(ANA, Command::AcceptBaseline { routers: baseline });
    for act in acts {
        let command = (column(act).make)(&world, ANA);
        world.does(ANA, command);
    }
    for mut entry in world.entries {
        entry.session = SessionId(uuid::Uuid::from_u128(number));
        let kept = store.append(entry).await;
        assert!(matches!(kept, Appended::Kept { .. }), "{kept:?}");
    }
}

async fn history(store: &MemoryStore, environment: &str) -> History {
    let past = Sessions { store: Some(Arc::new(store.clone())), service: "payments-api".to_owned() };
    let asked = PastAsked { environment: environment.to_owned(), service: None, journal: None };
    past.history(&asked).await.expect("the journal answers")
}

#[tokio::test]
async fn the_newest_that_went_well_is_the_latest_and_what_came_after_took_its_place() {
    let store = MemoryStore::new();
    let done = [&SHIFTED[..], &["Close"]].concat();
    flown(&store, 1, "2.4.0", 0, &done).await;
    flown(&store, 2, "2.5.0", 48, &done).await;
    let told = history(&store, "prod").await;
    let versions: Vec<&str> = told.runs.iter().map(|run| run.version.as_str()).collect();
    assert_eq!((versions, told.is_whole), (vec!["2.5.0", "2.4.0"], true));
    assert_eq!(told.runs[0].end, End::Runs, "{:?}", told.runs[0]);
    assert!(matches!(&told.runs[1].end, End::Replaced { by, .. } if by == "2.5.0"), "{:?}", told.runs[1]);
    assert_eq!(latest(&told, "prod").map(|run| run.version.as_str()), Ok("2.5.0"));
    assert!(told.runs[0].by.contains("by ana, closed as"), "{}", told.runs[0].by);
    assert!(history(&store, "staging").await.runs.is_empty(), "another environment is another one");
}

#[tokio::test]
async fn what_was_rolled_back_or_is_not_over_is_not_the_latest() {
    let store = MemoryStore::new();
    let done = [&SHIFTED[..], &["Close"]].concat();
    let back = [&SHIFTED[..], &["RollBack", "NoteOutcome, verified", "NoteOutcome, verified", "Close"]].concat();
    flown(&store, 1, "2.4.0", 0, &done).await;
    flown(&store, 2, "2.5.0", 48, &back).await;
    let told = history(&store, "prod").await;
    assert!(matches!(told.runs[0].end, End::RolledBack { .. }), "{:?}", told.runs[0]);
    assert_eq!(latest(&told, "prod").map(|run| run.version.as_str()), Ok("2.4.0"));
    flown(&store, 3, "2.6.0", 96, &SHIFTED).await;
    let told = history(&store, "prod").await;
    assert_eq!(told.runs[0].end, End::Unsettled);
    assert!(latest(&told, "prod").is_err_and(|why| why.contains("is not over")));
}

#[tokio::test]
async fn a_session_that_did_nothing_says_nothing_and_no_journal_has_nothing() {
    let store = MemoryStore::new();
    flown(&store, 1, "2.4.0", 0, &["Close"]).await;
    assert!(history(&store, "prod").await.runs.is_empty());
    let nowhere = Sessions { store: None, service: "payments-api".to_owned() };
    let mut asked = PastAsked { environment: "prod".to_owned(), service: None, journal: None };
    assert!(nowhere.history(&asked).await.expect("it is not there yet").runs.is_empty());
    let folder = tempfile::tempdir().expect("a directory can be made");
    asked.journal = Some(folder.path().to_owned());
    let trouble = nowhere.history(&asked).await.expect_err("it names a journal that is not there");
    assert!(trouble.to_string().contains("there is no journal"), "{trouble}");
}
