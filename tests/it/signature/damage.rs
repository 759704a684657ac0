//! Damaged and invented bytes: nothing panics, and nothing that was changed verifies.

use std::sync::LazyLock;

use flightdeck::signature::{AllowedSigners, Identity, PublicKey, SshSignature, Statement};
use proptest::prelude::*;

use super::workshop::{ANNA, Workshop, armored, now, ours, statement, unarmored};

/// Good signatures with the list that makes them good.
static GOOD: LazyLock<Vec<(String, String)>> = LazyLock::new(|| {
    let workshop = Workshop::new();
    let authority = workshop.key("authority", "rsa 2048");
    let mut good = Vec::new();
    for sort in ["ed25519", "ecdsa 256", "ecdsa 384", "rsa 2048"] {
        let key = workshop.key(&sort.replace(' ', "-"), sort);
        good.push((workshop.sign(&key.path, &statement(ANNA), &[]), format!("{ANNA} {}", key.line())));
        workshop.certify(&authority, &key, "anna", &["-n", ANNA, "-V", "-1d:+1d"]);
        let vouching = format!("{ANNA} cert-authority {}", authority.line());
        good.push((workshop.sign(&key.certificate_path(), &statement(ANNA), &[]), vouching));
    }
    for (signature, allowed) in &good {
        ours(signature, &statement(ANNA), allowed, ANNA, now()).unwrap();
    }
    good
});

proptest! {
    #[test]
    fn a_changed_byte_of_the_text_never_verifies(which in 0_usize..8, at in any::<usize>(), flip in 1_u8..) {
        let (signature, allowed) = &GOOD[which];
        let mut message = statement(ANNA);
        let at = at % message.len();
        message[at] ^= flip;
        prop_assert!(ours(signature, &message, allowed, ANNA, now()).is_err());
    }

    #[test]
    fn a_changed_byte_of_the_signature_never_verifies(which in 0_usize..8, at in any::<usize>(), flip in 1_u8..) {
        let (signature, allowed) = &GOOD[which];
        let mut blob = unarmored(signature);
        let at = at % blob.len();
        blob[at] ^= flip;
        prop_assert!(ours(&armored(&blob), &statement(ANNA), allowed, ANNA, now()).is_err());
    }

    #[test]
    fn a_changed_letter_of_the_armour_never_verifies(which in 0_usize..8, at in any::<usize>(), flip in 1_u8..128) {
        let (signature, allowed) = &GOOD[which];
        let mut text = signature.clone().into_bytes();
        let at = at % text.len();
        text[at] ^= flip;
        let text = String::from_utf8(text).unwrap();
        prop_assert!(ours(&text, &statement(ANNA), allowed, ANNA, now()).is_err());
    }

    #[test]
    fn a_signature_that_was_cut_or_went_on_never_verifies(
        which in 0_usize..8, keep in any::<usize>(), more in proptest::collection::vec(any::<u8>(), 1..20),
    ) {
        let (signature, allowed) = &GOOD[which];
        let blob = unarmored(signature);
        let cut = armored(&blob[..keep % blob.len()]);
        prop_assert!(ours(&cut, &statement(ANNA), allowed, ANNA, now()).is_err());
        let longer = armored(&[blob, more].concat());
        prop_assert!(ours(&longer, &statement(ANNA), allowed, ANNA, now()).is_err());
    }

    #[test]
    fn no_bytes_make_a_parser_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        drop(Statement::parse(&bytes));
        drop(AllowedSigners::parse(&text));
        drop(SshSignature::parse_armored(&text));
        drop(SshSignature::parse_armored(&armored(&bytes)));
        drop(SshSignature::parse_armored(&armored(&[b"SSHSIG\0\0\0\x01", bytes.as_slice()].concat())));
        drop(Identity::from_blob(&bytes));
        drop(Identity::from_line(&text));
        drop(PublicKey::from_blob(&bytes));
    }

    #[test]
    fn no_damaged_key_makes_a_parser_panic(
        which in 0_usize..8, at in any::<usize>(), bytes in proptest::collection::vec(any::<u8>(), 0..12),
    ) {
        // The key is the first field after the magic bytes and the version.
        let blob = unarmored(&GOOD[which].0);
        let length = u32::from_be_bytes(blob[10..14].try_into().unwrap()) as usize;
        let mut key = blob[14..14 + length].to_vec();
        let at = at % key.len();
        let end = (at + bytes.len()).min(key.len());
        key.splice(at..end, bytes);
        drop(Identity::from_blob(&key));
    }

    #[test]
    fn no_line_makes_the_list_panic(line in "[a-z!*,\"\\\\ =]{0,20} ?(cert-authority,?|valid-after=\"[0-9Z]{0,15}\",?|namespaces=|[\"é\\\\,= ])*") {
        drop(AllowedSigners::parse(&line));
    }
}
