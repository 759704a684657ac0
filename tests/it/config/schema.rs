//! The schema and the reader are one definition: what loads, the schema accepts.

use flightdeck::profile::schema;
use serde_json::{Value as Json, json};

use super::profiles_in;

#[test]
fn every_valid_profile_fits_the_schema() {
    let schema = schema();
    for path in [profiles_in("tests/it/config/valid"), profiles_in("profiles")].concat() {
        let text = std::fs::read_to_string(&path).expect("the profile can be read");
        let profile: Json = toml::from_str(text.trim_start_matches('\u{feff}')).expect("it is TOML");
        let wrong = misfit(&schema, &schema, &profile, "");
        assert_eq!(wrong, None, "{}", path.display());
    }
}

#[test]
fn the_schema_refuses_unknown_and_missing_keys() {
    let schema = schema();
    let with = |text: &str| misfit(&schema, &schema, &toml::from_str(text).expect("it is TOML"), "");
    assert_eq!(with("service='a'\nenvironment='b'\nnew='c'\npools={}"), None);
    assert_eq!(with("service='a'\nenvironment='b'"), None, "people alone need no pools");
    assert_eq!(with("service='a'\nnew='c'\npools={}"), Some(": environment is missing".to_owned()));
    assert_eq!(
        with("service='a'\nenvironment='b'\nnew='c'\npools={}\nservcie=1"),
        Some(".servcie is unknown".to_owned())
    );
    assert_eq!(
        with("service=1\nenvironment='b'\nnew='c'\npools={}"),
        Some(".service is not of type \"string\"".to_owned())
    );
    let router =
        "service='a'\nenvironment='b'\nnew='c'\npools={}\n[[router]]\nname='r'\nkind='demo'\nat='http://x'\npools={}\n";
    assert_eq!(with(router), None);
    assert_eq!(with(&format!("{router}map='x'")), Some(".router[0].map is unknown".to_owned()));
}

#[test]
fn every_key_says_what_it_is() {
    fn look(schema: &Json, path: &str) {
        for (name, property) in schema["properties"].as_object().into_iter().flatten() {
            if property.get("const").is_none() {
                let doc = property["description"].as_str().unwrap_or_default();
                assert!(doc.ends_with('.'), "{path}.{name}: {doc:?}");
            }
            look(property, &format!("{path}.{name}"));
            look(&property["items"], &format!("{path}.{name}"));
            look(&property["additionalProperties"], &format!("{path}.{name}"));
        }
        for each in schema["oneOf"].as_array().into_iter().flatten() {
            look(each, path);
        }
    }
    look(&schema(), "");
}

/// What does not fit, for the part of JSON Schema that the profile's uses.
fn misfit(root: &Json, schema: &Json, value: &Json, path: &str) -> Option<String> {
    if let Some(reference) = schema["$ref"].as_str() {
        return misfit(root, root.pointer(reference.trim_start_matches('#'))?, value, path);
    }
    if let Some(options) = schema["anyOf"].as_array() {
        let wrong: Vec<_> = options.iter().map(|option| misfit(root, option, value, path)).collect();
        return wrong.iter().all(Option::is_some).then(|| wrong.into_iter().flatten().last()).flatten();
    }
    let of_type = match schema["type"].as_str() {
        None => true,
        Some("object") => value.is_object(),
        Some("array") => value.is_array(),
        Some("string") => value.is_string(),
        Some("number") => value.is_number(),
        Some("integer") => value.is_i64(),
        Some("boolean") => value.is_boolean(),
        Some(other) => panic!("the test does not know type {other}"),
    };
    if !of_type {
        return Some(format!("{path} is not of type {}", schema["type"]));
    }
    let pattern = schema["pattern"].as_str().map(|pattern| regex::Regex::new(pattern).expect("the pattern is one"));
    if pattern.zip(value.as_str()).is_some_and(|(pattern, text)| !pattern.is_match(text)) {
        return Some(format!("{path} does not fit {}", schema["pattern"]));
    }
    if schema["enum"].as_array().is_some_and(|words| !words.contains(value))
        || schema.get("const").is_some_and(|word| word != value)
    {
        return Some(format!("{path} is none of the words"));
    }
    for (index, item) in value.as_array().into_iter().flatten().enumerate() {
        if let Some(wrong) = misfit(root, &schema["items"], item, &format!("{path}[{index}]")) {
            return Some(wrong);
        }
    }
    let object = value.as_object()?;
    let variants: Vec<&Json> = schema["oneOf"].as_array().into_iter().flatten().collect();
    // A key with a default is one that the table itself does not require.
    let required = schema["required"].as_array();
    let is_required = |name: &str| required.is_some_and(|required| required.contains(&json!(name)));
    let default: Vec<&str> = ["kind"].into_iter().filter(|name| !is_required(name)).collect();
    let chosen = variants.iter().find(|each| {
        let words = each["properties"].as_object().into_iter().flatten();
        words.filter_map(|(name, property)| Some((name, property.get("const")?))).all(|(name, word)| {
            let required = each["required"].as_array().is_some_and(|required| required.contains(&json!(name)));
            object.get(name).map_or(!required && default.contains(&name.as_str()), |found| found == word)
        })
    });
    let parts = [Some(schema), chosen.copied()];
    for part in parts.iter().flatten() {
        let required = part["required"].as_array().into_iter().flatten().filter_map(Json::as_str);
        if let Some(missing) = required.into_iter().find(|name| !object.contains_key(*name)) {
            return Some(format!("{path}: {missing} is missing"));
        }
    }
    let others = &schema["additionalProperties"];
    object.iter().find_map(|(name, item)| {
        let path = format!("{path}.{name}");
        let known: Vec<&Json> = parts.iter().flatten().filter_map(|part| part["properties"].get(name)).collect();
        match &known[..] {
            [] if others.is_object() => misfit(root, others, item, &path),
            [] => Some(format!("{path} is unknown")),
            known => known.iter().find_map(|property| misfit(root, property, item, &path)),
        }
    })
}
