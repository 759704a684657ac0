//! Images in a registry: its challenge, its manifests, its two ways to say that there is none.

use flightdeck::domain::check::{Asking, Verdict};
use serde_json::json;

use super::{Fixture, SECRET, Site, ask, asking, check, contract, line, query};
use crate::support::web::{Asked, Said};

const TOKEN: &str = "token-for-pulling-shop";
const MANIFEST: &str = r#"{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[]}"#;

contract::contract!(contract_of_it, fixture());

fn fixture() -> Fixture<Registry> {
    Fixture { site: site(), spoil: |registry| registry.tags.clear(), mend: |registry| registry.tags = vec!["2.5.0"] }
}

struct Registry {
    tags: Vec<&'static str>,
    /// Whether it tells digests.
    tells: bool,
    /// Where tokens are given; else at itself.
    realm: Option<&'static str>,
    /// Whether it wants a user and a password itself.
    is_basic: bool,
}

fn site() -> Site<Registry> {
    let registry = Registry { tags: vec!["2.5.0"], tells: true, realm: None, is_basic: false };
    Site::start("image", registry, rules, |at, secret| {
        format!("image = \"{at}/team/shop:{{to}}\"\nat = \"http://{at}\"\nuser = \"ops\"\npassword = {secret}")
    })
}

/// As the distribution specification has it: a challenge first, then every form of a manifest must be accepted.
fn rules(registry: &mut Registry, asked: &Asked) -> Said {
    let no = |status: u16, code: &str| {
        Said::json(status, &json!({ "errors": [{ "code": code, "message": code.to_lowercase() }] }))
    };
    let basic = {
        use base64::Engine as _;
        format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(format!("ops:{SECRET}")))
    };
    if asked.route() == "/token" {
        let query = query(asked);
        assert_eq!(query["service"], ["registry"]);
        assert_eq!(query["scope"], ["repository:team/shop:pull"]);
        return if asked.header("authorization") == basic {
            Said::json(200, &json!({ "token": TOKEN, "expires_in": 300 }))
        } else {
            no(401, "UNAUTHORIZED")
        };
    }
    let (wanted, challenge) = if registry.is_basic {
        (basic, "Basic realm=\"registry\"".to_owned())
    } else {
        let realm = registry.realm.map_or_else(|| format!("http://{}/token", asked.header("host")), str::to_owned);
        (
            format!("Bearer {TOKEN}"),
            format!("Bearer realm=\"{realm}\",service=\"registry\",scope=\"repository:team/shop:pull\""),
        )
    };
    if asked.header("authorization") != wanted {
        return no(401, "UNAUTHORIZED").with("WWW-Authenticate", &challenge);
    }
    let Some(version) = asked.route().strip_prefix("/v2/team/shop/manifests/") else { return no(404, "NAME_UNKNOWN") };
    // A registry converts an index for somebody who does not say that he takes one, or says that there is none.
    let is_known = registry.tags.contains(&version) || version == digest();
    if !asked.header("accept").contains("application/vnd.oci.image.index.v1+json") || !is_known {
        return no(404, "MANIFEST_UNKNOWN");
    }
    let mut said = Said::text(200, MANIFEST).with("Content-Type", "application/vnd.oci.image.index.v1+json");
    if registry.tells {
        said = said.with("Docker-Content-Digest", &digest());
    }
    said
}

fn digest() -> String {
    let hash = ring::digest::digest(&ring::digest::SHA256, MANIFEST.as_bytes());
    hash.as_ref().iter().fold("sha256:".to_owned(), |text, byte| format!("{text}{byte:02x}"))
}

#[tokio::test]
async fn an_image_that_is_there_is_told_by_its_digest() {
    let site = site();
    let answer = ask(&*site.check()).await;
    assert_eq!(answer.verdict, Verdict::Pass, "{}", answer.words);
    assert_eq!(answer.value.as_deref(), Some(digest().as_str()));
    assert_eq!(line(&answer, "manifest"), "application/vnd.oci.image.index.v1+json");
    site.edit(|registry| registry.tells = false);
    assert_eq!(ask(&*site.check()).await.value, Some(digest()), "it is hashed where the registry does not tell");
    assert!(site.told(&format!("digest = \"{}\"", digest())).await.0 == Verdict::Pass);
    let other = format!("sha256:{}", "0".repeat(64));
    let (verdict, words) = site.told(&format!("digest = \"{other}\"")).await;
    assert_eq!(verdict, Verdict::Fail);
    assert!(words.ends_with(&format!("is {}, not {other}", digest())), "{words}");
}

#[tokio::test]
async fn a_tag_that_was_moved_is_not_the_image_of_the_beginning() {
    let site = site();
    let mut asking = asking();
    asking.earlier = Some(digest());
    assert_eq!(site.check().ask(&asking).await.verdict, Verdict::Pass);
    asking.earlier = Some(format!("sha256:{}", "0".repeat(64)));
    let answer = site.check().ask(&asking).await;
    assert_eq!(answer.verdict, Verdict::Fail);
    assert!(answer.words.contains("it was sha256:000"), "{}", answer.words);
}

#[tokio::test]
async fn by_its_digest_it_is_the_image_that_was_resolved_whatever_the_tag_points_to() {
    let site = site();
    site.edit(|registry| registry.tags.clear());
    let check = check("image", &site.keys().replace("shop:{to}", "shop@{digest}"), super::PATIENT);
    let answer = ask(&*check).await;
    assert_eq!(answer.verdict, Verdict::Inconclusive, "it is not resolved yet: {}", answer.words);
    assert!(answer.words.contains("names {digest}, which is not known"), "{}", answer.words);
    let answer = check.ask(&Asking { digest: digest(), ..asking() }).await;
    assert_eq!((answer.verdict, answer.value.clone()), (Verdict::Pass, Some(digest())), "{}", answer.words);
    assert!(line(&answer, "request").ends_with(&format!("/v2/team/shop/manifests/{}", digest())));
    let other = format!("sha256:{}", "0".repeat(64));
    assert_eq!(check.ask(&Asking { digest: other, ..asking() }).await.verdict, Verdict::Fail);
}

#[tokio::test]
async fn no_manifest_and_no_repository_fail() {
    let site = site();
    site.edit(|registry| registry.tags = vec!["2.4.0"]);
    let (verdict, words) = site.told("").await;
    assert_eq!(verdict, Verdict::Fail);
    assert!(words.ends_with("team/shop:2.5.0 is not there: the registry answers MANIFEST_UNKNOWN"), "{words}");
}

#[tokio::test]
async fn a_registry_that_asks_for_a_password_itself_gets_it() {
    let site = site();
    site.edit(|registry| registry.is_basic = true);
    assert_eq!(site.told("").await.0, Verdict::Pass);
    let keys = site.keys();
    let is_kept = |line: &&str| !line.starts_with("user") && !line.starts_with("password");
    let nobody = keys.lines().filter(is_kept).collect::<Vec<_>>().join("\n");
    let answer = ask(&*check("image", &nobody, super::PATIENT)).await;
    assert_eq!(answer.verdict, Verdict::Inconclusive);
    assert!(answer.words.contains("asks for a user and password"), "{}", answer.words);
}

#[tokio::test]
async fn a_password_is_not_sent_unencrypted_to_whom_the_registry_names() {
    let site = site();
    site.edit(|registry| registry.realm = Some("http://tokens.example.net/token"));
    let answer = ask(&*site.check()).await;
    assert_eq!(answer.verdict, Verdict::Inconclusive);
    assert!(
        answer.words.contains("unencrypted to http://tokens.example.net; nothing was sent there"),
        "{}",
        answer.words
    );
}
