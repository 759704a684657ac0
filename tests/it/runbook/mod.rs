//! Runbooks in many hands are drafted into profiles that load, and nothing in them is lost.
//!
//! What is counted here is counted by looking at lines alone, without the reader that is tested.

mod import;

use std::collections::BTreeSet;
use std::path::Path;

use flightdeck::profile::{Loaded, ProfileFile, parse};
use flightdeck::runbook::draft::{Draft, draft};
use flightdeck::runbook::{Item, Runbook, Sort, decode, read};
use flightdeck::setting::literal;
use proptest::prelude::*;

/// Each runbook: its boxes, steps with numbers and points as a person counts them, and the headings below which plain
/// points are things to do.
const ALL: [(&str, usize, &[&str]); 15] = [
    ("dual-router.md", 0, &["Change ticket", "Deploy", "Blue/green"]),
    ("staged.md", 23, &[]),
    ("promotion.md", 5, &["Window", "2. Execution", "Deploying to production", "Rollback process"]),
    ("cutover.md", 22, &["If something is off"]),
    ("canary.md", 4, &["Verification", "Verification steps", "Dashboards", "Key metrics", "Escalation procedure"]),
    ("tables.md", 4, &[]),
    ("emoji.md", 7, &[]),
    ("list.yaml", 0, &[]),
    ("html.md", 7, &[]),
    ("crlf.md", 3, &["Checklist", "Deploy steps"]),
    ("latin1.md", 2, &["Steps before", "Deploy"]),
    ("deep.md", 8, &["Procedure"]),
    ("setext.md", 2, &[]),
    ("desk.adoc", 3, &[]),
    ("empty.md", 0, &[]),
];

fn text_of(name: &str) -> String {
    let bytes = std::fs::read(Path::new("tests/it/runbook").join(name)).expect("the runbook is there");
    decode(&bytes).0
}

fn drafted(name: &str) -> (Runbook, Draft) {
    let runbook = read(&literal::hide(&text_of(name)).0);
    let draft = draft(&runbook, name);
    (runbook, draft)
}

/// The profile, as `import` writes it.
fn loads(name: &str, draft: &Draft) -> Loaded {
    let (toml, _) = literal::hide(&draft.toml);
    let file = ProfileFile { path: format!("{name}.toml"), bytes: toml.clone().into_bytes() };
    parse(&[file]).unwrap_or_else(|problems| panic!("{name}: {problems}\n{toml}"))
}

#[test]
fn every_runbook_is_drafted_into_a_profile_that_loads() {
    for (name, ..) in ALL {
        let (runbook, draft) = drafted(name);
        let procedure = loads(name, &draft).procedure;
        assert_eq!(procedure.checklist.items().count(), draft.counts.items, "{name}");
        assert_eq!(runbook.items().count(), draft.counts.items, "{name}");
        assert_eq!(procedure.plan.len(), draft.counts.steps.max(usize::from(name == "empty.md")), "{name}");
        let commands: usize = procedure.checklist.items().map(|item| item.commands.len()).sum();
        assert_eq!(commands, draft.counts.commands, "{name}");
    }
}

#[test]
fn every_box_is_an_item() {
    for (name, by_hand, _) in ALL {
        let (runbook, draft) = drafted(name);
        let found = runbook.items().filter(|item| item.sort == Sort::Box).count();
        assert_eq!((found, draft.counts.boxes), (by_hand, by_hand), "{name}");
        let text = text_of(name);
        let naive = boxed_lines(&text);
        assert_eq!(naive.len(), by_hand, "{name}: {naive:?}");
    }
}

#[test]
fn every_point_of_a_procedure_is_an_item() {
    for (name, _, headings) in ALL {
        let (text, (runbook, _)) = (text_of(name), drafted(name));
        let lines: BTreeSet<usize> = runbook.items().map(|item| item.line).collect();
        let wanted = points_below(&text, headings);
        assert!(headings.is_empty() || wanted.len() > 1, "{name}");
        for (line, text) in wanted {
            assert!(lines.contains(&line), "{name}:{line}: {text}");
        }
    }
}

#[test]
fn no_line_is_lost() {
    for (name, ..) in ALL {
        let text = text_of(name);
        let kept = words_of(&draft(&read(&text), name).toml);
        for (line, written) in (1..).zip(text.lines()) {
            // Tags, and the words of a fence about itself, are form and not content.
            let content = without_tags(&written.replace("[x]", ""));
            if content.trim_start().starts_with("```") || content.starts_with("[source") {
                continue;
            }
            for word in words_of(&content) {
                assert!(kept.contains(&word), "{name}:{line}: {word:?} of {written:?}");
            }
        }
    }
}

#[test]
fn nothing_that_was_ticked_comes_in_ticked() {
    let (_, draft) = drafted("cutover.md");
    let told = "All tests of the pipeline pass (build #99: ✓ PASSED)";
    assert!(draft.toml.contains(told));
    assert!(!draft.toml.contains("[x]") && !draft.toml.contains("done = "), "{}", draft.toml);
}

#[test]
fn five_kinds_of_deployment_are_drafted_as_they_are_flown() {
    let told = |name: &str| {
        let procedure = loads(name, &drafted(name).1).procedure;
        let pools: Vec<&str> = procedure.pools.iter().map(|pool| pool.id.as_str()).collect();
        let steps = procedure.plan.iter().map(|step| format!("  {}", step.name));
        format!("{name}: {}\n{}", pools.join(", "), steps.collect::<Vec<_>>().join("\n"))
    };
    let all: Vec<String> =
        ["dual-router.md", "staged.md", "promotion.md", "cutover.md", "canary.md"].into_iter().map(told).collect();
    insta::assert_snapshot!(all.join("\n"));
}

#[test]
fn a_draft_is_readable() {
    insta::assert_snapshot!(drafted("canary.md").1.toml);
    insta::assert_snapshot!(drafted("html.md").1.toml);
}

#[test]
fn what_stands_beside_the_steps_is_accepted_once_somebody_takes_it_up() {
    let (_, draft) = drafted("dual-router.md");
    let mut taken = String::new();
    for line in draft.toml.lines() {
        match line.strip_prefix("# ") {
            Some(shift) if shift.starts_with("shift = ") => {
                taken.push_str(shift);
                taken.push('\n');
            }
            _ if line.starts_with("pause = \"Give ") => {}
            _ => {
                taken.push_str(line);
                taken.push('\n');
            }
        }
    }
    taken.push_str(
        "[[router]]\nname = \"edge\"\nkind = \"haproxy\"\nat = \"unix:/run/haproxy.sock\"\n\
         pools = { blue = \"app/blue-*\", green = \"app/green-*\" }\n",
    );
    let file = ProfileFile { path: "taken.toml".to_owned(), bytes: taken.into_bytes() };
    let procedure = parse(&[file]).unwrap_or_else(|problems| panic!("{problems}")).procedure;
    let shifts =
        procedure.plan.iter().filter(|step| matches!(step.act, flightdeck::domain::procedure::StepAct::Shift(_)));
    assert_eq!(shifts.count(), draft.counts.shifts);
}

#[test]
fn encodings_and_line_ends_make_no_difference() {
    let text = text_of("crlf.md");
    let utf16: Vec<u8> =
        [0xfeff].into_iter().chain(text.replace('\n', "\r\n").encode_utf16()).flat_map(u16::to_le_bytes).collect();
    assert_eq!(read(&decode(&utf16).0), read(&text));
    assert!(drafted("latin1.md").1.toml.contains("Café closed – nobody pays"));
}

proptest! {
    #[test]
    fn any_text_is_read_and_its_draft_loads(text in "\\PC{0,40}(\n\\PC{0,40}){0,12}") {
        let draft = draft(&read(&literal::hide(&text).0), "any.md");
        let (toml, _) = literal::hide(&draft.toml);
        let file = ProfileFile { path: "any.toml".to_owned(), bytes: toml.clone().into_bytes() };
        prop_assert!(parse(&[file]).is_ok(), "{}", toml);
    }

    #[test]
    fn no_word_of_any_runbook_is_lost(lines in proptest::collection::vec((FORMS, "( of it)?"), 0..24)) {
        let text: Vec<String> = lines.iter().enumerate().map(|(at, ((before, after), more))| format!("{before}w{at}x{more}{after}")).collect();
        let text = text.join("\n");
        let draft = draft(&read(&text), "any.md");
        for at in 0..lines.len() {
            let word = format!("w{at}x");
            prop_assert!(draft.toml.contains(&word), "{} of\n{}\nis not in\n{}", word, text, draft.toml);
        }
    }
}

/// What may stand before and after a word on a line.
const FORMS: Forms = Forms;

#[derive(Clone, Copy, Debug)]
struct Forms;

impl Strategy for Forms {
    type Tree = <proptest::sample::Select<(&'static str, &'static str)> as Strategy>::Tree;
    type Value = (&'static str, &'static str);

    fn new_tree(&self, runner: &mut proptest::test_runner::TestRunner) -> proptest::strategy::NewTree<Self> {
        proptest::sample::select(vec![
            ("", ""),
            ("- [ ] ", ""),
            ("  - ", ""),
            ("      - [x] ", ""),
            ("1. ", ""),
            ("# ", ""),
            ("### ", ":"),
            ("**", "**"),
            ("☐ ", ""),
            ("> ", ""),
            ("| ", " | b |"),
            ("|--|--|\n| ", " |"),
            ("```\n", ""),
            ("```\n- ", "\n```"),
            ("    ", ""),
            ("├─ ", ""),
            ("  │  └─ ", ""),
            ("<ul><li>", ""),
            ("</li></ul>", ""),
            ("<!-- ", " -->"),
            ("<!-- ", ""),
            ("<", ">"),
            ("a < ", ""),
            ("[", "](https://x.example)"),
            ("[a]: https://", ".example"),
            ("---\n", "\n---"),
            ("\n", "\n==="),
            ("== ", ""),
            ("* ", ""),
            (". ", ""),
            ("\t", ":"),
            ("\n", "\n"),
        ])
        .new_tree(runner)
    }
}

/// Lines with a box, looked at one by one.
fn boxed_lines(text: &str) -> Vec<&str> {
    let mut in_comment = false;
    let is_boxed = |line: &str| {
        let line = line.trim_start_matches(|c: char| c.is_whitespace() || "-*+>0123456789.|".contains(c));
        let line = line.trim_start_matches("<li>").trim_start_matches("<p>").trim_start_matches("<tr><td>");
        let line = line.trim_start_matches(['│', ' ', '├', '└', '─']);
        let typed = ["[ ] ", "[x] ", "<input type=\"checkbox\""].iter().any(|open| line.starts_with(open));
        typed || line.chars().next().is_some_and(|c| "☐☑⬜🔲✅❌✓✗".contains(c))
    };
    let lines = text.lines().filter(|line| {
        in_comment |= line.contains("<!--") && !line.contains("-->");
        let counts = !in_comment && is_boxed(line);
        in_comment &= !line.contains("-->");
        counts
    });
    lines.collect()
}

/// The lines with a bullet or a number below these headings, outside fences, with their numbers.
fn points_below<'t>(text: &'t str, headings: &[&str]) -> Vec<(usize, &'t str)> {
    let (mut in_fence, mut counts) = (false, false);
    let mut found = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        let words = line.trim();
        in_fence ^= words.starts_with("```");
        if in_fence {
            continue;
        }
        let bold = words.strip_prefix("**").and_then(|words| words.strip_suffix("**"));
        let title = words.strip_prefix('#').map(|words| words.trim_start_matches('#').trim()).or(bold);
        if let Some(title) = title {
            counts = headings.contains(&title.trim_end_matches(':'));
        } else if counts {
            let rest = words.trim_start_matches(|c: char| c.is_ascii_digit());
            let rest = ["- ", "* ", ". ", ") "].iter().find_map(|mark| rest.strip_prefix(mark));
            found.extend(rest.filter(|rest| !rest.trim().is_empty()).map(|rest| (number, rest)));
        }
    }
    found
}

fn words_of(text: &str) -> BTreeSet<String> {
    let words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| word.contains(char::is_alphabetic));
    words.map(str::to_owned).collect()
}

fn without_tags(line: &str) -> String {
    let line = line.replace("&amp;", "&").replace("<version>", "version");
    let mut text = String::new();
    let mut in_tag = false;
    for (at, c) in line.char_indices() {
        let next = line.get(at + 1..).and_then(|rest| rest.chars().next());
        in_tag |= c == '<' && next.is_some_and(|next| next.is_ascii_alphabetic() || next == '/');
        text.push(if in_tag { ' ' } else { c });
        in_tag &= c != '>';
    }
    text
}

/// Every item with the items within it, for the tests of single runbooks.
fn item<'r>(runbook: &'r Runbook, text: &str) -> &'r Item {
    runbook.items().find(|item| item.text.contains(text)).unwrap_or_else(|| panic!("no item says {text:?}"))
}

#[test]
fn commands_links_and_owners_belong_to_their_items() {
    let (tables, setext, deep) = (drafted("tables.md").0, drafted("setext.md").0, drafted("deep.md").0);
    assert_eq!(item(&tables, "Freeze merges").role.as_deref(), Some("release desk"));
    assert_eq!(item(&tables, "Freeze merges").links[0].url, "https://board.example.net/7");
    assert_eq!(item(&tables, "Tell support").links[0].url, "https://chat.example.net/support");
    assert!(item(&tables, "Tell support").text.contains("one cell too many"));
    assert_eq!(item(&setext, "Start the new one").commands[0].text, "mailer --start");
    assert_eq!(item(&setext, "Look at").links[0].url, "https://logs.example.net/mailer");
    assert_eq!(item(&deep, "eleven").commands[0].text, "echo eleven");
    let desk = drafted("desk.adoc").0;
    assert_eq!(item(&desk, "Stop the desk").commands[0].text, "systemctl stop desk");
    assert_eq!(item(&desk, "Move it").items.len(), 2);
}
