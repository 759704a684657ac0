//! The kind `command`: a program of this machine.

use std::sync::Arc;
use std::time::{Duration, Instant};

use flightdeck::adapter::action::Action;
use flightdeck::adapter::router::SetAnswer;
use flightdeck::domain::action::{ActionLook, ActionState, Started};

use super::{Closed, Open, acting, action};

const PATIENCE: Duration = Duration::from_secs(20);

fn script(text: &str) -> Arc<dyn Action> {
    // No shell of flightdeck's: this one is the program.
    action(&format!("kind = \"command\"\nrun = [\"/bin/sh\", \"-c\", '''{text}''']"), PATIENCE)
}

async fn until(action: &Arc<dyn Action>, is_it: impl Fn(&ActionLook) -> bool) -> ActionLook {
    let end = Instant::now() + PATIENCE;
    loop {
        let look = action.look(&acting("k"), Some("k")).await;
        if is_it(&look) {
            return look;
        }
        assert!(Instant::now() < end, "{look:?}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

fn is_over(look: &ActionLook) -> bool {
    !matches!(look.state, ActionState::Running { .. })
}

#[tokio::test]
async fn it_runs_with_the_versions_in_its_environment_and_its_last_lines_are_kept_masked() {
    let text = "echo $FLIGHTDECK_FROM $FLIGHTDECK_TO $FLIGHTDECK_POOL $FLIGHTDECK_KEY; echo mail ana@example.com >&2";
    let action = script(text);
    let description = action.describe(&acting("k")).await.unwrap();
    assert!(description.requests.contains(&"  FLIGHTDECK_TO=2.5.0".to_owned()), "{description:?}");
    assert_eq!(action.start(&acting("k"), &Open).await, Started::Running { handle: "k".to_owned(), link: None });
    let mut look = until(&action, is_over).await;
    look.log.sort();
    assert_eq!(
        (look.state, look.log),
        (ActionState::Succeeded, vec!["2.4.0 2.5.0 blue k".to_owned(), "mail ‹email›".to_owned()])
    );
}

#[tokio::test]
async fn nothing_is_filled_in_and_no_shell_reads_it() {
    let action = action("kind = \"command\"\nrun = [\"/bin/echo\", \"{to}\", \"$FLIGHTDECK_TO; ls\"]", PATIENCE);
    action.start(&acting("k"), &Open).await;
    assert_eq!(until(&action, is_over).await.log, ["{to} $FLIGHTDECK_TO; ls"]);
}

#[tokio::test]
async fn a_bad_exit_code_is_a_bad_end_and_so_is_a_signal() {
    let failing = script("echo no such image >&2; exit 3");
    failing.start(&acting("k"), &Open).await;
    let look = until(&failing, is_over).await;
    assert_eq!(
        (look.state, look.log),
        (ActionState::Failed { why: "exit code 3".to_owned() }, vec!["no such image".to_owned()])
    );
    let killed = script("kill -9 $$");
    killed.start(&acting("k"), &Open).await;
    let look = until(&killed, is_over).await;
    assert!(matches!(&look.state, ActionState::Failed { why } if why.contains("from outside")), "{look:?}");
}

#[tokio::test]
async fn a_key_runs_once_and_a_closed_fence_or_a_missing_program_starts_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let ran = folder.path().join("ran");
    let action = script(&format!("echo ran >> {}", ran.display()));
    assert!(matches!(action.start(&acting("k"), &Closed).await, Started::NotSent { .. }));
    for _ in 0..2 {
        assert!(matches!(action.start(&acting("k"), &Open).await, Started::Running { .. }));
    }
    until(&action, is_over).await;
    assert_eq!(std::fs::read_to_string(&ran).unwrap(), "ran\n");
    let missing = super::action("kind = \"command\"\nrun = [\"/nowhere/deploy\"]", PATIENCE);
    assert!(matches!(missing.start(&acting("k"), &Open).await, Started::NotSent { .. }));
    assert!(missing.describe(&acting("k")).await.is_err() && missing.probe().await.is_err());
}

#[tokio::test]
async fn it_is_cancelled_with_all_that_it_started() {
    let action = script("sleep 600 & echo begun; wait");
    action.start(&acting("k"), &Open).await;
    until(&action, |look| !look.log.is_empty()).await;
    assert!(matches!(action.cancel(&acting("k"), "k", &Closed).await, SetAnswer::NotSent(_)));
    assert!(matches!(action.cancel(&acting("k"), "k", &Open).await, SetAnswer::Accepted));
    let look = until(&action, is_over).await;
    assert_eq!(look.state, ActionState::Failed { why: "cancelled".to_owned() });
    assert!(matches!(action.cancel(&acting("k"), "k", &Open).await, SetAnswer::NotSent(_)));
}

#[tokio::test]
async fn whatever_it_writes_little_is_kept_and_it_does_not_stand_still() {
    let action = script(
        "i=0; while [ $i -lt 3000 ]; do echo line $i; i=$((i+1)); done; head -c 300000 /dev/zero | tr '\\\\0' x; echo; echo end",
    );
    action.start(&acting("k"), &Open).await;
    let look = until(&action, is_over).await;
    assert_eq!(look.state, ActionState::Succeeded);
    assert!(look.log.len() <= ActionLook::LINES && look.log.iter().all(|line| line.chars().count() <= 201), "{look:?}");
    assert_eq!(look.log.last().map(String::as_str), Some("end"));
}

#[tokio::test]
async fn another_process_knows_nothing_of_it() {
    let look = script("true").look(&acting("k"), Some("k")).await;
    assert!(matches!(look.state, ActionState::Lost { .. }), "{look:?}");
    let look = script("true").look(&acting("k"), None).await;
    assert!(matches!(look.state, ActionState::Lost { .. }), "{look:?}");
}
