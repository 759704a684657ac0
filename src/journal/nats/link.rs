//! The connection: getting in, asking, and what comes instead of an answer.

use std::time::Duration;

use async_nats::connection::State;
use async_nats::{Client, ConnectErrorKind, ConnectOptions, Event, HeaderMap, Message, Request, RequestErrorKind};
use secrecy::ExposeSecret as _;
use tokio::sync::{broadcast, watch};

use super::settings::{Login, Settings, Tls};
use crate::journal::JournalError;

/// How long one server may take to let somebody in.
const DOOR: Duration = Duration::from_secs(3);

/// How often a silent server is asked whether it is there. After three silences another one is taken.
const PING: Duration = Duration::from_secs(1);

/// How often is looked whether the connection is back.
const LOOK: Duration = Duration::from_millis(10);

/// The oldest server whose clusters refuse the second of two guarded writers.
const OLDEST: (u64, u64) = (2, 10);

/// A connection that comes back by itself.
pub(super) struct Link {
    pub(super) client: Client,
    /// Where it leads, for people: the stream and its servers.
    pub(super) place: String,
    connected: watch::Receiver<bool>,
    denials: broadcast::Sender<String>,
}

/// What came instead of an answer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Silence {
    /// There is no connection; nothing was sent.
    Away,
    /// Nobody serves this: no leader, or no JetStream. Nothing took the question.
    NobodyThere,
    /// The server said that this account may not; it dropped the question.
    Denied(String),
    /// It is larger than the server takes; nothing was sent.
    TooLarge(String),
    /// It was sent, and nothing came back.
    Unanswered(String),
}

impl Silence {
    /// What was seen, and what to do.
    pub(super) fn words(&self) -> String {
        match self {
            Self::Away => "there is no connection to a server now; look at the network and the servers".to_owned(),
            Self::NobodyThere => {
                "no server answers for JetStream now; most of the stream's servers must run, and know each other"
                    .to_owned()
            }
            Self::Denied(what) => {
                format!("the server says: {what}; ask who keeps it to permit that, or take other credentials")
            }
            Self::TooLarge(why) => format!("{why}; the server's max_payload would have to be larger"),
            Self::Unanswered(why) => why.clone(),
        }
    }
}

impl Link {
    /// Connects, and refuses servers that are too old.
    pub(super) async fn connect(settings: &Settings) -> Result<Self, JournalError> {
        let place = format!("stream {} on {}", settings.stream, settings.servers.join(", "));
        let refused = |why: String, advice: &'static str| JournalError::Server {
            what: "open the journal in",
            place: place.clone(),
            why,
            advice,
        };
        let (connecting, connected) = watch::channel(false);
        let (denials, _) = broadcast::channel(64);
        let told = denials.clone();
        let options = options(settings)
            .await
            .map_err(|why| refused(why, "correct the profile's [journal]"))?
            .connection_timeout(DOOR)
            .ping_interval(PING)
            .request_timeout(None)
            .name("flightdeck")
            .reconnect_delay_callback(delay)
            .event_callback(move |event| {
                match event {
                    Event::Connected => drop(connecting.send_replace(true)),
                    Event::Disconnected | Event::Closed => drop(connecting.send_replace(false)),
                    // Nobody may be asking just now.
                    Event::ServerError(error) => drop(told.send(error.to_string())),
                    Event::LameDuckMode | Event::Draining | Event::SlowConsumer(_) | Event::ClientError(_) => {}
                }
                std::future::ready(())
            });
        let client = options.connect(settings.servers.clone()).await.map_err(|error| {
            let (why, advice) = explain(error.kind(), &chain(&error), settings);
            refused(why, advice)
        })?;
        let link = Self { client, place: place.clone(), connected, denials };
        link.check_version()?;
        Ok(link)
    }

    /// Refuses a server that lets two guarded writers in.
    pub(super) fn check_version(&self) -> Result<(), JournalError> {
        let found = self.client.server_info().version;
        if is_new_enough(&found) {
            return Ok(());
        }
        Err(JournalError::OldServer { place: self.place.clone(), found, oldest: format!("{}.{}", OLDEST.0, OLDEST.1) })
    }

    /// Whether the server says that it has JetStream, or is one of several that may.
    pub(super) fn has_jetstream(&self) -> bool {
        let info = self.client.server_info();
        info.jetstream || info.cluster.is_some()
    }

    /// Waits for a connection.
    pub(super) async fn is_connected_within(&self, patience: Duration) -> bool {
        // Asked again and again: the news of a broken connection can come later than the break.
        let there = async {
            while self.client.connection_state() != State::Connected {
                tokio::time::sleep(LOOK).await;
            }
        };
        tokio::time::timeout(patience, there).await.is_ok()
    }

    /// Asks one question. What is denied or cut off is known at once and not waited for.
    pub(super) async fn ask(
        &self,
        subject: &str,
        headers: Option<HeaderMap>,
        payload: Vec<u8>,
        patience: Duration,
    ) -> Result<Message, Silence> {
        if self.client.connection_state() != State::Connected {
            return Err(Silence::Away);
        }
        let mut request = Request::new().payload(payload.into()).timeout(Some(patience));
        if let Some(headers) = headers {
            request = request.headers(headers);
        }
        let denied = self.denied(subject);
        let answered = self.client.send_request(subject.to_owned(), request);
        tokio::select! {
            // What has come counts, even if the connection broke right after.
            biased;
            answer = answered => answer.map_err(|error| match error.kind() {
                RequestErrorKind::NoResponders => Silence::NobodyThere,
                RequestErrorKind::MaxPayloadExceeded => Silence::TooLarge(chain(&error)),
                RequestErrorKind::TimedOut => {
                    Silence::Unanswered(format!("no answer came within {:.1} s", patience.as_secs_f32()))
                }
                RequestErrorKind::InvalidSubject | RequestErrorKind::Other => Silence::Unanswered(chain(&error)),
            }),
            words = denied => Err(Silence::Denied(words)),
            () = self.lost() => Err(Silence::Unanswered("the connection broke before an answer came".to_owned())),
        }
    }

    /// Waits until the server says that something about this subject is not permitted.
    pub(super) fn denied(&self, subject: &str) -> impl Future<Output = String> + use<> {
        let mut denials = self.denials.subscribe();
        let named = format!("\"{subject}\"").to_lowercase();
        async move {
            loop {
                match denials.recv().await {
                    Ok(words) => {
                        let lower = words.to_lowercase();
                        if lower.contains("permissions violation") && lower.contains(&named) {
                            return words.trim_start_matches("nats: ").to_owned();
                        }
                    }
                    Err(broadcast::error::RecvError::Lagged(_)) => {}
                    Err(broadcast::error::RecvError::Closed) => std::future::pending().await,
                }
            }
        }
    }

    /// Waits until the connection is lost.
    async fn lost(&self) {
        let mut connected = self.connected.clone();
        connected.mark_unchanged();
        loop {
            match connected.changed().await {
                Ok(()) if !*connected.borrow_and_update() => return,
                Ok(()) => {}
                Err(_gone) => std::future::pending().await,
            }
        }
    }
}

fn is_new_enough(version: &str) -> bool {
    let mut parts = version.split(['.', '-']).map(|part| part.parse::<u64>().unwrap_or(0));
    (parts.next().unwrap_or(0), parts.next().unwrap_or(0)) >= OLDEST
}

/// A quick first try, then ever slower up to a second: an operator waits in front of it.
fn delay(attempts: usize) -> Duration {
    let steps = u32::try_from(attempts.saturating_sub(1)).unwrap_or(u32::MAX).min(5);
    if steps == 0 { Duration::ZERO } else { Duration::from_millis(32 << steps).min(Duration::from_secs(1)) }
}

async fn options(settings: &Settings) -> Result<ConnectOptions, String> {
    let mut options = ConnectOptions::new();
    match &settings.login {
        None => {}
        Some(Login::Password { user, password }) => {
            options = options.user_and_password(user.clone(), password.expose_secret().to_owned());
        }
        Some(Login::Token(token)) => options = options.token(token.expose_secret().to_owned()),
        Some(Login::Nkey(seed)) => {
            // Checked here: at the door a wrong seed and a refused one look alike.
            nkeys_fit(seed.expose_secret())?;
            options = options.nkey(seed.expose_secret().trim().to_owned());
        }
        Some(Login::Credentials(text)) => {
            options = options
                .credentials(text.expose_secret())
                .map_err(|_hidden| "the credentials do not hold a JWT and a seed, as a .creds file does".to_owned())?;
        }
    }
    if let Some(Tls { ca, identity, first }) = &settings.tls {
        options = options.require_tls(true);
        if let Some(ca) = ca {
            readable(ca, "CERTIFICATE").await?;
            options = options.add_root_certificates(ca.clone());
        }
        if let Some((certificate, key)) = identity {
            readable(certificate, "CERTIFICATE").await?;
            readable(key, "PRIVATE KEY").await?;
            options = options.add_client_certificate(certificate.clone(), key.clone());
        }
        if *first {
            options = options.tls_first();
        }
    }
    Ok(options)
}

fn nkeys_fit(seed: &str) -> Result<(), String> {
    let seed = seed.trim();
    let is_seed = seed.starts_with("SU") && seed.len() == 58 && seed.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if is_seed {
        Ok(())
    } else {
        Err("the nkey is not a user's seed: it begins with SU and has 58 characters".to_owned())
    }
}

/// A certificate that is not there would otherwise be told as a failed handshake.
async fn readable(path: &std::path::Path, holds: &str) -> Result<(), String> {
    let text = tokio::fs::read(path).await.map_err(|error| format!("{}: {error}", path.display()))?;
    let marker = format!("{holds}-----");
    if memchr::memmem::find(&text, marker.as_bytes()).is_some() {
        Ok(())
    } else {
        Err(format!("{}: it holds no PEM block \"{holds}\"", path.display()))
    }
}

/// Why nobody let us in, without anything that was a secret.
fn explain(kind: ConnectErrorKind, said: &str, settings: &Settings) -> (String, &'static str) {
    let who = match &settings.login {
        None => "nobody: the profile names no credentials".to_owned(),
        Some(Login::Password { user, .. }) => format!("user {user}"),
        Some(Login::Token(_)) => "a token".to_owned(),
        Some(Login::Nkey(_)) => "an nkey".to_owned(),
        Some(Login::Credentials(_)) => "a credentials file".to_owned(),
    };
    match kind {
        ConnectErrorKind::AuthorizationViolation | ConnectErrorKind::Authentication => (
            format!("the server does not let {who} in (authorization violation)"),
            "check the credentials that the profile names",
        ),
        ConnectErrorKind::Tls => {
            (format!("no TLS with the server: {said}"), "check the profile's journal.tls: ca, cert, key and first")
        }
        ConnectErrorKind::Io if said.to_lowercase().contains("certificate") || said.contains("tls") => {
            (format!("no TLS with the server: {said}"), "check the profile's journal.tls: ca, cert, key and first")
        }
        ConnectErrorKind::TimedOut => (
            format!("no server let us in within {} s", DOOR.as_secs()),
            "check the addresses, and that the servers run",
        ),
        ConnectErrorKind::ServerParse
        | ConnectErrorKind::Dns
        | ConnectErrorKind::Io
        | ConnectErrorKind::MaxReconnects => (said.to_owned(), "check the addresses, and that the servers run"),
    }
}

/// An error with everything that caused it.
pub(super) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let words = cause.to_string();
        if !text.contains(&words) {
            text = format!("{text}: {words}");
        }
        next = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_that_keep_two_entries_at_one_place_are_too_old() {
        for old in ["", "1.4.1", "2.9.25", "2.8.0", "x.y.z"] {
            assert!(!is_new_enough(old), "{old}");
        }
        for new in ["2.10.0", "2.10.0-beta.1", "2.15.1", "3.0.0"] {
            assert!(is_new_enough(new), "{new}");
        }
    }

    #[test]
    fn trying_again_begins_at_once_and_is_never_slower_than_a_second() {
        assert_eq!(delay(1), Duration::ZERO);
        assert!(
            (2..100).all(|attempts| (Duration::from_millis(32)..=Duration::from_secs(1)).contains(&delay(attempts)))
        );
    }
}
