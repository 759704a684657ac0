//! What the profile says about one Caddy.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;

use super::super::{Configured, Router};
use super::Caddy;
use crate::adapter::http::{Endpoint, Tls, endpoint};
use crate::domain::{BasisPoints, Capabilities, Holds, PoolId, Proof, Trouble};
use crate::setting::{Kind, Table, Wrong, quoted, text};

/// Where and how one Caddy process is steered.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Config {
    /// The admin interface.
    pub at: Endpoint,
    /// Certificates, where the admin interface is the remote one.
    pub tls: Tls,
    /// The origin that the admin interface expects, where that is not its address.
    pub origin: Option<String>,
    /// The reverse proxy that splits: its `@id`, or its path in the configuration.
    pub handler: String,
    /// Per pool, in the profile's order, patterns of its upstreams, `*` standing for any text.
    pub pools: Vec<(PoolId, Vec<String>)>,
    /// Per pool, the server of the same Caddy that is behind its upstream and counts its requests.
    pub inner: Vec<(PoolId, String)>,
    /// How long it may take to answer.
    pub timeout: Duration,
}

impl Config {
    /// Reads the keys of `kind = "caddy"`.
    pub fn read(table: &mut Table<'_>, pools: &[PoolId], timeout: Duration) -> Option<Self> {
        let names: Vec<&str> = pools.iter().map(PoolId::as_str).collect();
        let at = table.required("at", "Caddy's admin interface.", &endpoint());
        let tls = Tls::read(table);
        let doc = "The origin that the admin interface expects, one of its `origins`; else its address.";
        let origin = table.optional("origin", doc, &origin());
        let doc = "The reverse proxy that splits: its `@id`, or its path in the configuration.";
        let handler = table.required("handler", doc, &handler());
        let doc = "Per pool, its upstreams as they are dialled, `*` for any text, several separated by spaces.";
        let places = table.required_each_of("pools", doc, "pool", &names, &patterns());
        let doc = "Per pool, the server of the same Caddy behind its upstream, which counts its requests.";
        let counted = if table.has("inner") { names.as_slice() } else { &[] };
        let inner = table.each_of("inner", doc, "pool", counted, &text());
        let mut fits = true;
        let places = places?.value;
        for (index, (pool, own)) in places.iter().enumerate() {
            let twice = |pattern: &&String| {
                places.iter().take(index).find(|(_, other)| other.value.iter().any(|other| overlap(other, pattern)))
            };
            let found = own.value.iter().find_map(|pattern| Some((pattern, twice(&pattern)?)));
            if let Some((pattern, (other, _))) = found {
                fits = false;
                let wrong =
                    Wrong::new(format!("{} can name the same upstreams as those of pool {other}", quoted(pattern)));
                table
                    .report()
                    .refuse(&own.spot, wrong.advice(format!("an upstream of {pool} belongs to one pool only")));
            }
        }
        let pools = places.into_iter().map(|(pool, patterns)| (PoolId::new(pool), patterns.value)).collect();
        let inner = inner.map(|inner| inner.value).unwrap_or_default();
        let inner = inner.into_iter().map(|(pool, server)| (PoolId::new(pool), server.value)).collect();
        let (at, handler) = (at?.value, handler?.value);
        let origin = origin.map(|origin| origin.value);
        fits.then_some(Self { at, tls, origin, handler, pools, inner, timeout })
    }

    /// Where the handler is in the admin interface.
    pub(super) fn base(&self) -> String {
        if self.handler.starts_with('/') { format!("/config{}", self.handler) } else { format!("/id/{}", self.handler) }
    }

    /// Where its weights are.
    pub(super) fn weights_path(&self) -> String {
        format!("{}/load_balancing/selection_policy/weights", self.base())
    }

    /// The pools that an upstream belongs to: one, unless the profile does not fit.
    pub(super) fn pools_of<'a>(&'a self, dial: &'a str) -> impl Iterator<Item = &'a PoolId> {
        let own = self.pools.iter().filter(move |(_, patterns)| patterns.iter().any(|pattern| fits(pattern, dial)));
        own.map(|(pool, _)| pool)
    }
}

impl Configured for Config {
    fn capabilities(&self) -> Capabilities {
        let counts_requests = !self.inner.is_empty();
        let make_permanent = format!(
            "write the weights into the file that Caddy is started with, at the `selection_policy` of {}; only a Caddy that runs \
             with --resume keeps them by itself",
            self.handler
        );
        Capabilities {
            change_ms: 2,
            back_ms: 2,
            holds: Holds::Shares { finest: BasisPoints(10) },
            atomic: true,
            conditional: true,
            proof: if counts_requests { Proof::Observed } else { Proof::ReadBack },
            counts_in_flight: true,
            counts_requests,
            make_permanent: Some(make_permanent),
            ..Capabilities::of("Caddy", "weights of a reverse proxy, one conditional request")
        }
    }

    fn place(&self) -> String {
        format!("{} {}", self.at, self.handler)
    }

    fn connect(&self) -> Result<Arc<dyn Router>, Trouble> {
        Ok(Arc::new(Caddy::new(self.clone())?))
    }
}

/// An origin: a scheme and a host, nothing more.
fn origin() -> Kind<String> {
    let accepted = "an origin without a path, such as \"http://caddy.internal:2019\"";
    Kind::from_text(accepted, json!({ "type": "string", "pattern": "^https?://[^/@]+$" }), |text| {
        let host = text.strip_prefix("http://").or_else(|| text.strip_prefix("https://"));
        let is_host = |host: &str| {
            !host.is_empty()
                && host.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ':' | '[' | ']'))
        };
        if host.is_some_and(is_host) { Ok(text.to_owned()) } else { Err(Wrong::new("is no origin")) }
    })
}

/// An `@id`, or a path in the configuration.
fn handler() -> Kind<String> {
    let accepted = "the handler's \"@id\", or its path such as \"/apps/http/servers/front/routes/0/handle/0\"";
    Kind::from_text(accepted, json!({ "type": "string", "pattern": "^[A-Za-z0-9_.~/-]+$" }), |text| {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '~' | '-');
        let path = text.strip_prefix('/');
        let words: Vec<&str> = path.unwrap_or(text).split('/').collect();
        let fits = words.iter().all(|word| !word.is_empty() && word.chars().all(is_plain) && *word != "..");
        if fits && (path.is_some() || words.len() == 1) {
            Ok(text.to_owned())
        } else {
            Err(Wrong::new(format!("cannot be {}", quoted(text))))
        }
    })
}

/// Patterns of upstreams, separated by spaces.
fn patterns() -> Kind<Vec<String>> {
    let accepted = "addresses as Caddy dials them, such as \"127.0.0.1:8881\" or \"10.0.1.*:80 10.0.2.7:80\"";
    Kind::from_text(accepted, json!({ "type": "string", "pattern": "[^ ]" }), |text| {
        let patterns: Vec<String> = text.split_whitespace().map(str::to_owned).collect();
        if patterns.is_empty() { Err(Wrong::new("is empty")) } else { Ok(patterns) }
    })
}

/// Whether a text fits a pattern in which `*` stands for any text.
fn fits(pattern: &str, text: &str) -> bool {
    let Some((before, after)) = pattern.split_once('*') else { return pattern == text };
    let Some(rest) = text.strip_prefix(before) else { return false };
    let mut ends = rest.char_indices().map(|(at, _)| at).chain([rest.len()]);
    ends.any(|at| rest.get(at..).is_some_and(|rest| fits(after, rest)))
}

/// Whether one text can fit both, as far as can be said without trying: what one of them names, the other fits.
fn overlap(one: &str, other: &str) -> bool {
    let (begin, end) = (
        |pattern: &str| pattern.split('*').next().unwrap_or_default().to_owned(),
        |pattern: &str| pattern.rsplit('*').next().unwrap_or_default().to_owned(),
    );
    match (one.contains('*'), other.contains('*')) {
        (false, _) => fits(other, one),
        (_, false) => fits(one, other),
        (true, true) => {
            let meet = |a: &str, b: &str, side: fn(&str, &str) -> bool| side(a, b) || side(b, a);
            meet(&begin(one), &begin(other), |a, b| a.starts_with(b))
                && meet(&end(one), &end(other), |a, b| a.ends_with(b))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{fits, overlap};

    #[test]
    fn a_star_is_any_text() {
        for (pattern, text, does) in [
            ("10.0.1.*:80", "10.0.1.17:80", true),
            ("10.0.1.*:80", "10.0.1.17:81", false),
            ("*", "unix//run/app.sock", true),
            ("a*b*c", "a-b-b-c", true),
            ("a*b*c", "a-c", false),
            ("app:80", "app:80", true),
            ("app:80", "app:8080", false),
        ] {
            assert_eq!(fits(pattern, text), does, "{pattern} {text}");
        }
    }

    #[test]
    fn patterns_that_can_name_the_same_are_found() {
        for (one, other, do_overlap) in [
            ("10.0.1.*:80", "10.0.2.*:80", false),
            ("10.0.*:80", "10.0.2.*:80", true),
            ("10.0.*:80", "10.0.2.*:81", false),
            ("10.0.1.7:80", "10.0.1.*:80", true),
            ("10.0.1.7:80", "10.0.1.7:80", true),
            ("10.0.1.7:80", "10.0.1.8:80", false),
        ] {
            assert_eq!(overlap(one, other), do_overlap, "{one} {other}");
            assert_eq!(overlap(other, one), do_overlap, "{other} {one}");
        }
    }
}
