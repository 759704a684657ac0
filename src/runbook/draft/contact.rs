//! Whom to call: what stands below headings about contacts and escalation, as `[[contact]]` drafts with their times.
//!
//! Told apart are rows of a table (role, name, telephone, chat), lines of a list that counts (`1st: on-call engineer (5 min
//! response)`), and steps that name a time and somebody of the table (`If no response within 15 minutes, page the on-call
//! engineer`). What is not understood stays in the comments of its section, as everything there does.

use super::write::{Page, cut, quoted};
use crate::domain::checklist::slug;
use crate::runbook::{Runbook, Section};

/// The most characters of a value in a profile.
const TITLE: usize = 80;
/// The most minutes after which somebody is called.
const LONGEST: u32 = 24 * 60;

/// Somebody in the making.
#[derive(Default)]
struct Person {
    line: usize,
    role: String,
    name: String,
    phone: String,
    handle: String,
    link: String,
    /// How long after the incident was declared, in minutes.
    after: Option<u32>,
    /// Within how many minutes they answer.
    answers: Option<u32>,
}

/// Writes them, where there are any.
pub(super) fn write(page: &mut Page, runbook: &Runbook) {
    let mut people: Vec<Person> = Vec::new();
    for (index, section) in runbook.sections.iter().enumerate() {
        if is_about(runbook, index) {
            of_section(section, &mut people);
        }
    }
    people.retain(|person| !slug(&person.role).is_empty());
    if people.is_empty() {
        return;
    }
    for (index, section) in runbook.sections.iter().enumerate() {
        if is_about(runbook, index) {
            times(section, &mut people);
        }
    }
    page.rule("Whom to call, to be checked by a person");
    page.comment(
        "`after` counts from the moment at which an incident is declared; nobody is called sooner than the one above.",
    );
    let (mut least, mut waits) = (0, 0);
    let mut known: Vec<String> = Vec::new();
    for person in &people {
        let words = format!("{} {}", person.role, person.name);
        if known.contains(&words) {
            continue;
        }
        known.push(words);
        least = person.after.unwrap_or(waits).max(least).min(LONGEST);
        waits = person.answers.unwrap_or(0);
        page.gap();
        let answers = person.answers.map(|minutes| format!(", answers within {minutes} min")).unwrap_or_default();
        page.comment(&format!("line {}{answers}", person.line));
        page.line("[[contact]]");
        for (key, value) in [
            ("role", &person.role),
            ("name", &person.name),
            ("phone", &person.phone),
            ("handle", &person.handle),
            ("link", &person.link),
        ] {
            if !value.is_empty() {
                page.line(&format!("{key} = {}", quoted(&cut(value, TITLE))));
            }
        }
        if least > 0 {
            page.line(&format!("after = \"{least}m\""));
        }
    }
}

/// Whether a heading, or one above it, is about whom to call.
fn is_about(runbook: &Runbook, index: usize) -> bool {
    let mut at = Some(index);
    // A heading stands below at most as many as there are.
    for _ in 0..=runbook.sections.len() {
        let Some(section) = at.and_then(|at| runbook.sections.get(at)) else { return false };
        let title = section.title.to_lowercase();
        if title.contains("contact") || title.contains("escalation") {
            return true;
        }
        at = section.parent;
    }
    false
}

fn of_section(section: &Section, people: &mut Vec<Person>) {
    let mut head: Vec<String> = Vec::new();
    for note in &section.notes {
        for (offset, line) in note.text.lines().enumerate() {
            let cells: Vec<&str> = line.split(" · ").map(str::trim).collect();
            let line_number = note.line.saturating_add(offset);
            if note.is_hidden {
                head = cells.iter().map(|cell| cell.to_lowercase()).collect();
            } else if cells.len() > 1 {
                people.extend(of_row(&head, &cells, line_number));
            } else if let Some(person) = of_line(line, line_number) {
                people.push(person);
            }
        }
    }
}

/// A row: by its head where it has as many cells, else by what the cells look like.
fn of_row(head: &[String], cells: &[&str], line: usize) -> Option<Person> {
    let mut person = Person { line, ..Person::default() };
    let is_whole = head.len() == cells.len();
    for (index, cell) in cells.iter().enumerate() {
        let title = head.get(index).filter(|_| is_whole).map_or("", String::as_str);
        let is = |words: &[&str]| words.iter().any(|word| title.contains(word));
        // `(varies)` is nobody's name.
        let is_nobody = cell.starts_with('(') && cell.ends_with(')');
        let is_said = !(is_nobody || matches!(*cell, "" | "-" | "—" | "TBD" | "n/a"));
        let place = if is(&["role", "position", "title", "team"]) {
            &mut person.role
        } else if is(&["phone", "tel", "mobile", "number"]) || looks_like_phone(cell) {
            &mut person.phone
        } else if is(&["slack", "chat", "teams", "handle", "channel"]) || cell.starts_with(['@', '#']) {
            &mut person.handle
        } else if cell.starts_with("http") || is(&["link", "url"]) {
            &mut person.link
        } else if is(&["name", "who", "person", "contact"]) || (!is_whole && person.name.is_empty()) {
            &mut person.name
        } else if person.role.is_empty() {
            &mut person.role
        } else {
            continue;
        };
        if is_said && place.is_empty() {
            (*cell).clone_into(place);
        }
    }
    if person.role.is_empty() {
        person.role = std::mem::take(&mut person.name);
    }
    (!person.role.is_empty()).then_some(person)
}

fn looks_like_phone(cell: &str) -> bool {
    let digits = cell.chars().filter(char::is_ascii_digit).count();
    digits >= 7 && cell.chars().all(|c| c.is_ascii_digit() || "+-() ./".contains(c))
}

/// `1st: On-call engineer (5 min response)`.
fn of_line(text: &str, line: usize) -> Option<Person> {
    let text = text.trim().trim_start_matches(['-', '*', ' ', '├', '└', '─']);
    let (place, who) = text.split_once(':')?;
    let place = place.trim().to_lowercase();
    let is_place = ["1st", "2nd", "3rd", "4th", "5th", "first", "second", "third", "primary", "secondary", "tertiary"]
        .contains(&place.as_str());
    if !is_place {
        return None;
    }
    let (role, rest) = who.split_once('(').map_or((who, ""), |(role, rest)| (role, rest));
    let role = role.trim().to_owned();
    (!role.is_empty()).then(|| Person { line, role, answers: minutes(rest), ..Person::default() })
}

/// Steps that name a time and somebody: they are called after it.
fn times(section: &Section, people: &mut [Person]) {
    let items = section.items.iter().map(|item| item.text.as_str());
    let notes = section.notes.iter().filter(|note| !note.is_hidden).flat_map(|note| note.text.lines());
    for text in items.chain(notes) {
        let lower = text.to_lowercase();
        let waits = ["no response", "no answer", "not respond", "unresponsive", "after"]
            .iter()
            .any(|word| lower.contains(word));
        let Some(minutes) = minutes(text).filter(|_| waits) else { continue };
        let named = |person: &&mut Person| lower.contains(&person.role.to_lowercase());
        if let Some(person) = people.iter_mut().find(named) {
            person.after = Some(minutes);
        }
    }
}

/// The minutes that words name: `15 minutes`, `5 min`, `1 hour`.
fn minutes(text: &str) -> Option<u32> {
    let words: Vec<&str> = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    words.windows(2).find_map(|pair| {
        let [number, unit] = pair else { return None };
        let number: u32 = number.parse().ok()?;
        let unit = unit.to_lowercase();
        if unit.starts_with("min") {
            Some(number)
        } else if unit.starts_with("hour") || unit == "h" {
            number.checked_mul(60)
        } else {
            None
        }
    })
}

#[cfg(test)]
mod tests {
    use super::super::write::Page;
    use super::write;
    use crate::runbook;

    fn drafted(text: &str) -> String {
        let mut page = Page::default();
        write(&mut page, &runbook::read(text));
        page.finish()
    }

    #[test]
    fn a_table_of_contacts_and_the_steps_below_it_become_contacts_with_times() {
        let text = "# Release\n## Emergency Contacts\nIn order:\n\n| Role | Name | Phone | Slack |\n|---|---|---|---|\n\
                    | Release Manager | Ann Smith | +1-555-0100 | @ann.smith |\n| On-Call Engineer | (varies) | See PagerDuty | @on-call |\n\
                    | Engineering Manager | Mike Lee | +1-555-0102 | @mike.lee |\n\n**Escalation Procedure**\n\
                    1. Contact the Release Manager immediately\n2. If no response within 15 minutes, page the On-Call Engineer\n";
        insta::assert_snapshot!(drafted(text), @r#"
        # ---- Whom to call, to be checked by a person ----
        # `after` counts from the moment at which an incident is declared; nobody is called sooner than the one above.

        # line 7
        [[contact]]
        role = "Release Manager"
        name = "Ann Smith"
        phone = "+1-555-0100"
        handle = "@ann.smith"

        # line 8
        [[contact]]
        role = "On-Call Engineer"
        phone = "See PagerDuty"
        handle = "@on-call"
        after = "15m"

        # line 9
        [[contact]]
        role = "Engineering Manager"
        name = "Mike Lee"
        phone = "+1-555-0102"
        handle = "@mike.lee"
        after = "15m"
        "#);
    }

    #[test]
    fn a_list_that_counts_tells_who_is_called_once_the_one_before_has_had_their_time() {
        let text = "## Emergency Contact\n\n```yaml\nOn-Call Rotation: PagerDuty\nEscalation:\n  1st: On-call engineer (5 min response)\n  \
                    2nd: Team lead (15 min response)\n  3rd: VP Engineering (30 min response)\n\nSupport:\n  Documentation: https://x/docs\n```\n";
        insta::assert_snapshot!(drafted(text), @r#"
        # ---- Whom to call, to be checked by a person ----
        # `after` counts from the moment at which an incident is declared; nobody is called sooner than the one above.

        # line 6, answers within 5 min
        [[contact]]
        role = "On-call engineer"

        # line 7, answers within 15 min
        [[contact]]
        role = "Team lead"
        after = "5m"

        # line 8, answers within 30 min
        [[contact]]
        role = "VP Engineering"
        after = "15m"
        "#);
    }

    #[test]
    fn what_is_about_something_else_names_nobody() {
        assert_eq!(drafted("## Deploy\n- 1st: call the lead (5 min)\n\n| Role | Name |\n|---|---|\n| a | b |\n"), "");
        assert_eq!(drafted("## Contacts\nAsk in the channel.\n"), "");
    }
}
