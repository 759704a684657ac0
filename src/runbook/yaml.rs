//! Lists of YAML as Markdown: keys at the edge head what follows, line for line.

/// The text as Markdown, where it is YAML with lists below its keys and nothing of Markdown.
pub(super) fn as_markdown(text: &str) -> Option<String> {
    let is_list = |line: &str| line.trim_start().starts_with("- ");
    let is_key = |line: &str| {
        let key = line.strip_suffix(':').unwrap_or_default();
        !key.is_empty()
            && key.chars().all(|c| c.is_alphanumeric() || "-_ .".contains(c))
            && !key.starts_with([' ', '-'])
    };
    let is_other = |line: &str| {
        let line = line.trim_start();
        line.starts_with("```") || line.starts_with("- [") || line.starts_with("# ") || line.starts_with("##")
    };
    let mut lists = text.lines().scan(false, |after_key, line| {
        let found = *after_key && is_list(line);
        *after_key = is_key(line.trim_end());
        Some(found)
    });
    if !lists.any(|found| found) || text.lines().any(is_other) {
        return None;
    }
    let lines = text.lines().map(|line| match line.trim_end() {
        key if is_key(key) => format!("## {}", key.trim_end_matches(':')),
        line => line.to_owned(),
    });
    Some(lines.collect::<Vec<_>>().join("\n"))
}
