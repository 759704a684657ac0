//! The parts of the Markdown that are about people: what is loud at its top, who drove, who confirmed, what was signed.

use super::story::{Act, Story};
use super::text::{add, inline, moment};
use crate::domain::Seat;

/// What nobody may miss, before everything else; empty where there is nothing.
pub(super) fn loud(story: &Story) -> String {
    let mut lines = Vec::new();
    let place =
        |act: &Act| format!("{} at {}, entry {}", inline(act.by.as_str()), moment(act.at, story.opened.at), act.entry);
    for broken in &story.broken_glass {
        let (what, reason) = (inline(&broken.what), inline(&broken.reason));
        lines.push(format!(
            "**THE GLASS WAS BROKEN.** One person did alone what asks two: {what}. {}. Reason: {reason}",
            place(&broken.act)
        ));
    }
    lines.extend(super::loud::overrides(story));
    for signature in story.signatures.iter().filter(|signature| ["bad", "missing"].contains(&signature.state)) {
        let (what, why) = (inline(&signature.what), inline(&signature.why));
        let said = match signature.state {
            "missing" => format!("**A SIGNATURE IS MISSING.** {what}"),
            _ => format!("**A SIGNATURE DOES NOT HOLD.** {what}: {why}"),
        };
        lines.push(format!("{said}. {}", place(&signature.act)));
    }
    for cut_off in &story.cut_off {
        let done = if cut_off.done.is_empty() { "nothing new".to_owned() } else { inline(&cut_off.done.join("; ")) };
        let lost = match cut_off.unrecorded {
            0 => String::new(),
            count => format!(" {count} of it was recorded nowhere when it was done."),
        };
        let after = cut_off.after;
        lines.push(format!(
            "**Done while cut off from the journal**, after entry {after}: {done}.{lost} Brought in by {}",
            place(&cut_off.act)
        ));
    }
    let mut text = String::new();
    for line in &lines {
        add(&mut text, format_args!("> {line}.\n>\n"));
    }
    text.trim_end_matches(">\n").to_owned() + if lines.is_empty() { "" } else { "\n" }
}

/// What the names are worth, in one line.
pub(super) fn names(story: &Story) -> String {
    let count = |state: &str| story.signatures.iter().filter(|signature| signature.state == state).count();
    let (all, good) = (story.signatures.len(), count("good"));
    match (story.names, all) {
        ("proven", _) => format!(
            "proven: {good} of {all} signatures hold against the list of keys; ticks, holds and notes are not signed"
        ),
        (_, 0) => "claims: nothing here was signed with keys".to_owned(),
        (_, _) if count("not checked") == all => {
            format!("claims: {all} signatures, not checked; `record --verify` checks them")
        }
        _ => format!("**claims**: {good} of {all} signatures hold"),
    }
}

/// Who drove when, and who was aboard.
pub(super) fn people(story: &Story) -> String {
    let start = story.opened.at;
    let until = |until: Option<crate::domain::Timestamp>| until.map_or_else(|| "–".to_owned(), |at| moment(at, start));
    let mut text =
        "## People\n\n| Drove | From | Until | How they came to it |\n| --- | --- | --- | --- |\n".to_owned();
    for drove in &story.drove {
        let (by, from) = (inline(drove.act.by.as_str()), moment(drove.act.at, start));
        add(&mut text, format_args!("| {by} | {from} | {} | {} |\n", until(drove.until), inline(&drove.why)));
    }
    if story.aboard.len() > 1 {
        text.push_str("\n| Aboard | From | Until | As | Host |\n| --- | --- | --- | --- | --- |\n");
        for came in &story.aboard {
            let (by, from) = (inline(came.act.by.as_str()), moment(came.act.at, start));
            let seat = match came.seat {
                Seat::Operator => "operator",
                Seat::Observer => "observer",
            };
            let host = inline(&came.host);
            add(&mut text, format_args!("| {by} | {from} | {} | {seat} | {host} |\n", until(came.until)));
        }
    }
    if !story.asked.is_empty() {
        text.push_str("\n| Second person for | Asked by | Digest | Answer | Key |\n| --- | --- | --- | --- | --- |\n");
        for asked in &story.asked {
            let who = |act: &Act| format!("{}, {}", inline(act.by.as_str()), moment(act.at, start));
            let answer = match (asked.answer, &asked.answered) {
                (Some(answer), Some(act)) if asked.came.is_empty() => format!("{answer} by {}", who(act)),
                (Some(answer), Some(act)) => format!("{answer} by {}: {}", who(act), inline(&asked.came)),
                _ => "**none yet**".to_owned(),
            };
            let (what, digest) = (inline(&asked.what), asked.digest.short());
            let key = key(asked.key.as_deref());
            add(&mut text, format_args!("| {what} | {} | `{digest}` | {answer} | {key} |\n", who(&asked.act)));
        }
    }
    if !story.runs.is_empty() {
        text.push_str("\n| Run of steps | Confirmed by | Digest | Key |\n| --- | --- | --- | --- |\n");
        for run in &story.runs {
            let steps: Vec<String> = run.steps.iter().map(|step| inline(step.as_str())).collect();
            let (by, at) = (inline(run.act.by.as_str()), moment(run.act.at, start));
            let (digest, key) = (run.digest.short(), key(run.key.as_deref()));
            add(&mut text, format_args!("| {} | {by}, {at} | `{digest}` | {key} |\n", steps.join(", ")));
        }
    }
    text
}

/// Every signature with what became of it; empty where there is none.
pub(super) fn signatures(story: &Story) -> String {
    if story.signatures.is_empty() {
        return String::new();
    }
    let mut text =
        "## Signatures\n\n| Entry | Who | What | Key | Holds |\n| --- | --- | --- | --- | --- |\n".to_owned();
    for signature in &story.signatures {
        let (entry, by) = (signature.act.entry, inline(signature.act.by.as_str()));
        let holds = match (signature.state, signature.why.as_str()) {
            ("good", _) => "yes".to_owned(),
            ("bad", why) => format!("**no**: {}", inline(why)),
            (state, _) => state.to_owned(),
        };
        let (what, key) = (inline(&signature.what), key(signature.key.as_deref()));
        add(&mut text, format_args!("| {entry} | {by} | {what} | {key} | {holds} |\n"));
    }
    text
}

fn key(key: Option<&str>) -> String {
    key.map_or_else(|| "–".to_owned(), |key| format!("`{key}`"))
}
