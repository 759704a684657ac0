//! Lines of TOML.

/// The file in the making.
#[derive(Default)]
pub(super) struct Page(String);

impl Page {
    pub(super) fn line(&mut self, line: &str) {
        self.0.push_str(line);
        self.0.push('\n');
    }

    /// One empty line, never two.
    pub(super) fn gap(&mut self) {
        if !self.0.is_empty() && !self.0.ends_with("\n\n") {
            self.0.push('\n');
        }
    }

    /// Lines that say something and mean nothing.
    pub(super) fn comment(&mut self, text: &str) {
        for line in text.lines() {
            self.line(format!("# {}", harmless(line)).trim_end());
        }
    }

    /// A line that begins a part of the file.
    pub(super) fn rule(&mut self, title: &str) {
        self.gap();
        self.line(&format!("# ---- {title} ----"));
    }

    pub(super) fn finish(self) -> String {
        self.0
    }
}

/// Text without what a profile may not hold.
pub(super) fn harmless(text: &str) -> String {
    let hidden =
        |c: char| matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}');
    let plain = text.chars().filter(|c| !hidden(*c));
    plain.map(|c| if c.is_control() && c != '\n' && c != '\t' { ' ' } else { c }).collect()
}

/// Text on one line as TOML has it.
pub(super) fn quoted(text: &str) -> String {
    let text = harmless(text).replace(['\n', '\t'], " ");
    if text.contains(['"', '\\']) { lines(&text) } else { format!("\"{text}\"") }
}

/// Lines as TOML has them: as they are, where nothing in them would end the text. What is escaped reads differently to
/// whoever looks through a profile for secrets.
pub(super) fn lines(text: &str) -> String {
    let text = harmless(text);
    let is_one = !text.contains('\n');
    if text.contains("'''") {
        escaped(&text)
    } else if is_one && !text.contains('\'') {
        format!("'{text}'")
    } else if is_one && !text.ends_with('\'') && !text.starts_with('\'') {
        format!("'''{text}'''")
    } else if is_one {
        escaped(&text)
    } else if text.ends_with('\'') {
        format!("'''\n{text}\n'''")
    } else {
        format!("'''\n{text}'''")
    }
}

fn escaped(text: &str) -> String {
    let mut quoted = String::from('"');
    for c in text.chars() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

/// At most so many characters.
pub(super) fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let kept: String = text.chars().take(most.saturating_sub(1)).collect();
    format!("{}…", kept.trim_end())
}
