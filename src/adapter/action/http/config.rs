//! What the profile says about a request that starts something, and about those that follow it.

use std::sync::Arc;
use std::time::Duration;

use ::http::{HeaderName, HeaderValue, Method};
use serde_json::json;

use super::super::template::{NAMES, NAMES_OF_RUN, Template, loose, strict};
use super::super::{Action, Configured};
use super::Http;
use crate::adapter::http::{Client, Endpoint, Login, Tls, body, endpoint, header_name, named_headers};
use crate::adapter::secret::SecretRef;
use crate::domain::Trouble;
use crate::setting::{Found, Kind, Table, Wrong, choice, quoted, text};

/// One address that is asked to do something.
#[derive(Clone, Debug)]
pub struct Config {
    pub(super) at: Endpoint,
    pub(super) start: Ask,
    pub(super) key_header: HeaderName,
    pub(super) headers: Vec<(HeaderName, HeaderValue)>,
    pub(super) handle: Option<String>,
    pub(super) link: Option<String>,
    pub(super) look: Option<Look>,
    pub(super) find: Option<Find>,
    pub(super) cancel: Option<Ask>,
    pub(super) compare: Option<Compare>,
    token: Option<(SecretRef, Option<HeaderName>)>,
    tls: Tls,
    timeout: Duration,
}

/// A request.
#[derive(Clone, Debug)]
pub(super) struct Ask {
    pub(super) method: Method,
    pub(super) path: Template,
    pub(super) body: Option<Template>,
}

/// How a run is looked at, and what its answer means.
#[derive(Clone, Debug)]
pub(super) struct Look {
    pub(super) path: Template,
    pub(super) state: String,
    pub(super) running: Vec<String>,
    pub(super) succeeded: Vec<String>,
    pub(super) failed: Vec<String>,
    pub(super) percent: Option<String>,
    pub(super) why: Option<String>,
    pub(super) log: Option<String>,
}

/// How a run is found by its key.
#[derive(Clone, Debug)]
pub(super) struct Find {
    pub(super) path: Template,
    pub(super) handle: String,
}

/// What runs now, held against what comes.
#[derive(Clone, Debug)]
pub(super) struct Compare {
    pub(super) path: Template,
    /// Name, pointer, and what it will be where that is said.
    pub(super) values: Vec<(String, String, Option<Template>)>,
}

impl Config {
    /// Reads the keys of `kind = "http"`.
    pub fn read(table: &mut Table<'_>, timeout: Duration) -> Option<Self> {
        let at = table.required("at", "Where it is: \"https://deploy.example.net\".", &endpoint());
        let doc = "The request that starts it: { method, path, body }.";
        let start = table.table("start", doc, |table| ask(table, NAMES, &[Method::POST, Method::PUT, Method::PATCH]));
        table.require("start", Wrong::new("is missing: the request that starts it").accepted("start = { path = ... }"));
        let doc = "The header that carries the act's key, by which a system that can takes a second start for the first. \
                   Default \"Idempotency-Key\".";
        let key_header = table.optional("key_header", doc, &header_name());
        let headers = table.map("headers", "Further headers of all requests, by name; nothing secret.", &text());
        let doc = "Where the answer to the start has what the run is asked about by: \"/id\".";
        let handle = table.optional("handle", doc, &pointer());
        let doc = "Where the answer has the address at which people look at the run: \"/url\".";
        let link = table.optional("link", doc, &pointer());
        let look =
            table.table("look", "How the run is looked at; without it the answer to the start is its end.", look);
        let doc = "How a run whose answer was lost is found by its key: { path, handle }.";
        let find = table.table("find", doc, |table| {
            let path = table.required("path", "The path, with {key}.", &strict(path(), NAMES));
            let doc = "Where the answer has what the run is asked about by; nothing there means that there is none.";
            let handle = table.required("handle", doc, &pointer());
            let path = path?;
            if !path.value.names("key") {
                table.report().refuse(&path.spot, Wrong::new("does not name {key}: it would find another run"));
            }
            Some(Find { path: path.value, handle: handle?.value })
        });
        let doc = "The request that ends it early: { method, path, body }.";
        let methods = [Method::POST, Method::PUT, Method::PATCH, Method::DELETE];
        let cancel = table.table("cancel", doc, |table| ask(table, NAMES_OF_RUN, &methods));
        let compare = table.table("compare", "What runs now, shown beside what comes.", compare);
        let token = SecretRef::read(table, "token", "A token to send along, by reference; a bearer token by itself.");
        let doc = "The header that has the token alone, in place of a bearer token: \"X-Api-Key\".";
        let token_header = table.optional("token_header", doc, &header_name());
        let tls = Tls::read(table);
        let report = table.report();
        if let Some(spot) = table.spot_if_written("token_header").filter(|_| !table.has("token")) {
            report.refuse(&spot, Wrong::new("goes with `token` only").advice("name a `token`, or leave it out"));
        }
        let wants_handle = look.as_ref().and_then(Option::as_ref).is_some_and(|look| look.path.names("handle"));
        if wants_handle && handle.is_none() && !table.has("handle") {
            let wrong =
                Wrong::new("is missing: `look` asks by {handle}, and the answer to the start is not read for one");
            report.refuse(&table.spot_of("handle"), wrong.accepted(POINTER));
        }
        for key in ["find", "cancel"] {
            if let Some(spot) = table.spot_if_written(key).filter(|_| !table.has("look")) {
                let wrong = Wrong::new("goes with `look` only: without it the answer to the start is its end");
                report.refuse(&spot, wrong.advice("say how the run is looked at, or leave it out"));
            }
        }
        let named = named_headers(report, headers.map(|headers| headers.value).unwrap_or_default());
        let is_read = |key: &str, part: bool| !table.has(key) || part;
        let whole = [
            is_read("look", look.as_ref().is_some_and(Option::is_some)),
            is_read("find", find.as_ref().is_some_and(Option::is_some)),
            is_read("cancel", cancel.as_ref().is_some_and(Option::is_some)),
            is_read("compare", compare.as_ref().is_some_and(Option::is_some)),
        ];
        if whole.contains(&false) {
            return None;
        }
        let value = |found: Option<Found<String>>| found.map(|found| found.value);
        Some(Self {
            at: at?.value,
            start: start.flatten()?,
            key_header: match key_header {
                Some(name) => name.value,
                None => HeaderName::from_static("idempotency-key"),
            },
            headers: named,
            handle: value(handle),
            link: value(link),
            look: look.flatten(),
            find: find.flatten(),
            cancel: cancel.flatten(),
            compare: compare.flatten(),
            token: token.map(|token| (token, token_header.map(|header| header.value))),
            tls,
            timeout,
        })
    }
}

impl Configured for Config {
    fn connect(&self) -> Result<Arc<dyn Action>, Trouble> {
        let login = self.token.clone().map(|(token, header)| match header {
            Some(header) => Login::header(header, token),
            None => Login::bearer(token),
        });
        let client = Client::new(self.at.clone(), login, &self.tls, self.timeout)?;
        Ok(Arc::new(Http { config: self.clone(), client }))
    }

    fn can_cancel(&self) -> bool {
        self.cancel.is_some()
    }
}

fn ask(table: &mut Table<'_>, names: &'static [&'static str], methods: &[Method]) -> Option<Ask> {
    let known = [("POST", Method::POST), ("PUT", Method::PUT), ("PATCH", Method::PATCH), ("DELETE", Method::DELETE)];
    let known: Vec<(&'static str, Method)> = known.into_iter().filter(|(_, method)| methods.contains(method)).collect();
    let method = table.optional("method", "How it is asked. Default POST.", &choice(&known, &[]));
    let path = table.required("path", "The path, with what is filled in.", &strict(path(), names));
    let doc = "The body: JSON, with what is filled in as parts of its texts.";
    let body = table.optional("body", doc, &loose(body()));
    Some(Ask {
        method: method.map_or(Method::POST, |method| method.value),
        path: path?.value,
        body: body.map(|body| body.value),
    })
}

fn look(table: &mut Table<'_>) -> Option<Look> {
    let path = table.required("path", "The path, with {handle} or {key}.", &strict(path(), NAMES_OF_RUN));
    let state = table.required("state", "Where its answer has the state: \"/status\".", &pointer());
    let words = || text().list("a list of states");
    let running = table.required("running", "The states in which it goes on.", &words());
    let succeeded = table.required("succeeded", "The states in which it came to a good end.", &words());
    let failed = table.required("failed", "The states in which it came to a bad end.", &words());
    let percent = table.optional("percent", "Where its answer has how far it is, from 0 to 100.", &pointer());
    let why = table.optional("why", "Where its answer says why it failed.", &pointer());
    let log = table.optional("log", "Where its answer has its log: a text, or a list of texts.", &pointer());
    let path = path?;
    if !path.value.names("handle") && !path.value.names("key") {
        let wrong = Wrong::new("names neither {handle} nor {key}: it would look at another run");
        table.report().refuse(&path.spot, wrong);
    }
    let values = |found: Vec<Found<String>>| found.into_iter().map(|found| found.value).collect::<Vec<_>>();
    let (succeeded, failed) = (succeeded?, failed?);
    if let Some(both) = failed.value.iter().find(|each| succeeded.value.iter().any(|good| good.value == each.value)) {
        table.report().refuse(&both.spot, Wrong::new(format!("{} is a good end already", quoted(&both.value))));
    }
    let value = |found: Option<Found<String>>| found.map(|found| found.value);
    Some(Look {
        path: path.value,
        state: state?.value,
        running: values(running?.value),
        succeeded: values(succeeded.value),
        failed: values(failed.value),
        percent: value(percent),
        why: value(why),
        log: value(log),
    })
}

fn compare(table: &mut Table<'_>) -> Option<Compare> {
    let path = table.required("path", "The path that tells what runs now.", &strict(path(), NAMES));
    let doc = "What it tells, by name: { version = \"/version\", image = \"/image\" }.";
    let values = table.map("values", doc, &pointer());
    table.require("values", Wrong::new("is missing: what is compared").accepted("{ version = \"/version\" }"));
    let coming = table.map("coming", "What each will be: { version = \"{to}\" }.", &strict(text(), NAMES));
    let mut coming = coming.map(|coming| coming.value).unwrap_or_default();
    let mut all = Vec::new();
    for (name, pointer) in values?.value {
        let at = coming.iter().position(|(each, _)| each.value == name.value);
        let will_be = at.map(|at| coming.remove(at).1.value);
        all.push((name.value, pointer.value, will_be));
    }
    for (name, _) in coming {
        table.report().refuse(&name.spot, Wrong::new("is none of `values`").advice("say where it stands now"));
    }
    Some(Compare { path: path?.value, values: all })
}

const POINTER: &str = "a JSON pointer, such as \"/status\"";

fn pointer() -> Kind<String> {
    Kind::from_text(POINTER, json!({ "type": "string", "pattern": "^/" }), |text| {
        let fits = text.starts_with('/') && text.len() <= 500 && text.chars().all(|c| !c.is_control());
        if fits { Ok(text.to_owned()) } else { Err(Wrong::new(format!("cannot be {}", quoted(text)))) }
    })
}

fn path() -> Kind<String> {
    Kind::from_text("a path that begins with /", json!({ "type": "string", "pattern": "^/" }), |text| {
        let is_clean = text.chars().all(|c| !c.is_whitespace() && !c.is_control());
        let fits = text.starts_with('/') && is_clean;
        if fits { Ok(text.to_owned()) } else { Err(Wrong::new(format!("cannot be {}", quoted(text)))) }
    })
}
