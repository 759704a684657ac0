//! Commands of items, really run: what they write is kept and masked, and nothing of them is left behind.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use flightdeck::domain::duty::CommandEnd;
use flightdeck::domain::{ChangeId, CockpitId, SessionId, Timestamp};
use flightdeck::flight::duty::RunCommand;
use flightdeck::flight::{Effect, Msg};
use flightdeck::journal::MemoryStore;
use flightdeck::runtime::adapter::Adapters;
use flightdeck::runtime::clock;
use flightdeck::runtime::hands::{Hands, Tools};
use flightdeck::session::item::Ended;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

const PATIENCE: Duration = Duration::from_secs(20);

struct World {
    hands: Hands,
    told: UnboundedReceiver<Msg>,
    cancel: CancellationToken,
    folder: tempfile::TempDir,
    runs: u32,
}

impl World {
    fn new() -> Self {
        let tools = Tools {
            adapters: Adapters::default(),
            store: Arc::new(MemoryStore::new()),
            session: SessionId(uuid::Uuid::from_u128(1)),
            keys: None,
            spill: None,
        };
        let (tell, told) = unbounded_channel();
        let tell = Arc::new(move |msg| tell.send(msg).unwrap_or_default());
        let cancel = CancellationToken::new();
        let hands = Hands::new(tools, tell, TaskTracker::new(), cancel.clone());
        Self { hands, told, cancel, folder: tempfile::tempdir().unwrap(), runs: 0 }
    }

    fn begin(&mut self, command: &str, limit: Duration) -> ChangeId {
        self.runs += 1;
        let run = ChangeId { cockpit: CockpitId(uuid::Uuid::from_u128(1)), counter: self.runs };
        self.hands.perform(Effect::RunCommand(Box::new(RunCommand {
            run,
            item: "deploy/health".into(),
            command: command.to_owned(),
            shell: ["/bin/sh", "-eu", "-c"].map(str::to_owned).to_vec(),
            directory: self.folder.path().display().to_string(),
            limit,
            environment: Some(vec!["PATH".to_owned()]),
            deadline: Timestamp(clock::now().wall.0 + 60_000),
        })));
        run
    }

    async fn end(&mut self) -> Ended {
        match timeout(PATIENCE, self.told.recv()).await.expect("it ends in time").expect("the hands tell") {
            Msg::CommandEnded(ended) => *ended,
            other => panic!("{other:?}"),
        }
    }

    async fn run(&mut self, command: &str) -> Ended {
        self.begin(command, Duration::from_secs(10));
        self.end().await
    }

    /// What a command wrote into a file of its directory, once it has.
    async fn written(&self, name: &str) -> String {
        let path = self.folder.path().join(name);
        let wait = async {
            loop {
                match std::fs::read_to_string(&path) {
                    Ok(text) if text.ends_with('\n') => return text.trim().to_owned(),
                    _ => sleep(Duration::from_millis(10)).await,
                }
            }
        };
        timeout(PATIENCE, wait).await.expect("it is written in time")
    }
}

/// Waits until a process is gone, or only waits to be noticed.
async fn is_gone(pid: &str) {
    let stat = Path::new("/proc").join(pid).join("stat");
    let wait = async {
        loop {
            let text = std::fs::read_to_string(&stat).unwrap_or_default();
            let state = text.rsplit_once(')').and_then(|(_, rest)| rest.trim().chars().next());
            if matches!(state, None | Some('Z' | 'X')) {
                return;
            }
            sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(PATIENCE, wait).await.unwrap_or_else(|_| panic!("process {pid} goes on"));
}

#[tokio::test]
async fn a_command_runs_in_its_directory_with_its_environment_and_its_output_is_masked() {
    let mut world = World::new();
    let ended = world
        .run("pwd\necho 'card 4111 1111 1111 1111, ana@example.net' >&2\nprintf '\\033[31mred\\033[0m\\n'\nenv | sort\nexit 3")
        .await;
    assert_eq!(ended.end, CommandEnd::Exited { code: 3 });
    let folder = world.folder.path().canonicalize().unwrap().display().to_string();
    assert!(ended.lines.contains(&folder), "{:?}", ended.lines);
    assert!(ended.lines.iter().any(|line| line == "card ••••1111, ‹email›"), "{:?}", ended.lines);
    assert!(ended.lines.iter().any(|line| line == "red"), "{:?}", ended.lines);
    assert!(!ended.lines.iter().any(|line| line.starts_with("HOME=")), "{:?}", ended.lines);
}

#[tokio::test]
async fn nothing_is_put_into_a_command_and_only_its_last_lines_are_kept() {
    let mut world = World::new();
    let ended = world.run("echo '{to} $1 ${version}'").await;
    assert_eq!((ended.end, ended.lines), (CommandEnd::Exited { code: 0 }, vec!["{to} $1 ${version}".to_owned()]));
    let ended = world.run("i=0; while [ $i -lt 500 ]; do echo line $i; i=$((i+1)); done").await;
    assert_eq!(ended.lines.last().map(String::as_str), Some("line 499"));
    assert_eq!(ended.lines.len() as u64 + ended.dropped, 500);
    assert!(ended.lines.len() <= 100);
}

#[tokio::test]
async fn cancelling_and_its_time_being_over_end_everything_that_it_started() {
    let mut world = World::new();
    let stubborn = "trap '' TERM; sleep 300 & echo $! > child\necho $$ > own\nwait; wait; sleep 300";
    let run = world.begin(stubborn, Duration::from_mins(5));
    let (child, own) = (world.written("child").await, world.written("own").await);
    world.hands.perform(Effect::StopCommand { run });
    assert_eq!(world.end().await.end, CommandEnd::Cancelled);
    is_gone(&child).await;
    is_gone(&own).await;
    std::fs::remove_file(world.folder.path().join("child")).unwrap();
    world.begin("sleep 300 & echo $! > child; wait", Duration::from_millis(300));
    assert_eq!(world.end().await.end, CommandEnd::TimedOut);
    is_gone(&world.written("child").await).await;
}

#[tokio::test]
async fn what_it_leaves_behind_ends_with_it_and_it_ends_with_the_cockpit() {
    let mut world = World::new();
    let ended = world.run("sleep 300 & echo $! > child").await;
    assert_eq!(ended.end, CommandEnd::Exited { code: 0 });
    is_gone(&world.written("child").await).await;
    world.begin("echo $$ > own; exec sleep 300", Duration::from_mins(5));
    let own = world.written("own").await;
    world.cancel.cancel();
    is_gone(&own).await;
}

#[tokio::test]
async fn what_cannot_be_begun_says_why() {
    let mut world = World::new();
    world.hands.perform(Effect::RunCommand(Box::new(RunCommand {
        run: ChangeId { cockpit: CockpitId(uuid::Uuid::from_u128(1)), counter: 99 },
        item: "deploy/health".into(),
        command: "true".to_owned(),
        shell: vec!["/nowhere/sh".to_owned(), "-c".to_owned()],
        directory: "/".to_owned(),
        limit: Duration::from_secs(1),
        environment: None,
        deadline: Timestamp(clock::now().wall.0 + 60_000),
    })));
    let CommandEnd::NotStarted { why } = world.end().await.end else { panic!("it is not there") };
    assert!(why.contains("/nowhere/sh"), "{why}");
}
