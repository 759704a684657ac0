//! An endpoint with who asks and how long it may take.

use std::sync::Arc;
use std::time::Duration;

use ::http::header::{ACCEPT, HOST, HeaderValue, USER_AGENT};
use http_body_util::Full;
use hyper::body::Bytes;

use super::exchange::{Time, connect, talk};
use super::{Answer, Endpoint, Failure, Login, Request, Tls};
use crate::adapter::router::Fence;
use crate::domain::Trouble;

/// One HTTP interface.
#[derive(Debug)]
pub struct Client {
    endpoint: Endpoint,
    login: Option<Login>,
    /// A second secret, where the system wants two.
    second: Option<Login>,
    tls: Option<Arc<rustls::ClientConfig>>,
    /// The name in the server's certificate, where it is not the address's.
    peer: Option<String>,
    patience: Duration,
    /// Whether an answer says that the secret is over.
    is_over: fn(&Answer) -> bool,
}

impl Client {
    /// A client. Nothing is connected to yet.
    ///
    /// # Errors
    /// When a certificate cannot be read.
    pub fn new(endpoint: Endpoint, login: Option<Login>, tls: &Tls, patience: Duration) -> Result<Self, Trouble> {
        let tls = if endpoint.is_encrypted { Some(tls.config(&format!("connect to {endpoint}"))?) } else { None };
        Ok(Self { endpoint, login, second: None, tls, peer: None, patience, is_over: |answer| answer.status == 401 })
    }

    /// The same for a system that says by other answers than 401 that the secret is no longer good.
    #[must_use]
    pub fn renewing(self, is_over: fn(&Answer) -> bool) -> Self {
        Self { is_over, ..self }
    }

    /// The same for a system that wants a second secret, in a header of its own.
    #[must_use]
    pub fn and(self, second: Login) -> Self {
        Self { second: Some(second), ..self }
    }

    /// A client whose certificates come from elsewhere than the profile, and whose server may be certified under another
    /// name than its address. Who asks is in the headers of each request.
    pub fn over(
        endpoint: Endpoint,
        tls: Option<Arc<rustls::ClientConfig>>,
        peer: Option<String>,
        patience: Duration,
    ) -> Self {
        Self { endpoint, login: None, second: None, tls, peer, patience, is_over: |_| false }
    }

    /// Where it is.
    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// Asks without changing anything. Told that its secret is over, it asks once more with one that was fetched anew.
    ///
    /// # Errors
    /// Why no whole answer came. A no is an answer.
    pub async fn look(&self, request: &Request) -> Result<Answer, Failure> {
        let time = Time::of(self.patience);
        let answer = self.ask(request, None, time).await?;
        if !(self.is_over)(&answer) || self.logins().next().is_none() {
            return Ok(answer);
        }
        for login in self.logins() {
            login.forget().await;
        }
        self.ask(request, None, time).await
    }

    /// Connects and leaves: whether anybody takes connections there.
    ///
    /// # Errors
    /// Why there is no connection.
    pub async fn knock(&self) -> Result<(), Failure> {
        connect(&self.endpoint, self.tls.clone(), self.peer.as_deref(), Time::of(self.patience)).await.map(drop)
    }

    /// Asks for a change, once. The fence is asked on the open connection, directly before the first byte.
    ///
    /// # Errors
    /// Why no whole answer came, and whether a byte may have gone out. A no is an answer.
    pub async fn write(&self, request: &Request, fence: &dyn Fence) -> Result<Answer, Failure> {
        let answer = self.ask(request, Some(fence), Time::of(self.patience)).await?;
        for login in self.logins().filter(|_| (self.is_over)(&answer)) {
            login.forget().await;
        }
        Ok(answer)
    }

    /// Reads one document, every other answer than a yes becoming the trouble that it means.
    ///
    /// # Errors
    /// When no answer came, it was a no, or it cannot be understood.
    pub async fn document<T: serde::de::DeserializeOwned>(&self, path: &str) -> Result<T, Trouble> {
        let what = format!("read {}{path}", self.endpoint);
        let answer = self.look(&Request::get(path)).await.map_err(|failure| failure.trouble(&what))?;
        if answer.is_success() { answer.json(&what) } else { Err(answer.refusal(&what)) }
    }

    fn logins(&self) -> impl Iterator<Item = &Login> {
        self.login.iter().chain(&self.second)
    }

    async fn ask(&self, request: &Request, fence: Option<&dyn Fence>, time: Time) -> Result<Answer, Failure> {
        let mut shown = Vec::new();
        for login in self.logins() {
            shown.push(login.shown().await.map_err(Failure::NoSecret)?);
        }
        let unfit = |why: String| Failure::Forbidden { why };
        let mut built = http::Request::builder()
            .method(request.method.clone())
            .uri(format!("{}{}", self.endpoint.prefix, request.path))
            .header(USER_AGENT, concat!("flightdeck/", env!("CARGO_PKG_VERSION")));
        if !request.headers.iter().any(|(name, _)| name == HOST) {
            built = built.header(HOST, &self.endpoint.authority);
        }
        if !request.headers.iter().any(|(name, _)| name == ACCEPT) {
            built = built.header(ACCEPT, HeaderValue::from_static("application/json"));
        }
        for (name, value) in request.headers.iter().cloned().chain(shown) {
            built = built.header(name, value);
        }
        let built = built
            .body(Full::new(Bytes::from(request.body.clone())))
            .map_err(|error| unfit(format!("the request cannot be made: {error}")))?;
        let wire = connect(&self.endpoint, self.tls.clone(), self.peer.as_deref(), time).await?;
        let mut answer = talk(wire, built, fence, time).await?;
        let is_refusal = !answer.is_success();
        for login in self.logins().filter(|_| is_refusal) {
            // A refusal is quoted, and some systems repeat in it what they were shown.
            login.mask(&mut answer.body).await;
        }
        Ok(answer)
    }
}
