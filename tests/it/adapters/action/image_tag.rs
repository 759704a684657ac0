//! The kind `image-tag`, against git itself: bare repositories on this machine, with hooks that say no, hang or die.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use flightdeck::adapter::action::Action;
use flightdeck::adapter::router::{Fence, SetAnswer};
use flightdeck::domain::action::{Acting, ActionState, Started};
use tempfile::TempDir;

use super::{Closed, Open, acting, action};
use crate::support::web::{Said, Web};

/// Time enough for a dozen runs of git on a busy machine.
const PATIENT: Duration = Duration::from_mins(1);
const KEY: &str = "fd-0000000000a1-1";
const FILE: &str = "helm/prod/image-tags.yaml";
const VALUES: &str = "# One tag for each service.\r\n\
    cart:\r\n\
    \x20 tag: '2.4.0' # not this one\r\n\
    checkout:\r\n\
    \x20 tag:  \"2.4.0\"   # set by hand\r\n\
    \x20 replicas: 3\r\n";

/// A repository with one file of values on branch `main`.
struct Gitops {
    folder: TempDir,
}

impl Gitops {
    fn start() -> Self {
        let gitops = Self { folder: tempfile::tempdir().unwrap() };
        let (origin, desk) = (gitops.origin(), gitops.desk());
        git(gitops.folder.path(), &["init", "--quiet", "--bare", "--initial-branch=main", path(&origin)]);
        git(gitops.folder.path(), &["init", "--quiet", "--initial-branch=main", path(&desk)]);
        git(&desk, &["remote", "add", "origin", path(&origin)]);
        std::fs::create_dir_all(desk.join("helm/prod")).unwrap();
        std::fs::write(desk.join(FILE), VALUES).unwrap();
        // Line ends stay as they are written, whatever the machine's git does to them.
        std::fs::write(desk.join(".gitattributes"), "*.yaml -text\n").unwrap();
        gitops.push("the first", "README.md", "tags\n");
        gitops
    }

    fn origin(&self) -> PathBuf {
        self.folder.path().join("origin.git")
    }

    fn desk(&self) -> PathBuf {
        self.folder.path().join("desk")
    }

    /// Somebody pushes a file.
    fn push(&self, message: &str, file: &str, text: &str) {
        let desk = self.desk();
        std::fs::write(desk.join(file), text).unwrap();
        git(&desk, &["add", "--all"]);
        git(&desk, &["commit", "--quiet", "--message", message]);
        git(&desk, &["push", "--quiet", "origin", "HEAD:refs/heads/main"]);
    }

    fn keys(&self) -> String {
        format!(
            "kind = \"image-tag\"\nrepository = \"{}\"\nbranch = \"main\"\nfile = \"helm/prod/image-tags.yaml\"\n\
             place = \"/checkout/tag\"\nmessage = \"checkout: {{to}} to {{pool}}\"\n\
             author = \"Flight Deck <deck@flightdeck.invalid>\"",
            self.origin().display()
        )
    }

    fn action(&self, timeout: Duration) -> Arc<dyn Action> {
        action(&self.keys(), timeout)
    }

    /// A hook of the repository: a script for which git waits.
    fn hook(&self, name: &str, script: &str) {
        let hooks = self.origin().join("hooks");
        std::fs::create_dir_all(&hooks).unwrap();
        let hook = hooks.join(name);
        std::fs::write(&hook, format!("#!/bin/sh\n{script}\n")).unwrap();
        std::fs::set_permissions(&hook, std::fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// The file as it is on the branch.
    fn file(&self) -> String {
        git(&self.origin(), &["show", &format!("main:{FILE}")])
    }

    /// Messages on the branch, newest first.
    fn log(&self) -> Vec<String> {
        let log = git(&self.origin(), &["log", "--format=%B%x00", "main"]);
        log.split('\0').map(|message| message.trim().to_owned()).filter(|message| !message.is_empty()).collect()
    }

    fn commits_of(&self, key: &str) -> usize {
        let line = format!("Flightdeck-Act: {key}");
        self.log().iter().filter(|message| message.lines().any(|each| each == line)).count()
    }
}

fn path(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// Runs git as somebody with no configuration.
fn git(folder: &Path, arguments: &[&str]) -> String {
    let ran = Command::new("git")
        .current_dir(folder)
        .args(arguments)
        .envs([("GIT_CONFIG_GLOBAL", "/dev/null"), ("GIT_CONFIG_NOSYSTEM", "1"), ("LC_ALL", "C")])
        .envs([("GIT_AUTHOR_NAME", "Ana"), ("GIT_AUTHOR_EMAIL", "ana@flightdeck.invalid")])
        .envs([("GIT_COMMITTER_NAME", "Ana"), ("GIT_COMMITTER_EMAIL", "ana@flightdeck.invalid")])
        .stdin(Stdio::null())
        .output()
        .unwrap_or_else(|error| panic!("git cannot be started ({error}): run ./tests/run, which installs it"));
    assert!(ran.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&ran.stderr));
    String::from_utf8(ran.stdout).unwrap()
}

/// A fence that does something when it is asked for the second time: directly before the push.
struct Meanwhile<F>(AtomicUsize, F);

impl<F: Fn() + Send + Sync> Fence for Meanwhile<F> {
    fn may_send(&self) -> Result<(), String> {
        if self.0.fetch_add(1, Ordering::SeqCst) == 1 {
            (self.1)();
        }
        Ok(())
    }
}

#[tokio::test]
async fn it_is_described_as_a_difference_and_nothing_is_pushed() {
    let gitops = Gitops::start();
    let action = gitops.action(PATIENT);
    let description = action.describe(&acting(KEY)).await.unwrap();
    assert_eq!(description.differences, [format!("{FILE} /checkout/tag: 2.4.0 → 2.5.0")]);
    let requests = description.requests.join("\n");
    assert!(requests.starts_with("git push /") && requests.contains("COMMIT:refs/heads/main"), "{requests}");
    for part in ["checkout: 2.5.0 to blue", KEY, "- tag: \"2.4.0\" # set by hand", "+ tag: \"2.5.0\" # set by hand"] {
        assert!(requests.contains(part), "{part}: {requests}");
    }
    let found = action.probe().await.unwrap();
    assert!(found.starts_with("branch main is at "), "{found}");
    assert_eq!(gitops.log().len(), 1);
}

#[tokio::test]
async fn one_scalar_is_changed_and_the_commit_carries_the_key() {
    let gitops = Gitops::start();
    let action = gitops.action(PATIENT);
    let started = action.start(&acting(KEY), &Open).await;
    assert!(matches!(&started, Started::Done { words } if words.contains("to branch main")), "{started:?}");
    assert_eq!(
        gitops.file(),
        VALUES.replacen("\"2.4.0\"", "\"2.5.0\"", 1),
        "comments, order, quotes and line ends stay"
    );
    assert_eq!(gitops.log().first().unwrap(), &format!("checkout: 2.5.0 to blue\n\nFlightdeck-Act: {KEY}"));
    let changed = git(&gitops.origin(), &["diff", "--name-only", "main~1", "main"]);
    assert_eq!(changed, format!("{FILE}\n"));
    let who = git(&gitops.origin(), &["log", "-1", "--format=%an <%ae> %cn", "main"]);
    assert_eq!(who, "Flight Deck <deck@flightdeck.invalid> Flight Deck\n");
    let seen = action.look(&acting(KEY), None).await;
    assert_eq!(seen.state, ActionState::Succeeded);
    let tip = git(&gitops.origin(), &["rev-parse", "main"]);
    assert_eq!(seen.handle.as_deref(), Some(tip.trim()));
    let other = action.look(&acting("fd-0000000000a1-11"), None).await;
    assert!(matches!(other.state, ActionState::Absent { .. }), "another one's commit is not its own: {other:?}");
    let other = action.look(&acting("fd-0000000000a1"), None).await;
    assert!(matches!(other.state, ActionState::Absent { .. }), "{other:?}");
}

#[tokio::test]
async fn a_push_whose_answer_is_lost_is_found_by_its_key_and_never_made_twice() {
    let gitops = Gitops::start();
    // The branch has moved when this runs; then nobody is left to say so.
    gitops.hook("post-receive", "kill -9 $PPID");
    let started = gitops.action(PATIENT).start(&acting(KEY), &Open).await;
    assert!(matches!(&started, Started::Unknown { why } if why.lines().count() == 1), "{started:?}");
    let seen = gitops.action(PATIENT).look(&acting(KEY), None).await;
    assert_eq!(seen.state, ActionState::Succeeded);
    assert!(seen.handle.is_some());
    // Even where somebody has put the old tag back since.
    std::fs::remove_file(gitops.origin().join("hooks/post-receive")).unwrap();
    git(&gitops.desk(), &["pull", "--quiet", "origin", "main"]);
    gitops.push("back", FILE, VALUES);
    let started = gitops.action(PATIENT).start(&acting(KEY), &Open).await;
    assert!(matches!(&started, Started::Done { words } if words.contains("already")), "{started:?}");
    assert_eq!(gitops.commits_of(KEY), 1);
    assert_eq!(gitops.file(), VALUES);
}

#[tokio::test]
async fn a_time_out_after_the_effect_is_unknown_and_one_before_it_is_absent() {
    let hasty = Duration::from_secs(6);
    let gitops = Gitops::start();
    gitops.hook("post-receive", "sleep 600");
    let begun = Instant::now();
    let started = gitops.action(hasty).start(&acting(KEY), &Open).await;
    assert!(matches!(started, Started::Unknown { .. }), "{started:?}");
    assert!(begun.elapsed() < hasty * 2, "it waited {:?}", begun.elapsed());
    assert_eq!(gitops.action(PATIENT).look(&acting(KEY), None).await.state, ActionState::Succeeded);
    let gitops = Gitops::start();
    gitops.hook("pre-receive", "sleep 600");
    let started = gitops.action(hasty).start(&acting(KEY), &Open).await;
    assert!(matches!(started, Started::Unknown { .. }), "{started:?}");
    let seen = gitops.action(PATIENT).look(&acting(KEY), None).await;
    assert!(matches!(seen.state, ActionState::Absent { .. }), "{seen:?}");
    assert_eq!(gitops.file(), VALUES);
}

#[tokio::test]
async fn what_its_branch_refuses_is_a_no_in_its_own_words_masked() {
    let gitops = Gitops::start();
    gitops.hook("pre-receive", "echo 'main is protected: ask ana@example.com' >&2; exit 1");
    let started = gitops.action(PATIENT).start(&acting(KEY), &Open).await;
    let Started::Failed { why } = &started else { panic!("{started:?}") };
    assert!(why.contains("hook declined") && why.contains("main is protected"), "{why}");
    assert!(!why.contains("ana@example.com"), "{why}");
    assert_eq!(gitops.log().len(), 1);
}

#[tokio::test]
async fn a_closed_fence_pushes_nothing_and_neither_does_one_that_closes_meanwhile() {
    struct Closing(AtomicUsize);
    impl Fence for Closing {
        fn may_send(&self) -> Result<(), String> {
            if self.0.fetch_add(1, Ordering::SeqCst) == 0 { Ok(()) } else { Err("its deadline is over".to_owned()) }
        }
    }
    let gitops = Gitops::start();
    let action = gitops.action(PATIENT);
    assert!(matches!(action.start(&acting(KEY), &Closed).await, Started::NotSent { .. }));
    let started = action.start(&acting(KEY), &Closing(AtomicUsize::new(0))).await;
    assert!(matches!(&started, Started::NotSent { why } if why.contains("deadline")), "{started:?}");
    assert_eq!(gitops.log().len(), 1);
    assert!(matches!(action.cancel(&acting(KEY), "a", &Open).await, SetAnswer::NotSent(_)), "a push is not taken back");
}

#[tokio::test]
async fn others_who_push_first_are_not_overwritten_and_the_scalar_is_read_anew() {
    let gitops = Gitops::start();
    let cart = VALUES.replacen("'2.4.0'", "'9'", 1);
    let fence = Meanwhile(AtomicUsize::new(0), || gitops.push("cart: 9", FILE, &cart));
    let action = gitops.action(PATIENT);
    action.describe(&acting(KEY)).await.unwrap();
    let started = action.start(&acting(KEY), &fence).await;
    assert!(matches!(started, Started::Done { .. }), "{started:?}");
    assert_eq!(gitops.file(), cart.replacen("\"2.4.0\"", "\"2.5.0\"", 1), "theirs stays, and ours is on top of it");
    assert_eq!((gitops.log().len(), gitops.commits_of(KEY)), (3, 1));
}

#[tokio::test]
async fn a_tag_that_says_something_else_than_was_shown_is_not_overwritten() {
    let gitops = Gitops::start();
    let action = gitops.action(PATIENT);
    action.describe(&acting(KEY)).await.unwrap();
    let moved = VALUES.replacen("\"2.4.0\"", "\"2.4.1\"", 1);
    gitops.push("checkout: 2.4.1", FILE, &moved);
    let started = action.start(&acting(KEY), &Open).await;
    let Started::NotSent { why } = &started else { panic!("{started:?}") };
    assert!(why.contains("2.4.1 by now") && why.contains("look at it again"), "{why}");
    assert_eq!(gitops.file(), moved);
}

#[tokio::test]
async fn where_it_says_so_already_nothing_is_committed() {
    let gitops = Gitops::start();
    let already = VALUES.replacen("\"2.4.0\"", "\"2.5.0\"", 1);
    gitops.push("by hand", FILE, &already);
    let action = gitops.action(PATIENT);
    let description = action.describe(&acting(KEY)).await.unwrap();
    assert_eq!(description.differences, [format!("{FILE} /checkout/tag: 2.5.0, the same")]);
    let started = action.start(&acting(KEY), &Open).await;
    assert!(matches!(&started, Started::Done { words } if words.contains("nothing was committed")), "{started:?}");
    assert_eq!(gitops.log().len(), 2);
}

#[tokio::test]
async fn no_shell_reads_a_version_and_it_stays_one_scalar() {
    let gitops = Gitops::start();
    let touched = gitops.folder.path().join("touched");
    let version = format!("$(touch {}) \"x\": `id`", touched.display());
    let hostile = Acting { to_version: version.clone(), ..acting(KEY) };
    let started = gitops.action(PATIENT).start(&hostile, &Open).await;
    assert!(matches!(started, Started::Done { .. }), "{started:?}");
    assert!(!touched.exists());
    let written = version.replace('"', "\\\"");
    assert_eq!(gitops.file(), VALUES.replacen("\"2.4.0\"", &format!("\"{written}\""), 1));
    let two_lines = Acting { to_version: "1\n  evil: true".to_owned(), ..acting("fd-0000000000a1-2") };
    assert!(matches!(gitops.action(PATIENT).start(&two_lines, &Open).await, Started::NotSent { .. }));
    let unsaid = Acting { to_version: String::new(), ..acting("fd-0000000000a1-3") };
    let trouble = gitops.action(PATIENT).describe(&unsaid).await.expect_err("no version is said");
    assert!(trouble.to_string().contains("--to VERSION"), "{trouble}");
}

#[tokio::test]
async fn what_is_not_there_is_said_with_what_to_do() {
    let gitops = Gitops::start();
    for (was, now, part) in [
        ("branch = \"main\"", "branch = \"prod\"", "correct `branch`"),
        ("image-tags.yaml", "values.yaml", "correct `file`"),
        ("/checkout/tag", "/checkout/image/tag", "nothing stands at /checkout/image/tag"),
        ("place = \"/checkout/tag\"", "place = \"/checkout\"", "holds further keys"),
        ("origin.git", "other.git", "correct `repository`"),
    ] {
        let action = action(&gitops.keys().replace(was, now), PATIENT);
        let trouble = action.describe(&acting(KEY)).await.expect_err(part);
        assert!(trouble.to_string().contains(part), "{part}: {trouble}");
        let started = action.start(&acting(KEY), &Open).await;
        assert!(matches!(started, Started::NotSent { .. }), "{started:?}");
    }
    assert_eq!(gitops.log().len(), 1);
}

#[tokio::test]
async fn a_repository_that_leaves_contents_out_is_changed_without_them() {
    let gitops = Gitops::start();
    for setting in ["uploadpack.allowFilter", "uploadpack.allowAnySHA1InWant"] {
        git(&gitops.origin(), &["config", setting, "true"]);
    }
    for number in 0..4 {
        gitops.push("more", &format!("other-{number}.txt"), &"x".repeat(1000 + number));
    }
    let keys = gitops.keys().replace("repository = \"/", "repository = \"file:///");
    let started = action(&keys, PATIENT).start(&acting(KEY), &Open).await;
    assert!(matches!(started, Started::Done { .. }), "{started:?}");
    assert_eq!(gitops.file(), VALUES.replacen("\"2.4.0\"", "\"2.5.0\"", 1));
    assert_eq!(action(&keys, PATIENT).look(&acting(KEY), None).await.state, ActionState::Succeeded);
    let kept = git(&gitops.origin(), &["ls-tree", "-r", "--name-only", "main"]);
    assert_eq!(kept.lines().count(), 7, "all files are still there: {kept}");
}

#[tokio::test]
async fn a_token_is_shown_to_its_host_alone_and_to_nobody_else() {
    const TOKEN: &str = "s3cr3t-of-gitops";
    // "x-access-token:s3cr3t-of-gitops"
    const BASIC: &str = "eC1hY2Nlc3MtdG9rZW46czNjcjN0LW9mLWdpdG9wcw==";
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("token"), TOKEN).unwrap();
    let web = Web::start((401, false), |(status, repeats): &mut (u16, bool), asked| {
        let shown = asked.header("authorization");
        let words = if *repeats { format!("you said {shown} {TOKEN} ana@example.com") } else { "no".to_owned() };
        Said::text(*status, &words).with("Content-Type", "text/plain")
    });
    let keys = format!(
        "kind = \"image-tag\"\nrepository = \"http://{}/gitops.git\"\nbranch = \"main\"\nfile = \"tags.yaml\"\n\
         place = \"/tag\"\nauthor = \"Flight Deck <deck@flightdeck.invalid>\"\ntoken = {{ file = \"{}\" }}",
        web.address,
        folder.path().join("token").display()
    );
    let action = action(&keys, PATIENT);
    for status in [401, 403, 404, 429, 500] {
        *web.state() = (status, true);
        let started = action.start(&acting(KEY), &Open).await;
        assert!(matches!(started, Started::NotSent { .. }), "{status}: {started:?}");
        let seen = action.look(&acting(KEY), None).await;
        assert!(matches!(seen.state, ActionState::Unknown { .. }), "{status}: {seen:?}");
        assert_eq!(seen.not_before.is_some(), status == 429, "{seen:?}");
        let all = format!("{started:?} {seen:?} {:?} {:?}", action.describe(&acting(KEY)).await, action.probe().await);
        for hidden in [TOKEN, BASIC, "ana@example.com"] {
            assert!(!all.contains(hidden), "{status} shows {hidden}: {all}");
        }
    }
    let asked = web.asked();
    assert!(!asked.is_empty());
    assert!(asked.iter().all(|asked| asked.header("authorization") == format!("Basic {BASIC}")), "{asked:?}");
    web.end();
    let seen = action.look(&acting(KEY), None).await;
    assert!(matches!(&seen.state, ActionState::Unknown { why } if why.contains("reached from here")), "{seen:?}");
}
