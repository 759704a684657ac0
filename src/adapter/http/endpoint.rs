//! Where an HTTP interface is.

use std::fmt;
use std::path::PathBuf;

use serde_json::json;

use crate::setting::{Kind, Wrong, quoted};

/// Where an HTTP interface is, without anything secret.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Endpoint {
    /// What is connected to.
    pub(super) reach: Reach,
    /// Whether the connection is encrypted.
    pub(super) is_encrypted: bool,
    /// `Host:` as it is sent.
    pub(super) authority: String,
    /// What comes before every path, without a slash at the end; may be empty.
    pub(super) prefix: String,
}

/// What is connected to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Reach {
    Tcp { host: String, port: u16 },
    Unix(PathBuf),
}

impl Endpoint {
    /// Reads `http://host[:port][/path]`, `https://…` or `unix:/path/of.sock`.
    pub fn parse(text: &str) -> Option<Self> {
        if let Some(path) = text.strip_prefix("unix:") {
            let reach = Reach::Unix(PathBuf::from(path));
            let fits = path.starts_with('/') && path.len() > 1 && path.len() < 108;
            return fits.then(|| Self {
                reach,
                is_encrypted: false,
                authority: "localhost".to_owned(),
                prefix: String::new(),
            });
        }
        let url = url::Url::parse(text).ok()?;
        let plain = url.username().is_empty()
            && url.password().is_none()
            && url.query().is_none()
            && url.fragment().is_none()
            && matches!(url.scheme(), "http" | "https");
        let host = url.host_str().filter(|_| plain)?;
        let port = url.port_or_known_default().filter(|port| *port > 0)?;
        let authority = url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
        Some(Self {
            reach: Reach::Tcp { host: host.trim_matches(['[', ']']).to_owned(), port },
            is_encrypted: url.scheme() == "https",
            authority,
            prefix: url.path().trim_end_matches('/').to_owned(),
        })
    }

    /// The same at another path.
    #[must_use]
    pub fn under(mut self, path: &str) -> Self {
        self.prefix.push_str(path.trim_end_matches('/'));
        self
    }

    /// Whether only this machine can be meant.
    pub fn is_local(&self) -> bool {
        match &self.reach {
            Reach::Unix(_) => true,
            Reach::Tcp { host, .. } => {
                host == "localhost" || host.parse().is_ok_and(|address: std::net::IpAddr| address.is_loopback())
            }
        }
    }

    /// Whether the connection is encrypted.
    pub fn is_encrypted(&self) -> bool {
        self.is_encrypted
    }

    /// The host's name as it was given.
    pub fn host(&self) -> &str {
        match &self.reach {
            Reach::Tcp { host, .. } => host,
            Reach::Unix(_) => "localhost",
        }
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.reach {
            Reach::Unix(path) => write!(f, "unix:{}", path.display()),
            Reach::Tcp { .. } => {
                let scheme = if self.is_encrypted { "https" } else { "http" };
                write!(f, "{scheme}://{}{}", self.authority, self.prefix)
            }
        }
    }
}

/// The kind of value that names an HTTP interface.
pub fn endpoint() -> Kind<Endpoint> {
    let accepted = "\"http://host:port\", \"https://host\" or \"unix:/path/of.sock\"";
    let schema = json!({ "type": "string", "pattern": "^(https?://[^/]+|unix:/.)" });
    Kind::from_text(accepted, schema, |text| {
        let cannot = || Wrong::new(format!("cannot be {}", quoted(text)));
        if text.contains('@') {
            // What stands before the @ may be a secret: it is not quoted.
            return Err(Wrong::new("names a user or a password")
                .advice("leave it out of the address; secrets are named in keys of their own"));
        }
        Endpoint::parse(text).ok_or_else(cannot)
    })
}

#[cfg(test)]
mod tests {
    use super::Endpoint;

    #[test]
    fn loopback_and_sockets_are_local() {
        for (address, is_local) in [
            ("http://127.0.0.1:80", true),
            ("http://[::1]:9901", true),
            ("http://localhost:9901", true),
            ("unix:/run/a.sock", true),
            ("http://10.1.0.7:9901", false),
            ("http://localhost.example.net", false),
        ] {
            assert_eq!(Endpoint::parse(address).map(|endpoint| endpoint.is_local()), Some(is_local), "{address}");
        }
    }

    #[test]
    fn addresses_are_read_and_shown_alike() {
        for good in ["http://127.0.0.1:80", "https://octopus.example.net", "http://[::1]:9/admin", "unix:/run/a.sock"] {
            let shown = Endpoint::parse(good).map(|endpoint| endpoint.to_string());
            assert_eq!(shown.as_deref(), Some(good.trim_end_matches(":80")), "{good}");
        }
        for bad in ["ftp://a", "http://", "http://a:0", "http://u:p@a", "http://a/?q=1", "a:1", "unix:x", "https://a#b"]
        {
            assert!(Endpoint::parse(bad).is_none(), "{bad}");
        }
    }
}
