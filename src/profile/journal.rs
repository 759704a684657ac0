//! `journal`: a directory on this host, or `[journal]` for a stream on NATS.

use std::path::PathBuf;

use serde_json::json;

use crate::adapter::secret::SecretRef;
use crate::setting::{Either, Kind, Table, Wrong, absolute_path, flag, number_of, quoted, title, word};

/// Where the sessions of a profile are kept.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub enum JournalConfig {
    /// In the operator's own state directory.
    #[default]
    Own,
    /// In a directory of this host that several people share.
    Directory(
        /// The directory.
        PathBuf,
    ),
    /// In a JetStream stream, for people on several hosts.
    Nats(
        /// The stream, and how one gets in.
        NatsConfig,
    ),
}

/// A journal on NATS, as the profile has it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NatsConfig {
    /// The servers' addresses.
    pub servers: Vec<String>,
    /// The stream's name.
    pub stream: String,
    /// What its subjects begin with.
    pub subject: String,
    /// How many servers keep each entry.
    pub replicas: usize,
    /// Whether the stream is made where it is not there.
    pub create: bool,
    /// Who comes in.
    pub login: Option<NatsLogin>,
    /// Certificates; none where the connection is plain.
    pub tls: Option<NatsTls>,
}

/// Who comes in, with secrets by reference.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum NatsLogin {
    /// A user and a password.
    Password {
        /// The user.
        user: String,
        /// The password.
        password: SecretRef,
    },
    /// A token.
    Token(
        /// The token.
        SecretRef,
    ),
    /// The seed of an nkey.
    Nkey(
        /// The seed.
        SecretRef,
    ),
    /// The text of a `.creds` file.
    Credentials(
        /// The text.
        SecretRef,
    ),
}

/// Certificates, as paths of PEM files.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct NatsTls {
    /// Whom the servers' certificates must come from.
    pub ca: Option<PathBuf>,
    /// The certificate to show, and its key.
    pub identity: Option<(PathBuf, PathBuf)>,
    /// Whether TLS begins before the server's greeting.
    pub first: bool,
}

/// Reads the key, in either form.
pub(super) fn read(table: &mut Table<'_>) -> JournalConfig {
    let doc = "Where sessions are kept: the directory of a journal that several people on one host share, or [journal] with \
               a stream on NATS. Default: your own.";
    match table.either("journal", doc, &directory(), nats) {
        None | Some(Either::Table(None)) => JournalConfig::Own,
        Some(Either::Value(directory)) => JournalConfig::Directory(directory.value),
        Some(Either::Table(Some(nats))) => JournalConfig::Nats(nats),
    }
}

fn directory() -> Kind<PathBuf> {
    let schema = json!({ "type": "string", "pattern": "^/." });
    let accepted = "the whole path of a directory, such as \"/srv/flightdeck\", or a table [journal] with nats = [...]";
    Kind::from_text(accepted, schema, |text| {
        if text.starts_with("nats:") || text.starts_with("tls:") {
            let wrong = Wrong::new("is an address, not a directory");
            return Err(wrong.advice("write a table: journal = { nats = [\"nats://HOST:4222\"] }"));
        }
        if text.starts_with('/') && text.len() > 1 && !text.chars().any(char::is_control) {
            Ok(PathBuf::from(text))
        } else {
            Err(Wrong::new(format!("{} is not a whole path", quoted(text))))
        }
    })
}

fn nats(table: &mut Table<'_>) -> Option<NatsConfig> {
    table.not_yet(&[
        ("jwt", "name a .creds file with `credentials`"),
        ("domain", "connect to the servers that hold the stream"),
    ]);
    let servers = table.required(
        "nats",
        "The servers of NATS, at least one of them.",
        &address().list("a list of addresses, such as [\"nats://10.0.0.1:4222\"]"),
    );
    let stream = word("a stream's name of at most 32 letters, digits, - and _", "-_", 32);
    let stream = table.optional("stream", "The stream's name. Default FLIGHTDECK.", &stream);
    let doc = "What the stream's subjects begin with. Default flightdeck.";
    let subject = table.optional("subject", doc, &prefix());
    let doc = "How many servers keep each entry. Default 3, which one may fail of; 1 is the memory of one server.";
    let replicas = table.optional("replicas", doc, &number_of(&[1, 3, 5]));
    let doc = "Whether the stream is made where it is not there. Default true.";
    let create = table.optional("create", doc, &flag());
    let login = login(table);
    let is_protected = table.has("tls");
    let tls = table.table(
        "tls",
        "TLS with the servers. Without it, addresses with tls:// trust whom the system trusts.",
        tls,
    );
    if !cfg!(feature = "nats") {
        table.refuse(
            Wrong::new("a journal on NATS needs the feature `nats`, which this flightdeck was built without")
                .advice("build it with: cargo install --locked --path . --features nats"),
        );
    }
    Some(NatsConfig {
        servers: servers?.value.into_iter().map(|server| server.value).collect(),
        stream: stream.map_or_else(|| "FLIGHTDECK".to_owned(), |stream| stream.value),
        subject: subject.map_or_else(|| "flightdeck".to_owned(), |subject| subject.value),
        replicas: replicas.map_or(3, |replicas| replicas.value),
        create: create.is_none_or(|create| create.value),
        login: login?,
        tls: if is_protected { Some(tls??) } else { None },
    })
}

/// Who comes in: `None` when that is wrong, `Some(None)` when nobody is named.
#[expect(clippy::option_option, reason = "wrong, nobody and somebody are three things")]
fn login(table: &mut Table<'_>) -> Option<Option<NatsLogin>> {
    let user = table.optional("user", "The user, with `password`.", &title());
    let password = SecretRef::read(table, "password", "The user's password, by reference.");
    let token = SecretRef::read(table, "token", "A token, by reference.");
    let nkey = SecretRef::read(table, "nkey", "The seed of an nkey, by reference.");
    let doc = "The text of a .creds file, by reference: { file = \"/path\" }.";
    let credentials = SecretRef::read(table, "credentials", doc);
    let ways = ["user", "token", "nkey", "credentials"];
    let written: Vec<&str> = ways.into_iter().filter(|way| table.has(way)).collect();
    if table.has("user") != table.has("password") {
        table.refuse(Wrong::new("has one of `user` and `password` without the other").advice("name both"));
        return None;
    }
    match written[..] {
        [] => Some(None),
        ["user"] => Some(Some(NatsLogin::Password { user: user?.value, password: password? })),
        ["token"] => Some(Some(NatsLogin::Token(token?))),
        ["nkey"] => Some(Some(NatsLogin::Nkey(nkey?))),
        ["credentials"] => Some(Some(NatsLogin::Credentials(credentials?))),
        _ => {
            let what = format!("names several ways in: {}", written.join(", "));
            table.refuse(Wrong::new(what).advice("name one"));
            None
        }
    }
}

fn tls(table: &mut Table<'_>) -> Option<NatsTls> {
    let doc =
        "The certificates that the servers' must come from, as a PEM file. Default: those that the system trusts.";
    let ca = table.optional("ca", doc, &absolute_path());
    let cert = table.optional("cert", "The certificate to show to the servers, as a PEM file.", &absolute_path());
    let key = table.optional("key", "Its key, as a PEM file that only you can read.", &absolute_path());
    let doc = "Whether TLS begins before the server's greeting, as its handshake_first says. Default false.";
    let first = table.optional("first", doc, &flag());
    if table.has("cert") != table.has("key") {
        table.refuse(Wrong::new("has one of `cert` and `key` without the other").advice("name both"));
        return None;
    }
    let identity = cert.zip(key).map(|(cert, key)| (cert.value, key.value));
    Some(NatsTls { ca: ca.map(|ca| ca.value), identity, first: first.is_some_and(|first| first.value) })
}

/// `nats://host:port` or `tls://host:port`.
fn address() -> Kind<String> {
    let schema = json!({ "type": "string", "pattern": "^(nats|tls)://[^/@?#]+$" });
    Kind::from_text("an address that begins with nats:// or tls://", schema, |text| {
        let rest = text.strip_prefix("nats://").or_else(|| text.strip_prefix("tls://"));
        if text.contains('@') {
            // What stands before it may be a token: it is not quoted.
            let wrong = Wrong::new("an address holds a user or a token");
            return Err(wrong.advice("take it out, and name it with `user` and `password`, or `token`, by reference"));
        }
        let host_fits = rest.is_some_and(|rest| {
            let port_fits = rest.rsplit_once(':').is_none_or(|(before, port)| {
                before.starts_with('[') && !before.ends_with(']') || port.parse::<u16>().is_ok_and(|port| port > 0)
            });
            let clean = rest.chars().all(|c| !c.is_whitespace() && !c.is_control() && !"/?#".contains(c));
            !rest.is_empty() && !rest.starts_with(':') && port_fits && clean
        });
        if host_fits { Ok(text.to_owned()) } else { Err(Wrong::new(format!("cannot be {}", quoted(text)))) }
    })
}

/// One or more words with dots between.
fn prefix() -> Kind<String> {
    let schema = json!({ "type": "string", "pattern": "^[A-Za-z0-9_-]+(\\.[A-Za-z0-9_-]+)*$", "maxLength": 64 });
    Kind::from_text("words of letters, digits, - and _ with dots between, at most 64 characters", schema, |text| {
        let word =
            |word: &str| !word.is_empty() && word.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
        if text.len() <= 64 && text.split('.').all(word) {
            Ok(text.to_owned())
        } else {
            Err(Wrong::new(format!("cannot be {}", quoted(text))))
        }
    })
}
