//! What the profile says about an address that is asked.

use std::sync::Arc;
use std::time::Duration;

use ::http::{HeaderName, HeaderValue, Method};
use regex::Regex;
use serde_json::json;

use super::expect::{Expect, Which};
use super::{Check, Http};
use crate::adapter::check::Configured;
use crate::adapter::http::{Client, Endpoint, Login, Tls, body, endpoint, header_name, named_headers};
use crate::adapter::secret::SecretRef;
use crate::domain::Trouble;
use crate::setting::{Kind, Table, Wrong, choice, count, duration, quoted, regex, text};

/// Who asks.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Credentials {
    Bearer(SecretRef),
    Header(HeaderName, SecretRef),
    Basic(String, SecretRef),
}

/// One address with what it must answer.
#[derive(Clone, Debug)]
pub struct Config {
    at: Endpoint,
    pub(super) method: Method,
    pub(super) path: String,
    pub(super) body: Option<String>,
    pub(super) headers: Vec<(HeaderName, HeaderValue)>,
    pub(super) expect: Expect,
    credentials: Option<Credentials>,
    tls: Tls,
    pub(super) timeout: Duration,
}

impl Config {
    /// Reads the keys of `kind = "http"`.
    pub fn read(table: &mut Table<'_>, timeout: Duration) -> Option<Self> {
        let at = table.required("at", "Where it is: \"http://10.0.0.5:8080\".", &endpoint());
        let path = table.optional("path", "The path that is asked. Default \"/\".", &path());
        let methods = [("GET", Method::GET), ("HEAD", Method::HEAD), ("POST", Method::POST)];
        let doc =
            "How it is asked. POST is for read-only addresses alone: it is sent any number of times. Default GET.";
        let method = table.optional("method", doc, &choice(&methods, &[])).map_or(Method::GET, |found| found.value);
        let body = table.optional("body", "The body of a POST; JSON unless its content-type says otherwise.", &body());
        let headers = table.map("headers", "Further headers of the request, by name; nothing secret.", &text());
        let credentials = credentials(table);
        let tls = Tls::read(table);
        let expect = expect(table);
        let report = table.report();
        if let Some(spot) = table.spot_if_written("body").filter(|_| method != Method::POST) {
            report.refuse(&spot, Wrong::new("goes with method = \"POST\" only").advice("leave it out"));
        }
        let of_body = ["json", "version", "value", "contains", "matches"];
        for key in of_body.into_iter().filter(|_| method == Method::HEAD) {
            if let Some(spot) = table.spot_if_written(key) {
                let wrong = Wrong::new("asks about a body, and the answer to HEAD has none");
                report.refuse(&spot, wrong.advice("ask with GET"));
            }
        }
        let named = named_headers(report, headers.map(|headers| headers.value).unwrap_or_default());
        Some(Self {
            at: at?.value,
            method,
            path: path.map_or_else(|| "/".to_owned(), |path| path.value),
            body: body.map(|body| body.value),
            headers: named,
            expect,
            credentials: credentials.ok()?,
            tls,
            timeout,
        })
    }
}

impl Configured for Config {
    fn connect(&self) -> Result<Arc<dyn Check>, Trouble> {
        let login = self.credentials.clone().map(|credentials| match credentials {
            Credentials::Bearer(secret) => Login::bearer(secret),
            Credentials::Header(name, secret) => Login::header(name, secret),
            Credentials::Basic(user, secret) => Login::basic(user, secret),
        });
        let client = Client::new(self.at.clone(), login, &self.tls, self.timeout)?;
        // The profile's own words: no answer is quoted in them, and a secret in a profile is refused.
        let shown = format!("{} {}{}", self.method, self.at, self.path);
        Ok(Arc::new(Http { config: self.clone(), client, shown }))
    }
}

/// What is written cannot be used; why has been said.
struct Refused;

/// `token`, with `token_header` where it is no bearer token, or `user` and `password`.
fn credentials(table: &mut Table<'_>) -> Result<Option<Credentials>, Refused> {
    let token = SecretRef::read(table, "token", "A token to send along, by reference; a bearer token by itself.");
    let doc = "The header that has the token alone, in place of a bearer token: \"X-Api-Key\".";
    let header = table.optional("token_header", doc, &header_name());
    let user = table.optional("user", "The user of a basic login.", &text());
    let password = SecretRef::read(table, "password", "The password of that user, by reference.");
    let (has_token, has_user) = (table.has("token"), table.has("user"));
    if has_user != table.has("password") {
        table.refuse(Wrong::new("names one of `user` and `password` without the other"));
        return Err(Refused);
    }
    if let Some(spot) = table.spot_if_written("token_header").filter(|_| !has_token) {
        table.report().refuse(&spot, Wrong::new("goes with `token` only").advice("name a `token`, or leave it out"));
        return Err(Refused);
    }
    if has_token && has_user {
        table.refuse(Wrong::new("names a `token` and a `user`").advice("leave one of them out"));
        return Err(Refused);
    }
    Ok(match (token, header, user.zip(password)) {
        (Some(token), Some(header), _) => Some(Credentials::Header(header.value, token)),
        (Some(token), None, _) => Some(Credentials::Bearer(token)),
        (None, _, Some((user, password))) => Some(Credentials::Basic(user.value, password)),
        (None, _, None) => None,
    })
}

fn expect(table: &mut Table<'_>) -> Expect {
    let doc = "The statuses that pass; else all from 200 to 299.";
    let statuses = table.optional("status", doc, &count(100, 599).list("a list of statuses, such as [200, 204]"));
    let doc = "What must stand in the JSON document, by pointer: { \"/status\" = \"UP\" }.";
    let json = table.map("json", doc, &text());
    let doc = "Where the version stands in the JSON document: \"/version\".";
    let version = table.optional("version", doc, &pointer());
    let doc = "Which version that must be. Default \"to_version\".";
    let which = choice(&[("to_version", Which::To), ("from_version", Which::From)], &[]);
    let is = table.optional("version_is", doc, &which);
    let doc = "Where the value stands in the JSON document that `same_as_before` compares.";
    let value = table.optional("value", doc, &pointer());
    let doc = "What headers of the answer must hold, by name.";
    let headers = table.map("answer_headers", doc, &text());
    let contains = table.optional("contains", "Text that must be in the body.", &text());
    let matches = table.optional("matches", "A regular expression that the body must match.", &regex());
    let doc = "How long the answer may take; a slower one fails. No answer within `timeout` is inconclusive.";
    let latency = table.optional("latency", doc, &duration(Duration::from_millis(1), Duration::from_mins(5)));
    let report = table.report();
    if let Some(spot) = table.spot_if_written("version_is").filter(|_| !table.has("version")) {
        report.refuse(&spot, Wrong::new("goes with `version` only").advice("say where the version stands"));
    }
    if table.has("value") != table.has("same_as_before") {
        let wrong = Wrong::new("names one of `value` and `same_as_before` without the other");
        table.refuse(wrong.advice("`value` says what is compared"));
    }
    let mut pointers = Vec::new();
    for (name, wanted) in json.map(|json| json.value).unwrap_or_default() {
        if is_pointer(&name.value) {
            pointers.push((name.value, wanted.value));
        } else {
            let wrong = Wrong::new(format!("{} is no JSON pointer", quoted(&name.value)));
            report.refuse(&name.spot, wrong.accepted(POINTER));
        }
    }
    let mut named = Vec::new();
    for (name, wanted) in headers.map(|headers| headers.value).unwrap_or_default() {
        match name.value.parse::<HeaderName>() {
            Ok(header) => named.push((header, wanted.value)),
            Err(_unfit) => report.refuse(&name.spot, Wrong::new("is no name of a header")),
        }
    }
    // The kind has read it as one already.
    let matches = matches.and_then(|matches| Regex::new(&matches.value).ok());
    Expect {
        statuses: statuses
            .map(|all| all.value.into_iter().map(|status| u16::try_from(status.value).unwrap_or(0)).collect())
            .unwrap_or_default(),
        json: pointers,
        version: version.map(|pointer| (pointer.value, is.map_or(Which::To, |is| is.value))),
        headers: named,
        contains: contains.map(|contains| contains.value),
        matches,
        latency: latency.map(|latency| latency.value),
        value: value.map(|value| value.value),
    }
}

const POINTER: &str = "a JSON pointer, such as \"/status\"";

fn is_pointer(text: &str) -> bool {
    text.starts_with('/') && text.len() <= 500 && text.chars().all(|c| !c.is_control())
}

fn pointer() -> Kind<String> {
    Kind::from_text(POINTER, json!({ "type": "string", "pattern": "^/" }), |text| {
        if is_pointer(text) { Ok(text.to_owned()) } else { Err(Wrong::new(format!("cannot be {}", quoted(text)))) }
    })
}

fn path() -> Kind<String> {
    Kind::from_text("a path that begins with /", json!({ "type": "string", "pattern": "^/" }), |text| {
        let is_clean = text.chars().all(|c| !c.is_whitespace() && !c.is_control());
        if text.starts_with('/') && is_clean {
            Ok(text.to_owned())
        } else {
            Err(Wrong::new(format!("cannot be {}", quoted(text))))
        }
    })
}
