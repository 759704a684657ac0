//! What a change keeps, and what an operator is told.

use flightdeck::adapter::router::{Router, SetAnswer};
use flightdeck::domain::reading::{Admin, Health};
use flightdeck::domain::{NativeSplit, Target, TroubleKind};

use super::super::router::{Gate, PATIENT, read};
use super::account::Fixture;
use super::{shift, weights};
use crate::support::aws::{BLUE, GREEN, LISTENER, STRANGER};

const OIDC: &str = "member.1.AuthenticateOidcConfig";

#[tokio::test]
async fn the_change_is_shown_with_the_weights_that_are_sent() {
    let fixture = Fixture::rule();
    let router = fixture.router(PATIENT);
    let prepared = router.prepare(&shift(1_000), Some(&read(&router).await)).unwrap();
    let [request] = &prepared.requests[..] else { panic!("one request: {prepared:?}") };
    assert!(request.starts_with(&format!("POST http://{}/ Action=ModifyRule", fixture.account.address)), "{request}");
    assert!(request.contains(&format!("{{TargetGroupArn={GREEN}, Weight=10}}")), "{request}");
    assert!(prepared.notes.is_empty(), "{prepared:?}");
}

#[tokio::test]
async fn whoever_logs_people_in_goes_on_doing_so() {
    let fixture = Fixture::rule();
    let login = [
        ("member.1.Type", "authenticate-oidc"),
        ("member.1.Order", "1"),
        (&format!("{OIDC}.Issuer"), "https://login.example.com/?a=1&b=2"),
        (&format!("{OIDC}.AuthenticationRequestExtraParams.entry.1.key"), "prompt"),
        (&format!("{OIDC}.AuthenticationRequestExtraParams.entry.1.value"), "login"),
        ("member.2.Type", "forward"),
        ("member.2.Order", "2"),
        ("member.2.ForwardConfig.TargetGroups.member.1.TargetGroupArn", STRANGER),
        ("member.2.ForwardConfig.TargetGroups.member.1.Weight", "3"),
        ("member.2.ForwardConfig.TargetGroups.member.2.TargetGroupArn", BLUE),
        ("member.2.ForwardConfig.TargetGroups.member.2.Weight", "100"),
        ("member.2.ForwardConfig.TargetGroups.member.3.TargetGroupArn", GREEN),
        ("member.2.ForwardConfig.TargetGroups.member.3.Weight", "0"),
        ("member.2.ForwardConfig.TargetGroupStickinessConfig.Enabled", "true"),
        ("member.2.ForwardConfig.TargetGroupStickinessConfig.DurationSeconds", "3600"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()));
    {
        let mut account = fixture.account.state();
        account.actions = login.to_vec();
        account.targets.insert(STRANGER.to_owned(), Vec::new());
    }
    let router = fixture.router(PATIENT);
    let reading = read(&router).await;
    assert_eq!(
        reading.warnings,
        [
            "stickiness keeps clients with their target group for 60 min, also at weight 0: shares follow slowly, and a pool \
             drains only after that",
            "fallback belongs to no pool and has weight 3: it gets traffic beside them",
        ]
    );
    let prepared = router.prepare(&shift(3_000), Some(&reading)).unwrap();
    assert!(prepared.notes.iter().any(|note| note.starts_with("stickiness keeps")), "{prepared:?}");
    assert_eq!(router.set(&prepared, Some(&reading.native), &Gate::open()).await, SetAnswer::Accepted);
    let account = fixture.account.state();
    for (name, value) in &login {
        let value = match name.as_str() {
            "member.2.ForwardConfig.TargetGroups.member.2.Weight" => "70",
            "member.2.ForwardConfig.TargetGroups.member.3.Weight" => "30",
            _ => value,
        };
        assert_eq!(account.field(name), Some(value), "{name}");
    }
    assert_eq!(account.actions.len(), login.len(), "and nothing else: {:?}", account.actions);
}

#[tokio::test]
async fn a_group_in_no_rule_goes_in_with_weight_0_before_it_gets_a_share() {
    let fixture = Fixture::rule();
    fixture.account.state().actions = [("member.1.Type", "forward"), ("member.1.TargetGroupArn", BLUE)]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .to_vec();
    let router = fixture.router(PATIENT);
    let alone = read(&router).await;
    assert_eq!(alone.native.shares([&"blue".into(), &"green".into()]).to_string(), "100.0 / 0.0");
    assert_eq!(alone.native.0.len(), 1, "the short form names one group: {alone:?}");
    let green = |reading: &flightdeck::domain::Reading| {
        let servers = reading.servers.iter().filter(|server| server.pool == "green".into());
        servers.map(|server| server.health).collect::<Vec<_>>()
    };
    assert_eq!(green(&alone), [Health::Unchecked, Health::Unchecked]);
    assert!(alone.warnings[0].contains("order-api-green is in no rule"), "{:?}", alone.warnings);
    let refused = router.prepare(&shift(1_000), Some(&alone)).unwrap_err();
    assert_eq!(refused.advice, "shift green to 0 first: it goes in with weight 0, and its targets are checked");
    let prepared = router.prepare(&shift(0), Some(&alone)).unwrap();
    assert!(prepared.notes[0].starts_with("order-api-green goes in with weight 0"), "{prepared:?}");
    assert!(!alone.native.holds(&prepared.native), "it is a change, though no share moves");
    assert_eq!(router.set(&prepared, Some(&alone.native), &Gate::open()).await, SetAnswer::Accepted);
    let both = read(&router).await;
    assert!(both.native.holds(&prepared.native) && both.warnings.is_empty(), "{both:?}");
    assert_eq!(green(&both), [Health::Up, Health::Up]);
    assert!(router.prepare(&shift(1_000), Some(&both)).is_ok());
    // The way back to before it was there leaves it in with nothing.
    let back = router.prepare(&Target::Native(alone.native), None).unwrap();
    assert_eq!(router.set(&back, None, &Gate::open()).await, SetAnswer::Accepted);
    assert_eq!(fixture.account.state().groups(), [(BLUE.to_owned(), 1), (GREEN.to_owned(), 0)].into());
}

#[tokio::test]
async fn targets_are_told_apart_by_their_states() {
    let fixture = Fixture::rule();
    {
        let mut account = fixture.account.state();
        let green = account.targets.get_mut(GREEN).unwrap();
        for (state, reason) in [
            ("unhealthy", "Target.Timeout"),
            ("draining", "Target.DeregistrationInProgress"),
            ("unused", "Target.InvalidState"),
            ("initial", "Elb.InitialHealthChecking"),
        ] {
            let port = 9_000 + u16::try_from(green.len()).unwrap();
            green.push(("i-0f9f".to_owned(), port, state.to_owned(), reason.to_owned()));
        }
    }
    let router = fixture.router(PATIENT);
    let reading = read(&router).await;
    let states: Vec<_> = reading
        .servers
        .iter()
        .filter(|server| server.pool == "green".into())
        .map(|server| (server.name.as_str(), server.health, server.admin))
        .collect();
    assert_eq!(
        states,
        [
            ("10.0.0.20:8080", Health::Up, Admin::Ready),
            ("10.0.0.21:8080", Health::Up, Admin::Ready),
            ("i-0f9f:9002", Health::Down, Admin::Ready),
            ("i-0f9f:9003", Health::Up, Admin::Drain),
            ("i-0f9f:9004", Health::Down, Admin::Ready),
            ("i-0f9f:9005", Health::Down, Admin::Ready),
        ]
    );
    assert_eq!(reading.warnings, ["4 of 6 green targets are not healthy: unhealthy, Target.Timeout"]);
    let prepared = router.prepare(&shift(5_000), Some(&reading)).unwrap();
    assert_eq!(prepared.notes, ["green: 3 of 6 targets are healthy"]);
    assert_eq!(reading.identity.node, "order-api in eu-west-1");
}

#[tokio::test]
async fn a_pool_without_targets_gets_no_share() {
    let fixture = Fixture::rule();
    fixture.account.state().targets.insert(GREEN.to_owned(), Vec::new());
    let router = fixture.router(PATIENT);
    let reading = read(&router).await;
    let refused = router.prepare(&shift(1_000), Some(&reading)).unwrap_err();
    assert_eq!((refused.rule.as_str(), refused.why.contains("has no targets")), ("D4", true), "{refused}");
    assert!(router.prepare(&shift(0), Some(&reading)).is_ok());
}

#[tokio::test]
async fn what_no_weights_can_hold_is_refused_with_the_nearest() {
    let fixture = Fixture::rule();
    let router = fixture.router(PATIENT);
    let reading = read(&router).await;
    let refused = router.prepare(&shift(4), Some(&reading)).unwrap_err();
    assert!(refused.advice.contains("the nearest is 0 or 0.1"), "{refused}");
    let prepared = router.prepare(&shift(1_234), Some(&reading)).unwrap();
    assert!(
        prepared.notes[0].contains("the nearest that weights from 0 to 999 give is 12.3 / 87.7")
            || prepared.notes[0].contains("87.7 / 12.3"),
        "{prepared:?}"
    );
    assert!(!router.capabilities().holds.takes(&weights(4)));
    let zero = NativeSplit(
        reading.native.0.iter().map(|each| flightdeck::domain::NativeWeight { weight: 0, ..each.clone() }).collect(),
    );
    assert!(router.prepare(&Target::Native(zero), None).is_err(), "never all at zero");
}

#[tokio::test]
async fn a_default_rule_is_sent_to_its_listener() {
    let fixture = Fixture::rule();
    let router = fixture.router(PATIENT);
    let prepared = router.prepare(&shift(1_000), Some(&read(&router).await)).unwrap();
    fixture.account.state().is_default = true;
    let trouble = router.read().await.unwrap_err();
    assert_eq!(trouble.kind, TroubleKind::Mismatch);
    assert_eq!(trouble.advice, format!("write listener = \"{LISTENER}\" instead of `rule`"));
    assert!(matches!(router.set(&prepared, None, &Gate::open()).await, SetAnswer::NotSent(_)));
    assert_eq!(fixture.account.state().count("ModifyRule"), 0);
}

#[tokio::test]
async fn a_rule_that_forwards_nothing_is_a_misfit() {
    let fixture = Fixture::rule();
    fixture.account.state().actions = vec![("member.1.Type".to_owned(), "redirect".to_owned())];
    let trouble = fixture.router(PATIENT).read().await.unwrap_err();
    assert_eq!(
        (trouble.kind, trouble.why.as_str()),
        (TroubleKind::Mismatch, "the rule forwards to no target group, it does redirect")
    );
}
