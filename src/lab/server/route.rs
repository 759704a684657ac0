//! What the invented service offers, how long each takes, and how often it goes wrong.

use std::time::Duration;

use super::super::random::Random;

/// One part of a streamed export.
pub(super) const EXPORT_PART: &str = "{\"batch\":\"settled\",\"payments\":128,\"state\":\"closed\"}            \n";
/// How many parts an export has.
pub(super) const EXPORT_PARTS: usize = 12;

/// One route.
pub(super) struct Route {
    pub(super) method: &'static str,
    path: &'static str,
    /// As it stands in a log: without what differs from request to request.
    pub(super) template: &'static str,
    /// The median time to an answer, in milliseconds.
    median_ms: f64,
    /// How often the answer is no, without anything being wrong.
    declined: f64,
    is_export: bool,
    /// What the log says of an ordinary one.
    pub(super) done: &'static str,
}

const ROUTES: [Route; 5] = [
    Route {
        method: "POST",
        path: "/v1/payments/authorize",
        template: "/v1/payments/authorize",
        median_ms: 24.0,
        declined: 0.02,
        is_export: false,
        done: "authorised",
    },
    Route {
        method: "POST",
        path: "/v1/payments/capture",
        template: "/v1/payments/capture",
        median_ms: 32.0,
        declined: 0.002,
        is_export: false,
        done: "captured",
    },
    Route {
        method: "GET",
        path: "/v1/payments/",
        template: "/v1/payments/{id}",
        median_ms: 7.0,
        declined: 0.0,
        is_export: false,
        done: "payment read",
    },
    Route {
        method: "GET",
        path: "/v1/exports/settlement",
        template: "/v1/exports/settlement",
        median_ms: 18.0,
        declined: 0.0,
        is_export: true,
        done: "export streamed",
    },
    Route {
        method: "GET",
        path: "/",
        template: "/",
        median_ms: 3.0,
        declined: 0.0,
        is_export: false,
        done: "index read",
    },
];

/// What is asked of a route that is not there.
const NOWHERE: Route = Route {
    method: "GET",
    path: "",
    template: "unknown",
    median_ms: 1.0,
    declined: 0.0,
    is_export: false,
    done: "no such resource",
};

/// What is wrong with the version that serves.
pub(in crate::lab) struct Ailment {
    /// Percent of requests that fail.
    pub(in crate::lab) failing_percent: u32,
    /// Whether everything takes much longer.
    pub(in crate::lab) is_slow: bool,
    /// Between which times an export lies.
    pub(in crate::lab) export: (Duration, Duration),
}

/// How one request is served, decided when it comes.
pub(super) struct Served {
    pub(super) status: u16,
    pub(super) latency: Duration,
    /// How long the body streams after that.
    pub(super) export: Option<Duration>,
    pub(super) is_slow: bool,
    pub(super) trace: u64,
}

impl Route {
    /// The route of a request.
    pub(super) fn of(method: &str, path: &str) -> &'static Self {
        let fits = |route: &&Self| {
            route.method == method
                && if route.path.len() > 1 && route.path.ends_with('/') {
                    path.starts_with(route.path)
                } else {
                    path == route.path
                }
        };
        ROUTES.iter().find(fits).unwrap_or(&NOWHERE)
    }

    /// Whether a request to this route is handed on to the issuer, which has a line of its own.
    pub(super) fn asks_issuer(&self) -> bool {
        self.method == "POST"
    }

    /// Draws how a request to this route goes.
    pub(super) fn serve(&self, random: &mut Random, ailment: &Ailment) -> Served {
        let fails = random.chance(f64::from(ailment.failing_percent) / 100.0) || random.chance(0.0003);
        let mut ms = self.median_ms * random.tail(0.35);
        if ailment.is_slow {
            ms = 350.0 + ms * 9.0;
        }
        let (shortest, longest) = ailment.export;
        let export = self.is_export.then(|| shortest + longest.saturating_sub(shortest).mul_f64(random.unit()));
        let status = match () {
            () if self.path.is_empty() => 404,
            () if fails => 500,
            () if random.chance(self.declined) => 402,
            () => 200,
        };
        Served {
            status,
            latency: Duration::from_secs_f64(ms / 1000.0),
            export,
            is_slow: ailment.is_slow,
            trace: random.bits(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_find_their_route() {
        for (method, path, template) in [
            ("GET", "/", "/"),
            ("POST", "/v1/payments/authorize", "/v1/payments/authorize"),
            ("GET", "/v1/payments/pay_81", "/v1/payments/{id}"),
            ("GET", "/v1/exports/settlement", "/v1/exports/settlement"),
            ("DELETE", "/", "unknown"),
            ("GET", "/favicon.ico", "unknown"),
        ] {
            assert_eq!(Route::of(method, path).template, template, "{method} {path}");
        }
    }

    #[test]
    fn a_failing_version_fails_about_as_often_as_asked() {
        let ailment = Ailment { failing_percent: 20, is_slow: false, export: (Duration::ZERO, Duration::from_secs(1)) };
        let mut random = Random::new(3);
        let failed = (0..5_000).filter(|_| ROUTES[0].serve(&mut random, &ailment).status == 500).count();
        assert!((900..1_100).contains(&failed), "{failed} of 5000");
    }
}
