//! One item of the checklist in full: its text, what is typed for it and where it leads to, laid out in rows of which one is
//! chosen.

use super::log_detail::broken;
use super::{Model, OverlayKind};
use crate::domain::ItemId;
use crate::domain::checklist::Item;

/// An item in full.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ItemDetail {
    /// The item.
    pub item: ItemId,
    /// The chosen row.
    pub row: usize,
}

/// What a row belongs to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ItemPart {
    /// The text.
    Text,
    /// A command, by its place.
    Command(usize),
    /// A link, by its place.
    Link(usize),
}

/// One row.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ItemRow<'a> {
    /// What it belongs to.
    pub part: ItemPart,
    /// Whether it is the first row of that.
    pub is_first: bool,
    /// A piece of it.
    pub text: &'a str,
}

/// Text, commands and links in rows of so many columns; nothing is cut.
pub fn item_rows(item: &Item, cells: usize) -> Vec<ItemRow<'_>> {
    let mut rows = Vec::new();
    let parts = std::iter::once((ItemPart::Text, item.text.as_str()))
        .chain(item.commands.iter().enumerate().map(|(at, command)| (ItemPart::Command(at), command.text.as_str())))
        .chain(item.links.iter().enumerate().map(|(at, link)| (ItemPart::Link(at), link.url.as_str())));
    for (part, text) in parts {
        let mut is_first = true;
        for line in text.split('\n') {
            for text in broken(line, cells) {
                rows.push(ItemRow { part, is_first, text });
                is_first = false;
            }
        }
    }
    rows
}

impl ItemDetail {
    /// What the chosen row belongs to, in rows of so many columns.
    pub fn chosen(&self, item: &Item, cells: usize) -> ItemPart {
        let rows = item_rows(item, cells);
        rows.get(self.row.min(rows.len().saturating_sub(1))).map_or(ItemPart::Text, |row| row.part)
    }
}

impl Model {
    /// The item that is shown in full, as the profile has it now.
    pub fn item_in_full(&self) -> Option<(&ItemDetail, &Item)> {
        let Some(OverlayKind::Item(detail)) = self.overlay.as_ref().map(|overlay| &overlay.kind) else { return None };
        Some((detail, self.flight.procedure.checklist.item(&detail.item)?))
    }

    /// What copying takes of it, with its name: the chosen part; on its text the first command, where it has one.
    pub(super) fn copied_of_item(&self) -> Option<(&'static str, String)> {
        let (detail, item) = self.item_in_full()?;
        let command = |at: usize| item.commands.get(at).map(|command| ("the command", command.text.clone()));
        match detail.chosen(item, self.detail_cells()) {
            ItemPart::Text => command(0).or_else(|| Some(("the text", item.text.clone()))),
            ItemPart::Command(at) => command(at),
            ItemPart::Link(at) => item.links.get(at).map(|link| ("the address", link.url.clone())),
        }
    }
}
