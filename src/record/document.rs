//! The record as one file: the summary for people and programs, every entry as it was stored, and what shows a change.
//!
//! # Form
//!
//! A JSON object of lines, each ended by a line feed. The first is `{`; then one line for each part of the summary, the
//! fields of [`Story`](super::Story), `"record"` first; `"written_by"`, the program's version; `"entries":[`, one line for
//! each entry, `{"hash":"…","entry":{…}}` with the stored bytes of the entry unaltered, and `],`; `"sums":[…],`, for each
//! line above it the first eight digits of its SHA-256; `"digest":"…"`; and `}`.
//!
//! The digest is SHA-256 over [`TAG`] and every byte above its line. So a change of any byte is seen: above the digest's
//! line the digest is another, in that line it is no longer what it was, and the last line is always the same. The eight
//! digits of each line say where. An entry is bound to the one before it by its hash besides, as in the journal.

use std::fmt;

use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

use super::proof::Proofs;
use super::tell::{tell, tell_proven};
use super::text::{add, visible};
use super::{FORMAT, verify};
use crate::domain::Digest;
use crate::entry::{Chain, History};

/// Stands before everything that is hashed for a record.
pub const TAG: &[u8] = b"flightdeck record 1\n";

/// Which program wrote it.
const WRITER: &str = concat!("flightdeck ", env!("CARGO_PKG_VERSION"));

const ENTRIES: &str = "\"entries\":[";
const END_OF_ENTRIES: &str = "],";
const SUMS: &str = "\"sums\":[";
const DIGEST: &str = "\"digest\":\"";

/// The record of a session as one file; `None` where there is no entry that opens a session.
pub fn document(history: &History, proofs: Option<&Proofs>) -> Option<String> {
    // A story holds plain values only: writing it cannot fail.
    let Value::Object(parts) = serde_json::to_value(tell_proven(history, proofs)?).ok()? else { return None };
    let mut text = format!("{{\n\"record\":{FORMAT},\n");
    for (name, part) in parts.iter().filter(|(name, _)| *name != "record") {
        add(&mut text, format_args!("{}:{part},\n", Value::from(name.as_str())));
    }
    add(&mut text, format_args!("\"written_by\":\"{WRITER}\",\n{ENTRIES}\n"));
    let count = history.entries.len();
    for (number, kept) in (1..).zip(&history.entries) {
        let stored = String::from_utf8_lossy(&kept.stored);
        let comma = if number == count { "" } else { "," };
        add(&mut text, format_args!("{{\"hash\":\"{}\",\"entry\":{stored}}}{comma}\n", kept.hash));
    }
    text.push_str(END_OF_ENTRIES);
    text.push('\n');
    let lines: Vec<&[u8]> = text.as_bytes().strip_suffix(b"\n")?.split(is_line_end).collect();
    let sums = sums_line(&lines);
    text.push_str(&sums);
    text.push('\n');
    let digest = digest_of(text.as_bytes());
    add(&mut text, format_args!("{DIGEST}{digest}\"\n}}\n"));
    Some(text)
}

/// A record that was read from a file and is whole.
#[derive(Clone, PartialEq, Debug)]
pub struct Whole {
    /// The entries, checked one by one: folding them gives the session.
    pub history: History,
    /// The summary.
    pub summary: Map<String, Value>,
    /// Why the journal that it was written from could not be read to its end, where it could not.
    pub broken: Option<String>,
}

/// What is wrong with a record, and where.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Damaged {
    /// The place: a line with what stands there, or an entry with its events and its time.
    pub place: String,
    /// What is wrong.
    pub why: String,
}

impl fmt::Display for Damaged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.why)
    }
}

impl std::error::Error for Damaged {}

#[derive(Deserialize)]
struct Written<'a> {
    #[serde(borrow)]
    entries: Vec<WrittenEntry<'a>>,
}

#[derive(Deserialize)]
struct WrittenEntry<'a> {
    hash: Digest,
    #[serde(borrow)]
    entry: &'a RawValue,
}

/// Reads a record and checks all of it: every byte, every entry's place in the chain, and that the summary is about these
/// entries. Where this version wrote it, the summary must say what the entries say; what came of signatures is left out
/// of that, because they are checked anew.
///
/// # Errors
/// The first thing that is wrong, and where.
pub fn read(bytes: &[u8]) -> Result<Whole, Damaged> {
    whole(bytes)?;
    let lines: Vec<&[u8]> = bytes.split(is_line_end).collect();
    let at_line = |index: usize, why: &str| Damaged { place: place(&lines, index), why: why.to_owned() };
    let no_json = |error: &serde_json::Error| {
        at_line(error.line().saturating_sub(1), &format!("it is not the JSON of a record: {error}"))
    };
    let summary: Map<String, Value> = serde_json::from_slice(bytes).map_err(|error| no_json(&error))?;
    match summary.get("record").and_then(Value::as_u64) {
        Some(format) if format == u64::from(FORMAT) => {}
        Some(format) => {
            let why = format!("written by a newer flightdeck (record format {format}, this one reads {FORMAT})");
            return Err(at_line(1, &why));
        }
        None => return Err(at_line(1, "it does not say which format of a record it is")),
    }
    let written: Written<'_> = serde_json::from_slice(bytes).map_err(|error| no_json(&error))?;
    let first = lines.iter().position(|line| *line == ENTRIES.as_bytes()).unwrap_or_default();
    let mut chain = Chain::start();
    let mut entries = Vec::with_capacity(written.entries.len());
    for (number, each) in (1..).zip(&written.entries) {
        let kept = chain.feed(number, each.entry.get().as_bytes(), Some(each.hash));
        let index = first.saturating_add(usize::try_from(number).unwrap_or(usize::MAX));
        entries.push(kept.map_err(|broken| at_line(index, &broken.fault.to_string()))?);
    }
    let history = History { entries, broken: None };
    let mut summary = summary;
    for beside in ["entries", "sums", "digest"] {
        summary.remove(beside);
    }
    if let Some(part) = told_otherwise(&history, &summary) {
        let index = lines.iter().position(|line| line.starts_with(format!("\"{part}\":").as_bytes()));
        return Err(at_line(index.unwrap_or_default(), "the summary says something else than the entries"));
    }
    let broken = summary.get("chain").and_then(|chain| chain.get("broken")).and_then(Value::as_str).map(str::to_owned);
    Ok(Whole { history, summary, broken })
}

/// The part of a summary that is not about these entries, if there is one.
fn told_otherwise(history: &History, summary: &Map<String, Value>) -> Option<String> {
    let (entries, head) = history.head();
    let chain = |key: &str| summary.get("chain").and_then(|chain| chain.get(key)).cloned();
    if chain("entries") != Some(entries.into()) || chain("head") != Some(head.to_string().into()) {
        return Some("chain".to_owned());
    }
    let story = tell(history)?;
    let session = serde_json::to_value(story.session).ok();
    if summary.get("session") != session.as_ref() {
        return Some("session".to_owned());
    }
    // Another version may tell more, or tell it otherwise.
    if summary.get("written_by").and_then(Value::as_str) != Some(WRITER) || verify(history).is_err() {
        return None;
    }
    let Ok(Value::Object(told)) = serde_json::to_value(story) else { return None };
    let is_checked_anew = |name: &str| ["names", "signatures", "chain"].contains(&name);
    let mut names = told.keys().chain(summary.keys()).filter(|name| !is_checked_anew(name) && *name != "written_by");
    names.find(|name| told.get(*name) != summary.get(*name)).cloned()
}

/// Whether every byte is as it was written; where not, the first line that is not.
fn whole(bytes: &[u8]) -> Result<(), Damaged> {
    let lines: Vec<&[u8]> = bytes.split(is_line_end).collect();
    // What follows the last line end is nothing.
    let count = lines.len().saturating_sub(1);
    let line = |index: usize| lines.get(index).copied().unwrap_or_default();
    let [sums, digest, close] = [3, 2, 1].map(|from_end| count.saturating_sub(from_end));
    let changed = |index: usize| Damaged { place: place(&lines, index), why: changed_why(bytes, line(index)) };
    if count < 6 {
        let why = "this is no record, or only a part of one: it must begin with `{` and end with a digest and `}`";
        return Err(Damaged { place: format!("line {}", count.max(1)), why: why.to_owned() });
    }
    if !line(count).is_empty() {
        return Err(changed(count));
    }
    if line(close) != b"}" {
        return Err(changed(close));
    }
    let hex = line(digest).strip_prefix(DIGEST.as_bytes()).and_then(|rest| rest.strip_suffix(b"\""));
    if hex.is_none_or(|hex| hex.len() != 64) {
        return Err(changed(digest));
    }
    let above_digest = bytes.len().saturating_sub(line(digest).len() + line(close).len() + 2);
    let is_right = |above: &[u8]| line(digest) == format!("{DIGEST}{}\"", digest_of(above)).as_bytes();
    if is_right(bytes.get(..above_digest).unwrap_or_default()) {
        return Ok(());
    }
    // It is not whole: where?
    let above: Vec<&[u8]> = lines.iter().take(sums).copied().collect();
    let right = sums_line(&above);
    if line(sums) == right.as_bytes() {
        return Err(changed(digest));
    }
    let above_sums = above_digest.saturating_sub(line(sums).len() + 1);
    let mut mended = bytes.get(..above_sums).unwrap_or_default().to_vec();
    mended.extend_from_slice(right.as_bytes());
    mended.push(b'\n');
    let stated = stated_sums(line(sums));
    match stated {
        Some(stated) if !is_right(&mended) => {
            let is_other = |(index, line): &(usize, &&[u8])| stated.get(*index) != Some(&sum_of(line));
            let first = above.iter().enumerate().find(is_other).map_or(above.len(), |(index, _)| index);
            Err(changed(first))
        }
        _ => Err(changed(sums)),
    }
}

/// What is wrong with a line that was changed, and whether the whole is JSON still.
fn changed_why(bytes: &[u8], line: &[u8]) -> String {
    let mut why = "it was changed after it was written".to_owned();
    if std::str::from_utf8(line).is_err() {
        why.push_str(", and is no text any more");
    } else if let Err(error) = serde_json::from_slice::<serde::de::IgnoredAny>(bytes) {
        add(&mut why, format_args!(", and the file is no JSON any more: {error}"));
    }
    why
}

/// The place that a line is, for people: its number, and what stands there.
fn place(lines: &[&[u8]], index: usize) -> String {
    let number = index.saturating_add(1);
    let line = String::from_utf8_lossy(lines.get(index).copied().unwrap_or_default());
    let is = |wanted: &str| lines.iter().position(|line| *line == wanted.as_bytes());
    let first = is(ENTRIES)
        .or_else(|| lines.iter().position(|line| line.starts_with(b"{\"hash\"")).map(|at| at.saturating_sub(1)));
    let last = is(END_OF_ENTRIES).unwrap_or(lines.len());
    match first {
        Some(first) if index > first && index < last => {
            let entry = index - first;
            let told = [kinds(&line), named(&line, "\"at\":\"").map(visible)].into_iter().flatten();
            let told: Vec<String> = told.collect();
            let told = if told.is_empty() { String::new() } else { format!(" ({})", told.join(", ")) };
            format!("line {number}, entry {entry}{told}")
        }
        _ => match line.split_once(':').map(|(name, _)| name.trim_matches('"')) {
            Some(name) if !name.is_empty() && name.len() < 40 => format!("line {number}, `{}`", visible(name)),
            _ => format!("line {number}"),
        },
    }
}

/// The kinds of the events of a stored entry, looked for without reading it: it may be no JSON any more.
fn kinds(line: &str) -> Option<String> {
    let mut kinds: Vec<String> = Vec::new();
    for (at, mark) in line.match_indices("\"event\":\"") {
        let kind: String = line.get(at + mark.len()..)?.chars().take_while(|c| *c != '"').take(40).collect();
        kinds.push(visible(&kind));
    }
    (!kinds.is_empty()).then(|| kinds.join(", "))
}

fn named<'l>(line: &'l str, key: &str) -> Option<&'l str> {
    line.split_once(key)?.1.split('"').next()
}

fn sums_line(lines: &[&[u8]]) -> String {
    let sums: Vec<String> = lines.iter().map(|line| format!("\"{}\"", sum_of(line))).collect();
    format!("{SUMS}{}],", sums.join(","))
}

fn stated_sums(line: &[u8]) -> Option<Vec<String>> {
    let list = std::str::from_utf8(line).ok()?.strip_prefix(SUMS)?.strip_suffix("],")?;
    serde_json::from_str(&format!("[{list}]")).ok()
}

/// The first eight digits of a line's SHA-256.
fn sum_of(line: &[u8]) -> String {
    Digest(Sha256::digest(line).into()).to_string().chars().take(8).collect()
}

fn digest_of(bytes: &[u8]) -> Digest {
    let mut hash = Sha256::new();
    hash.update(TAG);
    hash.update(bytes);
    Digest(hash.finalize().into())
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "what `split` of a slice asks for")]
fn is_line_end(byte: &u8) -> bool {
    *byte == b'\n'
}
