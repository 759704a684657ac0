//! Runbooks in several hands, and what is read from them.

use super::{Item, Runbook, Sort, read};

/// One line per heading, item, command, link and note.
fn shown(runbook: &Runbook) -> String {
    fn show(into: &mut Vec<String>, items: &[Item], depth: usize) {
        for item in items {
            let indent = "  ".repeat(depth);
            let mark = match item.sort {
                Sort::Box => "☐",
                Sort::Step => "#",
                Sort::Point => "·",
            };
            let needed = if item.required { "" } else { "?" };
            into.push(format!("{indent}{mark}{needed} {} [{}]", item.text, item.line));
            for command in &item.commands {
                let text = command.text.replace('\n', " ⏎ ");
                into.push(format!("{indent}  $ {} {text}", command.language));
            }
            into.extend(item.role.iter().map(|role| format!("{indent}  by {role}")));
            into.extend(item.links.iter().map(|link| format!("{indent}  @ {} {}", link.text, link.url)));
            show(into, &item.items, depth + 1);
        }
    }
    let mut lines = Vec::new();
    for (section, path) in runbook.sections.iter().zip(runbook.paths()) {
        lines.push(format!("== {} [{}]", path.join(" › "), section.line));
        show(&mut lines, &section.items, 0);
        lines.extend(section.notes.iter().map(|note| format!("- {} [{}]", note.text.replace('\n', " ⏎ "), note.line)));
    }
    lines.join("\n")
}

#[test]
fn boxes_steps_and_points_are_items_and_the_rest_is_noted() {
    let text = "# Ship the gateway\n\nWords.\n\n## Overview\n- a fact\n1. a numbered fact\n\n## Before the call\n- [x] Told the channel (see [board](https://x/y))\n- [ ] Backups\n  - taken\n  - [ ] tested (optional)\n\n## Deploy\n- Take blue out\n  - look at `the logs`\n1. Ship\n\n   ```sh\n   ship blue\n   ```\n";
    insta::assert_snapshot!(shown(&read(text)), @r"
    ==  [0]
    == Ship the gateway [1]
    - Words. [3]
    == Overview [5]
    #? a numbered fact [7]
    - a fact [6]
    == Before the call [9]
    ☐ Told the channel (see board) [10]
      @ board https://x/y
    ☐ Backups · taken [11]
      ☐? tested (optional) [13]
    == Deploy [15]
    · Take blue out [16]
      ·? look at `the logs` [17]
    # Ship [18]
      $ sh ship blue
    ");
}

#[test]
fn boxes_in_fences_have_their_headings_and_scripts_with_numbers_are_steps() {
    let text = "## Checklist\n\n```yaml\nTwo Days Before:\n  ☐ Issue open\n    with its text\n  ☐ Window (if needed)\n\nOne Hour Before:\n  ☐ Page the duty\n```\n\n## Deploy to prod\n\n```bash\nset -e\n# 1. Tag\ngit tag x\n\n# 2. Push it\ngit push\n```\n\n**Verify**\n```bash\ncurl -f https://x/health\n```\n\n## Settings\n```bash\nA=1\n```\n";
    insta::assert_snapshot!(shown(&read(text)), @r"
    ==  [0]
    == Checklist [1]
    == Checklist › Two Days Before [4]
    ☐ Issue open with its text [5]
    ☐? Window (if needed) [7]
    == Checklist › One Hour Before [9]
    ☐ Page the duty [10]
    == Deploy to prod [13]
    # Tag [17]
      $ bash git tag x
    # Push it [20]
      $ bash git push
    - set -e [16]
    == Deploy to prod › Verify [24]
    # Verify [24]
      $ bash curl -f https://x/health
    == Settings [29]
    - A=1 [31]
    ");
}

#[test]
fn emoji_tables_and_html_are_read_as_well() {
    let text = "## Go-live steps\n\n✅ Tests green\n⬜ Release note\n\n| | What | Who |\n|--|--|--|\n| ☐ | Freeze | ops |\n| ☑ | Page | lead |\n\n<ul>\n  <li><input type=\"checkbox\"> Scale <b>green</b> up</li>\n  <li>Warm it\n    <ol><li>call it</li><li>look</li></ol>\n  </li>\n</ul>\n\n<!-- - [ ] not this -->\n\n## Contacts\n\n| Role | Name |\n|--|--|\n| Lead | Kim |\n";
    insta::assert_snapshot!(shown(&read(text)), @r"
    ==  [0]
    == Go-live steps [1]
    ☐ Tests green [3]
    ☐ Release note [4]
    ☐ Freeze [8]
      by ops
    ☐ Page [9]
      by lead
    ☐ Scale green up [12]
    · Warm it [13]
      # call it [14]
      # look [14]
    - What · Who [6]
    - - [ ] not this [18]
    == Contacts [20]
    - Role · Name [22]
    - Lead · Kim [24]
    ");
}

#[test]
fn a_runbook_without_any_heading_is_all_procedure() {
    let text = "steps:\n- name: drain blue\n- name: ship blue\nafter:\n- look\n";
    insta::assert_snapshot!(shown(&read(text)), @r"
    ==  [0]
    == steps [1]
    · name: drain blue [2]
    · name: ship blue [3]
    == after [4]
    · look [5]
    ");
}

#[test]
fn steps_in_headings_are_items_where_nothing_else_is_below_them() {
    let text = "## Deploy\n### Step 1: Merge\nWords.\n### Step 2: Wait\n- for the pipeline\n\n**Step 3: Switch**\n```bash\nswitch\n```\n";
    insta::assert_snapshot!(shown(&read(text)), @r"
    ==  [0]
    == Deploy [1]
    == Deploy › Step 1: Merge [2]
    # Step 1: Merge [2]
    - Words. [3]
    == Deploy › Step 2: Wait [4]
    · for the pipeline [5]
    == Deploy › Step 2: Wait › Step 3: Switch [7]
    # Step 3: Switch [7]
      $ bash switch
    ");
}

proptest::proptest! {
    #[test]
    fn no_text_makes_it_fail_and_no_box_is_lost(lines in proptest::collection::vec("(- |\\* |[0-9]\\. |  |# |```\n|> |\\| |<li>|<!--|☐ |)[a-z ]{0,6}", 0..30)) {
        let text = lines.join("\n");
        read(&text);
        let boxed: String = (0..5).map(|number| format!("- [ ] box {number}\n")).collect::<Vec<_>>().concat();
        let all = read(&format!("{boxed}\n{text}"));
        let found = all.items().filter(|item| item.sort == Sort::Box && item.text.starts_with("box ")).count();
        proptest::prop_assert_eq!(found, 5);
    }
}
