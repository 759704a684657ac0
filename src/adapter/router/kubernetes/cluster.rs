//! One cluster, as one router asks it: opened when first needed, and opened anew when it says 401.

use std::sync::Arc;
use std::time::Duration;

use ::http::header::AUTHORIZATION;
use ::http::{HeaderName, HeaderValue};
use serde_json::Value;
use tokio::sync::Mutex;
use tokio::time::timeout;

use super::access::{self, Door};
use super::place::Place;
use crate::adapter::http::{Answer, Failure, Flow, Request};
use crate::adapter::router::Fence;
use crate::adapter::router::SetAnswer;
use crate::domain::{Trouble, TroubleKind};

/// How long logging in may take: a plugin may ask a server of its own.
const LOGIN: Duration = Duration::from_secs(20);

/// One cluster and namespace.
pub(in crate::adapter) struct Cluster {
    pub(in crate::adapter) place: Place,
    patience: Duration,
    door: Mutex<Option<Arc<Door>>>,
}

/// Why there is no whole answer.
pub(in crate::adapter) enum Lost {
    /// The way to the cluster could not be opened: no byte went out.
    Unopened(Trouble),
    /// The exchange failed.
    Exchange(Failure),
}

impl Lost {
    pub(in crate::adapter) fn trouble(self, what: &str) -> Trouble {
        match self {
            Self::Unopened(trouble) => trouble,
            Self::Exchange(failure) => failure.trouble(what),
        }
    }

    pub(in crate::adapter) fn set_answer(self, what: &str) -> SetAnswer {
        match self {
            Self::Unopened(trouble) => SetAnswer::NotSent(trouble.to_string()),
            Self::Exchange(failure) => failure.set_answer(what),
        }
    }
}

impl Cluster {
    pub(in crate::adapter) fn new(place: Place, patience: Duration) -> Self {
        Self { place, patience, door: Mutex::new(None) }
    }

    /// Where it is, once that is known.
    pub(in crate::adapter) async fn address(&self) -> String {
        let door = self.door.lock().await;
        door.as_ref().map(|door| door.client.endpoint().to_string()).unwrap_or_default()
    }

    /// What is being done, with where: `read httproutes/app of shop in context prod (https://…)`.
    pub(in crate::adapter) async fn told(&self, what: &str) -> String {
        let place = format!("{what} of {} in {}", self.place.namespace, self.place.cluster);
        match self.address().await {
            address if address.is_empty() => place,
            address => format!("{place} ({address})"),
        }
    }

    /// Asks without changing anything. Told 401, it logs in anew and asks once more.
    pub(in crate::adapter) async fn look(&self, request: &Request) -> Result<Answer, Lost> {
        let answer = self.ask(request, None).await?;
        if answer.status != 401 {
            return Ok(answer);
        }
        self.ask(request, None).await
    }

    /// Asks for an answer that goes on coming. Told 401, it logs in anew and asks once more.
    pub(in crate::adapter) async fn flow(&self, request: &Request) -> Result<Flow, Lost> {
        let flow = self.ask_for_flow(request).await?;
        if flow.answer.status != 401 {
            return Ok(flow);
        }
        self.ask_for_flow(request).await
    }

    async fn ask_for_flow(&self, request: &Request) -> Result<Flow, Lost> {
        let (door, login, request) = self.introduced(request).await?;
        let mut flow = door.client.flow(&request).await.map_err(Lost::Exchange)?;
        if !flow.answer.is_success() {
            self.refused(&door, &mut flow.answer, &login).await;
        }
        Ok(flow)
    }

    /// Asks for a change, once.
    pub(in crate::adapter) async fn write(&self, request: &Request, fence: &dyn Fence) -> Result<Answer, Lost> {
        self.ask(request, Some(fence)).await
    }

    /// Reads one document of a path; every no becomes the trouble that it means.
    pub(in crate::adapter) async fn document(&self, what: &str, path: &str) -> Result<Value, Trouble> {
        match self.look(&Request::get(path)).await {
            Err(lost) => Err(lost.trouble(&self.told(what).await)),
            Ok(answer) if answer.is_success() => {
                let document: Value = answer.json(&self.told(what).await)?;
                if document.is_object() {
                    return Ok(document);
                }
                let why = "its answer is no object of Kubernetes";
                let advice = "see whether the kubeconfig's server is the one of the cluster's API";
                Err(Trouble::new(TroubleKind::Garbage, self.told(what).await, why, advice))
            }
            Ok(answer) => Err(refusal(&answer, &self.told(what).await)),
        }
    }

    async fn ask(&self, request: &Request, fence: Option<&dyn Fence>) -> Result<Answer, Lost> {
        let (door, login, request) = self.introduced(request).await?;
        let mut said = match fence {
            None => door.client.look(&request).await,
            Some(fence) => door.client.write(&request, fence).await,
        };
        if let Ok(answer) = &mut said
            && !answer.is_success()
        {
            self.refused(&door, answer, &login).await;
        }
        said.map_err(Lost::Exchange)
    }

    /// The open way, and the request with who asks, whose headers stand beside it.
    async fn introduced(
        &self,
        request: &Request,
    ) -> Result<(Arc<Door>, Vec<(HeaderName, HeaderValue)>, Request), Lost> {
        let door = self.door().await.map_err(Lost::Unopened)?;
        let mut request = request.clone();
        let login = timeout(LOGIN, door.headers()).await.unwrap_or_else(|_elapsed| Err(self.too_slow()));
        let login = login.map_err(Lost::Unopened)?;
        request.headers.extend(login.iter().cloned());
        Ok((door, login, request))
    }

    /// A refusal is quoted, and what stands between us and the cluster may repeat in it what it was shown.
    async fn refused(&self, door: &Arc<Door>, answer: &mut Answer, login: &[(HeaderName, HeaderValue)]) {
        mask(&mut answer.body, login);
        if answer.status == 401 {
            let mut kept = self.door.lock().await;
            if kept.as_ref().is_some_and(|kept| Arc::ptr_eq(kept, door)) {
                *kept = None;
            }
        }
    }

    async fn door(&self) -> Result<Arc<Door>, Trouble> {
        let mut kept = self.door.lock().await;
        if let Some(door) = kept.as_ref().filter(|door| door.is_fresh()) {
            return Ok(Arc::clone(door));
        }
        let (through, patience) = (self.place.cluster.clone(), self.patience);
        let here = tokio::runtime::Handle::current();
        // Reading files and running a plugin blocks.
        let opening = tokio::task::spawn_blocking(move || here.block_on(access::open(&through, patience)));
        let door = match timeout(LOGIN, opening).await {
            Ok(Ok(opened)) => Arc::new(opened?),
            _ => return Err(self.too_slow()),
        };
        *kept = Some(Arc::clone(&door));
        Ok(door)
    }

    fn too_slow(&self) -> Trouble {
        let what = format!("open {}", self.place.cluster);
        let why = format!("its login had not ended after {} s", LOGIN.as_secs());
        Trouble::new(TroubleKind::TimedOut, what, why, "log in by hand in another terminal, and ask again")
    }
}

/// Takes every secret word of these headers out of a text.
fn mask(text: &mut Vec<u8>, login: &[(HeaderName, HeaderValue)]) {
    for (_, value) in login.iter().filter(|(name, _)| name == AUTHORIZATION) {
        let value = value.as_bytes();
        // Without the scheme before it.
        let secret = value.splitn(2, |byte| *byte == b' ').last().unwrap_or(value).trim_ascii();
        while let Some(at) = memchr::memmem::find(text, secret).filter(|_| !secret.is_empty()) {
            text.splice(at..at + secret.len(), "…".bytes());
        }
    }
}

/// A no, with what it means to an operator.
pub(in crate::adapter) fn refusal(answer: &Answer, what: &str) -> Trouble {
    let mut trouble = answer.refusal(what);
    trouble.advice = match answer.status {
        401 => "log in anew, or see whether the token that the kubeconfig names is right and not expired".to_owned(),
        403 => "have the cluster's administrator grant what it names".to_owned(),
        404 => "compare the names in the profile with what `kubectl get` lists; a kind that is not installed has none"
            .to_owned(),
        _ => trouble.advice,
    };
    trouble
}

#[cfg(test)]
mod tests {
    use super::{AUTHORIZATION, HeaderValue, mask};

    #[test]
    fn a_token_that_is_repeated_is_taken_out() {
        let mut text = b"no user for Bearer abc.def, abc.def".to_vec();
        mask(&mut text, &[(AUTHORIZATION, HeaderValue::from_static("Bearer abc.def"))]);
        assert_eq!(String::from_utf8_lossy(&text), "no user for Bearer \u{2026}, \u{2026}");
    }
}
