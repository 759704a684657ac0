//! Questions for many values at once: lists of tables, named tables, maps.

use serde_json::{Value as Json, json};

use super::super::kind::Value;
use super::super::{Found, Kind, Spot, Wrong, quoted};
use super::{Either, Entries, Named, OneOrEach, Table, View, gist, in_order};

impl<'a> Table<'a> {
    /// A list of tables, `[[key]]`; the reader runs on each. Those that it gives nothing for are left out, and that is
    /// said of the table unless the reader has said why.
    pub fn tables<R>(&mut self, key: &str, doc: &str, mut reader: impl FnMut(&mut Self) -> Option<R>) -> Vec<R> {
        if let View::Describe(_) = self.view {
            let items = self.described(reader);
            self.field(key, doc, false, json!({ "type": "array", "items": items }));
            return Vec::new();
        }
        self.field(key, doc, false, Json::Null);
        let accepted = format!("tables that begin with [[{}]]", strip_counts(&self.path(key)));
        let Some(value) = self.get(key) else { return Vec::new() };
        let Some(array) = value.item.as_array() else {
            value.refuse(Wrong::new(format!("is {}, not a list of tables", value.sort())).accepted(accepted));
            return Vec::new();
        };
        let each = array.iter().enumerate().filter_map(|(index, item)| {
            let value = value.child(item, &format!("[{}]", index + 1));
            let table = value.table(&accepted)?;
            let read = self.child(table, value.spot.clone(), &mut reader);
            if read.is_none() && self.report.is_clean() {
                value
                    .refuse(Wrong::new("cannot be read, and flightdeck does not say why").advice("please report this"));
            }
            read
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

    /// A key that may be there: one value, or a table from names to values of the same kind.
    pub fn one_or_map<T: 'static>(
        &mut self,
        key: &str,
        doc: &str,
        kind: &Kind<T>,
    ) -> Option<Either<Found<T>, Entries<T>>> {
        match self.view {
            View::Describe(_) => {
                let each = json!({ "type": "object", "additionalProperties": kind.schema() });
                self.field(key, doc, false, json!({ "anyOf": [kind.schema(), each] }));
                None
            }
            View::Read(_) if self.is_table(key) => self.map(key, doc, kind).map(|map| Either::Table(map.value)),
            View::Read(_) => self.optional(key, doc, kind).map(Either::Value),
        }
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
    ) -> Option<Found<Vec<Named<T>>>> {
        let found = self.each_of(key, doc, noun, names, kind);
        let example = names.iter().map(|name| format!("{name} = ...")).collect::<Vec<_>>().join(", ");
        let accepted = format!("{key} = {{ {example} }}, each {}", kind.accepted());
        self.require(key, Wrong::new(format!("is missing: {}", gist(doc))).accepted(accepted));
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
    ) -> Option<Found<Vec<Named<T>>>> {
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
            self.get(key).and_then(|value| value.item.as_table()).is_some_and(|table| table.contains_key(name))
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

    /// A key that must be there: one value, or a table with exactly one for each of `names`.
    pub fn required_one_or_each_of<T: 'static>(
        &mut self,
        key: &str,
        doc: &str,
        noun: &str,
        names: &[&str],
        kind: &Kind<T>,
    ) -> Option<OneOrEach<T>> {
        if let View::Describe(_) = self.view {
            let each = json!({ "type": "object", "additionalProperties": kind.schema() });
            self.field(key, doc, true, json!({ "anyOf": [kind.schema(), each] }));
            return None;
        }
        if self.is_table(key) {
            self.each_of(key, doc, noun, names, kind).map(Either::Table)
        } else {
            self.required(key, doc, kind).map(Either::Value)
        }
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
        let Some(array) = value.item.as_array() else {
            value.refuse(Wrong::new(format!("is {}, not a list", value.sort())).accepted(accepted));
            return Vec::new();
        };
        if array.is_empty() {
            value.refuse(Wrong::new("is an empty list").advice("add to it, or leave it out"));
        }
        let each = array.iter().enumerate().filter_map(|(index, item)| {
            let value = value.child(item, &format!("[{}]", index + 1));
            match value.item.as_table() {
                Some(table) => Some(self.child(table, value.spot.clone(), reader)),
                None => short.read(&value).map(|read| from(Found { value: read, spot: value.spot })),
            }
        });
        each.collect()
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
