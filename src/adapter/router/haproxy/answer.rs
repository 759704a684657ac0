//! Takes answers of the Runtime API apart: sections, CSV tables, `show servers state`, `show info`, `get map`.

use std::collections::BTreeMap;

/// What to do about an answer that no Runtime API gives.
pub(super) const NOT_A_RUNTIME_API: &str =
    "see whether the address is that of a `stats socket` line and not of a web page or another program";

/// Why an answer cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Garbled {
    /// Nothing came.
    #[error("the connection was closed without an answer")]
    Empty,
    /// A web server speaks.
    #[error("a web server answered: `{start}`")]
    Web {
        /// How the answer starts.
        start: String,
    },
    /// It broke off, or was never an answer of this kind.
    #[error("the answer is torn or not one of HAProxy's Runtime API: {what}")]
    Torn {
        /// What is wrong with it.
        what: String,
    },
    /// It is put together of what two processes said.
    #[error("HAProxy was reloaded: {what}")]
    Reloaded {
        /// Which ones.
        what: String,
    },
}

impl Garbled {
    /// What to do about it.
    pub(super) fn advice(&self) -> &'static str {
        match self {
            Self::Web { .. } => "give the address of a `stats socket` line, not that of HAProxy's statistics page",
            Self::Empty | Self::Torn { .. } => NOT_A_RUNTIME_API,
            Self::Reloaded { .. } => "look again, and see who reloads HAProxy now",
        }
    }

    fn torn(what: impl Into<String>) -> Self {
        Self::Torn { what: what.into() }
    }
}

/// Cuts the answer to a line of `count` commands, and of the severity prefix before them, into one section per command.
/// Each answer is ended by an empty line; one that says yes is nothing but that line.
pub(super) fn sections(text: &str, count: usize) -> Result<Vec<String>, Garbled> {
    if text.is_empty() {
        return Err(Garbled::Empty);
    }
    let start = text.trim_start();
    if start.starts_with("HTTP/") || start.starts_with('<') {
        return Err(Garbled::Web { start: excerpt(start) });
    }
    let mut sections = Vec::new();
    let mut section = String::new();
    for line in text.split_inclusive('\n') {
        match line {
            "\n" | "\r\n" => sections.push(std::mem::take(&mut section)),
            line => section.push_str(line),
        }
    }
    // `show info` and the tables end their last line themselves and the empty line follows, so nothing may be left.
    if !section.is_empty() || sections.len() != count + 1 {
        return Err(Garbled::torn(format!(
            "{} of {count} answers, `{}`",
            sections.len().saturating_sub(1),
            excerpt(text)
        )));
    }
    let prefix = sections.remove(0);
    if prefix.is_empty() { Ok(sections) } else { Err(Garbled::torn(format!("`{}`", excerpt(&prefix)))) }
}

/// HAProxy's words in a refusal, without the severity and on one line.
pub(super) fn words(section: &str) -> String {
    excerpt(refusal(section).unwrap_or(section))
}

/// The text of a refusal or a remark: a section that starts with `[n]: `.
pub(super) fn refusal(section: &str) -> Option<&str> {
    let (level, text) = section.strip_prefix('[')?.split_once("]: ")?;
    (!level.is_empty() && level.chars().all(|c| c.is_ascii_digit())).then_some(text)
}

/// The first line of a text, harmless and short.
pub(super) fn excerpt(text: &str) -> String {
    const LENGTH: usize = 100;
    let line = text.trim().lines().next().unwrap_or_default();
    let mut out: String =
        line.chars().take(LENGTH).map(|c| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c }).collect();
    if line.chars().count() > LENGTH {
        out.push('…');
    }
    out
}

/// A table with named columns: HAProxy's columns grow with its versions, so no position is taken for granted.
#[derive(Debug, Clone, Default)]
pub(super) struct Table {
    columns: BTreeMap<String, usize>,
    rows: Vec<Vec<String>>,
}

/// One row of a table.
#[derive(Debug, Clone, Copy)]
pub(super) struct Row<'a> {
    table: &'a Table,
    cells: &'a [String],
}

impl Table {
    /// Reads the CSV of `show stat`.
    pub(super) fn of_stat(section: &str) -> Result<Self, Garbled> {
        let mut lines = section.lines();
        let header = lines.next().and_then(|line| line.strip_prefix("# ")).unwrap_or_default();
        let header = csv(header).ok_or_else(|| Garbled::torn("the header of `show stat` has an open quote"))?;
        let table = Self::new("show stat", &header, lines.map(csv))?;
        table.needs("show stat", &["pxname", "svname", "type", "status", "scur", "stot"])
    }

    /// Reads `show servers state`: a version, a header, and lines of words.
    pub(super) fn of_state(section: &str) -> Result<Self, Garbled> {
        let mut lines = section.lines();
        if lines.next() != Some("1") {
            return Err(Garbled::torn(format!("`show servers state` starts with `{}`", excerpt(section))));
        }
        let words = |line: &str| line.split(' ').map(str::to_owned).collect::<Vec<_>>();
        let header = words(lines.next().and_then(|line| line.strip_prefix("# ")).unwrap_or_default());
        let table = Self::new("show servers state", &header, lines.map(|line| Some(words(line))))?;
        table.needs("show servers state", &["srv_name", "srv_admin_state", "srv_uweight", "srv_iweight"])
    }

    fn new(what: &str, header: &[String], lines: impl Iterator<Item = Option<Vec<String>>>) -> Result<Self, Garbled> {
        let columns = header.iter().enumerate().map(|(index, name)| (name.clone(), index)).collect();
        let rows: Option<Vec<_>> = lines.map(|row| row.filter(|row| row.len() >= header.len())).collect();
        let rows =
            rows.ok_or_else(|| Garbled::torn(format!("a row of `{what}` has not as many columns as its header")))?;
        Ok(Self { columns, rows })
    }

    fn needs(self, what: &str, columns: &[&str]) -> Result<Self, Garbled> {
        match columns.iter().find(|column| !self.columns.contains_key(**column)) {
            None => Ok(self),
            Some(column) => Err(Garbled::torn(format!("`{what}` has no column `{column}`"))),
        }
    }

    /// The rows in HAProxy's order.
    pub(super) fn rows(&self) -> impl Iterator<Item = Row<'_>> {
        self.rows.iter().map(|cells| Row { table: self, cells })
    }
}

impl<'a> Row<'a> {
    /// A cell; empty when the column is absent.
    pub(super) fn text(self, column: &str) -> &'a str {
        self.table.columns.get(column).and_then(|index| self.cells.get(*index)).map_or("", String::as_str)
    }

    /// A cell as a number; `None` when it is empty, absent or none.
    pub(super) fn number(self, column: &str) -> Option<u64> {
        self.text(column).parse().ok()
    }
}

/// Splits a line of CSV; `None` when a quote stays open.
fn csv(line: &str) -> Option<Vec<String>> {
    let mut cells = vec![String::new()];
    let mut quoted = false;
    let mut chars = line.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => {
                chars.next();
                cells.last_mut()?.push('"');
            }
            '"' => quoted = !quoted,
            ',' if !quoted => cells.push(String::new()),
            c => cells.last_mut()?.push(c),
        }
    }
    (!quoted).then_some(cells)
}

/// What `show info` tells of the process.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Info {
    /// Its pid.
    pub(super) pid: String,
    /// The node's name.
    pub(super) node: String,
    /// Seconds since it started.
    pub(super) uptime_s: Option<u64>,
    /// Whether it only ends what it began: an old worker after a reload.
    pub(super) stopping: bool,
}

impl Info {
    /// Reads the `Name: value` lines.
    pub(super) fn of(section: &str) -> Result<Self, Garbled> {
        let find = |name: &str| {
            section
                .lines()
                .filter_map(|line| line.split_once(':'))
                .find(|(key, _)| *key == name)
                .map(|(_, value)| value.trim())
        };
        let pid =
            find("Pid").ok_or_else(|| Garbled::torn(format!("`show info` gives no Pid, `{}`", excerpt(section))))?;
        Ok(Self {
            pid: pid.to_owned(),
            node: find("node").unwrap_or_default().to_owned(),
            uptime_s: find("Uptime_sec").and_then(|seconds| seconds.parse().ok()),
            stopping: find("Stopping").is_some_and(|stopping| stopping != "0"),
        })
    }
}

/// The value that `get map` found under exactly this key; `None` when the map has no such key.
pub(super) fn map_value(section: &str, key: &str) -> Result<Option<String>, Garbled> {
    let line = section.lines().next().unwrap_or_default();
    if line.contains("found=no") {
        return Ok(None);
    }
    let quoted = |name: &str| {
        let (_, rest) = line.split_once(&format!(", {name}=\""))?;
        rest.split_once("\", ").or_else(|| rest.split_once('"')).map(|(text, _)| text)
    };
    let (Some(found), Some(value)) = (quoted("key"), quoted("value")) else {
        return Err(Garbled::torn(format!("`get map` answered `{}`", excerpt(line))));
    };
    Ok((found == key).then(|| value.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_cut_at_empty_lines() {
        assert_eq!(
            sections("\n\n[3]: No such server.\n\n\n", 3),
            Ok(vec![String::new(), "[3]: No such server.\n".into(), String::new()])
        );
        assert!(sections("\nName: HAProxy\nPid: 1\n", 1).is_err(), "the empty line at the end is missing");
        assert_eq!(sections("", 1), Err(Garbled::Empty));
        assert!(matches!(sections("HTTP/1.0 400 Bad request\r\n\r\n<html>", 1), Err(Garbled::Web { .. })));
        assert!(matches!(sections("<html><body>", 1), Err(Garbled::Web { .. })));
    }

    #[test]
    fn a_quoted_cell_keeps_its_commas_and_quotes() {
        let cells = csv("a,\"b,\"\"c\"\"\",,").expect("the quotes are closed");
        assert_eq!(cells, ["a", "b,\"c\"", "", ""]);
        assert_eq!(csv("a,\"b"), None);
    }

    #[test]
    fn a_row_that_breaks_off_makes_the_table_unreadable() {
        let header = "# pxname,svname,type,status,scur,stot,";
        assert!(Table::of_stat(&format!("{header}\napp,b1,2,UP,0,17,\n")).is_ok());
        assert!(Table::of_stat(&format!("{header}\napp,b1,2,UP\n")).is_err());
        assert!(Table::of_stat("# pxname,svname,\napp,b1,\n").is_err(), "the columns that matter are missing");
        assert!(Table::of_stat("hello\n").is_err());
    }

    #[test]
    fn map_answers_give_the_value_of_exactly_that_key() {
        let found = "type=str, case=sensitive, found=yes, idx=tree, key=\"app\", value=\"30\", type=\"sint\"\n";
        assert_eq!(map_value(found, "app"), Ok(Some("30".into())));
        assert_eq!(map_value(found, "application"), Ok(None), "a map that matches by prefix finds a shorter key");
        assert_eq!(map_value("type=str, case=sensitive, found=no\n", "app"), Ok(None));
        assert!(map_value("hello\n", "app").is_err());
    }

    #[test]
    fn refusals_are_told_from_answers() {
        assert_eq!(refusal("[3]: No such proxy.\n"), Some("No such proxy.\n"));
        assert_eq!(refusal("0x5639f1d3fba0 app 30\n"), None);
        assert_eq!(words("[3]: Perm\u{1b}[2Jission denied\nmore"), "Perm\u{fffd}[2Jission denied");
    }

    #[test]
    fn an_old_worker_says_that_it_is_stopping() {
        let info = Info::of("Name: HAProxy\nPid: 42\nUptime_sec: 7\nnode: lb1\nStopping: 1\n").expect("it is readable");
        assert_eq!(info, Info { pid: "42".into(), node: "lb1".into(), uptime_s: Some(7), stopping: true });
        assert!(Info::of("garbage\n").is_err());
    }

    proptest::proptest! {
        #[test]
        fn no_answer_makes_the_parsers_fall_over(text in "[ -~\n]{0,400}") {
            let _cut = sections(&text, 3);
            let _stat = Table::of_stat(&text);
            let _state = Table::of_state(&text);
            let _info = Info::of(&text);
            let _map = map_value(&text, "app");
        }
    }
}
