//! The latest version of the environment before: shown with where it comes from, and never made up.

use std::path::Path;
use std::process::Command;

use super::{text, with_environment};

const PROFILE: &str = r#"
service = "accounts"
environment = "prod"
new = "cluster"

[pools.cluster]
[pools.before]

[version]
image = "registry.example.net/bank/accounts:{to}"
at = "http://127.0.0.1:1"

[version.latest]
environment = "staging"
source = { kind = "git", checkout = "CHECKOUT", file = "image-tags.yaml", value = "/accounts/tag" }

[[step]]
name = "Promote"
deploy = "cluster"
text = "Run the promotion."
"#;

/// A folder with a checkout whose file holds this, and a profile that looks the version up there.
fn folder(tags: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let checkout = folder.path().join("gitops");
    std::fs::create_dir(&checkout).unwrap();
    std::fs::write(checkout.join("image-tags.yaml"), tags).unwrap();
    for words in [&["init", "--quiet"][..], &["add", "."], &["commit", "--quiet", "-m", "tags"]] {
        git(&checkout, words);
    }
    let profile = PROFILE.replace("CHECKOUT", &checkout.display().to_string());
    std::fs::write(folder.path().join("accounts.toml"), profile).unwrap();
    folder
}

fn git(folder: &Path, words: &[&str]) {
    let mut command = Command::new("git");
    command.arg("-C").arg(folder).args(words).env("GIT_CONFIG_GLOBAL", "/dev/null");
    for who in ["AUTHOR", "COMMITTER"] {
        command.env(format!("GIT_{who}_NAME"), "ana").env(format!("GIT_{who}_EMAIL"), "ana@example.net");
    }
    let status = command.status().expect("git is needed; run ./tests/run, which installs it");
    assert!(status.success(), "git {words:?}: {status}");
}

fn run(folder: &Path, arguments: &[&str]) -> (Option<i32>, String) {
    run_with(folder, arguments, &[])
}

fn run_with(folder: &Path, arguments: &[&str], variables: &[(&str, &Path)]) -> (Option<i32>, String) {
    let profile = folder.join("accounts.toml");
    let state = folder.join("state");
    let (command, rest) = arguments.split_first().expect("a command");
    let all: Vec<&str> = [*command, profile.to_str().unwrap()].into_iter().chain(rest.iter().copied()).collect();
    let ran = with_environment(&state, &all, variables);
    (ran.status.code(), format!("{}{}", text(&ran.stdout), text(&ran.stderr)))
}

#[test]
fn it_is_shown_with_where_it_comes_from() {
    let folder = folder("accounts:\n  tag: v2.5.0\n");
    let (_, said) = run(folder.path(), &["check"]);
    assert!(said.contains("✓ latest version: v2.5.0 is the latest version of staging, there since 20"), "{said}");
    assert!(said.contains("/accounts/tag of image-tags.yaml on HEAD in "), "{said}");
    for arguments in [&["open"][..], &["open", "--to", "latest"]] {
        let (_, said) = run(folder.path(), arguments);
        assert!(said.contains("v2.5.0 is the latest version of staging"), "{said}");
    }
    let (_, said) = run(folder.path(), &["open", "--to", "v2.4.0"]);
    assert!(!said.contains("latest version"), "a version that is named is not looked up: {said}");
}

#[test]
fn a_repository_that_the_environment_names_is_not_read_instead() {
    let (ours, theirs) = (folder("accounts:\n  tag: v2.5.0\n"), folder("accounts:\n  tag: v9.9.9\n"));
    let checkout = theirs.path().join("gitops");
    let repository = checkout.join(".git");
    let variables = [("GIT_DIR", repository.as_path()), ("GIT_WORK_TREE", checkout.as_path())];
    let (_, said) = run_with(ours.path(), &["check"], &variables);
    assert!(said.contains("✓ latest version: v2.5.0 is the latest version of staging"), "{said}");
    assert!(!said.contains("v9.9.9"), "{said}");
}

#[test]
fn where_it_cannot_be_told_nothing_is_opened() {
    let folder = folder("accounts:\n  image: v2.5.0\n");
    let (code, said) = run(folder.path(), &["open"]);
    assert_eq!(code, Some(4), "{said}");
    assert!(said.contains("there is no value; see whether `value` is right"), "{said}");
    assert!(said.contains("name the version with --to VERSION"), "{said}");
    let (_, said) = run(folder.path(), &["check"]);
    assert!(said.contains("✗ latest version: "), "{said}");
}

#[test]
fn a_profile_that_does_not_say_how_is_told_so() {
    let folder = folder("accounts:\n  tag: v2.5.0\n");
    let profile = folder.path().join("accounts.toml");
    let text = std::fs::read_to_string(&profile).unwrap();
    let (before, after) = text.split_once("[version.latest]").unwrap();
    let (_, after) = after.split_once("[[step]]").unwrap();
    std::fs::write(&profile, format!("{before}[[step]]{after}")).unwrap();
    let (code, said) = run(folder.path(), &["open", "--to", "latest"]);
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("add [version.latest] to it, or name a version"), "{said}");
}
