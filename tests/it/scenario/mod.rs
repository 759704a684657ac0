//! Scenarios: evidence over time, then states, acts and lines of the screen, written in TOML under `scenarios/`.
//!
//! A scenario is one file. It flies the cockpit over scripted routers and sources; no time passes but what it says.
//!
//! ```toml
//! about   = "One breach is no trip."            # what it shows, in a sentence
//! weights = [0, 100]                            # what every router has at opening, in the order of the pools
//! files   = { "runbook.md" = "tests/it/runbook/canary.md" }  # files that the profile names, and where they are
//! profile = '''                                 # as users write it; routers are replaced by scripted ones
//! service = "shop"
//! ...
//! '''
//!
//! [[moment]]                                    # in order; each key is optional, and done in this order:
//! name  = "blue fails one request in fifty"     #   named where an expectation is not met
//! given = { blue = { errors = 2 } }             #   what sources and routers tell of a pool from now on, see below
//! tick  = ["code", "Ship to blue"]              #   items by their text, or all open ones of a section by its slug, with keys
//! keys  = "n<drawn>y"                           #   keys, as in the tests of flows; `<drawn>` is a frame
//! wall  = "-2h"                                 #   the wall clock is set; elapsed time is not touched
//! skip  = "1h"                                  #   time without a tick, as while a machine sleeps
//! pass  = "10s"                                 #   time with a tick every 100 ms; sources are looked at by their interval
//! then  = { guards = { errors = "breached 1 of 2, blue 2.00 %, ≤ 1.00 %" }, split = "10 / 90" }
//! ```
//!
//! `given.POOL`, for the sources of the pool, and for the routers' own counters where a key is about them:
//! `errors` (percent of requests that fail; `nan`; of the routers where the profile has no `[[metrics]]`), `requests` (a second, of a source; 0 is no traffic), `p99`
//! (milliseconds), `rate` (requests a second over one router, of all pools), `source` (`"well"`, `"gone"` refuses,
//! `"silent"` never answers), and any other key is the panel of that name (a number, `"none"` for no value, `nan`).
//! Of the pool's `[[log]]`: `asked` (requests a second), `answered` (percent of them), `took` (milliseconds), `double` (how many of a
//! second's requests have the key of the one before), `log` (`"well"`, with a health check a second, `"silent"`, `"gone"`, `"lossy"`).
//! `given.checks`: by name or `all`, `"passes"`, `"fails: WHY"`, `"silent"`; those of another kind than `limit`, which pass else.
//! `given.actions`: by name or `all`, `"runs"` (which they do else), `"done"`, `"fails: WHY"`.
//! `given.all` is every pool, and panels of the whole. `given.routers` is `{ source = "silent" }` and the like.
//!
//! `then`: `guards` (a guard's words without what follows a comma that is not written here: the words must begin so),
//! `trips` (how often each guard has tripped), `elsewhere` (the old version breaks it too: begins so), `drains` (a pool's
//! state), `soak` (`"0:03 of 0:30"`, followed by `, paused: WHY` where it stands still; `"none"`), `gates` (those that do not
//! hold, in order, each beginning so), `done` (steps, by their ids), `open_items` (how many), `started` (actions, in order), `red_at_start` (guards), `split` (of the first router), `sent` (writes so far),
//! `screen` (texts that are on a screen of 120 by 36), `not_on_screen`.
//!
//! Keys that a scenario spells wrong are refused. To write one, copy the nearest file, and run
//! `cargo nextest run -E 'test(scenario)'`: what is expected and what was found are told for all moments at once.

mod log;
mod source;
mod stage;
mod system;

use std::path::{Path, PathBuf};

/// Plays every file of a folder; tells of all that do not go as written.
pub fn play_all(folder: &str, at_least: usize) {
    let mut files: Vec<PathBuf> = std::fs::read_dir(Path::new("tests/it/scenarios").join(folder))
        .expect("the folder of the scenarios is there")
        .map(|entry| entry.expect("an entry can be read").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "toml"))
        .collect();
    files.sort();
    assert!(files.len() >= at_least, "{} scenarios in {folder}", files.len());
    let wrong: Vec<String> = files.iter().flat_map(|path| stage::play(path)).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn guards_stand_as_their_scenarios_say() {
    play_all("guard", 18);
}

#[test]
fn requests_in_logs_are_paired_as_their_scenarios_say() {
    play_all("pairs", 7);
}

/// A runner that lets everything pass would pass everything.
#[test]
fn what_does_not_go_as_written_is_told() {
    let folder = tempfile::tempdir().expect("a directory can be made");
    let path = folder.path().join("wrong.toml");
    let right = std::fs::read_to_string("tests/it/scenarios/guard/one-breach-then-quiet.toml").expect("it is there");
    let wrong = right.replace("breached 1 of 2", "breached 1 of 3").replace("sent = 1", "sent = 7");
    assert_ne!(wrong, right);
    std::fs::write(&path, wrong).expect("the file can be written");
    let told = stage::play(&path).join("\n");
    assert!(told.contains("breached 1 of 3") && told.contains("sent: expected 7, found 1"), "{told}");
}

/// Plays one file.
fn play_one(file: &str) {
    let wrong = stage::play(&Path::new("tests/it/scenarios").join(file));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn two_routers_that_move_together_are_flown_as_their_runbook_says() {
    play_one("flown/dual-router.toml");
}

#[test]
fn a_canary_in_stages_is_flown_as_its_runbook_says() {
    play_one("flown/staged-canary.toml");
}

#[test]
fn a_promotion_with_gates_is_flown_as_its_runbook_says() {
    play_one("flown/promotion.toml");
}

#[test]
fn a_cutover_behind_a_load_balancer_is_flown_as_its_runbook_says() {
    play_one("flown/cutover.toml");
}

#[test]
fn a_rolling_update_is_flown_as_its_runbook_says() {
    play_one("flown/rolling-update.toml");
}

#[test]
fn the_way_back_in_stages_goes_as_its_scenarios_say() {
    play_all("back", 2);
}
