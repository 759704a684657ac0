//! What may be wrong with `[[notify]]`, each said with its key and what to do; and what is left out.

use flightdeck::domain::notify::Occasion;
use flightdeck::profile::{ProfileFile, parse};

const HEAD: &str = "service = \"shop\"\nenvironment = \"test\"\nnew = \"blue\"\n[pools.blue]\n[pools.green]\n";

/// What is wrong with one notifier of these keys.
fn wrong(keys: &str) -> String {
    let text = format!("{HEAD}[[notify]]\nname = \"one\"\n{keys}\n");
    let file = ProfileFile { path: "profile.toml".to_owned(), bytes: text.into_bytes() };
    parse(&[file]).err().unwrap_or_else(|| panic!("it must not load: {keys}")).to_string()
}

#[test]
fn every_mistake_is_said_with_its_key() {
    let webhook = "kind = \"webhook\"\nat = \"https://hooks.example.net\"\nsecret = { env = \"SECRET\" }";
    for (keys, key, what) in [
        ("kind = \"slak\"".to_owned(), "notify[1].kind", "slack"),
        (format!("{webhook}\non = [\"shift\", \"shift\"]"), "notify[1].on[2]", "stands there twice"),
        (format!("{webhook}\non = [\"verifyed\"]"), "notify[1].on[1]", "verified"),
        (format!("{webhook}\non = []"), "notify[1].on", "empty list"),
        (format!("{webhook}\npath = \"hooks\""), "notify[1].path", "begins with /"),
        (format!("{webhook}\ntext = \"{{{{ weight }}}}\""), "notify[1].text", "has `weight`, and there are service,"),
        (format!("{webhook}\ntext = {{ shift = \"{{{{ who\" }}"), "notify[1].text.shift", "syntax error"),
        (
            format!("{webhook}\non = [\"shift\"]\ntext = {{ held = \"x\" }}"),
            "notify[1].text.held",
            "not told by this notifier",
        ),
        (format!("{webhook}\ntext = {{ hold = \"x\" }}"), "notify[1].text.hold", "nothing that is told of"),
        ("kind = \"slack\"\nchannel = \"#deploy\"".to_owned(), "notify[1].channel", "a channel's id"),
        ("kind = \"slack\"\nchannel = \"C1\"".to_owned(), "notify[1].token", "where the app's token is kept"),
        ("kind = \"pagerduty\"".to_owned(), "notify[1].routing_key", "routing key is kept"),
        ("kind = \"datadog-event\"".to_owned(), "notify[1].api_key", "where the API key is kept"),
        (
            "kind = \"statuspage-incident\"\npage = \"p1\"\ntoken = { env = \"T\" }".to_owned(),
            "notify[1].mails",
            "is missing",
        ),
        (
            "kind = \"grafana-annotation\"\nat = \"https://g.example.net\"\ntoken = { env = \"T\" }\npanel = 2"
                .to_owned(),
            "notify[1].panel",
            "goes with `dashboard` only",
        ),
        (
            "kind = \"jira-issue\"\nat = \"https://j.example.net\"\nissue = \"R-1\"\ntoken = { env = \"T\" }\n\
             transition = { finished = \"Done\" }"
                .to_owned(),
            "notify[1].transition.finished",
            "nothing that is told of",
        ),
    ] {
        let said = wrong(&keys);
        assert!(said.contains(key) && said.contains(what), "{keys}\n{said}");
    }
}

#[test]
fn a_secret_that_stands_there_as_it_is_is_not_quoted() {
    let said = wrong("kind = \"slack\"\nchannel = \"C1\"\ntoken = \"xoxb-hunter2\"");
    assert!(said.contains("notify[1].token: a secret stands here as it is") && !said.contains("hunter2"), "{said}");
}

#[test]
fn two_notifiers_do_not_share_a_name() {
    let webhook = "kind = \"webhook\"\nat = \"https://hooks.example.net\"\nsecret = { env = \"SECRET\" }";
    let said = wrong(&format!("{webhook}\n[[notify]]\nname = \"one\"\n{webhook}"));
    assert!(said.contains("is another notifier's name already"), "{said}");
}

#[test]
fn what_is_left_out_is_what_is_usual_for_the_kind() {
    let text = format!("{HEAD}[[notify]]\nname = \"page\"\nkind = \"pagerduty\"\nrouting_key = {{ env = \"KEY\" }}\n");
    let file = ProfileFile { path: "profile.toml".to_owned(), bytes: text.into_bytes() };
    let loaded = parse(&[file]).unwrap_or_else(|problems| panic!("{problems}"));
    let [notifier] = &loaded.procedure.notifiers[..] else { panic!("one notifier") };
    assert_eq!((notifier.id.as_str(), notifier.kind.as_str()), ("page", "pagerduty"));
    assert_eq!(notifier.on, [Occasion::Guard, Occasion::Left, Occasion::RolledBack, Occasion::Closed]);
}
