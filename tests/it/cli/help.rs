//! What `--help` says.

use super::{flightdeck, text};

fn help(arguments: &[&str]) -> String {
    let state = tempfile::tempdir().unwrap();
    let said = flightdeck(state.path(), arguments);
    assert_eq!((said.status.code(), text(&said.stderr)), (Some(0), String::new()));
    text(&said.stdout)
}

#[test]
fn the_help_teaches() {
    insta::assert_snapshot!("flightdeck", help(&["--help"]));
    for command in ["open", "check", "import", "status", "rollback", "record", "sessions", "schema"] {
        insta::assert_snapshot!(command, help(&[command, "--help"]));
    }
}

#[cfg(feature = "lab")]
#[test]
fn the_demo_says_what_to_try() {
    insta::assert_snapshot!("demo", help(&["demo", "--help"]));
}

#[test]
fn the_version_is_the_crates() {
    assert_eq!(help(&["--version"]), format!("flightdeck {}\n", env!("CARGO_PKG_VERSION")));
}
