//! Who asks, and what AWS says to that.

use std::time::Duration;

use flightdeck::adapter::router::alb::Place;
use flightdeck::adapter::router::{Router, SetAnswer};
use flightdeck::domain::TroubleKind;

use super::super::router::{Gate, PATIENT, read};
use super::account::Fixture;
use super::{PROFILE, arn, config, router, shift};
use crate::support::aws::{BLUE, GREEN, RULE};

#[tokio::test]
async fn keys_of_which_aws_says_that_they_are_over_are_read_again_at_once() {
    let fixture = Fixture::rule();
    let router = fixture.router(PATIENT);
    read(&router).await;
    // Somebody logs in again while the old keys are still kept.
    let mut keys = fixture.account.state().keys.clone();
    let (_, first) = keys.pop_first().unwrap();
    keys.insert("ASIANEXT".to_owned(), (first.0.clone(), Some("token".to_owned()), true));
    fixture.account.state().keys = keys;
    fixture.credentials.write("ASIANEXT", &first.0, Some("token"));
    read(&router).await;
}

#[tokio::test]
async fn a_profile_that_is_not_there_is_told_with_how_to_log_in() {
    let fixture = Fixture::rule();
    let address = fixture.account.address.to_string();
    let mut settings = config(Place::Rule(arn(RULE)), [BLUE, GREEN], &address, fixture.credentials.path(), PATIENT);
    settings.chain.profile = Some("flightdeck-no-such-profile".to_owned());
    let trouble = router(settings).read().await.unwrap_err();
    assert_eq!(trouble.kind, TroubleKind::Denied);
    assert!(trouble.why.starts_with("the AWS profile flightdeck-no-such-profile gives no credentials"), "{trouble}");
    assert!(trouble.advice.starts_with("put good credentials into "), "{trouble}");
    assert_eq!(fixture.account.state().forms.len(), 0, "nothing is asked of AWS");
}

#[tokio::test]
async fn a_secret_that_does_not_belong_to_its_key_is_told_without_what_was_signed() {
    let fixture = Fixture::rule();
    let id = fixture.account.state().keys.keys().next().unwrap().clone();
    fixture.credentials.write(&id, "not-the-secret", None);
    let trouble = fixture.router(PATIENT).read().await.unwrap_err();
    assert_eq!((trouble.kind, trouble.why.as_str()), (TroubleKind::Denied, "AWS answered SignatureDoesNotMatch"));
    assert!(trouble.advice.starts_with("the secret key does not belong to the key's id"), "{trouble}");
}

#[tokio::test]
async fn refusals_of_a_look_say_what_to_do() {
    let fixture = Fixture::rule();
    let router = fixture.router(PATIENT);
    for (action, status, code, kind, advice) in [
        ("DescribeRules", 400, "Throttling", TroubleKind::Denied, "longer `poll`"),
        ("DescribeRules", 503, "RequestLimitExceeded", TroubleKind::Denied, "longer `poll`"),
        ("DescribeRules", 400, "RuleNotFound", TroubleKind::Mismatch, "compare the names"),
        ("DescribeTargetHealth", 403, "AccessDenied", TroubleKind::Denied, "elasticloadbalancing:DescribeTargetHealth"),
        ("DescribeTargetHealth", 400, "TargetGroupNotFound", TroubleKind::Mismatch, "compare the names"),
        ("DescribeRules", 500, "InternalFailure", TroubleKind::Unreachable, "look again"),
    ] {
        fixture.account.state().instead = [(action.to_owned(), (status, code.to_owned(), "Said so".to_owned()))].into();
        let trouble = router.read().await.unwrap_err();
        assert_eq!(trouble.kind, kind, "{trouble}");
        assert_eq!(trouble.why, format!("AWS answered {code}: Said so"));
        assert!(trouble.what.starts_with(action) && trouble.advice.contains(advice), "{trouble}");
    }
}

#[tokio::test]
async fn refusals_of_a_change_are_failed_and_a_failure_of_aws_is_unknown() {
    let fixture = Fixture::rule();
    let router = fixture.router(PATIENT);
    let prepared = router.prepare(&shift(1_000), Some(&read(&router).await)).unwrap();
    let set = async |status: u16, code: &str| {
        fixture.account.state().instead =
            [("ModifyRule".to_owned(), (status, code.to_owned(), "Said so".to_owned()))].into();
        router.set(&prepared, None, &Gate::open()).await
    };
    for (status, code, advice) in [
        (400, "Throttling", "longer `poll`"),
        (403, "AccessDenied", "elasticloadbalancing:ModifyRule"),
        (400, "OperationNotPermitted", "name it as `listener`"),
        (400, "TooManyUniqueTargetGroupsPerLoadBalancer", "quotas"),
        (403, "ExpiredToken", "put good credentials into"),
    ] {
        match set(status, code).await {
            SetAnswer::Failed(why) => assert!(why.contains(code) && why.contains(advice), "{why}"),
            other => panic!("{code} becomes {other:?}"),
        }
    }
    let answer = set(500, "InternalFailure").await;
    assert!(matches!(answer, SetAnswer::Unknown(_)), "it may have done something before: {answer:?}");
    assert_eq!(fixture.account.state().count("ModifyRule"), 6, "a change is sent once");
}

#[tokio::test]
async fn a_login_that_is_over_names_the_profile_to_log_in_to() {
    let fixture = Fixture::rule();
    let address = fixture.account.address.to_string();
    // As with keys that AWS's own tools find: no file is named. The profile is not there, so nothing is found.
    let mut settings =
        config(Place::Rule(arn(RULE)), [BLUE, GREEN], &address, fixture.credentials.path(), Duration::from_secs(5));
    settings.chain.file = None;
    settings.chain.profile = Some(format!("{PROFILE}-that-is-nowhere"));
    let trouble = router(settings).read().await.unwrap_err();
    assert_eq!(trouble.kind, TroubleKind::Denied, "{trouble}");
    assert!(trouble.advice.contains("`aws sso login --profile deploy-that-is-nowhere`"), "{trouble}");
}

#[tokio::test]
async fn a_role_is_assumed_with_the_keys_of_the_profile() {
    const ROLE: &str = "arn:aws:iam::123456789012:role/traffic";
    let fixture = Fixture::rule();
    let address = fixture.account.address.to_string();
    let assumed = ["ASIAASSUMED", "the/secret+of/the-role", "FwoGROLETOKEN"].map(str::to_owned);
    let [id, secret, token] = assumed.clone();
    {
        let mut account = fixture.account.state();
        account.roles.insert(ROLE.to_owned(), assumed);
        account.keys.insert(id, (secret, Some(token), true));
    }
    // Where the service of tokens is, the profile says: AWS's own tools read it there too.
    fixture.credentials.append(&format!("endpoint_url = http://{address}\n"));
    let mut settings = config(Place::Rule(arn(RULE)), [BLUE, GREEN], &address, fixture.credentials.path(), PATIENT);
    settings.chain.role = Some(ROLE.to_owned());
    let router_of_role = router(settings.clone());
    let prepared = router_of_role.prepare(&shift(1_000), Some(&read(&router_of_role).await)).unwrap();
    assert_eq!(router_of_role.set(&prepared, None, &Gate::open()).await, SetAnswer::Accepted);
    assert_eq!(fixture.account.state().count("AssumeRole"), 1, "the keys are kept");
    settings.chain.role = Some(format!("{ROLE}-of-another"));
    let trouble = router(settings).read().await.unwrap_err();
    assert_eq!(trouble.kind, TroubleKind::Denied, "{trouble}");
    assert!(trouble.why.contains("sts:AssumeRole"), "{trouble}");
}
