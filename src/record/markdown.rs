//! A story as Markdown that can be pasted.
//!
//! ```text
//! # service, environment: from → to        what it is about, how it ended, what the chain says
//! > broken glass, signatures that do not hold, what was done while cut off
//! ## Approvals                             who approved what, until when
//! ## People                                who drove, who was aboard, second persons, runs
//! ## Incidents                             what went wrong
//! ## Timeline                              one row per act
//! ## Changes                               per change: before, after, answers, requests, gates
//! ## Deploy actions                        per action: what differed, requests, gates, how it ended, its log
//! ## Steps  ## Checklist  ## Evidence  ## Signatures  ## Follow-ups  ## Left open
//! ```

use super::action;
use super::approval;
use super::loud;
use super::roll;
use super::story::{Act, Attempt, ChangeStory, RouterChange, Story};
use super::text::{add, count, fenced, inline, moment, span, split};
use crate::domain::action::ActionEnd;
use crate::domain::{Operator, Timestamp, Waves};
use crate::session::event::{ChangeKind, Settlement};
use crate::session::proposal::{Confirmation, GateReport, GateState, Gesture, Override};
use crate::session::second::Second;

/// The story as Markdown.
pub(super) fn draw(story: &Story) -> String {
    let sections = [
        head(story),
        roll::people(story),
        approval::draw(story),
        loud::incidents(story),
        timeline(story),
        changes(story),
        action::draw(story),
        steps(story),
        checklist(story),
        evidence(story),
        roll::signatures(story),
        loud::follow_ups(story),
        left_open(story),
    ];
    let mut text: String = sections.into_iter().filter(|section| !section.is_empty()).collect::<Vec<_>>().join("\n");
    if !text.ends_with('\n') {
        text.push('\n');
    }
    text
}

fn head(story: &Story) -> String {
    let mut title = format!("# {}, {}", inline(&story.service), inline(&story.environment));
    if !(story.from_version.is_empty() && story.to_version.is_empty()) {
        let version = |text: &str| if text.is_empty() { "unknown".to_owned() } else { inline(text) };
        add(&mut title, format_args!(": {} → {}", version(&story.from_version), version(&story.to_version)));
    }
    let outcome = match &story.closed {
        Some(closed) => inline(&closed.outcome),
        None => "still open".to_owned(),
    };
    let opened = format!("{} by {}", story.opened.at.long(), inline(story.opened.by.as_str()));
    let closed = story.closed.as_ref().map(|closed| {
        let took = span(closed.act.at.since(story.opened.at));
        format!("{} by {}, after {took}", closed.act.at.long(), inline(closed.act.by.as_str()))
    });
    let at_end = story.closed.as_ref().map(|closed| {
        let each: Vec<String> = closed
            .routers
            .iter()
            .map(|each| format!("{} {}", inline(each.router.as_str()), split(&each.shares)))
            .collect();
        each.join(", ")
    });
    let pools: Vec<String> = story
        .pools
        .iter()
        .map(|each| format!("{} {}", inline(&each.mark), inline(each.pool.as_str())).trim().to_owned())
        .collect();
    let routers: Vec<String> =
        story.routers.iter().map(|each| format!("{} ({})", inline(each.router.as_str()), inline(&each.kind))).collect();
    let journal = match &story.chain.broken {
        None => format!("{} entries, chain checked, head `{}`", story.chain.entries, story.chain.head),
        Some(broken) => format!(
            "**not whole**: {}; {} entries before it are checked, head `{}`",
            inline(broken),
            story.chain.entries,
            story.chain.head
        ),
    };
    let alone = if story.private { "; nobody else could join" } else { "" };
    let kept = format!("{}{alone}", story.durability.words());
    let skipped = (!story.skipped.is_empty())
        .then(|| format!("{} events of kinds that this version does not know", story.skipped.len()));
    let version = story.resolved.as_ref().map(|resolved| {
        let when = resolved.when.long();
        format!("{} is `{}`, resolved {when}", inline(&resolved.image), inline(&resolved.digest))
    });
    let rows = [
        ("Outcome", Some(outcome)),
        ("For", Some(inline(&story.why.words())).filter(|text| !text.is_empty())),
        ("Version", version),
        ("Opened", Some(opened)),
        ("Planned for", story.planned.map(Timestamp::long)),
        ("Closed", closed),
        ("Changed", loud::flown(story)),
        ("Splits at closing", at_end.filter(|text| !text.is_empty())),
        ("Pools", Some(pools.join(" / ")).filter(|text| !text.is_empty())),
        ("Routers", Some(routers.join(", ")).filter(|text| !text.is_empty())),
        ("In short", Some(in_short(story))),
        ("Session", Some(format!("`{}`", story.session))),
        ("Profile", Some(format!("SHA-256 `{}`", story.profile))),
        ("Journal", Some(journal)),
        ("Kept", Some(kept)),
        ("Skipped", skipped),
        ("Names", Some(roll::names(story))),
    ];
    let mut text = format!("{title}\n\n{}| | |\n| --- | --- |\n", roll::loud(story));
    for (name, value) in rows {
        if let Some(value) = value {
            add(&mut text, format_args!("| {name} | {value} |\n"));
        }
    }
    let order: Vec<String> = story.pools.iter().map(|each| inline(each.pool.as_str())).collect();
    let splits =
        if order.is_empty() { String::new() } else { format!(" Splits are percent of {}.", order.join(" / ")) };
    add(&mut text, format_args!("\nTimes are UTC.{splits}\n"));
    text
}

fn in_short(story: &Story) -> String {
    let plural = |number: usize, one: &str, many: &str| format!("{number} {}", if number == 1 { one } else { many });
    let settled = |wanted: fn(&Settlement) -> bool| {
        story
            .changes
            .iter()
            .filter(|change| change.settled.as_ref().is_some_and(|settled| wanted(&settled.how)))
            .count()
    };
    let mut parts = vec![plural(story.changes.len(), "change", "changes")];
    if story.changes.is_empty() && !story.actions.is_empty() {
        parts.clear();
    }
    let counted = [
        (settled(|how| *how == Settlement::Verified), "verified everywhere"),
        (settled(|how| matches!(how, Settlement::Left { .. })), "left partly done"),
        (settled(|how| matches!(how, Settlement::Superseded { .. })), "stopped by a rollback"),
        (settled(|how| *how == Settlement::NothingSent), "of which nothing was sent"),
        (story.changes.iter().filter(|change| change.settled.is_none()).count(), "in flight"),
    ];
    parts.extend(counted.iter().filter(|(number, _)| *number > 0).map(|(number, what)| format!("{number} {what}")));
    parts.extend(actions_in_short(story));
    let rollbacks = story.changes.iter().filter(|change| matches!(change.kind, ChangeKind::Rollback { .. })).count();
    if rollbacks > 0 {
        parts.push(plural(rollbacks, "rollback", "rollbacks"));
    }
    let overrides = story.step_overrides + story.changes.iter().map(|change| change.overrides.len()).sum::<usize>();
    if overrides > 0 {
        parts.push(plural(overrides, "gate overridden", "gates overridden"));
    }
    let hand_overs = story.drove.iter().filter(|drove| drove.why.starts_with("handed over")).count();
    if hand_overs > 0 {
        parts.push(plural(hand_overs, "hand-over", "hand-overs"));
    }
    if !story.broken_glass.is_empty() {
        parts.push(format!("**glass broken {}**", plural(story.broken_glass.len(), "time", "times")));
    }
    parts.join(", ")
}

/// How many deploy actions there were, and how many of them did not end well.
fn actions_in_short(story: &Story) -> Vec<String> {
    let ended = |wanted: fn(Option<&ActionEnd>) -> bool| {
        story.actions.iter().filter(|action| wanted(action.ended.as_ref().map(|ended| &ended.how))).count()
    };
    let counted = [
        (story.actions.len(), if story.actions.len() == 1 { "deploy action" } else { "deploy actions" }),
        (ended(|how| matches!(how, Some(ActionEnd::Failed { .. }))), "failed"),
        (ended(|how| matches!(how, Some(ActionEnd::NotSent { .. }))), "not sent"),
        (ended(|how| how.is_none()), "still running"),
    ];
    counted.iter().filter(|(number, _)| *number > 0).map(|(number, what)| format!("{number} {what}")).collect()
}

fn timeline(story: &Story) -> String {
    let mut text =
        "## Timeline\n\n| UTC | Who | What | What came of it, or why |\n| --- | --- | --- | --- |\n".to_owned();
    for row in &story.timeline {
        let at = moment(row.at, story.opened.at);
        let who = row.by.as_ref().map_or_else(|| "–".to_owned(), |by| inline(by.as_str()));
        let confirmed = |change: &&ChangeStory| change.confirmed.entry == row.entry;
        let change = row.change.and_then(|number| story.changes.get(number - 1)).filter(confirmed);
        let what = match change {
            Some(change) => format!("**{}. {}**", change.number, inline(&row.what)),
            None => inline(&row.what),
        };
        let what = if row.cut_off { format!("(cut off) {what}") } else { what };
        add(&mut text, format_args!("| {at} | {who} | {what} | {} |\n", inline(&row.came)));
    }
    text
}

fn changes(story: &Story) -> String {
    if story.changes.is_empty() {
        return String::new();
    }
    let each: Vec<String> = story.changes.iter().map(|change| draw_change(story, change)).collect();
    format!("## Changes\n\n{}", each.join("\n"))
}

fn draw_change(story: &Story, change: &ChangeStory) -> String {
    let who = confirmed_by(story, &change.confirmed, &change.confirmation, change.key.as_deref());
    let mut text = format!("### {}. {}\n\n", change.number, inline(&change.title()));
    add(
        &mut text,
        format_args!(
            "{who}, proposal `{}`{}. {}.\n\n",
            change.digest.short(),
            second(&change.second),
            settlement(story, change)
        ),
    );
    text.push_str(&waves(story, change));
    text.push_str("| Router | Before | After, as rounded | Answer | Observed |\n| --- | --- | --- | --- | --- |\n");
    for router in &change.routers {
        let before = router.before.as_ref().map_or_else(|| "not read".to_owned(), split);
        let name = inline(router.router.as_str());
        add(
            &mut text,
            format_args!(
                "| {name} | {before} | {} | {} | {} |\n",
                split(&router.after),
                answers(story, router),
                observed(router)
            ),
        );
    }
    text.push_str("\nRequests as prepared:\n\n");
    let requests: Vec<String> = change
        .routers
        .iter()
        .flat_map(|router| router.requests.iter().map(move |request| format!("{}: {request}", router.router)))
        .collect();
    text.push_str(&fenced(requests.iter().map(String::as_str)));
    text.push_str(&gates(&change.gates, &change.overrides, &change.confirmed.by));
    text
}

/// Who confirmed an act, when and how, and the key that signed it.
pub(super) fn confirmed_by(story: &Story, confirmed: &Act, confirmation: &Confirmation, key: Option<&str>) -> String {
    let by = inline(confirmed.by.as_str());
    let at = moment(confirmed.at, story.opened.at);
    let who = match &confirmation.gesture {
        Gesture::Guard(guard) => {
            format!("Fired by the guard {} at {at} in the cockpit of {by}, confirmed by nobody", inline(guard.as_str()))
        }
        Gesture::Key => format!("Confirmed by {by} at {at} with one key"),
        Gesture::Typed(text) => format!("Confirmed by {by} at {at} by typing “{}”", inline(text)),
    };
    let key = key.map(|key| format!(", signed with `{key}`")).unwrap_or_default();
    format!("{who}{key}")
}

/// When each wave went out.
fn waves(story: &Story, change: &ChangeStory) -> String {
    let between = std::time::Duration::from_millis(change.between_ms);
    let waves = Waves::new(change.waves.iter().map(|wave| wave.routers.clone()).collect(), between);
    let Some(words) = waves.words() else { return String::new() };
    let mut text = format!("In {words}:\n\n");
    for (number, wave) in (1..).zip(&change.waves) {
        let routers: Vec<String> = wave.routers.iter().map(|router| inline(router.as_str())).collect();
        let sent = match &wave.sent {
            Some(sent) => format!("sent at {} by {}", moment(sent.at, story.opened.at), inline(sent.by.as_str())),
            None => "**never sent**".to_owned(),
        };
        add(&mut text, format_args!("{number}. {}: {sent}\n", routers.join(", ")));
    }
    text.push('\n');
    text
}

/// The second person of an act, or that there was none where one was asked.
pub(super) fn second(second: &Second) -> String {
    match second {
        Second::NotAsked => String::new(),
        Second::Given { by, .. } => format!("; second person {}", inline(by.as_str())),
        Second::Run { by, .. } => format!("; in the run that {} confirmed", inline(by.as_str())),
        Second::Alone { reason } => format!("; **ALONE, the glass was broken**: {}", inline(reason)),
    }
}

fn settlement(story: &Story, change: &ChangeStory) -> String {
    let Some(settled) = &change.settled else { return "**In flight**".to_owned() };
    let after = span(settled.at.since(change.confirmed.at));
    match &settled.how {
        Settlement::Verified => format!("**Verified on every router** after {after}"),
        Settlement::Left { reason } => {
            format!("**Left partly done** after {after}: {}", inline(reason.trim_end_matches('.')))
        }
        Settlement::Superseded { by } => {
            let number = story.changes.iter().find(|other| other.change == *by).map_or(0, |other| other.number);
            format!("**Stopped by the rollback, change {number},** after {after}")
        }
        Settlement::NothingSent => "**Nothing of it was sent**".to_owned(),
    }
}

fn answers(story: &Story, router: &RouterChange) -> String {
    let one = |attempt: &Attempt| {
        let accepted = attempt.accepted.filter(|at| Some(*at) != attempt.known);
        let accepted =
            accepted.map(|at| format!("accepted after {}, ", span(at.since(attempt.at)))).unwrap_or_default();
        format!("{accepted}{}", attempt.word())
    };
    let mut parts: Vec<String> = router.attempts.iter().map(one).collect();
    if let Some(late) = &router.late {
        parts.push(format!("took it late, seen at {}", moment(late.at, story.opened.at)));
    }
    if parts.is_empty() { "not sent".to_owned() } else { inline(&parts.join("; then ")) }
}

fn observed(router: &RouterChange) -> String {
    let each: Vec<String> = router
        .observed
        .iter()
        .map(|seen| {
            let (pool, requests) = (inline(seen.pool.as_str()), count(seen.share.whole));
            format!("{pool} {} % of {requests} requests: {}", seen.share, seen.agreement.word())
        })
        .collect();
    if each.is_empty() { "–".to_owned() } else { each.join("; ") }
}

/// The gates of an act as they stood, and who set which aside.
pub(super) fn gates(reports: &[GateReport], overrides: &[Override], by: &Operator) -> String {
    if reports.is_empty() {
        return String::new();
    }
    let mut text = "\nGates when it was confirmed:\n\n".to_owned();
    for report in reports {
        let state = match report.state {
            GateState::Holds => "held",
            GateState::Fails => "failed",
            GateState::Inconclusive => "not known",
        };
        add(&mut text, format_args!("- {state}: {}", inline(&report.text)));
        if let Some(overridden) = overrides.iter().find(|each| each.gate == report.gate) {
            let by = inline(by.as_str());
            add(&mut text, format_args!("; **overridden** by {by}: {}", inline(&overridden.reason)));
        }
        text.push('\n');
    }
    text
}

fn steps(story: &Story) -> String {
    if story.steps.is_empty() {
        return String::new();
    }
    let mut text =
        "## Steps\n\n| Step | How it ended | At | By | Took | Then kept for |\n| --- | --- | --- | --- | --- | --- |\n"
            .to_owned();
    for step in &story.steps {
        let mut how = step.how.to_owned();
        if !step.reason.is_empty() {
            add(&mut how, format_args!(": {}", inline(&step.reason)));
        }
        if step.reopened {
            how.push_str("; opened again by a rollback");
        }
        let took = if step.began == step.ended { "–".to_owned() } else { span(step.ended.since(step.began)) };
        let held = step.held_ms.map_or_else(|| "–".to_owned(), |ms| span(std::time::Duration::from_millis(ms)));
        let at = moment(step.ended, story.opened.at);
        let (name, by) = (inline(step.step.as_str()), inline(step.by.as_str()));
        add(&mut text, format_args!("| {name} | {how} | {at} | {by} | {took} | {held} |\n"));
    }
    text
}

fn checklist(story: &Story) -> String {
    if story.checklist.is_empty() {
        return String::new();
    }
    let mut text = "## Checklist\n\n".to_owned();
    for item in &story.checklist {
        let mark = if item.ticked { 'x' } else { ' ' };
        let (by, at) = (inline(item.act.by.as_str()), moment(item.act.at, story.opened.at));
        let word = if item.ticked { "" } else { "taken back by " };
        add(&mut text, format_args!("- [{mark}] {} ({word}{by}, {at}", inline(&item.text)));
        if item.ticked && item.taken_back > 0 {
            text.push_str("; a tick was taken back before");
        }
        text.push_str(")\n");
    }
    text
}

fn evidence(story: &Story) -> String {
    if story.drains.is_empty() && story.lines.is_empty() && story.checks.is_empty() {
        return String::new();
    }
    let mut text = "## Evidence\n".to_owned();
    for drained in &story.drains {
        let at = moment(drained.at, story.opened.at);
        add(&mut text, format_args!("\n{} was drained at {at}:\n\n", inline(drained.pool.as_str())));
        for line in &drained.evidence {
            add(&mut text, format_args!("- {}\n", inline(line)));
        }
    }
    for checked in &story.checks {
        let (check, at) = (inline(checked.check.as_str()), moment(checked.act.at, story.opened.at));
        let (verdict, words) = (checked.verdict.word(), inline(&checked.words));
        add(&mut text, format_args!("\nThe check {check}, {verdict} at {at}: {words}\n\n"));
        for line in &checked.evidence {
            add(&mut text, format_args!("- {}\n", inline(line)));
        }
    }
    for attached in &story.lines {
        let (by, at) = (inline(attached.act.by.as_str()), moment(attached.act.at, story.opened.at));
        add(
            &mut text,
            format_args!("\nFrom the log {}, attached by {by} at {at}:\n\n", inline(attached.source.as_str())),
        );
        text.push_str(&fenced(attached.lines.iter().map(String::as_str)));
    }
    text
}

fn left_open(story: &Story) -> String {
    let mut text = "## Left open\n\n".to_owned();
    if story.left_open.is_empty() {
        text.push_str("Nothing.\n");
    }
    for line in &story.left_open {
        add(&mut text, format_args!("- {}\n", inline(line)));
    }
    text
}
