//! Where a Runtime API listens.

use std::fmt;
use std::path::PathBuf;

use serde_json::json;

use crate::setting::{Kind, Wrong, quoted};

/// A Runtime API socket.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Address {
    /// `unix:/run/haproxy/admin.sock`
    Unix(PathBuf),
    /// `tcp:127.0.0.1:9999`
    Tcp(String),
    /// `ssh:edge-1:/run/haproxy/admin.sock`
    Ssh(Remote),
}

/// A unix socket on another host, reached by the system's `ssh`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Remote {
    /// The host as `ssh` is told it, with a user before an @ or without: what else there is to say, a port for one, stands
    /// in ssh's own configuration.
    pub host: String,
    /// The socket's path on that host.
    pub path: String,
    /// A configuration of ssh in place of the user's own.
    pub config: Option<PathBuf>,
}

/// What may follow `at`.
pub(super) const FORMS: &str = "\"unix:/path/to/admin.sock\", \"tcp:host:port\" or \"ssh:host:/path/to/admin.sock\"";

/// What a unix socket's path may have.
const LONGEST_PATH: usize = 107;

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
            Self::Tcp(address) => write!(f, "tcp:{address}"),
            Self::Ssh(remote) => write!(f, "ssh:{}:{}", remote.host, remote.path),
        }
    }
}

/// How an address is written.
pub(super) fn address() -> Kind<Address> {
    let schema = json!({ "type": "string", "pattern": "^(unix:/.+|tcp:.+:[0-9]+|ssh:.+:/.+)$" });
    Kind::from_text(FORMS, schema, |text| {
        if text.chars().any(|c| c.is_whitespace() || c.is_control()) {
            return Err(cannot(text));
        }
        match text.split_once(':') {
            Some(("unix", path)) => unix(text, path),
            Some(("tcp", place)) => tcp(text, place),
            Some(("ssh", place)) => ssh(text, place),
            _ => Err(cannot(text)),
        }
    })
}

fn cannot(text: &str) -> Wrong {
    Wrong::new(format!("cannot be {}", quoted(text)))
}

fn unix(text: &str, path: &str) -> Result<Address, Wrong> {
    fits(path)?;
    if path.starts_with('/') && path.len() > 1 {
        Ok(Address::Unix(PathBuf::from(path)))
    } else {
        Err(cannot(text).advice("begin the path with /"))
    }
}

fn fits(path: &str) -> Result<(), Wrong> {
    if path.len() <= LONGEST_PATH {
        return Ok(());
    }
    let what = format!("the path is {} bytes long, and a unix socket's may have {LONGEST_PATH}", path.len());
    Err(Wrong::new(what).advice("move or link the socket to a shorter path"))
}

fn tcp(text: &str, place: &str) -> Result<Address, Wrong> {
    let (host, port) = place.rsplit_once(':').ok_or_else(|| cannot(text))?;
    let bare_ipv6 = host.contains(':') && !(host.starts_with('[') && host.ends_with(']'));
    if bare_ipv6 {
        return Err(cannot(text).advice("write an IPv6 address in brackets: \"tcp:[::1]:9999\""));
    }
    match port.parse::<u16>() {
        Ok(1..) if !host.is_empty() => Ok(Address::Tcp(format!("{host}:{port}"))),
        _ => Err(cannot(text).advice("the port is a number from 1 to 65535")),
    }
}

fn ssh(text: &str, place: &str) -> Result<Address, Wrong> {
    let Some((host, rest)) = place.split_once(":/") else {
        return Err(
            cannot(text).advice("write the socket's whole path after the host: \"ssh:edge-1:/run/haproxy/admin.sock\"")
        );
    };
    let path = format!("/{rest}");
    fits(&path)?;
    if rest.is_empty() {
        return Err(cannot(text).advice("write the socket's whole path after the host"));
    }
    // One colon is a port, more of them are an IPv6 address.
    if host.matches(':').count() == 1 {
        let advice = "write the port into ~/.ssh/config, under a `Host` that is named here";
        return Err(cannot(text).advice(advice));
    }
    let (user, machine) = host.rsplit_once('@').map_or((None, host), |(user, machine)| (Some(user), machine));
    // A word that begins with a dash would be an option of ssh's.
    let plain = |word: &str, more: &str| {
        !word.is_empty() && !word.starts_with('-') && word.chars().all(|c| c.is_alphanumeric() || more.contains(c))
    };
    if plain(machine, "-_.:%") && user.is_none_or(|user| plain(user, "-_.@\\+")) {
        Ok(Address::Ssh(Remote { host: host.to_owned(), path, config: None }))
    } else {
        Err(cannot(text).advice("name the host as `ssh` knows it: \"edge-1\" or \"user@edge-1\""))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_what_ssh_is_told() {
        for (text, host) in [
            ("edge-1:/run/haproxy/admin.sock", "edge-1"),
            ("ops@edge-1.example.net:/run/a:b.sock", "ops@edge-1.example.net"),
            ("ops@2001:db8::1:/run/a.sock", "ops@2001:db8::1"),
        ] {
            let Ok(Address::Ssh(remote)) = ssh(text, text) else { panic!("{text} is an address") };
            assert_eq!(format!("{}:{}", remote.host, remote.path), text);
            assert_eq!(remote.host, host);
        }
    }

    #[test]
    fn no_host_becomes_an_option_of_ssh() {
        for text in
            ["-oProxyCommand=x:/a", "-v:/a", "u@-v:/a", "-u@h:/a", ":/a", "@h:/a", "h;x:/a", "h:/", "h", "h:22:/a"]
        {
            assert!(ssh(text, text).is_err(), "{text}");
        }
    }
}
