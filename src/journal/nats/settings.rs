//! Where the stream is and how one gets in. Secrets stand here as they are: this never leaves the process.

use std::path::PathBuf;

use secrecy::SecretString;

/// One journal on NATS.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The servers, each as `nats://host:port` or `tls://host:port`, without user or password.
    pub servers: Vec<String>,
    /// The stream's name.
    pub stream: String,
    /// What every subject begins with.
    pub subject: String,
    /// How many servers keep each entry.
    pub replicas: usize,
    /// Whether the stream is made where it is not there.
    pub create: bool,
    /// Who comes in.
    pub login: Option<Login>,
    /// How the way there is protected.
    pub tls: Option<Tls>,
}

/// What a server is told about who comes in.
#[derive(Clone, Debug)]
pub enum Login {
    /// A user and a password.
    Password {
        /// The user.
        user: String,
        /// The password.
        password: SecretString,
    },
    /// A token.
    Token(
        /// The token.
        SecretString,
    ),
    /// The seed of an nkey.
    Nkey(
        /// The seed.
        SecretString,
    ),
    /// The text of a credentials file: a JWT and the seed that signs for it.
    Credentials(
        /// The text.
        SecretString,
    ),
}

/// Certificates, as paths of PEM files.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Tls {
    /// Whom the servers' certificates must come from; without it, whom the system trusts.
    pub ca: Option<PathBuf>,
    /// The certificate to show, and its key.
    pub identity: Option<(PathBuf, PathBuf)>,
    /// Whether TLS begins before the server's greeting (`handshake_first`).
    pub first: bool,
}
