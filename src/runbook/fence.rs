//! Code fences: commands of a shell, and lists that somebody put into a fence for their looks.

use super::Sort;
use super::builder::{Builder, FENCED};
use super::mark::{after_box, after_bullet, after_number, begun, is_plain_box, moved_in};
use crate::domain::checklist::Command;

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

/// Programs that people type without saying that it is a shell.
const TYPED: [&str; 44] = [
    "kubectl",
    "oc",
    "helm",
    "argocd",
    "aws",
    "az",
    "gcloud",
    "git",
    "gh",
    "docker",
    "podman",
    "curl",
    "wget",
    "psql",
    "mysql",
    "redis-cli",
    "ssh",
    "scp",
    "sudo",
    "make",
    "npm",
    "npx",
    "yarn",
    "python",
    "python3",
    "terraform",
    "ansible",
    "ansible-playbook",
    "systemctl",
    "journalctl",
    "service",
    "nomad",
    "consul",
    "vault",
    "haproxy",
    "socat",
    "echo",
    "export",
    "cd",
    "cat",
    "tail",
    "grep",
    "watch",
    "dig",
];

/// Takes a fence: its language, its text, its first line.
pub(super) fn take(builder: &mut Builder, language: &str, text: &str, line: usize) {
    let word = language.split([' ', ',', '{', ':']).next().unwrap_or_default().to_lowercase();
    let is_program = PROGRAMS.contains(&word.as_str());
    if text.lines().any(|line| is_plain_box(moved_in(line).1)) || (!is_program && has_items(text)) {
        list(builder, text, line);
        return builder.leave_fence();
    }
    let command = |text: String| Command { language: word.clone(), text };
    let steps = if builder.is_in_item() { Vec::new() } else { numbered(text) };
    if is_program && steps.len() > 1 && builder.is_in_procedure() {
        let before = steps.first().map_or(0, |(_, first, _)| *first);
        let before: Vec<&str> = text.lines().take(before).collect();
        builder.note(&before.join("\n"), line, false);
        for (title, first, lines) in steps {
            let line = line.saturating_add(first);
            builder.begin_item(Sort::Step, line);
            builder.say(title);
            let text = lines.join("\n").trim_matches('\n').trim_end().to_owned();
            if !text.is_empty() {
                builder.command(command(text), line);
            }
            builder.end_item();
        }
        return;
    }
    let text = text.trim_end();
    if is_program || builder.is_in_item() || (builder.is_in_procedure() && is_typed(text)) {
        if !text.is_empty() {
            builder.command(command(text.to_owned()), line);
        }
    } else {
        builder.note(text, line, false);
    }
}

/// Whether a line begins with a program that people type.
pub(super) fn is_typed(text: &str) -> bool {
    text.lines().any(|line| {
        let line = line.trim_start();
        let words = line.strip_prefix("$ ").unwrap_or(line);
        let Some((word, _)) = words.split_once(' ') else { return line.starts_with("$ ") || words.starts_with("./") };
        line.starts_with("$ ") || word.starts_with("./") || TYPED.contains(&word)
    })
}

fn has_items(text: &str) -> bool {
    let begins = |line: &str| {
        let words = moved_in(line).1;
        let bare = after_bullet(words);
        (after_box(bare.unwrap_or(words)).is_some() || after_number(words).is_some(), bare.is_some())
    };
    let (mut asks, mut points) = (false, 0_usize);
    for line in text.lines() {
        let (sure, point) = begins(line);
        asks |= sure;
        points = points.saturating_add(usize::from(point));
    }
    asks || points > 1
}

/// Lines with boxes, numbers and bullets, nested by how far they are moved in. What ends with `:`, or stands at the edge
/// with something moved in below it, heads what follows.
fn list(builder: &mut Builder, text: &str, first: usize) {
    let around = builder.depth();
    let mut open: Vec<usize> = Vec::new();
    let mut lines = (first..).zip(text.lines().map(moved_in)).filter(|(_, (_, words))| !words.is_empty()).peekable();
    while let Some((line, (indent, words))) = lines.next() {
        if let Some((sort, rest)) = begun(words) {
            close(builder, &mut open, indent);
            builder.begin_item(sort, line);
            builder.say(rest);
            open.push(indent);
            continue;
        }
        // What is moved in further than the item belongs to it.
        if open.last().is_some_and(|item| indent > *item) && !(words.ends_with(':') && around == 0) {
            builder.say(" ");
            builder.say(words);
            continue;
        }
        close(builder, &mut open, 0);
        let heads = words.ends_with(':')
            || (indent == 0 && lines.peek().is_some_and(|(_, (next, words))| *next > 0 || begun(words).is_some()));
        if around > 0 {
            builder.say(" ");
            builder.say(words);
        } else if heads {
            let deeper = u8::try_from(indent / 2).unwrap_or(u8::MAX).min(8);
            builder.heading(FENCED.saturating_add(deeper), words, line);
        } else {
            builder.note(words, line, false);
        }
    }
    builder.end_items(around);
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
