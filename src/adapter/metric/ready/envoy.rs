//! Envoy, by its administration interface (`/stats/prometheus`).

use super::{Means, Ready, Set};

/// Counted per cluster.
pub const ENVOY: Set = Set {
    name: "envoy",
    exporter: "Envoy's administration interface (/stats/prometheus)",
    label: "envoy_cluster_name",
    value: "{pool}",
    panels: &[
        Ready {
            name: "errors",
            unit: Means::Percent,
            // The counter of a class is not there before its first response.
            query: "(sum(rate(envoy_cluster_upstream_rq_xx{@,envoy_response_code_class=\"5\"}[{window}])) or vector(0)) / \
                    sum(rate(envoy_cluster_upstream_rq_completed{@}[{window}]))",
        },
        Ready {
            name: "p99",
            unit: Means::Milliseconds,
            query: "histogram_quantile(0.99, sum by (le) (rate(envoy_cluster_upstream_rq_time_bucket{@}[{window}])))",
        },
        Ready {
            name: "requests",
            unit: Means::PerSecond,
            query: "sum(rate(envoy_cluster_upstream_rq_completed{@}[{window}]))",
        },
        Ready { name: "in-flight", unit: Means::Number, query: "sum(envoy_cluster_upstream_rq_active{@})" },
        Ready {
            name: "retries",
            unit: Means::PerSecond,
            query: "sum(rate(envoy_cluster_upstream_rq_retry{@}[{window}]))",
        },
        Ready {
            name: "connect-errors",
            unit: Means::PerSecond,
            query: "sum(rate(envoy_cluster_upstream_cx_connect_fail{@}[{window}]))",
        },
        Ready { name: "hosts-healthy", unit: Means::Other("up"), query: "sum(envoy_cluster_membership_healthy{@})" },
    ],
};
