//! `sessions`: what the journals hold, and searching in it.
//!
//! What the list of a journal says is asked first; a session is read only where more is asked of it, or to say what is
//! left of it.

use std::collections::BTreeSet;
use std::path::PathBuf;

use serde_json::{Value, json};

use super::out::Out;
use super::place;
use crate::domain::Timestamp;
use crate::domain::due::Standing;
use crate::entry::History;
use crate::error::Error;
use crate::journal::SessionSummary;
use crate::record;
use crate::runtime::clock;
use crate::runtime::opening::short;
use crate::session::Session;

/// The version of the JSON form. Keys are only ever added to a version.
const FORMAT: u32 = 1;
/// How many are listed unless more are asked for.
const MOST: usize = 50;

/// What `sessions` takes.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  flightdeck sessions                                the newest, with what is left of each
  flightdeck sessions --service payments --env prod --since 2026-11-01
  flightdeck sessions --by raj --outcome 'rolled back'
  flightdeck sessions PAY-17                         words anywhere: tickets, reasons, notes, what was done
  flightdeck sessions --due                          those with something left that is due or overdue
  flightdeck sessions --json | jq '.sessions[].id'

Words and texts match any part, in capitals or not; every one that is given must match.")]
pub(super) struct Args {
    /// Words that stand anywhere in the session
    words: Vec<String>,
    /// Of this service
    #[arg(long, value_name = "TEXT")]
    service: Option<String>,
    /// In this environment
    #[arg(long, visible_alias = "environment", value_name = "TEXT")]
    env: Option<String>,
    /// From or to this version
    #[arg(long, value_name = "TEXT")]
    version: Option<String>,
    /// With this person: who opened it, drove, helped or watched
    #[arg(long, value_name = "NAME")]
    by: Option<String>,
    /// That came to this; `open` are those that are not closed
    #[arg(long, value_name = "TEXT")]
    outcome: Option<String>,
    /// For this ticket
    #[arg(long, value_name = "TEXT")]
    ticket: Option<String>,
    /// Opened on this day or after it, by UTC: 2026-11-01
    #[arg(long, value_name = "DAY", value_parser = day)]
    since: Option<Timestamp>,
    /// Opened on this day or before it, by UTC
    #[arg(long, value_name = "DAY", value_parser = day)]
    until: Option<Timestamp>,
    /// With something left that is due or overdue
    #[arg(long)]
    due: bool,
    /// At most so many, newest first
    #[arg(long, value_name = "N", default_value_t = MOST, conflicts_with = "all")]
    limit: usize,
    /// However many there are
    #[arg(long)]
    all: bool,
    /// As JSON, in a form that stays the same
    #[arg(long)]
    json: bool,
    /// Look in the journal that this profile names
    #[arg(long, value_name = "PROFILE")]
    profile: Option<PathBuf>,
    #[command(flatten)]
    state: place::StateArgs,
}

pub(super) async fn run(args: Args, out: &mut Out) -> Result<(), Error> {
    let state = args.state.directory()?;
    let loaded = args.profile.as_deref().map(crate::profile::load).transpose()?;
    let stores = place::journals(&state, loaded.as_ref()).await?;
    let sessions = place::sessions(&stores).await?;
    let (now, is_none) = (clock::wall(), sessions.is_empty());
    let most = if args.all { usize::MAX } else { args.limit };
    let (mut found, mut more) = (Vec::new(), 0_usize);
    for (summary, store) in sessions.into_iter().filter(|(summary, _)| fits(&args, summary)) {
        if found.len() >= most {
            more += 1;
            continue;
        }
        let history = store.read(summary.id, 1).await?;
        let read = Read { session: history.fold(), history, summary };
        if fits_in_full(&args, &read, now) {
            found.push(read);
        }
    }
    if args.json {
        let sessions: Vec<Value> = found.iter().map(|read| as_json(read, now)).collect();
        let json = json!({ "format": FORMAT, "sessions": sessions, "not_looked_at": more });
        out.line(&serde_json::to_string_pretty(&json).unwrap_or_default());
        return Ok(());
    }
    if is_none {
        out.note(&format!(
            "no session yet in the journals below {}; `flightdeck open PROFILE` begins one",
            state.display()
        ));
    } else if found.is_empty() {
        out.note("no session is like that; ask for less of it");
    }
    for read in &found {
        out.line(&line(read, now));
    }
    if more > 0 {
        out.note(&format!("{more} older ones were not looked at: --all, or --limit {}", most.saturating_mul(4)));
    }
    Ok(())
}

/// A session that was read.
struct Read {
    summary: SessionSummary,
    history: History,
    session: Session,
}

impl Read {
    /// Everybody who did anything in it, in order of their names.
    fn people(&self) -> BTreeSet<&str> {
        self.history.entries.iter().map(|kept| kept.entry.actor.as_str()).collect()
    }

    /// What is left of it: how much, of that due, and overdue; a session that is open has nothing left yet.
    fn left(&self, now: Timestamp) -> (usize, usize, usize) {
        let mut left = (0, 0, 0);
        for follow_up in self.session.open_follow_ups() {
            left.0 += 1;
            match self.session.follow_up_standing(follow_up, now) {
                Standing::Later(_) => {}
                Standing::Now(_) => left.1 += 1,
                Standing::Overdue(_) => left.2 += 1,
            }
        }
        left
    }

    fn ticket(&self) -> &str {
        self.session.opened.as_ref().map_or("", |opened| opened.what.why.ticket.as_str())
    }
}

fn has(text: &str, part: &str) -> bool {
    text.to_lowercase().contains(&part.to_lowercase())
}

/// What the list of a journal can tell.
fn fits(args: &Args, summary: &SessionSummary) -> bool {
    let is = |wanted: &Option<String>, text: &str| wanted.as_ref().is_none_or(|wanted| has(text, wanted));
    let outcome = summary.closed.as_ref().map_or("open", |closing| closing.outcome.as_str());
    let is_version = args
        .version
        .as_ref()
        .is_none_or(|version| has(&summary.from_version, version) || has(&summary.to_version, version));
    is(&args.service, &summary.service)
        && is(&args.env, &summary.environment)
        && is(&args.outcome, outcome)
        && is_version
        && args.since.is_none_or(|since| summary.opened >= since)
        && args.until.is_none_or(|until| summary.opened.0 < until.0.saturating_add(86_400_000))
        && (!args.due || summary.closed.is_some())
}

/// What only its entries can tell.
fn fits_in_full(args: &Args, read: &Read, now: Timestamp) -> bool {
    let is_by = args.by.as_ref().is_none_or(|by| read.people().iter().any(|person| has(person, by)));
    let is_for = args.ticket.as_ref().is_none_or(|ticket| has(read.ticket(), ticket));
    let (_, due, overdue) = read.left(now);
    let is_due = !args.due || due + overdue > 0;
    is_by && is_for && is_due && (args.words.is_empty() || holds(read, &args.words))
}

/// Whether every word stands somewhere in what people read of it.
fn holds(read: &Read, words: &[String]) -> bool {
    let mut text: Vec<String> = vec![read.summary.id.0.to_string()];
    text.extend(read.people().into_iter().map(str::to_owned));
    if let Some(story) = record::tell(&read.history) {
        text.extend([story.service, story.environment, story.from_version, story.to_version, story.why.words()]);
        text.extend(story.closed.map(|closed| closed.outcome));
        text.extend(story.timeline.into_iter().flat_map(|row| [row.what, row.came]));
        text.extend(story.changes.iter().flat_map(|change| &change.routers).map(|router| router.router.to_string()));
        text.extend(story.lines.into_iter().flat_map(|attached| attached.lines));
        text.extend(story.left_open);
        text.extend(story.follow_ups.into_iter().map(|following| following.text));
    }
    let text = text.join("\n").to_lowercase();
    words.iter().all(|word| text.contains(&word.to_lowercase()))
}

fn line(read: &Read, now: Timestamp) -> String {
    let summary = &read.summary;
    let versions = match (summary.from_version.as_str(), summary.to_version.as_str()) {
        ("", "") => String::new(),
        (from, "") => format!("  {from}"),
        (from, to) => format!("  {from} → {to}"),
    };
    let ticket = if read.ticket().is_empty() { String::new() } else { format!("  {}", read.ticket()) };
    let end = match (&summary.closed, read.session.planned(), read.session.began()) {
        (Some(closing), ..) => closing.outcome.clone(),
        (None, Some(planned), None) => format!("open, planned for {}", planned.long()),
        (None, ..) => "open".to_owned(),
    };
    let left = match read.left(now) {
        (0, ..) => String::new(),
        (left, due, overdue) => {
            let counted = [(due, "due"), (overdue, "overdue")].into_iter().filter(|(count, _)| *count > 0);
            let counted: Vec<String> = counted.map(|(count, word)| format!(", {count} {word}")).collect();
            format!("  {left} left to follow up{}", counted.concat())
        }
    };
    let text = format!(
        "{}  {}  {} {}{versions}{ticket}  {}  {} entries  {end}{left}",
        short(summary.id),
        summary.opened.long(),
        summary.service,
        summary.environment,
        summary.by,
        summary.entries,
    );
    // Whoever wrote the journal may have written for this terminal.
    text.replace(char::is_control, "?")
}

fn as_json(read: &Read, now: Timestamp) -> Value {
    let (summary, session) = (&read.summary, &read.session);
    let (left, due, overdue) = read.left(now);
    let follow_ups: Vec<Value> = session
        .follow_ups
        .iter()
        .map(|follow_up| {
            let done = session.ticks.get(&follow_up.item);
            let standing = match (done, session.follow_up_standing(follow_up, now)) {
                (Some(_), _) => "done",
                (None, Standing::Later(_)) => "later",
                (None, Standing::Now(_)) => "due",
                (None, Standing::Overdue(_)) => "overdue",
            };
            json!({
                "item": follow_up.item,
                "text": follow_up.text,
                "due": follow_up.due,
                "standing": standing,
                "done": done.map(|tick| json!({ "at": tick.at, "by": tick.by })),
            })
        })
        .collect();
    let why = session.opened.as_ref().map(|opened| opened.what.why.clone()).unwrap_or_default();
    json!({
        "id": summary.id,
        "service": summary.service,
        "environment": summary.environment,
        "opened": summary.opened,
        "by": summary.by,
        "people": read.people(),
        "from_version": summary.from_version,
        "to_version": summary.to_version,
        "ticket": why.ticket,
        "reason": why.reason,
        "planned": session.planned(),
        "began": session.began(),
        "closed": summary.closed.as_ref().map(|closing| json!({ "at": closing.at, "outcome": closing.outcome })),
        "entries": summary.entries,
        "left": left,
        "due": due,
        "overdue": overdue,
        "follow_ups": follow_ups,
    })
}

/// A day, by UTC, as its first moment.
fn day(text: &str) -> Result<Timestamp, String> {
    place::moment(&format!("{}T00:00Z", text.trim())).map_err(|_no_day| "a day is written as 2026-11-01".to_owned())
}
