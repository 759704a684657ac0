//! Certificates of OpenSSH: the authority vouches, the list says for whom it may.

use flightdeck::adapter::signer::verify_with_ssh_keygen;
use flightdeck::signature::{AllowedSigners, Untrusted};

use super::workshop::{ANNA, BEN, Workshop, now, openssh, ours, statement};

const DAY: &str = "-1d:+1d";

#[test]
fn every_sort_of_key_under_every_sort_of_authority() {
    let workshop = Workshop::new();
    let message = statement(ANNA);
    let authorities = [
        ("ed25519", None),
        ("ecdsa 256", None),
        ("ecdsa 384", None),
        ("rsa 2048", Some("rsa-sha2-256")),
        ("rsa 3072", Some("rsa-sha2-512")),
    ];
    for (number, (authority, algorithm)) in authorities.into_iter().enumerate() {
        let authority = workshop.key(&format!("authority-{number}"), authority);
        let allowed = format!("*@example.com cert-authority {}\n", authority.line());
        for sort in ["ed25519", "ecdsa 256", "ecdsa 384", "rsa 2048"] {
            let key = workshop.key(&format!("{number}-{}", sort.replace(' ', "-")), sort);
            let mut options = vec!["-n", "anna,anna@example.com", "-V", DAY];
            options.extend(algorithm.into_iter().flat_map(|algorithm| ["-t", algorithm]));
            workshop.certify(&authority, &key, "anna-2026", &options);
            let armored = workshop.sign(&key.certificate_path(), &message, &[]);
            let signer = ours(&armored, &message, &allowed, ANNA, now()).unwrap();
            assert_eq!(signer.certificate.as_deref(), Some("anna-2026"));
            assert_eq!(signer.fingerprint, key.fingerprint());
            assert!(workshop.openssh_accepts(&armored, &message, &allowed, ANNA, now()));
        }
    }
}

#[tokio::test]
async fn p_521_in_either_place_is_left_to_ssh_keygen() {
    let workshop = Workshop::new();
    let message = statement(ANNA);
    for (name, authority, sort) in [("above", "ecdsa 521", "ed25519"), ("below", "ed25519", "ecdsa 521")] {
        let authority = workshop.key(&format!("{name}-authority"), authority);
        let key = workshop.key(name, sort);
        workshop.certify(&authority, &key, name, &["-n", ANNA, "-V", DAY]);
        let allowed = format!("{ANNA} cert-authority {}\n", authority.line());
        let armored = workshop.sign(&key.certificate_path(), &message, &[]);
        let open = ours(&armored, &message, &allowed, ANNA, now());
        assert!(matches!(open, Err(Untrusted::NeedsSshKeygen { .. })), "{open:?}");
        let list = AllowedSigners::parse(&allowed).unwrap();
        let asked = verify_with_ssh_keygen(&openssh(), &armored, &message, &list, ANNA, now()).await.unwrap();
        assert_eq!(asked.certificate.as_deref(), Some(name));
        verify_with_ssh_keygen(&openssh(), &armored, b"x", &list, ANNA, now()).await.unwrap_err();
    }
}

#[test]
fn the_plain_key_of_an_authority_is_not_a_certificate_and_the_other_way_round() {
    let workshop = Workshop::new();
    let message = statement(ANNA);
    let (authority, key) = (workshop.key("authority", "ed25519"), workshop.key("anna", "ed25519"));
    workshop.certify(&authority, &key, "anna", &["-n", ANNA, "-V", DAY]);
    let as_authority = format!("{ANNA} cert-authority {}\n", authority.line());
    let as_key = format!("{ANNA} {}\n", key.line());
    let authority_as_key = format!("{ANNA} {}\n", authority.line());
    let certified = workshop.sign(&key.certificate_path(), &message, &[]);
    let plain = workshop.sign(&key.path, &message, &[]);
    let by_authority = workshop.sign(&authority.path, &message, &[]);
    for (armored, allowed, is_good) in [
        (&certified, &as_authority, true),
        (&certified, &as_key, false),
        (&certified, &authority_as_key, false),
        (&plain, &as_key, true),
        (&plain, &as_authority, false),
        (&by_authority, &as_authority, false),
        (&by_authority, &authority_as_key, true),
    ] {
        assert_eq!(ours(armored, &message, allowed, ANNA, now()).is_ok(), is_good, "{allowed}");
        assert_eq!(workshop.openssh_accepts(armored, &message, allowed, ANNA, now()), is_good, "{allowed}");
    }
}

#[test]
fn a_certificate_is_for_whom_and_when_it_says() {
    let workshop = Workshop::new();
    let (authority, key) = (workshop.key("authority", "ed25519"), workshop.key("anna", "ed25519"));
    let allowed = format!("*@example.com cert-authority {}\n", authority.line());
    let message = statement(ANNA);
    let asked = |more: &[&str], principal: &str| {
        workshop.certify(&authority, &key, "anna-2026", more);
        let armored = workshop.sign(&key.certificate_path(), &message, &[]);
        let ours = ours(&armored, &message, &allowed, principal, now());
        // What OpenSSH refuses is never accepted.
        let theirs = workshop.openssh_accepts(&armored, &message, &allowed, principal, now());
        assert!(theirs || ours.is_err(), "{more:?}");
        ours
    };
    asked(&["-n", ANNA, "-V", DAY], ANNA).unwrap();
    asked(&["-n", ANNA], ANNA).unwrap();
    let refused = asked(&["-n", ANNA, "-V", DAY], BEN);
    assert!(matches!(refused, Err(Untrusted::CertificateForAnother { .. })), "{refused:?}");
    // No pattern in a certificate: it names people.
    let refused = asked(&["-n", "*@example.com", "-V", DAY], ANNA);
    assert!(matches!(refused, Err(Untrusted::CertificateForAnother { .. })), "{refused:?}");
    let refused = asked(&["-V", DAY], ANNA);
    assert!(matches!(refused, Err(Untrusted::CertificateForNobody { .. })), "{refused:?}");
    let refused = asked(&["-h", "-n", ANNA, "-V", DAY], ANNA);
    assert!(matches!(refused, Err(Untrusted::CertificateForHost { .. })), "{refused:?}");
    let refused = asked(&["-n", ANNA, "-V", "-2d:-1d"], ANNA);
    assert!(matches!(refused, Err(Untrusted::CertificateExpired { .. })), "{refused:?}");
    let refused = asked(&["-n", ANNA, "-V", "+1d:+2d"], ANNA);
    assert!(matches!(refused, Err(Untrusted::CertificateNotYetValid { .. })), "{refused:?}");
    let refused = asked(&["-n", ANNA, "-V", DAY, "-O", "force-command=true"], ANNA);
    assert!(matches!(refused, Err(Untrusted::CertificateRestricted { .. })), "{refused:?}");
    let refused = asked(&["-n", ANNA, "-V", DAY, "-O", "critical:new@example.com=1"], ANNA);
    assert!(matches!(refused, Err(Untrusted::CertificateRestricted { .. })), "{refused:?}");
    // A key that cannot tell who touches it cannot keep this promise.
    let refused = asked(&["-n", ANNA, "-V", DAY, "-O", "verify-required"], ANNA);
    assert!(matches!(refused, Err(Untrusted::NotRecognised { .. })), "{refused:?}");
}

#[test]
fn a_certificate_signed_with_sha_1_is_refused() {
    let workshop = Workshop::new();
    let message = statement(ANNA);
    let (authority, key) = (workshop.key("authority", "rsa 2048"), workshop.key("anna", "ed25519"));
    workshop.certify(&authority, &key, "anna", &["-n", ANNA, "-V", DAY, "-t", "ssh-rsa"]);
    let allowed = format!("{ANNA} cert-authority {}\n", authority.line());
    let armored = workshop.sign(&key.certificate_path(), &message, &[]);
    let refused = ours(&armored, &message, &allowed, ANNA, now());
    assert!(matches!(refused, Err(Untrusted::Algorithm { ref name, .. }) if name == "ssh-rsa"), "{refused:?}");
}
