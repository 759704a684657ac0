//! Spring Boot, by Micrometer's Prometheus registry (`/actuator/prometheus`).

use super::{Means, Ready, Set};

/// The actuator's own requests are left out: they are health checks and this very scrape.
pub const SPRING: Set = Set {
    name: "spring",
    exporter: "Micrometer's Prometheus registry (/actuator/prometheus), with a label of the scrape for each pool",
    label: "pool",
    value: "{pool}",
    panels: &[
        Ready {
            name: "errors",
            unit: Means::Percent,
            // The series of an outcome is not there before its first response.
            query: "(sum(rate(http_server_requests_seconds_count{@,outcome=\"SERVER_ERROR\",\
                    uri!~\"/actuator.*\"}[{window}])) or vector(0)) / \
                    sum(rate(http_server_requests_seconds_count{@,uri!~\"/actuator.*\"}[{window}]))",
        },
        Ready {
            name: "p99",
            unit: Means::Milliseconds,
            // Needs management.metrics.distribution.percentiles-histogram.http.server.requests=true.
            query: "1000 * histogram_quantile(0.99, sum by (le) \
                    (rate(http_server_requests_seconds_bucket{@,uri!~\"/actuator.*\"}[{window}])))",
        },
        Ready {
            name: "mean-time",
            unit: Means::Milliseconds,
            query: "1000 * sum(rate(http_server_requests_seconds_sum{@,uri!~\"/actuator.*\"}[{window}])) / \
                    sum(rate(http_server_requests_seconds_count{@,uri!~\"/actuator.*\"}[{window}]))",
        },
        Ready {
            name: "requests",
            unit: Means::PerSecond,
            query: "sum(rate(http_server_requests_seconds_count{@,uri!~\"/actuator.*\"}[{window}]))",
        },
        Ready {
            name: "heap",
            unit: Means::Percent,
            query: "sum(jvm_memory_used_bytes{@,area=\"heap\"}) / sum(jvm_memory_max_bytes{@,area=\"heap\"})",
        },
        Ready {
            name: "gc",
            unit: Means::Percent,
            query: "sum(rate(jvm_gc_pause_seconds_sum{@}[{window}])) / count(process_uptime_seconds{@})",
        },
        Ready { name: "db-active", unit: Means::Number, query: "sum(hikaricp_connections_active{@})" },
        Ready { name: "db-waiting", unit: Means::Number, query: "sum(hikaricp_connections_pending{@})" },
    ],
};
