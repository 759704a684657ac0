//! Every reason for which a signature is refused, with its message.

use flightdeck::domain::Timestamp;
use flightdeck::signature::{SshSignature, Untrusted};

use super::workshop::{ANNA, BEN, ByHand, Key, Workshop, armored, encoded, ours, put, statement, unarmored};

/// 2026-11-21T14:02:11Z.
const AT: Timestamp = Timestamp(1_795_269_731_000);

#[test]
fn every_refusal_has_its_message() {
    let workshop = Workshop::new();
    let anna = workshop.key("anna", "ed25519");
    let ben = workshop.key("ben", "ed25519");
    let authority = workshop.key("authority", "ed25519");
    let p521 = workshop.key("p521", "ecdsa 521");
    let rsa = workshop.key("rsa", "rsa 2048");
    let message = statement(ANNA);
    let mut table = Table { message: message.clone(), said: String::new() };

    let good = workshop.sign(&anna.path, &message, &[]);
    let listed = format!("{ANNA} {}", anna.line());
    ours(&good, &message, &listed, ANNA, AT).unwrap();

    table.refuse("not a signature", "hello", &listed);
    table.refuse("cut short", good.trim_end().strip_suffix("-----END SSH SIGNATURE-----").unwrap(), &listed);
    table.refuse("not base64", &good.replace("U1NIU0lH", "U1NI!0lH"), &listed);
    table.refuse("something else in the armour", &armored(b"PGPSIG"), &listed);
    let by_hand = |change: &dyn Fn(&mut ByHand)| {
        let mut signature = ByHand::of(&good);
        change(&mut signature);
        signature.armored()
    };
    table.refuse("another version", &by_hand(&|signature| signature.version = 2), &listed);
    table.refuse("a reserved field", &by_hand(&|signature| signature.reserved = b"x".to_vec()), &listed);
    table.refuse("no namespace", &by_hand(&|signature| signature.namespace.clear()), &listed);
    table.refuse("another hash", &by_hand(&|signature| signature.hash = b"sha1".to_vec()), &listed);
    table.refuse("bytes after its end", &armored(&[unarmored(&good), vec![0]].concat()), &listed);
    table.refuse("fields missing", &armored(&unarmored(&good)[..40]), &listed);
    table.refuse("half a key", &by_hand(&|signature| signature.key.truncate(40)), &listed);
    table.refuse("a DSA key", &by_hand(&|signature| signature.key = dsa()), &listed);
    table.refuse("its inner part", &by_hand(&|signature| signature.signature.truncate(3)), &listed);
    let mut sha1 = ByHand::of(&workshop.sign(&rsa.path, &message, &[]));
    sha1.signature = super::workshop::strings(&[b"ssh-rsa", &[1; 256]]);
    table.refuse("RSA with SHA-1", &sha1.armored(), &format!("{ANNA} {}", rsa.line()));

    table.refuse("made for a file", &workshop.sign_for("file", &anna.path, &message, &[]), &listed);
    table.refuse("forged: another text", &workshop.sign(&anna.path, b"another text", &[]), &listed);
    let swapped = by_hand(&|signature| signature.key = key_of(&ben));
    table.refuse("forged: another's key", &swapped, &format!("{ANNA} {}", ben.line()));
    table.refuse("nobody is listed", &good, "");
    table.refuse("listed for another", &good, &format!("{BEN} {}", anna.line()));
    table.refuse("listed for git", &good, &format!("{ANNA} namespaces=\"git\" {}", anna.line()));
    table.refuse("not valid yet", &good, &format!("{ANNA} valid-after=\"20270101Z\" {}", anna.line()));
    table.refuse("revoked by valid-before", &good, &format!("{ANNA} valid-before=\"20261101Z\" {}", anna.line()));
    table.refuse("P-521", &workshop.sign(&p521.path, &message, &[]), &format!("{ANNA} {}", p521.line()));

    let vouching = format!("{ANNA} cert-authority {}", authority.line());
    let certified = |more: &[&str]| {
        workshop.certify(&authority, &anna, "anna-2026", more);
        workshop.sign(&anna.certificate_path(), &message, &[])
    };
    let certificate = certified(&["-n", ANNA]);
    ours(&certificate, &message, &vouching, ANNA, AT).unwrap();
    table.refuse("authority not listed", &certificate, &listed);
    table.refuse("authority for others", &certificate, &format!("{BEN} cert-authority {}", authority.line()));
    let mut forged = ByHand::of(&certificate);
    let at = forged.key.windows(4).position(|window| window == b"2026").unwrap();
    forged.key[at + 3] = b'7';
    table.refuse("certificate forged", &forged.armored(), &vouching);
    table.refuse("certificate of another", &certified(&["-n", "ben,ops"]), &vouching);
    table.refuse("certificate of nobody", &certified(&[]), &vouching);
    table.refuse("certificate of a host", &certified(&["-h", "-n", ANNA]), &vouching);
    let later = certified(&["-n", ANNA, "-V", "20270101:20270201"]);
    table.refuse("certificate of next year", &later, &vouching);
    let earlier = certified(&["-n", ANNA, "-V", "20250101:20250201"]);
    table.refuse("certificate of last year", &earlier, &vouching);
    table.refuse("certificate with a forced command", &certified(&["-n", ANNA, "-O", "force-command=x"]), &vouching);
    table.refuse("certificate asks for a PIN", &certified(&["-n", ANNA, "-O", "verify-required"]), &vouching);

    for (name, key) in [("ANNA", &anna), ("BEN", &ben), ("AUTHORITY", &authority), ("P521", &p521)] {
        table.said = table.said.replace(&key.fingerprint(), &format!("SHA256:{name}"));
    }
    insta::assert_snapshot!(table.said);
}

#[test]
fn windows_line_ends_are_read_and_other_frames_are_not() {
    let workshop = Workshop::new();
    let good = workshop.sign(&workshop.key("anna", "ed25519").path, b"text", &[]);
    for read in [good.clone(), good.trim_end().to_owned(), good.replace('\n', "\r\n")] {
        SshSignature::parse_armored(&read).unwrap();
    }
    for refused in [
        format!("\n{good}"),
        format!("{good}\n"),
        format!("{good}x"),
        good.replacen('\n', "", 1),
        good.replacen('\n', " \n", 1),
        good.replacen('\n', "\r", 2),
        good.replace("\n-----END", "-----END"),
    ] {
        let said = SshSignature::parse_armored(&refused);
        assert!(matches!(said, Err(Untrusted::NotASignature { .. })), "{refused}");
    }
}

struct Table {
    message: Vec<u8>,
    said: String,
}

impl Table {
    fn refuse(&mut self, case: &str, armored: &str, allowed: &str) {
        let refused = ours(armored, &self.message, allowed, ANNA, AT).expect_err(case);
        self.said.extend([case, "\n  ", refused.to_string().as_str(), "\n"]);
    }
}

fn key_of(key: &Key) -> Vec<u8> {
    key.identity().key().blob().to_vec()
}

/// What a key of a sort begins with that nobody should use any more.
fn dsa() -> Vec<u8> {
    let mut blob = Vec::new();
    put(&mut blob, b"ssh-dss");
    assert!(encoded(&blob).starts_with("AAAAB3NzaC1kc3"));
    blob
}
