//! All pods of a selector, followed together.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use futures_util::stream::{BoxStream, SelectAll, StreamExt as _};
use tokio::time::{Instant, sleep_until};

use super::super::config::Config as Source;
use super::super::outbox::{Follow, Outbox, stream};
use super::super::stamp::Stamps;
use super::super::{Cleaner, Delivered, LogSource, LogUpdate};
use super::Config;
use super::listing::{Container, Listed, containers};
use super::tail::{Raw, Since, Told, order, tail};
use crate::adapter::router::kubernetes::cluster::Cluster;
use crate::domain::log::{LogBatch, LogLine, LogSourceState};
use crate::domain::{Timestamp, Trouble, TroubleKind};

/// The least time between two batches, and how many lines make one full.
const PACE: Duration = Duration::from_millis(20);
const FULL: usize = 32_768;
/// So many streams are open at most; each is a connection to the cluster's API.
const MOST: usize = 60;
/// A stream that ended is looked for again after this.
const AGAIN: Duration = Duration::from_millis(500);
/// The longest pause after listings that failed.
const LONGEST: Duration = Duration::from_secs(30);

/// The logs of pods in a profile.
pub(super) struct Pods {
    config: Config,
    source: Source,
    cluster: Arc<Cluster>,
}

impl Pods {
    pub(super) fn new(config: &Config, source: &Source) -> Self {
        let cluster = Arc::new(Cluster::new(config.place.clone(), config.timeout));
        Self { config: config.clone(), source: source.clone(), cluster }
    }
}

impl LogSource for Pods {
    fn follow(&self) -> BoxStream<'static, LogUpdate> {
        let following = Following {
            config: self.config.clone(),
            source: self.source.clone(),
            cluster: Arc::clone(&self.cluster),
            cleaner: None,
            stamps: Stamps::default(),
            begin: begin(self.config.since),
            tails: SelectAll::new(),
            stands: BTreeMap::new(),
            due: Instant::now(),
            failures: 0,
            gathered: Vec::new(),
            flush: None,
            vouched: None,
            troubles: BTreeMap::new(),
            outbox: Outbox::default(),
        };
        stream(following)
    }

    fn probe(&self) -> BoxFuture<'_, Result<String, Trouble>> {
        async {
            let listed = list(&self.cluster, &self.config).await?;
            let pods: BTreeSet<&str> = listed.iter().map(|listed| listed.container.pod.as_str()).collect();
            let (selector, place) = (&self.config.selector, &self.config.place);
            Ok(format!("{} pods of {selector} can be followed in {}", pods.len(), place.namespace))
        }
        .boxed()
    }
}

async fn list(cluster: &Cluster, config: &Config) -> Result<Vec<Listed>, Trouble> {
    let selector: String = url::form_urlencoded::byte_serialize(config.selector.as_bytes()).collect();
    let path = format!("/api/v1/namespaces/{}/pods?labelSelector={selector}", config.place.namespace);
    let list = cluster.document(&format!("list the pods of {}", config.selector), &path).await?;
    Ok(containers(&list, config.container.as_deref()))
}

struct Following {
    config: Config,
    source: Source,
    cluster: Arc<Cluster>,
    cleaner: Option<Cleaner>,
    stamps: Stamps,
    /// Where a container begins that was never followed.
    begin: String,
    tails: SelectAll<BoxStream<'static, Told>>,
    stands: BTreeMap<Container, Stand>,
    /// When pods are listed next.
    due: Instant,
    failures: u32,
    gathered: Vec<LogLine>,
    /// When what was gathered is handed over.
    flush: Option<Instant>,
    /// Up to when every container has said something.
    vouched: Option<Timestamp>,
    /// What is wrong with single streams.
    troubles: BTreeMap<Container, Trouble>,
    outbox: Outbox,
}

/// Where one container stands.
struct Stand {
    since: Since,
    newest: Option<Timestamp>,
    is_open: bool,
    /// With how many restarts it was opened last: one that ended is read once.
    opened_at: Option<(u64, bool)>,
}

impl Follow for Following {
    fn outbox(&mut self) -> &mut Outbox {
        &mut self.outbox
    }

    async fn step(&mut self) {
        let is_full = self.gathered.len() >= FULL;
        let flush = self.flush;
        tokio::select! {
            () = async { match flush { Some(at) => sleep_until(at).await, None => std::future::pending().await } } => {
                self.hand_over();
            }
            () = sleep_until(self.due) => self.list().await,
            Some(told) = self.tails.next(), if !self.tails.is_empty() && !is_full => self.take(told),
        }
    }
}

impl Following {
    async fn list(&mut self) {
        match list(&self.cluster, &self.config).await {
            Ok(listed) => {
                self.failures = 0;
                self.due = Instant::now() + self.config.every;
                self.follow(&listed);
            }
            Err(trouble) => {
                self.failures = self.failures.saturating_add(1);
                let pause = self.config.every.saturating_mul(1 << self.failures.min(5));
                self.due = Instant::now() + pause.min(LONGEST.max(self.config.every));
                self.outbox.tell(LogSourceState::Waiting(trouble));
            }
        }
    }

    /// Opens what is listed and not open; forgets what is neither.
    fn follow(&mut self, listed: &[Listed]) {
        let known: BTreeSet<&Container> = listed.iter().map(|listed| &listed.container).collect();
        self.stands.retain(|container, stand| stand.is_open || known.contains(container));
        self.troubles.retain(|container, _| known.contains(container));
        let mut open = self.stands.values().filter(|stand| stand.is_open).count();
        let mut left_out = 0_usize;
        for Listed { container, restarts, is_running } in listed {
            let stand = self.stands.entry(container.clone()).or_insert_with(|| Stand {
                since: Since { stamp: self.begin.clone(), told: 0 },
                newest: None,
                is_open: false,
                opened_at: None,
            });
            let is_read = !is_running && stand.opened_at == Some((*restarts, false));
            if stand.is_open || is_read {
                continue;
            }
            if open >= MOST {
                left_out += 1;
                continue;
            }
            open += 1;
            let is_anew = stand.opened_at.is_some_and(|(before, _)| before < *restarts);
            (stand.is_open, stand.opened_at) = (true, Some((*restarts, *is_running)));
            self.tails.push(tail(Arc::clone(&self.cluster), container.clone(), stand.since.clone(), is_anew));
        }
        let what = || format!("follow the pods of {} in {}", self.config.selector, self.config.place.namespace);
        let state = if listed.is_empty() {
            let advice = "compare the labels with `kubectl get pods --show-labels`; they are looked for again";
            let why = "no pod with a log has these labels";
            LogSourceState::Waiting(Trouble::new(TroubleKind::Mismatch, what(), why, advice))
        } else if left_out > 0 {
            let why = format!("{left_out} containers are not followed: {MOST} streams are the most");
            let advice = "name one `container`, or labels that fewer pods have";
            LogSourceState::Waiting(Trouble::new(TroubleKind::Mismatch, what(), why, advice))
        } else if let Some(trouble) = self.troubles.values().next() {
            LogSourceState::Waiting(trouble.clone())
        } else {
            LogSourceState::Following
        };
        self.outbox.tell(state);
    }

    fn take(&mut self, told: Told) {
        match told {
            Told::Lines(container, lines) => self.gather(&container, lines),
            Told::Ended(container, trouble) => {
                if let Some(stand) = self.stands.get_mut(&container) {
                    stand.is_open = false;
                }
                match trouble {
                    Some(trouble) => {
                        self.outbox.tell(LogSourceState::Waiting(trouble.clone()));
                        self.troubles.insert(container, trouble);
                    }
                    None => self.due = self.due.min(Instant::now() + AGAIN),
                }
            }
        }
    }

    fn gather(&mut self, container: &Container, lines: Vec<Raw>) {
        let mut cleaner = match self.cleaner.take().map_or_else(|| Cleaner::of(&self.source), Ok) {
            Ok(cleaner) => cleaner,
            // A source with such a pattern was refused before it was made.
            Err(trouble) => return self.outbox.tell(LogSourceState::Waiting(trouble)),
        };
        self.troubles.remove(container);
        let labels = [("pod", container.pod.as_str()), ("container", container.name.as_str())];
        for Raw { stamp, text, more } in lines {
            let at = self.stamps.field(&stamp);
            let delivered = Delivered { at, text: &text, more, labels: &labels, ..Delivered::default() };
            self.gathered.push(cleaner.delivered(&delivered));
            if let Some(stand) = self.stands.get_mut(container) {
                stand.newest = stand.newest.max(at);
                let is_same = order(&stand.since.stamp) == order(&stamp);
                let told = if is_same { stand.since.told.saturating_add(1) } else { 1 };
                stand.since = Since { stamp, told };
            }
        }
        self.cleaner = Some(cleaner);
        if self.flush.is_none() {
            self.flush = Some(Instant::now() + PACE);
        }
    }

    fn hand_over(&mut self) {
        self.flush = None;
        let open = || self.stands.values().filter(|stand| stand.is_open);
        if open().all(|stand| stand.newest.is_some()) {
            self.vouched = self.vouched.max(open().filter_map(|stand| stand.newest).min());
        }
        let (source, pool) = (self.source.id.clone(), self.source.pool.clone());
        let lines = std::mem::take(&mut self.gathered);
        let watermark = self.vouched;
        self.outbox.lines(LogBatch { source, pool, lines, ids: Vec::new(), dropped: 0, watermark, by_time: true });
    }
}

/// The time that long ago, as the server writes it.
fn begin(since: Duration) -> String {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let begin = i64::try_from(now.saturating_sub(since).as_millis()).unwrap_or(0);
    Timestamp(begin).to_string()
}
