//! HTML in Markdown: lists, boxes, headings and tables; other tags are left out, their words stay.

use super::Sort;
use super::builder::{BOLD, Builder};
use super::markdown::end_row;

/// Takes a block of HTML that begins at a line.
pub(super) fn take(builder: &mut Builder, text: &str, first: usize) {
    let mut reader = Reader { builder, words: String::new(), words_line: first, heading: None, row: None, open: 0 };
    let mut ordered: Vec<bool> = Vec::new();
    let mut line = first;
    let mut rest = text;
    while !rest.is_empty() {
        let (words, after) = rest.split_at(rest.find('<').unwrap_or(rest.len()));
        reader.say(words, line);
        line = line.saturating_add(words.matches('\n').count());
        let Some((tag, after)) = tag(after) else { break };
        let closed = line.saturating_add(tag.matches('\n').count());
        reader.tag(tag, line, &mut ordered);
        (line, rest) = (closed, after);
    }
    reader.finish();
}

/// Whether a tag is a box to tick.
pub(super) fn is_checkbox(tag: &str) -> bool {
    name(tag) == "input" && tag.to_lowercase().contains("checkbox")
}

/// A tag or a comment at the beginning of a text, and what follows it.
fn tag(text: &str) -> Option<(&str, &str)> {
    if text.is_empty() {
        return None;
    }
    let end = if text.starts_with("<!--") { "-->" } else { ">" };
    match text.find(end) {
        Some(at) => Some(text.split_at(at.saturating_add(end.len()))),
        None => Some((text, "")),
    }
}

/// The name of a tag, `/li` for one that ends.
fn name(tag: &str) -> String {
    let inner = tag.trim_start_matches('<');
    let end =
        inner.char_indices().find(|(at, c)| *at > 0 && !c.is_ascii_alphanumeric()).map_or(inner.len(), |(at, _)| at);
    inner.split_at(end).0.to_lowercase()
}

struct Reader<'b> {
    builder: &'b mut Builder,
    /// Words in no item.
    words: String,
    words_line: usize,
    heading: Option<(u8, String, usize)>,
    row: Option<(Vec<String>, usize, bool)>,
    /// How many items of this block are open.
    open: usize,
}

impl Reader<'_> {
    fn say(&mut self, words: &str, line: usize) {
        let words = words.replace("&nbsp;", " ").replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&");
        if let Some((_, title, _)) = &mut self.heading {
            title.push_str(&words);
        } else if let Some((cells, _, _)) = &mut self.row {
            if let Some(cell) = cells.last_mut() {
                cell.push_str(&words);
            }
        } else if self.open > 0 {
            self.builder.say(&words);
        } else {
            if self.words.trim().is_empty() {
                let before = words.len().saturating_sub(words.trim_start().len());
                self.words_line = line.saturating_add(words.split_at(before).0.matches('\n').count());
                self.words.clear();
            }
            self.words.push_str(&words);
        }
    }

    fn tag(&mut self, tag: &str, line: usize, ordered: &mut Vec<bool>) {
        if tag.starts_with("<!--") {
            return;
        }
        match name(tag).as_str() {
            "ol" => ordered.push(true),
            "ul" => ordered.push(false),
            "/ol" | "/ul" => {
                ordered.pop();
            }
            "li" => {
                self.end_words();
                // `</li>` may be left out.
                while self.open >= ordered.len().max(1) {
                    self.end_item();
                }
                let sort = if ordered.last().copied().unwrap_or(false) { Sort::Step } else { Sort::Point };
                self.builder.begin_item(sort, line);
                self.open = self.open.saturating_add(1);
            }
            "/li" => self.end_item(),
            "input" if is_checkbox(tag) => {
                if self.open > 0 {
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
            "/h1" | "/h2" | "/h3" | "/h4" | "/h5" | "/h6" | "/summary" => {
                if let Some((level, title, line)) = self.heading.take() {
                    self.open = 0;
                    self.builder.heading(level, &title, line);
                }
            }
            "tr" => {
                self.end_words();
                self.row = Some((Vec::new(), line, false));
            }
            "td" | "th" => {
                if let Some((cells, _, is_head)) = &mut self.row {
                    *is_head |= name(tag) == "th";
                    cells.push(String::new());
                }
            }
            "/tr" => {
                if let Some((cells, line, is_head)) = self.row.take() {
                    end_row(self.builder, &cells, line, is_head);
                }
            }
            "a" => {
                let to = tag.split_once("href=").map(|(_, to)| to.trim_start_matches(['"', '\'']));
                let to = to.and_then(|to| to.split(['"', '\'', '>', ' ']).next());
                self.builder.link(to.unwrap_or_default());
            }
            "p" | "/p" | "br" | "div" | "/div" => {
                if self.open > 0 {
                    self.say(" ", line);
                } else {
                    self.end_words();
                }
            }
            _ => {}
        }
    }

    fn end_item(&mut self) {
        if self.open > 0 {
            self.open = self.open.saturating_sub(1);
            self.builder.end_item();
        }
    }

    /// Words in no item: with a box before them they are one.
    fn end_words(&mut self) {
        let words = std::mem::take(&mut self.words);
        if super::mark::after_box(&words).is_some() {
            self.builder.begin_item(Sort::Box, self.words_line);
            self.builder.say(&words);
            self.builder.end_item();
        } else {
            self.builder.note(words.trim(), self.words_line);
        }
    }

    fn finish(mut self) {
        self.end_words();
        while self.open > 0 {
            self.end_item();
        }
        if let Some((cells, line, is_head)) = self.row.take() {
            end_row(self.builder, &cells, line, is_head);
        }
        if let Some((level, title, line)) = self.heading.take() {
            self.builder.heading(level, &title, line);
        }
    }
}
