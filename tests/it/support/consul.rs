//! A fake of Consul's configuration entries, with the rules that matter to who changes them: indices, `cas`, whole hundred
//! percents, tokens with rights. What it says it says in Consul's words.

use serde_json::{Map, Value, json};

use super::web::{Asked, Said, Web};

/// What a fake Consul keeps.
pub struct State {
    /// The entry of the service `web`.
    pub entry: Map<String, Value>,
    /// The index of the last write, whatever was written.
    pub index: u64,
    /// The token that may write; empty where nobody asks.
    pub writer: String,
    /// The token that may read only.
    pub reader: String,
    /// Answers every write with this instead, after doing it.
    pub instead: Option<Said>,
    /// Writes one of these, by the index that it counts down, before a conditional write is looked at.
    pub rivals: u32,
}

/// A running fake Consul with one service-splitter.
pub fn start(writer: &str, reader: &str) -> Web<State> {
    let entry = json!({
        "Kind": "service-splitter",
        "Name": "web",
        "Splits": [
            { "Weight": 100, "ServiceSubset": "v1", "RequestHeaders": { "Set": { "x-pool": "blue" } } },
            { "Weight": 0, "ServiceSubset": "v2" },
        ],
        "Meta": { "team": "checkout" },
        "CreateIndex": 7,
        "ModifyIndex": 41,
    });
    let Value::Object(entry) = entry else { unreachable!("it is written as one above") };
    let (writer, reader) = (writer.to_owned(), reader.to_owned());
    Web::start(State { entry, index: 41, writer, reader, instead: None, rivals: 0 }, answer)
}

fn answer(state: &mut State, asked: &Asked) -> Said {
    let shown = asked.header("x-consul-token");
    let may_write = state.writer.is_empty() || shown == state.writer;
    if !may_write && shown != state.reader {
        // Real ones do not repeat the token; a worse one might.
        return Said::text(403, &format!("token {shown} does not exist: ACL not found"));
    }
    match (asked.method.as_str(), asked.route()) {
        ("GET", "/v1/config/service-splitter") => Said::json(200, &json!([state.entry])),
        ("GET", "/v1/config/service-splitter/web") => Said::json(200, &Value::Object(state.entry.clone())),
        ("GET", _) => Said::text(404, "Config entry not found for \"service-splitter\" / \"elsewhere\""),
        ("PUT", "/v1/config") if !may_write => {
            Said::text(403, "Permission denied: token with AccessorID 'a1' lacks permission 'service:write' on \"web\"")
        }
        ("PUT", "/v1/config") => {
            let said = write(state, asked);
            state.instead.clone().unwrap_or(said)
        }
        _ => Said::text(405, "method not allowed"),
    }
}

fn write(state: &mut State, asked: &Asked) -> Said {
    let Value::Object(mut entry) = asked.json() else {
        return Said::text(400, "Request decoding failed: invalid character");
    };
    if state.rivals > 0 {
        state.rivals -= 1;
        state.rival();
    }
    let cas = asked.path.split(['?', '&']).find_map(|part| part.strip_prefix("cas=")?.parse::<u64>().ok());
    if cas != state.entry["ModifyIndex"].as_u64() {
        // Without `cas` it would be overwritten in silence, which no change of ours may do.
        return Said::json(200, &json!(cas.is_none()));
    }
    let splits = entry["Splits"].as_array().cloned().unwrap_or_default();
    let sum: f64 = splits.iter().map(|split| (split["Weight"].as_f64().unwrap_or(0.0) * 100.0).round()).sum();
    if (sum - 10_000.0).abs() > 0.5 {
        return Said::text(400, &format!("the sum of all split weights must be 100, not {:.6}", sum / 100.0));
    }
    for index in ["CreateIndex", "ModifyIndex"] {
        assert!(!entry.contains_key(index), "an index is Consul's own");
    }
    state.index += 1;
    entry.insert("CreateIndex".to_owned(), state.entry["CreateIndex"].clone());
    entry.insert("ModifyIndex".to_owned(), json!(state.index));
    state.entry = entry;
    Said::json(200, &json!(true))
}

impl State {
    /// Gives the two subsets these weights, as another client would.
    pub fn put(&mut self, v1: f64, v2: f64) {
        for (split, weight) in self.entry["Splits"].as_array_mut().into_iter().flatten().zip([v1, v2]) {
            split["Weight"] = json!(weight);
        }
        self.written();
    }

    /// Writes something that is no weight.
    pub fn rival(&mut self) {
        self.entry["Meta"]["rival"] = json!(self.index.to_string());
        self.written();
    }

    fn written(&mut self) {
        self.index += 1;
        self.entry["ModifyIndex"] = json!(self.index);
    }
}
