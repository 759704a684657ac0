//! A whole document: read from its text, or described as a schema.

use std::cell::RefCell;

use serde_json::{Map, Value as Json, json};
use toml::de::DeTable;

use super::super::{Report, Spot, Wrong, literal};
use super::{Table, View};

/// Reads the first source of a report as a TOML file. `None` when it is not TOML; what is wrong is in the report.
pub fn read<R>(report: &Report<'_>, reader: impl FnOnce(&mut Table<'_>) -> R) -> Option<R> {
    let text = report.source(0)?.text();
    let (root, errors) = DeTable::parse_recoverable(text);
    literal::scan(report, 0, Some(root.get_ref()));
    let mut last_line = 0;
    for error in &errors {
        // One slip can confuse the parser for the rest of its line; its first word on the line is the useful one.
        let span = error.span().unwrap_or(0..0);
        let (line, _) = report.source(0)?.place(span.start);
        if line != last_line {
            let what = format!("this is not TOML: {}", error.message().lines().collect::<Vec<_>>().join(", "));
            let advice = "the values are checked once the file reads as TOML";
            report.refuse(
                &Spot { source: 0, span: span.start..span.start, key: String::new() },
                Wrong::new(what).advice(advice),
            );
        }
        last_line = line;
    }
    if !errors.is_empty() {
        return None;
    }
    let spot = Spot { source: 0, span: 0..0, key: String::new() };
    let mut table = Table::new(report, View::Read(root.get_ref()), spot);
    let read = reader(&mut table);
    table.finish();
    report.claim_strays(&table.fields.iter().map(|field| field.name.as_str()).collect::<Vec<_>>());
    Some(read)
}

/// The JSON Schema (draft 2020-12) of what a reader accepts.
pub fn describe<R>(id: &str, title: &str, reader: impl FnOnce(&mut Table<'_>) -> R) -> Json {
    let report = Report::new(&[]);
    let definitions = RefCell::default();
    let mut table =
        Table::new(&report, View::Describe(&definitions), Spot { source: 0, span: 0..0, key: String::new() });
    reader(&mut table);
    let mut schema = Map::new();
    schema.insert("$schema".to_owned(), json!("https://json-schema.org/draft/2020-12/schema"));
    schema.insert("$id".to_owned(), json!(id));
    schema.insert("title".to_owned(), json!(title));
    if let Json::Object(object) = table.schema() {
        schema.extend(object);
    }
    let definitions = definitions.take();
    if !definitions.is_empty() {
        schema.insert("$defs".to_owned(), json!(definitions));
    }
    Json::Object(schema)
}
