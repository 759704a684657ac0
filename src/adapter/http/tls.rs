//! Certificates: whom to believe, and what to show.

use std::path::PathBuf;
use std::sync::Arc;

use rustls::ClientConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls_platform_verifier::ConfigVerifierExt;

use crate::domain::{Trouble, TroubleKind};
use crate::setting::{Table, Wrong, absolute_path};

/// Paths of PEM files.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Tls {
    /// Whom the server's certificate must come from; the machine's own roots where none is named.
    pub ca: Option<PathBuf>,
    /// The certificate to show, and its key.
    pub identity: Option<(PathBuf, PathBuf)>,
}

impl Tls {
    /// Reads `tls = { ca, cert, key }`.
    pub fn read(table: &mut Table<'_>) -> Self {
        let doc = "Certificates for an https address, as PEM files; else the machine's own roots.";
        table
            .table("tls", doc, |table| {
                let ca = table.optional("ca", "Whom the server's certificate must come from.", &absolute_path());
                let cert = table.optional("cert", "The certificate to show.", &absolute_path());
                let key = table.optional("key", "The key of `cert`.", &absolute_path());
                if table.has("cert") != table.has("key") {
                    table.refuse(Wrong::new("names one of `cert` and `key` without the other"));
                }
                let identity = cert.zip(key).map(|(cert, key)| (cert.value, key.value));
                Self { ca: ca.map(|ca| ca.value), identity }
            })
            .unwrap_or_default()
    }

    /// What a connection is made with.
    ///
    /// # Errors
    /// When a file cannot be read or is no certificate; `what` says what it is needed for.
    pub fn config(&self, what: &str) -> Result<Arc<ClientConfig>, Trouble> {
        let trouble = |why: String| {
            let advice = "compare the paths under `tls` in the profile with what is there";
            Trouble::new(TroubleKind::Mismatch, what, why, advice)
        };
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| trouble(error.to_string()))?;
        let verified = match &self.ca {
            None => {
                // A second call finds the provider set, which is what is wanted.
                let _set = rustls::crypto::ring::default_provider().install_default();
                return match &self.identity {
                    None => ClientConfig::with_platform_verifier().map(Arc::new).map_err(|error| {
                        let advice =
                            "install the certificates of this machine, the package `ca-certificates`, or name `tls.ca`";
                        Trouble::new(TroubleKind::Mismatch, what, error.to_string(), advice)
                    }),
                    Some(_) => Err(trouble("`tls.cert` without `tls.ca`".to_owned())),
                };
            }
            Some(path) => {
                let named = |why: String| trouble(format!("{}: {why}", path.display()));
                let mut roots = rustls::RootCertStore::empty();
                let all = CertificateDer::pem_file_iter(path).map_err(|error| named(error.to_string()))?;
                for each in all {
                    let each = each.map_err(|error| named(error.to_string()))?;
                    roots.add(each).map_err(|error| named(error.to_string()))?;
                }
                if roots.is_empty() {
                    return Err(named("it holds no certificate".to_owned()));
                }
                builder.with_root_certificates(roots)
            }
        };
        let config = match &self.identity {
            None => verified.with_no_client_auth(),
            Some((cert, key)) => {
                let named = |path: &PathBuf, why: String| trouble(format!("{}: {why}", path.display()));
                let chain: Vec<_> = CertificateDer::pem_file_iter(cert)
                    .and_then(Iterator::collect)
                    .map_err(|error| named(cert, error.to_string()))?;
                let secret =
                    PrivateKeyDer::from_pem_file(key).map_err(|_may_quote_it| named(key, "it is no key".to_owned()))?;
                verified.with_client_auth_cert(chain, secret).map_err(|error| named(cert, error.to_string()))?
            }
        };
        Ok(Arc::new(config))
    }
}
