//! The sessions that HAProxy holds open to the servers of a pool, and their end.
//!
//! HAProxy names a session by its address in memory, and a later session may get the same one. Before any is ended they are
//! listed once more, and only those are ended that are still to the same server and as old as they must be by now.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::time::Instant;

use super::super::Fence;
use super::look::pool_of;
use super::wire::Sent;
use super::{HaProxy, Shape, answer, words};
use crate::domain::connection::{Connection, Ended};
use crate::domain::{PoolId, Trouble, TroubleKind};

/// The most that are listed; a pool that drains and has more is far from drained.
const MOST: usize = 500;

impl HaProxy {
    /// Lists the sessions to the servers of a pool, oldest first.
    pub(super) async fn list(&self, pool: &PoolId) -> Result<Vec<Connection>, Trouble> {
        let what = format!("list the sessions of {pool} on {}", self.config.address);
        let said = self.door.ask(&what, &["show sess".to_owned()], self.config.timeout).await?;
        let section = said.sections.into_iter().next().unwrap_or_default();
        // A master marks what it passes on with a severity as well.
        let listed = match answer::refusal(&section) {
            Some(text) if !text.starts_with("0x") => {
                let said = answer::excerpt(text);
                let advice = words::advice(&said);
                return Err(Trouble::new(TroubleKind::Denied, what, format!("HAProxy says `{said}`"), advice));
            }
            Some(text) => text,
            None => section.as_str(),
        };
        let mut found: Vec<Connection> =
            listed.lines().filter_map(|line| session(&self.config.shape, pool, line)).collect();
        found.sort_by(|one, other| other.age.cmp(&one.age).then_with(|| one.id.cmp(&other.id)));
        found.truncate(MOST);
        Ok(found)
    }

    /// Ends those of the sessions that are still the same ones.
    pub(super) async fn end(&self, pool: &PoolId, listed: &[Connection], fence: &dyn Fence) -> Ended {
        let now: BTreeMap<String, Connection> = match self.list(pool).await {
            Ok(now) => now.into_iter().map(|each| (each.id.clone(), each)).collect(),
            Err(trouble) => return Ended::NotSent { why: trouble.to_string() },
        };
        let is_same = |each: &&Connection| {
            now.get(&each.id).is_some_and(|found| found.server == each.server && found.age >= each.age)
        };
        let still: Vec<&Connection> = listed.iter().filter(is_same).collect();
        let gone = count(listed.len() - still.len());
        if still.is_empty() {
            return Ended::Done { ended: 0, gone };
        }
        let commands: Vec<String> =
            still.iter().map(|each| self.door.spelled(&format!("shutdown session {}", each.id))).collect();
        let what = format!("end sessions of {pool} on {}", self.config.address);
        let deadline = Instant::now() + self.config.timeout;
        let connection = match self.door.connect(&what, deadline).await {
            Ok(connection) => connection,
            Err(trouble) => return Ended::NotSent { why: trouble.to_string() },
        };
        if let Err(why) = fence.may_send() {
            return Ended::NotSent { why };
        }
        match self.door.send(connection, &commands, deadline).await {
            Sent::Nothing(_, why) => Ended::NotSent { why: format!("{what}: {why}; no byte went out") },
            Sent::Perhaps(_, why) => Ended::Unknown { why: format!("{what}: {why}") },
            Sent::Answered(text) => match self.door.sections(&text, &commands) {
                Ok(said) => judge(&what, &said.sections, gone),
                Err(torn) => Ended::Unknown { why: format!("{what}: {torn}") },
            },
        }
    }
}

/// Silence means yes. A session that ended between the look and the write is no refusal.
fn judge(what: &str, sections: &[String], gone: u32) -> Ended {
    let refused: Vec<String> =
        sections.iter().filter(|section| !section.is_empty()).map(|each| answer::words(each)).collect();
    let is_gone = |words: &&String| words.contains("No such session");
    let left = count(refused.iter().filter(is_gone).count());
    match refused.iter().find(|words| !is_gone(words)) {
        Some(said) => Ended::Failed { why: format!("{what}: HAProxy says `{said}`; {}", words::advice(said)) },
        None => Ended::Done { ended: count(sections.len()) - left, gone: gone + left },
    }
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// One line of `show sess`, if it is a client's session to a server of the pool.
fn session(shape: &Shape, pool: &PoolId, line: &str) -> Option<Connection> {
    let (id, rest) = line.split_once(": ")?;
    let is_address = id.strip_prefix("0x").is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
    let told = |key: &str| rest.split(' ').find_map(|word| word.strip_prefix(key)?.strip_prefix('='));
    let (backend, server) = (told("be")?, told("srv")?);
    if !is_address || server == "<none>" {
        return None;
    }
    let is_of_pool = match shape {
        // Where one server stands for a pool in front, its sessions are those of its inner proxy once more.
        Shape::Servers { backend: own, pools, .. } => own == backend && pool_of(pools, server) == Some(pool),
        Shape::Map { pools, .. } => pools.iter().any(|(each, own)| each == pool && own == backend),
    };
    is_of_pool.then(|| Connection {
        id: id.to_owned(),
        server: answer::excerpt(&format!("{backend}/{server}")),
        client: answer::excerpt(told("src").unwrap_or("unknown")),
        age: told("age").and_then(age).unwrap_or_default(),
    })
}

/// HAProxy's way to write a span in two units: `4s`, `1m4s`, `2h3m`, `5d6h`.
fn age(text: &str) -> Option<Duration> {
    let mut seconds = 0_u64;
    let mut number = 0_u64;
    for c in text.chars() {
        let unit = match c {
            '0'..='9' => {
                number = number.saturating_mul(10).saturating_add(u64::from(c.to_digit(10)?));
                continue;
            }
            's' => 1,
            'm' => 60,
            'h' => 3_600,
            'd' => 86_400,
            _ => return None,
        };
        seconds = seconds.saturating_add(number.saturating_mul(unit));
        number = 0;
    }
    Some(Duration::from_secs(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &str = "0x55b16c0278f0: proto=tcpv4 src=127.0.0.1:34950 fe=f be=app srv=blue-1 ts=00 epoch=0 age=1m4s calls=3 \
                        rate=1 cpu=0 lat=0 rq[f=49c40000h,i=0,an=8000h,rx=,wx=,ax=] exp=29s rc=0 c_exp=";

    fn shape() -> Shape {
        let pools = vec![("blue".into(), "blue-*".to_owned()), ("green".into(), "green-*".to_owned())];
        Shape::Servers { backend: "app".to_owned(), pools, inner: Vec::new() }
    }

    #[test]
    fn a_session_is_of_the_pool_of_its_server() {
        let found = session(&shape(), &"blue".into(), LINE).expect("it is one of blue");
        assert_eq!((found.id.as_str(), found.server.as_str()), ("0x55b16c0278f0", "app/blue-1"));
        assert_eq!((found.client.as_str(), found.age), ("127.0.0.1:34950", Duration::from_secs(64)));
        assert_eq!(session(&shape(), &"green".into(), LINE), None);
    }

    #[test]
    fn sessions_without_a_server_and_lines_of_another_kind_are_nobodys() {
        for line in [
            "0x55b16c1432d0: proto=unix_stream src=unix:1 fe=GLOBAL be=<NONE> srv=<none> ts=00 age=0s",
            "[3]: Permission denied",
            "",
            "0x; shutdown: be=app srv=blue-1",
        ] {
            assert_eq!(session(&shape(), &"blue".into(), line), None, "{line}");
        }
    }

    #[test]
    fn a_session_that_has_just_ended_is_gone_and_any_other_word_is_a_refusal() {
        let said = |words: &[&str]| words.iter().map(|each| (*each).to_owned()).collect::<Vec<_>>();
        let gone = "[3]: No such session (use 'show sess').";
        assert_eq!(judge("end", &said(&["", gone, ""]), 2), Ended::Done { ended: 2, gone: 3 });
        assert!(matches!(judge("end", &said(&["[3]: Permission denied"]), 0), Ended::Failed { .. }));
    }
}
