//! Security keys, made by hand in the documented form, since no hardware is at hand: OpenSSH accepts them too, which shows
//! that the form was understood.

use flightdeck::signature::{Identity, KeyType, Untrusted};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _};
use sha2::{Digest as _, Sha256};

use super::workshop::{ANNA, ByHand, Key, Workshop, encoded, now, ours, statement, strings, to_sign};

const TOUCHED: u8 = 0x01;
const RECOGNISED: u8 = 0x04;

#[test]
fn both_sorts_are_verified_as_openssh_verifies_them() {
    let workshop = Workshop::new();
    let message = statement(ANNA);
    for (key, key_type) in [(SecurityKey::ed25519(), KeyType::SkEd25519), (SecurityKey::p256(), KeyType::SkEcdsaP256)] {
        let allowed = format!("{ANNA} {}\n", key.line());
        for flags in [TOUCHED, TOUCHED | RECOGNISED] {
            let armored = key.sign(&message, flags, 7);
            let signer = ours(&armored, &message, &allowed, ANNA, now()).unwrap();
            assert_eq!(signer.key_type, key_type);
            assert!(workshop.openssh_accepts(&armored, &message, &allowed, ANNA, now()));
        }
        let other = key.sign(b"other", TOUCHED, 7);
        assert!(matches!(ours(&other, &message, &allowed, ANNA, now()), Err(Untrusted::Forged { .. })));
        assert!(!workshop.openssh_accepts(&other, &message, &allowed, ANNA, now()));
    }
}

#[test]
fn without_a_touch_it_is_refused_here_and_flags_and_counter_are_signed() {
    let workshop = Workshop::new();
    let message = statement(ANNA);
    for key in [SecurityKey::ed25519(), SecurityKey::p256()] {
        let allowed = format!("{ANNA} {}\n", key.line());
        let untouched = key.sign(&message, 0, 7);
        let refused = ours(&untouched, &message, &allowed, ANNA, now());
        assert!(matches!(refused, Err(Untrusted::NoTouch { .. })), "{refused:?}");
        // OpenSSH leaves that to whoever asks it.
        assert!(workshop.openssh_accepts(&untouched, &message, &allowed, ANNA, now()));
        for (offset, name) in [(5, "flags"), (1, "counter")] {
            let mut signature = ByHand::of(&untouched);
            let at = signature.signature.len() - offset;
            signature.signature[at] ^= 1;
            let changed = signature.armored();
            let refused = ours(&changed, &message, &allowed, ANNA, now());
            assert!(matches!(refused, Err(Untrusted::Forged { .. })), "{name}: {refused:?}");
            assert!(!workshop.openssh_accepts(&changed, &message, &allowed, ANNA, now()), "{name}");
        }
    }
}

#[test]
fn a_certificate_may_ask_for_a_pin() {
    let workshop = Workshop::new();
    let message = statement(ANNA);
    let authority = workshop.key("authority", "ed25519");
    let allowed = format!("{ANNA} cert-authority {}\n", authority.line());
    for (name, key) in [("ed", SecurityKey::ed25519()), ("ec", SecurityKey::p256())] {
        let files = Key { path: workshop.path(name) };
        workshop.write(&format!("{name}.pub"), key.line().as_bytes());
        let options = ["-n", ANNA, "-V", "-1d:+1d", "-O", "verify-required"];
        let certificate = workshop.certify(&authority, &files, "anna", &options);
        let blob = blob(&certificate);
        let certified = |flags| {
            let mut signature = ByHand::of(&key.sign(&message, flags, 7));
            signature.key = blob.clone();
            signature.armored()
        };
        let armored = certified(TOUCHED | RECOGNISED);
        ours(&armored, &message, &allowed, ANNA, now()).unwrap();
        assert!(workshop.openssh_accepts(&armored, &message, &allowed, ANNA, now()));
        let refused = ours(&certified(TOUCHED), &message, &allowed, ANNA, now());
        assert!(matches!(refused, Err(Untrusted::NotRecognised { .. })), "{refused:?}");
    }
}

/// A security key without the security.
struct SecurityKey {
    name: &'static str,
    blob: Vec<u8>,
    pair: Pair,
}

enum Pair {
    Ed25519(Ed25519KeyPair),
    P256(EcdsaKeyPair),
}

impl SecurityKey {
    fn ed25519() -> Self {
        let made = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
        let pair = Ed25519KeyPair::from_pkcs8(made.as_ref()).unwrap();
        let name = "sk-ssh-ed25519@openssh.com";
        let blob = strings(&[name.as_bytes(), pair.public_key().as_ref(), b"ssh:"]);
        Self { name, blob, pair: Pair::Ed25519(pair) }
    }

    fn p256() -> Self {
        let random = SystemRandom::new();
        let made = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, made.as_ref(), &random).unwrap();
        let name = "sk-ecdsa-sha2-nistp256@openssh.com";
        let blob = strings(&[name.as_bytes(), b"nistp256", pair.public_key().as_ref(), b"ssh:"]);
        Self { name, blob, pair: Pair::P256(pair) }
    }

    fn line(&self) -> String {
        format!("{} {}", self.name, encoded(&self.blob))
    }

    fn sign(&self, message: &[u8], flags: u8, counter: u32) -> String {
        let mut signed = Sha256::digest(b"ssh:").to_vec();
        signed.push(flags);
        signed.extend(counter.to_be_bytes());
        signed.extend(Sha256::digest(to_sign(message)));
        let raw = match &self.pair {
            Pair::Ed25519(pair) => pair.sign(&signed).as_ref().to_vec(),
            Pair::P256(pair) => {
                let fixed = pair.sign(&SystemRandom::new(), &signed).unwrap();
                let (r, s) = fixed.as_ref().split_at(32);
                strings(&[&number(r), &number(s)])
            }
        };
        let mut signature = strings(&[self.name.as_bytes(), &raw]);
        signature.push(flags);
        signature.extend(counter.to_be_bytes());
        let by_hand = ByHand {
            magic: b"SSHSIG".to_vec(),
            version: 1,
            key: self.blob.clone(),
            namespace: b"flightdeck".to_vec(),
            reserved: Vec::new(),
            hash: b"sha512".to_vec(),
            signature,
        };
        by_hand.armored()
    }
}

/// A positive number in its shortest form.
fn number(bytes: &[u8]) -> Vec<u8> {
    let mut short: Vec<u8> = bytes.iter().copied().skip_while(|byte| *byte == 0).collect();
    if short.first().is_some_and(|first| *first >= 0x80) {
        short.insert(0, 0);
    }
    short
}

fn blob(identity: &Identity) -> Vec<u8> {
    let line = identity.to_string();
    super::workshop::pem(line.split(' ').nth(1).unwrap())
}
