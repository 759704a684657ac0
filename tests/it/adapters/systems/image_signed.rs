//! Signatures of images: a program that ends as cosign does.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::time::{Duration, Instant};

use flightdeck::domain::check::{Answer, Asking, Verdict};

use super::{PATIENT, ask, asking, check, line};

const SIGNED: &str = r#"[{"critical":{"identity":{"docker-reference":"registry.example.net/shop"},"image":{"docker-manifest-digest":"sha256:4a9c1f0e5b7d2c3a"},"type":"cosign container image signature"},"optional":{"Subject":"https://github.com/acme/shop/.github/workflows/release.yml@refs/tags/v2.5.0","Issuer":"https://token.actions.githubusercontent.com"}}]"#;

/// A stand-in for cosign: wants the arguments that cosign wants, and then does this.
fn program(then: &str) -> (tempfile::TempDir, String) {
    program_for("registry.example.net/shop:2.5.0", then)
}

fn program_for(image: &str, then: &str) -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cosign");
    let script = format!(
        "#!/bin/sh\n\
         [ \"$1\" = verify ] || {{ echo \"unknown command $1\" >&2; exit 1; }}\n\
         case \"$*\" in *--key*|*--certificate-identity*--certificate-oidc-issuer*) ;; *)\n\
         echo 'Error: --certificate-identity or --certificate-identity-regexp is required for verification in keyless mode' >&2; exit 1;; esac\n\
         for last; do :; done\n\
         [ \"$last\" = {image} ] || {{ echo \"no such image $last\" >&2; exit 1; }}\n{then}\n"
    );
    fs::write(&path, script).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    (folder, path.display().to_string())
}

fn keys(program: &str, by: &str) -> String {
    format!("image = \"registry.example.net/shop:{{to}}\"\nprogram = \"{program}\"\n{by}")
}

const KEY: &str = "key = \"/etc/flightdeck/release.pub\"";

async fn told(then: &str) -> Answer {
    let (_folder, path) = program(then);
    ask(&*check("image-signed", &keys(&path, KEY), PATIENT)).await
}

#[tokio::test]
async fn a_signature_that_holds_is_a_pass_with_who_signed() {
    let (_folder, path) =
        program(&format!("echo '{SIGNED}'; echo 'Verification for registry.example.net/shop:2.5.0 --' >&2"));
    let by = "identity_pattern = \"^https://github.com/acme/shop/\"\nissuer = \"https://token.actions.githubusercontent.com\"";
    let answer = ask(&*check("image-signed", &keys(&path, by), PATIENT)).await;
    assert_eq!(answer.verdict, Verdict::Pass, "{}", answer.words);
    assert_eq!(answer.value.as_deref(), Some("sha256:4a9c1f0e5b7d2c3a"));
    assert!(line(&answer, "signed by").contains("release.yml@refs/tags/v2.5.0"), "{:?}", answer.evidence);
    let request = line(&answer, "request");
    assert!(request.contains("--certificate-identity-regexp ^https://github.com/acme/shop/"), "{request}");
    assert!(request.ends_with(" registry.example.net/shop:2.5.0"), "{request}");
}

#[tokio::test]
async fn the_signature_is_asked_for_on_the_digest_that_was_resolved() {
    let digest = format!("sha256:{}", "4a".repeat(32));
    let image = format!("registry.example.net/shop@{digest}");
    let (_folder, path) = program_for(&image, &format!("echo '{SIGNED}'"));
    let check = check("image-signed", &keys(&path, KEY).replace(":{to}", "@{digest}"), PATIENT);
    let answer = ask(&*check).await;
    assert_eq!(answer.verdict, Verdict::Inconclusive, "it is not resolved yet: {}", answer.words);
    let answer = check.ask(&Asking { digest, ..asking() }).await;
    assert_eq!(answer.verdict, Verdict::Pass, "{}", answer.words);
    assert!(line(&answer, "request").ends_with(&image), "{:?}", answer.evidence);
}

#[tokio::test]
async fn no_signature_and_nobody_s_that_was_expected_fail() {
    for (then, words) in [
        ("echo 'Error: no signatures found' >&2; exit 10", "has no signature"),
        (
            "echo 'Error: no matching signatures: invalid signature' >&2; exit 12",
            "is signed, and by nobody who was expected",
        ),
        ("echo 'Error: image tag not found: MANIFEST_UNKNOWN' >&2; exit 11", "is not in its registry"),
        ("echo 'error: no signatures found for image' >&2; exit 1", "has no signature"),
    ] {
        let answer = told(then).await;
        assert_eq!((answer.verdict, answer.words), (Verdict::Fail, format!("registry.example.net/shop:2.5.0 {words}")));
    }
}

#[tokio::test]
async fn trouble_with_the_registry_says_nothing_about_the_image() {
    for said in [
        "Error: Get \"https://registry.example.net/v2/\": dial tcp 10.0.0.1:443: connect: connection refused",
        "Error: GET https://registry.example.net/v2/shop/manifests/2.5.0: UNAUTHORIZED: authentication required",
        "Error: no matching signatures: Get \"https://rekor.sigstore.dev/api/v1\": context deadline exceeded",
        "Error: loading public key: open /etc/flightdeck/release.pub: no such file or directory",
    ] {
        for code in [1, 12] {
            if code == 12 && said.contains("public key") {
                continue;
            }
            let answer = told(&format!("echo '{said}' >&2; exit {code}")).await;
            assert_eq!(answer.verdict, Verdict::Inconclusive, "{said}: {}", answer.words);
            assert!(answer.words.contains("that says nothing about the image"), "{}", answer.words);
        }
    }
}

#[tokio::test]
async fn a_yes_without_a_signature_is_none() {
    for out in ["", "[]", "ok"] {
        assert_eq!(told(&format!("echo '{out}'")).await.verdict, Verdict::Inconclusive, "{out}");
    }
}

#[tokio::test]
async fn no_such_program_proves_nothing_and_says_what_to_do() {
    let answer = ask(&*check("image-signed", &keys("/nowhere/cosign", KEY), PATIENT)).await;
    assert_eq!(answer.verdict, Verdict::Inconclusive);
    assert_eq!(
        answer.words,
        "there is no program `/nowhere/cosign` here; install cosign, or name where it is as `program`"
    );
}

#[tokio::test]
async fn a_program_that_hangs_is_killed_in_time() {
    let (folder, path) = program("echo $$ > \"$(dirname \"$0\")/pid\"; exec sleep 1000");
    let begun = Instant::now();
    let answer = ask(&*check("image-signed", &keys(&path, KEY), Duration::from_millis(700))).await;
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
    assert_eq!(answer.verdict, Verdict::Inconclusive, "{}", answer.words);
    let pid = fs::read_to_string(folder.path().join("pid")).unwrap();
    let ended = Instant::now();
    while fs::read_to_string(format!("/proc/{}/stat", pid.trim())).is_ok_and(|stat| !stat.contains(") Z ")) {
        assert!(ended.elapsed() < PATIENT, "it runs on");
        tokio::task::yield_now().await;
    }
}
