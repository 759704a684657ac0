//! The program `git`, as this kind uses it: a copy of a branch's newest commits without a working tree, one commit on top,
//! one push.
//!
//! There is no working tree, so nothing is checked out and no filter, attribute or hook touches a byte. Git asks nobody:
//! whatever it would ask at a terminal is an error at once.
//!
//! # Invariants
//! - No run is longer than what is left of the action's time-out; what is late is killed with all that it started.
//! - A token reaches git in its environment alone, for the repository's own host, and is taken out of all that git says.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrecy::ExposeSecret as _;
use tempfile::TempDir;
use tokio::time::Instant;

use super::super::say;
use super::config::Config;
use crate::adapter::git::{environment, set};
use crate::adapter::run::{Ended, Ran, Variable, run_with, words};
use crate::domain::{Trouble, TroubleKind};

/// So many of the newest commits are had: what was pushed just now is among them.
pub(super) const NEWEST: usize = 256;

/// What the commit says beside its message: the act's key.
pub(super) const TRAILER: &str = "Flightdeck-Act";

/// What to do about a host that is asked too often.
pub(super) const TOO_OFTEN: &str = "it is asked too often: give the action a longer `poll`";

/// Git for one repository, for so long.
pub(super) struct Git {
    config: Config,
    variables: Vec<Variable>,
    hidden: Vec<String>,
    until: Instant,
}

/// The newest commits of a branch, in a directory that goes with them.
pub(super) struct Copy {
    git: Git,
    folder: TempDir,
    /// The branch's newest commit.
    pub(super) tip: String,
}

/// A file of the branch.
pub(super) struct Kept {
    mode: String,
    /// What is in it.
    pub(super) text: String,
}

/// What became of a push.
#[derive(PartialEq, Eq, Debug)]
pub(super) enum Pushed {
    /// The branch is at the commit.
    Taken,
    /// Others were faster, and nothing of it went out.
    Behind,
    /// Nothing went out.
    NotSent(String),
    /// It said no.
    Refused(String),
    /// It may be taken.
    Unknown(String),
}

impl Git {
    /// Git as this profile has it, until then. The token is fetched.
    pub(super) async fn of(config: &Config, until: Instant) -> Result<Self, Trouble> {
        let mut variables = environment();
        // A transport can be a program, which a repository's address must not name.
        variables.push(set("GIT_ALLOW_PROTOCOL", "file:http:https:ssh"));
        if let Some(author) = &config.author {
            for who in ["AUTHOR", "COMMITTER"] {
                variables.push(set(&format!("GIT_{who}_NAME"), &author.name));
                variables.push(set(&format!("GIT_{who}_EMAIL"), &author.address));
            }
        }
        let mut hidden = Vec::new();
        if let Some(login) = &config.login {
            let what = format!("log in to {}", config.repository);
            let secret = login.token.resolve().await.map_err(|error| {
                let why = format!("the secret from {} cannot be had: {}", error.from, error.why);
                Trouble::new(TroubleKind::Denied, what, why, error.advice)
            })?;
            let token = secret.expose_secret().trim().to_owned();
            let basic = STANDARD.encode(format!("{}:{token}", login.user));
            let count: usize = std::env::var("GIT_CONFIG_COUNT").ok().and_then(|count| count.parse().ok()).unwrap_or(0);
            variables.extend([
                set("GIT_CONFIG_COUNT", &(count + 2).to_string()),
                set(&format!("GIT_CONFIG_KEY_{count}"), &format!("http.{}/.extraHeader", login.host)),
                set(&format!("GIT_CONFIG_VALUE_{count}"), &format!("Authorization: Basic {basic}")),
                // Nobody else is asked for a login, nor told of this one.
                set(&format!("GIT_CONFIG_KEY_{}", count + 1), "credential.helper"),
                set(&format!("GIT_CONFIG_VALUE_{}", count + 1), ""),
            ]);
            hidden = vec![basic, token];
        }
        Ok(Self { config: config.clone(), variables, hidden, until })
    }

    /// A copy of the branch's newest commits.
    pub(super) async fn copy(self) -> Result<Copy, Trouble> {
        let Config { repository, branch, .. } = &self.config;
        let folder = tempfile::Builder::new().prefix("flightdeck-").tempdir().map_err(|error| {
            let advice = "see whether there is space for temporary files, and who may write there";
            Trouble::new(TroubleKind::Unreachable, "make a temporary directory", error.to_string(), advice)
        })?;
        let path = folder.path().display().to_string();
        let depth = format!("--depth={NEWEST}");
        // A server that cannot leave the files' contents out sends them.
        let shape = ["--quiet", "--bare", "--template=", "--single-branch", "--no-tags", "--filter=blob:none"];
        let arguments = [&["clone"], &shape[..], &[&depth, "--branch", branch, "--", repository, &path]].concat();
        self.ask(&arguments, &format!("copy branch {branch} of {repository}")).await?;
        let head = format!("refs/heads/{branch}");
        let mut copy = Copy { git: self, folder, tip: String::new() };
        let tip = copy.ask(&["rev-parse", "--verify", "--quiet", &head], Vec::new(), "read the branch").await?;
        String::from_utf8_lossy(&tip).trim().clone_into(&mut copy.tip);
        Ok(copy)
    }

    /// Where the branch is, by asking the repository alone.
    pub(super) async fn tip(&self) -> Result<String, Trouble> {
        let Config { repository, branch, .. } = &self.config;
        let head = format!("refs/heads/{branch}");
        let what = format!("read branch {branch} of {repository}");
        let out = self.ask(&["ls-remote", "--quiet", "--", repository, &head], &what).await?;
        let out = String::from_utf8_lossy(&out).into_owned();
        let Some(tip) = out.split_whitespace().next() else {
            let why = format!("it has no branch {branch}");
            return Err(Trouble::new(TroubleKind::Mismatch, what, why, "correct `branch` in the profile"));
        };
        Ok(tip.to_owned())
    }

    /// Runs git for a look.
    async fn ask(&self, arguments: &[&str], what: &str) -> Result<Vec<u8>, Trouble> {
        self.ask_with(arguments, Vec::new(), &[], what).await
    }

    async fn ask_with(
        &self,
        arguments: &[&str],
        input: Vec<u8>,
        further: &[Variable],
        what: &str,
    ) -> Result<Vec<u8>, Trouble> {
        match self.run(arguments, input, further).await {
            Ran::Ended(ended) if ended.code == Some(0) => Ok(ended.out),
            Ran::Ended(ended) => {
                let said = self.said(&ended);
                let (kind, advice) = meaning(&ended);
                Err(Trouble::new(kind, what, format!("git says: {said}"), advice))
            }
            Ran::NotStarted(error) => {
                let advice = "install git on this machine";
                Err(Trouble::new(TroubleKind::Unreachable, what, format!("git cannot be started: {error}"), advice))
            }
            Ran::Killed { why, is_late } => {
                let (kind, advice) = if is_late {
                    let advice = "see whether the repository hangs, or give the action a longer `timeout`";
                    (TroubleKind::TimedOut, advice)
                } else {
                    (TroubleKind::Garbage, "see whether the file is the right one")
                };
                Err(Trouble::new(kind, what, why, advice))
            }
        }
    }

    async fn run(&self, arguments: &[&str], input: Vec<u8>, further: &[Variable]) -> Ran {
        let fixed = ["git", "--no-pager", "-c", "core.hooksPath=/dev/null", "-c", "gc.auto=0"];
        let quiet =
            ["-c", "maintenance.auto=false", "-c", "log.showSignature=false", "-c", "credential.interactive=false"];
        let words: Vec<String> = fixed.iter().chain(&quiet).chain(arguments).map(|word| (*word).to_owned()).collect();
        let left = self.until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            let why = format!("it took longer than {:?}", self.config.timeout);
            return Ran::Killed { why, is_late: true };
        }
        let variables = [self.variables.as_slice(), further].concat();
        run_with(&words, &variables, input, left.max(Duration::from_millis(1))).await
    }

    /// What git said last, without a secret or anything personal.
    fn said(&self, ended: &Ended) -> String {
        let said = String::from_utf8_lossy(&ended.err);
        let is_said = |line: &&str| !line.starts_with("hint:") && !line.starts_with("warning:");
        let mut said = said.lines().filter(is_said).collect::<Vec<_>>().join("\n");
        for hidden in &self.hidden {
            said = said.replace(hidden, "…");
        }
        match say::quoted(&words(&said)) {
            said if said.is_empty() => ended.how.clone(),
            said => said,
        }
    }
}

impl Copy {
    /// It is worked with until then.
    pub(super) fn work_until(&mut self, until: Instant) {
        self.git.until = until;
    }

    async fn ask(&self, arguments: &[&str], input: Vec<u8>, what: &str) -> Result<Vec<u8>, Trouble> {
        let path = self.folder.path().display().to_string();
        let what = format!("{what} in a copy of {}", self.git.config.repository);
        self.git.ask_with(&[&["--git-dir", &path], arguments].concat(), input, &[], &what).await
    }

    /// The commit that carries the key.
    pub(super) async fn find(&self, key: &str) -> Result<Option<String>, Trouble> {
        let line = format!("{TRAILER}: {key}");
        let grep = format!("--grep={line}");
        let format = format!("--format=%H %(trailers:key={TRAILER},valueonly,separator=%x20)");
        let head = self.tip.clone();
        let out =
            self.ask(&["log", "--fixed-strings", &grep, &format, &head, "--"], Vec::new(), "find the key").await?;
        let out = String::from_utf8_lossy(&out).into_owned();
        // A longer key begins alike.
        let its = |line: &str| {
            let mut words = line.split_whitespace();
            let commit = words.next()?.to_owned();
            words.any(|word| word == key).then_some(commit)
        };
        Ok(out.lines().find_map(its))
    }

    /// A file as it is at the branch's newest commit.
    pub(super) async fn file(&self, path: &str) -> Result<Kept, Trouble> {
        let branch = &self.git.config.branch;
        let what = format!("read {path} of branch {branch} of {}", self.git.config.repository);
        let unfit = |why: &str| Trouble::new(TroubleKind::Mismatch, &what, why, "correct `file` in the profile");
        let out =
            self.ask(&["ls-tree", "-z", "--full-tree", &self.tip, "--", path], Vec::new(), "find the file").await?;
        let out = String::from_utf8_lossy(&out).into_owned();
        let mut words = out.split(['\t', '\0']).next().unwrap_or_default().split(' ');
        let (Some(mode), Some(sort), Some(id)) = (words.next(), words.next(), words.next()) else {
            return Err(unfit("there is no such file"));
        };
        if sort != "blob" || !mode.starts_with("100") {
            return Err(unfit("it is no file of its own"));
        }
        let bytes = self.ask(&["cat-file", "blob", id], Vec::new(), "read the file").await?;
        let text = String::from_utf8(bytes).map_err(|_not_text| unfit("it is not UTF-8 text"))?;
        Ok(Kept { mode: mode.to_owned(), text })
    }

    /// A commit on top of the branch that has this text in the file, and nothing else changed.
    pub(super) async fn commit(&self, path: &str, kept: &Kept, text: &str, message: &str) -> Result<String, Trouble> {
        let line = |out: Vec<u8>| String::from_utf8_lossy(&out).trim().to_owned();
        let blob = ["hash-object", "-w", "--no-filters", "--stdin"];
        let blob = line(self.ask(&blob, text.as_bytes().to_vec(), "write the file").await?);
        self.ask(&["read-tree", &self.tip], Vec::new(), "prepare the commit").await?;
        let entry = format!("{},{blob},{path}", kept.mode);
        self.ask(&["update-index", "--cacheinfo", &entry], Vec::new(), "prepare the commit").await?;
        let tree = line(self.ask(&["write-tree", "--missing-ok"], Vec::new(), "prepare the commit").await?);
        let commit = ["commit-tree", &tree, "-p", &self.tip, "-F", "-"];
        let commit = line(self.ask(&commit, message.as_bytes().to_vec(), "commit").await?);
        let changed = ["diff-tree", "-r", "-z", "--no-renames", "--name-only", &self.tip, &commit];
        let changed = self.ask(&changed, Vec::new(), "compare the commit").await?;
        if changed.strip_suffix(b"\0") != Some(path.as_bytes()) {
            let why = "the commit would change more than that file";
            return Err(Trouble::new(TroubleKind::Mismatch, format!("change {path}"), why, "nothing was sent"));
        }
        Ok(commit)
    }

    /// Who would be the author, as git says.
    pub(super) async fn author(&self) -> Result<(), Trouble> {
        self.ask(&["var", "GIT_COMMITTER_IDENT"], Vec::new(), "read who commits").await.map(drop)
    }

    /// Pushes the commit to the branch.
    pub(super) async fn push(&self, commit: &str) -> Pushed {
        let Config { repository, branch, .. } = &self.git.config;
        let path = self.folder.path().display().to_string();
        let what = format!("push to branch {branch} of {repository}");
        let refs = format!("{commit}:refs/heads/{branch}");
        let quiet = ["--porcelain", "--no-verify", "--no-follow-tags", "--recurse-submodules=no"];
        let arguments = [&["--git-dir", &path, "push"], &quiet[..], &["--", "origin", &refs]].concat();
        match self.git.run(&arguments, Vec::new(), &[]).await {
            Ran::NotStarted(error) => Pushed::NotSent(format!("{what}: git cannot be started: {error}")),
            Ran::Killed { why, .. } => Pushed::Unknown(format!("{what}: {why}; it may be taken")),
            Ran::Ended(ended) => judged(&ended, &self.git.said(&ended), &what),
        }
    }
}

/// What git's report of a push means. Only what git decided before it sent anything was certainly not sent.
fn judged(ended: &Ended, said: &str, what: &str) -> Pushed {
    let out = String::from_utf8_lossy(&ended.out);
    let report = out.lines().find_map(|line| {
        let (flag, rest) = line.split_once('\t')?;
        let (_, summary) = rest.split_once('\t')?;
        Some((flag, summary))
    });
    match report {
        Some((" " | "=", _)) if ended.code == Some(0) => Pushed::Taken,
        Some(("!", summary)) if summary.starts_with("[rejected]") => Pushed::Behind,
        Some(("!", summary)) if summary.starts_with("[remote rejected]") => {
            let why = say::quoted(summary);
            let advice = "see the rules of that branch, and whether this account may push to it";
            Pushed::Refused(format!("{what}: {why}: {said}; {advice}"))
        }
        Some(_) => Pushed::Unknown(format!("{what}: {said}")),
        None => {
            let (kind, advice) = meaning(ended);
            let words = format!("{what}: git says: {said}; {advice}");
            match kind {
                TroubleKind::Denied => Pushed::Refused(words),
                TroubleKind::Unreachable => Pushed::NotSent(words),
                TroubleKind::TimedOut | TroubleKind::Garbage | TroubleKind::Mismatch => Pushed::Unknown(words),
            }
        }
    }
}

/// What git's words mean, and what to do.
fn meaning(ended: &Ended) -> (TroubleKind, &'static str) {
    let said = String::from_utf8_lossy(&ended.err);
    let has = |words: &[&str]| words.iter().any(|word| said.contains(word));
    if has(&["error: 429"]) {
        return (TroubleKind::Denied, TOO_OFTEN);
    }
    if has(&["error: 401", "error: 403", "Authentication failed", "could not read Username", "could not read Password"])
        || has(&["Permission denied", "Permission to", "access denied", "Access denied", "not allowed to push"])
        || has(&["Host key verification failed", "dubious ownership"])
    {
        let advice = "see whether git reads and pushes there from this machine by hand, as this user";
        return (TroubleKind::Denied, advice);
    }
    if has(&[
        "Could not resolve host",
        "Failed to connect",
        "Couldn't connect",
        "Connection refused",
        "No route to host",
    ]) || has(&["Could not resolve hostname", "Network is unreachable"])
    {
        return (TroubleKind::Unreachable, "see whether it can be reached from here");
    }
    if has(&["Remote branch"]) {
        return (TroubleKind::Mismatch, "correct `branch` in the profile");
    }
    if has(&["error: 404", "does not appear to be a git repository", "not found", "does not exist"]) {
        return (
            TroubleKind::Mismatch,
            "correct `repository` in the profile; some hosts say so of what one may not see",
        );
    }
    if has(&["tell me who you are", "unable to auto-detect email", "empty ident"]) {
        let advice =
            "say in the profile who commits, `author = \"Name <address>\"`, or tell git, by user.name and user.email";
        return (TroubleKind::Mismatch, advice);
    }
    (TroubleKind::Garbage, "try the same with git by hand")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judge(code: i32, out: &str, said: &str) -> Pushed {
        let (out, err) = (out.as_bytes().to_vec(), said.as_bytes().to_vec());
        let ended = Ended { code: Some(code), how: String::new(), out, err, words: String::new() };
        judged(&ended, said, "push")
    }

    #[test]
    fn only_what_git_decided_itself_was_certainly_not_sent() {
        let to = "To /srv/a.git\n";
        assert_eq!(judge(0, &format!("{to} \t1a:refs/heads/main\t1..2\nDone\n"), ""), Pushed::Taken);
        assert_eq!(
            judge(1, &format!("{to}!\t1a:refs/heads/main\t[rejected] (fetch first)\n"), "error"),
            Pushed::Behind
        );
        let hook = format!("{to}!\t1a:refs/heads/main\t[remote rejected] (pre-receive hook declined)\n");
        assert!(matches!(judge(1, &hook, "remote: protected"), Pushed::Refused(why) if why.contains("hook declined")));
        let silent = format!("{to}!\t1a:refs/heads/main\t[remote failure] (remote failed to report status)\n");
        assert!(matches!(judge(1, &silent, "error"), Pushed::Unknown(_)));
        assert!(matches!(judge(128, "", "fatal: the remote end hung up unexpectedly"), Pushed::Unknown(_)));
        let no = "fatal: unable to access 'https://a/b/': The requested URL returned error: 403";
        assert!(matches!(judge(128, "", no), Pushed::Refused(_)));
        let nobody = "fatal: unable to access 'https://a/b/': Could not resolve host: a";
        assert!(matches!(judge(128, "", nobody), Pushed::NotSent(_)));
        assert!(matches!(judge(0, "", ""), Pushed::Unknown(_)), "a yes that names nothing");
    }
}
