//! The profile: one TOML file, read into what the core flies by and what the adapters are configured with.
//!
//! [`load`] reads files; [`parse`] is pure and works on bytes alone, so that whoever joins a session reads the profile
//! that the session was opened with. Both name every problem at once. The readers are plain functions over
//! [`Table`](crate::setting::Table), and [`schema`] is the same functions, described.
//!
//! Parts: `read` (the keys at the top), one file per section of the profile (a checklist in a
//! runbook is read by [`runbook`](crate::runbook)), `file`
//! (what belongs to a profile, and its digest).
//!
//! # Invariants
//! - A [`Procedure`] that leaves here is consistent: every name it uses is declared, every step's weights add up.
//! - Configuration and references to secrets go to the adapters, never into the [`Procedure`].

mod action;
mod back;
mod check;
mod checklist;
mod drain;
mod expected;
mod file;
mod follow_up;
mod guard;
mod journal;
mod log_field;
mod notify;
mod pairs;
mod panel;
mod plan;
mod pool;
mod read;
mod record;
mod rollout;
mod router;
mod rule;
mod schedule;
mod source;
mod window;

use std::path::{Path, PathBuf};
use std::sync::Arc;

pub use self::notify::NotifierConfig;
pub use journal::{JournalConfig, NatsConfig, NatsLogin, NatsTls};
pub use router::RouterConfig;
pub use source::MetricConfig;

use crate::adapter::{action as actions, check as checks, log};
use crate::domain::{ActionId, CheckId, NotifierId, Procedure, RouterId};
pub use crate::setting::{Problem, Problems};
use crate::setting::{Report, Source, Wrong, describe, literal};
use crate::signature::AllowedSigners;

/// One file of a profile, as it was read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ProfileFile {
    /// The main file's path as the user gave it; an included file's as the main file names it.
    pub path: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// A profile that holds no mistake.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// What was read: the main file first, then the included ones.
    pub files: Vec<ProfileFile>,
    /// What the core flies by.
    pub procedure: Procedure,
    /// Whose signatures count, where the profile names keys.
    pub allowed_signers: Option<AllowedSigners>,
    /// What the adapters are configured with.
    pub adapters: AdapterConfigs,
    /// Where its sessions are kept.
    pub journal: JournalConfig,
    /// The directory that records are written below, as the profile names it; none where they are not.
    pub records: Option<PathBuf>,
}

/// Configurations by sort of adapter, in the profile's order.
#[derive(Clone, Debug, Default)]
pub struct AdapterConfigs {
    /// Routers by name.
    pub routers: Vec<(RouterId, RouterConfig)>,
    /// Log sources.
    pub logs: Vec<log::Config>,
    /// Metric sources.
    pub metrics: Vec<MetricConfig>,
    /// Checks that a system answers, by name.
    pub checks: Vec<(CheckId, Arc<dyn checks::Configured>)>,
    /// Notifiers, by name.
    pub notifiers: Vec<(NotifierId, NotifierConfig)>,
    /// Deploy actions by name.
    pub actions: Vec<(ActionId, Arc<dyn actions::Configured>)>,
}

/// Reads a profile and the files it includes.
///
/// # Errors
/// Everything that is wrong with it.
pub fn load(path: &Path) -> Result<Loaded, Problems> {
    let (files, unread) = file::read_all(path)?;
    parse_with(&files, &unread)
}

/// Reads a profile from the bytes of its files, the main file first.
///
/// # Errors
/// Everything that is wrong with it.
pub fn parse(files: &[ProfileFile]) -> Result<Loaded, Problems> {
    parse_with(files, &[])
}

/// The JSON Schema of a profile, draft 2020-12.
pub fn schema() -> serde_json::Value {
    let included = read::Included { files: &[], unread: &[] };
    describe("urn:flightdeck:profile", "A flightdeck profile", |table| read::profile(table, &included))
}

fn parse_with(files: &[ProfileFile], unread: &[file::Unread]) -> Result<Loaded, Problems> {
    let mut sources = Vec::new();
    let mut unreadable = Vec::new();
    for shown in file::shown_names(files).into_iter().zip(files) {
        match Source::new(&shown.0, &shown.1.bytes) {
            Ok(source) => sources.push((shown.1.path.as_str(), source)),
            Err(problem) => unreadable.push(*problem),
        }
    }
    let main_is_read = files.first().is_some_and(|main| sources.first().is_some_and(|(path, _)| *path == main.path));
    if !main_is_read {
        return Err(or_unexplained(unreadable, files));
    }
    let (paths, sources): (Vec<&str>, Vec<Source>) = sources.into_iter().unzip();
    let report = Report::new(&sources);
    (1..sources.len()).for_each(|index| literal::scan(&report, index, None));
    let known = files.iter().skip(1).map(|file| file.path.as_str());
    let included: Vec<read::IncludedFile<'_>> = known
        .map(|path| read::IncludedFile {
            path,
            source: paths.iter().skip(1).position(|each| *each == path).map(|at| at + 1),
        })
        .collect();
    let included = read::Included { files: &included, unread };
    let digest = file::digest(files);
    let parts = crate::setting::read(&report, |table| read::profile(table, &included)).flatten();
    let mut problems = report.into_problems().map(|problems| problems.0).unwrap_or_default();
    problems.extend(unreadable);
    match parts {
        Some(parts) if problems.is_empty() => Ok(parts.loaded(files.to_vec(), digest)),
        _ => Err(or_unexplained(problems, files)),
    }
}

/// Problems are never empty, whatever went wrong.
fn or_unexplained(problems: Vec<Problem>, files: &[ProfileFile]) -> Problems {
    if !problems.is_empty() {
        return Problems(problems);
    }
    let file = files.first().map_or_else(|| "profile".to_owned(), |main| main.path.clone());
    let wrong = match files {
        [] => Wrong::new("no file was kept").advice("open the session anew from the profile on disk"),
        _ => Wrong::new("cannot be read, and flightdeck does not say why").advice("please report this"),
    };
    Problems(vec![Problem { file, line: 0, column: 0, key: String::new(), wrong }])
}
