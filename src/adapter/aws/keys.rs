//! Who asks: credentials as AWS's own tools find them, kept until shortly before they end, and signatures made with them.

use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use ::http::{HeaderName, HeaderValue};
use aws_config::profile::ProfileFileCredentialsProvider;
use aws_config::provider_config::ProviderConfig;
use aws_config::sts::AssumeRoleProvider;
use aws_config::{BehaviorVersion, Region};
use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use aws_smithy_http_client::tls::Provider;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use tokio::sync::Mutex;

use super::Chain;
use crate::adapter::http::Request;
use crate::domain::{Trouble, TroubleKind};

/// Credentials that end sooner than this are fetched anew.
const MARGIN: Duration = Duration::from_mins(1);

/// Where credentials come from, and those that are good now.
pub(crate) struct Keys {
    profile: Option<String>,
    file: Option<PathBuf>,
    role: Option<String>,
    region: String,
    patience: Duration,
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    provider: Option<SharedCredentialsProvider>,
    keys: Option<Credentials>,
}

impl Keys {
    /// For an account and a region. Nothing is looked up yet.
    pub(crate) fn new(chain: &Chain, region: &str, patience: Duration) -> Self {
        let Chain { profile, file, role } = chain.clone();
        Self { profile, file, role, region: region.to_owned(), patience, kept: Mutex::default() }
    }

    /// Credentials that are good now.
    ///
    /// # Errors
    /// When none are found or their source says no; `what` says what they are needed for.
    pub(crate) async fn get(&self, what: &str) -> Result<Credentials, Trouble> {
        let mut kept = self.kept.lock().await;
        let is_good = |keys: &&Credentials| keys.expiry().is_none_or(|end| end > SystemTime::now() + MARGIN);
        if let Some(keys) = kept.keys.as_ref().filter(is_good) {
            return Ok(keys.clone());
        }
        let found = tokio::time::timeout(self.patience, async {
            let provider = match kept.provider.take() {
                Some(provider) => provider,
                None => self.provider().await,
            };
            let found = provider.provide_credentials().await;
            kept.provider = Some(provider);
            found
        });
        match found.await {
            Ok(Ok(keys)) => {
                kept.keys = Some(keys.clone());
                Ok(keys)
            }
            Ok(Err(error)) => {
                *kept = Kept::default();
                Err(self.not_found(what, &error))
            }
            Err(_late) => {
                *kept = Kept::default();
                let why = format!("no credentials within {:?}", self.patience);
                let advice =
                    format!("see whether what gives them answers, or give a longer `timeout`; {}", self.login());
                Err(Trouble::new(TroubleKind::TimedOut, what, why, advice))
            }
        }
    }

    /// AWS refused them: the next ones are fetched anew, from files that are read again.
    pub(crate) async fn forget(&self) {
        *self.kept.lock().await = Kept::default();
    }

    /// How a person logs in again.
    pub(crate) fn login(&self) -> String {
        match (&self.profile, &self.file) {
            (_, Some(file)) => format!("put good credentials into {}", file.display()),
            (Some(profile), None) => {
                format!("log in again, as with `aws sso login --profile {profile}`, or renew the keys of that profile")
            }
            (None, None) => {
                "log in again, as with `aws sso login`, or name the `profile` whose credentials are good".to_owned()
            }
        }
    }

    fn not_found(&self, what: &str, error: &CredentialsError) -> Trouble {
        let whose = match (&self.profile, &self.file) {
            (Some(profile), _) => format!("the AWS profile {profile} gives no credentials"),
            (None, Some(file)) => format!("{} gives no credentials", file.display()),
            (None, None) => "no AWS credentials are found in environment, files or on this machine".to_owned(),
        };
        let why = format!("{whose}: {}", causes(error));
        Trouble::new(TroubleKind::Denied, what, why, self.login())
    }

    async fn provider(&self) -> SharedCredentialsProvider {
        let http = http_client();
        let region = Region::new(self.region.clone());
        let mut base = aws_config::defaults(BehaviorVersion::latest()).region(region.clone()).http_client(http.clone());
        let provider = if self.profile.is_some() || self.file.is_some() {
            // A profile that is named is meant, whatever the environment holds; the whole chain would ask that first.
            let settings = ProviderConfig::without_region().with_region(Some(region)).with_http_client(http);
            let mut builder = ProfileFileCredentialsProvider::builder().configure(&settings);
            let profile = self.profile.as_deref().unwrap_or("default");
            builder = builder.profile_name(profile);
            base = base.profile_name(profile);
            if let Some(file) = &self.file {
                builder = builder.profile_files(files(file));
                base = base.profile_files(files(file));
            }
            Some(SharedCredentialsProvider::new(builder.build()))
        } else {
            None
        };
        let base = match &provider {
            Some(provider) => base.credentials_provider(provider.clone()),
            None => base,
        };
        let settings = base.load().await;
        let provider = provider.or_else(|| settings.credentials_provider());
        match (&self.role, provider) {
            (Some(role), _) => {
                let assumed = AssumeRoleProvider::builder(role).session_name("flightdeck").configure(&settings);
                SharedCredentialsProvider::new(assumed.build().await)
            }
            (None, Some(provider)) => provider,
            // The default chain is always there; without it nothing is found, which is said when it is asked.
            (None, None) => SharedCredentialsProvider::new(ProfileFileCredentialsProvider::builder().build()),
        }
    }

    /// The request as this service of AWS takes it at this address.
    ///
    /// # Errors
    /// When it cannot be signed, which no configuration that was read should bring about.
    pub(crate) fn signed(
        &self,
        request: &Request,
        keys: &Credentials,
        address: &str,
        service: &str,
    ) -> Result<Request, String> {
        let identity = keys.clone().into();
        let parameters = v4::SigningParams::builder()
            .identity(&identity)
            .region(&self.region)
            .name(service)
            .time(SystemTime::now())
            .settings(SigningSettings::default())
            .build()
            .map_err(|error| error.to_string())?
            .into();
        let address = format!("{address}{}", request.path);
        let headers = request.headers.iter().filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)));
        let body = SignableBody::Bytes(&request.body);
        let signable = SignableRequest::new(request.method.as_str(), address, headers, body);
        let signable = signable.map_err(|error| error.to_string())?;
        let (signature, _) = sign(signable, &parameters).map_err(|error| error.to_string())?.into_parts();
        let mut signed = request.clone();
        for header in signature.into_parts().0 {
            let mut value = HeaderValue::from_str(header.value())
                .map_err(|_would_quote_it| "the credentials have characters that no header can carry".to_owned())?;
            value.set_sensitive(true);
            signed = signed.header(HeaderName::from_static(header.name()), value);
        }
        Ok(signed)
    }
}

/// The text without what is secret in these credentials: some refusals repeat what was sent.
pub(crate) fn masked(text: &str, keys: &Credentials) -> String {
    let secrets = [Some(keys.secret_access_key()), keys.session_token()];
    secrets
        .into_iter()
        .flatten()
        .filter(|secret| !secret.is_empty())
        .fold(text.to_owned(), |text, secret| text.replace(secret, "…"))
}

/// TLS like everywhere else here: rustls with ring.
fn http_client() -> SharedHttpClient {
    aws_smithy_http_client::Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).build_https()
}

#[expect(deprecated, reason = "the new name is in a crate that nothing else here needs")]
fn files(credentials: &std::path::Path) -> aws_config::profile::profile_file::ProfileFiles {
    use aws_config::profile::profile_file::{ProfileFileKind, ProfileFiles};

    ProfileFiles::builder()
        .include_default_config_file(true)
        .with_file(ProfileFileKind::Credentials, credentials)
        .build()
}

/// An error with what lies behind it, on one line.
fn causes(error: &dyn std::error::Error) -> String {
    let mut said = vec![error.to_string()];
    let mut behind = error.source();
    while let Some(cause) = behind {
        let text = cause.to_string();
        if !said.iter().any(|earlier| earlier.contains(&text)) {
            said.push(text);
        }
        behind = cause.source();
    }
    said.join(": ").chars().map(|c| if c.is_control() { ' ' } else { c }).take(300).collect()
}
