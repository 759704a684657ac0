//! Markdown, by a parser of `CommonMark` with task lists and tables.

use std::ops::Range;

use pulldown_cmark::{CodeBlockKind, Event, HeadingLevel, Options, Parser, Tag, TagEnd};

use super::builder::{BOLD, Builder, with_links};
use super::mark::{after_box, begun};
use super::table::{Row, end_row, raw_cells};
use super::{Runbook, Sort, fence, html};
use crate::domain::checklist::Link;

fn options() -> Options {
    Options::ENABLE_TASKLISTS
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_TABLES
        | Options::ENABLE_YAML_STYLE_METADATA_BLOCKS
}

/// Reads the text.
pub(super) fn read(text: &str) -> Runbook {
    let (mut tops, mut others) = (0_usize, 0_usize);
    for event in Parser::new_ext(text, options()) {
        match event {
            Event::Start(Tag::Heading { level: HeadingLevel::H1, .. }) => tops = tops.saturating_add(1),
            Event::Start(Tag::Heading { .. }) => others = others.saturating_add(1),
            _ => {}
        }
    }
    read_with(text, Builder::new(tops, others))
}

/// Reads a text all of which is the procedure, where no heading says otherwise.
pub(super) fn read_bare(text: &str) -> Runbook {
    read_with(text, Builder::new(0, 0))
}

fn read_with(text: &str, builder: Builder) -> Runbook {
    let lines = Lines::of(text);
    let seen = vec![false; lines.0.len().saturating_add(2)];
    let mut reader = Reader { text, lines, seen, builder, ..Reader::default() };
    for (event, range) in Parser::new_ext(text, options()).into_offset_iter() {
        reader.event(event, &range);
    }
    reader.finish()
}

/// Where lines end.
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
struct Reader<'t> {
    text: &'t str,
    lines: Lines,
    /// Whether something of a line was taken, from line 0.
    seen: Vec<bool>,
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
    /// The titles of the columns of the table that is open.
    head: Vec<String>,
    /// The links that are open, outermost first.
    links: Vec<Link>,
    /// Settings at the head of the file.
    metadata: Option<(String, usize)>,
}

/// A paragraph in no item: its words with its line ends, and how many of them stand in bold.
#[derive(Default)]
struct Paragraph {
    text: String,
    line: usize,
    strong: usize,
    depth: usize,
    /// Its links, each with the line of the paragraph that it stands on, from 0.
    links: Vec<(usize, Link)>,
}

impl Reader<'_> {
    fn event(&mut self, event: Event<'_>, range: &Range<usize>) {
        match event {
            Event::Start(tag) => self.start(tag, range),
            Event::End(tag) => self.end(tag, range),
            Event::TaskListMarker(_) => self.builder.has_box(),
            Event::Text(text) | Event::InlineMath(text) | Event::DisplayMath(text) => self.take(&text, range),
            Event::Code(code) => self.take(&format!("`{code}`"), range),
            Event::SoftBreak | Event::HardBreak => self.say("\n"),
            Event::Html(text) => {
                self.see(range);
                match &mut self.html {
                    Some((all, _)) => all.push_str(&text),
                    None => self.inline_html(&text, range),
                }
            }
            Event::InlineHtml(text) => {
                self.see(range);
                self.inline_html(&text, range);
            }
            Event::FootnoteReference(name) => self.take(&format!("[{name}]"), range),
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
                // An item that is moved in by a tab begins with the line end before it.
                let blank =
                    self.text.get(range.clone()).map_or(0, |text| text.len().saturating_sub(text.trim_start().len()));
                let line = self.lines.at(range.start.saturating_add(blank));
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
                if !language.trim().contains(char::is_whitespace) {
                    // One word is the language; what says more is kept beside the fence.
                    self.see(&(range.start..range.start.saturating_add(1)));
                }
                self.code = Some((language, String::new(), line.saturating_add(skipped)));
            }
            Tag::HtmlBlock => self.html = Some((String::new(), line)),
            Tag::Table(_) => self.head.clear(),
            Tag::TableHead => self.row = Some(Row { line, is_head: true, ..Row::default() }),
            Tag::TableRow => self.row = Some(Row { line, ..Row::default() }),
            Tag::TableCell => {
                if let Some(row) = &mut self.row {
                    row.cells.push(String::new());
                }
            }
            Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. } => {
                self.links.push(Link { text: String::new(), url: dest_url.to_string() });
            }
            Tag::MetadataBlock(_) => self.metadata = Some((String::new(), line)),
            _ => {}
        }
    }

    fn end(&mut self, tag: TagEnd, range: &Range<usize>) {
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
            TagEnd::TableHead | TagEnd::TableRow => self.end_row(range),
            TagEnd::Link | TagEnd::Image => {
                if let Some(link) = self.links.pop() {
                    self.lead_to(link);
                }
            }
            TagEnd::MetadataBlock(_) => {
                if let Some((text, line)) = self.metadata.take() {
                    self.builder.note(&text, line.saturating_add(1), true);
                }
            }
            _ => {}
        }
    }

    /// Words that stand at a place of the file.
    fn take(&mut self, words: &str, range: &Range<usize>) {
        self.see(range);
        self.say(words);
    }

    fn see(&mut self, range: &Range<usize>) {
        let (first, last) = (self.lines.at(range.start), self.lines.at(range.end.saturating_sub(1).max(range.start)));
        for line in self.seen.get_mut(first..=last).into_iter().flatten() {
            *line = true;
        }
    }

    fn say(&mut self, words: &str) {
        if let Some(link) = self.links.last_mut() {
            link.text.push_str(words);
        }
        if let Some((_, text, _)) = &mut self.code {
            text.push_str(words);
        } else if let Some((text, _)) = &mut self.metadata {
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
        } else {
            self.builder.say(words);
        }
    }

    fn lead_to(&mut self, link: Link) {
        if let Some((_, title, _)) = &mut self.heading {
            *title = with_links(title, [link.url.as_str()].into_iter());
        } else if let Some(row) = &mut self.row {
            row.links.push(link);
        } else if let Some(paragraph) = &mut self.paragraph {
            paragraph.links.push((paragraph.text.matches('\n').count(), link));
        } else {
            self.builder.link(&link);
        }
    }

    fn inline_html(&mut self, text: &str, range: &Range<usize>) {
        let lower = text.to_lowercase();
        if let Some(words) = html::comment(text) {
            self.builder.note(words.trim(), self.lines.at(range.start), true);
        } else if !html::is_tag(text) {
            self.say(text);
        } else if html::is_checkbox(text) {
            if self.builder.is_in_item() {
                self.builder.has_box();
            } else {
                self.say("☐ ");
            }
        } else if lower.starts_with("<br") {
            self.say("\n");
        } else if lower.starts_with("<a") {
            let url = html::attribute(text, "href").unwrap_or_default().to_owned();
            self.links.push(Link { text: String::new(), url });
        } else if lower.starts_with("</a") {
            if let Some(link) = self.links.pop() {
                self.lead_to(link);
            }
        } else if lower.starts_with("<img") {
            let words = html::attribute(text, "alt").unwrap_or_default().to_owned();
            let url = html::attribute(text, "src").unwrap_or_default().to_owned();
            self.say(&words);
            self.lead_to(Link { text: words, url });
        }
    }

    fn end_row(&mut self, range: &Range<usize>) {
        let Some(mut row) = self.row.take() else { return };
        // A row with more cells than its head has loses them on the way.
        let written = self.text.get(range.clone()).map(raw_cells).unwrap_or_default();
        let more = written.into_iter().skip(row.cells.len()).filter(|cell| !cell.trim().is_empty());
        row.cells.extend(more);
        end_row(&mut self.builder, &row, &self.head);
        if row.is_head {
            self.head = row.cells;
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
            let links = paragraph.links.iter().map(|(_, link)| link.url.as_str());
            return self.builder.heading(BOLD, &with_links(words, links), paragraph.line);
        }
        let around = self.builder.depth();
        for (index, line) in paragraph.text.lines().enumerate() {
            let (number, words) = (paragraph.line.saturating_add(index), line.trim());
            let links = || paragraph.links.iter().filter(|(at, _)| *at == index).map(|(_, link)| link);
            if let Some((sort, rest)) = begun(words) {
                self.builder.end_items(around);
                self.builder.begin_item(sort, number);
                self.builder.say(rest);
            } else if self.builder.depth() > around {
                self.builder.say(" ");
                self.builder.say(words);
            } else {
                self.builder.note(&with_links(words, links().map(|link| link.url.as_str())), number, false);
            }
            if self.builder.depth() > around {
                for link in links() {
                    self.builder.link(link);
                }
            }
        }
        self.builder.end_items(around);
    }

    /// What no event spoke of (where a link's address is defined, say) is kept as it stands.
    fn finish(mut self) -> Runbook {
        self.builder.end_items(0);
        for (index, line) in self.text.lines().enumerate() {
            let number = index.saturating_add(1);
            let is_seen = self.seen.get(number).copied().unwrap_or(false);
            if !is_seen && line.contains(char::is_alphabetic) {
                self.builder.rest(line.trim(), number);
            }
        }
        self.builder.finish()
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
