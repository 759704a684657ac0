//! What a profile asks to be masked: fields by name, and whatever its patterns find.
//!
//! A field is masked by its whole name with dots, and everything below it. Where a line is no whole object, as when it was cut
//! or when the object stands within a text, what looks like a key of that last name has its value masked all the same: too
//! much rather than too little.

use std::borrow::Cow;

use regex::Regex;

use crate::adapter::withheld;
use crate::domain::{Trouble, TroubleKind};

/// What stands in place of what is masked.
pub(in crate::adapter::log) const MASKED: &str = "‹masked›";

/// Which data of a source is masked.
#[derive(Clone, Debug)]
pub(in crate::adapter::log) struct Masks {
    /// Cards, addresses and the like.
    personal: bool,
    fields: Vec<String>,
    loose: Option<Regex>,
    patterns: Vec<Regex>,
}

impl Masks {
    /// # Errors
    /// When a pattern is not a regular expression.
    pub(in crate::adapter::log) fn new(
        personal: bool,
        fields: &[String],
        patterns: &[String],
    ) -> Result<Self, Trouble> {
        let read = |pattern: &String| {
            Regex::new(pattern).map_err(|error| {
                Trouble::new(
                    TroubleKind::Mismatch,
                    format!("read `mask_patterns` = `{pattern}`"),
                    error.to_string(),
                    "write it as a regular expression; a backslash before . * + ? ( ) [ ] { } | takes them as they are",
                )
            })
        };
        let patterns = patterns.iter().map(read).collect::<Result<_, _>>()?;
        let last = |field: &String| regex::escape(field.rsplit('.').next().unwrap_or(field));
        let names: Vec<String> = fields.iter().map(last).collect();
        let value = r#"\\"(?:[^"\\]|\\[^"])*(?:\\")?|"(?:\\.|[^"\\])*"?|[\[{][^\]}]*[\]}]?|[^\s,;&}\])]+"#;
        let loose = format!(r#"(?i)(?P<key>\b(?:{})\\?"?\s*[:=]\s*)(?:{value})"#, names.join("|"));
        // Escaped names and a fixed pattern around them are always one.
        let loose = if names.is_empty() { None } else { Regex::new(&loose).ok() };
        Ok(Self { personal, fields: fields.to_vec(), loose, patterns })
    }

    /// A text without what is masked in it.
    pub(in crate::adapter::log) fn text(&self, text: String) -> String {
        let text = self.own(super::super::without_secrets(text));
        if self.personal { super::mask(text) } else { text }
    }

    /// Whether the whole value of a field is masked; `is_nested` when it may hold further fields.
    pub(in crate::adapter::log) fn hides(&self, key: &str, is_nested: bool) -> bool {
        let below = |whole: &str, part: &str| {
            whole.strip_prefix(part).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        self.fields.iter().any(|field| below(key, field) || (is_nested && below(field, key)))
    }

    /// Key and value of a field without what is masked in them; a phone number is one by the name of its field.
    pub(in crate::adapter::log) fn field<'a>(&self, key: &'a str, value: &'a str) -> (Cow<'a, str>, Cow<'a, str>) {
        let open = withheld::without(value);
        let is_as_it_was = matches!(open, Cow::Borrowed(_));
        let has_rules = self.loose.is_some() || !self.patterns.is_empty();
        if is_as_it_was && !has_rules && !(self.personal && super::may_hold(key, value)) {
            return (Cow::Borrowed(key), Cow::Borrowed(value));
        }
        let value = self.own(open.into_owned());
        let value = if self.personal {
            let both = super::mask(format!("{key}={value}"));
            match both.strip_prefix(key).and_then(|rest| rest.strip_prefix('=')) {
                Some(value) => value.to_owned(),
                None => super::mask(value),
            }
        } else {
            value
        };
        (Cow::Owned(self.text(key.to_owned())), Cow::Owned(value))
    }

    fn own(&self, mut text: String) -> String {
        if let Some(loose) = &self.loose
            && let Cow::Owned(masked) = loose.replace_all(&text, format!("${{key}}{MASKED}"))
        {
            text = masked;
        }
        for pattern in &self.patterns {
            let with = |found: &regex::Captures<'_>| if found[0].is_empty() { "" } else { MASKED };
            if let Cow::Owned(masked) = pattern.replace_all(&text, with) {
                text = masked;
            }
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn masks(fields: &[&str], patterns: &[&str]) -> Masks {
        let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        Masks::new(true, &owned(fields), &owned(patterns)).expect("patterns")
    }

    #[test]
    fn a_field_is_masked_with_what_is_below_it_and_what_holds_it() {
        let masks = masks(&["Properties.Pan"], &[]);
        for (key, is_nested, hides) in [
            ("Properties.Pan", false, true),
            ("Properties.Pan.Raw", false, true),
            ("Properties.Pane", false, false),
            ("Properties", false, false),
            ("Properties", true, true),
            ("Pan", false, false),
        ] {
            assert_eq!(masks.hides(key, is_nested), hides, "{key}");
        }
    }

    #[test]
    fn a_field_is_masked_in_text_that_is_no_object() {
        let masks = masks(&["Properties.Pan"], &[]);
        for text in [
            r#"{"Properties":{"Pan":"sec ret","#,
            r#"{"Properties":{"Pan":"sec ret"#,
            r#"said {\"Pan\":\"sec ret\",\"a\":1}"#,
            "pan=secret ok",
            "PAN: secret, x",
            r#"Pan=["secret", "ret"]"#,
        ] {
            let got = masks.text(text.to_owned());
            assert!(!got.contains("sec") && !got.contains("ret") && got.contains(MASKED), "{text} -> {got}");
        }
        assert_eq!(masks.text("company=acme".to_owned()), "company=acme");
    }

    #[test]
    fn patterns_are_masked_wherever_they_are_found() {
        let masks = masks(&[], &["ACC[0-9]+", "x*"]);
        assert_eq!(masks.text("from ACC123 to ACC9".to_owned()), format!("from {MASKED} to {MASKED}"));
        assert_eq!(masks.field("k", "ACC1").1, MASKED);
    }

    #[test]
    fn a_value_is_masked_with_its_key_in_sight() {
        let masks = masks(&[], &[]);
        assert_eq!(masks.field("card", "4111111111111111").1, "••••1111");
        assert_eq!(masks.field("ana@example.com", "5").0, "‹email›");
        assert_eq!(masks.field("ms", "38"), (Cow::Borrowed("ms"), Cow::Borrowed("38")));
    }

    #[test]
    fn a_bad_pattern_says_where_it_stands() {
        let trouble = Masks::new(true, &[], &["(".to_owned()]).expect_err("an open bracket");
        assert!(trouble.to_string().contains("`mask_patterns` = `(`"), "{trouble}");
    }
}
