//! What a log line is to the pairs of the profile, in words.

use super::super::Model;
use crate::domain::pairing::{Side, Standing, Told};
use crate::logbook::LineRef;

impl Model {
    /// What a line is to the pairs of the profile: `authorisations: request, answered after 38 ms`.
    pub(super) fn pair_words(&self, line: LineRef<'_>) -> Vec<(String, String)> {
        let Some(source) = line.source else { return Vec::new() };
        let told = Told { text: line.text, fields: line.kept_fields() };
        let each = self.flight.paired(source, told, line.at);
        let words = each.map(|(pairs, side, standing)| {
            let side = match side {
                Side::Request => "request",
                Side::Answer => "answer",
            };
            let stands = match standing {
                Some(Standing::Waiting) => "not paired yet: an earlier line may still come".to_owned(),
                Some(Standing::Open(ms)) => format!("open for {ms} ms by the log"),
                Some(Standing::Answered(Some(ms))) => format!("answered after {ms} ms"),
                Some(Standing::Answered(None)) => "answered, by a stamp before the request's".to_owned(),
                None => "the other one of the two is not known".to_owned(),
            };
            (pairs.to_string(), format!("{side}, {stands}"))
        });
        words.collect()
    }
}
