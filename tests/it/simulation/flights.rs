//! Many seeds, and what they met.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use super::seen::Seen;
use super::world::{Broken, World};

/// Seeds of a usual run.
const SEEDS: u64 = 10_000;
/// Tests that share them.
const PARTS: u64 = 4;

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

/// Flies one seed to its end: most are short, some are long.
pub fn fly(seed: u64) -> World {
    let mut world = World::new(seed);
    world.fly(if seed.is_multiple_of(16) { 220 } else { 60 });
    world.heal_and_settle();
    world
}

/// Past the capture of test output, so that a run of many tests shows how many seeds it flew.
pub fn say(text: &str) {
    std::io::stderr().write_all(format!("{text}\n").as_bytes()).unwrap();
}

fn part(index: u64) {
    if let Some(seed) = number("FLIGHTDECK_SEED") {
        if index == 0 {
            let world = fly(seed);
            say(&world.story());
            let broken = world.broken.iter().map(|broken| (broken.clone(), (1, seed))).collect();
            assert_kept(&broken);
        }
        return;
    }
    let all = number("FLIGHTDECK_SEEDS").unwrap_or(SEEDS);
    let (first, end) = (1 + index * all / PARTS, 1 + (index + 1) * all / PARTS);
    let began = Instant::now();
    let mut seen = Seen::default();
    let mut broken: BTreeMap<Broken, (u64, u64)> = BTreeMap::new();
    for seed in first..end {
        let world = fly(seed);
        if let Some(found) = world.broken {
            broken.entry(found).or_insert((0, seed)).0 += 1;
        }
        seen.add(&world.seen);
    }
    let took = began.elapsed().as_secs();
    let found: u64 = broken.values().map(|(times, _)| times).sum();
    say(&format!("simulation: {} seeds from {first}, of {all} seeds, in {took} s; {found} broke a rule", end - first));
    println!("{seen:?}");
    assert_kept(&broken);
    // A simulation that never meets what it is for proves nothing. Who ends last looks at what all of them met.
    let mut met = MET.lock().unwrap_or_else(PoisonError::into_inner);
    met.0.add(&seen);
    met.1 += 1;
    if all >= SEEDS && met.1 == PARTS {
        let counts = met.0.counts().into_iter();
        let never: Vec<&str> = counts.filter(|(_, times)| *times == 0).map(|(what, _)| what).collect();
        assert!(never.is_empty(), "no flight ever met: {}", never.join(", "));
    }
}

/// What the parts that have ended met, and how many those are.
static MET: Mutex<(Seen, u64)> = Mutex::new((Seen::new(), 0));

fn assert_kept(broken: &BTreeMap<Broken, (u64, u64)>) {
    let lines: Vec<String> = broken
        .iter()
        .map(|(Broken { rule, what }, (times, seed))| format!("{times} times {rule}: {what}; FLIGHTDECK_SEED={seed}"))
        .collect();
    assert!(lines.is_empty(), "rules were broken:\n{}", lines.join("\n"));
}

#[test]
fn random_sessions_keep_every_rule_first_part() {
    part(0);
}

#[test]
fn random_sessions_keep_every_rule_second_part() {
    part(1);
}

#[test]
fn random_sessions_keep_every_rule_third_part() {
    part(2);
}

#[test]
fn random_sessions_keep_every_rule_fourth_part() {
    part(3);
}
