//! HTML in Markdown: lists, boxes, headings, tables and links. Other tags of HTML are left out and their words stay; what
//! only looks like a tag (`<version>`) is words.

use super::Sort;
use super::builder::{BOLD, Builder};
use super::table::{Row, end_row};
use crate::domain::checklist::Link;

/// Tags that mean something else than words.
const TAGS: &[&str] = &[
    "a",
    "abbr",
    "article",
    "aside",
    "b",
    "blockquote",
    "body",
    "br",
    "button",
    "caption",
    "center",
    "code",
    "col",
    "colgroup",
    "dd",
    "del",
    "details",
    "div",
    "dl",
    "dt",
    "em",
    "fieldset",
    "figcaption",
    "figure",
    "font",
    "footer",
    "form",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "head",
    "header",
    "hr",
    "html",
    "i",
    "img",
    "input",
    "ins",
    "kbd",
    "label",
    "legend",
    "li",
    "link",
    "main",
    "mark",
    "meta",
    "nav",
    "ol",
    "p",
    "picture",
    "pre",
    "s",
    "samp",
    "section",
    "small",
    "source",
    "span",
    "strong",
    "sub",
    "summary",
    "sup",
    "table",
    "tbody",
    "td",
    "th",
];

/// The rest of them.
const MORE: &[&str] = &["tfoot", "thead", "title", "tr", "tt", "u", "ul", "var"];

/// Takes a block of HTML that begins at a line.
pub(super) fn take(builder: &mut Builder, text: &str, first: usize) {
    let around = builder.depth();
    let mut reader =
        Reader { builder, around, words: String::new(), words_line: first, heading: None, row: None, link: None };
    let mut ordered: Vec<bool> = Vec::new();
    let mut line = first;
    let mut rest = text;
    while !rest.is_empty() {
        let (words, after) = rest.split_at(next_tag(rest).unwrap_or(rest.len()));
        reader.say(words, line);
        line = line.saturating_add(words.matches('\n').count());
        let Some((tag, after)) = tag(after) else { break };
        reader.tag(tag, line, &mut ordered);
        line = line.saturating_add(tag.matches('\n').count());
        rest = after;
    }
    reader.finish();
}

/// Whether a tag is a box to tick.
pub(super) fn is_checkbox(tag: &str) -> bool {
    name(tag) == "input" && tag.to_lowercase().contains("checkbox")
}

/// Whether it is a tag of HTML, or a comment.
pub(super) fn is_tag(text: &str) -> bool {
    let name = name(text);
    let name = name.strip_prefix('/').unwrap_or(&name);
    text.starts_with("<!--") || TAGS.contains(&name) || MORE.contains(&name)
}

/// The words of a comment.
pub(super) fn comment(text: &str) -> Option<&str> {
    let words = text.strip_prefix("<!--")?;
    Some(words.strip_suffix("-->").unwrap_or(words))
}

/// Where the next tag or comment that ends begins.
fn next_tag(text: &str) -> Option<usize> {
    text.match_indices('<').map(|(at, _)| at).find(|at| {
        let rest = text.get(*at..).unwrap_or_default();
        is_tag(rest) && tag(rest).is_some()
    })
}

/// A tag or a comment at the beginning of a text, and what follows it.
fn tag(text: &str) -> Option<(&str, &str)> {
    let end = if text.starts_with("<!--") { "-->" } else { ">" };
    let at = text.find(end)?;
    // A tag ends on its line or a few further; what does not is words.
    let (tag, rest) = text.split_at_checked(at.saturating_add(end.len()))?;
    let is_one = tag.starts_with("<!--") || !tag.get(1..).unwrap_or_default().contains('<');
    is_one.then_some((tag, rest))
}

/// The name of a tag, `/li` for one that ends.
fn name(tag: &str) -> String {
    let inner = tag.strip_prefix('<').unwrap_or(tag);
    let end =
        inner.char_indices().find(|(at, c)| *at > 0 && !c.is_ascii_alphanumeric()).map_or(inner.len(), |(at, _)| at);
    inner.split_at_checked(end).map_or("", |(name, _)| name).to_lowercase()
}

/// The value of an attribute.
pub(super) fn attribute<'t>(tag: &'t str, name: &str) -> Option<&'t str> {
    let (_, after) = tag.split_once(&format!("{name}="))?;
    let quote = after.chars().next().filter(|c| ['"', '\''].contains(c));
    match quote {
        Some(quote) => after.get(1..)?.split(quote).next(),
        None => after.split(|c: char| c.is_whitespace() || c == '>').next(),
    }
}

struct Reader<'b> {
    builder: &'b mut Builder,
    /// How many items were open before.
    around: usize,
    /// Words in no item.
    words: String,
    words_line: usize,
    heading: Option<(u8, String, usize)>,
    row: Option<Row>,
    link: Option<Link>,
}

impl Reader<'_> {
    fn is_in_item(&self) -> bool {
        self.builder.depth() > self.around
    }

    fn say(&mut self, words: &str, line: usize) {
        let words = words.replace("&nbsp;", " ").replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&");
        if let Some(link) = &mut self.link {
            link.text.push_str(&words);
        }
        if let Some((_, title, _)) = &mut self.heading {
            title.push_str(&words);
        } else if let Some(cell) = self.row.as_mut().and_then(|row| row.cells.last_mut()) {
            cell.push_str(&words);
        } else if self.is_in_item() {
            self.builder.say(&words);
        } else {
            if self.words.trim().is_empty() {
                let before = words.len().saturating_sub(words.trim_start().len());
                let before = words.split_at_checked(before).map_or("", |(before, _)| before);
                self.words_line = line.saturating_add(before.matches('\n').count());
                self.words.clear();
            }
            self.words.push_str(&words);
        }
    }

    fn tag(&mut self, tag: &str, line: usize, ordered: &mut Vec<bool>) {
        if let Some(words) = comment(tag) {
            return self.builder.note(words.trim(), line, true);
        }
        match name(tag).as_str() {
            "ol" => ordered.push(true),
            "ul" => ordered.push(false),
            "/ol" | "/ul" => {
                ordered.pop();
                // `</li>` may be left out.
                self.builder.end_items(self.around.saturating_add(ordered.len()).min(self.builder.depth()));
            }
            "li" => {
                self.end_words();
                self.builder.end_items(self.around.saturating_add(ordered.len().saturating_sub(1)));
                let sort = if ordered.last().copied().unwrap_or(false) { Sort::Step } else { Sort::Point };
                self.builder.begin_item(sort, line);
            }
            "/li" => {
                let left = self.builder.depth().saturating_sub(1).max(self.around);
                self.builder.end_items(left);
            }
            "input" if is_checkbox(tag) => {
                if self.is_in_item() {
                    self.builder.has_box();
                } else {
                    self.say("☐ ", line);
                }
            }
            "h1" | "h2" | "h3" | "h4" | "h5" | "h6" | "summary" => {
                self.end_words();
                let level = name(tag).strip_prefix('h').and_then(|level| level.parse().ok()).unwrap_or(BOLD);
                self.heading = Some((level, String::new(), line));
            }
            "/h1" | "/h2" | "/h3" | "/h4" | "/h5" | "/h6" | "/summary" => self.end_heading(),
            "tr" => {
                self.end_words();
                self.row = Some(Row { line, ..Row::default() });
            }
            "td" | "th" => {
                if let Some(row) = &mut self.row {
                    row.is_head |= name(tag) == "th";
                    row.cells.push(String::new());
                }
            }
            "/tr" => self.end_row(),
            "a" => {
                let url = attribute(tag, "href").unwrap_or_default().to_owned();
                self.link = Some(Link { text: String::new(), url });
            }
            "/a" => {
                if let Some(link) = self.link.take() {
                    self.lead_to(link, line);
                }
            }
            "img" => {
                let words = attribute(tag, "alt").unwrap_or_default().to_owned();
                let url = attribute(tag, "src").unwrap_or_default().to_owned();
                self.say(&words, line);
                self.lead_to(Link { text: words, url }, line);
            }
            "p" | "/p" | "br" | "div" | "/div" => {
                if self.is_in_item() || self.row.is_some() {
                    self.say(" ", line);
                } else {
                    self.end_words();
                }
            }
            _ => {}
        }
    }

    fn lead_to(&mut self, to: Link, line: usize) {
        if let Some(row) = &mut self.row {
            row.links.push(to);
        } else if self.is_in_item() {
            self.builder.link(&to);
        } else {
            self.say(&format!(" <{}>", to.url), line);
        }
    }

    fn end_heading(&mut self) {
        if let Some((level, title, line)) = self.heading.take() {
            self.builder.heading(level, &title, line);
            self.around = 0;
        }
    }

    fn end_row(&mut self) {
        if let Some(row) = self.row.take() {
            end_row(self.builder, &row, &[]);
        }
    }

    /// Words in no item: with a box before them they are one.
    fn end_words(&mut self) {
        let words = std::mem::take(&mut self.words);
        if super::mark::after_box(&words).is_some() {
            self.builder.item(Sort::Box, &words, self.words_line);
        } else if !self.builder.say(&words) {
            self.builder.note(words.trim(), self.words_line, false);
        }
    }

    fn finish(mut self) {
        if let Some(link) = self.link.take() {
            self.lead_to(link, self.words_line);
        }
        self.end_row();
        self.end_heading();
        self.end_words();
        self.builder.end_items(self.around.min(self.builder.depth()));
    }
}
