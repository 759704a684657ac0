//! A row of a table: an item where it has a box, or stands in a procedure.

use super::Sort;
use super::builder::{Builder, with_links};
use super::mark::after_box;
use crate::domain::checklist::Link;

/// Columns that say who does it.
const WHO: [&str; 8] = ["who", "owner", "role", "responsible", "assignee", "by whom", "team", "done by"];

/// A row in the making.
#[derive(Default)]
pub(super) struct Row {
    pub(super) cells: Vec<String>,
    pub(super) line: usize,
    pub(super) is_head: bool,
    pub(super) links: Vec<Link>,
}

/// Takes a row below a table's head.
pub(super) fn end_row(builder: &mut Builder, row: &Row, head: &[String]) {
    let names_who =
        |column: usize| head.get(column).is_some_and(|title| WHO.contains(&title.trim().to_lowercase().as_str()));
    let mut has_box = false;
    let mut role = None;
    let mut words: Vec<&str> = Vec::new();
    for (column, cell) in row.cells.iter().enumerate() {
        let rest = after_box(cell);
        has_box |= rest.is_some();
        match rest.unwrap_or(cell).trim() {
            "" => {}
            who if names_who(column) && role.is_none() => role = Some(who),
            cell => words.push(cell),
        }
    }
    if !row.is_head && (has_box || (builder.is_in_procedure() && !words.is_empty())) {
        if words.is_empty() {
            words.extend(role.take());
        }
        builder.begin_item(if has_box { Sort::Box } else { Sort::Point }, row.line);
        builder.say(&words.join(" · "));
        builder.role(role.unwrap_or_default());
        for link in &row.links {
            builder.link(link);
        }
        builder.end_item();
    } else {
        // Nothing is made of it: it stands as it was written.
        let cells = row.cells.iter().map(|cell| cell.trim()).filter(|cell| !cell.is_empty());
        let links = row.links.iter().map(|link| link.url.as_str());
        builder.note(&with_links(&cells.collect::<Vec<_>>().join(" · "), links), row.line, row.is_head);
    }
}

/// The cells of a row as they are written.
pub(super) fn raw_cells(line: &str) -> Vec<String> {
    let line = line.trim();
    let line = line.strip_prefix('|').unwrap_or(line);
    let mut cells = vec![String::new()];
    let mut is_escaped = false;
    for c in line.chars() {
        if c == '|' && !is_escaped {
            cells.push(String::new());
        } else if let Some(cell) = cells.last_mut() {
            cell.push(c);
        }
        is_escaped = c == '\\' && !is_escaped;
    }
    cells
}
