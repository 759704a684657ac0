//! A record of which one byte was changed is not taken, and the place is named.

use flightdeck::domain::Digest;
use flightdeck::record::{Damaged, TAG, document, read};
use sha2::{Digest as _, Sha256};

use super::history;
use crate::journal::told;
use crate::simulation::random::Random;

fn recorded() -> Vec<u8> {
    document(&history(told::deployment()), None).expect("a record").into_bytes()
}

fn line_of(bytes: &[u8], at: usize) -> usize {
    bytes[..at].split(|byte| *byte == b'\n').count()
}

fn damaged(bytes: &[u8]) -> Damaged {
    read(bytes).err().unwrap_or_else(|| panic!("a changed record was taken for whole"))
}

#[test]
fn every_changed_byte_is_found_and_its_line_is_named() {
    let whole = recorded();
    read(&whole).unwrap_or_else(|damaged| panic!("{damaged}"));
    let lines = line_of(&whole, whole.len()) - 1;
    let first = whole.windows(11).position(|part| part == b"\"entries\":[").unwrap();
    let first = line_of(&whole, first);
    let mut random = Random::new(7);
    // The first and the last byte of every line, and others anywhere.
    let ends = (0..whole.len()).filter(|at| whole[*at] == b'\n');
    let mut places: Vec<usize> =
        ends.flat_map(|at| [at.saturating_sub(1), at, (at + 1).min(whole.len() - 1)]).collect();
    let size = u64::try_from(whole.len()).unwrap();
    places.extend((0..400).map(|_| usize::try_from(random.below(size)).unwrap()));
    places.push(0);
    let mut entries = 0;
    for (at, flip) in places.into_iter().zip([1, 0x20, 0x80].into_iter().cycle()) {
        let mut bytes = whole.clone();
        bytes[at] ^= flip;
        let found = damaged(&bytes);
        let line = line_of(&whole, at);
        let named = found.place.split(',').next().unwrap_or_default();
        assert_eq!(named, format!("line {line}"), "byte {at}, flip {flip}: {found}");
        if line > first && line < lines - 3 && whole[at] != b'\n' {
            let entry = line - first;
            assert!(found.place.contains(&format!("entry {entry}")), "byte {at}: {found}");
            entries += 1;
        }
    }
    assert!(entries > 100, "{entries}");
}

#[test]
fn the_place_says_which_events_when_and_what_is_no_json_any_more() {
    let whole = String::from_utf8(recorded()).unwrap();
    let edited = whole.replacen("Timeouts in *blue*", "Timeouts in *blux*", 1);
    // The summary's timeline has the words first.
    assert!(damaged(edited.as_bytes()).place.ends_with("`notes`"), "{}", damaged(edited.as_bytes()));
    let at = whole.rfind("Timeouts in *blue*").unwrap();
    let mut edited = whole.clone();
    edited.replace_range(at..at + 8, "Timeoutz");
    let found = damaged(edited.as_bytes());
    assert!(found.place.contains("(note_added, 2026-11-21T14:15:50.000Z)"), "{found}");
    assert_eq!(found.why, "it was changed after it was written");
    let torn = whole.replacen("\"record\":1,", "\"record\":1;", 1);
    let found = damaged(torn.as_bytes());
    assert!(found.place == "line 2, `record`" && found.why.contains("no JSON any more"), "{found}");
    assert!(found.why.contains("line 2 column"), "{found}");
}

#[test]
fn lines_that_are_missing_doubled_or_cut_off_are_found() {
    let whole = String::from_utf8(recorded()).unwrap();
    let lines: Vec<&str> = whole.lines().collect();
    for at in 0..lines.len() {
        let mut fewer = lines.clone();
        fewer.remove(at);
        damaged((fewer.join("\n") + "\n").as_bytes());
        let mut more = lines.clone();
        more.insert(at, lines[at]);
        damaged((more.join("\n") + "\n").as_bytes());
        damaged((lines[..at].join("\n") + "\n").as_bytes());
    }
    damaged(b"");
    damaged(b"{}\n");
    damaged(whole.trim_end().as_bytes());
}

/// Writes the sums and the digest anew, as somebody would who knows how.
fn resealed(edited: &str) -> Vec<u8> {
    let above: Vec<&str> = edited.lines().take_while(|line| !line.starts_with("\"sums\":")).collect();
    let hex = |bytes: [u8; 32]| Digest(bytes).to_string();
    let sums: Vec<String> =
        above.iter().map(|line| format!("\"{}\"", &hex(Sha256::digest(line).into())[..8])).collect();
    let above = format!("{}\n\"sums\":[{}],\n", above.join("\n"), sums.join(","));
    let digest = Sha256::new().chain_update(TAG).chain_update(&above).finalize();
    format!("{above}\"digest\":\"{}\"\n}}\n", hex(digest.into())).into_bytes()
}

#[test]
fn whoever_writes_the_digest_anew_still_breaks_the_chain_or_contradicts_the_entries() {
    let whole = String::from_utf8(recorded()).unwrap();
    read(&resealed(&whole)).unwrap_or_else(|damaged| panic!("{damaged}"));
    let at = whole.rfind("p99 of blue").unwrap();
    let mut edited = whole.clone();
    edited.replace_range(at..at + 3, "p95");
    let found = damaged(&resealed(&edited));
    assert!(found.place.contains("(held, ") && found.why.contains("its text was changed"), "{found}");
    let edited = whole.replacen("rolled back, green serves 2.4.0", "all is well, blue serves 2.5.0!", 1);
    let found = damaged(&resealed(&edited));
    assert!(found.place.ends_with("`closed`") && found.why.contains("something else than the entries"), "{found}");
    let newer = whole.replacen("\"record\":1,", "\"record\":2,", 1);
    let found = damaged(&resealed(&newer));
    assert!(found.why.contains("written by a newer flightdeck"), "{found}");
}
