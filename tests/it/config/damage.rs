//! What happens to the good profiles when something happens to them: every answer is a profile or an explanation.

use std::sync::LazyLock;

use flightdeck::profile::{Loaded, ProfileFile, load, parse};
use proptest::prelude::*;
use regex::Regex;

use super::profiles_in;

static GOOD: LazyLock<Vec<Loaded>> = LazyLock::new(|| {
    let paths = [profiles_in("tests/it/config/valid"), profiles_in("profiles")].concat();
    paths.iter().map(|path| load(path).expect("it is a good one")).collect()
});

/// Reads a profile with other bytes in its main file; what is wrong, if it is refused.
fn reread(loaded: &Loaded, main: impl Into<Vec<u8>>) -> Option<String> {
    let mut files: Vec<ProfileFile> = loaded.files.clone();
    files[0].bytes = main.into();
    let problems = parse(&files).err()?;
    let lines = String::from_utf8_lossy(&files[0].bytes).lines().count();
    assert!(!problems.0.is_empty());
    for problem in &problems.0 {
        assert!(problem.line <= lines + 1, "{problem}: there are {lines} lines");
    }
    let said = problems.to_string();
    assert!(!said.contains("does not say why"), "{said}");
    Some(said)
}

fn text(loaded: &Loaded) -> String {
    String::from_utf8(loaded.files[0].bytes.clone()).expect("a good profile is text")
}

#[test]
fn a_secret_in_any_text_is_refused_and_never_quoted() {
    let strings = Regex::new(r#""[^"\n]*"|'[^'\n]*'"#).expect("the pattern is one");
    let mut tried = 0;
    for loaded in GOOD.iter() {
        let text = text(loaded);
        for found in strings.find_iter(&text) {
            for secret in ["https://ops:hunter2@x/", "http://x/?access_token=hunter2", "Authorization: Bearer hunter2"]
            {
                let mut changed = text.clone();
                changed.replace_range(found.range(), &format!("\"{secret}\""));
                let said = reread(loaded, changed).expect("it is refused");
                assert!(!said.contains("hunter2"), "{said}");
                tried += 1;
            }
        }
    }
    assert!(tried > 500, "{tried}");
}

#[test]
fn a_line_less_or_a_line_twice_is_read_or_explained() {
    for loaded in GOOD.iter() {
        let text = text(loaded);
        let lines: Vec<&str> = text.lines().collect();
        for index in 0..lines.len() {
            let without = [&lines[..index], &lines[index + 1..]].concat();
            let twice = [&lines[..=index], &lines[index..]].concat();
            reread(loaded, without.join("\n"));
            reread(loaded, twice.join("\n"));
        }
    }
}

#[test]
fn every_value_of_another_type_is_refused() {
    let values = Regex::new(r"(?m)^([a-z_]+ *= *)(\S.*)$").expect("the pattern is one");
    for loaded in GOOD.iter() {
        let text = text(loaded);
        for found in values.captures_iter(&text) {
            let value = found.get(2).expect("it has a value");
            // A list over several lines would leave its other lines behind; those are tried by the test above.
            if !value.as_str().ends_with('[') {
                let mut changed = text.clone();
                changed.replace_range(value.range(), "1979-05-27");
                assert!(reread(loaded, changed).is_some(), "{}", &found[0]);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn torn_profiles_are_read_or_explained(which in 0_usize..9, from in 0.0..1.0_f64, length in 0_usize..200, filler in "[\\[\\]{}=\"'#.,a-z0-9\n\r\u{1b}é]{0,8}") {
        let loaded = &GOOD[which % GOOD.len()];
        let bytes = &loaded.files[0].bytes;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss, reason = "a place in a small file")]
        let from = (bytes.len() as f64 * from) as usize;
        let to = (from + length).min(bytes.len());
        reread(loaded, [&bytes[..from], filler.as_bytes(), &bytes[to..]].concat());
    }
}
