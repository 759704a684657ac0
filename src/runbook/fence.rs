//! Code fences: commands of a shell, and lists that somebody put into a fence for their looks.

use super::builder::{Builder, FENCED};
use super::mark::{after_box, after_bullet, after_number};
use super::{Command, Sort};

/// Languages whose lines are typed, or read by a program.
const PROGRAMS: [&str; 26] = [
    "bash",
    "sh",
    "shell",
    "zsh",
    "fish",
    "console",
    "shell-session",
    "terminal",
    "powershell",
    "ps1",
    "cmd",
    "bat",
    "sql",
    "psql",
    "python",
    "py",
    "json",
    "http",
    "hcl",
    "terraform",
    "dockerfile",
    "groovy",
    "javascript",
    "js",
    "promql",
    "kql",
];

/// Takes a fence: its language, its text, its first line.
pub(super) fn take(builder: &mut Builder, language: &str, text: &str, line: usize) {
    let word = language.split([' ', ',', '{']).next().unwrap_or_default().to_lowercase();
    if !PROGRAMS.contains(&word.as_str()) && has_items(text) {
        return list(builder, text, line);
    }
    let steps = if builder.is_in_item() { Vec::new() } else { numbered(text) };
    if PROGRAMS.contains(&word.as_str()) && steps.len() > 1 && builder.is_in_procedure() {
        let before = steps.first().map_or(0, |(_, first, _)| *first);
        builder.note(&text.lines().take(before).collect::<Vec<_>>().join("\n"), line);
        for (title, first, lines) in steps {
            builder.begin_item(Sort::Step, line.saturating_add(first));
            builder.say(title);
            let text = lines.join("\n").trim().to_owned();
            if !text.is_empty() {
                builder.command(Command { language: word.clone(), text, line: line.saturating_add(first) });
            }
            builder.end_item();
        }
        return;
    }
    let text = text.trim_end();
    if PROGRAMS.contains(&word.as_str()) || builder.is_in_item() {
        builder.command(Command { language: word, text: text.to_owned(), line });
    } else {
        builder.note(text, line);
    }
}

fn has_items(text: &str) -> bool {
    text.lines().any(|line| {
        let line = line.trim_start();
        let line = after_bullet(line).unwrap_or(line);
        after_box(line).is_some() || after_number(line).is_some()
    }) || text.lines().filter(|line| after_bullet(line.trim_start()).is_some()).count() > 1
}

/// Lines with boxes, numbers and bullets, nested by how far they are moved in; others that end with `:` head what follows.
fn list(builder: &mut Builder, text: &str, first: usize) {
    let in_item = builder.is_in_item();
    let mut open: Vec<usize> = Vec::new();
    for (index, written) in text.lines().enumerate() {
        let line = first.saturating_add(index);
        let words = written.trim();
        let indent = written.chars().take_while(|c| c.is_whitespace()).map(|c| if c == '\t' { 4 } else { 1 }).sum();
        let bare = after_bullet(words);
        let found = if let Some(rest) = after_box(bare.unwrap_or(words)) {
            Some((Sort::Box, rest))
        } else if let Some(rest) = after_number(words) {
            Some((Sort::Step, rest))
        } else {
            bare.map(|rest| (Sort::Point, rest))
        };
        match found {
            Some((sort, rest)) => {
                close(builder, &mut open, indent);
                builder.begin_item(sort, line);
                builder.say(rest);
                open.push(indent);
            }
            None if words.is_empty() => {}
            None if words.ends_with(':') && !in_item => {
                close(builder, &mut open, 0);
                builder.heading(FENCED, words, line);
            }
            // What is moved in further than the item belongs to it.
            None if open.last().is_some_and(|item| indent > *item) => {
                builder.say(" ");
                builder.say(words);
            }
            None => {
                close(builder, &mut open, 0);
                builder.note(words, line);
            }
        }
    }
    close(builder, &mut open, 0);
}

/// Ends the items that do not go around what is moved in so far.
fn close(builder: &mut Builder, open: &mut Vec<usize>, indent: usize) {
    while open.last().is_some_and(|item| *item >= indent) {
        open.pop();
        builder.end_item();
    }
}

/// The steps of a script that numbers them in its comments (`# 2. Push`): title, first line, lines.
fn numbered(text: &str) -> Vec<(&str, usize, Vec<&str>)> {
    let mut steps: Vec<(&str, usize, Vec<&str>)> = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let comment = line.strip_prefix('#').map(str::trim_start);
        if let Some(title) = comment.and_then(after_number) {
            steps.push((title, index, Vec::new()));
        } else if let Some((_, _, lines)) = steps.last_mut() {
            lines.push(line);
        }
    }
    steps
}
