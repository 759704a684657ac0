//! A checklist from a runbook in Markdown: its headings, and its `- [ ]` items with those nested below them.
//!
//! - A box that is ticked in the file comes in open: what was done last time is not done now.
//! - An item that ends with `(optional)` is not required.
//! - What else stands in an item belongs to its text: links by their words, code in backticks, plain points after a `·`.
//! - A heading below another is titled with both, unless the upper one is the document's only title.

use pulldown_cmark::{Event, HeadingLevel, Options, Parser, Tag, TagEnd};

use super::checklist::{Draft, DraftSection};
use super::plan::unique_id;
use crate::domain::checklist::slug;

/// The sections that have items.
pub(super) fn sections(text: &str) -> Vec<DraftSection> {
    let mut reader = Reader::default();
    for event in
        Parser::new_ext(text, Options::ENABLE_TASKLISTS | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TABLES)
    {
        reader.event(event);
    }
    reader.finish()
}

#[derive(Default)]
struct Reader {
    /// All headings so far, each with its level and its items.
    sections: Vec<Heading>,
    /// The list items that are open, outermost first.
    open: Vec<Open>,
    in_heading: bool,
    /// The text of the code block that is open.
    code_block: Option<String>,
}

struct Heading {
    level: HeadingLevel,
    title: String,
    items: Vec<Draft>,
}

enum Open {
    /// An item with a box.
    Task(Draft),
    /// An item without one; its text goes to the task around it. Whether it has said something.
    Point { said: bool },
}

impl Reader {
    fn event(&mut self, event: Event<'_>) {
        match event {
            Event::Start(Tag::Heading { level, .. }) => {
                self.in_heading = true;
                self.sections.push(Heading { level, title: String::new(), items: Vec::new() });
            }
            Event::End(TagEnd::Heading(_)) => self.in_heading = false,
            Event::Start(Tag::Item) => self.open.push(Open::Point { said: false }),
            Event::TaskListMarker(_) => {
                if let Some(last) = self.open.last_mut() {
                    *last = Open::Task(Draft { text: String::new(), required: true, items: Vec::new() });
                }
            }
            Event::End(TagEnd::Item) => self.close(),
            Event::Start(Tag::CodeBlock(_)) => self.code_block = Some(String::new()),
            Event::End(TagEnd::CodeBlock) => {
                let code = self.code_block.take().unwrap_or_default();
                self.say(&format!(" `{}` ", code.trim_end().replace('\n', " ⏎ ")));
            }
            Event::Text(text) => match &mut self.code_block {
                Some(code) => code.push_str(&text),
                None => self.say(&text),
            },
            Event::Code(code) => self.say(&format!("`{code}`")),
            Event::SoftBreak | Event::HardBreak | Event::Start(Tag::Paragraph) => self.say(" "),
            _ => {}
        }
    }

    fn say(&mut self, words: &str) {
        if self.in_heading {
            if let Some(heading) = self.sections.last_mut() {
                heading.title.push_str(words);
            }
            return;
        }
        let mut begins = false;
        for open in self.open.iter_mut().rev() {
            match open {
                Open::Point { said } => {
                    begins |= !*said && !words.trim().is_empty();
                    *said |= begins;
                }
                Open::Task(task) => {
                    if begins && !task.text.trim().is_empty() {
                        task.text.push_str(" · ");
                    }
                    task.text.push_str(words);
                    return;
                }
            }
        }
    }

    fn close(&mut self) {
        let Some(Open::Task(mut task)) = self.open.pop() else { return };
        task.text = on_one_line(&task.text);
        task.required = !task.text.to_lowercase().ends_with("(optional)");
        if task.text.is_empty() && task.items.is_empty() {
            return;
        }
        let around = self.open.iter_mut().rev().find_map(|open| match open {
            Open::Task(task) => Some(&mut task.items),
            Open::Point { .. } => None,
        });
        if let Some(items) = around {
            items.push(task);
            return;
        }
        if self.sections.is_empty() {
            let title = "Checklist".to_owned();
            self.sections.push(Heading { level: HeadingLevel::H1, title, items: Vec::new() });
        }
        if let Some(heading) = self.sections.last_mut() {
            heading.items.push(task);
        }
    }

    fn finish(self) -> Vec<DraftSection> {
        let titles = self.sections.iter().filter(|heading| heading.level == HeadingLevel::H1).count();
        let mut above: Vec<(HeadingLevel, String)> = Vec::new();
        let mut found: Vec<(String, DraftSection)> = Vec::new();
        for heading in self.sections {
            above.retain(|(level, _)| *level < heading.level);
            let own = on_one_line(&heading.title);
            let own = if own.is_empty() { "Checklist".to_owned() } else { own };
            let is_document = |level: HeadingLevel| level == HeadingLevel::H1 && titles == 1;
            let path: Vec<&str> = above
                .iter()
                .filter(|(level, _)| !is_document(*level))
                .map(|(_, title)| title.as_str())
                .chain([own.as_str()])
                .collect();
            let title = path.join(" › ");
            above.push((heading.level, own.clone()));
            if !heading.items.is_empty() {
                found.push((own, DraftSection { slug: slug(&title), title, items: heading.items }));
            }
        }
        let own_slugs: Vec<String> = found.iter().map(|(own, _)| slug(own)).collect();
        let mut sections: Vec<DraftSection> = Vec::new();
        for (index, (_, mut section)) in found.into_iter().enumerate() {
            // The heading's own words where they name one section only, else the path to it.
            let own = own_slugs.get(index).filter(|own| own_slugs.iter().filter(|each| each == own).count() == 1);
            let wanted = own.unwrap_or(&section.slug);
            let wanted = if wanted.is_empty() { "checklist" } else { wanted };
            section.slug = unique_id(wanted, |slug| sections.iter().any(|earlier| earlier.slug == slug));
            sections.push(section);
        }
        sections
    }
}

/// The words on one line, without what a terminal would act on.
fn on_one_line(text: &str) -> String {
    let hidden = |c: char| matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let plain: String = text.chars().filter(|c| !hidden(*c)).map(|c| if c.is_control() { ' ' } else { c }).collect();
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::super::checklist::placed;
    use super::sections;

    /// One line per section and item: slug or id, depth, required, text.
    fn shown(text: &str) -> String {
        let mut lines = Vec::new();
        for section in placed(sections(text)).sections {
            lines.push(format!("# {} [{}]", section.title, section.slug));
            for item in section.items {
                let needed = if item.required { "" } else { "?" };
                let indent = "  ".repeat(usize::from(item.depth));
                lines.push(format!("{indent}-{needed} {} [{}]", item.text, item.id));
            }
        }
        lines.join("\n")
    }

    #[test]
    fn order_and_nesting_stay_and_ticks_do_not() {
        let text = "# Release\nwords\n## Before\n- [x] Told the channel\n- [ ] Backups\n  - [X] taken\n  - [ ] tested (optional)\n\n## Nothing here\n- a point\n## After\n1. [ ] Close\n";
        insta::assert_snapshot!(shown(text), @r"
        # Before [before]
        - Told the channel [before/told-the-channel]
        - Backups [before/backups]
          - taken [before/backups/taken]
          -? tested (optional) [before/backups/tested-optional]
        # After [after]
        - Close [after/close]
        ");
    }

    #[test]
    fn links_code_and_points_stay_on_one_line() {
        let text = "## A\n- [ ] See [the board](https://x/y) and run `make it`\n  again\n  - errors\n  - waits\n- [ ] Run\n\n  ```sh\n  one\n  two\n  ```\n- [ ] <!-- hidden --> *very* **sure**\u{1b}[31m\n";
        insta::assert_snapshot!(shown(text), @r"
        # A [a]
        - See the board and run `make it` again · errors · waits [a/see-the-board-and-run-make-it-again-errors-waits]
        - Run `one ⏎ two` [a/run-one-two]
        - very sure [31m [a/very-sure-31m]
        ");
    }

    #[test]
    fn nested_headings_are_titled_by_their_path_and_slugs_are_unique() {
        let text = "- [ ] first\n# Deploy\n## Blue\n### Checks\n- [ ] up\n- [ ] up\n## Green\n### Checks\n- [ ] up\n# Close\n- [ ] done\n";
        insta::assert_snapshot!(shown(text), @r"
        # Checklist [checklist]
        - first [checklist/first]
        # Deploy › Blue › Checks [deploy-blue-checks]
        - up [deploy-blue-checks/up]
        - up [deploy-blue-checks/up-2]
        # Deploy › Green › Checks [deploy-green-checks]
        - up [deploy-green-checks/up]
        # Close [close]
        - done [close/done]
        ");
    }

    #[test]
    fn a_runbook_without_boxes_gives_nothing() {
        assert!(sections("# Title\n- a\n- b\n").is_empty());
    }
}
