//! Values that go from one system's document into the next and are nobody's business: taken out of a refusal that repeats them.

use serde_json::Value;

/// Shorter ones say nothing, and would take half the words away with them.
const SHORTEST: usize = 4;

/// The text without the values of variables that were sent: whatever has a name beside its value.
pub(in crate::adapter) fn without_values(text: &str, sent: &Value) -> String {
    let mut values = Vec::new();
    collect(sent, &mut values);
    // A longer one may hold a shorter one.
    values.sort_by_key(|value| std::cmp::Reverse(value.len()));
    values.into_iter().fold(text.to_owned(), |text, value| {
        // In a document of JSON it may stand with its quotes escaped.
        let escaped = Value::from(value).to_string();
        let escaped = escaped.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(&escaped);
        text.replace(escaped, "…").replace(value, "…")
    })
}

fn collect<'v>(document: &'v Value, values: &mut Vec<&'v str>) {
    match document {
        Value::Object(object) => {
            let value = object.get("value").and_then(Value::as_str).filter(|value| value.len() >= SHORTEST);
            values.extend(value.filter(|_| object.contains_key("name")));
            object.values().for_each(|inner| collect(inner, values));
        }
        Value::Array(list) => list.iter().for_each(|inner| collect(inner, values)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::without_values;

    #[test]
    fn a_refusal_that_repeats_a_variable_is_told_without_it() {
        let sent = json!([{ "containers": [{ "env": [
            { "name": "A", "value": "hunter2" }, { "name": "B", "value": "hunter2 \"too\"" }, { "name": "C", "value": "on" },
        ], "image": "shop:1" }] }]);
        let text = r#"{"message": "shop:1 on: Invalid value: hunter2, hunter2 \"too\""}"#;
        assert_eq!(without_values(text, &sent), r#"{"message": "shop:1 on: Invalid value: …, …"}"#);
    }
}
