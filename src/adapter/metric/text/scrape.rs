//! Reads Prometheus text endpoints directly, all targets of a source side by side.
//!
//! Never through a proxy and never after a redirect: the numbers are to be those of the target that is named.

use std::time::Duration;

use futures_util::future::{BoxFuture, join_all};
use futures_util::{FutureExt as _, StreamExt as _};
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderValue, LOCATION};
use reqwest::{Client, Response, Url};
use secrecy::ExposeSecret as _;

use super::super::MetricSource;
use super::config::Config;
use super::sum::Selectors;
use crate::domain::metric::{Look, Sample, Scrape};
use crate::domain::{Trouble, TroubleKind};

/// The longest answer that is read. A busy server's is some hundred kilobytes.
const ANSWER_LIMIT: usize = 16 * 1024 * 1024;

/// The endpoints of one source.
pub(super) struct Endpoints {
    client: Client,
    config: Config,
    selectors: Selectors,
    targets: Vec<Target>,
}

struct Target {
    /// As the profile names it.
    name: String,
    url: Url,
}

impl Endpoints {
    pub(super) fn new(config: &Config) -> Result<Self, Trouble> {
        let mismatch = |why: String, advice: &str| {
            Trouble::new(TroubleKind::Mismatch, format!("set up the metric source `{}`", config.id), why, advice)
        };
        let selectors = Selectors::read(&config.series).map_err(|(key, written, bad)| {
            mismatch(format!("`{key}` = `{written}`: {bad}"), "write it like http_requests_total{code=~\"5..\"}")
        })?;
        let mut targets = Vec::new();
        for name in &config.targets {
            let url = Url::parse(name).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
            let url = url.ok_or_else(|| {
                mismatch(
                    format!("`{}` is not a web address", shown(name)),
                    "write it like http://10.0.0.5:9100/metrics",
                )
            })?;
            targets.push(Target { name: name.clone(), url });
        }
        let encrypted = targets.iter().any(|target| target.url.scheme() == "https");
        let client = client(config.timeout, encrypted).map_err(|error| {
            mismatch(
                format!("no connection can be made from here: {}", causes(&error)),
                "an https target needs the certificates of this machine, the package `ca-certificates`",
            )
        })?;
        Ok(Self { client, config: config.clone(), selectors, targets })
    }

    async fn read(&self, target: &Target, token: Option<&HeaderValue>) -> Result<Sample, Trouble> {
        let what = format!("read {}", shown(&target.name));
        let mut request = self.client.get(target.url.clone()).header(ACCEPT, "text/plain;version=0.0.4, */*;q=0.5");
        if let Some(token) = token {
            request = request.header(AUTHORIZATION, token.clone());
        }
        let response = request.send().await.map_err(|error| self.failed(&what, &error))?;
        refuse(&what, &response)?;
        let page = response.headers().get(CONTENT_TYPE).is_some_and(|sort| sort.as_bytes().starts_with(b"text/html"));
        let body = self.body(&what, response).await?;
        let garbage = |why: String| {
            Trouble::new(
                TroubleKind::Garbage,
                what.clone(),
                why,
                "point it at the path with the metrics, often /metrics",
            )
        };
        if page {
            return Err(garbage("it answered a web page, not metrics".to_owned()));
        }
        let text = std::str::from_utf8(&body).map_err(|_bytes| garbage("its answer is not text".to_owned()))?;
        self.selectors.sum(text).map_err(|bad| garbage(bad.to_string()))
    }

    async fn body(&self, what: &str, response: Response) -> Result<Vec<u8>, Trouble> {
        let mut body = Vec::new();
        let mut chunks = response.bytes_stream();
        while let Some(chunk) = chunks.next().await {
            let chunk = chunk.map_err(|error| self.failed(what, &error))?;
            if body.len() + chunk.len() > ANSWER_LIMIT {
                return Err(Trouble::new(
                    TroubleKind::Garbage,
                    what,
                    format!("its answer is longer than {} MiB", ANSWER_LIMIT / 1024 / 1024),
                    "point it at an endpoint of this service alone",
                ));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }

    fn failed(&self, what: &str, error: &reqwest::Error) -> Trouble {
        if error.is_timeout() {
            return Trouble::new(
                TroubleKind::TimedOut,
                what,
                format!("no whole answer within {} ms", self.config.timeout.as_millis()),
                "see whether the target is overloaded, or raise the source's timeout",
            );
        }
        let advice = "see whether the target runs and can be reached from here";
        let kind = if error.is_connect() { TroubleKind::Unreachable } else { TroubleKind::Garbage };
        Trouble::new(kind, what, causes(error), advice)
    }
}

impl MetricSource for Endpoints {
    fn look(&self) -> BoxFuture<'_, Look> {
        async {
            let token = token(&self.config).await;
            let reads = self.targets.iter().map(|target| async {
                let sample = match &token {
                    Ok(token) => self.read(target, token.as_ref()).await,
                    Err(trouble) => Err(trouble.clone()),
                };
                (target.name.clone(), sample)
            });
            Look::Counters(Scrape { targets: join_all(reads).await })
        }
        .boxed()
    }

    fn probe(&self) -> BoxFuture<'_, Result<(String, Vec<String>), Trouble>> {
        async {
            let Look::Counters(scrape) = self.look().await else { return Ok((String::new(), Vec::new())) };
            let count = scrape.targets.len();
            let mut silent = Vec::new();
            for (target, said) in scrape.targets {
                if said?.requests.is_none() {
                    silent.push(format!("{target} counts no requests under the name in `series.requests`"));
                }
            }
            Ok((format!("{count} of {count} targets answer"), silent))
        }
        .boxed()
    }
}

fn client(limit: Duration, encrypted: bool) -> reqwest::Result<Client> {
    // Whoever came first has set the same one.
    let _set = rustls::crypto::ring::default_provider().install_default();
    let builder = Client::builder()
        .timeout(limit)
        .connect_timeout(limit)
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .pool_max_idle_per_host(1);
    // Without an encrypted target none of the machine's certificates are needed, and there may be none.
    if encrypted { builder.build() } else { builder.tls_certs_only([]).build() }
}

/// The header with the source's token, fetched anew each time: it may be exchanged while we run.
async fn token(config: &Config) -> Result<Option<HeaderValue>, Trouble> {
    let Some(reference) = &config.token else { return Ok(None) };
    let what = format!("read the token of the metric source `{}`", config.id);
    let denied = |why: String, advice: String| Trouble::new(TroubleKind::Denied, what.clone(), why, advice);
    let secret =
        reference.resolve().await.map_err(|error| denied(format!("{}: {}", error.from, error.why), error.advice))?;
    let mut header = HeaderValue::from_str(&format!("Bearer {}", secret.expose_secret())).map_err(|_not_a_header| {
        denied(format!("{reference} holds a character that no header may hold"), "look at how it is kept".to_owned())
    })?;
    header.set_sensitive(true);
    Ok(Some(header))
}

/// An answer that is no success, in words.
fn refuse(what: &str, response: &Response) -> Result<(), Trouble> {
    let status = response.status();
    if status.is_success() {
        return Ok(());
    }
    let (kind, why, advice) = match status.as_u16() {
        401 | 403 => {
            (TroubleKind::Denied, format!("it answered {status}"), "give the source a `token` that may read metrics")
        }
        404 => (TroubleKind::Mismatch, format!("it answered {status}"), "correct the path, often /metrics"),
        300..=399 => {
            let to = response.headers().get(LOCATION).and_then(|to| to.to_str().ok()).map(shown).unwrap_or_default();
            (TroubleKind::Mismatch, format!("it answered {status}, elsewhere: {to}"), "name the address it leads to")
        }
        _ => (TroubleKind::Garbage, format!("it answered {status}"), "look at the target's own log"),
    };
    Err(Trouble::new(kind, what, why, advice))
}

/// An address without user, password and parameters, which may hold secrets.
fn shown(address: &str) -> String {
    let plain = address.split(['?', '#']).next().unwrap_or_default();
    let shown = match plain.split_once("://") {
        Some((scheme, rest)) => {
            let host_end = rest.find('/').unwrap_or(rest.len());
            let (authority, path) = rest.split_at_checked(host_end).unwrap_or((rest, ""));
            format!("{scheme}://{}{path}", authority.rsplit('@').next().unwrap_or_default())
        }
        None => plain.rsplit('@').next().unwrap_or_default().to_owned(),
    };
    shown.chars().filter(|each| !each.is_control()).take(200).collect()
}

/// What lies behind an error, without the address that it repeats.
fn causes(error: &reqwest::Error) -> String {
    let mut cause = std::error::Error::source(error);
    let mut last = None;
    while let Some(inner) = cause {
        last = Some(inner.to_string());
        cause = inner.source();
    }
    last.unwrap_or_else(|| "the answer broke off".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_shown_without_what_may_be_secret() {
        for (address, wanted) in [
            ("http://10.0.0.5:9100/metrics", "http://10.0.0.5:9100/metrics"),
            ("https://ana:pw@host/metrics?token=x#y", "https://host/metrics"),
            ("ana:pw@host", "host"),
        ] {
            assert_eq!(shown(address), wanted);
        }
    }
}
