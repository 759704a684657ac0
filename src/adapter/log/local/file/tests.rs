//! A followed name, step by step.

use std::fs;

use proptest::prelude::*;

use super::*;

fn follower(path: &Path) -> Follower {
    Follower::new(path.to_owned(), Cleaner::new(true, None).expect("no pattern"))
}

/// What a writer and its log rotation do.
#[derive(Clone, Debug)]
enum Act {
    Write(String),
    WriteLate(String),
    Rename,
    Empty,
    Step,
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        4 => "[a-c\n]{1,12}".prop_map(Act::Write),
        2 => "[a-c\n]{1,6}".prop_map(Act::WriteLate),
        1 => Just(Act::Rename),
        1 => Just(Act::Empty),
        3 => Just(Act::Step),
    ]
}

fn append(path: &Path, text: &str) {
    use std::io::Write as _;
    let mut file = OpenOptions::new().append(true).create(true).open(path).expect("opened");
    file.write_all(text.as_bytes()).expect("written");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Every whole line of every file comes once and in order, whatever stands between: each file's lines carry its
    /// number. A file is looked at before it loses its name or its content, as with any rotation slower than a step.
    #[test]
    fn each_whole_line_comes_once(acts in proptest::collection::vec(act(), 0..40)) {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a.log");
        let mut follower = follower(&path);
        let (mut got, mut current, mut written) = (Vec::new(), 0, vec![String::new()]);
        append(&path, "");
        for act in acts {
            // A late writer of the file before, as long as there is one.
            match act {
                Act::Write(text) => {
                    append(&path, &text);
                    written[current].push_str(&text);
                }
                Act::WriteLate(text) => {
                    let late = folder.path().join(format!("{}", current.wrapping_sub(1)));
                    if late.exists() {
                        append(&late, &text);
                        written[current - 1].push_str(&text);
                    }
                }
                Act::Rename => {
                    got.extend(texts(follower.step()));
                    fs::rename(&path, folder.path().join(current.to_string())).expect("renamed");
                    append(&path, "");
                    current += 1;
                    written.push(String::new());
                }
                Act::Empty => {
                    got.extend(texts(follower.step()));
                    OpenOptions::new().write(true).open(&path).expect("opened").set_len(0).expect("emptied");
                    current += 1;
                    written.push(String::new());
                    got.extend(texts(follower.step()));
                }
                Act::Step => got.extend(texts(follower.step())),
            }
        }
        got.extend(texts(follower.step()));
        let mut wanted: Vec<&str> = Vec::new();
        for text in &written {
            wanted.extend(text.split_inclusive('\n').filter_map(|line| line.strip_suffix('\n')));
        }
        // A file that lost its name may end without a newline: that line comes too, once it is let go.
        let mut got: Vec<&str> = got.iter().map(String::as_str).collect();
        wanted.sort_unstable();
        got.sort_unstable();
        for line in wanted {
            let place = got.iter().position(|each| *each == line);
            prop_assert!(place.is_some(), "`{line}` is missing");
            got.remove(place.unwrap_or(0));
        }
        prop_assert!(got.len() <= current, "{got:?} came twice");
    }
}

fn texts(step: Step) -> Vec<String> {
    step.lines.into_iter().map(|line| line.text).collect()
}

#[test]
fn only_the_last_lines_of_an_old_file_are_shown() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.log");
    for count in [1_u32, 200, 201, 5_000] {
        let text: Vec<String> = (0..count).map(|number| format!("line {number}\n")).collect();
        fs::write(&path, text.concat()).expect("written");
        let lines = texts(follower(&path).step());
        assert_eq!(lines.len(), usize::try_from(count.min(200)).expect("small"));
        assert_eq!(lines.last(), Some(&format!("line {}", count - 1)));
    }
    fs::write(&path, format!("{}\nshort\n", "x".repeat(100_000))).expect("written");
    assert_eq!(texts(follower(&path).step()), ["short"]);
}

#[test]
fn a_file_emptied_and_grown_past_the_old_place_is_noticed() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.log");
    fs::write(&path, "old\n").expect("written");
    let mut follower = follower(&path);
    assert_eq!(texts(follower.step()), ["old"]);
    fs::write(&path, "much longer than before\n").expect("written");
    assert_eq!(texts(follower.step()), ["much longer than before"]);
}

#[test]
fn lines_piled_up_beyond_the_limit_are_counted() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.log");
    fs::write(&path, "first\n").expect("written");
    let mut follower = follower(&path);
    follower.step();
    let line = format!("{}\n", "x".repeat(1023));
    fs::write(&path, format!("first\n{}", line.repeat(70 * 1024))).expect("written");
    let (mut kept, mut dropped) = (0, 0);
    loop {
        let step = follower.step();
        kept += step.lines.len() as u64;
        dropped += step.dropped;
        if !step.more {
            break;
        }
    }
    assert_eq!(kept + dropped, 70 * 1024);
    assert!((38 * 1024..39 * 1024).contains(&dropped), "{dropped}");
}

#[test]
fn troubles_name_the_file_the_cause_and_a_way_out() {
    for kind in [io::ErrorKind::PermissionDenied, io::ErrorKind::NotFound, io::ErrorKind::IsADirectory] {
        let told = trouble(Path::new("/var/log/app.log"), &kind.into());
        assert!(told.what.contains("/var/log/app.log") && !told.why.is_empty() && !told.advice.is_empty(), "{told}");
    }
    assert_eq!(trouble(Path::new("x"), &io::ErrorKind::PermissionDenied.into()).kind, TroubleKind::Denied);
}
