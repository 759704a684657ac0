//! Programs that run beside a test and end with it, and plain requests to them that go through nothing of flightdeck's.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

/// The longest wait for any state of a program.
const PATIENCE: Duration = Duration::from_mins(1);

/// Says the program's pid, and ends it when the pipe to this process breaks. The program's parent is this shell and not a
/// thread of the test: some programs end with the thread that started them.
const KEEPER: &str = r#""$@" >"$LOG" 2>&1 & pid=$!; echo $pid; trap 'kill -9 $pid; wait $pid' EXIT; read -r _"#;

/// A running program.
pub struct Kept {
    keeper: Option<Child>,
    pid: Pid,
    log: PathBuf,
}

impl Kept {
    /// Starts a program; what it says goes into a file.
    pub fn start(program: &Path, arguments: &[&str], environment: &[(&str, &Path)], log: &Path) -> Self {
        File::create(log).expect("the log is made");
        let mut keeper = Command::new("sh")
            .args(["-c", KEEPER, "sh"])
            .arg(program)
            .args(arguments)
            .env("LOG", log)
            .envs(environment.iter().copied())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .expect("a shell starts");
        let mut line = String::new();
        BufReader::new(keeper.stdout.take().expect("it has a pipe"))
            .read_line(&mut line)
            .expect("the shell says a pid");
        let pid = line.trim().parse().ok().and_then(Pid::from_raw).expect("the shell says a pid");
        Self { keeper: Some(keeper), pid, log: log.to_owned() }
    }

    /// Stops it where it is (SIGSTOP), or lets it go on. A program of several threads takes a moment to stop: it is waited for.
    pub fn freeze(&self, is_frozen: bool) {
        kill_process(self.pid, if is_frozen { Signal::STOP } else { Signal::CONT }).expect("the program takes signals");
        if is_frozen {
            self.wait("all its threads to stop", || self.threads_are_stopped());
        }
    }

    fn threads_are_stopped(&self) -> bool {
        let tasks = fs::read_dir(format!("/proc/{}/task", self.pid.as_raw_nonzero())).expect("it runs");
        let is_stopped = |task: fs::DirEntry| {
            let stat = fs::read_to_string(task.path().join("stat")).unwrap_or_default();
            // The name stands in parentheses and may have spaces.
            stat.rsplit_once(") ").is_some_and(|(_, rest)| rest.starts_with('T'))
        };
        tasks.flatten().all(is_stopped)
    }

    /// Waits for a state of it; what it has said is told when the state never comes.
    pub fn wait(&self, what: &str, holds: impl FnMut() -> bool) {
        let holds = holds_within(PATIENCE, holds);
        assert!(
            holds,
            "waited {PATIENCE:?} in vain for {what}:\n{}",
            fs::read_to_string(&self.log).unwrap_or_default()
        );
    }

    /// Kills it, and waits until it is gone.
    pub fn end(&mut self) {
        if let Some(mut keeper) = self.keeper.take() {
            drop(keeper.stdin.take());
            keeper.wait().ok();
        }
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        self.end();
    }
}

fn holds_within(patience: Duration, mut holds: impl FnMut() -> bool) -> bool {
    let deadline = Instant::now() + patience;
    while !holds() {
        if Instant::now() > deadline {
            return false;
        }
        thread::sleep(Duration::from_millis(10));
    }
    true
}

/// A program that `tests/run` installs: on the path, or below its cache.
pub fn program(name: &str, below: &str) -> PathBuf {
    let on_path = std::env::var_os("PATH")
        .and_then(|path| std::env::split_paths(&path).map(|folder| folder.join(name)).find(|file| file.is_file()));
    let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from).or_else(|| {
        let home = std::env::var_os("HOME")?;
        Some(Path::new(&home).join(".cache"))
    });
    let cached = cache.and_then(|cache| found(&cache.join("flightdeck-tests"), below));
    cached
        .or(on_path)
        .unwrap_or_else(|| panic!("there is no `{name}` on this machine; `./tests/run` installs what the tests need"))
}

/// A file below a folder; one `*` stands for any folder whose name begins with what is before it.
fn found(folder: &Path, below: &str) -> Option<PathBuf> {
    let Some((before, after)) = below.split_once("*/") else {
        return Some(folder.join(below)).filter(|file| file.is_file());
    };
    let (parent, begin) = before.rsplit_once('/').unwrap_or(("", before));
    let fits = |entry: &fs::DirEntry| entry.file_name().to_string_lossy().starts_with(begin);
    let all = fs::read_dir(folder.join(parent)).ok()?.flatten().filter(fits);
    all.map(|entry| entry.path().join(after)).find(|file| file.is_file())
}

/// A whole answer.
#[derive(Debug, Clone)]
pub struct Said {
    /// The status.
    pub status: u16,
    /// The body.
    pub body: String,
}

impl Said {
    /// The body as JSON.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("no JSON, {error}: {self:?}"))
    }
}

/// Asks over plain HTTP.
pub fn ask(at: SocketAddr, method: &str, path: &str, json: Option<&str>) -> std::io::Result<Said> {
    let mut stream = TcpStream::connect(at)?;
    stream.set_read_timeout(Some(Duration::from_secs(30)))?;
    let body = json.unwrap_or_default();
    let sort = if json.is_some() { "content-type: application/json\r\n" } else { "" };
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nhost: {at}\r\nconnection: close\r\n{sort}content-length: {}\r\n\r\n{body}",
        body.len()
    )?;
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let status = line.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
    let mut is_chunked = false;
    loop {
        line.clear();
        reader.read_line(&mut line)?;
        let Some((name, value)) = line.trim_end().split_once(": ") else { break };
        is_chunked |= name.eq_ignore_ascii_case("transfer-encoding") && value == "chunked";
    }
    let mut body = String::new();
    if is_chunked {
        loop {
            line.clear();
            reader.read_line(&mut line)?;
            let length = u64::from_str_radix(line.trim(), 16).unwrap_or(0);
            if length == 0 {
                break;
            }
            reader.by_ref().take(length).read_to_string(&mut body)?;
            line.clear();
            reader.read_line(&mut line)?;
        }
    } else {
        reader.read_to_string(&mut body)?;
    }
    Ok(Said { status, body })
}
