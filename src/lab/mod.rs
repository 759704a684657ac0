//! The embedded world of `flightdeck demo`: two pools of servers, two weighted routers that really route, a load, logs,
//! metrics, and faults to switch on. Real sockets on loopback, on ports picked free; gone when it ends.
//!
//! - [`Lab`]: the world as a whole; [`LabControl`]: its switches.
//! - `server`: one HTTP server of a pool; `router`: a proxy with weights and its control interface; `load`: the clients;
//!   `log`, `metric`: what servers tell; `wire`: as much HTTP as that needs; `profile`: the demo's profile, filled in;
//!   `directory`: where the files lie.
//!
//! Nothing here knows the rest of flightdeck: the demo reaches this world over its sockets and files alone, by the same
//! adapters as any other. Every task runs through the tracker that [`Lab::start`] is given and ends with the world.

mod control;
mod directory;
mod load;
mod log;
mod metric;
mod profile;
mod random;
mod router;
mod server;
mod task;
mod wire;

use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;

pub use self::control::{Fault, FaultEntry, LabControl};
use self::directory::Directory;
use self::load::Load;
pub use self::load::LoadSeen;
use self::log::LogFile;
use self::random::Random;
use self::router::Router;
use self::server::{Ailment, Server};
use self::task::{Tasks, lock};

/// The pools, as the demo's profile names them.
const POOLS: [&str; 2] = ["blue", "green"];
/// Servers per pool.
const SERVERS: usize = 3;
/// The routers, as the demo's profile names them.
const ROUTERS: [&str; 2] = ["edge-1", "edge-2"];

/// How the world is to be.
#[derive(Clone, Debug)]
pub struct LabOptions {
    /// The version that all servers run at first.
    pub from: String,
    /// The version that is to be deployed.
    pub to: String,
    /// Requests per second through both routers together, on average; 0 for none.
    pub requests_per_second: f64,
    /// The length of the slow wave in which the load swings.
    pub wave: Duration,
    /// The share of requests that stream a long export, as a fraction of one.
    pub export_share: f64,
    /// Between which times an export lies.
    pub export: (Duration, Duration),
    /// How often routers check the servers' health.
    pub health_every: Duration,
    /// How long a server is gone while it restarts with another version: long enough for two health checks to see it.
    pub restart: Duration,
    /// How long soaks and the quiet of a drain last in the profile; as the template says where not given.
    pub waits: Option<Duration>,
    /// Where chance starts.
    pub seed: u64,
    /// The directory for the logs; one of its own below `temporary` where not given. Removed at the end only if it is
    /// its own.
    pub directory: Option<PathBuf>,
    /// Where a directory of its own is made, and where those that killed processes left are removed.
    pub temporary: PathBuf,
    /// The size in bytes at which a log becomes `….log.1` and a new one begins.
    pub rotate_at: u64,
    /// Ends the world when it is cancelled.
    pub cancel: CancellationToken,
}

impl Default for LabOptions {
    fn default() -> Self {
        Self {
            from: "2.4.0".to_owned(),
            to: "2.5.0".to_owned(),
            requests_per_second: 300.0,
            wave: Duration::from_mins(1),
            export_share: 0.008,
            export: (Duration::from_secs(4), Duration::from_secs(20)),
            health_every: Duration::from_secs(1),
            restart: Duration::from_millis(2200),
            waits: None,
            seed: 1,
            directory: None,
            temporary: std::env::temp_dir(),
            rotate_at: 16 * 1024 * 1024,
            cancel: CancellationToken::new(),
        }
    }
}

impl LabOptions {
    /// A world in which nothing takes longer than a few seconds.
    pub fn fast() -> Self {
        Self {
            export: (Duration::from_millis(500), Duration::from_secs(2)),
            health_every: Duration::from_millis(300),
            restart: Duration::from_millis(900),
            waits: Some(Duration::from_secs(2)),
            ..Self::default()
        }
    }
}

/// Why the world could not be started.
#[derive(Debug, thiserror::Error)]
pub enum LabError {
    /// No port on loopback.
    #[error("failed to open a port on 127.0.0.1 for {what}: {source}; see whether a firewall or a sandbox forbids it")]
    Port {
        /// Whose port.
        what: String,
        /// What the system said.
        source: io::Error,
    },
    /// No place for the logs.
    #[error("failed to write the demo's logs in {}: {source}; set TMPDIR to a directory that can be written", path.display())]
    Logs {
        /// Where.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The place for the logs cannot be written in a profile.
    #[error("failed to name the demo's logs in {}: the path is not UTF-8; set TMPDIR to another directory", path.display())]
    Path {
        /// Where.
        path: PathBuf,
    },
}

/// The world. Ends when it is dropped; [`Lab::stop`] also waits for the end.
pub struct Lab {
    // Invariant: dropped before the directory, so that nothing is written any more when it goes.
    _end: DropGuard,
    world: Arc<World>,
    directory: Directory,
}

/// Everything that stands in the world.
struct World {
    shared: Arc<Shared>,
    logs: Vec<Arc<LogFile>>,
    servers: Vec<Arc<Server>>,
    routers: Vec<Arc<Router>>,
    load: Vec<Arc<Load>>,
    /// Pools being deployed to, by their place.
    deploying: [AtomicBool; POOLS.len()],
}

/// What all servers and clients share.
struct Shared {
    options: LabOptions,
    tasks: Tasks,
    random: Mutex<Random>,
    stan: AtomicU32,
    processes: AtomicU64,
    failing_percent: AtomicU32,
    is_slow: AtomicBool,
}

impl Shared {
    fn draw<T>(&self, with: impl FnOnce(&mut Random) -> T) -> T {
        with(&mut lock(&self.random))
    }

    /// The next number of a request: six digits, over and over.
    fn stan(&self) -> u32 {
        self.stan.fetch_add(1, Relaxed) % 1_000_000
    }

    /// The next process id: looks like one, and is never the same twice.
    fn process(&self) -> u64 {
        self.processes.fetch_add(1 + self.draw(Random::bits) % 900, Relaxed)
    }

    /// What is wrong with a version: faults afflict every version but the first.
    fn faults_for(&self, version: &str) -> Ailment {
        let is_new = version != self.options.from;
        Ailment {
            failing_percent: if is_new { self.failing_percent.load(Relaxed) } else { 0 },
            is_slow: is_new && self.is_slow.load(Relaxed),
            export: self.options.export,
        }
    }
}

impl Lab {
    /// Starts the world; on a tokio runtime. Every task goes through `tracker`.
    ///
    /// # Errors
    /// When no port can be opened or no log written.
    pub async fn start(options: LabOptions, tracker: &TaskTracker) -> Result<Self, LabError> {
        let cancel = options.cancel.child_token();
        let end = cancel.clone().drop_guard();
        let directory = Directory::create(options.directory.as_deref(), &options.temporary)?;
        let shared = Arc::new(Shared {
            tasks: Tasks::new(tracker, cancel),
            random: Mutex::new(Random::new(options.seed)),
            stan: AtomicU32::new(4_217),
            processes: AtomicU64::new(21_400),
            failing_percent: AtomicU32::new(0),
            is_slow: AtomicBool::new(false),
            options,
        });
        let mut logs = Vec::new();
        let mut servers = Vec::new();
        for pool in POOLS {
            let path = directory.path.join(format!("{pool}.log"));
            let log = LogFile::create(path, pool, shared.options.rotate_at)
                .map_err(|source| LabError::Logs { path: directory.path.clone(), source })?;
            let log = Arc::new(log);
            for number in 1..=SERVERS {
                let name = format!("{pool}-{number}");
                let server = Server::start(&shared, &log, pool, name.clone())
                    .await
                    .map_err(|source| LabError::Port { what: name, source })?;
                servers.push(server);
            }
            let each = log.clone();
            shared.tasks.spawn(async move { each.keep_writing().await });
            logs.push(log);
        }
        let mut routers = Vec::new();
        for name in ROUTERS {
            let router = Router::start(&shared.tasks, name, shared.process(), &servers, shared.options.health_every)
                .await
                .map_err(|source| LabError::Port { what: name.to_owned(), source })?;
            routers.push(router);
        }
        let load = routers.iter().map(|router| Load::start(&shared, router.traffic_port)).collect();
        let world = World { shared, logs, servers, routers, load, deploying: Default::default() };
        Ok(Self { _end: end, world: Arc::new(world), directory })
    }

    /// The demo's profile and the checklist that it includes, with this world's ports and files: path and content. The
    /// first is the profile; paths are relative to one directory.
    ///
    /// # Errors
    /// When the logs lie where no profile can name them.
    pub fn profile(&self) -> Result<Vec<(String, Vec<u8>)>, LabError> {
        profile::files(&self.world)
    }

    /// The directory of the logs; a good place for the profile, too.
    pub fn directory(&self) -> &std::path::Path {
        &self.directory.path
    }

    /// Where traffic goes into each router, by the router's name: `127.0.0.1:41001`.
    pub fn traffic(&self) -> Vec<(String, String)> {
        self.world.routers.iter().map(|router| (router.name.clone(), address(router.traffic_port))).collect()
    }

    /// Where each router is steered, by the router's name: `127.0.0.1:41002`.
    pub fn steering(&self) -> Vec<(String, String)> {
        self.world.routers.iter().map(|router| (router.name.clone(), address(router.control_port))).collect()
    }

    /// Where each server listens, by its name: `127.0.0.1:41003`.
    pub fn servers(&self) -> Vec<(String, String)> {
        self.world.servers.iter().map(|server| (server.name.clone(), address(server.port))).collect()
    }

    /// The switches.
    pub fn control(&self) -> LabControl {
        LabControl::new(self.world.clone())
    }

    /// Ends the world and waits until every task is gone, and with them every port and file.
    pub async fn stop(self) {
        self.world.shared.tasks.stop().await;
    }
}

fn address(port: u16) -> String {
    format!("127.0.0.1:{port}")
}
