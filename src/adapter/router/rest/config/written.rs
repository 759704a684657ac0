//! `[router.set]`: what is sent.

use ::http::{HeaderName, Method};

use super::super::request::Set;
use super::super::template;
use super::kind;
use crate::setting::{Found, Spot, Table, Wrong, flag};

/// What is sent, with where its parts stand in the profile.
pub(super) struct Written {
    pub(super) set: Set,
    pub(super) path: Spot,
    pub(super) body: Spot,
    pub(super) headers: Spot,
}

impl Written {
    /// Reads `set`.
    pub(super) fn read(table: &mut Table<'_>, pools: &[&str]) -> Option<Self> {
        let to_put = table.optional("put", "The path to PUT to.", &kind::template());
        let to_post = table.optional("post", "The path to POST to.", &kind::template());
        let to_patch = table.optional("patch", "The path to PATCH.", &kind::template());
        let body = table.optional("body", "The body; JSON unless its content-type says otherwise.", &kind::template());
        let headers = table.map("headers", "Further headers, by name; nothing secret.", &kind::template());
        let doc = "One request for each pool, with {{ pool }} and {{ weight }}, in place of one for all.";
        let each = table.optional("each", doc, &flag()).is_some_and(|each| each.value);
        let doc = "Sends the entity tag that was read directly before, as `If-Match`.";
        let if_match = table.optional("if_match", doc, &flag());
        let doc = "The statuses that mean yes; else all from 200 to 299.";
        let statuses = || kind::status().list("a list of statuses, such as [200, 204]");
        let accepts = table.optional("accepts", doc, &statuses());
        let doc = "The statuses that mean that it has moved since it was read; else 412.";
        let moved = table.optional("moved", doc, &statuses());
        let keys = ["put", "post", "patch"];
        let methods: Vec<&str> = keys.into_iter().filter(|key| table.has(key)).collect();
        let &[key] = methods.as_slice() else {
            let wrong = Wrong::new("does not name one method with its path").accepted("one of put, post, patch");
            table.refuse(wrong);
            return None;
        };
        let method = match key {
            "put" => Method::PUT,
            "post" => Method::POST,
            _ => Method::PATCH,
        };
        let path = to_put.or(to_post).or(to_patch)?;
        let spots = |key: &str| table.spot_if_written(key).unwrap_or_else(|| table.spot_of(key));
        let (path_spot, body_spot, headers_spot) = (path.spot.clone(), spots("body"), spots("headers"));
        let mut fits = true;
        let mut written = Vec::new();
        for (name, value) in headers.map(|headers| headers.value).unwrap_or_default() {
            match name.value.parse::<HeaderName>() {
                Ok(header) => written.push((header, value)),
                Err(_unfit) => {
                    fits = false;
                    table.report().refuse(&name.spot, Wrong::new("is no name of a header"));
                }
            }
        }
        let texts = written.iter().map(|(_, value)| value).chain([&path]).chain(&body);
        for text in texts {
            if let Err(why) = template::check(&text.value, pools, each) {
                fits = false;
                table.report().refuse(&text.spot, Wrong::new(why));
            }
        }
        if each && if_match.as_ref().is_some_and(|if_match| if_match.value) {
            fits = false;
            let wrong = Wrong::new("goes with one request for all pools: the first of several changes the entity tag");
            table.report().refuse(&spots("if_match"), wrong.advice("leave out one of `each` and `if_match`"));
        }
        let list = |found: Option<Found<Vec<Found<usize>>>>| -> Vec<u16> {
            let found = found.map(|found| found.value).unwrap_or_default();
            found.into_iter().filter_map(|each| u16::try_from(each.value).ok()).collect()
        };
        let moved = if table.has("moved") { list(moved) } else { vec![412] };
        let set = Set {
            method,
            path: path.value,
            body: body.map(|body| body.value).unwrap_or_default(),
            headers: written.into_iter().map(|(name, value)| (name, value.value)).collect(),
            each,
            if_match: if_match.is_some_and(|if_match| if_match.value),
            accepts: list(accepts),
            moved,
        };
        fits.then_some(Self { set, path: path_spot, body: body_spot, headers: headers_spot })
    }
}
