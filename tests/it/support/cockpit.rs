//! The built program on a profile of real routers: written, opened, flown by keys, and its record read afterwards.

use std::fmt::Write as _;
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use tempfile::TempDir;

use super::haproxy::Haproxy;
use super::pty::Pty;

/// How a profile speaks of a HAProxy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// Servers of all pools in one backend.
    A,
    /// A percentage in a map.
    B,
    /// Inner proxies.
    C,
}

/// The `[[router]]` of a HAProxy that is reached at `socket`.
pub fn router(name: &str, socket: &Path, haproxy: &Haproxy, shape: Shape, pools: &[&str]) -> String {
    let each = |write: &dyn Fn(&str) -> String| {
        let all: Vec<String> = pools.iter().map(|pool| format!("{pool} = \"{}\"", write(pool))).collect();
        all.join(", ")
    };
    let rest = match shape {
        Shape::A => format!("pools = {{ {} }}\n", each(&|pool| format!("app/{pool}-*"))),
        Shape::B => format!(
            "map = \"{}\"\nkey = \"app\"\npercent_of = \"green\"\npools = {{ {} }}\n",
            haproxy.map(),
            each(&|pool| format!("be_{pool}"))
        ),
        Shape::C => format!(
            "pools = {{ {} }}\ninner = {{ {} }}\n",
            each(&|pool| format!("app/{pool}")),
            each(&|pool| format!("pool_{pool}"))
        ),
    };
    format!("[[router]]\nname = \"{name}\"\nkind = \"haproxy\"\nat = \"unix:{}\"\n{rest}\n", socket.display())
}

/// The head of a profile: what is deployed, and the pools; the first is the new one.
pub fn head(pools: &[&str]) -> String {
    let mut text = format!("service = \"checkout\"\nenvironment = \"test\"\nnew = \"{}\"\n", pools[0]);
    for (pool, mark) in pools.iter().zip(["▲", "●", "■"]) {
        writeln!(text, "[pools.{pool}]\nmark = \"{mark}\"").unwrap();
    }
    text
}

/// A shift step.
pub fn shift(name: &str, split: &str, rest: &str) -> String {
    format!("[[step]]\nname = \"{name}\"\nshift = {{ {split} }}\n{rest}\n")
}

/// A profile in a file, with the state directory that everything on it shares.
pub struct Site {
    state: Arc<TempDir>,
    profile: PathBuf,
    /// The program, and what stands before it.
    program: Vec<String>,
}

impl Site {
    /// Writes the profile.
    pub fn new(profile: &str) -> Self {
        let state = Arc::new(tempfile::tempdir().unwrap());
        let path = state.path().join("checkout.toml");
        std::fs::write(&path, profile).unwrap();
        Self { state, profile: path, program: vec![env!("CARGO_BIN_EXE_flightdeck").to_owned()] }
    }

    /// The same, with a file beside the profile; a script can be run.
    #[must_use]
    pub fn beside(self, name: &str, text: &str) -> Self {
        let path = self.state.path().join(name);
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, Permissions::from_mode(0o755)).unwrap();
        self
    }

    /// The same, flown with a variable in the environment.
    #[must_use]
    pub fn with_variable(mut self, name: &str, value: &str) -> Self {
        self.program.splice(0..0, ["/usr/bin/env".to_owned(), format!("{name}={value}")]);
        self
    }

    /// The directory of the profile and of all state.
    pub fn folder(&self) -> &Path {
        self.state.path()
    }

    /// The same, flown by a user whom this socket does not let in, while the way to it is open.
    ///
    /// Nothing is closed to root, so that root works as somebody else here, to whom a program of his own is given; for
    /// everybody else the socket itself is closed.
    #[must_use]
    pub fn flown_by_nobody(mut self, socket: &Path) -> Self {
        let open = |path: &Path, mode| std::fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
        open(socket.parent().unwrap(), 0o755);
        if !rustix::process::geteuid().is_root() {
            open(socket, 0o000);
            return self;
        }
        let program = self.state.path().join("flightdeck");
        std::fs::copy(&self.program[0], &program).unwrap();
        open(&program, 0o755);
        open(self.state.path(), 0o777);
        let nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--"].map(str::to_owned);
        self.program = nobody.into_iter().chain([program.display().to_string()]).collect();
        self
    }

    /// Opens the cockpit as ana and waits until she drives and the splits as read are where the plan starts: then every
    /// router has its tick.
    pub fn open(&self) -> Cockpit {
        self.open_with(|row| row.contains("edge-") && row.contains(" haproxy "))
    }

    /// The same, where a router's row is known by other words.
    pub fn open_with(&self, is_router: impl Fn(&str) -> bool) -> Cockpit {
        let cockpit = self.begin();
        cockpit.pty.wait_for("ana drives");
        cockpit.pty.wait_until("the routers to be taken as read", |screen| {
            let shown = screen.contents();
            let mut rows = shown.lines().filter(|line| is_router(line)).peekable();
            rows.peek().is_some() && rows.all(|row| row.contains('✓'))
        });
        cockpit
    }

    /// Opens the cockpit as ana.
    pub fn begin(&self) -> Cockpit {
        let profile = self.profile.to_str().unwrap();
        let arguments = ["open", profile, "--as", "ana", "--from", "2.4.0", "--to", "2.5.0", "--no-motion"];
        let words: Vec<&str> = self.program.iter().map(String::as_str).chain(arguments).collect();
        Cockpit::of(Pty::spawn_in(self.state.clone(), words[0], &words[1..], (120, 36)))
    }

    /// Runs a command on this state directory; `PROFILE` stands for the profile.
    pub fn run(&self, arguments: &[&str]) -> (i32, String) {
        let profile = self.profile.to_str().unwrap();
        let said = Command::new(&self.program[0])
            .args(&self.program[1..])
            .args(arguments.iter().map(|each| if *each == "PROFILE" { profile } else { each }))
            .env_clear()
            .env("FLIGHTDECK_STATE_DIR", self.state.path())
            .env("PATH", "/usr/local/bin:/usr/bin:/bin")
            .env("USER", "ana")
            .env("LANG", "C.UTF-8")
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&said.stdout).into_owned() + &String::from_utf8_lossy(&said.stderr);
        (said.status.code().unwrap(), text)
    }

    /// The record of the session.
    pub fn record(&self) -> String {
        let (code, record) = self.run(&["record", "latest"]);
        assert_eq!(code, 0, "{record}");
        record
    }

    /// The record, once it says this: what was seen is written down soon after it is shown.
    pub fn record_with(&self, text: &str) -> String {
        let mut record = String::new();
        super::haproxy::wait(&format!("{text:?} in the record"), || {
            record = self.record();
            record.contains(text)
        });
        record
    }
}

/// A cockpit that is open.
pub struct Cockpit {
    /// Its terminal.
    pub pty: Pty,
    steps: usize,
}

impl Cockpit {
    /// A cockpit in this terminal.
    pub fn of(pty: Pty) -> Self {
        Self { pty, steps: 0 }
    }

    /// Presses keys.
    pub fn keys(&mut self, keys: &str) {
        self.pty.send(keys);
    }

    /// Waits for all of these on the screen at once.
    pub fn shows(&self, texts: &[&str]) {
        self.pty.wait_until(&format!("{texts:?}"), |screen| {
            let shown = screen.contents();
            texts.iter().all(|text| shown.contains(text))
        });
    }

    /// Whether the screen shows a text now.
    pub fn has(&self, text: &str) -> bool {
        self.pty.text().contains(text)
    }

    /// Waits until the screen shows a text no more.
    pub fn hides(&self, text: &str) {
        self.pty.wait_until(&format!("{text:?} to go"), |screen| !screen.contents().contains(text));
    }

    /// Presses a key until the screen shows a text: a key that comes before its dialog was drawn does nothing.
    pub fn press_until(&mut self, key: &str, text: &str) {
        for _ in 0..20 {
            self.keys(key);
            if self.pty.comes(Duration::from_secs(1), |screen| screen.contents().contains(text)) {
                return;
            }
        }
        panic!("{key:?} does not bring {text:?}:\n{}", self.pty.text());
    }

    /// Confirms the open dialog, whose line says `y` and this, and waits until it has closed.
    ///
    /// A `y` that comes before the program knows that the dialog was shown confirms nothing, says so, and is repeated.
    pub fn confirm(&mut self, act: &str) {
        let prompt = format!("y {act}");
        let void = "p propose it afresh";
        self.pty.wait_until(&prompt, |screen| screen.contents().contains(&prompt) || screen.contents().contains(void));
        if !self.has(&prompt) {
            // What it was based on moved meanwhile: the session's first entry, for one.
            self.keys("p");
            self.pty.wait_for(&prompt);
        }
        for _ in 0..200 {
            self.keys("y");
            if self.pty.comes(Duration::from_millis(300), |screen| !screen.contents().contains(&prompt)) {
                self.hides("confirmed; it is sent");
                return;
            }
        }
        panic!("{prompt:?} does not close:\n{}", self.pty.text());
    }

    /// Opens the next step's dialog with one key, confirms it with another.
    pub fn next(&mut self, act: &str) {
        self.keys("n");
        self.confirm(act);
    }

    /// Flies the next shift, until the journal has it verified on every router.
    pub fn shift(&mut self) {
        self.next("send");
        self.step_is_over();
    }

    /// Says that a person's step is done.
    pub fn complete(&mut self) {
        self.next("record it as done");
        self.step_is_over();
    }

    /// Waits until the plan counts one more step.
    pub fn step_is_over(&mut self) {
        self.steps += 1;
        self.pty.wait_for(&format!("Plan {}/", self.steps));
    }

    /// Leaves and waits for the end.
    pub fn quit(mut self) {
        self.keys("q");
        assert_eq!(self.pty.wait_for_end(Duration::from_mins(1)).exit_code(), 0);
    }
}

/// The text of the dialog of this title, its lines joined.
pub fn dialog(screen: &str, title: &str) -> Option<String> {
    let rows: Vec<Vec<char>> = screen.lines().map(|row| row.chars().collect()).collect();
    let head: Vec<char> = format!("╭ {title} ").chars().collect();
    let (top, left) = rows.iter().enumerate().find_map(|(index, row)| {
        let at = row.windows(head.len()).position(|part| part == head)?;
        Some((index, at))
    })?;
    let right = left + rows[top][left..].iter().position(|cell| *cell == '╮')?;
    let body = rows[top + 1..].iter().take_while(|row| row.get(left) == Some(&'│'));
    let lines: Vec<String> = body.filter_map(|row| Some(row.get(left + 1..right)?.iter().collect())).collect();
    Some(lines.iter().map(|line| line.trim()).filter(|line| !line.is_empty()).collect::<Vec<_>>().join(" "))
}

/// A pool's percentage of the weights that HAProxy itself has.
pub fn percent(haproxy: &Haproxy, pool: &str) -> f64 {
    let weights = haproxy.weights();
    let whole: u32 = weights.values().sum();
    let of_pool = |(name, _): &(&String, &u32)| name.split('-').next() == Some(pool);
    let part: u32 = weights.iter().filter(of_pool).map(|(_, weight)| weight).sum();
    100.0 * f64::from(part) / f64::from(whole)
}

/// Checks a pool's percentage at HAProxy itself, within what its whole numbers allow.
pub fn assert_percent(haproxy: &Haproxy, pool: &str, asked: f64) {
    let has = percent(haproxy, pool);
    assert!((has - asked).abs() <= 0.05, "{pool} is to have {asked} %: {:?}", haproxy.weights());
}
