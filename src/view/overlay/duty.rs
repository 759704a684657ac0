//! A command of an item, reading aloud, whom to call.
//!
//! ```text
//! ╭ Reading · payments-api · PROD ──────────────────────────────────╮
//! │ Deploy                                                  3 of 11 │
//! │                                                                 │
//! │   ▌ Only health checks in the log of blue                       │
//! │                                                                 │
//! │ by the network's people   ✓ health pass                         │
//! │ ana read it at 14:02:11; raj answers                            │
//! │                                                                 │
//! │ y checked    n not so    Esc close                              │
//! ╰─────────────────────────────────────────────────────────────────╯
//! ```

use super::confirm::answer;
use super::{Piece, Sheet, key, piece, wrapped};
use crate::cockpit::{Action, DutySheet, Model, RunSheet};
use crate::domain::check::Verdict;
use crate::domain::checklist::Item;
use crate::domain::{ItemId, clock_span};
use crate::session::item::{Run, Waiting};
use crate::theme::Role;
use crate::view::key as keys;
use crate::view::pen::{fit, width};

/// The sheet that is open.
pub(super) fn duty(model: &Model, duty: &DutySheet) -> Sheet {
    match duty {
        DutySheet::Run(run) => match run.follows.and_then(|id| model.flight.session.duties.run(id)) {
            Some(known) => followed(model, known),
            None => to_run(model, run),
        },
        DutySheet::Reading { item, .. } => reading(model, item.as_ref()),
        DutySheet::Contacts { selected } => contacts(model, *selected),
    }
}

/// The command as it will run, where, by whom; each line as it is.
fn to_run(model: &Model, run: &RunSheet) -> Sheet {
    let mut sheet = Sheet::act(model, "Run a command");
    sheet.border = Role::Wait;
    let item = model.flight.procedure.checklist.item(&run.item);
    sheet.line(vec![piece(Role::Dim, item.map_or(run.item.as_str(), |item| item.text.as_str()))]);
    sheet.gap();
    for line in run.command.lines() {
        sheet.line(vec![piece(Role::Strong, format!("  {}", line.replace('\t', "    ")))]);
    }
    sheet.gap();
    let shell = model.flight.procedure.shell.as_ref();
    let words = shell.map(|shell| shell.words.join(" ")).unwrap_or_default();
    let mut line = |name: &str, text: String| {
        sheet.line(vec![piece(Role::Dim, format!("{name:<8}")), piece(Role::Text, text)]);
    };
    line("shell", format!("{words}, the command as one argument; nothing is put into it"));
    line("in", run.directory.clone());
    let me = &model.flight.me;
    line("by", format!("{}, process {} on {}", me.operator, me.process.pid, me.process.host));
    if let Some(shell) = shell {
        let environment = match &shell.environment {
            Some(names) => names.join(" "),
            None => "all of flightdeck's".to_owned(),
        };
        line("with", format!("the variables {environment}"));
        line("at most", format!("{}; then it is killed with all that it started", clock_span(shell.limit)));
    }
    sheet.gap();
    let note = "It runs in this cockpit and ends with it. Its last lines go into the record, masked. It ticks nothing.";
    sheet.line(vec![piece(Role::Dim, note)]);
    answer(model, &mut sheet, &run.confirm, "run it");
    sheet
}

/// A run and what came of it.
fn followed(model: &Model, run: &Run) -> Sheet {
    let mut sheet = Sheet::act(model, "Command");
    let starting = &run.starting.what;
    sheet.line(vec![piece(Role::Dim, starting.text.clone())]);
    for line in starting.command.lines() {
        sheet.line(vec![piece(Role::Strong, format!("  {}", line.replace('\t', "    ")))]);
    }
    let (by, at) = (&run.starting.by, run.starting.at.clock());
    sheet.line(vec![piece(Role::Dim, format!("by {by} at {at} in {}", starting.directory))]);
    sheet.gap();
    let (role, words) = state(model, run);
    sheet.line(vec![piece(role, words)]);
    let mut line = Vec::new();
    match &run.ended {
        None => {
            line.extend(key(&keys::of(model, &Action::CancelTask), "cancel it"));
            line.extend(key(&keys::of(model, &Action::Escape), "close, it goes on"));
        }
        Some((_, ended)) => {
            sheet.border = if ended.end.is_good() { Role::Good } else { Role::Bad };
            output(&mut sheet, run);
            line.extend(key(&keys::of(model, &Action::Copy), "copy the command"));
            line.extend(key(&keys::of(model, &Action::Escape), "close; the tick is yours"));
        }
    }
    sheet.pin(line);
    sheet
}

/// How a run stands: sign, words and how long.
fn state(model: &Model, run: &Run) -> (Role, String) {
    let span = clock_span(model.ran_for(run));
    match (&run.ended, &run.stopping) {
        (None, None) => (Role::Wait, format!("⟳ running for {span}")),
        (None, Some(by)) => (Role::Wait, format!("⟳ being cancelled by {by}, running for {span}")),
        (Some((_, ended)), _) if ended.end.is_good() => (Role::Good, format!("✓ {} after {span}", ended.end.words())),
        (Some((_, ended)), _) => (Role::Bad, format!("✗ {} after {span}", ended.end.words())),
    }
}

fn output(sheet: &mut Sheet, run: &Run) {
    let Some((_, ended)) = &run.ended else { return };
    if ended.dropped > 0 {
        sheet.line(vec![piece(Role::Dim, format!("  … {} lines before these were not kept", ended.dropped))]);
    }
    for line in &ended.lines {
        sheet.line(vec![piece(Role::Text, format!("  {line}"))]);
    }
    if ended.lines.is_empty() {
        sheet.line(vec![piece(Role::Dim, "  it wrote nothing")]);
    }
}

/// What stands beside an item's tick, a line each: for the item in full.
pub(super) fn beside(model: &Model, item: &Item, sheet: &mut Sheet) {
    let duties = &model.flight.session.duties;
    if let Some((verdict, words)) = model.item_verdict(item) {
        let name = item.rules.check.as_ref().map(ToString::to_string).unwrap_or_default();
        sheet.line(vec![
            piece(verdict_role(verdict), format!("  {} {name} {}", verdict.sign(), verdict.word())),
            piece(Role::Dim, format!("   {words}")),
        ]);
    }
    if let Some((role, words)) = time(model, item) {
        sheet.line(vec![piece(role, format!("  {words}"))]);
    }
    for before in &item.rules.after {
        let text = model.flight.procedure.checklist.item(before).map_or(before.as_str(), |item| item.text.as_str());
        let is_ticked = model.flight.session.ticks.contains_key(before);
        let (role, sign) = if is_ticked { (Role::Good, "✓") } else { (Role::Wait, "☐") };
        sheet.line(vec![piece(Role::Dim, "  after "), piece(role, format!("{sign} {text}"))]);
    }
    if let Some(tick) = model.flight.session.ticks.get(&item.id) {
        if let Some(read) = &tick.what.read {
            let alone = if read.one_cockpit { ", in one cockpit: nobody else was there" } else { "" };
            sheet.line(vec![piece(Role::Text, format!("  {} read it, {} answered{alone}", read.by, tick.by))]);
        }
        if let Some(despite) = &tick.what.despite {
            sheet.line(vec![piece(Role::Wait, format!("  ! ticked although {}: {}", despite.rule, despite.reason))]);
        }
    }
    if let Some(no) = duties.not_so.get(&item.id) {
        sheet.line(vec![piece(Role::Bad, format!("  ✗ not so, says {} at {}: {}", no.by, no.at.clock(), no.what))]);
    }
    for proof in duties.proofs.get(&item.id).into_iter().flatten() {
        sheet.line(vec![
            piece(Role::Dim, format!("  {} {}  ", proof.at.clock(), proof.by)),
            piece(Role::Text, proof.what.words()),
        ]);
    }
    if let Some(run) = duties.run_of(&item.id) {
        let (role, words) = state(model, run);
        sheet.gap();
        sheet.line(vec![piece(role, format!("  {words}")), piece(Role::Dim, format!("   by {}", run.starting.by))]);
        output(sheet, run);
    }
}

fn verdict_role(verdict: Verdict) -> Role {
    match verdict {
        Verdict::Pass => Role::Good,
        Verdict::Fail => Role::Bad,
        Verdict::Inconclusive => Role::Wait,
    }
}

/// How the time of an item stands.
fn time(model: &Model, item: &Item) -> Option<(Role, String)> {
    let span = clock_span(item.rules.wait.as_ref()?.span);
    Some(match model.waiting(item)? {
        Waiting::NotBegun if is_by_key(item) => {
            let key = keys::of(model, &Action::Start);
            (Role::Dim, format!("waits {span}, from the key {key} on"))
        }
        Waiting::NotBegun => (Role::Dim, format!("waits {span}, not begun")),
        Waiting::Left(left) => (Role::Wait, format!("{} left of {span}", clock_span(left))),
        Waiting::Over(at) => (Role::Good, format!("its {span} are over since {}", at.clock())),
    })
}

fn is_by_key(item: &Item) -> bool {
    matches!(item.rules.wait.as_ref().map(|wait| &wait.from), Some(crate::domain::duty::WaitFrom::Key))
}

/// What stands beside an item in its row, the rightmost first.
pub(in crate::view) fn in_row(model: &Model, item: &Item) -> Vec<(Role, String)> {
    let duties = &model.flight.session.duties;
    let is_ticked = model.flight.session.ticks.contains_key(&item.id);
    let mut pieces = Vec::new();
    match duties.run_of(&item.id) {
        Some(run) if run.is_running() => pieces.push((Role::Wait, "⟳ ".to_owned())),
        Some(Run { ended: Some((_, ended)), .. }) if ended.end.is_good() => {
            pieces.push((Role::Good, format!("{} ", ended.end.words())));
        }
        Some(_) => pieces.push((Role::Bad, "✗ command ".to_owned())),
        None => {}
    }
    if let Some(verdict) = model.item_verdict(item).map(|(verdict, _)| verdict) {
        let name = item.rules.check.as_ref().map(|check| fit(check.as_str(), 10)).unwrap_or_default();
        pieces.push((verdict_role(verdict), format!("{} {} ", verdict.sign(), name.trim_end())));
    }
    if !is_ticked {
        match model.waiting(item) {
            Some(Waiting::Left(left)) => pieces.push((Role::Wait, format!("{} ", clock_span(left)))),
            Some(Waiting::Over(_)) => pieces.push((Role::Good, "time over ".to_owned())),
            Some(Waiting::NotBegun) | None => {}
        }
    }
    if duties.not_so.contains_key(&item.id) {
        pieces.push((Role::Bad, "✗ not so ".to_owned()));
    }
    match duties.proofs.get(&item.id).map_or(0, Vec::len) {
        0 => {}
        count => pieces.push((Role::Dim, format!("+{count} "))),
    }
    pieces
}

/// The item that is read, as large as letters on a terminal are: alone, with room about it.
fn reading(model: &Model, id: Option<&ItemId>) -> Sheet {
    let mut sheet = Sheet::act(model, "Reading");
    sheet.width = 72;
    let (ticked, all) = model.checklist_counts();
    let Some(place) = id.and_then(|id| model.place_of(id)) else {
        let text = if all == 0 { "The profile has no checklist." } else { "Every item is ticked." };
        sheet.line(vec![piece(Role::Good, text)]);
        sheet.pin(key(&keys::of(model, &Action::Escape), "close"));
        return sheet;
    };
    let session = &model.flight.session;
    let inside = sheet.width.min(model.areas().all.width.saturating_sub(6));
    let number = format!("{} of {}", place.number, place.of);
    let title = fit(place.section, inside.saturating_sub(width(&number) + 1));
    sheet.line(vec![piece(Role::Title, title), piece(Role::Text, " "), piece(Role::Strong, number)]);
    sheet.line(Vec::new());
    let read = session.duties.reading.as_ref().filter(|read| read.what.item == place.item.id);
    let role = if read.is_some() { Role::Strong } else { Role::Text };
    for line in wrapped(&place.item.text, inside.saturating_sub(8)) {
        sheet.line(vec![piece(Role::Accent, "   ▌ "), piece(role, line.trim_start())]);
    }
    sheet.line(Vec::new());
    let mut beside = Vec::new();
    if let Some(role) = &place.item.role {
        beside.push(piece(Role::Text, format!("by {role}   ")));
    }
    if !place.item.required {
        beside.push(piece(Role::Dim, "optional   "));
    }
    beside.extend(in_row(model, place.item).into_iter().map(|(role, text)| piece(role, format!("{text}  "))));
    if !beside.is_empty() {
        sheet.line(beside);
    }
    if let Some(rule) = session.too_soon(&model.flight.procedure, place.item, model.now.wall) {
        sheet.line(vec![piece(Role::Wait, format!("! {rule}"))]);
    }
    if let Some(no) = session.duties.not_so.get(&place.item.id) {
        sheet.line(vec![piece(Role::Bad, format!("✗ not so, says {}: {}", no.by, no.what))]);
    }
    let others = model.answerers();
    sheet.line(match (read, session.ticks.get(&place.item.id)) {
        (Some(read), _) => {
            let who =
                if model.answers_here() { "you answer".to_owned() } else { format!("{} answers", others.join(" or ")) };
            vec![piece(Role::Wait, format!("{} read it at {}; {who}", read.by, read.at.clock()))]
        }
        (None, Some(tick)) => vec![piece(Role::Good, format!("✓ ticked by {} at {}", tick.by, tick.at.clock()))],
        (None, None) if model.flight.drives() => vec![piece(Role::Dim, "not read yet")],
        (None, None) => vec![piece(Role::Dim, "not read yet: the driver reads")],
    });
    sheet.line(vec![piece(Role::Dim, format!("{ticked} of {all} ticked in all"))]);
    let mut line: Vec<Piece> = Vec::new();
    if let Some(words) = model.enter_means() {
        line.extend(key(&keys::of(model, &Action::Enter), &words));
    }
    if read.is_some() && model.answers_here() {
        line.extend(key(&keys::of(model, &Action::Yes), "checked"));
        line.extend(key(&keys::of(model, &Action::No), "not so"));
    }
    line.extend(key(&keys::of(model, &Action::Escape), "close"));
    sheet.pin(line);
    sheet
}

/// Who is called when, who was called, and what is said.
fn contacts(model: &Model, selected: usize) -> Sheet {
    let mut sheet = Sheet::act(model, "Whom to call");
    let duties = &model.flight.session.duties;
    let contacts = &model.flight.procedure.contacts;
    if contacts.is_empty() {
        sheet.line(vec![piece(Role::Text, "No contacts.")]);
        let teach = "[[contact]] in the profile names them, in the order in which they are called, with `after`.";
        sheet.line(vec![piece(Role::Dim, teach)]);
        sheet.pin(key(&keys::of(model, &Action::Escape), "close"));
        return sheet;
    }
    if let Some(incident) = &duties.incident {
        sheet.border = Role::Bad;
        let ago = clock_span(model.now.wall.since(incident.at));
        sheet.line(vec![
            piece(Role::Bad, format!("incident since {}, {ago}: ", incident.at.clock())),
            piece(Role::Strong, incident.what.clone()),
        ]);
    } else {
        let key = keys::of(model, &Action::Start);
        let text = format!("no incident is declared: {key} declares one, and the times run from there");
        sheet.line(vec![piece(Role::Dim, text)]);
    }
    sheet.gap();
    let next = model.next_contact().map(|(index, _, _)| index).filter(|_| !model.is_answered());
    for (index, contact) in contacts.iter().enumerate() {
        let words = contact.words();
        let (role, state) = match (duties.call_of(&words), &duties.incident) {
            (Some(call), _) if call.what.1 => (Role::Good, format!("✓ answered {} ({})", call.at.clock(), call.by)),
            (Some(call), _) => (Role::Bad, format!("✗ no answer {} ({})", call.at.clock(), call.by)),
            (None, Some(incident)) => {
                let left = contact.after.saturating_sub(model.now.wall.since(incident.at));
                match (left.is_zero(), next == Some(index)) {
                    (true, true) => (Role::Bad, "call now".to_owned()),
                    (true, false) => (Role::Wait, "due".to_owned()),
                    (false, _) => (Role::Wait, format!("in {}", clock_span(left))),
                }
            }
            (None, None) => (Role::Dim, contact.when()),
        };
        let is_chosen = index == selected;
        if is_chosen {
            sheet.cursor = Some(sheet.body.len());
        }
        let style = if is_chosen { Role::Strong } else { Role::Text };
        sheet.line(vec![
            piece(Role::Accent, if is_chosen { "› " } else { "  " }),
            piece(style, format!("{words}  ")),
            piece(role, state),
        ]);
        let ways = [&contact.phone, &contact.handle, &contact.link];
        let ways: Vec<&str> = ways.into_iter().flatten().map(String::as_str).collect();
        if !ways.is_empty() {
            sheet.line(vec![piece(Role::Text, format!("      {}", ways.join("   ")))]);
        }
    }
    sheet.gap();
    sheet.line(vec![piece(Role::Dim, "Say:")]);
    sheet.line(vec![piece(Role::Text, format!("  {}", model.text_to_say()))]);
    let mut line = key(&keys::of(model, &Action::Yes), "answered");
    line.extend(key(&keys::of(model, &Action::No), "no answer"));
    line.extend(key(&keys::of(model, &Action::Copy), "copy the text"));
    let start = if duties.incident.is_some() { "it is over" } else { "declare an incident" };
    line.extend(key(&keys::of(model, &Action::Start), start));
    line.extend(key(&keys::of(model, &Action::Escape), "close"));
    sheet.pin(line);
    sheet
}
