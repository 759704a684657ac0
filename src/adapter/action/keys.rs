//! What the keys of several kinds have in common: which go with what is done, and how an image is written.

use super::say;
use super::template::{NAMES, Place, Template, strict};
use crate::domain::action::Acting;
use crate::setting::{Kind, Table, Wrong, quoted, word};

/// One word of `do`, with the keys that go with it.
pub(super) struct Word {
    pub(super) name: &'static str,
    /// Without which it means nothing.
    pub(super) wants: &'static [&'static str],
    /// Which it may have besides.
    pub(super) takes: &'static [&'static str],
}

/// Says which keys the word of `do` lacks, and which go with another one.
pub(super) fn go_with(table: &Table<'_>, written: Option<&str>, words: &[Word]) {
    let Some(word) = words.iter().find(|word| written == Some(word.name)) else { return };
    let name = word.name;
    for key in word.wants.iter().filter(|key| !table.has(key)) {
        let wrong = Wrong::new(format!("is missing: do = \"{name}\" wants it"));
        table.report().refuse(&table.spot_of(key), wrong);
    }
    let has = |word: &Word, key: &str| word.wants.contains(&key) || word.takes.contains(&key);
    let mut keys: Vec<&str> = words.iter().flat_map(|word| word.wants.iter().chain(word.takes)).copied().collect();
    keys.sort_unstable();
    keys.dedup();
    for key in keys.into_iter().filter(|key| !has(word, key)) {
        let Some(spot) = table.spot_if_written(key) else { continue };
        let fitting: Vec<&str> = words.iter().filter(|word| has(word, key)).map(|word| word.name).collect();
        let wrong = Wrong::new(format!("goes with do = \"{}\" only", fitting.join("\" and \"")));
        table.report().refuse(&spot, wrong.advice("leave it out"));
    }
}

/// An image with its tag or digest.
pub(super) fn image() -> Kind<Template> {
    const ACCEPTED: &str = "an image with its tag or digest, such as \"registry.example.net/shop:{to}\"";
    let image = word(ACCEPTED, "-._/:@{}", 300).and_then(ACCEPTED, |image| {
        let last = image.rsplit('/').next().unwrap_or_default();
        if last.contains(':') || last.contains('@') {
            return Ok(image);
        }
        let wrong =
            Wrong::new(format!("{} has no tag and no digest: it would be whatever is the newest", quoted(&image)));
        Err(wrong.accepted(ACCEPTED))
    });
    strict(image, NAMES)
}

/// An image as it is written once its places are filled.
///
/// # Errors
/// When what was filled in makes it none.
#[cfg_attr(not(any(feature = "kubernetes", feature = "aws")), expect(dead_code, reason = "only they set images"))]
pub(super) fn whole_image(image: &Template, acting: &Acting) -> Result<String, String> {
    let filled = image.fill(acting, "", Place::Plain)?;
    let fits = |c: char| c.is_ascii_alphanumeric() || "-._/:@".contains(c);
    if filled.chars().all(fits) && !filled.ends_with([':', '@']) {
        Ok(filled)
    } else {
        Err(format!("{} is no image: open the session with a version that can be a tag", say::quoted(&filled)))
    }
}
