//! TLS with an authority of the test's own.

use std::path::{Path, PathBuf};
use std::process::Command;

use flightdeck::journal::nats::{Settings, Tls};

use super::super::contract::kept;
use super::super::told::{opening, session};
use super::{open, refused};
use crate::support::nats::Nats;

/// A certificate authority, a server's certificate and a client's, made by OpenSSL.
fn certificates(folder: &Path) {
    let script = r#"
        set -e
        authority() { openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj "/CN=$1" \
            -addext "basicConstraints=critical,CA:TRUE" -addext "keyUsage=critical,keyCertSign,cRLSign" \
            -keyout "$1.key" -out "$1.pem"; }
        signed() { openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$1" -keyout "$1.key" \
            -out "$1.csr"; printf 'subjectAltName=IP:127.0.0.1\nextendedKeyUsage=serverAuth,clientAuth\n' > ext;
            openssl x509 -req -in "$1.csr" -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile ext \
            -out "$1.pem"; }
        authority ca; authority other; signed server; signed client
    "#;
    let made = Command::new("sh").args(["-c", script]).current_dir(folder).output();
    let made = made.expect("a shell starts");
    let said = String::from_utf8_lossy(&made.stderr);
    assert!(made.status.success(), "openssl; `./tests/run` installs what the tests need:\n{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_servers_certificate_must_come_from_the_named_authority_and_so_must_ours() {
    let folder = tempfile::tempdir().unwrap();
    certificates(folder.path());
    let file = |name: &str| -> PathBuf { folder.path().join(name) };
    for first in [false, true] {
        let lines = format!(
            "tls {{ cert_file: {:?}, key_file: {:?}, ca_file: {:?}, verify: true, handshake_first: {first} }}",
            file("server.pem"),
            file("server.key"),
            file("ca.pem")
        );
        let nats = Nats::start_with(1, &lines);
        let with = |tls| Settings { tls: Some(tls), ..nats.settings("TLS", 1) };
        let identity = Some((file("client.pem"), file("client.key")));
        let fits = Tls { ca: Some(file("ca.pem")), identity: identity.clone(), first };
        let store = open(with(fits.clone())).await;
        kept(&store, opening(session(1), "bridge", "prod")).await;

        let error = refused(with(Tls { ca: Some(file("other.pem")), ..fits.clone() })).await;
        assert!(error.contains("no TLS with the server") && error.contains("journal.tls"), "{error}");
        let error = refused(with(Tls { identity: None, ..fits.clone() })).await;
        assert!(error.contains("check"), "{error}");
        let error = refused(with(Tls { ca: Some(file("nowhere.pem")), ..fits.clone() })).await;
        assert!(error.contains("nowhere.pem: No such file"), "{error}");
        let error = refused(with(Tls { ca: Some(file("client.key")), ..fits })).await;
        assert!(error.contains("it holds no PEM block \"CERTIFICATE\""), "{error}");
    }
}
