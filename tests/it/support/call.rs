//! Two people and more on one session: a program, a terminal and a state directory for each of them, one journal that they
//! share, and one HAProxy under load that they move.
//!
//! ```ignore
//! let call = Call::on_nats(Nats::three(), "[confirm]\nshift = \"two\"\n");
//! let (mut ana, mut raj) = call.pair();
//! ana.next("ask the second person");
//! raj.gives_their_word();
//! ```
//! HAProxy itself is asked what it has, never through flightdeck.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::cockpit::{Cockpit, Shape, assert_percent, head, percent, router, shift};
use super::door::Door;
use super::haproxy::{Haproxy, Layout, Setup, wait};
use super::load::{Connections, Load};
#[cfg(feature = "nats")]
use super::nats::{self, Nats};
use super::pool::Pool;
use super::pty::Pty;

/// Look at what is asked.
pub const F5: &str = "\x1b[15~";
/// Look at the controls.
pub const F6: &str = "\x1b[17~";
/// Confirm a run of steps.
pub const F7: &str = "\x1b[18~";

/// The longest wait for a record.
const PATIENCE: Duration = Duration::from_mins(1);

const POOLS: [&str; 2] = ["blue", "green"];

/// Rules that make waiting for silent people short.
pub const IMPATIENT: &str = "[people]\nsilence = \"5s\"\ngrace = \"1s\"\n";

/// Where everybody meets.
pub struct Call {
    folder: TempDir,
    /// What `join` is told of the journal.
    journal: Vec<String>,
    homes: RefCell<BTreeMap<String, Arc<TempDir>>>,
    /// The router.
    pub edge: Haproxy,
    /// The way to it.
    pub door: Door,
    load: Load,
    _pools: [Pool; 2],
    _turn: MutexGuard<'static, ()>,
}

impl Call {
    /// The journal is a stream of its own on these servers, kept by as many as there are.
    #[cfg(feature = "nats")]
    pub fn on_nats(nats: &Nats, rules: &str) -> Self {
        let (stream, servers) = (nats::stream(), nats.addresses());
        let subject = stream.to_lowercase();
        let journal = format!(
            "journal = {{ nats = {servers:?}, stream = \"{stream}\", subject = \"{subject}\", replicas = {} }}\n",
            servers.len()
        );
        let join = vec![servers.join(","), "--stream".to_owned(), stream, "--subject".to_owned(), subject];
        Self::with(&journal, join, rules)
    }

    /// The journal is a directory of this host that everybody shares.
    pub fn on_one_host(directory: &Path, rules: &str) -> Self {
        let shown = directory.display().to_string();
        Self::with(&format!("journal = \"{shown}\"\n"), vec![shown], rules)
    }

    fn with(journal: &str, join: Vec<String>, rules: &str) -> Self {
        // Each of these is heavy: where tests are threads of one process, they take turns.
        static TURN: Mutex<()> = Mutex::new(());
        let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        let pools = [Pool::start("blue", 2), Pool::start("green", 2)];
        let [blue, green] = [pools[0].addresses(), pools[1].addresses()];
        let edge = Setup::new(Layout::A { blue: &blue, green: &green }).patient().start();
        let door = Door::to(edge.admin_socket());
        door.count_changes();
        let load = Load::start(edge.front(), 100, u64::MAX, Connections::Kept);
        let folder = tempfile::tempdir().unwrap();
        let profile = journal.to_owned()
            + &head(&POOLS)
            + rules
            + "[timing]\nrouter_timeout = \"2s\"\n"
            + &router("edge-1", &door.path(), &edge, Shape::A, &POOLS)
            + &shift("Half", "blue = 50", "")
            + &shift("A quarter", "blue = 25", "")
            + &shift("All on green", "blue = 0", "")
            + "[[checklist.section]]\ntitle = \"On the call\"\nitems = [\"Everybody is here\", \"The channel is told\"]\n";
        std::fs::write(folder.path().join("checkout.toml"), profile).unwrap();
        Self { folder, journal: join, homes: RefCell::default(), edge, door, load, _pools: pools, _turn: turn }
    }

    /// The stream that the journal is.
    #[cfg(feature = "nats")]
    pub fn stream(&self) -> String {
        self.journal[2].clone()
    }

    /// The folder in which the profile is.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    fn profile(&self) -> PathBuf {
        self.folder.path().join("checkout.toml")
    }

    /// One person's own state directory.
    fn home(&self, name: &str) -> Arc<TempDir> {
        let mut homes = self.homes.borrow_mut();
        homes.entry(name.to_owned()).or_insert_with(|| Arc::new(tempfile::tempdir().unwrap())).clone()
    }

    /// Somebody opens the profile.
    pub fn open(&self, name: &str, more: &[&str]) -> Cockpit {
        let profile = self.profile().display().to_string();
        self.begin(name, &[&["open", &profile, "--from", "2.4.0", "--to", "2.5.0"], more].concat())
    }

    /// Somebody joins what runs, without a profile.
    pub fn join(&self, name: &str, more: &[&str]) -> Cockpit {
        let journal: Vec<&str> = self.journal.iter().map(String::as_str).collect();
        self.begin(name, &[&["join"], journal.as_slice(), more].concat())
    }

    fn begin(&self, name: &str, arguments: &[&str]) -> Cockpit {
        let arguments = [arguments, &["--as", name, "--no-motion"]].concat();
        Cockpit::of(Pty::spawn_in(self.home(name), env!("CARGO_BIN_EXE_flightdeck"), &arguments, (150, 40)))
    }

    /// Ana opens and drives, raj joins; both know of each other, and both have read the router.
    pub fn pair(&self) -> (Cockpit, Cockpit) {
        let ana = self.open("ana", &[]);
        ana.shows(&["ana drives", "✓ ▲"]);
        let raj = self.join("raj", &[]);
        raj.shows(&["ana drives  raj (you) copilot", "✓ ▲"]);
        ana.shows(&["ana (you) drives  raj copilot"]);
        (ana, raj)
    }

    /// Runs a command as one of them.
    pub fn run(&self, name: &str, arguments: &[&str]) -> (i32, String) {
        let said = Command::new(env!("CARGO_BIN_EXE_flightdeck"))
            .args(arguments)
            .env_clear()
            .env("FLIGHTDECK_STATE_DIR", self.home(name).path())
            .env("PATH", "/usr/local/bin:/usr/bin:/bin")
            .env("USER", name)
            .env("LANG", "C.UTF-8")
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&said.stdout).into_owned() + &String::from_utf8_lossy(&said.stderr);
        (said.status.code().unwrap(), text)
    }

    /// The record, once it says all of this, and says it to everybody who was there.
    pub fn record_with(&self, texts: &[&str]) -> String {
        let profile = self.profile().display().to_string();
        let names: Vec<String> = self.homes.borrow().keys().cloned().collect();
        let until = Instant::now() + PATIENCE;
        loop {
            let mut records: Vec<(i32, String)> =
                names.iter().map(|name| self.run(name, &["record", "--profile", &profile])).collect();
            let are_equal = records.iter().all(|record| *record == records[0]);
            let (code, record) = records.swap_remove(0);
            if are_equal && code == 0 && texts.iter().all(|text| record.contains(text)) {
                return record;
            }
            assert!(
                Instant::now() < until,
                "waited in vain for {texts:?} in one record of all, are equal: {are_equal}: {record}"
            );
            // What was seen is written down soon after it is shown.
            thread::sleep(Duration::from_millis(100));
        }
    }

    /// HAProxy itself has so many percent on blue.
    pub fn blue_has(&self, asked: f64) {
        assert_percent(&self.edge, "blue", asked);
    }

    /// Waits until HAProxy itself has so many percent on blue.
    pub fn blue_gets(&self, asked: f64) {
        wait(&format!("{asked} % on blue"), || (percent(&self.edge, "blue") - asked).abs() <= 0.05);
    }

    /// Ends the load; no request of the whole flight was lost.
    pub fn end(self) {
        let tally = self.load.stop();
        assert!(tally.answered() > 0, "there was no traffic");
        assert_eq!(tally.failed(), 0, "requests were lost: {tally:?}");
    }
}

impl Cockpit {
    /// Waits until the router's row shows this split, as this cockpit has read it itself.
    pub fn reads(&self, split: &str) {
        self.pty.wait_until(&format!("edge-1 to be read as {split}"), |screen| {
            let shown = screen.contents();
            shown.lines().any(|line| line.contains("edge-1 haproxy") && line.contains('✓') && line.contains(split))
        });
    }

    /// Finds this among the messages: on the line above the keys, other things may stand before it.
    pub fn has_been_told(&mut self, text: &str) {
        self.keys("M");
        self.shows(&["╭ Messages", text]);
        self.pty.escape("╭ Messages");
    }

    /// Looks at what is asked, types its target and gives their word.
    pub fn gives_their_word(&mut self) {
        self.press_until(F5, "asks for your confirmation");
        self.types_the_target();
        self.enters("asks for your confirmation");
    }

    /// Types the target that the open dialog asks for.
    ///
    /// What is typed before the program knows that the dialog was drawn does not count; it is typed anew.
    pub fn types_the_target(&mut self) {
        self.pty.wait_until("a target to type", |screen| target(&screen.contents()).is_some());
        for _ in 0..20 {
            let Some((wanted, act)) = target(&self.pty.text()) else { continue };
            self.keys(&wanted);
            let typed = format!("{act}: {wanted}▏");
            if self.pty.comes(Duration::from_secs(1), |screen| screen.contents().contains(&typed)) {
                return;
            }
            self.keys("\x15");
        }
        panic!("the target is not typed:\n{}", self.pty.text());
    }

    /// Presses Enter until something closes.
    pub fn enters(&mut self, shown: &str) {
        for _ in 0..20 {
            self.keys("\r");
            if self.pty.comes(Duration::from_secs(2), |screen| !screen.contents().contains(shown)) {
                return;
            }
        }
        panic!("{shown:?} does not close:\n{}", self.pty.text());
    }

    /// Presses `y` until something has come of it: one that comes before the program knows that the dialog was drawn confirms
    /// nothing.
    pub fn confirm_until(&mut self, what: &str, has_come: impl Fn() -> bool) {
        for _ in 0..200 {
            self.keys("y");
            if self.pty.comes(Duration::from_millis(300), |_| has_come()) || has_come() {
                return;
            }
        }
        panic!("{what} does not come of it:\n{}", self.pty.text());
    }

    /// Presses a key that does nothing here, until it finds why among the messages.
    pub fn is_told(&mut self, key: &str, why: &str) {
        for _ in 0..20 {
            self.keys(key);
            self.keys("M");
            self.shows(&["╭ Messages"]);
            let is_there = self.pty.comes(Duration::from_secs(1), |screen| screen.contents().contains(why));
            self.pty.escape("╭ Messages");
            if is_there {
                return;
            }
        }
        panic!("{key:?} does not bring {why:?}:\n{}", self.pty.text());
    }

    /// The digest that the open dialog shows.
    pub fn digest(&self) -> String {
        self.pty.wait_for("digest ");
        let text = self.pty.text();
        let (_, rest) = text.split_once("digest ").unwrap();
        rest.split_whitespace().next().unwrap().to_owned()
    }
}

/// What a dialog asks to be typed, and the act that it says it is for.
fn target(screen: &str) -> Option<(String, String)> {
    let line = screen.lines().find_map(|line| line.split_once("│ Type ").map(|(_, rest)| rest))?;
    let (target, act) = line.split_once(" to ")?;
    let (act, _) = act.split_once(':')?;
    Some((target.to_owned(), act.to_owned()))
}
