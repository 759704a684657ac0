//! What OpenSSH signs is verified here.

use flightdeck::adapter::signer::{NotVerified, verify_with_ssh_keygen};
use flightdeck::signature::{AllowedSigners, KeyType, Untrusted};
use ring::signature::{RSA_PKCS1_SHA256, RSA_PKCS1_SHA512, RsaKeyPair};

use super::workshop::{ANNA, ByHand, Workshop, now, openssh, ours, pem, statement, strings, to_sign};

#[test]
fn every_sort_of_key_and_both_hashes() {
    let workshop = Workshop::new();
    let message = statement(ANNA);
    for (sort, key_type) in [
        ("ed25519", KeyType::Ed25519),
        ("rsa 2048", KeyType::Rsa),
        ("rsa 3072", KeyType::Rsa),
        ("ecdsa 256", KeyType::EcdsaP256),
        ("ecdsa 384", KeyType::EcdsaP384),
    ] {
        let key = workshop.key(&sort.replace(' ', "-"), sort);
        let allowed = format!("{ANNA} {}\n", key.line());
        for hash in ["hashalg=sha512", "hashalg=sha256"] {
            let armored = workshop.sign(&key.path, &message, &["-O", hash]);
            let signer = ours(&armored, &message, &allowed, ANNA, now()).unwrap();
            assert_eq!((signer.principal.as_str(), signer.key_type), (ANNA, key_type));
            assert_eq!(signer.fingerprint, key.fingerprint());
        }
    }
}

#[test]
fn a_fingerprint_is_the_one_that_ssh_keygen_prints() {
    let workshop = Workshop::new();
    for sort in ["ed25519", "rsa 2048", "ecdsa 521"] {
        let key = workshop.key(&sort.replace(' ', "-"), sort);
        let output = std::process::Command::new("ssh-keygen").arg("-lf").arg(key.public_path()).output().unwrap();
        let printed = String::from_utf8(output.stdout).unwrap();
        assert_eq!(printed.split(' ').nth(1), Some(key.fingerprint().as_str()));
    }
}

#[tokio::test]
async fn p_521_is_left_to_ssh_keygen() {
    let workshop = Workshop::new();
    let message = statement(ANNA);
    let key = workshop.key("anna", "ecdsa 521");
    let allowed = format!("{ANNA} {}\n", key.line());
    let armored = workshop.sign(&key.path, &message, &[]);
    let needed = ours(&armored, &message, &allowed, ANNA, now());
    let Err(Untrusted::NeedsSshKeygen { signer }) = needed else { panic!("{needed:?}") };
    let tools = openssh();
    let list = AllowedSigners::parse(&allowed).unwrap();
    let verified = verify_with_ssh_keygen(&tools, &armored, &message, &list, ANNA, now()).await;
    assert_eq!(verified, Ok(signer));
    let other = verify_with_ssh_keygen(&tools, &armored, b"other", &list, ANNA, now()).await;
    assert_eq!(other, Err(NotVerified::Untrusted(Untrusted::Forged { fingerprint: key.fingerprint() })));
    // A principal that is not listed is refused before ssh-keygen is asked.
    let nobody = verify_with_ssh_keygen(&tools, &armored, &message, &list, "eve@example.com", now()).await;
    assert!(matches!(nobody, Err(NotVerified::Untrusted(Untrusted::ListedForAnother { .. }))), "{nobody:?}");
    let without = flightdeck::adapter::signer::Tools { keygen: workshop.path("nowhere"), ..tools };
    let unasked = verify_with_ssh_keygen(&without, &armored, &message, &list, ANNA, now()).await;
    assert!(matches!(unasked, Err(NotVerified::Trouble(_))), "{unasked:?}");
}

#[test]
fn rsa_with_sha_256_is_good_and_with_sha_1_is_not() {
    let workshop = Workshop::new();
    let message = statement(ANNA);
    let key = workshop.key("anna", "rsa 2048");
    let allowed = format!("{ANNA} {}\n", key.line());
    let mut signature = ByHand::of(&workshop.sign(&key.path, &message, &[]));
    // OpenSSH signs with SHA-512 whatever it is asked, so the other one is made from the same key by hand.
    let mut convert = std::process::Command::new("ssh-keygen");
    convert.args(["-q", "-p", "-m", "PKCS8", "-P", "", "-N", "", "-f"]).arg(&key.path);
    assert!(convert.status().unwrap().success());
    let pair = RsaKeyPair::from_pkcs8(&pem(&std::fs::read_to_string(&key.path).unwrap())).unwrap();
    for (name, padding, is_good) in [
        ("rsa-sha2-256", &RSA_PKCS1_SHA256, true),
        ("rsa-sha2-512", &RSA_PKCS1_SHA512, true),
        ("rsa-sha2-512", &RSA_PKCS1_SHA256, false),
    ] {
        let mut raw = vec![0; pair.public().modulus_len()];
        let random = ring::rand::SystemRandom::new();
        pair.sign(padding, &random, &to_sign(&message), &mut raw).unwrap();
        signature.signature = strings(&[name.as_bytes(), &raw]);
        let armored = signature.armored();
        assert_eq!(ours(&armored, &message, &allowed, ANNA, now()).is_ok(), is_good, "{name}");
        assert_eq!(workshop.openssh_accepts(&armored, &message, &allowed, ANNA, now()), is_good, "{name}");
        signature.signature = strings(&[b"ssh-rsa", &raw]);
        let refused = ours(&signature.armored(), &message, &allowed, ANNA, now());
        assert!(matches!(refused, Err(Untrusted::Algorithm { .. })), "{refused:?}");
    }
}

#[test]
fn an_rsa_key_under_2048_bits_is_refused_in_the_list_and_in_a_signature() {
    let workshop = Workshop::new();
    let message = statement(ANNA);
    let path = workshop.path("small");
    let mut make = std::process::Command::new("ssh-keygen");
    make.args(["-q", "-t", "rsa", "-b", "1024", "-N", "", "-f"]).arg(&path);
    assert!(make.status().unwrap().success());
    let line = std::fs::read_to_string(workshop.path("small.pub")).unwrap();
    let listed = AllowedSigners::parse(&format!("{ANNA} {line}"));
    insta::assert_snapshot!(listed.unwrap_err(), @"line 1: an RSA key of 1024 bits is refused; use one of 2048 bits or more, or an Ed25519 key");
    let armored = workshop.sign(&path, &message, &[]);
    insta::assert_snapshot!(
        ours(&armored, &message, "", ANNA, now()).unwrap_err(),
        @"the signature names a key that may not sign: an RSA key of 1024 bits is refused; use one of 2048 bits or more, or an Ed25519 key"
    );
}
