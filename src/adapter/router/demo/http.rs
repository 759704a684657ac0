//! One exchange over HTTP/1.1: a connection of its own, one request, one whole answer.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};

use super::super::Fence;

/// The longest answer that is read.
const LIMIT: u64 = 1024 * 1024;

/// Where a router is steered: `HOST:PORT`.
pub(super) struct Place(String);

/// How an exchange went.
pub(super) enum Exchange {
    /// No connection: no byte went out.
    NotConnected { why: String, is_late: bool },
    /// The fence forbade it: no byte went out.
    Forbidden { why: String },
    /// A byte may have gone out, and no whole answer came.
    Unanswered { why: String, is_late: bool },
    /// A whole answer.
    Answered { status: u16, body: Vec<u8> },
}

impl Place {
    /// Reads `http://HOST:PORT`, with or without a slash at the end.
    pub(super) fn parse(at: &str) -> Option<Self> {
        let authority = at.strip_prefix("http://")?;
        let authority = authority.strip_suffix('/').unwrap_or(authority);
        let (host, port) = authority.rsplit_once(':')?;
        let plain = !host.is_empty() && host.chars().all(|c| c.is_ascii_alphanumeric() || ".-:[]".contains(c));
        (plain && port.parse::<u16>().is_ok_and(|port| port > 0)).then(|| Self(authority.to_owned()))
    }

    /// The bytes of a request. `headers` are whole lines, each with its end.
    pub(super) fn request(&self, method: &str, path: &str, headers: &str, body: &str) -> String {
        let kind = if body.is_empty() { "" } else { "Content-Type: application/json\r\n" };
        format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n{kind}Content-Length: {}\r\n{headers}\r\n{body}",
            self.0,
            body.len()
        )
    }
}

/// Connects, asks the fence, sends, and reads the answer; all within `patience`.
pub(super) async fn exchange(place: &Place, request: &str, fence: Option<&dyn Fence>, patience: Duration) -> Exchange {
    let until = Instant::now() + patience;
    let mut stream = match timeout_at(until, TcpStream::connect(&place.0)).await {
        Ok(Ok(stream)) => stream,
        Ok(Err(error)) => return Exchange::NotConnected { why: error.to_string(), is_late: false },
        Err(_late) => {
            return Exchange::NotConnected { why: format!("no connection within {patience:?}"), is_late: true };
        }
    };
    if let Some(Err(why)) = fence.map(Fence::may_send) {
        return Exchange::Forbidden { why };
    }
    let mut answer = Vec::new();
    let talk = async {
        stream.write_all(request.as_bytes()).await?;
        stream.take(LIMIT).read_to_end(&mut answer).await
    };
    match timeout_at(until, talk).await {
        Ok(Ok(_)) => whole(answer).unwrap_or_else(|why| Exchange::Unanswered { why, is_late: false }),
        Ok(Err(error)) => Exchange::Unanswered { why: format!("the connection broke: {error}"), is_late: false },
        Err(_late) => Exchange::Unanswered { why: format!("no answer within {patience:?}"), is_late: true },
    }
}

/// Takes an answer apart; it must be as long as it says.
fn whole(mut answer: Vec<u8>) -> Result<Exchange, String> {
    if answer.is_empty() {
        return Err("it closed the connection without an answer".to_owned());
    }
    let end = answer.windows(4).position(|window| window == b"\r\n\r\n").ok_or("its answer is cut off")?;
    let body = answer.split_off(end + 4);
    let head = String::from_utf8(answer).map_err(|_not_text| "its answer is not HTTP")?;
    let status = head
        .strip_prefix("HTTP/1.")
        .and_then(|rest| rest.split(' ').nth(1)?.trim().parse().ok())
        .ok_or("its answer is not HTTP")?;
    let length = head.lines().skip(1).find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok()).flatten()
    });
    match length {
        Some(length) if length == body.len() => Ok(Exchange::Answered { status, body }),
        Some(length) => Err(format!("its answer is cut off: {} of {length} bytes", body.len())),
        None => Err("its answer does not say how long it is".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_http_addresses_are_taken() {
        for good in ["http://127.0.0.1:80", "http://localhost:41801/", "http://[::1]:9"] {
            assert!(Place::parse(good).is_some(), "{good}");
        }
        for bad in ["https://a:1", "http://a", "http://a:0", "http://a:1/x", "http://u:p@a:1", "a:1", "http://:1"] {
            assert!(Place::parse(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn an_answer_that_is_cut_off_is_no_answer() {
        let text = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}";
        assert!(matches!(whole(text.into()), Ok(Exchange::Answered { status: 200, .. })));
        for length in 0..text.len() {
            assert!(whole(text.bytes().take(length).collect()).is_err(), "{length} bytes");
        }
    }
}
