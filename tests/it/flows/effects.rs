//! Message in, the whole list of effects out.

use flightdeck::cockpit::{Action, Effect, Msg};
use flightdeck::domain::log::LogSourceState;
use flightdeck::flight;

use crate::support::app::{Mood, half};

/// Effects in a form that can be read: what is sent and appended by its essence, the rest as it is.
fn words(effects: &[Effect]) -> Vec<String> {
    let word = |effect: &Effect| match effect {
        Effect::Flight(flight::Effect::Read { router, .. }) => format!("read {router}"),
        Effect::Flight(flight::Effect::Prepare { router, .. }) => format!("prepare {router}"),
        Effect::Flight(flight::Effect::Send(send)) => format!("send {} {:?}", send.router, send.prepared.requests),
        Effect::Flight(flight::Effect::Append(entry)) => {
            let kinds = entry.events.iter().map(|event| format!("{event:?}"));
            let kinds = kinds.map(|text| text.chars().take_while(|each| each.is_alphanumeric()).collect::<String>());
            format!("append {}", kinds.collect::<Vec<_>>().join("+"))
        }
        Effect::Flight(flight::Effect::Cancel { .. }) => "cancel".to_owned(),
        other => format!("{other:?}"),
    };
    effects.iter().map(word).collect()
}

/// Keys that lead there, the message, all that is wanted of it.
#[test]
fn each_message_has_exactly_these_effects() {
    let key = |action| Msg::Action(action);
    let table: Vec<(&str, Msg, Vec<&str>)> = vec![
        ("", key(Action::NextStep), vec!["prepare eu-1", "prepare eu-2"]),
        ("n<drawn>", key(Action::NextStep), vec![]),
        ("n", key(Action::Send), vec![]),
        ("n<drawn>", key(Action::Enter), vec![]),
        ("n<drawn>", key(Action::Send), vec!["append ChangeConfirmed+ChangeDispatched"]),
        ("n<drawn>", key(Action::Escape), vec![]),
        ("n<drawn>", Msg::Paste("y".to_owned()), vec![]),
        ("30", key(Action::Enter), vec!["prepare eu-1", "prepare eu-2"]),
        ("30<enter><drawn>blue 7", key(Action::Enter), vec![]),
        ("30<enter><drawn>blue 70", key(Action::Send), vec![]),
        ("30<enter><drawn>blue 70", key(Action::Enter), vec!["append ChangeConfirmed+ChangeDispatched"]),
        ("", key(Action::RollBack), vec![]),
        ("", key(Action::DraftMore), vec![]),
        ("<alt-2>j", key(Action::Toggle), vec!["append ItemTicked"]),
        ("<alt-2>", key(Action::Toggle), vec![]),
        ("Hwhy", key(Action::Enter), vec!["append Held"]),
        ("H", key(Action::Enter), vec![]),
        ("Nword", key(Action::Enter), vec!["append NoteAdded"]),
        ("Swhy", key(Action::Enter), vec!["append StepMarked"]),
        ("Cfine", key(Action::Enter), vec!["append SessionClosed"]),
        ("", key(Action::NextTheme), vec!["Theme(\"light\")"]),
        ("", key(Action::ToggleMouse), vec!["Mouse { capture: false }"]),
        ("", key(Action::ToggleMotion), vec![]),
        ("", key(Action::Demo("slow".to_owned())), vec!["Demo(\"slow\")"]),
        ("", key(Action::Redraw), vec!["Redraw"]),
        ("", key(Action::Suspend), vec!["Suspend"]),
        ("", key(Action::Quit), vec!["Quit"]),
        ("N", key(Action::Quit), vec!["Quit"]),
        ("", Msg::Resumed, vec!["Redraw"]),
        ("", Msg::NoSuchKey("ctrl-x".to_owned()), vec![]),
        ("", Msg::Dropped { count: 3 }, vec![]),
        ("", Msg::LogState { source: "api".into(), state: LogSourceState::Following }, vec![]),
        ("", Msg::Resized { columns: 80, rows: 24 }, vec![]),
    ];
    for (keys, msg, wanted) in table {
        let mut app = half();
        app.keys(keys);
        let effects = app.take(msg.clone());
        assert_eq!(words(&effects), wanted, "after {keys:?}: {msg:?}");
    }
}

#[test]
fn a_kept_intent_is_what_sends_and_a_rollback_cancels_before_it_sends() {
    let mut app = half();
    app.router("eu-2").mood = Mood::Silent;
    app.answering = false;
    app.keys("n").settle().keys("<drawn>y");
    assert_eq!(app.sends.len(), 0, "confirmed, and not kept yet");
    app.settle();
    assert_eq!(app.sends.len(), 2);
    app.keys("R").settle().keys("<drawn>");
    let effects = app.take(Msg::Action(Action::Send));
    assert_eq!(words(&effects), ["append ChangeConfirmed+ChangeDispatched"]);
    let Some(Effect::Flight(flight::Effect::Append(entry))) = effects.first() else { panic!("{effects:?}") };
    let kept = flight::Msg::Appended {
        entry: entry.id,
        answer: flight::Appended::Kept { hash: flightdeck::domain::Digest::ZERO },
    };
    let effects = app.take(Msg::Flight(kept));
    let back = "[\"set weight app/blue 50\", \"set weight app/green 50\"]";
    assert_eq!(words(&effects), ["cancel".to_owned(), format!("send eu-1 {back}"), format!("send eu-2 {back}")]);
}
