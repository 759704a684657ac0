//! What the profile says about one nginx.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;

use super::super::{Configured, Router};
use super::{Nginx, text};
use crate::adapter::http::{Endpoint, Tls, endpoint};
use crate::domain::{BasisPoints, Capabilities, Holds, NativeSplit, PoolId, Proof, Trouble, Zero};
use crate::setting::{Found, Kind, Named, Table, Wrong, absolute_path, command, quoted, text as line, word};

/// nginx reads a word of its configuration into a buffer of this size; the marker is one word.
const LONGEST_WORD: usize = 4_000;

/// Where and how one nginx is steered.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Config {
    /// The file that is ours alone.
    pub file: PathBuf,
    /// What is in it.
    pub shape: Shape,
    /// The variable, without `$`, that tells what a worker was started with.
    pub marker: String,
    /// Where workers answer with that variable.
    pub status: Option<Endpoint>,
    /// Certificates for that.
    pub tls: Tls,
    /// The command that tests the configuration.
    pub test: Vec<String>,
    /// How it is reloaded.
    pub reload: Reload,
    /// Where the master keeps its process id.
    pub pid_file: Option<PathBuf>,
    /// How long it may take to answer.
    pub timeout: Duration,
}

/// How pools share the traffic.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Shape {
    /// `split_clients`: percentages of requests.
    Split {
        /// The variable, without `$`, that holds the chosen pool's value.
        variable: String,
        /// What is split by.
        by: String,
        /// Per pool, in the profile's order, the value: an upstream's name.
        pools: Vec<(PoolId, String)>,
    },
    /// One upstream with the servers of all pools: weights.
    Upstream {
        /// Its name.
        upstream: String,
        /// Per pool, in the profile's order, its servers.
        pools: Vec<(PoolId, Vec<String>)>,
        /// What else stands on each server's line.
        options: Option<String>,
        /// What else stands in the upstream.
        lines: Vec<String>,
    },
}

/// How nginx is told to read its configuration again.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Reload {
    /// By a command.
    Command(Vec<String>),
    /// By a signal to the process that the pid file names.
    Signal,
}

impl Config {
    /// Reads the keys of `kind = "nginx"`.
    pub fn read(table: &mut Table<'_>, pools: &[PoolId], timeout: Duration) -> Option<Self> {
        let doc = "The file of weights, which nginx includes in its `http` block and nothing but flightdeck writes.";
        let file = table.required("file", doc, &absolute_path());
        let doc = "The variable that `split_clients` sets to a pool's value; or `upstream`.";
        let split = table.optional("split", doc, &variable());
        let doc = "The upstream that holds the servers of all pools, with weights; or `split`.";
        let upstream = table.optional("upstream", doc, &word("an upstream's name", "-_.", 100));
        let doc = "With `split`: what is split by. Default \"$request_id\", each request for itself.";
        let by = table.optional("by", doc, &word("nginx variables, such as \"$remote_addr\"", "$_-.:", 100));
        let doc = "With `upstream`: what else stands on each server's line.";
        let options = table.optional("options", doc, &directive("server options, such as \"max_fails=2\""));
        let doc = "With `upstream`: what else stands in it.";
        let accepted = "a list of directives, such as [\"zone app 64k\", \"keepalive 16\"]";
        let lines = table.optional("lines", doc, &directive("a directive").list(accepted));
        let names: Vec<&str> = pools.iter().map(PoolId::as_str).collect();
        let only = |is_wanted: bool| if is_wanted { names.as_slice() } else { &[] };
        let doc = "With `split`: per pool, its value of the variable, an upstream's name.";
        let values =
            table.each_of("pools", doc, "pool", only(split.is_some()), &word("an upstream's name", "-_.", 100));
        let doc = "With `upstream`: per pool, its servers.";
        let servers = table.each_of("servers", doc, "pool", only(upstream.is_some()), &servers());
        let shape = match (split, upstream) {
            (Some(variable), None) => {
                refuse_strays(table, &["servers", "options", "lines"], "goes with `upstream`");
                let accepted = "pools = { POOL = \"UPSTREAM\", ... }";
                table.require("pools", Wrong::new("is missing: what stands for each pool").accepted(accepted));
                let by = by.map_or_else(|| "$request_id".to_owned(), |by| by.value);
                values.and_then(|values| split_shape(table, variable.value, by, values.value))
            }
            (None, Some(upstream)) => {
                refuse_strays(table, &["pools", "by"], "goes with `split`");
                let accepted = "servers = { POOL = [\"HOST:PORT\", ...], ... }";
                table.require("servers", Wrong::new("is missing: each pool's servers").accepted(accepted));
                let options = options.map(|options| options.value);
                let lines = lines.map(|lines| lines.value.into_iter().map(|line| line.value).collect());
                servers.and_then(|servers| {
                    upstream_shape(table, upstream.value, servers.value, options, lines.unwrap_or_default())
                })
            }
            (Some(_), Some(upstream)) => {
                let advice = "percentages of requests are a `split`, weights of servers an `upstream`";
                table.report().refuse(&upstream.spot, Wrong::new("stands beside `split`").advice(advice));
                None
            }
            (None, None) => {
                if !table.has("split") && !table.has("upstream") {
                    let accepted = "split = \"$pool\" or upstream = \"NAME\"";
                    table.refuse(Wrong::new("does not say how traffic is split").accepted(accepted));
                }
                None
            }
        };
        let doc = "Where workers answer with `marker`, which proves a reload: \"http://127.0.0.1:8185/flightdeck\".";
        let status = table.optional("status", doc, &endpoint());
        let tls = Tls::read(table);
        let doc = "The variable that the file sets to what it holds; one for each file. Default \"$flightdeck\".";
        let marker = table.optional("marker", doc, &variable());
        let doc = "The command that tests the configuration. Default [\"nginx\", \"-t\"].";
        let test = table.optional("test", doc, &command());
        let doc = "The command that reloads it. Default: a signal if `pid_file` is named, else [\"nginx\", \"-s\", \"reload\"].";
        let reload = table.optional("reload", doc, &command());
        let doc = "The master's pid file: tells restarts, and workers that still end what they began.";
        let pid_file = table.optional("pid_file", doc, &absolute_path());
        let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
        let reload = match (reload, &pid_file) {
            (Some(reload), _) => Reload::Command(reload.value),
            (None, Some(_)) => Reload::Signal,
            (None, None) => Reload::Command(words(&["nginx", "-s", "reload"])),
        };
        let config = Self {
            file: file?.value,
            shape: shape?,
            marker: marker.map_or_else(|| "flightdeck".to_owned(), |marker| marker.value),
            status: status.map(|status| status.value),
            tls,
            test: test.map_or_else(|| words(&["nginx", "-t"]), |test| test.value),
            reload,
            pid_file: pid_file.map(|file| file.value),
            timeout,
        };
        let longest = text::render(&config, &NativeSplit::default(), text::WHEN);
        if longest.lines().any(|line| line.len() > LONGEST_WORD) {
            let wrong = Wrong::new("names more servers than one file of nginx can tell of");
            table.report().refuse(
                &table.spot_of("servers"),
                wrong.advice("give each pool an upstream of its own, and use `split`"),
            );
            return None;
        }
        Some(config)
    }
}

impl Configured for Config {
    fn capabilities(&self) -> Capabilities {
        let (means, finest, zero) = match &self.shape {
            Shape::Split { .. } => ("a file of percentages and a reload", 1, "its line is left out"),
            Shape::Upstream { .. } => ("a file of weights and a reload", 1, "its servers are `down`"),
        };
        let is_asked = self.status.is_some();
        Capabilities {
            // The test takes some 10 ms, new workers some 50 ms, and a quarter of a second proves that no old one answers.
            change_ms: 350,
            back_ms: 350,
            read_back_ms: 2_000,
            // Not asked, old workers still take connections for a tenth of a second.
            settle_ms: if is_asked { 0 } else { 500 },
            holds: Holds::Shares { finest: BasisPoints(finest) },
            zero: Zero::TakenOut(zero.to_owned()),
            proof: if is_asked { Proof::ReadBack } else { Proof::Accepted },
            ..Capabilities::of("nginx", means)
        }
    }

    fn place(&self) -> String {
        self.file.display().to_string()
    }

    fn connect(&self) -> Result<Arc<dyn Router>, Trouble> {
        Ok(Arc::new(Nginx::new(self.clone())?))
    }
}

fn split_shape(table: &Table<'_>, variable: String, by: String, values: Vec<Named<String>>) -> Option<Shape> {
    if !each_once(table, values.iter().map(|(pool, value)| (pool.as_str(), value))) {
        return None;
    }
    let pools = values.into_iter().map(|(pool, value)| (PoolId::new(pool), value.value)).collect();
    Some(Shape::Split { variable, by, pools })
}

fn upstream_shape(
    table: &Table<'_>,
    upstream: String,
    servers: Vec<Named<Vec<Found<String>>>>,
    options: Option<String>,
    lines: Vec<String>,
) -> Option<Shape> {
    let named = servers.iter().flat_map(|(pool, list)| list.iter().map(move |each| (pool.as_str(), each)));
    if !each_once(table, named) {
        return None;
    }
    let one = |(pool, list): Named<Vec<Found<String>>>| {
        (PoolId::new(pool), list.value.into_iter().map(|server| server.value).collect())
    };
    Some(Shape::Upstream { upstream, pools: servers.into_iter().map(one).collect(), options, lines })
}

/// Says so when a value or server stands twice.
fn each_once<'f>(table: &Table<'_>, named: impl Iterator<Item = (&'f str, &'f Found<String>)>) -> bool {
    let mut seen: Vec<(&str, &Found<String>)> = Vec::new();
    let mut fits = true;
    for (pool, each) in named {
        if let Some((other, _)) = seen.iter().find(|(_, earlier)| earlier.value == each.value) {
            let wrong = Wrong::new(format!("{} stands for pool {other} already", quoted(each)));
            table.report().refuse(&each.spot, wrong.advice("name each once"));
            fits = false;
        }
        seen.push((pool, each));
    }
    fits
}

fn refuse_strays(table: &Table<'_>, keys: &[&str], what: &str) {
    for spot in keys.iter().filter_map(|key| table.spot_if_written(key)) {
        table.report().refuse(&spot, Wrong::new(what).advice("leave it out"));
    }
}

fn servers() -> Kind<Vec<Found<String>>> {
    let accepted = "a server, such as \"10.0.0.1:8080\"";
    let schema = json!({ "type": "string", "pattern": "^[A-Za-z0-9_.:/\\[\\]\\-]+$", "maxLength": 200 });
    let server = Kind::from_text(accepted, schema, |text| {
        let fits = |c: char| c.is_ascii_alphanumeric() || "-_.:/[]".contains(c);
        if !text.is_empty() && text.len() <= 200 && text.chars().all(fits) {
            Ok(text.to_owned())
        } else {
            Err(Wrong::new(format!("cannot be {}", quoted(text))))
        }
    });
    server.list("a list of servers, such as [\"10.0.0.1:8080\", \"10.0.0.2:8080\"]")
}

/// A variable's name, written with its `$`.
fn variable() -> Kind<String> {
    let schema = json!({ "type": "string", "pattern": "^\\$[A-Za-z][A-Za-z0-9_]*$", "maxLength": 60 });
    Kind::from_text("the name of a variable, such as \"$pool\"", schema, |text| {
        let name = text.strip_prefix('$').filter(|name| name.len() < 60);
        let fits = |name: &&str| {
            name.chars().next().is_some_and(|c| c.is_ascii_alphabetic())
                && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        };
        name.filter(fits).map(str::to_owned).ok_or_else(|| Wrong::new(format!("cannot be {}", quoted(text))))
    })
}

/// Words of a directive: nothing that would end it and begin another.
fn directive(accepted: &'static str) -> Kind<String> {
    line().and_then(accepted, move |text| {
        if text.contains(['{', '}', ';', '#', '"', '\'', '\\']) {
            let advice = "leave the `;` out; blocks, quotes and comments cannot stand here";
            return Err(Wrong::new(format!("cannot be {}", quoted(&text))).accepted(accepted).advice(advice));
        }
        let own = text.split_whitespace().find(|each| each.starts_with("weight=") || ["down", "server"].contains(each));
        match own {
            Some(own) => Err(Wrong::new(format!("has `{own}`, which flightdeck writes")).advice("leave it out")),
            None => Ok(text),
        }
    })
}
