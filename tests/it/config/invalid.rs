//! Profiles that do not load: each file of the folder gives its messages, all at once, to the letter.

use std::path::Path;

use flightdeck::profile::{ProfileFile, load, parse};

use super::profiles_in;

#[test]
fn every_broken_profile_gives_its_messages() {
    let all = profiles_in("tests/it/config/invalid");
    assert!(all.len() >= 40, "{} broken profiles", all.len());
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("snapshots");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    for path in all {
        let name = path.file_stem().expect("it has a name").to_string_lossy().into_owned();
        let problems = load(&path).err().unwrap_or_else(|| panic!("{name} must not load"));
        for problem in &problems.0 {
            assert!(!problem.file.is_empty(), "{problem}");
        }
        let said = problems.to_string();
        // Every secret in the folder is spelt like this.
        assert!(!said.contains("hunter2"), "a message quotes a secret:\n{said}");
        settings.bind(|| insta::assert_snapshot!(name, said));
    }
}

#[test]
fn what_is_not_a_readable_file_is_said() {
    let folder = tempfile::tempdir().expect("a directory can be made");
    let said = |path: &Path| {
        let said = load(path).expect_err("it must not load").to_string();
        said.replace(&folder.path().display().to_string(), "DIR")
    };
    assert_eq!(said(folder.path()), "DIR: this is a directory (name a file in it)\n1 problem");
    assert_eq!(said(&folder.path().join("a.toml")), "DIR/a.toml: there is no such file (check the path)\n1 problem");
    let huge = folder.path().join("huge.toml");
    std::fs::write(&huge, vec![b'#'; 2 << 20]).expect("the file can be written");
    assert_eq!(said(&huge), "DIR/huge.toml: the file is larger than 1024 KiB (is this the right file?)\n1 problem");
}

#[test]
fn kept_bytes_without_their_runbook_are_refused() {
    let bytes = std::fs::read("profiles/haproxy-one-backend.toml").expect("the example is there");
    let kept = [ProfileFile { path: "profiles/haproxy-one-backend.toml".to_owned(), bytes }];
    let said = parse(&kept).expect_err("the runbook is missing").to_string();
    assert!(said.contains("checklist.from: `runbook.md` is not among the files that were kept"), "{said}");
}

#[test]
fn no_file_at_all_is_refused() {
    let said = parse(&[]).expect_err("there is nothing to read").to_string();
    assert_eq!(said, "profile: no file was kept (open the session anew from the profile on disk)\n1 problem");
}
