//! The table of checks, and the evidence of one.
//!
//! ```text
//! ╭ Checks 5/7, 1 failed ─────────────────────────────────────────────╮
//! │ smoke  5/7, 1 failed                                              │
//! │ › ✓ login    ▲ blue   pass            4s  in 6s  200, version 2.5 │
//! │   ✗ pay      ▲ blue   fail            2s  in 8s  503 is not 200   │
//! │   ? orders            stale          41s         412 rows         │
//! │                                                                   │
//! │ r run smoke    a run all    Enter evidence    Esc close           │
//! ╰───────────────────────────────────────────────────────────────────╯
//! ```

use super::{Piece, Sheet, key, piece};
use crate::cockpit::{Action, CheckRow, CheckTable, Model};
use crate::domain::age;
use crate::domain::check::{Asks, CheckSpec, Run, Standing, Verdict};
use crate::flight::check::Totals;
use crate::theme::Role;
use crate::view::key as keys;
use crate::view::pen::{fit, fit_middle, width};

/// Columns: name on a narrow and on a wide screen, pool, verdict.
const NAME: u16 = 16;
const WIDE_NAME: u16 = 32;
const POOL: u16 = 8;
const WORD: u16 = 12;

/// The table, or the evidence of the chosen check.
pub(super) fn checks(model: &Model, table: &CheckTable) -> Sheet {
    match model.chosen_check().filter(|_| table.is_open) {
        Some(check) => evidence(model, check),
        None => rows(model, table),
    }
}

fn rows(model: &Model, table: &CheckTable) -> Sheet {
    let all = model.flight.check_totals(None, model.now.elapsed);
    let mut sheet = Sheet::new("Checks ");
    sheet.width = 160;
    sheet.wraps = false;
    if all.all == 0 {
        sheet.width = 64;
        sheet.wraps = true;
        sheet.line(vec![piece(Role::Text, "No checks.")]);
        let teach = "[[check]] in the profile names one: a question to a system, or a measure held against a limit.";
        sheet.line(vec![piece(Role::Dim, teach)]);
        sheet.pin(key(&keys::of(model, &Action::Escape), "close"));
        return sheet;
    }
    sheet.title.push(totals(all));
    let most = if model.areas().all.width < 100 { NAME } else { WIDE_NAME };
    let names = model.flight.procedure.checks.iter().map(|check| width(check.id.as_str()));
    let name = names.max().unwrap_or(0).clamp(8, most);
    let mut at = 0;
    for row in model.check_rows() {
        match row {
            CheckRow::Group { name, totals: of_group } => {
                sheet.gap();
                let name = name.unwrap_or("in no group");
                sheet.line(vec![piece(Role::Strong, format!("{name}  ")), totals(of_group)]);
            }
            CheckRow::Check(check) => {
                if at == table.selected {
                    sheet.cursor = Some(sheet.body.len());
                }
                sheet.line(row_of(model, check, name, at == table.selected));
                at += 1;
            }
        }
    }
    let mut line = Vec::new();
    if let Some(group) = model.chosen_check().map(|check| check.group.clone().unwrap_or_else(|| "this one".to_owned()))
    {
        line.extend(key(&keys::of(model, &Action::RunGroup), &format!("run {}", fit(&group, 16))));
    }
    line.extend(key(&keys::of(model, &Action::RunChecks), "run all"));
    line.extend(key(&keys::of(model, &Action::Enter), "evidence"));
    line.extend(key(&keys::of(model, &Action::Escape), "close"));
    sheet.pin(line);
    sheet
}

fn totals(totals: Totals) -> Piece {
    let role = match totals {
        Totals { failed: 1.., .. } => Role::Bad,
        Totals { inconclusive: 1.., .. } | Totals { trying: 1.., .. } => Role::Wait,
        Totals { passed, all, .. } if passed == all => Role::Good,
        _ => Role::Dim,
    };
    piece(role, totals.words())
}

/// What a check is shown as: sign, word, and the role of both.
fn shown(model: &Model, check: &CheckSpec) -> (&'static str, String, Role) {
    let now = model.now.elapsed;
    let Some(run) = model.flight.checks.run(&check.id) else { return ("·", "not asked".to_owned(), Role::Dim) };
    if run.last.is_some() && run.is_stale(check, now) {
        return ("?", "stale".to_owned(), Role::Stale);
    }
    match run.standing {
        Standing::NotAsked if run.is_asked() => ("⟳", "asked now".to_owned(), Role::Wait),
        Standing::NotAsked => ("·", "not asked".to_owned(), Role::Dim),
        Standing::Trying => ("⟳", tries(run, check), Role::Wait),
        Standing::Settled { verdict, .. } => (verdict.sign(), verdict.word().to_owned(), role(verdict)),
    }
}

fn tries(run: &Run, check: &CheckSpec) -> String {
    if run.in_a_row > 0 {
        format!("{}/{} passes", run.in_a_row, check.in_a_row)
    } else {
        format!("try {}/{}", run.tried, check.tries)
    }
}

fn role(verdict: Verdict) -> Role {
    match verdict {
        Verdict::Pass => Role::Good,
        Verdict::Fail => Role::Bad,
        Verdict::Inconclusive => Role::Wait,
    }
}

fn row_of(model: &Model, check: &CheckSpec, name: u16, is_selected: bool) -> Vec<Piece> {
    let now = model.now.elapsed;
    let (sign, word, role) = shown(model, check);
    let run = model.flight.checks.run(&check.id);
    let is_grey = role == Role::Stale;
    let text = |role: Role| if is_grey { Role::Stale } else { role };
    let pool = check.pool.as_ref().map(|id| {
        let mark = model.flight.procedure.pool(id).map_or("", |pool| pool.mark.as_str());
        format!("{mark} {id}")
    });
    let old = run.and_then(|run| run.age(now)).map_or_else(|| "–".to_owned(), age);
    let next = match run {
        Some(run) if run.is_asked() => "now".to_owned(),
        Some(run) if model.flight.is_check_wanted(&check.id) => {
            run.next_in(now).map_or_else(String::new, |left| format!("in {}", age(left)))
        }
        Some(_) | None => String::new(),
    };
    let noted = || {
        let noted = model.flight.session.checks.get(&check.id)?;
        let (verdict, clock) = (noted.what.verdict.word(), noted.at.clock());
        Some(format!("not asked here; in the record {verdict} at {clock}Z by {}", noted.by))
    };
    let told = run.and_then(|run| run.last.as_ref()).map(|told| told.answer.words.clone());
    let words = told.or_else(noted).unwrap_or_default();
    vec![
        piece(Role::Accent, if is_selected { "› " } else { "  " }),
        piece(role, format!("{sign} ")),
        piece(
            text(if is_selected { Role::Strong } else { Role::Text }),
            padded(&fit_middle(check.id.as_str(), name), name),
        ),
        piece(text(Role::Text), padded(&fit(&pool.unwrap_or_default(), POOL), POOL)),
        piece(role, padded(&word, WORD)),
        piece(if is_grey { Role::Wait } else { Role::Dim }, format!("{old:>4} ")),
        piece(Role::Dim, format!("{next:<6} ")),
        piece(text(Role::Text), words),
    ]
}

/// A text with spaces up to so many cells and one more.
fn padded(text: &str, cells: u16) -> String {
    let missing = cells.saturating_sub(width(text));
    format!("{text}{} ", " ".repeat(usize::from(missing)))
}

/// The evidence of one check.
fn evidence(model: &Model, check: &CheckSpec) -> Sheet {
    let now = model.now.elapsed;
    let (sign, word, role) = shown(model, check);
    let mut sheet = Sheet::new(format!("Check {} · ", check.id));
    sheet.title.push(piece(role, format!("{sign} {word}")));
    sheet.width = 100;
    let mut fact = |name: &str, text: String| {
        sheet.line(vec![piece(Role::Dim, format!("{} ", padded(name, 14))), piece(Role::Text, text)]);
    };
    let run = model.flight.checks.run(&check.id);
    if let Some(told) = run.and_then(|run| run.last.as_ref()) {
        fact("answer", told.answer.words.clone());
        let old = age(now.since(told.began.elapsed));
        fact("asked at", format!("{}Z, {old} ago", told.began.wall.clock()));
        if told.answer.at != told.began.wall {
            fact("speaks of", format!("{}Z", told.answer.at.clock()));
        }
    } else {
        fact("answer", "none yet".to_owned());
    }
    if let Some(run) = run {
        if let Standing::Settled { since, .. } = run.standing {
            fact("stands since", format!("{}Z", since.clock()));
        }
        if run.standing == Standing::Trying {
            fact("tried", run.trying(check, now));
        }
        if let Some(first) = run.first.as_ref().filter(|_| check.compares) {
            fact("before", first.clone());
        }
    }
    let pool = check.pool.as_ref().map(|pool| format!(" of {pool}")).unwrap_or_default();
    let what = match &check.asks {
        Asks::System => format!("{}{pool}", check.kind),
        Asks::Limit(threshold) => format!("{}{pool} against a limit", threshold.measure),
    };
    fact("kind", what);
    let row = if check.in_a_row > 1 { format!(", {} passes in a row", check.in_a_row) } else { String::new() };
    let tries = if check.tries > 1 { format!("at most {} tries", check.tries) } else { "one try".to_owned() };
    fact("rule", format!("every {}, {tries}{row}", age(check.every)));
    let noted = model.flight.session.checks.get(&check.id);
    if let Some(noted) = noted {
        fact("in the record", format!("{} at {}Z, noted by {}", noted.what.verdict.word(), noted.at.clock(), noted.by));
    }
    let lines = run.and_then(|run| run.last.as_ref()).map(|told| told.answer.evidence.clone()).unwrap_or_default();
    if !lines.is_empty() {
        sheet.gap();
        let column = lines.iter().map(|(name, _)| width(name)).max().unwrap_or(0).clamp(14, 24);
        for (name, text) in lines {
            sheet.line(vec![piece(Role::Dim, format!("{} ", padded(&name, column))), piece(Role::Text, text)]);
        }
    }
    let mut line = key(&keys::of(model, &Action::RunGroup), "run");
    line.extend(key(&keys::of(model, &Action::Escape), "back to the table"));
    sheet.pin(line);
    sheet
}
