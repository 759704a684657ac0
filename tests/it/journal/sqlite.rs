//! What only the store on disk must do: survive, say what is wrong with a file, and be followed by other processes.

use std::fs::{self, Permissions};
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use flightdeck::domain::{CockpitId, Presence, Timestamp};
use flightdeck::entry::{Break, Broken, Entry};
use flightdeck::journal::{Appended, JournalError, Place, SqliteStore, Store};
use flightdeck::session::Event;
use futures_util::StreamExt;
use rusqlite::Connection;

use super::contract::{entries, kept};
use super::told::{ADA, BOB, closing, note, opening, session};

fn open(directory: &Path) -> SqliteStore {
    SqliteStore::open(&Place::Shared(directory.to_owned())).unwrap()
}

fn raw(directory: &Path) -> Connection {
    Connection::open(directory.join("journal.db")).unwrap()
}

/// Another process: this test binary again, running one helper that works until it is killed.
struct Other {
    child: Child,
    lines: std::io::Lines<BufReader<std::process::ChildStdout>>,
}

impl Other {
    fn start(helper: &str, directory: &Path) -> Self {
        Self::run(Command::new(std::env::current_exe().unwrap()), helper, directory)
    }

    /// The same with files of at most some hundred kilobytes: a longer one is an error of the write, not a signal.
    fn start_limited(helper: &str, directory: &Path) -> Self {
        let mut shell = Command::new("sh");
        shell.args(["-c", "trap '' XFSZ; ulimit -f 1000; exec \"$0\" \"$@\""]).arg(std::env::current_exe().unwrap());
        Self::run(shell, helper, directory)
    }

    fn run(mut command: Command, helper: &str, directory: &Path) -> Self {
        let mut child = command
            .args(["--exact", &format!("journal::sqlite::{helper}"), "--ignored", "--nocapture"])
            .arg(directory)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { child, lines }
    }

    /// The rest of the next line that holds this word; what the test harness prints stands beside it.
    fn says(&mut self, word: &str) -> String {
        loop {
            let line = self.lines.next().expect("the other process still speaks").unwrap();
            if let Some((_, rest)) = line.split_once(word) {
                return rest.trim().to_owned();
            }
        }
    }

    fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Other {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// The directory that the other process was given, as its last argument: to the test harness one more name that fits no
/// test. `None` when a person runs the helper.
fn asked_directory() -> Option<PathBuf> {
    std::env::args_os().next_back().map(PathBuf::from).filter(|directory| directory.is_dir())
}

fn say(line: std::fmt::Arguments<'_>) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}").unwrap();
    out.flush().unwrap();
}

#[tokio::test]
#[ignore = "a helper: the other process of the tests below"]
async fn helper_appends_until_it_is_killed() {
    let Some(directory) = asked_directory() else { return };
    let store = open(&directory);
    let head = entries(&store, session(1)).await.len() as u64;
    if head == 0 {
        kept(&store, opening(session(1), "bridge", "prod")).await;
    }
    for number in head.max(1) + 1.. {
        kept(&store, note(session(1), number, ADA, u32::try_from(number).unwrap())).await;
        say(format_args!("kept: {number}"));
    }
}

#[tokio::test]
#[ignore = "a helper: the other process of the tests below"]
async fn helper_follows_until_it_is_killed() {
    let Some(directory) = asked_directory() else { return };
    let store = open(&directory);
    let mut followed = store.follow(session(1), 0);
    while let Some(batch) = followed.next().await {
        for kept in batch.unwrap() {
            say(format_args!("followed: {}", kept.entry.number));
        }
    }
}

#[tokio::test]
#[ignore = "a helper: the other process of the tests below"]
async fn helper_appends_more_than_fits() {
    let Some(directory) = asked_directory() else { return };
    let store = open(&directory);
    kept(&store, opening(session(1), "bridge", "prod")).await;
    for (name, length) in [("longest", 4_000_000), ("long", 1_400_000)] {
        let events = vec![Event::NoteAdded { text: "x".repeat(length) }];
        let word = match store.append(Entry { events, ..note(session(1), 2, ADA, 2) }).await {
            Appended::Kept { .. } => "kept",
            Appended::Unknown(_) => "unknown",
            Appended::Unavailable(_) => "unavailable",
            Appended::Conflict { .. } | Appended::AlreadyOpen(_) => "refused",
        };
        say(format_args!("{name}: {word}, then {} entry", entries(&store, session(1)).await.len()));
    }
    match store.append(note(session(1), 2, ADA, 3)).await {
        Appended::Kept { number, .. } => say(format_args!("short: kept as {number}")),
        other => say(format_args!("short: {other:?}")),
    }
}

#[tokio::test]
async fn what_was_kept_survives_a_kill() {
    let directory = tempfile::tempdir().unwrap();
    for round in 1..=3 {
        let mut other = Other::start("helper_appends_until_it_is_killed", directory.path());
        let mut last = 0;
        for _ in 0..20 * round {
            last = other.says("kept:").parse().unwrap();
        }
        other.kill();
        let store = open(directory.path());
        let read = entries(&store, session(1)).await;
        assert!(read.len() as u64 >= last, "{last} was answered, {} are there", read.len());
        // And it goes on from there, by another cockpit.
        kept(&store, note(session(1), read.len() as u64 + 1, BOB, round)).await;
    }
}

#[tokio::test]
async fn another_process_follows() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    kept(&store, opening(session(1), "bridge", "prod")).await;
    let mut other = Other::start("helper_follows_until_it_is_killed", directory.path());
    assert_eq!(other.says("followed:"), "1");
    for number in 2..12 {
        kept(&store, note(session(1), number, ADA, u32::try_from(number).unwrap())).await;
        assert_eq!(other.says("followed:"), number.to_string());
    }
}

#[test]
fn many_may_make_the_same_journal_at_once() {
    for _ in 0..10 {
        let directory = tempfile::tempdir().unwrap();
        std::thread::scope(|scope| {
            for _ in 0..6 {
                scope.spawn(|| open(directory.path()));
            }
        });
    }
}

#[tokio::test]
async fn an_entry_of_a_newer_flightdeck_ends_the_reading() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    kept(&store, opening(session(1), "bridge", "prod")).await;
    kept(&store, note(session(1), 2, ADA, 2)).await;
    tamper(directory.path(), "UPDATE entry SET text = replace(text, 'note_added', 'vote_given') WHERE number = 2");
    let history = store.read(session(1), 1).await.unwrap();
    assert_eq!(history.entries.len(), 1);
    let broken = history.broken.unwrap();
    assert!(broken.is_newer() && broken.to_string().contains("`vote_given`"), "{broken}");
}

#[tokio::test]
async fn a_journal_stays_when_its_store_is_dropped_without_a_word() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    kept(&store, opening(session(1), "bridge", "prod")).await;
    drop(store);
    let store = open(directory.path());
    assert_eq!(store.unclosed("bridge", "prod").await.unwrap(), Some(session(1)));
    kept(&store, closing(session(1), 2)).await;
}

#[tokio::test]
async fn commits_are_synced_and_logged_ahead() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    kept(&store, opening(session(1), "bridge", "prod")).await;
    let mode: String = raw(directory.path()).pragma_query_value(None, "journal_mode", |row| row.get(0)).unwrap();
    assert_eq!(mode, "wal");
    assert!(directory.path().join("journal.db-wal").exists());
    assert_eq!(fs::metadata(directory.path().join("journal.db-wal")).unwrap().permissions().mode() & 0o777, 0o660);
}

#[tokio::test]
async fn entries_are_neither_changed_nor_removed_by_accident() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    kept(&store, opening(session(1), "bridge", "prod")).await;
    for statement in ["UPDATE entry SET text = '{}'", "DELETE FROM entry"] {
        let error = raw(directory.path()).execute(statement, []).unwrap_err();
        assert!(error.to_string().contains("entries are never"), "{error}");
    }
}

/// Changes the database as somebody would who wants to change it.
fn tamper(directory: &Path, statement: &str) {
    let connection = raw(directory);
    connection.execute_batch("DROP TRIGGER entry_stays; DROP TRIGGER entry_goes;").unwrap();
    assert_eq!(connection.execute(statement, []).unwrap(), 1, "{statement}");
}

#[tokio::test]
async fn a_changed_journal_says_where_it_breaks() {
    let cases = [
        ("UPDATE entry SET text = replace(text, 'note 3', 'note 9') WHERE number = 3", 3, Break::Edited),
        ("UPDATE entry SET hash = zeroblob(32) WHERE number = 3", 3, Break::Edited),
        (
            // The hash is made to fit as well: then the next entry does not follow any more.
            "UPDATE entry SET (text, hash) = (SELECT text, hash FROM entry WHERE number = 1) WHERE number = 3",
            3,
            Break::Gap { found: 1 },
        ),
        ("DELETE FROM entry WHERE number = 3", 3, Break::Gap { found: 4 }),
    ];
    for (statement, number, fault) in cases {
        let directory = tempfile::tempdir().unwrap();
        let store = open(directory.path());
        kept(&store, opening(session(1), "bridge", "prod")).await;
        for number in 2..6 {
            kept(&store, note(session(1), number, ADA, u32::try_from(number).unwrap())).await;
        }
        tamper(directory.path(), statement);
        let history = store.read(session(1), 1).await.unwrap();
        assert_eq!(history.broken, Some(Broken { number, fault }), "{statement}");
        assert_eq!(history.entries.len(), 2, "what stands before it can be used");
        let mut followed = store.follow(session(1), 1);
        assert_eq!(followed.next().await.unwrap().unwrap().len(), 1);
        let error = followed.next().await.unwrap().unwrap_err();
        assert!(matches!(&error, JournalError::Broken { broken, .. } if broken.number == 3), "{error}");
        assert!(followed.next().await.is_none());
    }
}

#[tokio::test]
async fn a_long_session_is_checked_across_its_chunks() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    kept(&store, opening(session(1), "bridge", "prod")).await;
    // One transaction instead of thousands of syncs: rows as the store writes them.
    let mut prev = entries(&store, session(1)).await[0].hash;
    let mut connection = raw(directory.path());
    let transaction = connection.transaction().unwrap();
    for number in 2..=9_000 {
        let entry = note(session(1), number, ADA, u32::try_from(number).unwrap());
        let sealed = flightdeck::entry::seal(&entry, prev).unwrap();
        prev = sealed.hash;
        let text = String::from_utf8(sealed.bytes).unwrap();
        let insert = "INSERT INTO entry (session, number, cockpit, counter, hash, text) VALUES (1, ?1, ?2, ?3, ?4, ?5)";
        let row = rusqlite::params![entry.number.cast_signed(), ADA.to_string(), entry.id.counter, prev.0, text];
        transaction.prepare_cached(insert).unwrap().execute(row).unwrap();
    }
    transaction.execute("UPDATE session SET head = 9000", []).unwrap();
    transaction.commit().unwrap();
    let read = entries(&store, session(1)).await;
    assert!(read.iter().map(|kept| kept.entry.number).eq(1..=9_000));
    kept(&store, note(session(1), 9_001, BOB, 1)).await;
    let followed: Vec<u64> = store
        .follow(session(1), 100)
        .flat_map(|batch| futures_util::stream::iter(batch.unwrap()))
        .map(|kept| kept.entry.number)
        .take(8_901)
        .collect()
        .await;
    assert!(followed.into_iter().eq(101..=9_001));
    tamper(directory.path(), "UPDATE entry SET text = replace(text, 'note 7000', 'note 7001') WHERE number = 7000");
    let history = store.read(session(1), 1).await.unwrap();
    assert_eq!(history.broken, Some(Broken { number: 7_000, fault: Break::Edited }));
    assert_eq!(history.entries.len(), 6_999);
}

#[tokio::test]
async fn a_locked_journal_is_unavailable_and_keeps_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    kept(&store, opening(session(1), "bridge", "prod")).await;
    let other = raw(directory.path());
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let before = std::time::Instant::now();
    let answer = store.append(note(session(1), 2, ADA, 2)).await;
    assert!(matches!(&answer, Appended::Unavailable(why) if why.contains("another process holds it")), "{answer:?}");
    // The wait is under a second by itself (R5); a busy machine may add to it.
    assert!(before.elapsed() < Duration::from_secs(3), "{:?}", before.elapsed());
    // Reading goes on meanwhile.
    assert_eq!(entries(&store, session(1)).await.len(), 1);
    other.execute_batch("ROLLBACK").unwrap();
    kept(&store, note(session(1), 2, ADA, 2)).await;
}

#[tokio::test]
async fn a_disk_that_takes_no_more_never_says_kept() {
    let directory = tempfile::tempdir().unwrap();
    let mut other = Other::start_limited("helper_appends_more_than_fits", directory.path());
    // Longer than the cache: the write fails before the commit, and is known to be undone.
    assert_eq!(other.says("longest:"), "unavailable, then 1 entry");
    // The write fails in the middle of the commit: what it left is not known until it is read.
    assert_eq!(other.says("long:"), "unknown, then 1 entry");
    assert_eq!(other.says("short:"), "kept as 2");
    drop(other);
    let read = entries(&open(directory.path()), session(1)).await;
    assert_eq!(read.last().unwrap().entry, note(session(1), 2, ADA, 3));
}

#[tokio::test]
async fn a_removed_journal_is_not_written_into_the_void() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    kept(&store, opening(session(1), "bridge", "prod")).await;
    fs::remove_file(directory.path().join("journal.db")).unwrap();
    let answer = store.append(note(session(1), 2, ADA, 2)).await;
    assert!(matches!(&answer, Appended::Unavailable(why) if why.contains("removed or replaced")), "{answer:?}");
}

#[test]
fn a_newer_layout_and_a_foreign_file_are_refused() {
    let refused = |prepare: &dyn Fn(&Path)| {
        let directory = tempfile::tempdir().unwrap();
        prepare(directory.path());
        let error = SqliteStore::open(&Place::Shared(directory.path().to_owned())).err().expect("it is refused");
        error.to_string().replace(&directory.path().display().to_string(), "DIR")
    };
    let newer = refused(&|directory| {
        drop(open(directory));
        raw(directory).pragma_update(None, "user_version", 2).unwrap();
    });
    let foreign = refused(&|directory| {
        raw(directory).execute_batch("CREATE TABLE other (x)").unwrap();
    });
    let garbage = refused(&|directory| fs::write(directory.join("journal.db"), "not a database at all").unwrap());
    let missing = refused(&|directory| fs::remove_dir(directory).unwrap());
    let no_file = refused(&|directory| fs::create_dir(directory.join("journal.db")).unwrap());
    insta::assert_snapshot!([newer, foreign, garbage, missing, no_file].join("\n"));
}

#[tokio::test]
async fn a_private_store_says_so() {
    let directory = tempfile::tempdir().unwrap();
    let inner = directory.path().join("state");
    let store = SqliteStore::open(&Place::Private(inner.clone())).unwrap();
    assert!(store.is_private() && !open(directory.path()).is_private());
    assert_eq!(fs::metadata(inner).unwrap().permissions(), Permissions::from_mode(0o040_700));
}

#[tokio::test]
async fn presence_is_for_the_group_and_the_dead_are_swept_away() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    let room = directory.path().join("presence");
    let presence = |cockpit: CockpitId| Presence {
        cockpit,
        operator: "ada".into(),
        host: "bastion".to_owned(),
        pid: 4711,
        observer: false,
        at: Timestamp(0),
        idle_ms: 0,
        leaving: false,
        pointer: None,
        looking_at: None,
    };
    store.announce(session(1), presence(ADA)).await;
    let dead = room.join(format!("{}.{ADA}.json", session(1)));
    fs::File::options().append(true).open(&dead).unwrap().set_modified(std::time::UNIX_EPOCH).unwrap();
    // What is there is given at once to whoever begins to listen, but not what a dead cockpit left.
    store.announce(session(1), presence(BOB)).await;
    let mut heard = store.presence(session(1));
    assert_eq!(heard.next().await.unwrap(), presence(BOB));
    assert!(!dead.exists());
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&room), mode(&room.join(format!("{}.{BOB}.json", session(1))))), (0o770, 0o660));
}

/// The other process under another user and group, as two people work on one bastion. `None` where that is not possible.
fn as_user(user: u32, group: u32, helper: &str, directory: &Path) -> Option<Other> {
    let sudo = if rustix::process::getuid().is_root() {
        ""
    } else if Command::new("sudo").args(["-n", "true"]).output().is_ok_and(|output| output.status.success()) {
        "sudo -n -C 10"
    } else {
        return None;
    };
    // The program may lie where that user cannot look: it is handed over open.
    let script = format!(
        "exec 9<\"$0\"; exec {sudo} setpriv --reuid={user} --regid={group} --clear-groups /proc/self/fd/9 \"$@\""
    );
    let mut shell = Command::new("sh");
    shell.args(["-c", &script]).arg(std::env::current_exe().unwrap()).current_dir("/");
    Some(Other::run(shell, helper, directory))
}

#[tokio::test]
#[ignore = "a helper: the other process of the tests below"]
async fn helper_takes_turns() {
    let Some(directory) = asked_directory() else { return };
    let store = match SqliteStore::open(&Place::Shared(directory)) {
        Ok(store) => store,
        Err(error) => return say(format_args!("refused: {error}")),
    };
    say(format_args!("opened: yes"));
    let user = rustix::process::getuid().as_raw();
    let me = CockpitId(uuid::Uuid::from_u128(u128::from(user)));
    let mut followed = store.follow(session(1), 0);
    let (mut head, mut counter) = (0, 1);
    while head < 41 {
        for kept in followed.next().await.unwrap().unwrap() {
            head += 1;
            assert_eq!(kept.entry.number, head);
        }
        if counter <= 20 && head > 0 {
            match store.append(note(session(1), head + 1, me, counter)).await {
                Appended::Kept { .. } => counter += 1,
                Appended::Conflict { .. } | Appended::Unavailable(_) => {}
                other => panic!("{other:?}"),
            }
        }
    }
    say(format_args!("followed: {head}"));
}

#[tokio::test]
async fn two_users_share_a_journal_and_a_third_is_told_why_not() {
    const GROUP: u32 = 54_321;
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path();
    let prepare = format!("chgrp {GROUP} {0} && chmod 2770 {0}", path.display());
    let shell = if rustix::process::getuid().is_root() { vec!["sh", "-c"] } else { vec!["sudo", "-n", "sh", "-c"] };
    let prepared = Command::new(shell[0]).args(&shell[1..]).arg(&prepare).output();
    let Some(mut one) = prepared
        .is_ok_and(|output| output.status.success())
        .then(|| as_user(65_533, GROUP, "helper_takes_turns", path))
        .flatten()
    else {
        println!("skipped: another user can be taken on only as root, or with a sudo that asks nothing");
        return;
    };
    assert_eq!(one.says("opened:"), "yes");
    // The one who made the files is not the one who opens the session.
    let mut two = as_user(65_534, GROUP, "helper_takes_turns", path).unwrap();
    assert_eq!(two.says("opened:"), "yes");
    let mut stranger = as_user(65_532, 65_532, "helper_takes_turns", path).unwrap();
    let refused = stranger.says("refused:");
    assert!(
        refused.contains("Permission denied") && refused.contains("only the group that its directory belongs to"),
        "{refused}"
    );
    if rustix::process::getuid().is_root() {
        kept(&open(path), opening(session(1), "bridge", "prod")).await;
    } else {
        return println!("skipped: opening the session in that directory, which is another group's, needs root");
    }
    assert_eq!((one.says("followed:"), two.says("followed:")), ("41".to_owned(), "41".to_owned()));
    let file = fs::metadata(path.join("journal.db")).unwrap();
    assert_eq!((file.permissions().mode() & 0o777, std::os::unix::fs::MetadataExt::gid(&file)), (0o660, GROUP));
    assert_eq!(entries(&open(path), session(1)).await.len(), 41);
}
