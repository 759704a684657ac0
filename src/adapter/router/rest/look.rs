//! What is read: one JSON document, and where in it the weights and everything else stand.

use serde_json::Value;

use super::config::Look;
use crate::adapter::http::{Answer, Client, Request};
use crate::domain::reading::{Admin, Health, Identity, NativeWeight, ServerReading};
use crate::domain::{NativeSplit, PoolId, Reading, Shares, Trouble, TroubleKind, Underway};

/// One document that was read.
pub(super) struct Seen {
    document: Value,
    /// The entity tag, or what the profile says stands for it; empty where there is none.
    pub(super) generation: String,
    pub(super) native: NativeSplit,
    what: String,
}

impl Look {
    /// Reads the document.
    ///
    /// # Errors
    /// When no answer came, it was a no, or the profile's pointers lead nowhere in it.
    pub(super) async fn see(&self, client: &Client, factor: u32) -> Result<Seen, Trouble> {
        let what = format!("read {}{}", client.endpoint(), self.path);
        let answer = client.look(&Request::get(self.path.as_str())).await.map_err(|failure| failure.trouble(&what))?;
        if !answer.is_success() {
            return Err(answer.refusal(&what));
        }
        self.take(&answer, factor, what)
    }

    fn take(&self, answer: &Answer, factor: u32, what: String) -> Result<Seen, Trouble> {
        let document: Value = answer.json(&what)?;
        let mut native = NativeSplit::default();
        for (pool, pointer) in &self.weights {
            let value = at(&document, pointer, &what)?;
            let weight = whole(value, factor).ok_or_else(|| {
                let why = format!("at `{pointer}` stands {}, which is no weight", short(value));
                let advice = "correct the pointer in the profile; parts of one are read with `factor`, 100 for 0.01 as the least";
                Trouble::new(TroubleKind::Mismatch, what.as_str(), why, advice)
            })?;
            native.0.push(NativeWeight { reference: pointer.clone(), pool: pool.clone(), weight, admin: Admin::Ready });
        }
        let generation = match &self.generation {
            Some(pointer) => text(at(&document, pointer, &what)?),
            None => answer.header("etag").to_owned(),
        };
        Ok(Seen { document, generation, native, what })
    }

    /// The reading of it. `live` is the split that another document says is really used.
    ///
    /// # Errors
    /// When one of the profile's pointers leads nowhere.
    pub(super) fn reading(&self, seen: Seen, live: Option<NativeSplit>) -> Result<Reading, Trouble> {
        let ids = || self.weights.iter().map(|(pool, _)| pool);
        let servers = ids().map(|pool| self.server(&seen, pool)).collect::<Result<Vec<_>, Trouble>>()?;
        let process = match &self.process {
            Some(pointer) => text(at(&seen.document, pointer, &seen.what)?),
            None => String::new(),
        };
        let asked = seen.native.shares(ids());
        let native = live.unwrap_or(seen.native);
        let shares = native.shares(ids());
        let underway = (shares != asked)
            .then(|| Underway { what: format!("{asked} is set and not live yet"), ..Underway::default() });
        Ok(Reading {
            identity: Identity { node: String::new(), process },
            generation: seen.generation,
            uptime: None,
            effective: effective(&native, &servers, ids()),
            native,
            servers,
            warnings: Vec::new(),
            underway,
            skew: None,
        })
    }

    fn server(&self, seen: &Seen, pool: &PoolId) -> Result<ServerReading, Trouble> {
        let count = |pointers: &[(PoolId, String)]| -> Result<Option<u64>, Trouble> {
            let Some((_, pointer)) = pointers.iter().find(|(each, _)| each == pool) else { return Ok(None) };
            let value = at(&seen.document, pointer, &seen.what)?;
            whole(value, 1).map(|count| Some(u64::from(count))).or_else(|| value.as_u64().map(Some)).ok_or_else(|| {
                let why = format!("at `{pointer}` stands {}, which is no count", short(value));
                Trouble::new(TroubleKind::Mismatch, seen.what.as_str(), why, "correct the pointer in the profile")
            })
        };
        let health = match self.healthy.iter().find(|(each, _)| each == pool) {
            None => Health::Unchecked,
            Some((_, pointer)) => match at(&seen.document, pointer, &seen.what)? {
                Value::Bool(false) | Value::Null => Health::Down,
                Value::Number(number) if number.as_f64() == Some(0.0) => Health::Down,
                _ => Health::Up,
            },
        };
        Ok(ServerReading {
            name: pool.to_string(),
            pool: pool.clone(),
            health,
            admin: Admin::Ready,
            in_flight: count(&self.in_flight)?,
            requests: count(&self.requests)?,
            errors: count(&self.errors)?,
            response: None,
        })
    }
}

/// The shares of the pools that live.
fn effective<'a>(native: &NativeSplit, servers: &[ServerReading], ids: impl Iterator<Item = &'a PoolId>) -> Shares {
    let lives = |pool: &PoolId| servers.iter().any(|server| server.pool == *pool && server.health != Health::Down);
    NativeSplit(native.0.iter().filter(|each| lives(&each.pool)).cloned().collect()).shares(ids)
}

/// What stands at a pointer.
fn at<'v>(document: &'v Value, pointer: &str, what: &str) -> Result<&'v Value, Trouble> {
    if let Some(value) = document.pointer(pointer) {
        return Ok(value);
    }
    // The longest part that leads somewhere, and what there is.
    let mut part = pointer;
    let there = loop {
        part = part.rsplit_once('/').map_or("", |(before, _)| before);
        if let Some(there) = document.pointer(part) {
            break there;
        }
    };
    let has = match there {
        Value::Object(object) if !object.is_empty() => object
            .keys()
            .take(12)
            .map(|key| format!("`{}`", short(&Value::from(key.as_str()))))
            .collect::<Vec<_>>()
            .join(", "),
        Value::Array(items) => format!("{} items", items.len()),
        other => short(other),
    };
    let part = if part.is_empty() { "the document" } else { part };
    let why = format!("its answer has nothing at `{pointer}`: {part} has {has}");
    Err(Trouble::new(
        TroubleKind::Mismatch,
        what,
        why,
        "correct the pointer in the profile, like \"/pools/blue/weight\"",
    ))
}

/// A whole number of the least weights that a system knows.
fn whole(value: &Value, factor: u32) -> Option<u32> {
    let number = match value {
        Value::Number(number) => number.as_f64()?,
        Value::String(text) => text.trim().parse::<f64>().ok()?,
        _ => return None,
    };
    let exact = number * f64::from(factor);
    let rounded = exact.round();
    // What floating point does to 0.29 * 100 is no misfit.
    if !(0.0..=f64::from(u32::MAX)).contains(&rounded) || (exact - rounded).abs() > 1e-6 {
        return None;
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "it is a whole number within the range"
    )]
    let whole = rounded as u32;
    Some(whole)
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned)
}

/// A value for people: one short line, harmless on a terminal.
fn short(value: &Value) -> String {
    let text = text(value);
    let mut short: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(48).collect();
    if text.chars().count() > 48 {
        short.push('…');
    }
    short
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{at, whole};

    #[test]
    fn weights_are_whole_numbers_of_the_least_one() {
        for (value, factor, wanted) in [
            (json!(30), 1, Some(30)),
            (json!("30"), 1, Some(30)),
            (json!(30.0), 1, Some(30)),
            (json!(0.29), 100, Some(29)),
            (json!(0.295), 100, None),
            (json!(0.5), 1, None),
            (json!(-1), 1, None),
            (json!(1e12), 1, None),
            (json!(null), 1, None),
            (json!("nan"), 1, None),
        ] {
            assert_eq!(whole(&value, factor), wanted, "{value} by {factor}");
        }
    }

    #[test]
    fn a_pointer_that_leads_nowhere_says_what_is_there() {
        let document = json!({ "pools": { "azure": 1, "vert": [1, 2] } });
        let why = |pointer: &str| at(&document, pointer, "read it").expect_err("nothing is there").why;
        assert_eq!(
            why("/pools/blue/weight"),
            "its answer has nothing at `/pools/blue/weight`: /pools has `azure`, `vert`"
        );
        assert_eq!(why("/pools/vert/7"), "its answer has nothing at `/pools/vert/7`: /pools/vert has 2 items");
        assert_eq!(why("/a"), "its answer has nothing at `/a`: the document has `pools`");
    }
}
