//! `AsciiDoc` as Markdown, as far as runbooks go: headings, lists and blocks of code, line for line.

/// The text as Markdown, where it is `AsciiDoc`: it has headings of `==`, and none of `#`.
pub(super) fn as_markdown(text: &str) -> Option<String> {
    let heads = |line: &str| marked(line, '=').is_some_and(|(level, _)| level > 1);
    if !text.lines().any(heads) || text.lines().any(|line| line.starts_with("# ") || line.starts_with("## ")) {
        return None;
    }
    let mut language = String::new();
    let mut in_code = false;
    let mut lines = Vec::new();
    for line in text.lines() {
        let is_fence = line.len() >= 4 && line.chars().all(|c| c == '-');
        lines.push(if is_fence {
            in_code = !in_code;
            let word = if in_code { std::mem::take(&mut language) } else { String::new() };
            format!("```{word}")
        } else if in_code {
            line.to_owned()
        } else if let Some(inside) = line.strip_prefix("[source").and_then(|rest| rest.strip_suffix(']')) {
            inside.trim_matches([',', ' ', '%']).clone_into(&mut language);
            String::new()
        } else if let Some((level, words)) = marked(line, '=') {
            format!("{} {words}", "#".repeat(level))
        } else if let Some((level, words)) = marked(line, '*') {
            format!("{}- {words}", "   ".repeat(level.saturating_sub(1)))
        } else if let Some((level, words)) = marked(line, '.') {
            format!("{}1. {words}", "   ".repeat(level.saturating_sub(1)))
        } else {
            match line.trim_end() {
                // What goes on with an item.
                "+" => String::new(),
                _ => line.to_owned(),
            }
        });
    }
    Some(lines.join("\n"))
}

/// How often a line begins with a sign, and the words after it.
fn marked(line: &str, sign: char) -> Option<(usize, &str)> {
    let rest = line.trim_start_matches(sign);
    let count = line.len().saturating_sub(rest.len());
    let words = rest.strip_prefix(' ')?;
    ((1..=6).contains(&count) && !words.trim().is_empty()).then_some((count, words.trim()))
}
