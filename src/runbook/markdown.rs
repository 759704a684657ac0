//! Markdown, by a parser of CommonMark with task lists and tables.

use std::ops::Range;

use pulldown_cmark::{CodeBlockKind, Event, HeadingLevel, Options, Parser, Tag, TagEnd};

use super::builder::{BOLD, Builder};
use super::mark::{after_box, after_bullet, after_number};
use super::{Runbook, Sort, fence, html};

/// Reads the text.
pub(super) fn read(text: &str) -> Runbook {
    let options = Options::ENABLE_TASKLISTS
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_TABLES
        | Options::ENABLE_YAML_STYLE_METADATA_BLOCKS;
    let has_heading = |event: &(Event<'_>, Range<usize>)| matches!(event.0, Event::Start(Tag::Heading { .. }));
    let is_bare = !Parser::new_ext(text, options).into_offset_iter().any(|event| has_heading(&event));
    let mut reader = Reader { lines: Lines::of(text), builder: Builder::new(is_bare), ..Reader::default() };
    for (event, range) in Parser::new_ext(text, options).into_offset_iter() {
        reader.event(event, &range);
    }
    reader.builder.finish()
}

/// Where lines begin.
#[derive(Default)]
struct Lines(Vec<usize>);

impl Lines {
    fn of(text: &str) -> Self {
        Self(text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at).collect())
    }

    /// The line of a place in the text, from 1.
    fn at(&self, place: usize) -> usize {
        self.0.partition_point(|end| *end < place).saturating_add(1)
    }
}

/// What is being read besides items.
#[derive(Default)]
struct Reader {
    lines: Lines,
    builder: Builder,
    /// Whether lists count, outermost first.
    lists: Vec<bool>,
    heading: Option<(u8, String, usize)>,
    /// A paragraph that is in no item.
    paragraph: Option<Paragraph>,
    /// A fence: its language, its text, its first line.
    code: Option<(String, String, usize)>,
    html: Option<(String, usize)>,
    row: Option<Row>,
    metadata: bool,
}

/// A paragraph in no item: its words with its line ends, and how many of them stand in bold.
#[derive(Default)]
struct Paragraph {
    text: String,
    line: usize,
    strong: usize,
    depth: usize,
    links: Vec<String>,
}

/// A row of a table.
#[derive(Default)]
struct Row {
    cells: Vec<String>,
    line: usize,
    is_head: bool,
}

impl Reader {
    fn event(&mut self, event: Event<'_>, range: &Range<usize>) {
        match event {
            Event::Start(tag) => self.start(tag, range),
            Event::End(tag) => self.end(tag),
            Event::TaskListMarker(_) => self.builder.has_box(),
            Event::Text(text) => self.say(&text),
            Event::Code(code) => self.say(&format!("`{code}`")),
            Event::SoftBreak | Event::HardBreak => self.say("\n"),
            Event::Html(text) => match &mut self.html {
                Some((all, _)) => all.push_str(&text),
                None => self.inline_html(&text),
            },
            Event::InlineHtml(text) => self.inline_html(&text),
            Event::FootnoteReference(name) => self.say(&format!("[{name}]")),
            Event::InlineMath(text) | Event::DisplayMath(text) => self.say(&text),
            Event::Rule => {}
        }
    }

    fn start(&mut self, tag: Tag<'_>, range: &Range<usize>) {
        let line = self.lines.at(range.start);
        match tag {
            Tag::Heading { level, .. } => self.heading = Some((number(level), String::new(), line)),
            Tag::List(first) => self.lists.push(first.is_some()),
            Tag::Item => {
                let sort = if self.lists.last().copied().unwrap_or(false) { Sort::Step } else { Sort::Point };
                self.builder.begin_item(sort, line);
            }
            Tag::Paragraph if self.builder.is_in_item() => self.say(" "),
            Tag::Paragraph => self.paragraph = Some(Paragraph { line, ..Paragraph::default() }),
            Tag::Strong => {
                if let Some(paragraph) = &mut self.paragraph {
                    paragraph.depth = paragraph.depth.saturating_add(1);
                }
            }
            Tag::CodeBlock(kind) => {
                let (language, skipped) = match kind {
                    CodeBlockKind::Fenced(language) => (language.to_string(), 1),
                    CodeBlockKind::Indented => (String::new(), 0),
                };
                self.code = Some((language, String::new(), line.saturating_add(skipped)));
            }
            Tag::HtmlBlock => self.html = Some((String::new(), line)),
            Tag::TableHead => self.row = Some(Row { line, is_head: true, ..Row::default() }),
            Tag::TableRow => self.row = Some(Row { line, ..Row::default() }),
            Tag::TableCell => {
                if let Some(row) = &mut self.row {
                    row.cells.push(String::new());
                }
            }
            Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. } => self.link(&dest_url),
            Tag::MetadataBlock(_) => self.metadata = true,
            _ => {}
        }
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Heading(_) => {
                if let Some((level, title, line)) = self.heading.take() {
                    self.builder.heading(level, &title, line);
                }
            }
            TagEnd::List(_) => {
                self.lists.pop();
            }
            TagEnd::Item => self.builder.end_item(),
            TagEnd::Paragraph => {
                if let Some(paragraph) = self.paragraph.take() {
                    self.end_paragraph(&paragraph);
                }
            }
            TagEnd::Strong => {
                if let Some(paragraph) = &mut self.paragraph {
                    paragraph.depth = paragraph.depth.saturating_sub(1);
                }
            }
            TagEnd::CodeBlock => {
                if let Some((language, text, line)) = self.code.take() {
                    fence::take(&mut self.builder, &language, &text, line);
                }
            }
            TagEnd::HtmlBlock => {
                if let Some((text, line)) = self.html.take() {
                    html::take(&mut self.builder, &text, line);
                }
            }
            TagEnd::TableHead | TagEnd::TableRow => {
                if let Some(row) = self.row.take() {
                    end_row(&mut self.builder, &row.cells, row.line, row.is_head);
                }
            }
            TagEnd::MetadataBlock(_) => self.metadata = false,
            _ => {}
        }
    }

    fn say(&mut self, words: &str) {
        if let Some((_, text, _)) = &mut self.code {
            text.push_str(words);
        } else if let Some((_, title, _)) = &mut self.heading {
            title.push_str(words);
        } else if let Some(cell) = self.row.as_mut().and_then(|row| row.cells.last_mut()) {
            cell.push_str(words);
        } else if let Some(paragraph) = &mut self.paragraph {
            paragraph.text.push_str(words);
            if paragraph.depth > 0 {
                paragraph.strong = paragraph.strong.saturating_add(words.trim().len());
            }
        } else if !self.metadata {
            self.builder.say(words);
        }
    }

    fn link(&mut self, to: &str) {
        match &mut self.paragraph {
            Some(paragraph) => paragraph.links.push(to.to_owned()),
            None => self.builder.link(to),
        }
    }

    fn inline_html(&mut self, text: &str) {
        if html::is_checkbox(text) {
            self.builder.has_box();
        } else if text.starts_with("<br") {
            self.say("\n");
        }
    }

    /// A paragraph in no item: a heading in bold, lines with boxes, or words.
    fn end_paragraph(&mut self, paragraph: &Paragraph) {
        let words = paragraph.text.trim();
        let is_bold = paragraph.strong > 0
            && paragraph.strong.saturating_add(1) >= words.trim_end_matches(':').len()
            && !words.contains('\n');
        let heads = is_bold || (self.builder.is_bare() && !words.contains('\n') && words.ends_with(':'));
        if heads && after_box(words).is_none() {
            return self.builder.heading(BOLD, words, paragraph.line);
        }
        let mut in_item = false;
        for (index, line) in paragraph.text.lines().enumerate() {
            let (number, words) = (paragraph.line.saturating_add(index), line.trim());
            let bare = after_bullet(words);
            let found = if let Some(rest) = after_box(bare.unwrap_or(words)) {
                Some((Sort::Box, rest))
            } else if let Some(rest) = after_number(words) {
                Some((Sort::Step, rest))
            } else {
                bare.map(|rest| (Sort::Point, rest))
            };
            if let Some((sort, rest)) = found {
                if in_item {
                    self.builder.end_item();
                }
                self.builder.begin_item(sort, number);
                self.builder.say(rest);
                in_item = true;
            } else if in_item {
                self.builder.say(" ");
                self.builder.say(words);
            } else {
                self.builder.note(words, number);
            }
        }
        if in_item {
            self.builder.end_item();
        }
        for link in &paragraph.links {
            self.builder.link(link);
        }
    }
}

/// A row: an item where it has a box, or stands in a procedure.
pub(super) fn end_row(builder: &mut Builder, cells: &[String], line: usize, is_head: bool) {
    let mut has_box = false;
    let words = cells.iter().filter_map(|cell| {
        let rest = after_box(cell);
        has_box |= rest.is_some();
        let words = rest.unwrap_or(cell).trim();
        (!words.is_empty()).then(|| words.to_owned())
    });
    let words = words.collect::<Vec<_>>().join(" · ");
    if !is_head && (has_box || builder.is_in_procedure()) {
        builder.begin_item(if has_box { Sort::Box } else { Sort::Point }, line);
        builder.say(&words);
        builder.end_item();
    } else {
        builder.note(&words, line);
    }
}

fn number(level: HeadingLevel) -> u8 {
    match level {
        HeadingLevel::H1 => 1,
        HeadingLevel::H2 => 2,
        HeadingLevel::H3 => 3,
        HeadingLevel::H4 => 4,
        HeadingLevel::H5 => 5,
        HeadingLevel::H6 => 6,
    }
}
