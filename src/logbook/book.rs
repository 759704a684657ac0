//! The book: what is kept, and what was counted.

use super::order::Order;
use super::rate::Rate;
use super::store::{Entry, LineNumber, LineRef, MARK, Place, Said, Store};
use crate::domain::log::{Fields, Level, LogBatch};
use crate::domain::{Elapsed, Now, PoolId, SourceId};

/// How much is kept, whichever is reached first.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// Lines.
    pub lines: usize,
    /// Bytes of text and of what is kept beside it.
    pub bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { lines: 200_000, bytes: 40 * 1024 * 1024 }
    }
}

/// What came from one source since the book was begun. Counts only grow, whatever is kept or shown.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct SourceCount {
    /// All lines.
    pub lines: u64,
    /// Lines that are not noise: what speaks against a drained pool.
    pub not_excluded: u64,
    /// Lines that were lost before they came here. What they were is not known.
    pub dropped: u64,
    /// When the last line came.
    pub newest: Option<Elapsed>,
    /// When the last line that is not noise came.
    pub newest_not_excluded: Option<Elapsed>,
}

/// The newest lines of all sources, numbered in the order in which they came; [`LineRef::place`] says where each stands.
#[derive(Debug)]
pub struct Logbook {
    limits: Limits,
    store: Store,
    sources: Vec<Source>,
    order: Order,
    all: Rate,
}

#[derive(Debug)]
struct Source {
    id: SourceId,
    pool: Option<PoolId>,
    count: SourceCount,
    rate: Rate,
}

impl Default for Logbook {
    fn default() -> Self {
        Self::new(Limits::default())
    }
}

impl Logbook {
    /// An empty book.
    pub fn new(limits: Limits) -> Self {
        Self { limits, store: Store::default(), sources: Vec::new(), order: Order::default(), all: Rate::default() }
    }

    /// Takes a batch.
    pub fn push(&mut self, batch: &LogBatch, now: Now) {
        let place = self.source_of(batch);
        let (mut noise, lines) = (0, batch.lines.len() as u64);
        let mut row = self.order.row(usize::from(place), batch.by_time, now);
        for line in &batch.lines {
            noise += u64::from(line.excluded);
            let at = line.at.unwrap_or(now.wall);
            let entry = Entry::new(place, at, line.level, line.excluded, line.at.is_some());
            let fields = line.fields.as_ref().map(Fields::kept);
            self.store.push(entry.standing_at(row.place(line.at)), &line.text, fields);
        }
        self.store.shrink(self.limits.lines, self.limits.bytes);
        self.all.count(now.elapsed, lines);
        if let Some(source) = self.sources.get_mut(usize::from(place)) {
            source.rate.count(now.elapsed, lines);
            let count = &mut source.count;
            count.lines += lines;
            count.not_excluded += lines - noise;
            count.dropped += batch.dropped;
            if lines > 0 {
                count.newest = Some(now.elapsed);
            }
            if lines > noise {
                count.newest_not_excluded = Some(now.elapsed);
            }
        }
    }

    /// Sets a mark: something that operators did, among the lines of that moment.
    pub fn mark(&mut self, text: &str, now: Now) {
        let place = self.order.now(now);
        self.store.push(Entry::new(MARK, now.wall, Level::Info, false, true).standing_at(place), text, None);
        self.store.shrink(self.limits.lines, self.limits.bytes);
    }

    /// One line, while it is kept.
    pub fn line(&self, number: LineNumber) -> Option<LineRef<'_>> {
        self.store.get(number.0).map(|(entry, said)| self.line_of(number.0, entry, said))
    }

    /// Where a line stands, while it is kept.
    pub fn place(&self, number: LineNumber) -> Option<Place> {
        self.store.get(number.0).map(|(entry, _)| Place { at: entry.place, number })
    }

    /// Lines from `from` up to but not including `to` in the order in which they came, as far as they are kept.
    pub fn lines(&self, from: LineNumber, to: LineNumber) -> impl DoubleEndedIterator<Item = LineRef<'_>> {
        self.store.range(from.0, to.0).map(|(number, entry, said)| self.line_of(number, entry, said))
    }

    /// The oldest line that is kept; [`Self::end`] when there is none.
    pub fn first(&self) -> LineNumber {
        LineNumber(self.store.first())
    }

    /// One past the newest line.
    pub fn end(&self) -> LineNumber {
        LineNumber(self.store.end())
    }

    /// Lines per second over the last five seconds, of one source or of all.
    pub fn rate(&self, source: Option<&SourceId>, now: Elapsed) -> f64 {
        match source {
            None => self.all.per_second(now),
            Some(id) => self.source(id).map_or(0.0, |source| source.rate.per_second(now)),
        }
    }

    /// Lines that were lost before they came here, over all sources.
    pub fn dropped(&self) -> u64 {
        self.sources.iter().map(|source| source.count.dropped).sum()
    }

    /// Lines that were noise, over all sources.
    pub fn excluded(&self) -> u64 {
        self.sources.iter().map(|source| source.count.lines - source.count.not_excluded).sum()
    }

    /// What came from one source; all zero when nothing did.
    pub fn counted(&self, source: &SourceId) -> SourceCount {
        self.source(source).map_or_else(SourceCount::default, |source| source.count)
    }

    /// The sources that lines came from, in order of appearance, with their pools.
    pub fn sources(&self) -> impl Iterator<Item = (&SourceId, Option<&PoolId>)> {
        self.sources.iter().map(|source| (&source.id, source.pool.as_ref()))
    }

    pub(super) fn store(&self) -> &Store {
        &self.store
    }

    fn source(&self, id: &SourceId) -> Option<&Source> {
        self.sources.iter().find(|source| source.id == *id)
    }

    fn source_of(&mut self, batch: &LogBatch) -> u16 {
        // A profile has a handful of sources, and this is asked once a batch.
        let known = self.sources.iter().position(|source| source.id == batch.source && source.pool == batch.pool);
        let place = known.unwrap_or_else(|| {
            let (id, pool) = (batch.source.clone(), batch.pool.clone());
            self.sources.push(Source { id, pool, count: SourceCount::default(), rate: Rate::default() });
            self.sources.len() - 1
        });
        u16::try_from(place).unwrap_or(MARK)
    }

    fn line_of<'a>(&'a self, number: u64, entry: Entry, said: Said<'a>) -> LineRef<'a> {
        let source = self.sources.get(usize::from(entry.source));
        LineRef {
            number: LineNumber(number),
            source: source.map(|source| &source.id),
            pool: source.and_then(|source| source.pool.as_ref()),
            at: entry.at,
            tells_time: entry.tells_time(),
            level: entry.level,
            excluded: entry.is_excluded(),
            text: said.text,
            place: Place { at: entry.place, number: LineNumber(number) },
            fields: said.fields,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::Timestamp;
    use crate::domain::log::LogLine;

    fn batch(source: &str, texts: &[&str]) -> LogBatch {
        let line = |text: &&str| LogLine {
            at: None,
            level: Level::Info,
            text: (*text).to_owned(),
            excluded: text.starts_with("health"),
            fields: None,
        };
        LogBatch {
            source: source.into(),
            pool: None,
            lines: texts.iter().map(line).collect(),
            ids: Vec::new(),
            dropped: 0,
            watermark: None,
            by_time: false,
        }
    }

    fn at(milliseconds: u64) -> Now {
        Now { wall: Timestamp(1_000), elapsed: Elapsed(milliseconds) }
    }

    #[test]
    fn a_source_counts_its_lines_apart_from_noise() {
        let mut book = Logbook::default();
        book.push(&batch("blue", &["a", "health 1"]), at(10));
        book.push(&LogBatch { dropped: 3, ..batch("blue", &["health 2"]) }, at(20));
        book.push(&batch("green", &[]), at(30));
        assert_eq!(
            book.counted(&"blue".into()),
            SourceCount {
                lines: 3,
                not_excluded: 1,
                dropped: 3,
                newest: Some(Elapsed(20)),
                newest_not_excluded: Some(Elapsed(10))
            }
        );
        assert_eq!(book.counted(&"green".into()), SourceCount::default());
        assert_eq!((book.dropped(), book.excluded()), (3, 2));
    }

    #[test]
    fn fields_are_kept_beside_the_text() {
        let mut book = Logbook::default();
        let mut lines = batch("blue", &["plain", "paid", "odd \u{1d} text"]);
        lines.lines[1].fields = Fields::of([("Properties.Stan", "004217"), ("ms", "38")]);
        lines.lines[2].fields = Fields::of([("a", "")]);
        book.push(&lines, at(0));
        let line = |number| book.line(LineNumber(number)).expect("it is kept");
        assert_eq!((line(0).text, line(0).fields().count()), ("plain", 0));
        assert_eq!(
            (line(1).text, line(1).field("Properties.Stan"), line(1).field("Stan")),
            ("paid", Some("004217"), None)
        );
        assert_eq!(line(1).fields().collect::<Vec<_>>(), [("Properties.Stan", "004217"), ("ms", "38")]);
        assert_eq!((line(2).text, line(2).field("a")), ("odd \u{1d} text", Some("")));
    }

    #[test]
    fn marks_stand_among_the_lines() {
        let mut book = Logbook::default();
        book.push(&batch("blue", &["a"]), at(0));
        book.mark("ana: 10 → 30", at(1));
        let mark = book.line(LineNumber(1)).expect("it is kept");
        assert!(mark.is_mark() && mark.text == "ana: 10 → 30" && mark.source.is_none());
        assert!(!book.line(LineNumber(0)).expect("it is kept").is_mark());
    }

    #[test]
    fn bytes_are_bounded_by_whole_blocks() {
        let mut book = Logbook::new(Limits { lines: 1_000_000, bytes: 1024 * 1024 });
        let text = "x".repeat(1000);
        for _ in 0..5_000 {
            book.push(&batch("blue", &[&text]), at(0));
        }
        let kept = book.end().0 - book.first().0;
        assert!((700..=1_032).contains(&kept), "{kept}");
        assert_eq!(book.end().0, 5_000);
    }

    proptest! {
        #[test]
        fn the_newest_lines_are_kept_under_their_numbers(
            lines in 1_usize..50,
            batches in proptest::collection::vec((0_usize..3, proptest::collection::vec("[a-zé]{0,6}", 0..8)), 0..40),
        ) {
            let mut book = Logbook::new(Limits { lines, bytes: 1024 * 1024 });
            let mut naive: Vec<(String, String)> = Vec::new();
            for (source, texts) in &batches {
                let source = format!("source {source}");
                book.push(&batch(&source, &texts.iter().map(String::as_str).collect::<Vec<_>>()), at(0));
                naive.extend(texts.iter().map(|text| (source.clone(), text.clone())));
            }
            let first = naive.len().saturating_sub(lines);
            prop_assert_eq!((book.first().0, book.end().0), (first as u64, naive.len() as u64));
            let kept: Vec<(String, String)> = book
                .lines(LineNumber(0), book.end())
                .map(|line| (line.source.expect("a source").to_string(), line.text.to_owned()))
                .collect();
            prop_assert_eq!(kept.as_slice(), naive.get(first..).expect("in range"));
            for number in 0..naive.len() {
                let line = book.line(LineNumber(number as u64)).map(|line| line.text.to_owned());
                prop_assert_eq!(line, naive.get(number).filter(|_| number >= first).map(|(_, text)| text.clone()));
            }
        }
    }
}
