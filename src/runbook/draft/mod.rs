//! A profile drafted from a runbook: TOML that is accepted as it stands, with everything that only a person can decide
//! beside it as comments.
//!
//! What asks for something stands in the checklist; what shifts traffic is a step of the plan that waits for a person, with
//! the `shift` that it becomes once a router is declared; limits are guards in comments; what was not understood stands in
//! comments with its lines.

mod checklist;
mod plan;
mod write;

use super::Runbook;
use super::propose::{Limit, all_limits};
use write::{Page, quoted};

/// A drafted profile.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Draft {
    /// The profile.
    pub toml: String,
    /// What it came to.
    pub counts: Counts,
}

/// What a draft came to.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Counts {
    /// Items of the checklist.
    pub items: usize,
    /// Of them, those that were written with a box.
    pub boxes: usize,
    /// Commands that belong to items.
    pub commands: usize,
    /// Links of items.
    pub links: usize,
    /// Steps that wait for a person.
    pub steps: usize,
    /// Of them, those that shift traffic.
    pub shifts: usize,
    /// Limits that could be guards.
    pub guards: usize,
    /// Times that were found and that stand in comments.
    pub times: usize,
    /// Sections that are due at a time.
    pub due: usize,
    /// Lines where something stands below a procedure that was not understood.
    pub not_understood: Vec<usize>,
    /// What else is kept in comments.
    pub kept: usize,
}

/// Drafts a profile from the runbook in a file of that name.
pub fn draft(runbook: &Runbook, file: &str) -> Draft {
    let mut counts = Counts::default();
    let paths = runbook.paths();
    let titles = checklist::titles(runbook, &paths);
    let pools = plan::pools(runbook, &paths);
    let mut page = Page::default();
    page.comment(&format!(
        "Drafted from {file}. A person reads it before anybody flies by it: it holds what the runbook says,"
    ));
    page.comment("and not how traffic is moved. `flightdeck check` says whether it is fit.");
    page.gap();
    page.line(&format!("service = {}", quoted(&service(runbook, file))));
    page.line("environment = \"prod\"");
    if let Some((new, _)) = pools {
        page.line(&format!("new = {} # the pool that gets the new version first", quoted(new)));
        page.gap();
        page.line(&format!("[pools.{}]", pools.map_or("", |(_, first)| first.0)));
        page.line(&format!("[pools.{}]", pools.map_or("", |(_, first)| first.1)));
    }
    page.gap();
    page.comment(
        "No runbook says how the routers are reached: until a [[router]] stands here (profiles/ has one of each kind),",
    );
    page.comment("people move the traffic and tick what they did.");
    plan::write(&mut page, runbook, &paths, &titles, pools.map(|(new, _)| new), &mut counts);
    guards(&mut page, runbook, &mut counts);
    checklist::write(&mut page, runbook, &paths, &titles, file, &mut counts);
    Draft { toml: page.finish(), counts }
}

/// The service's name: the document's title, or the file's name.
fn service(runbook: &Runbook, file: &str) -> String {
    let stem = file.rsplit(['/', '\\']).next().unwrap_or(file);
    let stem = stem.rsplit_once('.').map_or(stem, |(stem, _)| stem);
    let title = runbook.title().map(|title| title.trim_matches(|c: char| !c.is_alphanumeric() && c != ')' && c != ']'));
    let name = title.filter(|title| !title.is_empty()).unwrap_or(stem);
    let name = write::cut(name, 80);
    if name.trim().is_empty() { "service".to_owned() } else { name }
}

/// Limits, as guards that somebody has to check.
fn guards(page: &mut Page, runbook: &Runbook, counts: &mut Counts) {
    let limits = all_limits(runbook);
    if limits.is_empty() {
        return;
    }
    page.rule("Guards, to be checked by a person");
    page.comment("Each limit that the runbook names. A guard needs a [[metrics]] source, and a [[panel]] where it is neither errors");
    page.comment("nor a response time.");
    let mut names: Vec<String> = Vec::new();
    for limit in &limits {
        counts.guards = counts.guards.saturating_add(1);
        let what = crate::domain::checklist::slug(&limit.what);
        let base: String = what.chars().take(26).collect();
        let base = base.trim_matches('-');
        let base = if base.is_empty() { "limit" } else { base };
        let name = (1..).map(|count| if count == 1 { base.to_owned() } else { format!("{base}-{count}") });
        let name = name.into_iter().find(|name| !names.contains(name)).unwrap_or_default();
        page.gap();
        page.comment(&format!("line {}: {}", limit.line, said(limit)));
        for line in [
            "[[guard]]".to_owned(),
            format!("name = {}", quoted(&name)),
            format!("measure = {}", quoted(&measure(limit, &name))),
            format!(
                "{} = {}",
                if limit.below || is_bad_when_high(limit) { "above" } else { "below" },
                quoted(&format!("{}{}", limit.value, limit.unit))
            ),
            "then = \"propose\"".to_owned(),
        ] {
            page.comment(&line);
        }
        names.push(name);
    }
}

/// Whether more of it is worse, so that `error rate > 5%` is when to go back.
fn is_bad_when_high(limit: &Limit) -> bool {
    const WORSE: [&str; 14] = [
        "error",
        "latency",
        "response",
        "time",
        "cpu",
        "memory",
        "fail",
        "p95",
        "p99",
        "connection",
        "pool",
        "restart",
        "usage",
        "degradation",
    ];
    let what = limit.what.to_lowercase();
    WORSE.iter().any(|word| what.contains(word))
}

fn said(limit: &Limit) -> String {
    let sign = if limit.below { '<' } else { '>' };
    format!("{} {sign} {}{}", limit.what, limit.value, limit.unit)
}

/// What measures it: flightdeck's own measures, or a panel that somebody adds.
fn measure(limit: &Limit, name: &str) -> String {
    let what = limit.what.to_lowercase();
    let is_time = ["ms", "s", "sec", "second", "seconds"].contains(&limit.unit.as_str());
    if what.contains("error") && limit.unit == "%" {
        "errors".to_owned()
    } else if is_time && what.contains("p99") && !["database", "db", "query"].iter().any(|word| what.contains(word)) {
        "p99".to_owned()
    } else {
        name.to_owned()
    }
}
