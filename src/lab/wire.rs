//! As much HTTP/1.1 as the built-in world speaks: one request at a time on a kept connection, bodies with a length.
//!
//! Hand-written, because the world must start tasks only through its tracker, cut and hold connections at will, and cost
//! next to nothing at some hundred requests per second.

use std::io::{Error, ErrorKind, Result};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// The longest head and the longest body that is held in memory.
const HEAD_LIMIT: usize = 16 * 1024;
const BODY_LIMIT: usize = 256 * 1024;

/// One connection and what was read from it but not used yet.
pub(super) struct Wire {
    stream: TcpStream,
    unused: Vec<u8>,
}

/// The head of a request or an answer: its lines without the empty one at the end.
pub(super) struct Head {
    text: String,
    /// Bytes of the body.
    pub(super) length: usize,
}

impl Wire {
    pub(super) fn new(stream: TcpStream) -> Self {
        // Delayed packets would only blur the times; a socket that refuses works all the same.
        drop(stream.set_nodelay(true));
        Self { stream, unused: Vec::new() }
    }

    /// Connects to a port on loopback.
    pub(super) async fn connect(port: u16) -> Result<Self> {
        TcpStream::connect(("127.0.0.1", port)).await.map(Self::new)
    }

    /// Whether a kept connection can be used once more: the other side has neither closed it nor spoken out of turn.
    pub(super) fn is_idle(&self) -> bool {
        let mut byte = [0];
        self.unused.is_empty()
            && matches!(self.stream.try_read(&mut byte), Err(error) if error.kind() == ErrorKind::WouldBlock)
    }

    /// Reads the next head; `None` when the other side has closed between two.
    pub(super) async fn head(&mut self) -> Result<Option<Head>> {
        let mut searched = 0;
        loop {
            if let Some(at) = find(&self.unused, b"\r\n\r\n", searched) {
                let text = String::from_utf8(self.unused.drain(..at + 4).take(at).collect())
                    .map_err(|error| Error::new(ErrorKind::InvalidData, error))?;
                return Head::new(text).map(Some);
            }
            searched = self.unused.len().saturating_sub(3);
            if self.unused.len() > HEAD_LIMIT {
                return Err(Error::new(ErrorKind::InvalidData, "the head is too long"));
            }
            if self.more().await? == 0 {
                return if self.unused.is_empty() { Ok(None) } else { Err(ErrorKind::UnexpectedEof.into()) };
            }
        }
    }

    /// Reads a whole body.
    pub(super) async fn body(&mut self, length: usize) -> Result<Vec<u8>> {
        if length > BODY_LIMIT {
            return Err(Error::new(ErrorKind::InvalidData, "the body is too long"));
        }
        while self.unused.len() < length {
            if self.more().await? == 0 {
                return Err(ErrorKind::UnexpectedEof.into());
            }
        }
        Ok(self.unused.drain(..length).collect())
    }

    /// Passes a body on as it comes, after `first`; `to` is `None` where nobody wants it.
    pub(super) async fn pass(&mut self, first: Vec<u8>, mut length: usize, mut to: Option<&mut Self>) -> Result<()> {
        let mut ready = first;
        loop {
            let taken = length.min(self.unused.len());
            ready.extend(self.unused.drain(..taken));
            length -= taken;
            if let Some(to) = &mut to {
                to.write(&ready).await?;
            }
            ready.clear();
            if length == 0 {
                return Ok(());
            }
            if self.more().await? == 0 {
                return Err(ErrorKind::UnexpectedEof.into());
            }
        }
    }

    pub(super) async fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.stream.write_all(bytes).await
    }

    /// Writes a whole answer.
    pub(super) async fn answer(&mut self, status: u16, kind: &str, extra: &str, body: &str) -> Result<()> {
        let head = answer_head(status, kind, body.len(), extra);
        self.write(&[head.as_bytes(), body.as_bytes()].concat()).await
    }

    /// Waits until the other side closes; whatever it sends meanwhile is kept.
    pub(super) async fn closed(&mut self) {
        while self.unused.len() <= HEAD_LIMIT && matches!(self.more().await, Ok(1..)) {}
    }

    async fn more(&mut self) -> Result<usize> {
        self.unused.reserve(4096);
        self.stream.read_buf(&mut self.unused).await
    }
}

/// The head of an answer, its empty line included.
pub(super) fn answer_head(status: u16, kind: &str, length: usize, extra: &str) -> String {
    let reason = match status {
        200 => "OK",
        202 => "Accepted",
        400 => "Bad Request",
        402 => "Payment Required",
        404 => "Not Found",
        409 => "Conflict",
        422 => "Unprocessable Content",
        500 => "Internal Server Error",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        _ => "Answer",
    };
    format!("HTTP/1.1 {status} {reason}\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n{extra}\r\n")
}

impl Head {
    fn new(text: String) -> Result<Self> {
        let mut head = Self { text, length: 0 };
        if head.header("transfer-encoding").is_some() {
            return Err(Error::new(ErrorKind::InvalidData, "only bodies with a Content-Length are understood"));
        }
        if let Some(length) = head.header("content-length") {
            head.length = length.parse().map_err(|error| Error::new(ErrorKind::InvalidData, error))?;
        }
        Ok(head)
    }

    /// The first line's words: method, target and version, or version, status and reason.
    fn word(&self, index: usize) -> &str {
        self.text.lines().next().and_then(|line| line.split(' ').nth(index)).unwrap_or_default()
    }

    pub(super) fn method(&self) -> &str {
        self.word(0)
    }

    /// The target without its query.
    pub(super) fn path(&self) -> &str {
        let target = self.word(1);
        target.split_once('?').map_or(target, |(path, _)| path)
    }

    /// An answer's status; 0 where there is none.
    pub(super) fn status(&self) -> u16 {
        self.word(1).parse().unwrap_or(0)
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.text.lines().skip(1).find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }

    /// Whether the other side closes after this.
    pub(super) fn closes(&self) -> bool {
        self.header("connection").is_some_and(|value| value.eq_ignore_ascii_case("close"))
    }

    /// The head as a proxy passes it on: without what speaks of one connection alone.
    pub(super) fn passed_on(&self) -> Vec<u8> {
        let hop = |line: &str| {
            line.split_once(':').is_some_and(|(key, _)| {
                key.eq_ignore_ascii_case("connection") || key.eq_ignore_ascii_case("keep-alive")
            })
        };
        let mut bytes = Vec::with_capacity(self.text.len() + 4);
        for (index, line) in self.text.lines().enumerate() {
            if index == 0 || !hop(line) {
                bytes.extend_from_slice(line.as_bytes());
                bytes.extend_from_slice(b"\r\n");
            }
        }
        bytes.extend_from_slice(b"\r\n");
        bytes
    }
}

fn find(bytes: &[u8], wanted: &[u8], from: usize) -> Option<usize> {
    bytes.get(from..)?.windows(wanted.len()).position(|window| window == wanted).map(|at| at + from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_gives_its_words_headers_and_length() {
        let head = Head::new("POST /a/b?c=d HTTP/1.1\r\nConnection: Close\r\ncontent-length: 12".to_owned())
            .expect("it is well-formed");
        assert_eq!((head.method(), head.path(), head.length, head.closes()), ("POST", "/a/b", 12, true));
        assert_eq!(head.passed_on(), b"POST /a/b?c=d HTTP/1.1\r\ncontent-length: 12\r\n\r\n");
    }

    #[test]
    fn bodies_without_a_length_are_refused_not_misread() {
        assert!(Head::new("POST / HTTP/1.1\r\nTransfer-Encoding: chunked".to_owned()).is_err());
        assert!(Head::new("POST / HTTP/1.1\r\nContent-Length: many".to_owned()).is_err());
    }
}
