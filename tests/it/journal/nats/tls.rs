//! TLS with an authority of the test's own.

use std::path::PathBuf;

use flightdeck::journal::nats::{Settings, Tls};

use super::super::contract::kept;
use super::super::told::{opening, session};
use super::{open, refused};
use crate::support::certificate::certificates;
use crate::support::nats::Nats;

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
