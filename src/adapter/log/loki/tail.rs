//! The tail of Loki: a WebSocket on which lines are told as they come.

use std::sync::Arc;
use std::time::Duration;

use futures_util::SinkExt as _;
use futures_util::stream::{BoxStream, StreamExt as _, unfold};
use tokio::time::{Instant, sleep, sleep_until, timeout};
use tokio_tungstenite::tungstenite::handshake::client::generate_key;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async_with_config};

use super::super::poll::Live;
use super::Config;
use super::answer::{Frame, Line};
use crate::adapter::http::{Answer, Client, Wire};
use crate::domain::{Trouble, TroubleKind};

/// The largest frame that is read.
const LARGEST: usize = 16 * 1024 * 1024;
/// A tail that says nothing this long is asked whether it is there, and given up after as long again.
const SILENT: Duration = Duration::from_secs(20);
/// The first pause before it is opened again; each time twice as long, up to the last.
const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LAST_PAUSE: Duration = Duration::from_secs(30);
/// The least time between two batches.
const PACE: Duration = Duration::from_millis(20);

/// Opens the tail again and again.
pub(super) fn tail(client: Arc<Client>, config: Config) -> BoxStream<'static, Live> {
    let tail = Tail { client, config, socket: None, last: None, pause: None, next_pause: FIRST_PAUSE, told: None };
    unfold(tail, |mut tail| async move {
        let live = tail.next().await;
        Some((live, tail))
    })
    .boxed()
}

struct Tail {
    client: Arc<Client>,
    config: Config,
    socket: Option<WebSocketStream<Box<dyn Wire>>>,
    /// The time of the newest line, in nanoseconds: where the next one begins.
    last: Option<i64>,
    pause: Option<Duration>,
    next_pause: Duration,
    /// When lines were handed over last.
    told: Option<Instant>,
}

impl Tail {
    async fn next(&mut self) -> Live {
        if let Some(pause) = self.pause.take() {
            sleep(pause).await;
        }
        let Some(socket) = &mut self.socket else {
            match open(&self.client, &self.config, self.last).await {
                Ok(socket) => {
                    self.socket = Some(socket);
                    return Live::Opened;
                }
                Err(trouble) => {
                    self.back_off();
                    return Live::Broken(trouble);
                }
            }
        };
        if let Some(told) = self.told.take() {
            sleep_until(told + PACE).await;
        }
        match read(socket).await {
            Ok(Some(frame)) => {
                let (lines, dropped) = frame.read();
                self.next_pause = FIRST_PAUSE;
                self.last = self.last.max(lines.iter().map(|line| line.nanos).max());
                self.told = Some(Instant::now());
                Live::Lines { lines: lines.into_iter().map(Line::heard).collect(), dropped }
            }
            // It ends every tail after a while; that is no trouble.
            Ok(None) => {
                self.socket = None;
                self.back_off();
                Live::Ended
            }
            Err(why) => {
                self.socket = None;
                self.back_off();
                let advice = "nothing needs to be done: it is opened again, and ranges are read meanwhile";
                Live::Broken(Trouble::new(TroubleKind::Unreachable, what(&self.config), why, advice))
            }
        }
    }

    fn back_off(&mut self) {
        self.pause = Some(self.next_pause);
        self.next_pause = (self.next_pause * 2).min(LAST_PAUSE);
    }
}

fn what(config: &Config) -> String {
    format!("follow {} in {}", config.query, config.at)
}

async fn open(client: &Client, config: &Config, last: Option<i64>) -> Result<WebSocketStream<Box<dyn Wire>>, Trouble> {
    let what = what(config);
    let start = last.map(|last| ("start", last.to_string()));
    let pairs = [("query", config.query.clone()), ("limit", "1000".to_owned())].into_iter().chain(start);
    let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
    let request = config.request(format!("/loki/api/v1/tail?{query}"));
    let (request, wire) = client.open(&request).await.map_err(|failure| failure.trouble(&what))?;
    let (mut parts, _body) = request.into_parts();
    let unfit =
        |why: String| Trouble::new(TroubleKind::Mismatch, &what, why, "see whether its address and tenant are right");
    // The scheme is for the library alone: what encrypts is there already.
    parts.uri = format!("ws://{}{}", config.at.host(), parts.uri)
        .parse()
        .map_err(|error: ::http::uri::InvalidUri| unfit(error.to_string()))?;
    for (name, value) in [("connection", "Upgrade"), ("upgrade", "websocket"), ("sec-websocket-version", "13")] {
        parts.headers.insert(name, ::http::HeaderValue::from_static(value));
    }
    let key = generate_key().parse().map_err(|_unfit| unfit("no key could be made".to_owned()))?;
    parts.headers.insert("sec-websocket-key", key);
    let limits = WebSocketConfig::default().max_message_size(Some(LARGEST)).max_frame_size(Some(LARGEST));
    let opening = client_async_with_config(::http::Request::from_parts(parts, ()), wire, Some(limits));
    match timeout(config.timeout, opening).await {
        Ok(Ok((socket, _answer))) => Ok(socket),
        Ok(Err(Error::Http(response))) => {
            let (head, body) = response.into_parts();
            let body = body.unwrap_or_default();
            let mut answer = Answer { status: head.status.as_u16(), headers: head.headers, body };
            client.refused(&mut answer).await;
            Err(answer.refusal(&what))
        }
        Ok(Err(error)) => {
            let why = format!("no WebSocket could be opened: {}", words(&error));
            let advice = "see whether what stands between lets WebSockets through; ranges are read meanwhile";
            Err(Trouble::new(TroubleKind::Unreachable, what, why, advice))
        }
        Err(_late) => {
            let why = format!("no WebSocket was opened within {:?}", config.timeout);
            let advice = "see whether it hangs, or give it a longer `timeout`; ranges are read meanwhile";
            Err(Trouble::new(TroubleKind::TimedOut, what, why, advice))
        }
    }
}

/// The next frame; `None` where it says that it ends.
async fn read(socket: &mut WebSocketStream<Box<dyn Wire>>) -> Result<Option<Frame>, String> {
    let mut is_asked = false;
    loop {
        match timeout(SILENT, socket.next()).await {
            Ok(Some(Ok(Message::Text(text)))) => return frame(text.as_bytes()).map(Some),
            Ok(Some(Ok(Message::Binary(bytes)))) => return frame(&bytes).map(Some),
            Ok(Some(Ok(Message::Close(_)) | Err(Error::ConnectionClosed | Error::AlreadyClosed)) | None) => {
                return Ok(None);
            }
            // A ping is answered by the library.
            Ok(Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_)))) => is_asked = false,
            Ok(Some(Err(error))) => return Err(format!("the tail broke: {}", words(&error))),
            Err(_silent) if is_asked => return Err(format!("it said nothing for {} s", 2 * SILENT.as_secs())),
            Err(_silent) => {
                is_asked = true;
                let ping = socket.send(Message::Ping(Vec::new().into())).await;
                ping.map_err(|error| format!("the tail broke: {}", words(&error)))?;
            }
        }
    }
}

fn frame(bytes: &[u8]) -> Result<Frame, String> {
    serde_json::from_slice(bytes).map_err(|error| format!("a frame of the tail cannot be understood: {error}"))
}

fn words(error: &Error) -> String {
    error.to_string().chars().map(|c| if c.is_control() { ' ' } else { c }).take(300).collect()
}
