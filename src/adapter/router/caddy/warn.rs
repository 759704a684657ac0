//! What an operator must know about a Caddy before believing its weights, and what to do about its refusals.

use super::Config;
use super::look::Seen;
use crate::adapter::http::Answer;
use crate::domain::reading::Health;
use crate::domain::{Reading, Trouble, TroubleKind};

/// All warnings, one sentence each.
pub(super) fn warnings(config: &Config, seen: &Seen, reading: &Reading) -> Vec<String> {
    let mut warnings = Vec::new();
    if !config.at.is_local() && config.tls.identity.is_none() {
        warnings.push(format!(
            "the admin interface asks nobody who they are: whoever reaches {} can move traffic and end Caddy",
            config.at
        ));
    }
    if !config.inner.is_empty() && !seen.counts {
        warnings.push(
            "requests are not counted: Caddy's http app has no `metrics`, which `inner` of this router relies on"
                .to_owned(),
        );
    }
    let set = reading.native.shares(config.pools.iter().map(|(pool, _)| pool));
    for (pool, _) in &config.pools {
        let own = || reading.servers.iter().filter(|server| server.pool == *pool);
        let (all, down) = (own().count(), own().filter(|server| server.health == Health::Down).count());
        if down == 0 {
            continue;
        }
        let counted = if all == 1 {
            format!("the only {pool} upstream is")
        } else {
            format!("{down} of {all} {pool} upstreams are")
        };
        let (set, now) = (set.of(pool), reading.effective.of(pool));
        warnings.push(if now.whole == 0 {
            format!("{counted} down, and nobody is left: requests fail with 503")
        } else if set.to_string() == now.to_string() {
            format!("{counted} down")
        } else {
            format!("{counted} down: {pool} gets {now} % instead of {set} %")
        });
    }
    warnings
}

/// A no to a look.
pub(super) fn refusal(config: &Config, what: &str, answer: &Answer) -> Trouble {
    let kind = match answer.status {
        401 | 403 => TroubleKind::Denied,
        400 | 404 => TroubleKind::Mismatch,
        500.. => TroubleKind::Unreachable,
        _ => TroubleKind::Garbage,
    };
    Trouble::new(kind, what, format!("it answered {}: {}", answer.status, answer.words()), advice(config, answer))
}

/// What to do about a no, by Caddy's own words.
pub(super) fn advice(config: &Config, answer: &Answer) -> String {
    /// A part of Caddy's words, and the advice.
    const KNOWN: [(&str, &str); 7] = [
        ("host not allowed", "name one of the admin interface's `origins` under `origin` in the profile"),
        (
            "not allowed to access from origin",
            "name one of the admin interface's `origins` under `origin` in the profile",
        ),
        ("unknown object ID", "compare `handler` in the profile with the `@id`s in Caddy's configuration"),
        ("invalid traversal path", "compare `handler` in the profile with the paths in Caddy's configuration"),
        ("key does not exist", "give the handler the policy `weighted_round_robin` with weights"),
        ("positive weight", "give one upstream a weight"),
        ("loading", "look at Caddy's log: it could not start the whole of its configuration again"),
    ];
    let words = answer.words();
    let known = KNOWN.iter().find(|(part, _)| words.contains(part)).map(|(_, advice)| (*advice).to_owned());
    known.unwrap_or_else(|| match answer.status {
        403 => "ask whoever runs it for the permission that it names".to_owned(),
        _ => format!("see whether {} is Caddy's admin interface, and look at Caddy's log", config.at),
    })
}
