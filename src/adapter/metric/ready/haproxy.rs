//! HAProxy, by the exporter that is built into it (`http-request use-service prometheus-exporter`).

use super::{Means, Ready, Set};

/// Counted per server, so that both shapes are told apart: a backend per pool by the label `proxy`, servers of one backend
/// by the label `server` and a value like `{pool}-.*`.
pub const HAPROXY: Set = Set {
    name: "haproxy",
    exporter: "HAProxy's own exporter (http-request use-service prometheus-exporter), 2.4 or newer",
    label: "proxy",
    value: "{pool}",
    panels: &[
        Ready {
            name: "errors",
            unit: Means::Percent,
            query: "sum(rate(haproxy_server_http_responses_total{@,code=\"5xx\"}[{window}])) / \
                    sum(rate(haproxy_server_http_responses_total{@}[{window}]))",
        },
        Ready {
            name: "requests",
            unit: Means::PerSecond,
            query: "sum(rate(haproxy_server_http_responses_total{@}[{window}]))",
        },
        Ready {
            name: "response-time",
            unit: Means::Milliseconds,
            query: "1000 * max(haproxy_server_response_time_average_seconds{@})",
        },
        Ready { name: "sessions", unit: Means::Number, query: "sum(haproxy_server_current_sessions{@})" },
        Ready { name: "queue", unit: Means::Number, query: "sum(haproxy_server_current_queue{@})" },
        Ready {
            name: "connect-errors",
            unit: Means::PerSecond,
            query: "sum(rate(haproxy_server_connection_errors_total{@}[{window}]))",
        },
        Ready { name: "servers-up", unit: Means::Other("up"), query: "sum(haproxy_server_status{@,state=\"UP\"})" },
    ],
};
