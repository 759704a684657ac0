//! How the terminal is taken, held and given back.

use std::process::Command;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::support::pty::Pty;

const SOON: Duration = Duration::from_mins(1);
/// S1: at most 2 s for answers, and a little for the rest.
const AT_ONCE: Duration = Duration::from_secs(4);

fn demo() -> Pty {
    let pty = Pty::flightdeck(&["demo"], (120, 36));
    pty.wait_for("payments-api");
    pty
}

#[test]
fn a_frame_is_shown_and_the_terminal_is_taken_whole() {
    let pty = demo();
    pty.wait_for("edge-2");
    pty.wait_until("the modes", |screen| {
        screen.alternate_screen()
            && screen.bracketed_paste()
            && screen.mouse_protocol_mode() != vt100::MouseProtocolMode::None
    });
    assert!(pty.is_raw());
}

#[test]
fn another_size_is_drawn_whole() {
    let pty = demo();
    for (columns, rows) in [(80, 24), (200, 50), (40, 12)] {
        pty.resize(columns, rows);
        pty.wait_until("the header in the new size", |screen| {
            screen.contents().lines().next().is_some_and(|line| line.contains("payments-api"))
        });
    }
}

#[test]
fn quitting_gives_the_terminal_back_and_says_where_the_story_is() {
    let mut pty = demo();
    pty.wait_for("edge-2");
    pty.send("q");
    assert_eq!(pty.wait_for_end(SOON).exit_code(), 0);
    pty.assert_whole();
    pty.wait_for("flightdeck record");
}

#[test]
fn a_signal_ends_it_in_order() {
    for (signal, code) in [(Signal::TERM, 143), (Signal::INT, 130), (Signal::HUP, 129)] {
        let mut pty = demo();
        pty.signal(signal);
        assert_eq!(pty.wait_for_end(AT_ONCE).exit_code(), code, "{signal:?}");
        pty.assert_whole();
    }
}

#[test]
fn a_panic_of_the_loop_gives_the_terminal_back_before_it_prints() {
    let mut pty = Pty::flightdeck(&["demo", "--panic-after", "1500"], (120, 36));
    pty.wait_for("payments-api");
    assert_eq!(pty.wait_for_end(SOON).exit_code(), 1);
    pty.assert_whole();
    pty.wait_for("flightdeck has a fault and had to end: asked for by --panic-after");
}

#[test]
fn a_terminal_that_has_vanished_ends_it_without_spinning() {
    let mut pty = demo();
    pty.wait_for("edge-2");
    pty.vanish();
    pty.wait_for_end(AT_ONCE);
}

#[test]
fn a_vanished_terminal_is_noticed_without_a_hangup_signal() {
    // The signal goes to the shell, which keeps it from its child.
    let program = format!("trap '' HUP; {} demo; echo ended $? > end", env!("CARGO_BIN_EXE_flightdeck"));
    let mut pty = Pty::spawn("/bin/sh", &["-c", &program], (120, 36));
    pty.wait_for("edge-2");
    pty.vanish();
    pty.wait_for_end(AT_ONCE);
    assert!(pty.state().join("end").exists(), "the shell saw it end");
}

#[test]
fn a_terminal_that_does_not_read_delays_nothing_but_drawing() {
    let mut pty = demo();
    pty.wait_for("edge-2");
    pty.pause(true);
    // Frames are larger than what the terminal holds, so the writer blocks.
    for _ in 0..60 {
        pty.send("\x0c");
        std::thread::sleep(Duration::from_millis(50));
    }
    pty.signal(Signal::TERM);
    assert_eq!(pty.wait_for_end(AT_ONCE).exit_code(), 143);
    pty.pause(false);
    pty.assert_whole();
}

#[test]
fn the_background_and_back() {
    let mut pty = Pty::spawn("/bin/bash", &["--norc", "--noprofile", "-i"], (120, 36));
    pty.wait_for("shell> ");
    pty.send(&format!("{} demo\n", env!("CARGO_BIN_EXE_flightdeck")));
    pty.wait_for("edge-2");
    pty.send("\x1a");
    pty.wait_until("the shell", |screen| !screen.alternate_screen() && screen.contents().contains("Stopped"));
    pty.wait_until("a whole terminal", |screen| !screen.hide_cursor());
    pty.send("fg\n");
    pty.wait_until("the deck again", |screen| screen.alternate_screen() && screen.contents().contains("edge-2"));
    pty.send("q");
    // Keys typed ahead of the end are thrown away, so the shell must be there.
    pty.wait_until("the shell", |screen| {
        !screen.alternate_screen() && screen.contents().contains("stays open") && screen.contents().ends_with("shell> ")
    });
    pty.send("echo left with $?\n");
    pty.wait_for("left with 0");
}

#[test]
fn nobody_could_bring_it_back_so_it_stays_in_front() {
    let mut pty = demo();
    pty.wait_for("edge-2");
    pty.send("\x1a");
    pty.wait_for("it stays in front");
    assert!(pty.is_raw());
}

#[test]
fn a_terminal_that_cannot_be_drawn_on_is_refused_with_advice() {
    let mut pty =
        Pty::spawn("/bin/sh", &["-c", &format!("TERM=dumb {} demo", env!("CARGO_BIN_EXE_flightdeck"))], (80, 24));
    assert_eq!(pty.wait_for_end(SOON).exit_code(), 2);
    pty.wait_for("set TERM to what this terminal is");
    pty.assert_whole();
}

#[test]
fn usual_terminals_are_drawn_on_and_given_back() {
    for term in ["xterm", "screen-256color", "linux"] {
        let mut pty = with(&format!("TERM={term}"));
        pty.wait_until("both pools with their marks", |screen| {
            let shown = screen.contents();
            shown.contains("BLUE") && shown.contains("GREEN") && shown.contains("50 / 50")
        });
        assert!(has_colour(&pty), "{term}");
        pty.send("q");
        assert_eq!(pty.wait_for_end(SOON).exit_code(), 0, "{term}");
        pty.assert_whole();
    }
}

#[test]
fn without_colour_everything_is_there_and_nothing_is_coloured() {
    let mut pty = with("NO_COLOR=1");
    pty.wait_for("edge-2");
    pty.send("n");
    pty.wait_for("╭ Drain blue");
    assert!(!has_colour(&pty));
    pty.escape("╭ Drain blue");
    pty.send("q");
    assert_eq!(pty.wait_for_end(SOON).exit_code(), 0);
    pty.assert_whole();
}

/// In a multiplexer the terminal goes with its server, which tells nobody.
#[test]
fn the_multiplexers_end_is_its_own() {
    let Ok(_version) = Command::new("tmux").arg("-V").output() else { return };
    let directory = tempfile::tempdir().unwrap();
    let program = env!("CARGO_BIN_EXE_flightdeck");
    // The second one is kept from the hangup signal by the shell above it.
    for (name, shell) in
        [("direct", format!("exec {program} demo")), ("kept", format!("trap '' HUP; {program} demo; :"))]
    {
        let tmux = |arguments: &[&str]| {
            let socket = directory.path().join(name);
            let mut command = Command::new("tmux");
            command.arg("-S").arg(socket).args(["-f", "/dev/null"]).args(arguments);
            command.env_remove("TMUX").env("LANG", "C.UTF-8").env("FLIGHTDECK_STATE_DIR", directory.path());
            let said = command.output().unwrap();
            String::from_utf8_lossy(&said.stdout).into_owned()
        };
        tmux(&["new-session", "-d", "-x", "120", "-y", "36", &shell]);
        wait("the deck in tmux", SOON, || tmux(&["capture-pane", "-p"]).contains("edge-2"));
        let shell: u32 = tmux(&["list-panes", "-F", "#{pane_pid}"]).trim().parse().unwrap();
        let pid = if name == "direct" { shell } else { child_of(shell) };
        assert!(is_running(pid), "{name}");
        tmux(&["kill-server"]);
        wait(&format!("the end of {name}"), AT_ONCE, || !is_running(pid));
    }
}

/// The demo with something more in its environment.
fn with(variable: &str) -> Pty {
    let program = format!("exec env {variable} {} demo", env!("CARGO_BIN_EXE_flightdeck"));
    Pty::spawn("/bin/sh", &["-c", &program], (120, 36))
}

fn has_colour(pty: &Pty) -> bool {
    let found = std::cell::Cell::new(false);
    pty.wait_until("the screen", |screen| {
        let (rows, columns) = screen.size();
        let mut cells = (0..rows.get()).flat_map(|row| (0..columns.get()).map(move |column| (row, column)));
        found.set(cells.any(|(row, column)| {
            screen
                .cell(row, column)
                .is_some_and(|cell| cell.fgcolor() != vt100::Color::Default || cell.bgcolor() != vt100::Color::Default)
        }));
        true
    });
    found.get()
}

fn is_running(pid: u32) -> bool {
    // Whoever inherits it may not wait for it: a zombie has ended.
    std::fs::read_to_string(format!("/proc/{pid}/stat"))
        .is_ok_and(|stat| !stat.rsplit(')').next().unwrap_or_default().trim_start().starts_with('Z'))
}

fn child_of(parent: u32) -> u32 {
    let children = std::fs::read_to_string(format!("/proc/{parent}/task/{parent}/children")).unwrap();
    children.split_whitespace().next().unwrap().parse().unwrap()
}

fn wait(what: &str, patience: Duration, holds: impl Fn() -> bool) {
    let until = Instant::now() + patience;
    while !holds() {
        assert!(Instant::now() < until, "waited in vain for {what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}
