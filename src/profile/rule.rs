//! `[confirm]`, `[people]` and `[timing]`.

use std::time::Duration;

use super::checklist::relative_path;
use super::read::Included;
use super::router::{polls, timeouts};
use crate::domain::procedure::{Confirm, Friction, Timing};
use crate::domain::{People, WhyRule};
use crate::setting::{Found, Spot, Table, Wrong, choice, duration, flag, regex, span_text};
use crate::signature::AllowedSigners;

/// Times and how often routers are read when nothing happens.
pub(super) struct Times {
    pub(super) timing: Timing,
    pub(super) poll: Duration,
}

/// Reads `[confirm]`. In production, what is off the plan and what deploys asks the most.
pub(super) fn confirm(table: &mut Table<'_>, production: bool) -> (Confirm, WhyRule) {
    let careful = if production { Friction::Type } else { Friction::Key };
    let kind = || choice(&[("key", Friction::Key), ("type", Friction::Type), ("two", Friction::Two)], &[]);
    let doc =
        "What each kind of act asks: \"key\" (one key), \"type\" (the target, typed), \"two\" (another person too).";
    let read = table.table("confirm", doc, |table| {
        let mut one = |key, doc, default| table.optional(key, doc, &kind()).map_or(default, |found| found.value);
        let confirm = Confirm {
            shift: one("shift", "The next planned shift. Default \"key\".", Friction::Key),
            off_plan: one("off_plan", "A shift off the plan. Default \"type\" in production, else \"key\".", careful),
            deploy: one("deploy", "A deploy step's tick. Default \"type\" in production, else \"key\".", careful),
            rollback: one("rollback", "A rollback. Default \"key\".", Friction::Key),
        };
        let doc =
            "A regular expression that a ticket fits as a whole: one is named when a session is opened. Default: none.";
        let ticket = table.optional("ticket", doc, &regex()).map(|found| found.value);
        let doc = "Whether a reason is given when a session is opened. Default false.";
        let reason = table.optional("reason", doc, &flag()).is_some_and(|found| found.value);
        (confirm, WhyRule { ticket, reason })
    });
    let plain = Confirm { shift: Friction::Key, off_plan: careful, deploy: careful, rollback: Friction::Key };
    read.unwrap_or((plain, WhyRule::default()))
}

/// Reads `[people]`: the rules, and whose signatures count.
pub(super) fn people(table: &mut Table<'_>, included: &Included<'_>) -> (People, Option<AllowedSigners>) {
    let default = People::default();
    let mut signers = None;
    let read = table.table("people", "Rules about the people of a session; every one has a default.", |table| {
        let doc = "A file of the keys whose signatures count, in OpenSSH's ALLOWED SIGNERS form, relative to this profile. \
                   Default: nobody signs, and names are claims.";
        let named = table.optional("allowed_signers", doc, &relative_path("a list of keys", "allowed_signers"));
        if let Some(named) = &named {
            signers = allowed_signers(table, named, included);
        }
        let doc = "Whether one person alone may do, with a typed reason, what asks two. Default true.";
        let break_glass = table.optional("break_glass", doc, &flag());
        let (least, most) = (Duration::from_secs(5), Duration::from_hours(1));
        let doc = "How long a holder's process must be silent before the controls can be taken. Default 10s.";
        let silence = table.optional("silence", doc, &duration(least, most));
        let doc = "How long a holder must touch no key before the controls can be taken. Default 2m.";
        let away = table.optional("away", doc, &duration(least, most));
        let doc = "How long after being asked a silent holder may still answer. Default 15s.";
        let grace = table.optional("grace", doc, &duration(Duration::from_secs(1), most));
        let doc = "How long a request to a second person stands. Default 5m.";
        let answer = table.optional("answer", doc, &duration(least, most));
        let or = |found: Option<Found<Duration>>, default| found.map_or(default, |found| found.value);
        People {
            keys: named.is_some(),
            break_glass: break_glass.map_or(default.break_glass, |found| found.value),
            silence: or(silence, default.silence),
            away: or(away, default.away),
            grace: or(grace, default.grace),
            answer: or(answer, default.answer),
        }
    });
    (read.unwrap_or(default), signers)
}

fn allowed_signers(table: &Table<'_>, named: &Found<String>, included: &Included<'_>) -> Option<AllowedSigners> {
    let report = table.report();
    let (index, source) = included.source(report, named)?;
    let spot = |line| {
        let start = source.start_of(line);
        Spot { source: index, span: start..start, key: String::new() }
    };
    match AllowedSigners::parse(source.text()) {
        Ok(signers) if signers.entries().is_empty() => {
            let wrong =
                Wrong::new("lists no key").advice("add a line: NAME namespaces=\"flightdeck\" ssh-ed25519 AAAA…");
            report.refuse(&spot(1), wrong);
            None
        }
        Ok(signers) => Some(signers),
        Err(bad) => {
            for problem in bad.problems {
                report.refuse(&spot(problem.line), Wrong::new(problem.flaw.to_string()));
            }
            None
        }
    }
}

/// Reads `[timing]`.
pub(super) fn timing(table: &mut Table<'_>) -> Times {
    let default = Times { timing: Timing::default(), poll: Duration::from_secs(1) };
    let seconds = Duration::from_secs;
    let read = table.table("timing", "Times; every one has a default.", |table| {
        let Times { timing, poll } = &default;
        let doc = "How long a router may take to answer. Default 2s.";
        let router_timeout = table.optional("router_timeout", doc, &timeouts());
        let doc = "How long after its intent was kept a change may still be sent. Default 5s.";
        let deadline = table.optional("deadline", doc, &duration(seconds(1), Duration::from_mins(10)));
        let doc = "How long a proposal stands. Default 1m.";
        let proposal = table.optional("proposal", doc, &duration(seconds(5), Duration::from_hours(1)));
        let own_poll = table.optional("poll", "How often routers are read when nothing happens. Default 1s.", &polls());
        let doc = "How often routers are read while watched closely. Default 100ms.";
        let poll_close = table.optional("poll_close", doc, &duration(Duration::from_millis(50), seconds(10)));
        let doc = "How long a router is watched closely after a key or a change. Default 1m.";
        let close_for = table.optional("close_for", doc, &duration(seconds(1), Duration::from_hours(1)));
        let poll = own_poll.map_or(*poll, |poll| poll.value);
        if let Some(close) = poll_close.as_ref().filter(|close| close.value > poll) {
            let what = format!("is longer than poll, {}", span_text(poll));
            table.report().refuse(&close.spot, Wrong::new(what).advice("watching closely means reading more often"));
        }
        let or = |found: Option<Found<Duration>>, default| found.map_or(default, |found| found.value);
        let timing = Timing {
            router_timeout: or(router_timeout, timing.router_timeout),
            deadline: or(deadline, timing.deadline),
            proposal: or(proposal, timing.proposal),
            poll_close: or(poll_close, timing.poll_close.min(poll)),
            close_for: or(close_for, timing.close_for),
        };
        Times { timing, poll }
    });
    read.unwrap_or(default)
}
