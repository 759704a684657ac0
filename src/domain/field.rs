//! The fields of a structured line, in one allocation.
//!
//! Invariant: neither a key nor a value holds a control character, so three of them can part what is kept: a value from its
//! key, a field from the next, and in the logbook's store the fields from the text.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Parts a value from its key.
const VALUE: char = '\u{1f}';
/// Ends a field.
const END: char = '\u{1e}';
/// Stands before the fields where they follow a text.
pub const FIELDS: char = '\u{1d}';

/// Keys and values in the order of the line; keys within keys are parted by dots: `Properties.Stan`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fields(Box<str>);

/// Fields as they are put together.
#[derive(Debug, Default)]
pub struct FieldsBuilder(String);

impl FieldsBuilder {
    /// Adds a field. What is no text becomes the replacement character, as nothing may look like the end of a field.
    pub fn push(&mut self, key: &str, value: &str) {
        push(&mut self.0, key);
        self.0.push(VALUE);
        push(&mut self.0, value);
        self.0.push(END);
    }

    /// How many bytes they take.
    pub fn size(&self) -> usize {
        self.0.len()
    }

    /// The fields, if there are any.
    pub fn build(self) -> Option<Fields> {
        (!self.0.is_empty()).then(|| Fields(self.0.into_boxed_str()))
    }
}

fn push(out: &mut String, text: &str) {
    if text.bytes().any(|byte| byte < b' ') {
        out.extend(text.chars().map(|each| if each.is_control() { char::REPLACEMENT_CHARACTER } else { each }));
    } else {
        out.push_str(text);
    }
}

impl Fields {
    /// The fields of these keys and values; `None` where there are none.
    pub fn of<K: AsRef<str>, V: AsRef<str>>(pairs: impl IntoIterator<Item = (K, V)>) -> Option<Self> {
        let mut builder = FieldsBuilder::default();
        for (key, value) in pairs {
            builder.push(key.as_ref(), value.as_ref());
        }
        builder.build()
    }

    /// As it is kept.
    pub fn kept(&self) -> &str {
        &self.0
    }
}

/// The keys and values of what [`Fields::kept`] gave.
pub fn fields(kept: &str) -> impl Iterator<Item = (&str, &str)> + Clone {
    kept.split_terminator(END).filter_map(|field| field.split_once(VALUE))
}

impl fmt::Debug for Fields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(fields(&self.0)).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_come_back_in_order() {
        let fields_of = Fields::of([("a.b", "1"), ("", ""), ("c", "x=y")]).expect("three");
        assert_eq!(fields(fields_of.kept()).collect::<Vec<_>>(), [("a.b", "1"), ("", ""), ("c", "x=y")]);
        assert_eq!(Fields::of::<&str, &str>([]), None);
    }

    #[test]
    fn nothing_in_a_value_is_taken_for_another_field() {
        let fields_of = Fields::of([("a", "1\u{1e}b\u{1f}2\u{1d}")]).expect("one");
        assert_eq!(fields(fields_of.kept()).collect::<Vec<_>>(), [("a", "1\u{fffd}b\u{fffd}2\u{fffd}")]);
    }
}
