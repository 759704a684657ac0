//! One scalar: how it is written, what it says, and what must stand in quotes.

/// How a scalar is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Style {
    /// As it is.
    Plain,
    /// In single quotes.
    Single,
    /// In double quotes.
    Double,
}

/// What a scalar says.
pub(super) fn decoded(written: &str, style: Style) -> String {
    let inner = |quote: char| written.strip_prefix(quote).and_then(|text| text.strip_suffix(quote)).unwrap_or(written);
    match style {
        Style::Plain => written.to_owned(),
        Style::Single => inner('\'').replace("''", "'"),
        Style::Double => {
            let mut text = String::new();
            let mut rest = inner('"').chars();
            while let Some(c) = rest.next() {
                match c {
                    '\\' => match rest.next().map(|next| (next, escaped(next))) {
                        Some((_, Some(meant))) => text.push(meant),
                        // Rare forms stay as they are written: they are shown, and compared with nothing that has them.
                        Some((other, None)) => text.extend(['\\', other]),
                        None => text.push('\\'),
                    },
                    other => text.push(other),
                }
            }
            text
        }
    }
}

/// Whether it says exactly what [`decoded`] makes of it: no rare form of an escape is in it.
pub(super) fn is_understood(written: &str, style: Style) -> bool {
    let mut rest = written.chars();
    while style == Style::Double
        && let Some(c) = rest.next()
    {
        if c == '\\' && rest.next().and_then(escaped).is_none() {
            return false;
        }
    }
    true
}

/// What the character behind a backslash stands for, of those that are often written.
fn escaped(c: char) -> Option<char> {
    match c {
        'n' => Some('\n'),
        't' => Some('\t'),
        '"' | '/' | '\\' => Some(c),
        _ => None,
    }
}

/// Whether a plain scalar says that there is none.
pub(super) fn is_null(text: &str) -> bool {
    matches!(text, "~" | "null" | "Null" | "NULL")
}

/// Whether a value can stand without quotes and is read as the text that it is.
pub(super) fn is_plain(value: &str) -> bool {
    let is_clean = value.chars().all(|c| c.is_ascii_alphanumeric() || "._/@+-:".contains(c));
    let begins_well = value.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_' || c == '/');
    let words = ["null", "true", "false", "yes", "no", "on", "off", "y", "n", "inf", "nan", "infinity"];
    let is_word = words.iter().any(|word| value.eq_ignore_ascii_case(word));
    is_clean && begins_well && !value.ends_with(':') && !is_word && !is_number(value)
}

/// Whether a plain scalar is a number, a time or a date, by the older rules of YAML or the newer ones.
fn is_number(value: &str) -> bool {
    let text = value.replace('_', "");
    let is_radix = ["0x", "0o", "0b"].iter().any(|lead| text.to_ascii_lowercase().starts_with(lead));
    let is_digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let is_sexagesimal = text.contains(':') && text.split([':', '.']).all(is_digits);
    let mut dashes = text.splitn(3, '-');
    let is_year = dashes.next().is_some_and(|part| part.len() == 4 && is_digits(part));
    let is_date = is_year && dashes.next().is_some_and(is_digits) && dashes.next().is_some();
    text.parse::<f64>().is_ok() || is_radix || is_sexagesimal || is_date
}
