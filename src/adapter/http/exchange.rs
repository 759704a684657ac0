//! One exchange: connect, ask the fence, send, and read one whole answer; all within a time.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, UnixStream};
use tokio::time::{Instant, timeout_at};
use tokio_rustls::TlsConnector;

use super::endpoint::{Endpoint, Reach};
use super::{Answer, Failure};
use crate::adapter::router::Fence;

/// The longest answer that is read.
const LIMIT: usize = 16 * 1024 * 1024;

/// A connection, plain or encrypted.
pub(in crate::adapter) trait Wire: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Wire for T {}

/// How long an exchange may take.
#[derive(Clone, Copy)]
pub(super) struct Time {
    pub(super) patience: Duration,
    pub(super) until: Instant,
}

impl Time {
    /// From now on.
    pub(super) fn of(patience: Duration) -> Self {
        Self { patience, until: Instant::now() + patience }
    }
}

/// Connects.
pub(super) async fn connect(
    endpoint: &Endpoint,
    tls: Option<Arc<rustls::ClientConfig>>,
    peer: Option<&str>,
    time: Time,
) -> Result<Box<dyn Wire>, Failure> {
    let connecting = async {
        let stream = match &endpoint.reach {
            Reach::Unix(path) => {
                return Ok::<Box<dyn Wire>, std::io::Error>(Box::new(UnixStream::connect(path).await?));
            }
            Reach::Tcp { host, port } => TcpStream::connect((host.as_str(), *port)).await?,
        };
        stream.set_nodelay(true)?;
        let Some(tls) = tls else { return Ok(Box::new(stream)) };
        let name = ServerName::try_from(peer.unwrap_or(endpoint.host()).to_owned()).map_err(std::io::Error::other)?;
        Ok(Box::new(TlsConnector::from(tls).connect(name, stream).await?))
    };
    match timeout_at(time.until, connecting).await {
        Ok(Ok(wire)) => Ok(wire),
        Ok(Err(error)) => Err(Failure::NotConnected { why: told(&error), is_late: false }),
        Err(_late) => {
            Err(Failure::NotConnected { why: format!("no connection within {:?}", time.patience), is_late: true })
        }
    }
}

/// Asks the fence, sends and reads, on a connection that is there.
pub(super) async fn talk(
    wire: Box<dyn Wire>,
    request: http::Request<Full<Bytes>>,
    fence: Option<&dyn Fence>,
    time: Time,
) -> Result<Answer, Failure> {
    let unanswered = |why: String, is_late| Failure::Unanswered { why, is_late };
    let (mut sender, connection) = http1::handshake(TokioIo::new(wire))
        .await
        .map_err(|error| Failure::NotConnected { why: told(&error), is_late: false })?;
    if let Some(Err(why)) = fence.map(Fence::may_send) {
        return Err(Failure::Forbidden { why });
    }
    let conversation = async {
        let response = sender.send_request(request).await.map_err(|error| told(&error))?;
        let (head, body) = response.into_parts();
        let body = Limited::new(body, LIMIT).collect().await.map_err(|error| {
            if error.is::<LengthLimitError>() {
                format!("its answer is longer than {} MiB", LIMIT / 1024 / 1024)
            } else {
                format!("its answer is cut off: {error}")
            }
        })?;
        Ok(Answer { status: head.status.as_u16(), headers: head.headers, body: body.to_bytes().to_vec() })
    };
    let both = async {
        let (mut connection, mut conversation) = (pin!(connection), pin!(conversation));
        let mut is_over = false;
        loop {
            tokio::select! {
                biased;
                answer = &mut conversation => return answer,
                // What was read before the end of the connection is still to be taken.
                _end = &mut connection, if !is_over => is_over = true,
            }
        }
    };
    match timeout_at(time.until, both).await {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(why)) => Err(unanswered(why, false)),
        Err(_late) => Err(unanswered(format!("no answer within {:?}", time.patience), true)),
    }
}

/// An error with what lies behind it.
pub(super) fn told(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut behind = error.source();
    while let Some(cause) = behind {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text = format!("{text}: {cause_text}");
        }
        behind = cause.source();
    }
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(300).collect()
}
