//! The JSON Schema of a record's file.

use serde_json::{Value, json};

use super::FORMAT;

/// Every part of the file on the first level with what it is. The parts of a part are those of [`Story`](super::Story).
const PARTS: &[(&str, &str, &str)] = &[
    ("record", "integer", "The record's format."),
    ("session", "string", "The session's id."),
    ("service", "string", "The service."),
    ("environment", "string", "The environment."),
    ("from_version", "string", "The version that ran; empty when not said."),
    ("to_version", "string", "The version that was to run; empty when not said."),
    ("planned", "string", "When it was planned to begin; not there when not said."),
    ("why", "object", "The ticket and the reason; not there when neither is said."),
    ("flightdeck", "string", "The version that opened the session."),
    ("profile", "string", "SHA-256 over the profile that holds at the end."),
    ("pools", "array", "Pools with their marks, in the profile's order."),
    ("routers", "array", "Routers with their kinds, in the profile's order."),
    ("opened", "object", "Who opened it, when, in which entry."),
    ("closed", "object or null", "How it ended; null while it is open."),
    ("chain", "object", "How many entries were checked, the hash of the last, and where the journal breaks."),
    ("names", "string", "`proven` or `claims`: what the names are worth."),
    ("durability", "string", "How safe a kept entry was."),
    ("private", "boolean", "Whether nobody else could join."),
    ("broken_glass", "array", "What one person did alone that asks two."),
    ("cut_off", "array", "What was done while cut off from the journal."),
    ("drove", "array", "Who had the controls from when until when."),
    ("aboard", "array", "Which cockpits were aboard."),
    ("asked", "array", "What second persons were asked, and their answers."),
    ("runs", "array", "Runs of steps that second persons confirmed."),
    ("approvals", "array", "Every word for an approval, given or reported; not there where there is none."),
    ("signatures", "array", "Every signature and what became of checking it."),
    ("step_overrides", "integer", "Gates that were overridden to complete steps done by people."),
    ("overrides", "array", "Every gate that was overridden, by whom, when and why."),
    ("incidents", "array", "What went wrong, in order."),
    ("timeline", "array", "One row for each act."),
    ("changes", "array", "Each change: before, requested, accepted, verified, observed."),
    ("actions", "array", "Each deploy action: what differed, what was asked, what came of it; left out where none is."),
    ("steps", "array", "The steps in the order in which they ended."),
    ("checklist", "array", "Items as they stand at the end."),
    ("follow_ups", "array", "What is to be done after the end, when, and whether it was."),
    ("checks", "array", "What checks came to, with evidence."),
    ("drains", "array", "Proven drains with their evidence."),
    ("lines", "array", "Attached log lines."),
    ("notes", "array", "Notes."),
    ("left_open", "array", "What is left to do, a sentence each."),
    ("skipped", "array", "Kinds of events that were skipped."),
    ("written_by", "string", "The program that wrote the record, and its version."),
    ("entries", "array", "Every entry with its hash, as it was stored: folding them gives the session."),
    ("sums", "array", "The first eight digits of the SHA-256 of each line above."),
    ("digest", "string", "SHA-256 over the line `flightdeck record 1` and every byte above the digest's line."),
];

/// The JSON Schema of a record's file, draft 2020-12.
pub fn schema() -> Value {
    let mut properties = serde_json::Map::new();
    let mut required = Vec::new();
    for (name, kind, doc) in PARTS {
        let kind = match *kind {
            "object or null" => json!(["object", "null"]),
            one => json!(one),
        };
        properties.insert((*name).to_owned(), json!({ "type": kind, "description": doc }));
        if !["why", "planned", "approvals", "actions"].contains(name) {
            required.push(*name);
        }
    }
    let digest = json!({ "type": "string", "pattern": "^[0-9a-f]{64}$" });
    let put = |properties: &mut serde_json::Map<String, Value>, name: &str, key: &str, value: Value| {
        if let Some(Value::Object(property)) = properties.get_mut(name) {
            property.insert(key.to_owned(), value);
        }
    };
    put(&mut properties, "record", "const", json!(FORMAT));
    put(&mut properties, "digest", "pattern", json!("^[0-9a-f]{64}$"));
    put(&mut properties, "sums", "items", json!({ "type": "string", "pattern": "^[0-9a-f]{8}$" }));
    let entry = json!({
        "type": "object",
        "required": ["hash", "entry"],
        "properties": {
            "hash": digest,
            "entry": {
                "type": "object",
                "description": "The entry as the journal has it.",
                "required": ["format", "session", "number", "prev", "id", "cockpit", "actor", "at", "epoch", "events"],
            },
        },
    });
    put(&mut properties, "entries", "items", entry);
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:flightdeck:record",
        "title": "The record of a flightdeck session",
        "type": "object",
        "required": required,
        "properties": properties,
    })
}
