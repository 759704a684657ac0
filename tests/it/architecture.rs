//! The import table of the architecture, as a test: every `crate::` path and every banned module of every room is read
//! from the source, not only `use` lines.

use std::fs;
use std::path::{Path, PathBuf};

/// A room, the rooms it may import, and whether it is pure: no files, environment, sockets, processes, threads, clocks.
struct Room {
    name: &'static str,
    may_import: &'static [&'static str],
    pure: bool,
    never: &'static [&'static str],
}

const BANNED_IN_PURE: [&str; 5] = ["std::fs", "std::env", "std::net", "std::process", "std::thread"];

const ROOMS: &[Room] = &[
    Room { name: "domain", may_import: &[], pure: true, never: &["tokio", "ratatui", "crossterm", "reqwest"] },
    Room { name: "session", may_import: &["domain"], pure: true, never: &["tokio", "ratatui", "crossterm"] },
    Room { name: "entry", may_import: &["domain", "session"], pure: true, never: &["tokio", "ratatui", "crossterm"] },
    Room {
        name: "flight",
        may_import: &["domain", "session", "entry"],
        pure: true,
        never: &["tokio", "ratatui", "crossterm"],
    },
    Room {
        name: "record",
        may_import: &["domain", "session", "entry", "signature"],
        pure: true,
        never: &["tokio", "ratatui", "crossterm"],
    },
    Room { name: "logbook", may_import: &["domain"], pure: true, never: &["tokio", "ratatui", "crossterm"] },
    Room { name: "layout", may_import: &["domain"], pure: true, never: &["tokio", "crossterm"] },
    Room {
        name: "cockpit",
        may_import: &["domain", "session", "entry", "flight", "layout", "logbook"],
        pure: true,
        never: &["tokio", "ratatui", "crossterm"],
    },
    Room {
        name: "input",
        may_import: &["domain", "cockpit", "flight", "session", "layout"],
        pure: true,
        never: &["tokio"],
    },
    Room { name: "theme", may_import: &[], pure: true, never: &["tokio", "crossterm"] },
    Room {
        name: "view",
        may_import: &["domain", "session", "flight", "cockpit", "layout", "logbook", "theme", "input"],
        pure: true,
        never: &["tokio", "crossterm"],
    },
    Room {
        name: "signature",
        may_import: &["domain"],
        pure: true,
        never: &["tokio", "ratatui", "crossterm", "reqwest", "rustix"],
    },
    Room { name: "runbook", may_import: &["domain"], pure: true, never: &["tokio", "ratatui", "crossterm"] },
    Room { name: "setting", may_import: &[], pure: true, never: &["tokio", "ratatui", "crossterm"] },
    Room {
        name: "profile",
        may_import: &["domain", "setting", "adapter", "signature", "runbook"],
        pure: false,
        never: &["tokio", "ratatui", "crossterm"],
    },
    Room {
        name: "journal",
        may_import: &["domain", "session", "entry"],
        pure: false,
        never: &["ratatui", "crossterm"],
    },
    Room {
        name: "adapter",
        may_import: &["domain", "setting", "signature"],
        pure: false,
        never: &["ratatui", "crossterm"],
    },
    Room { name: "lab", may_import: &["domain"], pure: false, never: &["ratatui", "crossterm"] },
];

/// Rooms that may import everything.
const FREE: [&str; 6] = ["decisions", "runtime", "cli", "error", "main", "lib"];

#[test]
fn every_room_imports_only_what_the_table_allows() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut wrong = Vec::new();
    for file in rust_files(&source) {
        let relative = file.strip_prefix(&source).unwrap().to_string_lossy().into_owned();
        let room = relative.split(['/', '.']).next().unwrap_or_default().to_owned();
        if FREE.contains(&room.as_str()) {
            continue;
        }
        let Some(rules) = ROOMS.iter().find(|rules| rules.name == room) else {
            wrong.push(format!("{relative}: the room `{room}` is not in the table"));
            continue;
        };
        let text = code_of(&fs::read_to_string(&file).unwrap());
        for imported in crate_paths(&text) {
            let own = imported == room;
            if !own && !rules.may_import.contains(&imported.as_str()) {
                wrong.push(format!("{relative}: `{room}` may not import `{imported}`"));
            }
        }
        if rules.pure {
            for banned in BANNED_IN_PURE.iter().filter(|banned| text.contains(*banned)) {
                wrong.push(format!("{relative}: `{room}` is pure and names `{banned}`"));
            }
        }
        for never in rules.never.iter().filter(|never| text.contains(&format!("{never}::"))) {
            wrong.push(format!("{relative}: `{room}` must not know `{never}`"));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn every_pure_room_denies_clocks_and_unordered_maps() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for room in ROOMS.iter().filter(|room| room.pure) {
        let files = [source.join(room.name).join("mod.rs"), source.join(format!("{}.rs", room.name))];
        let Some(text) = files.iter().find_map(|file| fs::read_to_string(file).ok()) else { continue };
        let head = text.split("\npub mod ").next().unwrap_or_default();
        assert!(
            head.contains("clippy::disallowed_methods") && head.contains("clippy::disallowed_types"),
            "the head of `{}` must deny clippy::disallowed_methods and clippy::disallowed_types",
            room.name
        );
    }
}

#[test]
fn adapters_do_not_know_each_other() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/adapter/router");
    for file in rust_files(&source) {
        let relative = file.strip_prefix(&source).unwrap().to_string_lossy().into_owned();
        let Some((own, _)) = relative.split_once('/') else { continue };
        let text = code_of(&fs::read_to_string(&file).unwrap());
        for path in text.match_indices("adapter::router::").map(|(at, name)| &text[at + name.len()..]) {
            let others = match path.strip_prefix('{') {
                Some(list) => top_level(list),
                None => vec![path.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()],
            };
            for other in others {
                let is_module = source.join(&other).is_dir();
                assert!(!is_module || other == own, "{relative} imports the adapter `{other}`");
            }
        }
    }
}

/// The names of rooms in every `crate::` path of a file; the modules of its own room are not told from rooms.
fn crate_paths(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (at, start) in text.match_indices("crate::") {
        let rest = &text[at + start.len()..];
        let names: Vec<String> = if let Some(list) = rest.strip_prefix('{') {
            top_level(list)
        } else {
            vec![rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()]
        };
        found.extend(names);
    }
    found.sort();
    found.dedup();
    found
}

/// The first names of the items of `a::b, c::{d, e}}`.
fn top_level(list: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut depth = 0;
    let mut name = String::new();
    let mut whole = false;
    for character in list.chars() {
        match character {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                names.push(std::mem::take(&mut name));
                whole = false;
            }
            ':' => whole |= depth == 0,
            c if depth == 0 && !whole && (c.is_alphanumeric() || c == '_') => name.push(c),
            _ => {}
        }
    }
    names.push(name);
    names.retain(|name| !name.is_empty());
    names
}

/// The code without comments, doc comments and the unit tests at its end.
fn code_of(text: &str) -> String {
    let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    code.lines().map(|line| line.split("//").next().unwrap_or_default()).collect::<Vec<_>>().join("\n")
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") && !path.ends_with("tests.rs") {
            files.push(path);
        }
    }
    files
}
