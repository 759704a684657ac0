//! Profiles that load, and what they mean.

use std::any::Any;
use std::path::Path;
use std::time::Duration;

use flightdeck::adapter::router::haproxy::{Config, Shape};
#[cfg(feature = "nats")]
use flightdeck::adapter::secret::SecretRef;
use flightdeck::domain::procedure::{Condition, Friction, Role, StepAct};
use flightdeck::domain::{BasisPoints, Limit, PoolId, Procedure, Unit};
#[cfg(feature = "nats")]
use flightdeck::profile::NatsLogin;
use flightdeck::profile::{JournalConfig, Loaded, ProfileFile, load, parse};

use super::profiles_in;

#[test]
fn every_valid_profile_and_every_example_loads() {
    let mut all = [profiles_in("tests/it/config/valid"), profiles_in("profiles")].concat();
    // Without the feature it is refused, which has a test of its own.
    all.retain(|path| cfg!(feature = "nats") || !path.ends_with("two-engineers-nats.toml"));
    assert!(all.len() >= 10, "{all:?}");
    for path in all {
        let loaded = load(&path).unwrap_or_else(|problems| panic!("{problems}"));
        let again = parse(&loaded.files).expect("the kept bytes load as well");
        assert_eq!(format!("{again:?}"), format!("{loaded:?}"), "{}", path.display());
    }
}

#[test]
fn the_plan_of_two_pools_needs_one_percentage_a_step() {
    let procedure = example("haproxy-one-backend").procedure;
    assert_eq!(
        plan(&procedure),
        [
            "drain-blue: 0 / 100",
            "deploy-to-blue: deploy blue",
            "blue-10: 10 / 90, back to 0 / 100",
            "blue-30: 30 / 70, back to 0 / 100",
            "blue-50: 50 / 50, back to 0 / 100",
            "all-on-blue: 100 / 0, back to 50 / 50",
            "deploy-to-green: deploy green",
            "green-10: 90 / 10",
            "even-again: 50 / 50",
        ]
    );
    assert!(procedure.production);
    assert_eq!((procedure.confirm.shift, procedure.confirm.off_plan), (Friction::Key, Friction::Type));
    let conditions = &procedure.plan[0].leave_when;
    assert_eq!(conditions, &[Condition::Drained("blue".into()), Condition::Items("before".to_owned())]);
    let roles: Vec<Role> = procedure.pools.iter().map(|pool| pool.role).collect();
    assert_eq!(roles, [Role::New, Role::Old]);
}

#[test]
fn pairs_mean_what_they_say() {
    use flightdeck::domain::pairing::{Recognised, Wanted};

    let procedure = load(Path::new("tests/it/config/valid/pairs.toml")).expect("it loads").procedure;
    let [auth, edge] = procedure.pairs.as_slice() else { panic!("{:?}", procedure.pairs) };
    let seconds = Duration::from_secs;
    let times = |rule: flightdeck::domain::pairing::Rule| {
        (rule.unanswered_after, rule.window, rule.late, rule.interval, rule.fewest)
    };
    assert_eq!(times(auth.rule), (seconds(10), seconds(60), seconds(2), seconds(5), 1));
    // Loki is asked every ten seconds for what is older than twenty: that is how often there can be a value.
    assert_eq!(times(edge.rule), (seconds(2), seconds(300), Duration::from_millis(500), seconds(30), 20));
    let is = Wanted::OneOf(vec!["1100".to_owned(), "1200".to_owned()]);
    assert_eq!(auth.request, Recognised::Field { name: "mti".to_owned(), wanted: is });
    assert_eq!((edge.key.join(" "), edge.pool.as_deref()), ("id network".to_owned(), Some("upstream")));
    let panels: Vec<String> = procedure
        .panels
        .iter()
        .map(|panel| {
            let limit = panel.limit.map(|limit| limit.words(&panel.unit)).unwrap_or_default();
            format!("{} {} {} {limit}", panel.id, panel.pools.len(), if panel.is_shown { "shown" } else { "hidden" })
        })
        .collect();
    assert_eq!(
        panels,
        [
            "unanswered-auth 2 shown ",
            "duplicates-auth 2 shown ",
            "p95-auth 2 shown ",
            "open-auth 2 hidden ",
            "unanswered-edge 2 hidden ≤ 3 req",
            "duplicates-edge 2 hidden ≤ 0 keys",
            "p95-edge 2 shown ≤ 1500 ms",
            "open-edge 2 hidden ≤ 200 req",
        ]
    );
}

#[test]
fn windows_mean_what_they_say() {
    use flightdeck::domain::window::{During, StepKind, WindowRule};

    let procedure = example("windows").procedure;
    let said: Vec<_> = procedure
        .windows
        .iter()
        .map(|window| (window.id.to_string(), window.rule, window.spans.len(), window.zone.to_string(), window.during))
        .collect();
    let window = |name: &str, rule, spans, zone: &str, during| (name.to_owned(), rule, spans, zone.to_owned(), during);
    assert_eq!(
        said,
        [
            window("off-peak", WindowRule::Allow, 1, "UTC", During::Freeze),
            window("quiet weekend", WindowRule::Allow, 2, "Europe/London", During::Finish),
            window("office hours", WindowRule::Block, 1, "America/New_York", During::Finish),
            window("year's end", WindowRule::Block, 1, "Europe/London", During::Finish),
        ]
    );
    let steps: Vec<&[StepKind]> = procedure.windows.iter().map(|window| window.steps.as_slice()).collect();
    let all = StepKind::ALL;
    assert_eq!(steps, [&[StepKind::Shift][..], &[StepKind::Shift], &[StepKind::Deploy], &all]);
    assert_eq!((procedure.why.ticket.as_deref(), procedure.why.reason), (Some("(PAY|OPS)-[0-9]+"), true));
}

#[test]
fn guards_mean_what_they_say() {
    use flightdeck::domain::guard::{Of, Patience, Subject, Then};
    use flightdeck::domain::{Limit, Measure};

    let procedure = load(Path::new("tests/it/config/valid/guards.toml")).expect("it loads").procedure;
    let subjects: Vec<&Subject> = procedure.guards.iter().map(|guard| &guard.subject).collect();
    let limit = |measure, of, limit| Subject::Limit { measure, of, limit };
    let baseline = |measure, of, worse_by, at_least| Subject::Baseline { measure, of, worse_by, at_least };
    assert_eq!(
        subjects,
        [
            &limit(Measure::Errors, Of::Raised, Limit::Above(0.01)),
            &limit(Measure::Requests, Of::Whole, Limit::Below(20.0)),
            &baseline(Measure::P99, Of::Each, 0.5, 100.0),
            &baseline(Measure::Requests, Of::Pool("green".into()), -0.3, 5.0),
            &Subject::ErrorsAgainst { min_requests: 400, at_least: 0.005 },
            &Subject::LatencyAgainst { measure: Measure::P50, min_values: 30, at_least_ms: 25.0 },
        ]
    );
    let errors = &procedure.guards[0];
    assert_eq!((errors.patience, errors.failures, errors.then), (Patience::InARow(3), 5, Then::RollBack));
    assert_eq!(errors.back_to.as_ref().map(ToString::to_string).as_deref(), Some("10 / 90"));
    let throughput = &procedure.guards[1];
    let long = Patience::For(std::time::Duration::from_secs(90));
    assert_eq!((throughput.patience, throughput.failures, throughput.then), (long, 3, Then::Propose));
    let seconds = |index: usize| procedure.guards[index].every.as_secs();
    assert_eq!((seconds(4), seconds(5)), (30, 10));
    let of_steps: Vec<Vec<(&str, Limit)>> = procedure
        .plan
        .iter()
        .map(|step| step.guards.iter().map(|(id, limit)| (id.as_str(), *limit)).collect())
        .collect();
    assert_eq!(of_steps, [vec![], vec![("errors", Limit::Above(0.005)), ("throughput", Limit::Below(100.0))]]);
}

#[test]
fn three_pools_share_the_rest_as_the_step_before() {
    assert_eq!(
        plan(&example("three-pools").procedure),
        [
            "start-even: 0 / 50 / 50",
            "canary-2: 2 / 49 / 49, back to 0 / 50 / 50",
            "canary-20: 20 / 40 / 40, back to 0 / 50 / 50",
            "blue-out: 20 / 0 / 80, back to 20 / 40 / 40",
        ]
    );
}

#[test]
fn the_shapes_of_haproxy_are_told_apart() {
    let pool = |name: &str, place: &str| (PoolId::from(name), place.to_owned());
    assert_eq!(
        shape("haproxy-one-backend"),
        Shape::Servers {
            backend: "app".to_owned(),
            pools: vec![pool("blue", "blue-*"), pool("green", "green-*")],
            inner: vec![],
        }
    );
    assert_eq!(
        shape("haproxy-inner"),
        Shape::Servers {
            backend: "front".to_owned(),
            pools: vec![pool("blue", "blue"), pool("green", "green")],
            inner: vec![pool("blue", "blue_servers"), pool("green", "green_servers")],
        }
    );
    assert_eq!(
        shape("haproxy-map"),
        Shape::Map {
            map: "/etc/haproxy/green.map".to_owned(),
            key: "app".to_owned(),
            percent_of: "green".into(),
            pools: vec![pool("blue", "be_blue"), pool("green", "be_green")],
        }
    );
}

#[test]
fn the_runbook_comes_with_the_profile() {
    let loaded = example("haproxy-one-backend");
    let paths: Vec<&str> = loaded.files.iter().map(|file| file.path.as_str()).collect();
    assert_eq!(paths, ["profiles/haproxy-one-backend.toml", "runbook.md"]);
    let sections: Vec<(&str, usize)> = loaded
        .procedure
        .checklist
        .sections
        .iter()
        .map(|section| (section.slug.as_str(), section.items.len()))
        .collect();
    assert_eq!(sections, [("before", 7), ("blue-is-ready", 2), ("green-is-ready", 1), ("afterwards", 2)]);
}

#[test]
fn the_digest_changes_with_every_byte_and_not_with_the_place() {
    let one = example("haproxy-one-backend");
    let moved: Vec<ProfileFile> = one
        .files
        .iter()
        .map(|file| ProfileFile { path: file.path.replace("profiles/", "/srv/"), bytes: file.bytes.clone() })
        .collect();
    assert_eq!(parse(&moved).expect("it loads from anywhere").procedure.digest, one.procedure.digest);
    let mut changed = one.files.clone();
    changed[1].bytes.extend(b"\n");
    assert_ne!(parse(&changed).expect("a further line end is fine").procedure.digest, one.procedure.digest);
}

#[test]
fn a_profile_says_little_and_means_the_defaults() {
    let loaded = load(Path::new("tests/it/config/valid/least.toml")).expect("it loads");
    let procedure = &loaded.procedure;
    assert_eq!((procedure.increment, procedure.production), (BasisPoints::percent(10), false));
    assert_eq!(procedure.confirm.off_plan, Friction::Key);
    let marks: Vec<&str> = procedure.pools.iter().map(|pool| pool.mark.as_str()).collect();
    assert_eq!(marks, ["▲", "●"]);
    assert_eq!(loaded.journal, JournalConfig::Own);
    assert_eq!(example("haproxy-inner").journal, JournalConfig::Directory("/srv/flightdeck".into()));
}

#[test]
fn the_people_of_a_profile_come_with_their_rules_and_keys() {
    let loaded = load(Path::new("tests/it/config/valid/people.toml")).unwrap_or_else(|problems| panic!("{problems}"));
    let paths: Vec<&str> = loaded.files.iter().map(|file| file.path.as_str()).collect();
    assert_eq!(paths, ["tests/it/config/valid/people.toml", "people.keys"], "whoever joins has the same keys");
    let (people, confirm) = (loaded.procedure.people, loaded.procedure.confirm);
    assert!(people.keys && !people.break_glass && confirm.asks_two());
    let seconds = [people.silence, people.away, people.grace, people.answer].map(|span| span.as_secs());
    assert_eq!(seconds, [20, 300, 30, 600]);
    // Base64 of whatever sort of key is not taken for a secret.
    assert_eq!(loaded.allowed_signers.expect("it names keys").entries().len(), 7);

    let example = example("two-engineers");
    assert_eq!(example.journal, JournalConfig::Directory("/srv/flightdeck".into()));
    assert_eq!((example.procedure.confirm.shift, example.procedure.confirm.rollback), (Friction::Two, Friction::Key));
    assert_eq!(example.allowed_signers.expect("it names keys").entries().len(), 2);
    assert!(!load(Path::new("tests/it/config/valid/least.toml")).expect("it loads").procedure.people.keys);
}

#[test]
fn waves_are_named_or_counted_and_without_them_everything_goes_at_once() {
    let waves = |name: &str| {
        let loaded = load(Path::new(&format!("tests/it/config/valid/{name}.toml")));
        let rollout = loaded.unwrap_or_else(|problems| panic!("{problems}")).procedure.rollout;
        let named: Vec<Vec<String>> =
            rollout.iter().map(|wave| wave.iter().map(ToString::to_string).collect()).collect();
        (named, rollout.between().as_secs())
    };
    let list = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(waves("waves"), (vec![list(&["eu-1"]), list(&["us-1", "eu-2"])], 30));
    assert_eq!(waves("waves-by-count"), (vec![list(&["eu-1", "eu-2"]), list(&["us-1"])], 0));
    assert_eq!(waves("least"), (Vec::new(), 0));
}

#[cfg(feature = "nats")]
#[test]
fn a_journal_on_nats_is_named_with_its_secrets_by_reference() {
    let JournalConfig::Nats(nats) = example("two-engineers-nats").journal else { panic!("it is on NATS") };
    assert_eq!((nats.servers.len(), nats.stream.as_str(), nats.subject.as_str()), (3, "FLIGHTDECK", "flightdeck"));
    assert_eq!((nats.replicas, nats.create), (3, true));
    assert_eq!(nats.login, Some(NatsLogin::Credentials(SecretRef::File("/etc/flightdeck/deck.creds".into()))));
    let tls = nats.tls.expect("it has certificates");
    assert_eq!(tls.ca.as_deref(), Some(Path::new("/etc/flightdeck/nats-ca.pem")));
    assert!(tls.identity.is_some() && !tls.first);
}

#[cfg(not(feature = "nats"))]
#[test]
fn a_journal_on_nats_names_the_feature_that_is_not_built_in() {
    let said = load(Path::new("profiles/two-engineers-nats.toml")).expect_err("it is refused").to_string();
    assert!(said.contains("feature `nats`") && said.contains("--features nats"), "{said}");
}

#[test]
fn the_profile_of_the_built_in_world_loads_once_its_places_are_filled_in() {
    let template = std::fs::read_to_string("profiles/demo.toml").expect("the template is there");
    let logs = regex::Regex::new(r"\{([a-z]+\.log)\}").expect("the pattern is one");
    let hosts = regex::Regex::new(r"\{[a-z]+-([0-9])\}").expect("the pattern is one");
    let filled = hosts.replace_all(&template, "127.0.0.1:900$1");
    let filled = logs.replace_all(&filled, "/tmp/$1").into_owned();
    let checklist = std::fs::read("profiles/demo.md").expect("the checklist is there");
    let file = |path: &str, bytes| ProfileFile { path: path.to_owned(), bytes };
    let files = [file("demo.toml", filled.into_bytes()), file("demo.md", checklist)];
    let loaded = parse(&files).unwrap_or_else(|problems| panic!("{problems}"));
    assert_eq!(loaded.procedure.plan.len(), 10);
    assert!(!loaded.procedure.production);
    assert!(loaded.procedure.checklist.items().count() > 0);
}

fn example(name: &str) -> Loaded {
    load(Path::new(&format!("profiles/{name}.toml"))).unwrap_or_else(|problems| panic!("{problems}"))
}

fn shape(name: &str) -> Shape {
    let routers = example(name).adapters.routers;
    let first: &dyn Any = &*routers[0].1.configured;
    first
        .downcast_ref::<Config>()
        .unwrap_or_else(|| panic!("{name} has a HAProxy first, not {routers:?}"))
        .shape
        .clone()
}

/// One line per step: its id, what it does, where it goes back to.
fn plan(procedure: &Procedure) -> Vec<String> {
    let line = |step: &flightdeck::domain::procedure::Step| {
        let act = match &step.act {
            StepAct::Shift(weights) => weights.to_string(),
            StepAct::Deploy { pool, action: Some(action), .. } => format!("deploy {pool} by {action}"),
            StepAct::Deploy { pool, action: None, .. } => format!("deploy {pool}"),
            StepAct::Pause { .. } => "pause".to_owned(),
        };
        let back = step.back_to.as_ref().map(|weights| format!(", back to {weights}")).unwrap_or_default();
        format!("{}: {act}{back}", step.id)
    };
    procedure.plan.iter().map(line).collect()
}

#[test]
fn panels_are_one_series_per_pool_or_of_the_whole() {
    let loaded = parse_example("metrics-prometheus");
    let (panels, queries) = (&loaded.procedure.panels, &loaded.adapters.metrics[0].queries);
    let panel = |name: &str| panels.iter().find(|panel| panel.id.as_str() == name).unwrap_or_else(|| panic!("{name}"));
    let texts = |name: &str| {
        let of = queries.iter().filter(|query| query.measure.name() == name);
        of.map(|query| (query.pool.as_ref().map(PoolId::to_string), query.text.clone())).collect::<Vec<_>>()
    };
    let errors = panel("error-rate");
    assert_eq!(errors.pools, [PoolId::from("blue"), PoolId::from("green")]);
    assert_eq!((errors.unit.clone(), errors.limit), (Unit::Percent, Some(Limit::Above(0.01))));
    assert_eq!(errors.window, Duration::from_mins(2), "as the source says");
    assert!(texts("error-rate")[1].1.contains("{pool=\"green\",code=~\"5..\"}[120s]"), "{:?}", texts("error-rate"));
    let orders = panel("orders");
    assert_eq!((orders.pools.as_slice(), orders.window), ([].as_slice(), Duration::from_mins(5)));
    assert_eq!((orders.interval, orders.limit), (Duration::from_secs(30), Some(Limit::Below(2.0))));
    let lag = panel("lag");
    assert_eq!((lag.unit.clone(), lag.is_shown), (Unit::Other("messages".to_owned()), false));
    assert_eq!(texts("lag")[0], (Some("blue".to_owned()), "max(consumer_lag{group=\"orders-a\"})".to_owned()));
    let ready = texts("haproxy-requests");
    assert_eq!(ready[0].1, "sum(rate(haproxy_server_http_responses_total{pool=\"blue\",job=\"order-api\"}[120s]))");
    assert_eq!(panel("spring-heap").unit, Unit::Percent);
    assert!(!loaded.procedure.metrics[0].metered);
    assert!(parse_example("metrics-datadog").procedure.metrics[0].metered);
}

#[test]
fn a_panel_of_the_profile_takes_the_place_of_a_ready_made_one_and_sources_do_not_share_names() {
    let text = "service = \"a\"\nenvironment = \"test\"\nnew = \"blue\"\n[pools.blue]\n[pools.green]\n\
        [[metrics]]\nname = \"eu\"\nkind = \"prometheus\"\nat = \"http://eu:9090\"\npanels = \"nginx\"\n\
        [[metrics]]\nname = \"us\"\nkind = \"prometheus\"\nat = \"http://us:9090\"\npanels = \"nginx\"\npool = \"blue\"\n\
        [[panel]]\nname = \"nginx-requests\"\nsource = \"eu\"\nquery = \"sum(x)\"\nabove = 3\n";
    let file = ProfileFile { path: "p.toml".to_owned(), bytes: text.as_bytes().to_vec() };
    let loaded = parse(&[file]).unwrap_or_else(|problems| panic!("{problems}"));
    let names: Vec<&str> = loaded.procedure.panels.iter().map(|panel| panel.id.as_str()).collect();
    assert_eq!(names.iter().filter(|name| **name == "nginx-requests").count(), 1, "{names:?}");
    assert!(names.contains(&"nginx-up") && names.contains(&"us-nginx-up"), "{names:?}");
    let of_us = loaded.procedure.panels.iter().find(|panel| panel.id.as_str() == "us-nginx-up").expect("it is there");
    assert_eq!(of_us.pools, [PoolId::from("blue")], "a source of one pool is asked about that one");
}

fn parse_example(name: &str) -> Loaded {
    load(Path::new(&format!("profiles/{name}.toml"))).unwrap_or_else(|problems| panic!("{problems}"))
}

#[cfg(feature = "aws")]
#[test]
fn a_file_of_credentials_is_named_by_its_path() {
    let text = std::fs::read_to_string("profiles/metrics-cloudwatch.toml").expect("the example is there");
    let text = text.replace("profile = \"deploy\"", "credentials = \"/etc/flightdeck/aws\"");
    let file = |text: &str| ProfileFile { path: "p.toml".to_owned(), bytes: text.as_bytes().to_vec() };
    parse(&[file(&text)]).unwrap_or_else(|problems| panic!("{problems}"));
    let said = parse(&[file(&text.replace("/etc/flightdeck/aws", "hunter2"))]).expect_err("a secret stands there");
    assert!(said.to_string().contains("a secret stands here as it is"), "{said}");
}

#[test]
fn items_ask_for_what_is_written_beside_them_and_contacts_stand_in_their_order() {
    use flightdeck::domain::duty::WaitFrom;

    let procedure = load(Path::new("tests/it/config/valid/duties.toml")).expect("it loads").procedure;
    let shell = procedure.shell.clone().expect("a shell");
    assert_eq!((shell.words.join(" ").as_str(), shell.environment, shell.limit.as_secs()), ("/bin/sh -c", None, 300));
    let of = |item: &flightdeck::domain::checklist::Item| {
        let after: Vec<&str> = item.rules.after.iter().map(flightdeck::domain::ItemId::as_str).collect();
        let wait = item.rules.wait.as_ref().map(|wait| match &wait.from {
            WaitFrom::Key => format!("{}s from a key", wait.span.as_secs()),
            WaitFrom::Item(item) => format!("{}s from {item}", wait.span.as_secs()),
            WaitFrom::Step(step) => format!("{}s from the step {step}", wait.span.as_secs()),
        });
        format!("{}: after [{}], waits {}", item.id, after.join(" "), wait.unwrap_or_else(|| "for nothing".to_owned()))
    };
    let items: Vec<String> = procedure.checklist.items().map(of).collect();
    assert_eq!(
        items,
        [
            "copy/take-the-copy: after [], waits for nothing",
            "copy/tell-somebody: after [copy/take-the-copy], waits for nothing",
            "copy/read-it-back: after [copy/take-the-copy], waits 10s from copy/take-the-copy",
            "wait/first: after [], waits 60s from a key",
            "wait/second: after [], waits 120s from wait/first",
            "wait/third: after [], waits 180s from the step copy",
            "wait/fourth: after [copy/take-the-copy wait/first], waits 240s from a key",
        ]
    );
    let procedure = example("checklist").procedure;
    let contacts: Vec<String> =
        procedure.contacts.iter().map(|contact| format!("{} {}", contact.words(), contact.when())).collect();
    assert_eq!(
        contacts,
        [
            "Release manager, John Smith at once",
            "On-call engineer after 5m",
            "Engineering manager, Mike Johnson after 15m",
        ]
    );
    assert_eq!(procedure.shell.and_then(|shell| shell.directory).as_deref(), Some("/srv/deploy"));
}
