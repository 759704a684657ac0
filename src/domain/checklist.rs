//! The checklist: sections of items, from the profile or a Markdown file.

use super::ItemId;
use super::due::Dues;

/// Sections in order.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Checklist {
    /// The sections.
    pub sections: Vec<Section>,
    /// When they are to be done, as far as the profile says.
    pub due: Dues,
}

/// One heading with its items.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Section {
    /// The heading's slug: `before-the-call`.
    pub slug: String,
    /// The heading.
    pub title: String,
    /// Its items, nested ones after their parent with a greater depth.
    pub items: Vec<Item>,
}

/// One thing to tick.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Item {
    /// Its unique path of slugs.
    pub id: ItemId,
    /// What is to be done, as written, on one line.
    pub text: String,
    /// Nesting below the section, from 0.
    pub depth: u8,
    /// Whether the section is incomplete without it.
    pub required: bool,
    /// Who does it, in the profile's words.
    pub role: Option<String>,
    /// What is to be typed for it. Nothing runs it; it can be looked at and copied.
    pub commands: Vec<Command>,
    /// Where it leads to.
    pub links: Vec<Link>,
}

/// What is to be typed, or a piece of code that belongs to an item.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Command {
    /// What reads it: `bash`; empty where nobody says.
    pub language: String,
    /// Its lines.
    pub text: String,
}

/// An address that an item names.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Link {
    /// The words that lead there; empty where the address stands for itself.
    pub text: String,
    /// The address, or the path of a file.
    pub url: String,
}

impl Checklist {
    /// All items in order.
    pub fn items(&self) -> impl Iterator<Item = &Item> {
        self.sections.iter().flat_map(|section| &section.items)
    }

    /// One item.
    pub fn item(&self, id: &ItemId) -> Option<&Item> {
        self.items().find(|item| item.id == *id)
    }

    /// One section by its slug.
    pub fn section(&self, slug: &str) -> Option<&Section> {
        self.sections.iter().find(|section| section.slug == slug)
    }
}

/// Text to a slug: lower case, runs of anything else than letters and digits become one `-`.
pub fn slug(text: &str) -> String {
    let mut slug = String::new();
    for character in text.chars() {
        if character.is_alphanumeric() {
            slug.extend(character.to_lowercase());
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
    }
    slug.trim_end_matches('-').to_owned()
}

#[cfg(test)]
mod tests {
    use super::slug;

    #[test]
    fn slugs_keep_letters_and_digits() {
        assert_eq!(slug("  Before the call (T-30)! "), "before-the-call-t-30");
        assert_eq!(slug("Überprüfung"), "überprüfung");
    }
}
