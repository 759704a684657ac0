//! The reader of one table: every question is asked once, for the value, the unknown keys and the schema.

mod collection;
mod document;

use std::cell::RefCell;
use std::collections::BTreeMap;

use serde_json::{Map, Value as Json, json};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::kind::Value;
pub use document::{describe, read};

use super::{Found, Kind, Report, Spot, Wrong};

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

/// The value of one of the names that a reader gave.
pub type Named<T> = (String, Found<T>);

struct Field {
    name: String,
    required: bool,
    schema: Json,
}

/// What stands where either one value or a table may.
pub enum Either<T, R> {
    /// One value.
    Value(T),
    /// A table.
    Table(R),
}

/// One value, or one for each of the names that a reader gave.
pub type OneOrEach<T> = Either<Found<T>, Found<Vec<Named<T>>>>;

/// One value of a key that says which other keys there are.
pub struct Variant<'a, 'f, R> {
    /// The key's value: `haproxy`.
    pub name: &'static str,
    /// What it means.
    pub doc: &'static str,
    /// Reads the keys that go with it.
    pub read: &'f dyn Fn(&mut Table<'a>) -> R,
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

    /// Makes a key that was asked for one that must be there.
    pub fn require(&mut self, key: &str, wrong: Wrong) {
        if let Some(field) = self.fields.iter_mut().find(|field| field.name == key) {
            field.required = true;
        }
        if matches!(self.view, View::Read(_)) && !self.has(key) {
            self.report.refuse(&self.spot_of(key), wrong);
        }
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
        self.get(key).is_some_and(|value| value.item.is_table())
    }

    /// Where texts below this table hold this.
    pub fn spots_holding(&self, text: &str) -> Vec<Spot> {
        let mut found = Vec::new();
        if let View::Read(table) = self.view {
            holding_in_table(table, &self.spot, text, &mut found);
        }
        found
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

    /// A key that may be there, as one value or as a table.
    pub fn either<T, R>(
        &mut self,
        key: &str,
        doc: &str,
        short: &Kind<T>,
        reader: impl FnOnce(&mut Self) -> R,
    ) -> Option<Either<Found<T>, R>> {
        match self.view {
            View::Describe(_) => {
                let long = self.described(reader);
                self.field(key, doc, false, json!({ "anyOf": [short.schema(), long] }));
                None
            }
            View::Read(_) if self.is_table(key) => self.table(key, doc, reader).map(Either::Table),
            View::Read(_) => self.optional(key, doc, short).map(Either::Value),
        }
    }

    /// A key whose value says which other keys there are; without it they are those of the `default`, where there is one.
    pub fn kinds<R>(
        &mut self,
        key: &str,
        doc: &str,
        variants: &[Variant<'a, '_, R>],
        default: Option<&'static str>,
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
                    // Two kinds with the same keys are told apart by the name alone.
                    if default.is_some_and(|default| default != variant.name) {
                        let required = object.entry("required").or_insert_with(|| json!([]));
                        if let Json::Array(required) = required {
                            required.push(json!(key));
                        }
                    }
                }
                self.variants.push(schema);
            }
            self.field(key, doc, default.is_none(), json!({ "enum": names }));
            return None;
        }
        let kind = super::choice(&names.iter().map(|name| (*name, *name)).collect::<Vec<_>>(), &[]);
        let written = match default {
            Some(default) if !self.has(key) => {
                self.field(key, doc, false, kind.schema());
                Some(default)
            }
            Some(_) | None => self.required(key, doc, &kind).map(|found| found.value),
        };
        let chosen = written.and_then(|name| variants.iter().find(|variant| variant.name == name));
        if chosen.is_none() {
            self.lax = true;
        }
        chosen.map(|variant| (variant.name, (variant.read)(self)))
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
        Some(Value { report: self.report, spot, item: value.get_ref(), name: "" })
    }

    fn path(&self, key: &str) -> String {
        if self.spot.key.is_empty() { key.to_owned() } else { format!("{}.{key}", self.spot.key) }
    }
}

fn holding_in_table(table: &DeTable<'_>, at: &Spot, text: &str, found: &mut Vec<Spot>) {
    for (key, value) in in_order(table) {
        let name: &str = key.get_ref();
        let path = if at.key.is_empty() { name.to_owned() } else { format!("{}.{name}", at.key) };
        holding(value.get_ref(), &Spot { source: at.source, span: value.span(), key: path }, text, found);
    }
}

fn holding(value: &DeValue<'_>, spot: &Spot, text: &str, found: &mut Vec<Spot>) {
    match value {
        DeValue::Table(table) => holding_in_table(table, spot, text, found),
        DeValue::String(written) if written.contains(text) => found.push(spot.clone()),
        DeValue::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                let spot = Spot { span: item.span(), key: format!("{}[{}]", spot.key, index + 1), ..*spot };
                holding(item.get_ref(), &spot, text, found);
            }
        }
        DeValue::String(_) | DeValue::Integer(_) | DeValue::Float(_) | DeValue::Boolean(_) | DeValue::Datetime(_) => {}
    }
}

/// The first sentence of a description, to be read within another.
fn gist(doc: &str) -> String {
    let first = doc.split([':', ';']).next().unwrap_or(doc);
    let first = first.split_once(". ").map_or(first, |(first, _)| first).trim_end_matches('.');
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
