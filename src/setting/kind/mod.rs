//! Kinds of values: what is accepted in words, as a schema, and as a check.

mod quantity;
mod text;

use serde_json::{Value as Json, json};
use toml::de::{DeTable, DeValue};

pub use quantity::{Amount, Which, amount, count, duration, flag, number_of, parse_span, percent, span_text, which};
pub use text::{absolute_path, choice, command, host_port, lines, link, name, quoted, regex, text, title, url, word};

use super::{Found, Report, Spot, Wrong};

/// One kind of value.
pub struct Kind<T> {
    accepted: String,
    schema: Json,
    read: Read<T>,
    parse: Option<Parse<T>>,
}

type Read<T> = Box<dyn Fn(&Value<'_>) -> Result<T, Wrong>>;
type Parse<T> = std::rc::Rc<dyn Fn(&str) -> Result<T, Wrong>>;

/// A value with where it stands.
#[derive(Clone)]
pub(in crate::setting) struct Value<'a> {
    pub(in crate::setting) report: &'a Report<'a>,
    pub(in crate::setting) spot: Spot,
    pub(in crate::setting) item: &'a DeValue<'a>,
    /// The last part of its key, where that is a name of the user's.
    pub(in crate::setting) name: &'a str,
}

impl<'a> Value<'a> {
    pub(in crate::setting) fn refuse(&self, wrong: Wrong) {
        self.report.refuse(&self.spot, wrong);
    }

    pub(in crate::setting) fn table(&self, accepted: &str) -> Option<&'a DeTable<'a>> {
        let table = self.item.as_table();
        if table.is_none() {
            self.refuse(Wrong::new(format!("is {}, not a table", self.sort())).accepted(accepted));
        }
        table
    }

    /// Its TOML type, for people.
    pub(in crate::setting) fn sort(&self) -> &'static str {
        match self.item {
            DeValue::String(_) => "text",
            DeValue::Integer(_) => "a whole number",
            DeValue::Float(_) => "a number",
            DeValue::Boolean(_) => "true or false",
            DeValue::Datetime(_) => "a date",
            DeValue::Array(_) => "a list",
            DeValue::Table(_) => "a table",
        }
    }

    pub(in crate::setting) fn child(&self, item: &'a toml::Spanned<DeValue<'a>>, suffix: &str) -> Self {
        let spot = Spot { span: item.span(), key: format!("{}{suffix}", self.spot.key), ..self.spot };
        Self { spot, item: item.get_ref(), ..*self }
    }
}

impl<T: 'static> Kind<T> {
    /// A kind that is written as text.
    pub fn from_text(
        accepted: impl Into<String>,
        schema: Json,
        parse: impl Fn(&str) -> Result<T, Wrong> + 'static,
    ) -> Self {
        let parse: Parse<T> = std::rc::Rc::new(parse);
        let by_text = std::rc::Rc::clone(&parse);
        let read = move |value: &Value<'_>| match value.item.as_str() {
            Some(text) => by_text(text),
            None => Err(Wrong::new(format!("is {}, not text in quotes", value.sort()))),
        };
        Self { accepted: accepted.into(), schema, read: Box::new(read), parse: Some(parse) }
    }

    /// The same with a further check.
    #[must_use]
    pub fn and_then<U: 'static>(
        self,
        accepted: impl Into<String>,
        check: impl Fn(T) -> Result<U, Wrong> + 'static,
    ) -> Kind<U> {
        let Self { schema, read, parse, .. } = self;
        let check = std::rc::Rc::new(check);
        let by_text: Option<Parse<U>> = parse.map(|parse| {
            let check = std::rc::Rc::clone(&check);
            let parse = move |text: &str| parse(text).and_then(|value| check(value));
            std::rc::Rc::new(parse) as Parse<U>
        });
        let read = move |value: &Value<'_>| read(value).and_then(|read| check(read));
        Kind { accepted: accepted.into(), schema, read: Box::new(read), parse: by_text }
    }

    /// The same with another schema.
    #[must_use]
    pub fn described(self, schema: Json) -> Self {
        Self { schema, ..self }
    }

    /// A list with at least one of these. Items that are refused are left out: that they are has been said.
    #[must_use]
    pub fn list(self, accepted: impl Into<String>) -> Kind<Vec<Found<T>>> {
        let schema = json!({ "type": "array", "items": self.schema, "minItems": 1 });
        let read = move |value: &Value<'_>| {
            let not_a_list = || Wrong::new(format!("is {}, not a list", value.sort()));
            let items = value.item.as_array().ok_or_else(not_a_list)?;
            if items.is_empty() {
                return Err(Wrong::new("is an empty list"));
            }
            let each = items.iter().enumerate().filter_map(|(index, item)| {
                let child = value.child(item, &format!("[{}]", index + 1));
                self.read(&child).map(|value| Found { value, spot: child.spot })
            });
            Ok(each.collect())
        };
        Kind { accepted: accepted.into(), schema, read: Box::new(read), parse: None }
    }

    /// One of these, or a list with at least one.
    #[must_use]
    pub fn one_or_list(self, accepted: impl Into<String>) -> Kind<Vec<Found<T>>> {
        let one = self.schema.clone();
        let accepted = accepted.into();
        let single = std::rc::Rc::new(self.read);
        let each = std::rc::Rc::clone(&single);
        let listed = Self { read: Box::new(move |value| each(value)), ..self }.list(accepted.clone());
        let (schema, list) = (listed.schema, listed.read);
        let read = move |value: &Value<'_>| match value.item {
            DeValue::Array(_) => list(value),
            _ => Ok(vec![Found { value: single(value)?, spot: value.spot.clone() }]),
        };
        Kind { accepted, schema: json!({ "anyOf": [one, schema] }), read: Box::new(read), parse: None }
    }
}

impl<T> Kind<T> {
    /// What is accepted, in words.
    pub fn accepted(&self) -> &str {
        &self.accepted
    }

    pub(in crate::setting) fn schema(&self) -> Json {
        self.schema.clone()
    }

    pub(in crate::setting) fn read(&self, value: &Value<'_>) -> Option<T> {
        // A secret that was found is read no further: what is made of it could be quoted elsewhere.
        let is_secret = value.report.covers_with_secret(&value.spot);
        if is_secret { None } else { self.taken(value, (self.read)(value)) }
    }

    /// Reads the name of a table as if it were a value.
    pub(in crate::setting) fn read_text(&self, at: &Value<'_>, text: &str) -> Option<T> {
        let parse = self.parse.as_ref()?;
        self.taken(at, parse(text))
    }

    fn taken(&self, value: &Value<'_>, read: Result<T, Wrong>) -> Option<T> {
        match read {
            Ok(read) => Some(read),
            Err(wrong) => {
                value.refuse(wrong.accepted_or(&self.accepted));
                None
            }
        }
    }
}
