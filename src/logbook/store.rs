//! Lines in blocks: the texts one after the other, each with its fields behind it, twenty-four bytes beside each.

use std::collections::VecDeque;

use crate::domain::log::{FIELDS, Level, field_of, fields_of};
use crate::domain::{PoolId, SourceId, Timestamp};

/// The number of a kept line; counts up from 0 over all sources and marks, and stays the line's own while it is kept.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct LineNumber(pub u64);

/// Where a line stands among all others: by time, then in the order in which they came. It stays the line's own as well.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub struct Place {
    /// The time that it stands at: its own, or near it where it tells none or came too late.
    pub at: Timestamp,
    /// Its number.
    pub number: LineNumber,
}

/// One kept line.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct LineRef<'a> {
    /// Its number.
    pub number: LineNumber,
    /// The source it came from; `None` for a mark, something that operators did.
    pub source: Option<&'a SourceId>,
    /// The pool it belongs to, if any.
    pub pool: Option<&'a PoolId>,
    /// The time that it tells, or else that it came.
    pub at: Timestamp,
    /// Whether the time is its own.
    pub tells_time: bool,
    /// How bad it is.
    pub level: Level,
    /// Whether it is noise.
    pub excluded: bool,
    /// What it says.
    pub text: &'a str,
    /// Where it stands.
    pub place: Place,
    /// Its fields as they are kept; empty where it has none.
    pub(super) fields: &'a str,
}

impl<'a> LineRef<'a> {
    /// Whether it is a mark.
    pub fn is_mark(&self) -> bool {
        self.source.is_none()
    }

    /// Its fields as they are kept; empty where it has none.
    pub fn kept_fields(&self) -> &'a str {
        self.fields
    }

    /// The value of a field: one that is kept beside the text, else one that the text speaks of as `name=value`.
    pub fn field(&self, name: &str) -> Option<&'a str> {
        field_of(self.fields, self.text, name)
    }

    /// Every field with its value, in the order of the line: what is kept, then what the text alone speaks of.
    pub fn fields(&self) -> impl Iterator<Item = (&'a str, &'a str)> + Clone + use<'a> {
        fields_of(self.fields, self.text)
    }
}

/// What a line says, in the store.
#[derive(Clone, Copy)]
pub(super) struct Said<'a> {
    pub(super) text: &'a str,
    /// As kept; empty where there are none.
    pub(super) fields: &'a str,
}

/// What is kept of a line beside its text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    pub(super) at: Timestamp,
    /// The time that it stands at.
    pub(super) place: Timestamp,
    /// Where its text ends within the block.
    end: u32,
    /// Its source's place, or [`MARK`].
    pub(super) source: u16,
    pub(super) level: Level,
    flags: u8,
}

/// Stands where a source would for an operator's mark.
pub(super) const MARK: u16 = u16::MAX;

const EXCLUDED: u8 = 1;
const TELLS_TIME: u8 = 2;
const STRUCTURED: u8 = 4;

impl Entry {
    pub(super) fn new(source: u16, at: Timestamp, level: Level, excluded: bool, tells_time: bool) -> Self {
        let flags = if excluded { EXCLUDED } else { 0 } | if tells_time { TELLS_TIME } else { 0 };
        Self { at, place: at, end: 0, source, level, flags }
    }

    /// The same standing at another time than it tells.
    pub(super) fn standing_at(self, place: Timestamp) -> Self {
        Self { place, ..self }
    }

    pub(super) fn is_excluded(self) -> bool {
        self.flags & EXCLUDED != 0
    }

    pub(super) fn tells_time(self) -> bool {
        self.flags & TELLS_TIME != 0
    }
}

/// How much text goes into one block; a single longer line gets one of its own.
const BLOCK: usize = 256 * 1024;

#[derive(Debug, Default)]
struct Block {
    /// The number of its first line.
    first: u64,
    text: String,
    entries: Vec<Entry>,
}

/// All lines, oldest first.
#[derive(Debug, Default)]
pub(super) struct Store {
    blocks: VecDeque<Block>,
    /// The oldest line that is still kept. It may stand in the middle of the first block.
    first: u64,
    end: u64,
    /// Bytes of text and entries in all blocks.
    bytes: usize,
    /// An emptied block, used again.
    spare: Option<Block>,
    /// The latest place of all lines that were let go.
    gone: Option<Timestamp>,
}

impl Store {
    pub(super) fn first(&self) -> u64 {
        self.first
    }

    pub(super) fn end(&self) -> u64 {
        self.end
    }

    /// The latest place of all lines that were let go: whatever stands after it is still kept.
    pub(super) fn gone(&self) -> Option<Timestamp> {
        self.gone
    }

    pub(super) fn push(&mut self, mut entry: Entry, text: &str, fields: Option<&str>) {
        let size = text.len() + fields.map_or(0, |fields| FIELDS.len_utf8() + fields.len());
        let full = self.blocks.back().is_none_or(|block| block.text.len() + size > BLOCK);
        if full {
            let mut block = self.spare.take().unwrap_or_default();
            block.first = self.end;
            self.blocks.push_back(block);
        }
        if let Some(block) = self.blocks.back_mut() {
            block.text.push_str(text);
            if let Some(fields) = fields {
                block.text.push(FIELDS);
                block.text.push_str(fields);
                entry.flags |= STRUCTURED;
            }
            // A block's text is longer than its bound by one line at most, and lines are cut by the adapter.
            entry.end = u32::try_from(block.text.len()).unwrap_or(u32::MAX);
            block.entries.push(entry);
            self.bytes += size + size_of::<Entry>();
            self.end += 1;
        }
    }

    /// Lets go of the oldest lines until both limits hold; bytes count by whole blocks.
    pub(super) fn shrink(&mut self, lines: usize, bytes: usize) {
        self.let_go(self.end.saturating_sub(lines as u64));
        while let Some(block) = self.blocks.front() {
            let (end, size) = (block.first + block.entries.len() as u64, block.size());
            if end > self.first && (self.bytes <= bytes || self.blocks.len() == 1) {
                break;
            }
            self.let_go(end);
            self.bytes -= size;
            let mut block = self.blocks.pop_front().unwrap_or_default();
            block.text.clear();
            block.entries.clear();
            // One long line's block is not worth keeping.
            self.spare = Some(block).filter(|block| block.text.capacity() <= 2 * BLOCK);
        }
    }

    /// Every line before `first` is kept no longer.
    fn let_go(&mut self, first: u64) {
        if first > self.first {
            let latest = self.entries(self.first, first).map(|entry| entry.place).max();
            self.gone = self.gone.max(latest);
            self.first = first;
        }
    }

    fn entries(&self, from: u64, to: u64) -> impl Iterator<Item = &Entry> {
        let begin = self.blocks.partition_point(|block| block.first + block.entries.len() as u64 <= from);
        self.blocks.range(begin..).take_while(move |block| block.first < to).flat_map(move |block| {
            let (from, to) = (block.place(from), block.place(to));
            block.entries.get(from..to).unwrap_or_default()
        })
    }

    pub(super) fn get(&self, number: u64) -> Option<(Entry, Said<'_>)> {
        self.range(number, number.saturating_add(1)).next().map(|(_, entry, said)| (entry, said))
    }

    /// The kept lines with numbers from `from` up to but not including `to`.
    pub(super) fn range(&self, from: u64, to: u64) -> impl DoubleEndedIterator<Item = (u64, Entry, Said<'_>)> {
        let (from, to) = (from.max(self.first), to.min(self.end));
        let begin = self.blocks.partition_point(|block| block.first + block.entries.len() as u64 <= from);
        let finish = self.blocks.partition_point(|block| block.first < to).max(begin);
        self.blocks.range(begin..finish).flat_map(move |block| block.range(from, to))
    }
}

impl Block {
    fn size(&self) -> usize {
        self.text.len() + self.entries.len() * size_of::<Entry>()
    }

    fn range(&self, from: u64, to: u64) -> impl DoubleEndedIterator<Item = (u64, Entry, Said<'_>)> {
        let end = self.place(to);
        let begin = self.place(from).min(end);
        (begin..end).filter_map(move |index| {
            let entry = *self.entries.get(index)?;
            let start = match index.checked_sub(1) {
                Some(before) => self.entries.get(before)?.end,
                None => 0,
            };
            let whole = self.text.get(start as usize..entry.end as usize)?;
            // No field holds what parts them from the text, so the last one is it.
            let (text, fields) = match entry.flags & STRUCTURED {
                0 => (whole, ""),
                _ => whole.rsplit_once(FIELDS)?,
            };
            Some((self.first + index as u64, entry, Said { text, fields }))
        })
    }

    /// Where a number's entry stands, or would.
    fn place(&self, number: u64) -> usize {
        usize::try_from(number.saturating_sub(self.first)).unwrap_or(usize::MAX).min(self.entries.len())
    }
}
