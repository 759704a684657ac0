//! Ways to log in, and what is said when there is none.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use flightdeck::adapter::router::kubernetes::weighted::{Config, Sort, Weighted};
use flightdeck::adapter::router::kubernetes::{Place, Through};
use flightdeck::adapter::router::{Router, SetAnswer};
use flightdeck::domain::{Target, Trouble};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use serde_json::json;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use crate::adapters::router::{Gate, PATIENT, first_two, read};
use crate::support::certificate::certificates;
use crate::support::kube::{self, Cluster, TOKEN};

fn router(place: Place) -> Weighted {
    let pools = vec![("blue".into(), "app-blue".to_owned()), ("green".into(), "app-green".to_owned())];
    Weighted::new(Config {
        sort: Sort::TraefikService,
        place,
        name: "app".to_owned(),
        rule: None,
        pools,
        timeout: PATIENT,
    })
}

fn cluster() -> Cluster {
    let services = json!([{ "name": "app-blue" }, { "name": "app-green", "weight": 0 }]);
    let object = json!({ "metadata": { "name": "app" }, "spec": { "weighted": { "services": services } } });
    Cluster::start(|api| {
        api.create("/apis/traefik.io/v1alpha1/namespaces/shop/traefikservices/app", object);
        api.endpoints("app-green", &[("app-green-1", true)]);
    })
}

/// A program that prints this, and ends so.
fn plugin(folder: &Path, printed: &str, status: i32) -> serde_json::Value {
    let path = folder.join(format!("plugin-{status}-{}", printed.len()));
    std::fs::write(&path, printed).unwrap();
    let script = format!("cat {}; exit {status}", path.display());
    json!({ "exec": { "apiVersion": "client.authentication.k8s.io/v1", "command": "sh", "args": ["-c", script], "interactiveMode": "IfAvailable" } })
}

async fn trouble(place: Place) -> Trouble {
    let trouble = router(place).read().await.unwrap_err();
    let said = trouble.to_string();
    assert!(!said.contains(TOKEN) && !said.contains("hunter2"), "{said}");
    trouble
}

#[tokio::test]
async fn a_token_may_stand_in_the_kubeconfig_or_come_from_a_plugin() {
    let cluster = cluster();
    read(&router(cluster.place())).await;
    read(&router(cluster.place_of(&json!({ "token": TOKEN })))).await;
    for status in [json!({ "token": TOKEN }), json!({ "token": TOKEN, "expirationTimestamp": "2999-01-01T00:00:00Z" })]
    {
        let credential =
            json!({ "apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential", "status": status });
        let user = plugin(cluster.folder(), &credential.to_string(), 0);
        read(&router(cluster.place_of(&user))).await;
    }
}

#[tokio::test]
async fn a_plugin_that_fails_is_told_of_without_what_it_printed() {
    let cluster = cluster();
    let failed = trouble(cluster.place_of(&plugin(cluster.folder(), "hunter2", 7))).await;
    assert!(failed.why.contains("the credential plugin ended with exit status: 7"), "{failed}");
    let garbled = trouble(cluster.place_of(&plugin(cluster.folder(), "hunter2 {", 0))).await;
    assert!(garbled.why.contains("printed no credential"), "{garbled}");
    let absent = json!({ "exec": { "apiVersion": "client.authentication.k8s.io/v1", "command": "no-such-plugin" } });
    let absent = trouble(cluster.place_of(&absent)).await;
    assert!(absent.why.contains("could not be started") && absent.advice.contains("kubectl get"), "{absent}");
    assert!(cluster.web.asked().is_empty(), "nothing was asked");
}

#[tokio::test]
async fn a_context_that_is_not_there_and_a_file_that_is_none_are_said() {
    let cluster = cluster();
    let with = |name: &str, kubeconfig: std::path::PathBuf| Place {
        cluster: Through::Context { name: name.to_owned(), kubeconfig: Some(kubeconfig) },
        namespace: "shop".to_owned(),
    };
    let Through::Context { kubeconfig: Some(path), .. } = cluster.place().cluster else { panic!("it has one") };
    let said = trouble(with("production", path)).await;
    assert_eq!(said.what, "open context production");
    assert!(said.why.ends_with("has no such context; it has prod"), "{said}");
    let nowhere = trouble(with("prod", cluster.folder().join("nowhere"))).await;
    assert!(nowhere.why.contains("nowhere: No such file"), "{nowhere}");
    let broken = cluster.folder().join("broken");
    std::fs::write(&broken, "users: [ { token: hunter2").unwrap();
    let broken = trouble(with("prod", broken)).await;
    assert!(broken.why.ends_with("is no kubeconfig"), "{broken}");
    let unread = trouble(cluster.place_of(&json!({ "tokenFile": cluster.folder().join("no-token") }))).await;
    assert!(unread.why.contains("token file") && unread.why.contains("No such file"), "{unread}");
}

#[tokio::test]
async fn whoever_need_not_be_verified_moves_no_traffic_and_a_proxy_is_not_gone_through() {
    let cluster = cluster();
    let (server, user) = (format!("http://{}", cluster.web.address), json!({ "token": TOKEN }));
    let place = |cluster_keys| kube::place(cluster.folder(), &server, &cluster_keys, &user);
    let careless = trouble(place(json!({ "insecure-skip-tls-verify": true }))).await;
    assert!(careless.advice.contains("certificate-authority"), "{careless}");
    let proxied = trouble(place(json!({ "proxy-url": "http://ops:hunter2@127.0.0.1:1" }))).await;
    assert!(proxied.why.contains("leads through a proxy"), "{proxied}");
}

#[tokio::test]
async fn the_servers_certificate_must_come_from_the_clusters_authority_and_ours_is_shown() {
    let cluster = cluster();
    certificates(cluster.folder());
    let file = |name: &str| cluster.folder().join(name);
    let address = behind_tls(cluster.folder(), cluster.web.address).await;
    let certified =
        json!({ "client-certificate": file("client.pem"), "client-key": file("client.key"), "token": TOKEN });
    let place = |server: &str, ca: &str, user: &serde_json::Value| {
        kube::place(cluster.folder(), server, &json!({ "certificate-authority": file(ca) }), user)
    };
    let server = format!("https://{address}");
    let router = router(place(&server, "ca.pem", &certified));
    let reading = read(&router).await;
    assert_eq!(reading.identity.node, server);
    let target = Target::Weights(first_two(&["blue".into(), "green".into()], 3_000));
    let prepared = router.prepare(&target, Some(&reading)).unwrap();
    assert_eq!(router.set(&prepared, Some(&reading.native), &Gate::open()).await, SetAnswer::Accepted);
    let other = trouble(place(&server, "other.pem", &certified)).await;
    assert!(other.why.contains("certificate") && other.what.contains(&server), "{other}");
    // The server is certified as 127.0.0.1, and under no other name.
    let elsewhere = format!("https://localhost:{}", address.port());
    let elsewhere = trouble(place(&elsewhere, "ca.pem", &certified)).await;
    assert!(elsewhere.why.contains("certificate"), "{elsewhere}");
    let renamed = json!({ "certificate-authority": file("ca.pem"), "tls-server-name": "127.0.0.1" });
    let renamed = kube::place(cluster.folder(), &format!("https://localhost:{}", address.port()), &renamed, &certified);
    read(&self::router(renamed)).await;
    let nobody = trouble(place(&server, "ca.pem", &json!({ "token": TOKEN }))).await;
    assert!(!nobody.why.is_empty(), "{nobody}");
}

/// A server that wants certificates of the authority, and leads to another one.
async fn behind_tls(folder: &Path, to: SocketAddr) -> SocketAddr {
    let certificate = |name: &str| CertificateDer::from_pem_file(folder.join(name)).unwrap();
    let mut roots = rustls::RootCertStore::empty();
    roots.add(certificate("ca.pem")).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let clients = rustls::server::WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider));
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_client_cert_verifier(clients.build().unwrap())
        .with_single_cert(
            vec![certificate("server.pem")],
            PrivateKeyDer::from_pem_file(folder.join("server.key")).unwrap(),
        )
        .unwrap();
    let (acceptor, listener) = (TlsAcceptor::from(Arc::new(config)), TcpListener::bind("127.0.0.1:0").await.unwrap());
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let (Ok(mut inside), Ok(mut outside)) = (acceptor.accept(stream).await, TcpStream::connect(to).await)
                else {
                    return;
                };
                tokio::io::copy_bidirectional(&mut inside, &mut outside).await.ok();
            });
        }
    });
    address
}
