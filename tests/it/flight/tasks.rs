//! A slow system's task, cancelled by an act of its own while something waits for it (R6).

use flightdeck::domain::reading::{Cancel, Underway};
use flightdeck::domain::{Operator, Outcome};
use flightdeck::flight::{Ask, WayBackChoice};
use flightdeck::session::Event;
use flightdeck::session::event::Settlement;
use flightdeck::session::proposal::{Confirmation, Gesture};

use crate::support::desk::Desk;
use crate::support::procedure::blue_green;

fn task(name: &str, is_ours: bool) -> Underway {
    Underway {
        task: name.to_owned(),
        what: format!("deployment of {name}"),
        cancel: Some(Cancel {
            request: format!("POST /tasks/{name}/cancel"),
            is_ours,
            leaves: "what was done stays done".to_owned(),
        }),
        ..Underway::default()
    }
}

/// A rollback waits behind a deployment that somebody else started.
fn blocked() -> Desk {
    let mut desk = Desk::open(blue_green(2));
    desk.shift();
    desk.pass(1_000);
    desk.router("eu-1").lag = 600_000;
    desk.router("eu-1").underway = Some(task("Task-7", false));
    desk.pass(1_000);
    desk.ask(Ask::ProposeRollback(WayBackChoice::Step));
    desk.confirm();
    desk.pass(5_000);
    desk
}

fn cancel(desk: &mut Desk, gesture: Gesture) {
    let cancel = desk.flight.cancellable(&"eu-1".into()).expect("it can be cancelled");
    desk.ask(Ask::CancelTask { cancel: Box::new(cancel), confirmation: Confirmation::new(gesture, true) });
}

fn typed() -> Gesture {
    Gesture::Typed("cancel Task-7".to_owned())
}

fn told(desk: &Desk) -> Vec<String> {
    let told = desk.events().filter_map(|event| match event {
        Event::TaskCancelling(cancelling) => Some(format!("cancel {} of {}", cancelling.task, cancelling.router)),
        Event::TaskCancelled { how, .. } => Some(how.clone()),
        _ => None,
    });
    told.collect()
}

#[test]
fn a_rollback_that_waits_goes_on_once_what_is_in_its_way_was_cancelled_and_is_over() {
    let mut desk = blocked();
    let blocked: Vec<String> = desk.flight.blocked_back().into_iter().map(ToString::to_string).collect();
    assert_eq!(blocked, ["eu-1"], "eu-2 waits for nobody");
    assert!(desk.flight.underway_for(&"eu-1".into(), desk.now().elapsed).unwrap().as_secs() >= 5);
    cancel(&mut desk, typed());
    assert_eq!(desk.tasks_cancelled.len(), 1);
    assert_eq!(told(&desk), ["cancel Task-7 of eu-1"], "its yes is not its end");
    // It takes a moment until the step that runs has come to its end.
    desk.router("eu-1").underway.as_mut().unwrap().cancel = None;
    desk.pass(20_000);
    assert_eq!(told(&desk).len(), 1, "it goes on");
    desk.router("eu-1").underway = None;
    desk.router("eu-1").lag = 0;
    desk.pass(1_000);
    assert_eq!(told(&desk)[1], "it is over after 20s; the weights read 50.0 / 50.0", "{:?}", told(&desk));
    let back = desk.flight.session.changes.last().unwrap();
    assert!(matches!(back.settled, Some((_, Settlement::Verified))), "{:?}", back.settled);
    assert!(desk.flight.session.cancelling.is_empty() && desk.flight.blocked_back().is_empty());
}

#[test]
fn what_somebody_else_started_takes_its_name_and_what_flightdeck_started_takes_a_key() {
    let mut desk = blocked();
    cancel(&mut desk, Gesture::Key);
    assert!(desk.said().contains("asks for its target to be typed"), "{}", desk.said());
    cancel(&mut desk, Gesture::Typed("cancel Task-8".to_owned()));
    assert!(desk.said().contains("`cancel Task-8` is not `cancel Task-7`"), "{}", desk.said());
    assert!(desk.tasks_cancelled.is_empty() && told(&desk).is_empty());
    desk.router("eu-1").underway = Some(task("Task-9", true));
    desk.pass(1_000);
    cancel(&mut desk, Gesture::Key);
    assert_eq!(desk.tasks_cancelled[0].task, "Task-9");
}

#[test]
fn what_is_over_or_another_one_by_now_is_not_cancelled() {
    let mut desk = blocked();
    let shown = desk.flight.cancellable(&"eu-1".into()).unwrap();
    desk.router("eu-1").underway = Some(task("Task-9", false));
    desk.pass(1_000);
    let confirmation = Confirmation::new(typed(), true);
    desk.ask(Ask::CancelTask { cancel: Box::new(shown), confirmation });
    assert!(desk.said().contains("Task-9 is under way now"), "{}", desk.said());
    assert!(desk.tasks_cancelled.is_empty());
}

#[test]
fn it_needs_no_controls_and_is_not_stopped_by_a_hold() {
    let mut desk = blocked();
    desk.ask(Ask::Hold { reason: "wait".to_owned() });
    desk.flight.me.operator = Operator::from("raj");
    cancel(&mut desk, typed());
    assert_eq!(desk.tasks_cancelled.len(), 1);
}

#[test]
fn a_refusal_is_written_down_and_a_second_asking_refused_while_the_first_stands() {
    let mut desk = blocked();
    desk.cancel_answer = Outcome::Failed { why: "Missing permission: TaskCancel".to_owned() };
    cancel(&mut desk, typed());
    assert_eq!(told(&desk)[1], "refused: Missing permission: TaskCancel");
    desk.cancel_answer = Outcome::Accepted;
    cancel(&mut desk, typed());
    cancel(&mut desk, typed());
    assert!(desk.said().contains("it is being cancelled already"), "{}", desk.said());
    assert_eq!(desk.tasks_cancelled.len(), 2);
}

#[test]
fn without_an_answer_the_readings_say_what_became_of_it() {
    let mut desk = blocked();
    desk.cancel_answer = Outcome::Unknown { why: "no answer for 2 s".to_owned() };
    cancel(&mut desk, typed());
    desk.pass(10_000);
    assert_eq!(told(&desk).len(), 1, "it may still have arrived");
    desk.pass(10_000);
    assert_eq!(told(&desk)[1], "no answer came (no answer for 2 s), and it goes on");
    cancel(&mut desk, typed());
    desk.router("eu-1").underway = None;
    desk.pass(1_000);
    assert!(told(&desk)[3].starts_with("it is over after "), "{:?}", told(&desk));
}

#[test]
fn nothing_is_sent_before_its_intent_is_kept_nor_by_another_process() {
    let mut desk = blocked();
    desk.journal_answers = false;
    cancel(&mut desk, typed());
    desk.pass(1_000);
    assert!(desk.tasks_cancelled.is_empty());
    desk.journal_answers = true;
    let entries = std::mem::take(&mut desk.unanswered);
    desk.journal.extend(entries);
    desk.crash();
    desk.pass(2_000);
    assert!(desk.tasks_cancelled.is_empty(), "the process that confirmed it is gone");
}
