//! Opens the way to a cluster: its address, its certificates, and who asks.
//!
//! The `kube` crate reads kubeconfigs, runs credential plugins and makes the headers; the requests themselves go through
//! [`crate::adapter::http`], which knows what may have gone out.
//!
//! Invariants: no text of a credential plugin or of a kubeconfig is in a message; a plugin never gets the terminal.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use ::http::{HeaderMap, HeaderName, HeaderValue, Request, Response};
use http_body_util::Empty;
use hyper::body::Bytes;
use kube::client::{AuthError, ConfigExt};
use kube::config::{Config, ExecInteractiveMode, KubeConfigOptions, Kubeconfig, KubeconfigError};
use secrecy::SecretString;
use tokio::time::Instant;
use tower::util::BoxCloneSyncService;
use tower::{BoxError, Layer, ServiceExt};

use super::place::Through;
use crate::adapter::http::{Client, Endpoint};
use crate::domain::{Trouble, TroubleKind};

/// A token in a file is read anew after this: the kubelet renews it there.
const FILE_IS_FRESH: Duration = Duration::from_mins(1);

/// Answers a request with the headers that it would have.
type Login = BoxCloneSyncService<Request<Empty<Bytes>>, Response<HeaderMap>, BoxError>;

/// An open way to a cluster.
pub(super) struct Door {
    pub(super) client: Client,
    login: Option<Login>,
    /// Whom it acts for, where the kubeconfig says so.
    impersonation: HeaderMap,
    until: Option<Instant>,
}

impl Door {
    /// Whether it may still be used.
    pub(super) fn is_fresh(&self) -> bool {
        self.until.is_none_or(|until| Instant::now() < until)
    }

    /// The headers that say who asks. A plugin whose token is about to end is run again for them.
    pub(super) async fn headers(&self) -> Result<Vec<(HeaderName, HeaderValue)>, Trouble> {
        let mut headers = self.impersonation.clone();
        if let Some(login) = &self.login {
            let shown = login.clone().oneshot(Request::new(Empty::new())).await;
            let shown = shown.map_err(|error| {
                let why = error.downcast_ref::<AuthError>().map_or("it cannot be shown".to_owned(), login_words);
                unopened(&self.client.endpoint().to_string(), why, TRY_BY_HAND)
            })?;
            headers.extend(shown.into_body());
        }
        // Of a header with several values the second one comes without its name.
        let mut named = None;
        let pairs = headers.into_iter().filter_map(|(name, value)| {
            named = name.or_else(|| named.clone());
            Some((named.clone()?, value))
        });
        Ok(pairs.collect())
    }
}

const TRY_BY_HAND: &str = "try `kubectl get` with this context in another terminal";

/// Opens the way. It may run a program, and takes as long as that does.
pub(super) async fn open(through: &Through, patience: Duration) -> Result<Door, Trouble> {
    let what = through.to_string();
    let mut config = match through {
        Through::InCluster => Config::incluster_env().map_err(|error| {
            unopened(&what, error.to_string(), "run flightdeck in a pod with a service account, or name a context")
        })?,
        Through::Context { name, kubeconfig } => of_context(&what, name, kubeconfig.as_ref()).await?,
    };
    let mut until = None;
    // Read here, since a final newline belongs to the file and not to the token.
    if let (None, Some(path)) = (&config.auth_info.token, config.auth_info.token_file.take()) {
        let token = std::fs::read_to_string(&path).map_err(|error| {
            unopened(&what, format!("token file {path}: {error}"), "correct the path in the kubeconfig")
        })?;
        config.auth_info.token = Some(SecretString::from(token.trim().to_owned()));
        until = Some(Instant::now() + FILE_IS_FRESH);
    }
    if let Some(exec) = &mut config.auth_info.exec {
        // The terminal is the cockpit's.
        exec.interactive_mode = Some(ExecInteractiveMode::Never);
    }
    let said = |error: kube::Error| match &error {
        kube::Error::Auth(error) => unopened(&what, login_words(error), TRY_BY_HAND),
        // What is wrong with certificates has nothing secret in it.
        other => unopened(&what, other.to_string(), "see what the kubeconfig says of certificates"),
    };
    let login = config.auth_layer().map_err(said)?;
    if login.is_some() {
        // It gave a token, so that it has no certificate: it need not run again to say so.
        config.auth_info.exec = None;
    }
    let echo = tower::service_fn(|request: Request<Empty<Bytes>>| async move {
        Ok::<_, BoxError>(Response::new(request.headers().clone()))
    });
    let login = login.map(|layer| BoxCloneSyncService::new(layer.layer(echo)));
    let acting = config.extra_headers_layer().map_err(said)?.layer(echo);
    let acting = acting.oneshot(Request::new(Empty::new())).await.map(Response::into_body).unwrap_or_default();
    let address = config.cluster_url.to_string();
    let endpoint = Endpoint::parse(&address).ok_or_else(|| {
        unopened(&what, "its server is no http or https address".to_owned(), "correct `server` in the kubeconfig")
    })?;
    // A second call finds the provider set, which is what is wanted.
    let _set = rustls::crypto::ring::default_provider().install_default();
    let tls = if endpoint.is_encrypted() { Some(Arc::new(config.rustls_client_config().map_err(said)?)) } else { None };
    let client = Client::over(endpoint, tls, config.tls_server_name, patience);
    Ok(Door { client, login, impersonation: acting, until })
}

async fn of_context(what: &str, name: &str, path: Option<&PathBuf>) -> Result<Config, Trouble> {
    let shown = path.map_or_else(|| "the kubeconfig".to_owned(), |path| path.display().to_string());
    let read = path.map_or_else(Kubeconfig::read, Kubeconfig::read_from);
    let kubeconfig = read.map_err(|error| kubeconfig_trouble(what, &shown, &error))?;
    let known: Vec<&str> = kubeconfig.contexts.iter().map(|context| context.name.as_str()).collect();
    if !known.contains(&name) {
        let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
        let why = format!("{shown} has no such context; it has {known}");
        return Err(unopened(what, why, "correct `context` in the profile"));
    }
    let cluster = kubeconfig.contexts.iter().find(|context| context.name == name);
    let cluster = cluster.and_then(|named| named.context.as_ref()).map(|context| context.cluster.clone());
    let named = kubeconfig.clusters.iter().find(|named| Some(&named.name) == cluster.as_ref());
    let cluster = named.and_then(|named| named.cluster.as_ref());
    if cluster.is_some_and(|cluster| cluster.proxy_url.is_some()) {
        let advice = "name the address that the proxy leads to, or run flightdeck where no proxy is needed";
        return Err(unopened(what, format!("{shown} leads through a proxy, which is not supported"), advice));
    }
    if cluster.is_some_and(|cluster| cluster.insecure_skip_tls_verify == Some(true)) {
        let why = format!("{shown} says that nobody need verify who the server is, and traffic is not moved that way");
        return Err(unopened(what, why, "name the cluster's certificate-authority in the kubeconfig"));
    }
    let options = KubeConfigOptions { context: Some(name.to_owned()), ..KubeConfigOptions::default() };
    let config = Config::from_custom_kubeconfig(kubeconfig, &options).await;
    config.map_err(|error| kubeconfig_trouble(what, &shown, &error))
}

fn unopened(what: &str, why: String, advice: &str) -> Trouble {
    Trouble::new(TroubleKind::Mismatch, format!("open {what}"), why, advice)
}

fn kubeconfig_trouble(what: &str, shown: &str, error: &KubeconfigError) -> Trouble {
    let why = match error {
        KubeconfigError::ReadConfig(error, path) => format!("{}: {error}", path.display()),
        // The reader quotes what it could not read, which may be a secret.
        KubeconfigError::Parse(_may_quote_it) => format!("{shown} is no kubeconfig"),
        other => format!("{shown}: {other}"),
    };
    unopened(what, why, "correct the kubeconfig, or name another one as `kubeconfig` in the profile")
}

/// What went wrong with a login, without what a plugin printed.
fn login_words(error: &AuthError) -> String {
    match error {
        AuthError::AuthExecStart(error) => format!("the credential plugin could not be started: {error}"),
        AuthError::AuthExecRun { out, .. } => format!("the credential plugin ended with {}", out.status),
        AuthError::AuthExecParse(_) | AuthError::ExecPluginFailed => {
            "the credential plugin printed no credential".to_owned()
        }
        AuthError::MissingCommand => "the credential plugin has no command".to_owned(),
        AuthError::InvalidBearerToken(_) | AuthError::InvalidBasicAuth(_) => {
            "the credential has characters that no header can carry".to_owned()
        }
        AuthError::MalformedTokenExpirationDate(_) => "the credential's end is no time".to_owned(),
        _ => "the kubeconfig's way to log in is not supported".to_owned(),
    }
}
