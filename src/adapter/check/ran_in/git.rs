//! What ran by the history of one value of a file in git: `git log` of the file, and the file as each commit has it.
//!
//! A commit counts from when it came to the branch, along the first parents. That the value stands there says what was asked
//! for, and not that it was rolled out: where that matters, a check of the rollout stands beside this one.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use tokio::time::Instant;

use super::scalar::{pointer, scalar, version};
use super::{Place, Untold};
use crate::adapter::check::system::quote;
use crate::adapter::git::{environment, set};
use crate::adapter::run::{Ended, Ran as Run, run_with};
use crate::domain::Timestamp;
use crate::domain::version::{End, History, Ran};
use crate::setting::{Kind, Table, Wrong, absolute_path, quoted, text, title};

/// So many commits of the file are looked at.
const COMMITS: usize = 100;
/// So many of them in one run of git.
const AT_ONCE: usize = 10;
/// So much of the time is left for saying how it went.
const MARGIN: Duration = Duration::from_millis(50);

/// What the profile says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Config {
    checkout: PathBuf,
    file: String,
    value: String,
    branch: String,
    fetch: Option<String>,
    program: String,
}

impl Config {
    pub(super) fn read(table: &mut Table<'_>) -> Option<Self> {
        let checkout = table.required("checkout", "The checkout, a whole path: \"/srv/gitops\".", &absolute_path());
        let doc = "The file in it: \"helm/environments/stag-env/image-tags.yaml\".";
        let file = table.required("file", doc, &inside());
        let value = table.required("value", "Where the version stands in it: \"/accounts/tag\".", &pointer());
        let doc = "The branch, as the checkout knows it: \"origin/main\". Default \"HEAD\".";
        let branch = table.optional("branch", doc, &reference());
        let doc =
            "The remote that is fetched first: \"origin\". Default: none, something else keeps the checkout fresh.";
        let fetch = table.optional("fetch", doc, &reference());
        let program = table.optional("program", "The program. Default \"git\".", &text());
        Some(Self {
            checkout: checkout?.value,
            file: file?.value,
            value: value?.value,
            branch: branch.map_or_else(|| "HEAD".to_owned(), |branch| branch.value),
            fetch: fetch.map(|fetch| fetch.value),
            program: program.map_or_else(|| "git".to_owned(), |program| program.value),
        })
    }
}

/// The name of a branch or a remote, which cannot be an option.
fn reference() -> Kind<String> {
    const ACCEPTED: &str = "the name of a branch or a remote";
    title().and_then(ACCEPTED, |name| {
        let fits = !name.starts_with('-') && name.chars().all(|c| c.is_ascii_alphanumeric() || "-._/".contains(c));
        if fits { Ok(name) } else { Err(Wrong::new(format!("cannot be {}", quoted(&name)))) }
    })
}

/// The path of a file inside the checkout.
fn inside() -> Kind<String> {
    const ACCEPTED: &str = "the path of a file inside the checkout";
    text().and_then(ACCEPTED, |path| {
        let fits = !path.starts_with(['/', '-', ':']) && path.split('/').all(|part| !part.is_empty() && part != "..");
        if fits { Ok(path) } else { Err(Wrong::new(format!("cannot be {}", quoted(&path)))) }
    })
}

/// A checkout.
pub(super) struct Checkout {
    config: Config,
    limit: Duration,
}

/// One commit that changed the file.
struct Commit {
    hash: String,
    at: Timestamp,
    by: String,
}

impl Checkout {
    pub(super) fn new(config: Config, limit: Duration) -> Self {
        Self { config, limit }
    }

    /// Runs git, without a question to anybody.
    async fn git(&self, words: &[&str], input: Vec<u8>, until: Instant) -> Result<Ended, Untold> {
        let Config { program, checkout, .. } = &self.config;
        let what = format!("{program} -C {} {}", checkout.display(), words.first().unwrap_or(&""));
        if crate::adapter::run::find(program).await.is_none() {
            let advice = "install git, or name where it is as `program`";
            return Err(Untold::new(format!("there is no program `{program}` here; {advice}")));
        }
        let mut all = vec![program.clone(), "-C".to_owned(), checkout.display().to_string()];
        all.extend(words.iter().map(|word| (*word).to_owned()));
        let mut variables = environment();
        variables.push(set("GIT_SSH_COMMAND", "ssh -oBatchMode=yes"));
        let left = until.saturating_duration_since(Instant::now()).saturating_sub(MARGIN);
        match run_with(&all, &variables, input, left).await {
            Run::NotStarted(error) => {
                Err(Untold::new(format!("{what}: it cannot be started: {error}; try it by hand")))
            }
            Run::Killed { why, .. } => {
                Err(Untold::new(format!("{what}: {why}; give the check a longer `timeout`, or try it by hand")))
            }
            Run::Ended(ended) if ended.code == Some(0) => Ok(ended),
            Run::Ended(ended) => {
                let said = quote(&ended.words);
                Err(Untold::new(format!(
                    "{what}: {}: {said}; try it by hand as the user who runs flightdeck",
                    ended.how
                )))
            }
        }
    }

    async fn commits(&self, until: Instant) -> Result<Vec<Commit>, Untold> {
        let Config { branch, file, .. } = &self.config;
        let most = COMMITS.to_string();
        let words =
            ["log", "--first-parent", "-n", &most, "--format=%H%x09%ct%x09%an", branch.as_str(), "--", file.as_str()];
        let ended = self.git(&words, Vec::new(), until).await?;
        let commit = |line: &str| {
            let mut parts = line.splitn(3, '\t');
            let (hash, at, by) = (parts.next()?, parts.next()?.parse::<i64>().ok()?, parts.next()?);
            Some(Commit { hash: hash.to_owned(), at: Timestamp(at.saturating_mul(1_000)), by: quote(by) })
        };
        Ok(String::from_utf8_lossy(&ended.out).lines().filter_map(commit).collect())
    }

    /// The value as each commit has it; `None` where the file or the value was not there.
    async fn values(&self, commits: &[Commit], asked: &str, until: Instant) -> Result<Vec<Option<String>>, Untold> {
        let mut values = Vec::new();
        // What one run may say is bounded.
        for few in commits.chunks(AT_ONCE) {
            values.extend(self.few_values(few, asked, until).await?);
        }
        Ok(values)
    }

    async fn few_values(
        &self,
        commits: &[Commit],
        version_asked: &str,
        until: Instant,
    ) -> Result<Vec<Option<String>>, Untold> {
        let Config { file, value, .. } = &self.config;
        let asked = commits.iter().fold(String::new(), |mut asked, commit| {
            // Writing to text cannot fail.
            let _written = writeln!(asked, "{}:{file}", commit.hash);
            asked
        });
        let ended = self.git(&["cat-file", "--batch"], asked.into_bytes(), until).await?;
        let mut rest = ended.out.as_slice();
        let mut values = Vec::new();
        for commit in commits {
            let cut = || Untold::new("git cat-file --batch: its answer is not whole; try it by hand");
            let end = memchr::memchr(b'\n', rest).ok_or_else(cut)?;
            let (head, after) = rest.split_at_checked(end).ok_or_else(cut)?;
            let after = after.get(1..).ok_or_else(cut)?;
            let head = String::from_utf8_lossy(head).into_owned();
            if head.ends_with(" missing") {
                rest = after;
                values.push(None);
                continue;
            }
            let size: usize = head.rsplit(' ').next().and_then(|size| size.parse().ok()).ok_or_else(cut)?;
            let (body, behind) = after.split_at_checked(size).ok_or_else(cut)?;
            rest = behind.get(1..).unwrap_or_default();
            let found = scalar(&String::from_utf8_lossy(body), value);
            let found = found.and_then(|found| found.map(|text| version(&text, version_asked)).transpose());
            values.push(found.map_err(|why| {
                let short: String = commit.hash.chars().take(12).collect();
                Untold::new(format!("{file} at {short} {why}; see whether `file` and `value` name the right place"))
            })?);
        }
        Ok(values)
    }
}

impl Place for Checkout {
    fn shown(&self, _version: &str) -> String {
        let Config { checkout, file, value, branch, program, .. } = &self.config;
        format!("{program} -C {} log {branch} -- {file}, {value}", checkout.display())
    }

    fn history<'a>(&'a self, version: &'a str, _now: Timestamp) -> BoxFuture<'a, Result<History, Untold>> {
        async move {
            let until = Instant::now() + self.limit;
            if let Some(remote) = &self.config.fetch {
                self.git(&["fetch", "--quiet", "--no-tags", remote.as_str()], Vec::new(), until).await?;
            }
            let Config { checkout, file, value, branch, .. } = &self.config;
            let commits = self.commits(until).await?;
            let Some(newest) = commits.first() else {
                let why = "git log knows no commit of it; see whether `file` and `branch` are right";
                return Err(Untold::new(format!("{file} on {branch} in {}: {why}", checkout.display())));
            };
            let source = format!("{value} of {file} on {branch} in {}, {}", checkout.display(), told(newest));
            let values = self.values(&commits, version, until).await?;
            if values.first().is_some_and(Option::is_none) {
                return Err(Untold::new(format!("{source}: there is no value; see whether `value` is right")));
            }
            Ok(History { runs: runs(&commits, &values), is_whole: commits.len() < COMMITS, source })
        }
        .boxed()
    }
}

fn told(commit: &Commit) -> String {
    let short: String = commit.hash.chars().take(12).collect();
    format!("commit {short} of {} by {}", commit.at.long(), commit.by)
}

/// The values as versions that ran, newest first. One that stood before already and came back was rolled back to.
fn runs(commits: &[Commit], values: &[Option<String>]) -> Vec<Ran> {
    let mut runs: Vec<Ran> = Vec::new();
    // Whether the value was not there in the commits just looked at.
    let mut is_gap = false;
    for (commit, value) in commits.iter().zip(values) {
        let Some(value) = value else {
            is_gap = true;
            continue;
        };
        match runs.last_mut() {
            // The same value in the commit before: it has stood since then.
            Some(newer) if newer.version == *value && !is_gap => {
                (newer.from, newer.by) = (Some(commit.at), told(commit));
            }
            newer => {
                let newer = newer.and_then(|newer| Some((newer.version.clone(), newer.from?)));
                let end = newer.map_or(End::Runs, |(by, at)| End::Replaced { by, at });
                runs.push(Ran { version: value.clone(), from: Some(commit.at), by: told(commit), end });
            }
        }
        is_gap = false;
    }
    let versions: Vec<String> = runs.iter().map(|run| run.version.clone()).collect();
    for (place, run) in runs.iter_mut().enumerate() {
        let older = versions.get(place + 1..).unwrap_or_default();
        if let End::Replaced { by, at } = &run.end
            && older.contains(by)
        {
            run.end = End::RolledBack { to: by.clone(), at: *at };
        }
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::*;

    fn history(values: &[&str]) -> Vec<(String, End)> {
        let commits: Vec<Commit> = (0..values.len())
            .map(|place| Commit {
                hash: format!("{place:040}"),
                at: Timestamp(1_000_000 - i64::try_from(place).unwrap_or(0) * 1_000),
                by: "ana".to_owned(),
            })
            .collect();
        let values: Vec<Option<String>> = values.iter().map(|value| Some((*value).to_owned())).collect();
        runs(&commits, &values).into_iter().map(|run| (run.version, run.end)).collect()
    }

    #[test]
    fn a_value_that_comes_back_was_rolled_back_to() {
        let at = |place: i64| Timestamp(1_000_000 - place * 1_000);
        let replaced = |by: &str, place| End::Replaced { by: by.to_owned(), at: at(place) };
        assert_eq!(
            history(&["3", "3", "2", "1"]),
            [("3".to_owned(), End::Runs), ("2".to_owned(), replaced("3", 1)), ("1".to_owned(), replaced("2", 2)),]
        );
        assert_eq!(history(&["1", "2", "1"])[1], ("2".to_owned(), End::RolledBack { to: "1".to_owned(), at: at(0) }));
    }
}
