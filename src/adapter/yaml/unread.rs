//! Why a document, or the scalar at one place of it, cannot be read or changed.

use crate::setting::quoted;

/// Why there is no scalar to read or to change.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(in crate::adapter) enum Unread {
    /// A line of the document is not understood.
    Line {
        /// Its number, from 1.
        number: usize,
        /// Why.
        why: Line,
    },
    /// The place is there twice.
    Twice,
    /// What stands there is no single scalar, or not one that is touched.
    Unfit {
        /// The number of its line, from 1.
        line: usize,
        /// What it is.
        why: Unfit,
    },
    /// It holds further keys.
    Above,
    /// It has no value yet.
    Empty,
    /// There is no such place.
    Nowhere {
        /// Places that end in the same key.
        like: Vec<String>,
    },
    /// This value would not be read back from there.
    Lost {
        /// The value.
        value: String,
    },
}

/// Why a line is not understood.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::adapter) enum Line {
    /// Another document begins.
    Document,
    /// It is indented by a tab.
    Tab,
    /// It is neither a key nor an item of a list.
    Neither,
    /// It has a key that is written with a question mark.
    Question,
    /// It has a quote that is not closed.
    Quote,
    /// It has a bracket that is not closed.
    Bracket,
    /// Something stands behind its value.
    Behind,
}

/// What a value is that is no single scalar to read or to change.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::adapter) enum Unfit {
    /// A block of text.
    Block,
    /// A quoted text of several lines.
    Lines,
    /// A plain text of several lines.
    GoesOn,
    /// Something in brackets.
    Brackets,
    /// An alias.
    Alias,
    /// It has an anchor or a tag.
    Marked,
    /// It begins with a character that nothing plain begins with.
    Reserved,
    /// It has an escape that is not read.
    Escape,
}

impl Unread {
    /// In words, about this place: a fragment that names the line or the place.
    pub(in crate::adapter) fn words(&self, place: &str) -> String {
        match self {
            Self::Line { number, why } => format!("its line {number} {}", why.words()),
            Self::Twice => format!("{place} is there twice"),
            Self::Unfit { why, .. } => format!("what stands at {place} {}", why.words()),
            Self::Above => format!("{place} holds further keys, and no value"),
            Self::Empty => format!("{place} has no value yet: write the first one by hand"),
            Self::Nowhere { like } if like.is_empty() => format!("nothing stands at {place}"),
            Self::Nowhere { like } => format!("nothing stands at {place}; there is {}", like.join(", ")),
            Self::Lost { value } => format!("{} cannot be written at {place} so that it is read back", quoted(value)),
        }
    }
}

impl Line {
    /// What is wrong with it: a fragment that follows its number.
    pub(in crate::adapter) fn words(self) -> &'static str {
        match self {
            Self::Document => "begins another document: only files of one can be changed",
            Self::Tab => "is indented by a tab",
            Self::Neither => "is neither a key nor an item of a list",
            Self::Question => "has a key that is written with `?`",
            Self::Quote => "has a quote that is not closed",
            Self::Bracket => "has a bracket that is not closed",
            Self::Behind => "cannot be understood behind its value",
        }
    }
}

impl Unfit {
    fn words(self) -> &'static str {
        match self {
            Self::Block | Self::Lines => "is a text of several lines",
            Self::GoesOn => "goes on in the next line",
            Self::Brackets => "is written in brackets: give each of its values a line",
            Self::Alias => "is an alias of what stands elsewhere",
            Self::Marked => "has an anchor or a tag: others may mean it",
            Self::Reserved => "begins with a character that YAML keeps for itself",
            Self::Escape => "is written in a way which is not read",
        }
    }
}
