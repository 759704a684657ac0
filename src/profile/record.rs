//! `[record]`: where the records of sessions are written.

use std::path::PathBuf;

use serde_json::json;

use crate::setting::{Kind, Table, Wrong, quoted};

/// Reads the table; `None` where no record is written by itself.
pub(super) fn read(table: &mut Table<'_>) -> Option<PathBuf> {
    let doc = "Records in files: written when a session is closed, as Markdown and JSON. Default: none, `flightdeck record` \
               prints them.";
    let read = table.table("record", doc, |table| {
        let doc = "The directory that they are written below, in one for the environment; a path that does not begin with / \
                   counts from where this profile lies.";
        table.required("directory", doc, &directory()).map(|directory| directory.value)
    });
    read.flatten()
}

fn directory() -> Kind<PathBuf> {
    let schema = json!({ "type": "string", "minLength": 1 });
    Kind::from_text("the path of a directory, such as \"docs/deployments\"", schema, |text| {
        if text.is_empty() || text.chars().any(char::is_control) || text.trim() != text || text.starts_with('~') {
            Err(Wrong::new(format!("cannot be {}", quoted(text))))
        } else {
            Ok(PathBuf::from(text))
        }
    })
}
