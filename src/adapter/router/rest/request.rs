//! What is sent: a method, and templates for a path, headers and a body; once, or once for each pool.

use ::http::{HeaderName, HeaderValue, Method, header};

use super::template::{self, Values};
use crate::adapter::http::Request;
use crate::domain::{NativeSplit, PoolId};
use crate::setting::quoted;

/// How weights are set.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Set {
    /// PUT, POST or PATCH.
    pub method: Method,
    /// Below the address, beginning with a slash.
    pub path: String,
    /// The body; empty where there is none.
    pub body: String,
    /// Further headers.
    pub headers: Vec<(HeaderName, String)>,
    /// One request for each pool instead of one for all.
    pub each: bool,
    /// Sends the entity tag that was read directly before.
    pub if_match: bool,
    /// What means yes; whatever begins with 2 where none is named.
    pub accepts: Vec<u16>,
    /// What means that it has moved.
    pub moved: Vec<u16>,
}

/// A request, and how people see it.
pub(super) struct Made {
    pub(super) request: Request,
    pub(super) shown: String,
}

/// Which part of a request cannot be made.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Part {
    Path,
    Header(HeaderName),
    Body,
}

/// Why a request cannot be made.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Unfit {
    pub(super) part: Part,
    pub(super) why: String,
}

impl std::fmt::Display for Unfit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.part {
            Part::Path => write!(f, "its path {}", self.why),
            Part::Header(name) => write!(f, "its header {name} {}", self.why),
            Part::Body => write!(f, "its body {}", self.why),
        }
    }
}

impl Set {
    /// Whether the system itself compares: the request carries what was read.
    pub fn is_conditional(&self) -> bool {
        let templates = self.headers.iter().map(|(_, value)| value).chain([&self.path, &self.body]);
        self.if_match || templates.into_iter().any(|each| template::tells_generation(each))
    }

    /// Whether the body has to be JSON.
    pub(super) fn is_json(&self) -> bool {
        let named = self.headers.iter().find(|(name, _)| *name == header::CONTENT_TYPE);
        named.is_none_or(|(_, value)| value.contains("json"))
    }

    /// Every request of a change, in the order of its weights.
    ///
    /// # Errors
    /// What does not fit.
    pub(super) fn make(
        &self,
        at: &str,
        native: &NativeSplit,
        factor: u32,
        generation: &str,
    ) -> Result<Vec<Made>, Unfit> {
        if self.each {
            let one = |pool: &PoolId| self.one(at, &Values::of(native, factor, generation, Some(pool)), generation);
            native.0.iter().map(|each| one(&each.pool)).collect()
        } else {
            Ok(vec![self.one(at, &Values::of(native, factor, generation, None), generation)?])
        }
    }

    fn one(&self, at: &str, values: &Values, generation: &str) -> Result<Made, Unfit> {
        let unfit = |part: Part, why: String| Unfit { part, why };
        let fill = |part: Part, template: &str| {
            template::fill(template, values).map_err(|why| unfit(part, format!("cannot be filled in: {why}")))
        };
        let path = fill(Part::Path, &self.path)?;
        if !path.starts_with('/') || path.contains(|c: char| c.is_whitespace() || c.is_control()) {
            return Err(unfit(
                Part::Path,
                format!("becomes {}, which does not begin with / or holds a space", quoted(&path)),
            ));
        }
        let body = fill(Part::Body, &self.body)?;
        let body = body.trim();
        if self.is_json() && !body.is_empty() {
            serde_json::from_str::<serde::de::IgnoredAny>(body).map_err(|error| {
                unfit(Part::Body, format!("becomes {}, which is no JSON: {error}", quoted(&one_line(body))))
            })?;
        }
        let mut request = Request::new(self.method.clone(), path.as_str());
        request.body = body.as_bytes().to_vec();
        let mut shown = format!("{} {at}{path}", self.method);
        let carried = |name: &HeaderName, value: &str| {
            HeaderValue::from_str(value).map_err(|_unfit| {
                unfit(Part::Header(name.clone()), "has characters that no header can carry".to_owned())
            })
        };
        for (name, value) in &self.headers {
            let value = fill(Part::Header(name.clone()), value)?;
            shown = format!("{shown} {name}: {value}");
            request = request.header(name.clone(), carried(name, &value)?);
        }
        if !body.is_empty() && !self.headers.iter().any(|(name, _)| *name == header::CONTENT_TYPE) {
            request = request.header(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        if self.if_match {
            shown = format!("{shown} If-Match: {generation}");
            request = request.header(header::IF_MATCH, carried(&header::IF_MATCH, generation)?);
        }
        if !body.is_empty() {
            shown = format!("{shown} {}", one_line(body));
        }
        Ok(Made { request, shown })
    }
}

/// Text over several lines on one, for people.
fn one_line(text: &str) -> String {
    text.split(['\n', '\r']).map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join(" ")
}
