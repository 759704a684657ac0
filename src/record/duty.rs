//! Items beside their ticks, and who was called, as the record tells them.

use super::story::Attached;
use super::tell::{Teller, act};
use crate::domain::SourceId;
use crate::domain::duty::Proof;
use crate::entry::Entry;
use crate::session::Event;
use crate::session::item::{Calling, ItemRun, Reading, Ticking};

impl Teller<'_> {
    /// How an item came to be ticked, where it was more than a key.
    pub(super) fn ticking(&mut self, entry: &Entry, text: &str, ticking: &Ticking) {
        if let Some(read) = &ticking.read {
            let how = if read.one_cockpit {
                format!("checked what {} read aloud, in one cockpit: nobody else was there", read.by)
            } else {
                format!("checked what {} read aloud", read.by)
            };
            self.did(entry, how, text);
        }
        if let Some(despite) = &ticking.despite {
            let what = format!("OVERRODE the order of the checklist: {}", despite.rule);
            self.did(entry, what, format!("{text}: {}", despite.reason));
        }
    }

    pub(super) fn duty(&mut self, entry: &Entry, event: &Event) {
        if let Event::ItemRun(run) = event {
            self.command(entry, run);
        }
        if let Event::ItemRead(reading) = event
            && let Reading::NotSo { text, read, word, .. } = &**reading
        {
            self.did(entry, format!("said not so to what {} read aloud: {text}", read.by), word.clone());
        }
        if let Event::ItemProven(attached) = event {
            let what = format!("attached evidence to {}", attached.text);
            match &attached.proof {
                Proof::Lines { source, lines } => {
                    let (source, lines) = (source.clone(), lines.clone());
                    self.did(entry, what, "see Evidence");
                    self.story.lines.push(Attached { act: act(entry), source, lines });
                }
                proof @ (Proof::Note { .. } | Proof::Link { .. }) => self.did(entry, what, proof.words()),
            }
        }
        if let Event::ItemWaiting { text, .. } = event {
            self.did(entry, "began the time of an item", text.clone());
        }
        if let Event::Calling(calling) = event {
            match &**calling {
                Calling::Declared { what } => self.did(entry, "declared an incident", what.clone()),
                Calling::Called { contact, answered } => {
                    let came = if *answered { "they answered" } else { "no answer" };
                    self.did(entry, format!("called {contact}"), came);
                }
                Calling::Over => self.did(entry, "said that the incident is over", ""),
            }
        }
    }

    fn command(&mut self, entry: &Entry, run: &ItemRun) {
        match run {
            ItemRun::Starting(starting) => {
                let came =
                    format!("{}; through {} in {}", starting.command, starting.shell.join(" "), starting.directory);
                self.did(entry, format!("ran the command of {}", starting.text), came);
            }
            ItemRun::Stopping { run } => {
                let text = self.session.duties.run(*run).map(|run| run.starting.what.text.clone());
                self.did(entry, format!("cancelled the command of {}", text.unwrap_or_default()), "");
            }
            ItemRun::Ended(ended) => {
                let text = self.session.duties.run(ended.run).map(|run| run.starting.what.text.clone());
                let text = text.unwrap_or_else(|| ended.item.to_string());
                let span = crate::domain::clock_span(std::time::Duration::from_millis(ended.took_ms));
                let see = if ended.lines.is_empty() { "" } else { "; see Evidence" };
                let came = format!("{} after {span}{see}", ended.end.words());
                self.noticed(entry, format!("the command of {text}"), came);
                if !ended.lines.is_empty() {
                    let mut lines = ended.lines.clone();
                    if ended.dropped > 0 {
                        lines.insert(0, format!("… {} lines before these were not kept", ended.dropped));
                    }
                    let source = SourceId::new(format!("command of {text}"));
                    self.story.lines.push(Attached { act: act(entry), source, lines });
                }
            }
        }
    }
}
