//! The reader of one table: every question is asked once, for the value, the unknown keys and the schema.

use std::cell::RefCell;
use std::collections::BTreeMap;

use serde_json::{Map, Value as Json, json};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::kind::Value;
use super::{Found, Kind, Report, Spot, Wrong, literal, quoted};

/// One table that is being read, or described.
pub struct Table<'a> {
    report: &'a Report<'a>,
    view: View<'a>,
    spot: Spot,
    fields: Vec<Field>,
    variants: Vec<Json>,
    not_yet: Vec<(&'static str, &'static str)>,
    /// Whether keys that were not asked for are let pass, because it is not known which ones belong here.
    lax: bool,
}

#[derive(Clone, Copy)]
enum View<'a> {
    Read(&'a DeTable<'a>),
    Describe(&'a RefCell<BTreeMap<&'static str, Json>>),
}

/// Names and their values, in the order of the file.
pub type Entries<T> = Vec<(Found<String>, Found<T>)>;

struct Field {
    name: String,
    required: bool,
    schema: Json,
}

/// One value of a key that says which other keys there are.
pub struct Variant<'a, 'f, R> {
    /// The key's value: `haproxy`.
    pub name: &'static str,
    /// What it means.
    pub doc: &'static str,
    /// Reads the keys that go with it.
    pub read: &'f dyn Fn(&mut Table<'a>) -> R,
}

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

impl<'a> Table<'a> {
    fn new(report: &'a Report<'a>, view: View<'a>, spot: Spot) -> Self {
        Self { report, view, spot, fields: Vec::new(), variants: Vec::new(), not_yet: Vec::new(), lax: false }
    }

    /// The report that collects what is wrong.
    pub fn report(&self) -> &'a Report<'a> {
        self.report
    }

    /// Where the table begins.
    pub fn spot(&self) -> &Spot {
        &self.spot
    }

    /// Where the table begins, said of one of its keys.
    pub fn spot_of(&self, key: &str) -> Spot {
        Spot { key: self.path(key), ..self.spot.clone() }
    }

    /// Says what is wrong with the table as a whole.
    pub fn refuse(&self, wrong: Wrong) {
        if matches!(self.view, View::Read(_)) {
            self.report.refuse(&self.spot, wrong);
        }
    }

    /// Keys that a later version will know, with what to do until then.
    pub fn not_yet(&mut self, keys: &[(&'static str, &'static str)]) {
        self.not_yet.extend_from_slice(keys);
    }

    /// A key that must be there.
    pub fn required<T>(&mut self, key: &str, doc: &str, kind: &Kind<T>) -> Option<Found<T>> {
        self.value(key, doc, true, kind)
    }

    /// A key that may be there.
    pub fn optional<T>(&mut self, key: &str, doc: &str, kind: &Kind<T>) -> Option<Found<T>> {
        self.value(key, doc, false, kind)
    }

    /// Whether the key is written, whatever its value.
    pub fn has(&self, key: &str) -> bool {
        self.spot_if_written(key).is_some()
    }

    /// Where the key's value stands, if it is written.
    pub fn spot_if_written(&self, key: &str) -> Option<Spot> {
        self.get(key).map(|value| value.spot)
    }

    /// Whether the key is written and its value is a table.
    pub fn is_table(&self, key: &str) -> bool {
        self.get(key).is_some_and(|value| value.value.is_table())
    }

    /// A table that may be there.
    pub fn table<R>(&mut self, key: &str, doc: &str, reader: impl FnOnce(&mut Self) -> R) -> Option<R> {
        match self.view {
            View::Describe(_) => {
                let schema = self.described(reader);
                self.field(key, doc, false, schema);
                None
            }
            View::Read(_) => {
                self.field(key, doc, false, Json::Null);
                let value = self.get(key)?;
                let accepted = format!("a table, such as [{}] or {key} = {{ ... }}", self.path(key));
                value.table(&accepted).map(|table| self.child(table, value.spot.clone(), reader))
            }
        }
    }

    /// A list of tables, `[[key]]`; the reader runs on each.
    pub fn tables<R>(&mut self, key: &str, doc: &str, mut reader: impl FnMut(&mut Self) -> R) -> Vec<R> {
        if let View::Describe(_) = self.view {
            let items = self.described(reader);
            self.field(key, doc, false, json!({ "type": "array", "items": items }));
            return Vec::new();
        }
        self.field(key, doc, false, Json::Null);
        let accepted = format!("tables that begin with [[{}]]", strip_counts(&self.path(key)));
        let Some(value) = self.get(key) else { return Vec::new() };
        let Some(array) = value.value.as_array() else {
            value.refuse(Wrong::new(format!("is {}, not a list of tables", value.sort())).accepted(accepted));
            return Vec::new();
        };
        let each = array.iter().enumerate().filter_map(|(index, item)| {
            let value = value.child(item, &format!("[{}]", index + 1));
            Some(self.child(value.table(&accepted)?, value.spot.clone(), &mut reader))
        });
        each.collect()
    }

    /// A table of named tables, `[key.name]`, in the order of the file.
    pub fn named<T, R>(
        &mut self,
        key: &str,
        doc: &str,
        name: &Kind<T>,
        mut reader: impl FnMut(&mut Self) -> R,
    ) -> Vec<(Found<T>, R)> {
        if let View::Describe(_) = self.view {
            let each = self.described(reader);
            let schema = json!({ "type": "object", "propertyNames": name.schema(), "additionalProperties": each });
            self.field(key, doc, false, schema);
            return Vec::new();
        }
        self.field(key, doc, false, Json::Null);
        let accepted = format!("tables that begin with [{}.NAME]", self.path(key));
        let mut all = Vec::new();
        for (spelt, value) in self.entries(key, &accepted) {
            let found = name.read_text(&spelt, spelt.name);
            let Some(table) = value.table(&accepted) else { continue };
            let read = self.child(table, value.spot.clone(), &mut reader);
            all.extend(found.map(|value| (Found { value, spot: spelt.spot }, read)));
        }
        all
    }

    /// A table from names to values of one kind, in the order of the file.
    pub fn map<T>(&mut self, key: &str, doc: &str, kind: &Kind<T>) -> Option<Found<Entries<T>>> {
        let (found, is_whole) = self.map_in_part(key, doc, kind)?;
        is_whole.then_some(found)
    }

    /// What could be read of a map, and whether that is all of it.
    fn map_in_part<T>(&mut self, key: &str, doc: &str, kind: &Kind<T>) -> Option<(Found<Entries<T>>, bool)> {
        self.field(key, doc, false, json!({ "type": "object", "additionalProperties": kind.schema() }));
        let View::Read(_) = self.view else { return None };
        let value = self.get(key)?;
        let accepted = format!("a table, such as {key} = {{ NAME = ... }}");
        value.table(&accepted)?;
        let entries = self.entries(key, &accepted);
        let count = entries.len();
        let read: Entries<T> = entries
            .into_iter()
            .filter_map(|(name, value)| {
                let read = kind.read(&value)?;
                Some((Found { value: name.name.to_owned(), spot: name.spot }, Found { value: read, spot: value.spot }))
            })
            .collect();
        let is_whole = read.len() == count;
        Some((Found { value: read, spot: value.spot }, is_whole))
    }

    /// A table that must be there, with exactly one value for each of `names`.
    pub fn required_each_of<T>(
        &mut self,
        key: &str,
        doc: &str,
        noun: &str,
        names: &[&str],
        kind: &Kind<T>,
    ) -> Option<Found<Vec<(String, Found<T>)>>> {
        let found = self.each_of(key, doc, noun, names, kind);
        if let Some(field) = self.fields.last_mut() {
            field.required = true;
        }
        if matches!(self.view, View::Read(_)) && !self.has(key) {
            let example = names.iter().map(|name| format!("{name} = ...")).collect::<Vec<_>>().join(", ");
            let wrong = Wrong::new("is missing").accepted(format!("{key} = {{ {example} }}, each {}", kind.accepted()));
            self.report.refuse(&self.spot_of(key), wrong);
        }
        found
    }

    /// A table with exactly one value for each of `names`, in their order. What is missing or too many is said.
    pub fn each_of<T>(
        &mut self,
        key: &str,
        doc: &str,
        noun: &str,
        names: &[&str],
        kind: &Kind<T>,
    ) -> Option<Found<Vec<(String, Found<T>)>>> {
        let (Found { value: mut entries, spot }, _) = self.map_in_part(key, doc, kind)?;
        if names.is_empty() {
            return None;
        }
        let mut is_whole = true;
        for (name, _) in entries.iter().filter(|(name, _)| !names.contains(&name.as_str())) {
            let wrong = Wrong::new(format!("there is no {noun} {}", quoted(name))).accepted(names.join(", "));
            self.report.refuse(&name.spot, wrong.suggesting(name, names.iter().copied()));
            is_whole = false;
        }
        let written = |name: &str| {
            self.get(key).and_then(|value| value.value.as_table()).is_some_and(|table| table.contains_key(name))
        };
        let missing: Vec<String> = names.iter().filter(|name| !written(name)).map(|name| quoted(name)).collect();
        if !missing.is_empty() {
            let what = format!("has nothing for {noun} {}", missing.join(", "));
            self.report.refuse(&spot, Wrong::new(what).advice(format!("name each {noun} once: {}", names.join(", "))));
        }
        let value: Vec<(String, Found<T>)> = names
            .iter()
            .filter_map(|name| {
                let index = entries.iter().position(|(each, _)| each.as_str() == *name)?;
                Some(((*name).to_owned(), entries.remove(index).1))
            })
            .collect();
        (is_whole && value.len() == names.len()).then_some(Found { value, spot })
    }

    /// A key whose value says which other keys there are.
    pub fn kinds<R>(
        &mut self,
        key: &str,
        doc: &str,
        variants: &[Variant<'a, '_, R>],
        not_yet: &[&'static str],
    ) -> Option<(&'static str, R)> {
        let names: Vec<&'static str> = variants.iter().map(|variant| variant.name).collect();
        if let View::Describe(_) = self.view {
            for variant in variants {
                let mut schema = self.described(variant.read);
                if let Json::Object(object) = &mut schema {
                    object.remove("additionalProperties");
                    object.insert("description".to_owned(), json!(variant.doc));
                    if let Some(Json::Object(properties)) = object.get_mut("properties") {
                        properties.insert(key.to_owned(), json!({ "const": variant.name }));
                    }
                }
                self.variants.push(schema);
            }
            self.field(key, doc, true, json!({ "enum": names }));
            return None;
        }
        let kind = super::choice(&names.iter().map(|name| (*name, *name)).collect::<Vec<_>>(), not_yet);
        let found = self.required(key, doc, &kind);
        let chosen = found.and_then(|found| variants.iter().find(|variant| variant.name == *found));
        if chosen.is_none() {
            self.lax = true;
        }
        chosen.map(|variant| (variant.name, (variant.read)(self)))
    }

    /// A list of values that may each be written short, as one value, or long, as a table; tables may nest.
    pub fn items<T, R>(
        &mut self,
        key: &str,
        doc: &str,
        definition: &'static str,
        short: &Kind<T>,
        from: fn(Found<T>) -> R,
        reader: fn(&mut Self) -> R,
    ) -> Vec<R> {
        if let View::Describe(definitions) = self.view {
            let known = definitions.borrow().contains_key(definition);
            if !known {
                // Noted before it is described: the long form may nest.
                definitions.borrow_mut().insert(definition, Json::Null);
                let long = self.described(reader);
                definitions.borrow_mut().insert(definition, json!({ "anyOf": [short.schema(), long] }));
            }
            let items = json!({ "$ref": format!("#/$defs/{definition}") });
            self.field(key, doc, false, json!({ "type": "array", "items": items }));
            return Vec::new();
        }
        self.field(key, doc, false, Json::Null);
        let Some(value) = self.get(key) else { return Vec::new() };
        let accepted = format!("a list of {} or tables", short.accepted());
        let Some(array) = value.value.as_array() else {
            value.refuse(Wrong::new(format!("is {}, not a list", value.sort())).accepted(accepted));
            return Vec::new();
        };
        if array.is_empty() {
            value.refuse(Wrong::new("is an empty list").advice("add to it, or leave it out"));
        }
        let each = array.iter().enumerate().filter_map(|(index, item)| {
            let value = value.child(item, &format!("[{}]", index + 1));
            match value.value.as_table() {
                Some(table) => Some(self.child(table, value.spot.clone(), reader)),
                None => short.read(&value).map(|read| from(Found { value: read, spot: value.spot })),
            }
        });
        each.collect()
    }

    fn value<T>(&mut self, key: &str, doc: &str, required: bool, kind: &Kind<T>) -> Option<Found<T>> {
        self.field(key, doc, required, kind.schema());
        let View::Read(_) = self.view else { return None };
        let Some(value) = self.get(key) else {
            if required {
                let wrong = Wrong::new(format!("is missing: {}", gist(doc))).accepted(kind.accepted());
                self.report.refuse(&self.spot_of(key), wrong);
            }
            return None;
        };
        kind.read(&value).map(|read| Found { value: read, spot: value.spot })
    }

    fn field(&mut self, name: &str, doc: &str, required: bool, schema: Json) {
        let mut described = json!({ "description": doc });
        if let (Json::Object(described), Json::Object(schema)) = (&mut described, schema) {
            described.extend(schema);
        }
        self.fields.push(Field { name: name.to_owned(), required, schema: described });
    }

    fn described<R>(&self, reader: impl FnOnce(&mut Self) -> R) -> Json {
        let mut child = Self::new(self.report, self.view, self.spot.clone());
        reader(&mut child);
        child.schema()
    }

    fn schema(self) -> Json {
        let required: Vec<&str> =
            self.fields.iter().filter(|field| field.required).map(|field| field.name.as_str()).collect();
        let properties: Map<String, Json> =
            self.fields.iter().map(|field| (field.name.clone(), field.schema.clone())).collect();
        let mut schema = json!({ "type": "object", "properties": properties });
        if let Json::Object(object) = &mut schema {
            if !required.is_empty() {
                object.insert("required".to_owned(), json!(required));
            }
            if self.variants.is_empty() {
                object.insert("additionalProperties".to_owned(), json!(false));
            } else {
                object.insert("oneOf".to_owned(), json!(self.variants));
                object.insert("unevaluatedProperties".to_owned(), json!(false));
            }
        }
        schema
    }

    fn child<R>(&self, table: &'a DeTable<'a>, spot: Spot, reader: impl FnOnce(&mut Self) -> R) -> R {
        let mut child =
            Self::new(self.report, View::Read(table), Spot { span: spot.span.start..spot.span.start, ..spot });
        let read = reader(&mut child);
        child.finish();
        read
    }

    /// Names every key that nobody asked for.
    fn finish(&self) {
        let View::Read(table) = self.view else { return };
        let names: Vec<&str> = self.fields.iter().map(|field| field.name.as_str()).collect();
        for (key, _) in in_order(table) {
            let name: &str = key.get_ref();
            if names.contains(&name) {
                continue;
            }
            let spot = Spot { source: self.spot.source, span: key.span(), key: self.path(name) };
            if let Some((_, advice)) = self.not_yet.iter().find(|(each, _)| *each == name) {
                self.report.refuse(&spot, Wrong::new("is not supported in this version").advice(*advice));
            } else if !self.lax {
                let accepted = if names.is_empty() { "no keys".to_owned() } else { names.join(", ") };
                let wrong = Wrong::new("is not a key here").accepted(accepted).suggesting(name, names.iter().copied());
                self.report.refuse_stray(&spot, name, wrong);
            }
        }
    }

    fn get(&self, key: &str) -> Option<Value<'a>> {
        let View::Read(table) = self.view else { return None };
        let value = table.get(key)?;
        let spot = Spot { source: self.spot.source, span: value.span(), key: self.path(key) };
        Some(Value { report: self.report, spot, value: value.get_ref(), name: "" })
    }

    /// The entries of a table of names that is one, as (name, value), in the order of the file.
    fn entries(&self, key: &str, accepted: &str) -> Vec<(Value<'a>, Value<'a>)> {
        let Some(value) = self.get(key) else { return Vec::new() };
        let Some(table) = value.table(accepted) else { return Vec::new() };
        let each = in_order(table).into_iter().map(|(key, item)| {
            let name: &'a str = key.get_ref();
            let child = value.child(item, &format!(".{name}"));
            let spot = Spot { span: key.span(), ..child.spot.clone() };
            (Value { spot, name, ..child.clone() }, child)
        });
        each.collect()
    }

    fn path(&self, key: &str) -> String {
        if self.spot.key.is_empty() { key.to_owned() } else { format!("{}.{key}", self.spot.key) }
    }
}

/// The first sentence of a description, to be read within another.
fn gist(doc: &str) -> String {
    let first = doc.split_once(". ").map_or(doc, |(first, _)| first).trim_end_matches('.');
    let mut characters = first.chars();
    characters.next().map(|first| first.to_lowercase().chain(characters).collect()).unwrap_or_default()
}

pub(super) fn in_order<'t, 'i>(
    table: &'t DeTable<'i>,
) -> Vec<(&'t Spanned<std::borrow::Cow<'i, str>>, &'t Spanned<DeValue<'i>>)> {
    let mut entries: Vec<_> = table.iter().collect();
    entries.sort_by_key(|(key, _)| key.span().start);
    entries
}

fn strip_counts(path: &str) -> String {
    let mut inside = false;
    path.chars()
        .filter(|character| {
            inside = (inside || *character == '[') && *character != ']';
            !inside && *character != ']'
        })
        .collect()
}
