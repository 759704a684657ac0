//! The switches of the built-in world: faults and deployments.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use super::load::LoadSeen;
use super::{POOLS, World};

/// How many requests a failing version fails, in percent.
const FAILING_PERCENT: u32 = 12;

/// Something that can go wrong.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fault {
    /// The new version answers part of the requests with 500.
    NewFails,
    /// The new version takes far longer.
    NewSlows,
    /// The control interface of the router at this place takes requests and does not answer; its traffic goes on.
    RouterHangs(usize),
    /// Somebody else changes a weight on the second router. Happens once.
    WeightMoves,
    /// The second router restarts: configured weights, new identity, counters at zero. Happens once.
    RouterRestarts,
    /// The server at this place dies at once.
    ServerDies(usize),
}

/// One entry of the list of faults.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FaultEntry {
    /// The fault.
    pub fault: Fault,
    /// A short name: `new version fails`.
    pub name: String,
    /// What it does, in one line.
    pub help: String,
    /// Whether it is switched on; `None` for what happens once.
    pub is_on: Option<bool>,
}

/// The switches; can be handed around freely. Every method returns at once.
#[derive(Clone)]
pub struct LabControl {
    world: Arc<World>,
}

impl LabControl {
    pub(super) fn new(world: Arc<World>) -> Self {
        Self { world }
    }

    /// All faults, with their state.
    pub fn faults(&self) -> Vec<FaultEntry> {
        let World { shared, routers, servers, .. } = &*self.world;
        let entry = |fault, name: String, help: String, is_on| FaultEntry { fault, name, help, is_on };
        let mut all = vec![
            entry(
                Fault::NewFails,
                "new version fails".to_owned(),
                format!("{} answers {FAILING_PERCENT} % of its requests with 500", shared.options.to),
                Some(shared.failing_percent.load(Relaxed) > 0),
            ),
            entry(
                Fault::NewSlows,
                "new version is slow".to_owned(),
                format!("{} takes about half a second longer for everything", shared.options.to),
                Some(shared.is_slow.load(Relaxed)),
            ),
        ];
        for (index, router) in routers.iter().enumerate() {
            all.push(entry(
                Fault::RouterHangs(index),
                format!("{} hangs", router.name),
                "its control interface takes requests and does not answer; its traffic goes on".to_owned(),
                Some(router.is_hung()),
            ));
        }
        if let Some(router) = routers.last() {
            all.push(entry(
                Fault::WeightMoves,
                format!("somebody changes {}", router.name),
                "one weight moves behind your back".to_owned(),
                None,
            ));
            all.push(entry(
                Fault::RouterRestarts,
                format!("{} restarts", router.name),
                "its weights return to the configured ones, its counters to zero".to_owned(),
                None,
            ));
        }
        for (index, server) in servers.iter().enumerate() {
            all.push(entry(
                Fault::ServerDies(index),
                format!("{} dies", server.name),
                "its connections are cut, its port refuses".to_owned(),
                Some(server.is_killed()),
            ));
        }
        all
    }

    /// Switches a fault on or off, and says what happened.
    pub fn fault(&self, fault: Fault, on: bool) -> String {
        let World { shared, routers, servers, .. } = &*self.world;
        let nobody = || "there is no such router or server".to_owned();
        match fault {
            Fault::NewFails => {
                shared.failing_percent.store(if on { FAILING_PERCENT } else { 0 }, Relaxed);
                self.about_new(if on { "fails now and then" } else { "fails no more" })
            }
            Fault::NewSlows => {
                shared.is_slow.store(on, Relaxed);
                self.about_new(if on { "is slow" } else { "is as quick as before" })
            }
            Fault::RouterHangs(index) => routers.get(index).map_or_else(nobody, |router| {
                let what = match (router.hang(on), on) {
                    (true, true) => "no longer answers",
                    (true, false) => "answers again; changes that waited are applied now",
                    (false, true) => "did not answer already",
                    (false, false) => "was answering",
                };
                format!("{} {what}", router.name)
            }),
            Fault::WeightMoves | Fault::RouterRestarts if !on => {
                "that happened once, there is nothing to end".to_owned()
            }
            Fault::WeightMoves => {
                let moved = routers.last().and_then(|router| Some((router, router.meddle(POOLS.first()?)?)));
                moved.map_or_else(nobody, |(router, (server, before, after))| {
                    format!("{}: somebody set {server} from {before} to {after}", router.name)
                })
            }
            Fault::RouterRestarts => routers.last().map_or_else(nobody, |router| {
                router.restart(shared.process());
                format!("{} has restarted with its configured weights", router.name)
            }),
            Fault::ServerDies(index) => servers.get(index).map_or_else(nobody, |server| {
                let what = match (on, if on { server.kill() } else { server.revive() }) {
                    (true, true) => "is dead",
                    (true, false) => "was dead already",
                    (false, true) => "starts again",
                    (false, false) => "was alive",
                };
                format!("{} {what}", server.name)
            }),
        }
    }

    /// Starts to deploy a version to a pool: its servers restart one after the other. Says what happened.
    pub fn deploy(&self, pool: &str, version: &str) -> String {
        let Some(place) = POOLS.iter().position(|each| *each == pool) else {
            return format!("there is no pool {pool}, only {}", POOLS.join(" and "));
        };
        // The version stands in JSON, headers and labels as it is.
        if version.is_empty() || !version.chars().all(|c| c.is_ascii_alphanumeric() || ".-+_".contains(c)) {
            return format!("`{version}` is not a version: letters, digits, dots, dashes");
        }
        let Some(false) = self.world.deploying.get(place).map(|flag| flag.swap(true, Relaxed)) else {
            return format!("{pool} is being deployed to already");
        };
        let (world, pool, version) = (self.world.clone(), pool.to_owned(), version.to_owned());
        let said = format!("deploying {version} to {pool}, one server after the other");
        self.world.shared.tasks.spawn(async move {
            for server in world.servers.iter().filter(|server| server.pool == pool) {
                server.restart(&version).await;
                // The routers see one server come back before the next one goes.
                tokio::time::sleep(world.shared.options.health_every).await;
            }
            if let Some(flag) = world.deploying.get(place) {
                flag.store(false, Relaxed);
            }
        });
        said
    }

    /// Whether a pool is being deployed to.
    pub fn is_deploying(&self, pool: &str) -> bool {
        let place = POOLS.iter().position(|each| *each == pool);
        place.and_then(|place| self.world.deploying.get(place)).is_some_and(|flag| flag.load(Relaxed))
    }

    /// Each server with the version that it runs.
    pub fn versions(&self) -> Vec<(String, String)> {
        self.world.servers.iter().map(|server| (server.name.clone(), server.version())).collect()
    }

    /// The version to be deployed.
    pub fn new_version(&self) -> &str {
        &self.world.shared.options.to
    }

    /// What the clients of all routers saw since the start.
    pub fn load(&self) -> LoadSeen {
        self.world.load.iter().map(|load| load.seen()).fold(LoadSeen::default(), |sum, seen| LoadSeen {
            answered: sum.answered + seen.answered,
            refused: sum.refused + seen.refused,
            broken: sum.broken + seen.broken,
            skipped: sum.skipped + seen.skipped,
        })
    }

    fn about_new(&self, what: &str) -> String {
        let options = &self.world.shared.options;
        let running = self.world.servers.iter().filter(|server| server.version() != options.from).count();
        match running {
            0 => format!("{} {what}; no server runs it yet", options.to),
            _ => format!("{} {what}, on {running} servers", options.to),
        }
    }
}
