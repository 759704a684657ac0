//! The record: what people read afterwards.

use flightdeck::domain::Digest;
use flightdeck::entry::{Break, Broken, Entry, History, open, seal};
use flightdeck::record;

use crate::journal::told;

/// Entries as a store would give them.
fn history(entries: Vec<Entry>) -> History {
    let mut prev = Digest::ZERO;
    let kept = entries.into_iter().map(|entry| {
        let sealed = seal(&entry, prev).unwrap();
        prev = sealed.hash;
        open(&sealed.bytes).unwrap()
    });
    History::link(kept.collect())
}

#[test]
fn a_deployment_told_in_markdown() {
    insta::assert_snapshot!(record::markdown(&history(told::deployment()), None));
}

#[test]
fn a_deployment_told_in_json() {
    let record = record::json(&history(told::deployment()), None);
    assert_eq!(record["record"], 1);
    insta::assert_snapshot!(serde_json::to_string_pretty(&record).unwrap());
}

#[test]
fn a_change_in_waves_tells_when_each_of_them_went_out() {
    let history = history(told::waves());
    insta::assert_snapshot!(record::markdown(&history, None));
    let record = record::json(&history, None);
    let waves = |change: usize| serde_json::to_string(&record["changes"][change]["waves"]).unwrap();
    assert!(waves(0).contains(r#""routers":["eu-2"],"sent":{"#), "{}", waves(0));
    assert!(waves(1).contains(r#""routers":["eu-2"],"sent":null"#), "{}", waves(1));
}

#[test]
fn what_checks_came_to_is_told_with_its_evidence() {
    let history = history(told::checks());
    insta::assert_snapshot!(record::markdown(&history, None));
    let record = record::json(&history, None);
    assert_eq!(record["checks"][1]["verdict"], "fail");
    assert_eq!(record["checks"][1]["evidence"][0], "request: GET http://blue/health");
}

#[test]
fn what_was_run_read_attached_and_who_was_called_is_told() {
    let history = history(told::duties());
    insta::assert_snapshot!(record::markdown(&history, None));
    let record = record::json(&history, None);
    let lines = serde_json::to_string(&record["lines"]).unwrap();
    assert!(lines.contains("no route") && lines.contains("3 lines before these"), "{lines}");
}

#[test]
fn the_record_tells_that_the_rollback_was_tested_what_it_took_and_what_lingered() {
    let despite = record::markdown(&history(told::stages()), None);
    assert!(despite.contains("stage 2 of 2, despite smoke failed: 503 Service Unavailable"), "{despite}");
    let text = record::markdown(&history(told::shapes()), None);
    for part in [
        "rollback tested: the way back of blue\\-10 is proven",
        "eu\\-1 there 0.20 s, back 0.30 s",
        "within the 1.00 s declared",
        "stage 1 of 2",
        "asleep since the morning",
        "1 ended, 1 had ended by themselves",
    ] {
        assert!(text.replace('\\', "").contains(&part.replace('\\', "")), "{part} is not in\n{text}");
    }
}

#[test]
fn the_record_tells_which_task_was_cancelled_and_what_was_read_after_it() {
    let text = record::markdown(&history(told::tasks()), None).replace('\\', "");
    for part in ["confirmed to cancel ServerTasks-77 of eu-1", "deployment of release 2.5.1", "it is over after 12 s"] {
        assert!(text.contains(part), "{part} is not in\n{text}");
    }
}

#[test]
fn the_record_tells_what_an_action_was_sent_as_what_was_set_aside_for_it_and_how_it_ended() {
    let text = record::markdown(&history(told::actions()), None).replace('\\', "");
    for part in [
        "started deploy-blue of deploy-blue",
        "overrode \"blue not drained: 2 in flight\": both are health checks",
        "POST https://deploy.example.net/deployments",
        "Differs between running and coming:",
        "version: 2.4.0 → 2.5.0",
        "whether the action runs is not known",
        "https://deploy.example.net/deployments/7",
        "confirmed to cancel deploy-blue",
        "**Cancelled** by bob at",
        "The last lines of its log:",
        "pulling the image",
        "deploy-blue succeeded",
        "2 gates overridden",
    ] {
        assert!(text.contains(part), "{part} is not in\n{text}");
    }
}

#[test]
fn the_record_tells_who_approved_what_was_only_reported_and_what_went_on_without() {
    let history = history(told::approvals());
    let text = record::markdown(&history, None).replace('\\', "");
    for part in [
        "> **OVERRIDDEN** by ada at ",
        "“approval: VP Engineering, missing”, because the site is down",
        "## Approvals",
        "| Operations lead | bob |",
        "given; **taken back** by bob at ",
        "| Release manager | erin |",
        "**reported by ada, not verified**: https://chat.example.net/archives/C1/p2",
        "noted that erin approved: Release manager",
        "took back the approval: Operations lead",
        "until 2026-11-22 14:00:20Z",
    ] {
        assert!(text.contains(part), "{part} is not in\n{text}");
    }
    let record = record::json(&history, None);
    let how: Vec<&str> =
        record["approvals"].as_array().unwrap().iter().map(|each| each["how"].as_str().unwrap()).collect();
    assert_eq!(how, ["given", "reported", "given"]);
    assert_eq!(record["approvals"][0]["withdrawn"]["text"], "a page came in");
    assert_eq!(record["approvals"][1]["link"], "https://chat.example.net/archives/C1/p2");
    assert_eq!(record["overrides"][0]["gate"], "approval: VP Engineering, missing");
}

#[test]
fn the_record_has_the_digest_that_was_deployed_and_where_it_was_found() {
    let history = history(told::versions());
    let digest = format!("sha256:{}", "0a".repeat(32));
    let text = record::markdown(&history, None).replace('\\', "");
    assert!(
        text.contains(&format!("| Version | registry.example.net/bridge:2.5.0 is `{digest}`, resolved ")),
        "{text}"
    );
    assert!(text.contains("asked by HEAD https://registry.example.net/v2/bridge/manifests/2.5.0"), "{text}");
    let record = record::json(&history, None);
    assert_eq!(record["resolved"]["digest"], digest);
    assert_eq!(record["resolved"]["tag"], "2.5.0");
}

#[test]
fn in_the_middle_of_a_change_the_record_says_what_is_open() {
    let mut entries = told::deployment();
    // Up to the first answers of the change that one router does not answer.
    entries.truncate(13);
    let text = record::markdown(&history(entries), None);
    let open = text.split_once("## Left open\n\n").unwrap().1;
    insta::assert_snapshot!(open);
    assert!(text.contains("| Outcome | still open |"));
    assert!(text.contains("**In flight**"));
}

#[test]
fn a_broken_chain_is_the_first_thing_that_the_record_says() {
    let mut whole = history(told::deployment());
    whole.entries[20].prev = Digest::ZERO;
    let broken = History::link(whole.entries);
    assert_eq!(record::verify(&broken), Err(Broken { number: 21, fault: Break::WrongPrevious }));
    let text = record::markdown(&broken, None);
    assert!(text.contains("| Journal | **not whole**: entry 21: the journal is broken"), "{text}");
    assert!(!text.contains("chain checked"));
    assert_eq!(record::json(&broken, None)["chain"]["entries"], 20);
}

#[test]
fn nothing_is_told_of_nothing() {
    assert_eq!(record::json(&History::default(), None), serde_json::Value::Null);
    assert!(record::markdown(&History::default(), None).starts_with("This session has no entry"));
}

#[test]
fn what_people_and_servers_wrote_is_no_markup() {
    let text = record::markdown(&history(told::deployment()), None);
    for harmful in ["<b>not", "<#ops>", "\u{1b}", "\u{202e}", "Bridge open | both"] {
        let outside: String = text.split("````").step_by(2).collect();
        assert!(!outside.contains(harmful), "{harmful:?}");
    }
    assert!(!text.contains('\u{1b}') && !text.contains('\u{202e}'), "not within a fence either");
}

#[test]
fn guards_that_acted_are_told_as_nobodys_acts() {
    let history = history(told::guards());
    insta::assert_snapshot!(record::markdown(&history, None));
}
