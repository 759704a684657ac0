//! An endpoint with who asks and how long it may take.

use std::sync::Arc;
use std::time::Duration;

use ::http::header::{ACCEPT, HOST, HeaderValue, USER_AGENT};
use http_body_util::Full;
use hyper::body::Bytes;

use super::exchange::{Time, Wire, connect, talk};
#[cfg(feature = "kubernetes")]
use super::flow::{Flow, flow};
use super::{Answer, Endpoint, Failure, Login, Request, Tls};
use crate::adapter::router::Fence;
use crate::domain::Trouble;

/// One HTTP interface.
#[derive(Debug)]
pub struct Client {
    endpoint: Endpoint,
    logins: Vec<Login>,
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
        Ok(Self {
            endpoint,
            logins: login.into_iter().collect(),
            tls,
            peer: None,
            patience,
            is_over: |answer| answer.status == 401,
        })
    }

    /// The same for a system that wants a second secret, in a header of its own.
    #[must_use]
    pub fn and(mut self, login: Login) -> Self {
        self.logins.push(login);
        self
    }

    /// The same for a system that says by other answers than 401 that the secret is no longer good.
    #[must_use]
    pub fn renewing(self, is_over: fn(&Answer) -> bool) -> Self {
        Self { is_over, ..self }
    }

    /// A client whose certificates come from elsewhere than the profile, and whose server may be certified under another
    /// name than its address. Who asks is in the headers of each request.
    pub fn over(
        endpoint: Endpoint,
        tls: Option<Arc<rustls::ClientConfig>>,
        peer: Option<String>,
        patience: Duration,
    ) -> Self {
        Self { endpoint, logins: Vec::new(), tls, peer, patience, is_over: |_| false }
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
        if self.logins.is_empty() || !(self.is_over)(&answer) {
            return Ok(answer);
        }
        self.forget().await;
        self.ask(request, None, time).await
    }

    /// Takes the secret out of a text that is to be quoted.
    pub async fn mask(&self, text: &mut Vec<u8>) {
        for login in &self.logins {
            login.mask(text).await;
        }
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
        if (self.is_over)(&answer) {
            self.forget().await;
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

    /// Opens a connection on which more than one answer comes, with the request that is to be made on it.
    ///
    /// # Errors
    /// Why there is no connection.
    pub(in crate::adapter) async fn open(
        &self,
        request: &Request,
    ) -> Result<(http::Request<Full<Bytes>>, Box<dyn Wire>), Failure> {
        let built = self.built(request).await?;
        let time = Time::of(self.patience);
        Ok((built, connect(&self.endpoint, self.tls.clone(), self.peer.as_deref(), time).await?))
    }

    #[cfg(feature = "kubernetes")]
    /// Asks for an answer that goes on coming.
    ///
    /// # Errors
    /// Why there is none.
    pub(in crate::adapter) async fn flow(&self, request: &Request) -> Result<Flow, Failure> {
        let (built, wire) = self.open(request).await?;
        flow(wire, built, Time::of(self.patience)).await
    }

    /// Takes every secret that was shown out of a text, and fetches them anew next time if it says that they are over.
    pub(in crate::adapter) async fn refused(&self, answer: &mut Answer) {
        for login in &self.logins {
            login.mask(&mut answer.body).await;
        }
        if (self.is_over)(answer) {
            self.forget().await;
        }
    }

    async fn forget(&self) {
        for login in &self.logins {
            login.forget().await;
        }
    }

    async fn built(&self, request: &Request) -> Result<http::Request<Full<Bytes>>, Failure> {
        let mut shown = Vec::with_capacity(self.logins.len());
        for login in &self.logins {
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
        built
            .body(Full::new(Bytes::from(request.body.clone())))
            .map_err(|error| unfit(format!("the request cannot be made: {error}")))
    }

    async fn ask(&self, request: &Request, fence: Option<&dyn Fence>, time: Time) -> Result<Answer, Failure> {
        let built = self.built(request).await?;
        let wire = connect(&self.endpoint, self.tls.clone(), self.peer.as_deref(), time).await?;
        let mut answer = talk(wire, built, fence, time).await?;
        if !answer.is_success() {
            for login in &self.logins {
                // A refusal is quoted, and some systems repeat in it what they were shown.
                login.mask(&mut answer.body).await;
            }
        }
        Ok(answer)
    }
}
