//! No secret gets into a record: a profile holds references alone, whatever place may name one.

use std::collections::BTreeSet;
use std::path::Path;

use flightdeck::profile::{ProfileFile, parse};
use flightdeck::record::{document, markdown};
use flightdeck::session::Event;
use flightdeck::session::event::ProfileText;

use super::history;
use crate::journal::told;

const PLANTED: &str = "pl4nted-Zk9v3Qw7Xt";

/// Every example of a profile, with what stands in comments in it taken up where it is a secret's place.
fn examples() -> Vec<(String, String)> {
    let mut found = Vec::new();
    for file in std::fs::read_dir("profiles").unwrap() {
        let path = file.unwrap().path();
        if path.extension().is_some_and(|ending| ending == "toml") {
            found.push((
                path.file_name().unwrap().to_str().unwrap().to_owned(),
                std::fs::read_to_string(&path).unwrap(),
            ));
        }
    }
    found.sort();
    assert!(found.len() > 30);
    found
}

/// Where a line names a place of a secret: from `{` to `}`.
fn places(text: &str) -> Vec<std::ops::Range<usize>> {
    let mut found = Vec::new();
    for kind in ["{ env = ", "{ file = ", "{ command = "] {
        for (at, _) in text.match_indices(kind) {
            let rest = &text[at..];
            // Nothing in these examples has a brace within.
            let end = rest.find('}').unwrap() + 1;
            if !rest[..end].contains('\n') {
                found.push(at..at + end);
            }
        }
    }
    found
}

fn files(name: &str, text: &str) -> Vec<ProfileFile> {
    let mut files = vec![ProfileFile { path: format!("profiles/{name}"), bytes: text.as_bytes().to_vec() }];
    for beside in ["demo.md", "runbook.md", "two-engineers.keys"] {
        if text.contains(&format!("\"{beside}\"")) {
            let bytes = std::fs::read(Path::new("profiles").join(beside)).unwrap();
            files.push(ProfileFile { path: beside.to_owned(), bytes });
        }
    }
    files
}

#[test]
fn a_secret_in_any_place_that_names_one_is_refused_before_there_is_a_session_and_not_quoted() {
    let mut keys: BTreeSet<String> = BTreeSet::new();
    for (name, text) in examples() {
        for place in places(&text) {
            let line = text[..place.start].rfind('\n').map_or(0, |at| at + 1);
            // Those in comments are of other kinds of the same key; what is not read cannot be looked at there.
            let is_comment = text[line..place.start].contains('#');
            let mut planted = text.clone();
            planted.replace_range(place.clone(), &format!("\"{PLANTED}\""));
            let problems = match parse(&files(&name, &planted)) {
                Err(problems) => problems.to_string(),
                Ok(_) if is_comment => continue,
                Ok(_) => panic!("{name}: a secret was taken at {}", &text[line..place.end]),
            };
            assert!(!problems.contains(PLANTED), "{name}: {problems}");
            let key: String =
                text[line..place.start].trim_matches(['#', ' ']).chars().take_while(|c| *c != '=').collect();
            keys.insert(key.trim().to_owned());
        }
    }
    assert!(keys.len() >= 6, "{keys:?}");
}

#[test]
fn what_is_fetched_by_reference_is_in_no_record() {
    for (name, text) in examples() {
        if parse(&files(&name, &text)).is_err() {
            // Examples of what is not built in here.
            continue;
        }
        let mut opening = told::opening(told::session(1), "bridge", "prod");
        for event in &mut opening.events {
            if let Event::SessionOpened(opened) = event {
                let text_of = |file: &ProfileFile| String::from_utf8(file.bytes.clone()).unwrap();
                let file = |file: &ProfileFile| ProfileText { path: file.path.clone(), text: text_of(file) };
                opened.files = files(&name, &text).iter().map(file).collect();
            }
        }
        let history = history(vec![opening]);
        let record = document(&history, None).unwrap();
        // A reference says where; whoever reads the record needs the rights to look there.
        for place in places(&text).into_iter().filter(|place| text[place.clone()].starts_with("{ env")) {
            let variable = text[place].split('"').nth(1).unwrap().to_owned();
            assert!(!markdown(&history, None).contains(&variable), "{name}: {variable}");
            assert!(record.contains(&variable), "{name}: the entries have the profile as it was read");
        }
    }
}
