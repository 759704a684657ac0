//! Lines in blocks: the texts one after the other, sixteen bytes beside each.

use std::collections::VecDeque;

use crate::domain::log::Level;
use crate::domain::{PoolId, SourceId, Timestamp};

/// The number of a kept line; counts up from 0 over all sources and marks, and stays the line's own while it is kept.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct LineNumber(pub u64);

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
}

impl LineRef<'_> {
    /// Whether it is a mark.
    pub fn is_mark(&self) -> bool {
        self.source.is_none()
    }
}

/// What is kept of a line beside its text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    pub(super) at: Timestamp,
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

impl Entry {
    pub(super) fn new(source: u16, at: Timestamp, level: Level, excluded: bool, tells_time: bool) -> Self {
        let flags = if excluded { EXCLUDED } else { 0 } | if tells_time { TELLS_TIME } else { 0 };
        Self { at, end: 0, source, level, flags }
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
}

impl Store {
    pub(super) fn first(&self) -> u64 {
        self.first
    }

    pub(super) fn end(&self) -> u64 {
        self.end
    }

    pub(super) fn push(&mut self, mut entry: Entry, text: &str) {
        let full = self.blocks.back().is_none_or(|block| block.text.len() + text.len() > BLOCK);
        if full {
            let mut block = self.spare.take().unwrap_or_default();
            block.first = self.end;
            self.blocks.push_back(block);
        }
        if let Some(block) = self.blocks.back_mut() {
            block.text.push_str(text);
            // A block's text is longer than its bound by one line at most, and lines are cut by the adapter.
            entry.end = u32::try_from(block.text.len()).unwrap_or(u32::MAX);
            block.entries.push(entry);
            self.bytes += text.len() + size_of::<Entry>();
            self.end += 1;
        }
    }

    /// Lets go of the oldest lines until both limits hold; bytes count by whole blocks.
    pub(super) fn shrink(&mut self, lines: usize, bytes: usize) {
        self.first = self.first.max(self.end.saturating_sub(lines as u64));
        while let Some(block) = self.blocks.front() {
            let (end, size) = (block.first + block.entries.len() as u64, block.size());
            if end > self.first && (self.bytes <= bytes || self.blocks.len() == 1) {
                break;
            }
            self.first = self.first.max(end);
            self.bytes -= size;
            let mut block = self.blocks.pop_front().unwrap_or_default();
            block.text.clear();
            block.entries.clear();
            // One long line's block is not worth keeping.
            self.spare = Some(block).filter(|block| block.text.capacity() <= 2 * BLOCK);
        }
    }

    pub(super) fn get(&self, number: u64) -> Option<(Entry, &str)> {
        self.range(number, number.saturating_add(1)).next().map(|(_, entry, text)| (entry, text))
    }

    /// The kept lines with numbers from `from` up to but not including `to`.
    pub(super) fn range(&self, from: u64, to: u64) -> impl DoubleEndedIterator<Item = (u64, Entry, &str)> {
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

    fn range(&self, from: u64, to: u64) -> impl DoubleEndedIterator<Item = (u64, Entry, &str)> {
        let place = |number: u64| usize::try_from(number.saturating_sub(self.first)).unwrap_or(usize::MAX);
        let end = place(to).min(self.entries.len());
        let begin = place(from).min(end);
        (begin..end).filter_map(move |index| {
            let entry = *self.entries.get(index)?;
            let start = match index.checked_sub(1) {
                Some(before) => self.entries.get(before)?.end,
                None => 0,
            };
            let text = self.text.get(start as usize..entry.end as usize)?;
            Some((self.first + index as u64, entry, text))
        })
    }
}
