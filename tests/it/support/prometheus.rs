//! A real Prometheus that scrapes one fake target every second.

use std::fmt::Write as _;
use std::net::SocketAddr;

use tempfile::TempDir;

use super::keeper::{Kept, ask, program};
use super::web::{Asked, Said, Web};

/// What a target counts.
#[derive(Clone, Debug, Default)]
pub struct Counts {
    /// Lines of its `/metrics`: a series and its value.
    pub lines: Vec<(String, f64)>,
    /// Whether it answers.
    pub is_down: bool,
}

/// One running Prometheus with its target.
pub struct Prometheus {
    /// Where it listens.
    pub address: SocketAddr,
    /// What it scrapes.
    pub target: Web<Counts>,
    kept: Kept,
    _folder: TempDir,
}

impl Prometheus {
    /// Starts one, and waits until it has scraped its target.
    pub fn start(lines: &[(&str, f64)]) -> Self {
        let lines = lines.iter().map(|(series, value)| ((*series).to_owned(), *value)).collect();
        let target = Web::start(Counts { lines, is_down: false }, metrics);
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("prometheus.yml");
        let text = format!(
            "global: {{scrape_interval: 1s, scrape_timeout: 1s}}\nscrape_configs:\n- job_name: app\n  static_configs:\n  \
             - {{targets: [\"{}\"]}}\n",
            target.address
        );
        std::fs::write(&file, text).unwrap();
        let log = folder.path().join("log");
        let config = format!("--config.file={}", file.display());
        let data = format!("--storage.tsdb.path={}", folder.path().join("data").display());
        let arguments =
            [config.as_str(), &data, "--web.listen-address=127.0.0.1:0", "--storage.tsdb.retention.time=2h"];
        let kept = Kept::start(&program("prometheus", "prometheus"), &arguments, &[], &log);
        let mut address = None;
        kept.wait("its address", || {
            let said = std::fs::read_to_string(&log).unwrap_or_default();
            let line = said.lines().find(|line| line.contains("\"Listening on\""));
            address = line.and_then(|line| line.rsplit_once("address=")?.1.trim().parse().ok());
            address.is_some()
        });
        let address = address.expect("it was waited for");
        let prometheus = Self { address, target, kept, _folder: folder };
        prometheus.wait("up == 1");
        prometheus
    }

    /// Its address as a profile names it.
    pub fn at(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Waits until a query gives something.
    pub fn wait(&self, query: &str) {
        self.kept.wait(query, || self.has(query));
    }

    /// Whether a query gives something now.
    pub fn has(&self, query: &str) -> bool {
        let query: String = url::form_urlencoded::byte_serialize(query.as_bytes()).collect();
        let said = ask(self.address, "GET", &format!("/api/v1/query?query={query}"), None);
        said.is_ok_and(|said| said.status == 200 && said.body.contains("\"value\""))
    }

    /// Sets what a series of the target says.
    pub fn set(&self, series: &str, value: f64) {
        let mut counts = self.target.state();
        match counts.lines.iter_mut().find(|(each, _)| each == series) {
            Some((_, now)) => *now = value,
            None => counts.lines.push((series.to_owned(), value)),
        }
    }
}

fn metrics(counts: &mut Counts, asked: &Asked) -> Said {
    if counts.is_down || asked.route() != "/metrics" {
        return Said::text(503, "down");
    }
    let mut text = String::new();
    for (series, value) in &counts.lines {
        writeln!(text, "{series} {value}").unwrap();
    }
    Said::text(200, &text).with("Content-Type", "text/plain; version=0.0.4")
}
