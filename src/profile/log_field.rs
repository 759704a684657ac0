//! The names of a log's fields: by which lines belong together, and which are drawn as columns.

use crate::setting::{Found, Kind, Table, Wrong, quoted, word};

/// More columns than this would leave no room for a text on any screen.
const COLUMNS: usize = 12;

/// Reads `correlate` and `columns`.
pub(super) fn read(table: &mut Table<'_>) -> (Vec<String>, Vec<String>) {
    let accepted = "a field's name, or a list of names";
    let doc = "Fields by which Enter on a line finds every line that belongs to it, in all logs: a trace id, a STAN. A name \
               stands for others with the same last part, whatever their case: \"Properties.TraceId\" for \"trace_id\".";
    let correlate = table.optional("correlate", doc, &name().one_or_list(accepted));
    let doc = "Fields drawn as columns before the text, by their whole names, at most 12; dropped from the right where the pane \
               is narrow. \"source\" is the log's own name. Time, pool and level stand there anyhow.";
    let columns = table.optional("columns", doc, &name().list("a list of fields' names"));
    if let Some(columns) = columns.as_ref().filter(|columns| columns.value.len() > COLUMNS) {
        let wrong = Wrong::new(format!("names {} columns", columns.value.len()));
        table.report().refuse(&columns.spot, wrong.accepted(format!("at most {COLUMNS} columns")));
    }
    (once(table, correlate), once(table, columns))
}

fn name() -> Kind<String> {
    word("a field's name: letters, digits and . _ - @ / : $, at most 100", "._-@/:$", 100)
}

fn once(table: &Table<'_>, names: Option<Found<Vec<Found<String>>>>) -> Vec<String> {
    let mut kept: Vec<String> = Vec::new();
    for name in names.into_iter().flat_map(|names| names.value) {
        if kept.contains(&name.value) {
            let wrong = Wrong::new(format!("names {} twice", quoted(&name.value)));
            table.report().refuse(&name.spot, wrong.advice("name each field once"));
        } else {
            kept.push(name.value);
        }
    }
    kept
}
