//! The built program in a real terminal on a real HAProxy, measured from outside: what an operator feels.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::missing_panics_doc,
    clippy::print_stdout,
    clippy::string_slice,
    dead_code,
    missing_docs,
    unreachable_pub,
    reason = "a benchmark prints, shares the tests' terminal, and says loudly when it cannot go on"
)]

#[path = "../it/support/haproxy.rs"]
pub mod haproxy;
#[path = "../it/support/load.rs"]
pub mod load;
#[path = "../it/support/pool.rs"]
pub mod pool;
#[path = "../it/support/port.rs"]
mod port;
mod print;
#[path = "../it/support/pty.rs"]
pub mod pty;
mod usage;
mod world;

use std::sync::{Arc, Mutex};
use std::thread::sleep;
use std::time::{Duration, Instant};

use load::{Connections, Load};
use print::{report, value};
use pty::Pty;
use usage::{Usage, float, pss_mib};
use world::{Flood, SIZE, World, green, newest};

/// Long enough for anything that begins with the program to have come to rest.
const SETTLED: Duration = Duration::from_secs(2);

/// One thing that is measured.
type Measure = fn(&World);

fn main() {
    let world = World::start();
    // `cargo bench --bench terminal -- keys idle` measures these alone.
    let wanted: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    let measures: [(&str, Measure); 9] = [
        ("start", start),
        ("keys", keys),
        ("floods", floods),
        ("minute", minute),
        ("others", others),
        ("confirm", confirm),
        ("idle", idle),
        ("resize", resize),
        ("stall", stall),
    ];
    for (name, measure) in measures {
        if wanted.is_empty() || wanted.iter().any(|word| word == name) {
            world.set(0);
            measure(&world);
        }
    }
}

fn start(world: &World) {
    let starts = |open: &dyn Fn() -> Pty| {
        let (mut frames, mut splits, mut memory) = (Vec::new(), Vec::new(), 0.0);
        for _ in 0..20 {
            let begun = Instant::now();
            let pty = open();
            pty.expect(|screen| last_row(screen).contains("keys"));
            frames.push(pty.met("a frame").duration_since(begun));
            pty.expect(|screen| screen.contents().contains("100 / 0"));
            splits.push(pty.met("a split").duration_since(begun));
            sleep(Duration::from_millis(200));
            memory = pss_mib(pty.pid());
        }
        (frames, splits, memory)
    };
    let (mut frames, ..) = starts(&|| world.open_first(&["--no-motion"]));
    report("start to the frame, the journal made anew", "-", &mut frames);
    let (mut frames, mut splits, memory) = starts(&|| world.open(&["--no-motion"], None));
    report("start to the frame", "p50 10 ms", &mut frames);
    report("start to the first live split", "p50 40 ms", &mut splits);
    value("memory at start, PSS", "15 MiB", memory, "MiB");
}

fn keys(world: &World) {
    let mut pty = world.open(&["--no-motion"], None);
    pty.wait_for("100 / 0");
    sleep(SETTLED);
    report("key to paint, idle", "p50 0.5 ms, p99 2 ms", &mut type_help(&mut pty, 300));
    report("key to paint of one cell or two (Tab), idle", "p50 0.5 ms, p99 2 ms", &mut type_tab(&mut pty));
}

fn floods(world: &World) {
    for (rate, key_goal, age_goal, cpu_goal) in [
        (10_000_u32, "p50 0.7 ms, p99 4 ms", "p50 15 ms, p99 30 ms", "3 %"),
        (100_000, "p50 2 ms, p99 16 ms", "p50 15 ms, p99 40 ms", "20 %"),
    ] {
        let log = world.log(&format!("flood-{rate}"));
        let flood = Flood::start(&log, rate);
        let mut pty = world.open(&["--no-motion"], Some(&log));
        pty.wait_until("lines", |screen| newest(screen).is_some());
        sleep(SETTLED);
        let (before, bytes) = (Usage::of(pty.pid()), pty.bytes());
        let mut ages = ages(&pty, flood.started, Duration::from_secs(5));
        let used = Usage::of(pty.pid()).since(&before);
        let of = format!("{rate} log lines/s");
        report(&format!("{of}: age of the newest line on the screen"), age_goal, &mut ages);
        value(&format!("{of}: CPU of one core"), cpu_goal, used.cpu_percent, "%");
        value(&format!("{of}: to the terminal"), "100 kB/s", float(pty.bytes() - bytes) / 5_000.0, "kB/s");
        report(&format!("{of}: key to paint"), key_goal, &mut type_help(&mut pty, 300));
        if rate == 10_000 {
            // The rest of 200,000 lines.
            sleep(Duration::from_secs(20).saturating_sub(flood.started.elapsed()));
            value("memory with 200,000 lines kept, PSS", "60 MiB", pss_mib(pty.pid()), "MiB");
        } else {
            sleep(Duration::from_secs(5));
            value("memory after more than a million lines, PSS", "60 MiB", pss_mib(pty.pid()), "MiB");
        }
        drop(flood);
        std::fs::remove_file(log).unwrap();
    }
}

/// A minute of 100,000 lines a second: keys, memory, what is not kept any more, and what a filter finds of the rest.
fn minute(world: &World) {
    const RATE: u32 = 100_000;
    const KEPT: u64 = 200_000;
    let log = world.log("minute");
    std::fs::write(&log, "").unwrap();
    let mut pty = world.open(&["--no-motion"], Some(&log));
    pty.wait_for("100 / 0");
    sleep(SETTLED);
    println!("{:<62} {:>24} load {}", "a minute of 100,000 log lines/s", "", load_average());
    let of = |what: &str| format!("a minute of {RATE} log lines/s: {what}");
    value(&of("memory before, PSS"), "15 MiB", pss_mib(pty.pid()), "MiB");
    let (flood, before) = (Flood::start(&log, RATE), Usage::of(pty.pid()));
    let (mut times, mut after_ten) = (Vec::new(), None);
    while flood.started.elapsed() < Duration::from_mins(1) {
        times.extend(type_help(&mut pty, 20));
        if after_ten.is_none() && flood.started.elapsed() >= Duration::from_secs(10) {
            after_ten = Some(pss_mib(pty.pid()));
        }
    }
    let used = Usage::of(pty.pid()).since(&before);
    report(&of("key to paint"), "p50 2 ms, p99 16 ms", &mut times);
    value(&of("CPU of one core"), "20 %", used.cpu_percent, "%");
    value(&of("memory after 10 s, PSS"), "60 MiB", after_ten.unwrap_or_default(), "MiB");
    value(&of("memory after 60 s, PSS"), "60 MiB", pss_mib(pty.pid()), "MiB");
    let written = flood.stop();
    // Marks of what operators did are kept among the lines.
    let seen = |text: &str| count_before(text, "older let go") + count_before(text, "dropped") + KEPT;
    let begun = Instant::now();
    while seen(&pty.text()) < written && begun.elapsed() < Duration::from_secs(20) {
        sleep(Duration::from_millis(50));
    }
    let (text, caught_up) = (pty.text(), begun.elapsed());
    let (gone, dropped) = (count_before(&text, "older let go"), count_before(&text, "dropped"));
    value(&of("written"), "6 M", float(written) / 1e6, "M");
    value(&of("let go, as the screen says"), "-", float(gone) / 1e6, "M");
    value(&of("dropped, as the screen says"), "0", float(dropped), "lines");
    value(&of("neither kept, let go nor dropped"), "0", float(written.saturating_sub(gone + dropped + KEPT)), "lines");
    value(&of("until the last one is on the screen"), "10 ms", caught_up.as_secs_f64() * 1_000.0, "ms");
    pty.send("/");
    pty.send("/stan=\\d+77$/\r");
    pty.wait_until("what was found", |screen| count_before(&screen.contents(), "found") > 0);
    sleep(Duration::from_secs(1));
    let found = count_before(&pty.text(), "found");
    value(&of("found by a filter of 1 in 100 of the kept"), "2000", float(found), "lines");
    std::fs::remove_file(log).unwrap();
}

/// The count that the screen writes before a word; 0 where it does not.
fn count_before(text: &str, word: &str) -> u64 {
    let Some((before, _)) = text.split_once(word) else { return 0 };
    let digits = before.trim_end().chars().rev().take_while(|each| each.is_ascii_digit() || each.is_whitespace());
    let digits: Vec<char> = digits.filter(char::is_ascii_digit).collect();
    digits.into_iter().rev().collect::<String>().parse().unwrap_or(0)
}

/// What else the machine does: figures of a loaded one say little.
fn load_average() -> String {
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    load.split(' ').next().unwrap_or_default().to_owned()
}

fn others(world: &World) {
    let mut pty = world.open(&["--no-motion"], None);
    pty.wait_for("100 / 0");
    sleep(SETTLED);
    report("another's change until it is on the screen, idle", "1.1 s", &mut set_all(world, &pty, 20));
    // Somebody is at the keys.
    pty.send("\t");
    sleep(SETTLED);
    let mut times = set_all(world, &pty, 50);
    report("another's change until it is on the screen, watched closely", "p50 60 ms, p99 150 ms", &mut times);
    world.set(0);
    sleep(SETTLED);
    let before = Usage::of(pty.pid());
    sleep(Duration::from_secs(10));
    let used = Usage::of(pty.pid()).since(&before);
    value("one router watched closely: wake-ups", "70 /s", used.wake_ups, "/s");
    value("one router watched closely: CPU of one core", "0.4 % more than idle", used.cpu_percent, "%");
}

/// Sets the weights behind the cockpit's back, and waits for each to be on its screen.
fn set_all(world: &World, pty: &Pty, count: u32) -> Vec<Duration> {
    let mut times = Vec::new();
    for turn in 0..count {
        // Not in step with the reading.
        sleep(Duration::from_millis(u64::from(turn * 37 % 100) + 200));
        let green = 30 + turn % 50;
        pty.expect(move |screen| screen.contents().contains(&format!("{} / {green}", 100 - green)));
        world.set(green);
        let set = Instant::now();
        times.push(pty.met("another's change").saturating_duration_since(set));
    }
    times
}

fn confirm(world: &World) {
    let mut pty = world.open(&["--no-motion"], None);
    pty.wait_for("100 / 0");
    let (mut there, mut verified) = (Vec::new(), Vec::new());
    for step in 1..=20 {
        sleep(Duration::from_millis(300));
        pty.send("n");
        pty.wait_for("y send");
        pty.wait_for(&format!("set server app/green-2 weight {}", green(step)));
        // A key counts once the dialog is known to be on the screen.
        sleep(Duration::from_millis(50));
        let green = green(step);
        let text = format!("{} / {green}   ✓ edge verified", 100 - green);
        pty.expect(move |screen| screen.contents().contains(&text));
        let pressed = Instant::now();
        pty.send("y");
        while !world.has(green) {
            assert!(pressed.elapsed() < SETTLED, "HAProxy does not get it:\n{}", pty.text());
        }
        there.push(pressed.elapsed());
        verified.push(pty.met("verified").duration_since(pressed));
    }
    report("confirming key until HAProxy has it", "p50 5 ms, p95 15 ms", &mut there);
    report("confirming key until `verified` is on the screen", "p50 15 ms, p95 40 ms", &mut verified);
}

fn idle(world: &World) {
    for (how, arguments, cpu, wake_ups, bytes) in [
        ("--no-motion", &["--no-motion"][..], "0.3 %", "12 /s", "200 B/s"),
        ("with motion and 100 requests/s", &[], "3 %", "-", "-"),
    ] {
        let pty = world.open(arguments, None);
        pty.wait_for("100 / 0");
        // What moves stands for requests.
        let load = arguments.is_empty().then(|| Load::start(world.haproxy.front(), 100, u64::MAX, Connections::Kept));
        sleep(SETTLED);
        let (before, sent) = (Usage::of(pty.pid()), pty.bytes());
        sleep(Duration::from_secs(10));
        let (used, sent) = (Usage::of(pty.pid()).since(&before), pty.bytes() - sent);
        value(&format!("idle, {how}: CPU of one core"), cpu, used.cpu_percent, "%");
        value(&format!("idle, {how}: wake-ups"), wake_ups, used.wake_ups, "/s");
        for (thread, count) in used.by_thread {
            println!("    {thread} {count:.1}/s");
        }
        value(&format!("idle, {how}: to the terminal"), bytes, float(sent) / 10.0, "B/s");
        drop(load);
    }
}

fn resize(world: &World) {
    let pty = world.open(&["--no-motion"], None);
    pty.wait_for("100 / 0");
    sleep(SETTLED);
    let mut times = Vec::new();
    for turn in 0..100 {
        let (columns, rows) = if turn % 2 == 0 { (100, 30) } else { SIZE };
        let begun = Instant::now();
        pty.resize(columns, rows);
        pty.expect(|screen| !last_row(screen).trim().is_empty());
        times.push(pty.met("the new size").duration_since(begun));
        sleep(Duration::from_millis(40));
    }
    report("another size until all of it is drawn", "p50 1.5 ms, p95 4 ms", &mut times);
}

fn stall(world: &World) {
    let log = world.log("stall");
    let flood = Flood::start(&log, 10_000);
    let pty = world.open(&["--no-motion"], Some(&log));
    pty.wait_until("lines", |screen| newest(screen).is_some());
    let mut times = Vec::new();
    for _ in 0..5 {
        sleep(Duration::from_secs(1));
        pty.pause(true);
        sleep(Duration::from_secs(3));
        let (begun, now) = (Instant::now(), flood.started.elapsed());
        // At most as old as a line may be at any time.
        let since = now.saturating_sub(Duration::from_millis(15));
        pty.expect(move |screen| newest(screen).is_some_and(|at| at >= since));
        pty.pause(false);
        times.push(pty.met("the newest lines").duration_since(begun));
    }
    report("current again after the terminal stalled for 3 s", "10 ms", &mut times);
}

/// Opens the help and closes it, so many times together, as fast as a hand could at its fastest.
fn type_help(pty: &mut Pty, keys: u64) -> Vec<Duration> {
    let mut times = Vec::new();
    for turn in 0..keys {
        let is_open = turn % 2 == 0;
        pty.expect(move |screen| last_row(screen).contains("Enter close") == is_open);
        let pressed = Instant::now();
        pty.send(if is_open { "?" } else { "\x1b" });
        times.push(pty.met("the help").duration_since(pressed));
        sleep(Duration::from_millis(20 + turn * 7 % 13));
    }
    times
}

/// Moves the focus on.
fn type_tab(pty: &mut Pty) -> Vec<Duration> {
    let mut times = Vec::new();
    for turn in 0..300_u64 {
        let before = pty.bytes();
        let mut seen = false;
        pty.expect(move |_| std::mem::replace(&mut seen, true));
        let pressed = Instant::now();
        pty.send("\t");
        times.push(pty.met("the focus").duration_since(pressed));
        assert!(pty.bytes() > before);
        sleep(Duration::from_millis(20 + turn * 7 % 13));
    }
    times
}

/// How old the newest line on the screen is whenever the screen changes.
fn ages(pty: &Pty, started: Instant, span: Duration) -> Vec<Duration> {
    let ages = Arc::new(Mutex::new(Vec::new()));
    let (seen, mut last) = (ages.clone(), None);
    pty.expect(move |screen| {
        let written = newest(screen);
        if written != last {
            last = written;
            seen.lock().unwrap().extend(written.map(|at| started.elapsed().saturating_sub(at)));
        }
        false
    });
    sleep(span);
    pty.expect(|_| true);
    std::mem::take(&mut ages.lock().unwrap())
}

fn last_row(screen: &vt100::Screen) -> String {
    screen.rows(0, screen.size().1.get()).last().unwrap_or_default()
}
