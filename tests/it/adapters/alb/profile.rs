//! What the example profile means.

use std::any::Any;
use std::path::Path;

use flightdeck::adapter::router::alb::{Config, Place};
use flightdeck::profile::load;

#[test]
fn the_example_names_a_rule_and_a_listener_and_who_asks() {
    let loaded = load(Path::new("profiles/alb.toml")).unwrap_or_else(|problems| panic!("{problems}"));
    let configs: Vec<&Config> = loaded
        .adapters
        .routers
        .iter()
        .map(|(_, router)| {
            let configured: &dyn Any = &*router.configured;
            configured.downcast_ref().expect("it is a load balancer")
        })
        .collect();
    let [public, inner] = configs[..] else { panic!("two of them: {configs:?}") };
    assert!(matches!(public.place, Place::Rule(_)));
    assert_eq!(public.endpoint.to_string(), "https://elasticloadbalancing.eu-west-1.amazonaws.com");
    let cloudwatch = public.cloudwatch.as_ref().map(ToString::to_string);
    assert_eq!(cloudwatch.as_deref(), Some("https://monitoring.eu-west-1.amazonaws.com"));
    assert_eq!(public.chain.profile.as_deref(), Some("checkout-deploy"));
    assert!(matches!(inner.place, Place::Listener(_)) && inner.cloudwatch.is_none());
    assert_eq!(inner.chain.role.as_deref(), Some("arn:aws:iam::210987654321:role/traffic"));
    assert_eq!(inner.pools[1].1.group(), "inner-green");
    for router in &loaded.procedure.routers {
        assert!(router.poll.as_millis() >= 2_000, "its calls are limited");
    }
}
