//! The signed webhook, by a receiver that checks what its documentation tells it to.

use flightdeck::domain::notify::Occasion;
use ring::hmac;

use super::{SECRET, Site, contract, telling, tells};
use crate::support::web::{Asked, Said};

contract::contract!(contract_of_it, site(), Occasion::Shift);

#[derive(Default)]
struct Receiver {
    /// Bodies by their keys, each once.
    taken: Vec<(String, serde_json::Value)>,
    stamps: Vec<String>,
}

fn site() -> Site<Receiver> {
    Site::start(
        "webhook",
        Receiver::default(),
        rules,
        |at, secret| format!("at = \"http://{at}\"\npath = \"/hooks/deployments?v=1\"\nsecret = {secret}"),
        |own| own.taken.len(),
        |own| own.taken.iter().map(|(_, body)| body["text"].as_str().unwrap().to_owned()).collect(),
    )
}

fn rules(own: &mut Receiver, asked: &Asked) -> Said {
    assert_eq!((asked.method.as_str(), asked.path.as_str()), ("POST", "/hooks/deployments?v=1"));
    assert_eq!(asked.header("content-type"), "application/json");
    let stamp = asked.header("x-flightdeck-timestamp");
    let sent: u64 = stamp.parse().expect("seconds");
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    assert!(now.abs_diff(sent) < 60, "{sent} is not now");
    let signed = [stamp.as_bytes(), b".", &asked.body].concat();
    let tag = asked.header("x-flightdeck-signature").strip_prefix("sha256=").expect("it names its kind");
    let bytes: Vec<u8> =
        (0..tag.len()).step_by(2).map(|at| u8::from_str_radix(&tag[at..at + 2], 16).unwrap()).collect();
    let key = hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes());
    if hmac::verify(&key, &signed, &bytes).is_err() {
        return Said::text(401, "the signature is not right");
    }
    let id = asked.header("idempotency-key").to_owned();
    assert_eq!(asked.json()["id"], id.as_str());
    own.stamps.push(stamp.to_owned());
    match own.taken.iter().find(|(known, _)| *known == id) {
        Some((_, known)) => assert_eq!(*known, asked.json(), "the same key says the same"),
        None => own.taken.push((id, asked.json())),
    }
    Said::text(204, "")
}

#[tokio::test]
async fn the_object_has_every_fact() {
    let site = site();
    tells(&*site.notifier(), &telling(Occasion::RollingBack, 12)).await;
    let body = site.look(|own| own.taken[0].1.clone());
    for (pointer, wanted) in [
        ("/run", "00000000-0000-0000-0000-000000000099"),
        ("/kind", "rolling-back"),
        ("/actor", "ana"),
        ("/service", "shop"),
        ("/env", "prod"),
        ("/step", "Blue 30"),
        ("/before/version", "2.4.0"),
        ("/after/version", "2.5.0"),
        ("/after/weights", "blue 30 %, green 70 %"),
        ("/status", "error"),
        ("/why", "a reason"),
    ] {
        assert_eq!(body.pointer(pointer).and_then(|value| value.as_str()), Some(wanted), "{pointer} of {body}");
    }
    assert_eq!(body["entry"], 12);
}
