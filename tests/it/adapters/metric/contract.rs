//! Every scenario against every kind that answers queries.

#[cfg(feature = "aws")]
use super::fake::cloudwatch;
use super::fake::{datadog, json, prometheus};
use super::scenario;

macro_rules! contract {
    ($kind:ident, $fake:ty: $($scenario:ident),* $(,)?) => {
        mod $kind {
            use super::*;

            $(
                #[tokio::test]
                async fn $scenario() {
                    scenario::$scenario::<$fake>().await;
                }
            )*
        }
    };
}

macro_rules! every_scenario {
    ($($kind:ident: $fake:ty;)*) => {
        $(
            contract!(
                $kind, $fake:
                a_value_has_a_time_of_its_own,
                the_same_sample_read_twice_is_known_as_one,
                the_next_sample_is_another_one,
                what_is_missing_stays_missing,
                several_series_are_refused_with_advice,
                a_no_is_told_without_the_secret,
                a_system_that_is_asked_too_often_is_left_alone,
                it_is_asked_again_when_its_time_is_over,
                a_system_that_hangs_is_given_up,
                nobody_there_is_said,
                garbage_is_no_value,
                a_fault_of_the_system_is_told,
                check_says_what_was_found,
                what_was_before_is_told_with_its_gaps,
            );
        )*
    };
}

every_scenario! {
    of_prometheus: prometheus::Prometheus;
    of_datadog: datadog::Datadog;
    of_http: json::Json;
}

#[cfg(feature = "aws")]
every_scenario! {
    of_cloudwatch: cloudwatch::CloudWatch;
}
