//! nginx, by nginx-prometheus-exporter, which reads `stub_status`.

use super::{Means, Ready, Set};

/// `stub_status` counts an nginx as a whole and knows neither pools nor status: the label is one that the scrape gives to
/// the pool's own nginx.
pub const NGINX: Set = Set {
    name: "nginx",
    exporter: "nginx-prometheus-exporter over stub_status, with a label of the scrape for each pool's own nginx",
    label: "pool",
    value: "{pool}",
    panels: &[
        Ready { name: "requests", unit: Means::PerSecond, query: "sum(rate(nginx_http_requests_total{@}[{window}]))" },
        Ready { name: "connections", unit: Means::Number, query: "sum(nginx_connections_active{@})" },
        Ready { name: "waiting", unit: Means::Number, query: "sum(nginx_connections_waiting{@})" },
        Ready {
            name: "dropped",
            unit: Means::PerSecond,
            query: "sum(rate(nginx_connections_accepted{@}[{window}])) - \
                    sum(rate(nginx_connections_handled{@}[{window}]))",
        },
        Ready { name: "up", unit: Means::Other("up"), query: "sum(nginx_up{@})" },
    ],
};
