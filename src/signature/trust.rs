//! Whose signature it is.

use super::NAMESPACE;
use super::allowed::{AllowedSigners, Entry};
use super::armour::SshSignature;
use super::certificate::{Certificate, Identity};
use super::key::{KeyType, PublicKey};
use super::proof::{self, BadProof};
use super::untrusted::Untrusted;
use crate::domain::Timestamp;

/// The one critical option that a signature can honour.
const VERIFY_REQUIRED: &str = "verify-required";

/// Who signed, and with what.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Signer {
    /// Whom the list has the key for.
    pub principal: String,
    /// The key, without its certificate: two people are two of these.
    pub fingerprint: String,
    /// What sort of key it is.
    pub key_type: KeyType,
    /// The name of the certificate, where one vouches for the key.
    pub certificate: Option<String>,
}

/// Asks whether `signature` over `message` is that of `principal` at that time.
///
/// # Errors
/// Why not. [`Untrusted::NeedsSshKeygen`] when nothing speaks against it and only the arithmetic is left to be done.
pub fn verify(
    signature: &SshSignature,
    message: &[u8],
    allowed: &AllowedSigners,
    principal: &str,
    at: Timestamp,
) -> Result<Signer, Untrusted> {
    if signature.namespace() != NAMESPACE {
        return Err(Untrusted::OtherNamespace { found: signature.namespace().to_owned() });
    }
    let mut is_open = false;
    let identity = signature.identity();
    let key = identity.key();
    if let Some(certificate) = identity.certificate() {
        match certificate.proof() {
            Ok(_proof) => {}
            Err(BadProof::Unknown) => is_open = true,
            Err(BadProof::Algorithm(name)) => return Err(refused(name, certificate.authority())),
            Err(BadProof::NoTouch) => {
                return Err(Untrusted::NoTouch { fingerprint: certificate.authority().fingerprint() });
            }
            Err(BadProof::Malformed | BadProof::Wrong) => {
                let authority = certificate.authority().fingerprint();
                return Err(Untrusted::CertificateForged { id: certificate.id().to_owned(), authority });
            }
        }
    }
    match proof::check(key, &signature.signed(message), signature.raw()) {
        Ok(proof) => {
            let certificate = identity.certificate().filter(|_| !proof.is_recognised);
            if let Some(certificate) =
                certificate.filter(|asks| asks.critical.iter().any(|name| name == VERIFY_REQUIRED))
            {
                return Err(Untrusted::NotRecognised { id: certificate.id().to_owned() });
            }
        }
        Err(BadProof::Unknown) => is_open = true,
        Err(BadProof::Malformed) => {
            return Err(Untrusted::NotASignature { why: "the part that the key made does not have its form" });
        }
        Err(BadProof::Algorithm(name)) => return Err(refused(name, key)),
        Err(BadProof::NoTouch) => return Err(Untrusted::NoTouch { fingerprint: key.fingerprint() }),
        Err(BadProof::Wrong) => return Err(Untrusted::Forged { fingerprint: key.fingerprint() }),
    }
    let signer = authorise(identity, allowed, principal, at)?;
    if is_open { Err(Untrusted::NeedsSshKeygen { signer }) } else { Ok(signer) }
}

/// Asks whether the list lets a key sign for `principal` at that time. Says nothing about any signature, nor about whether
/// the authority of a certificate really signed it.
///
/// # Errors
/// Why not.
pub fn authorise(
    identity: &Identity,
    allowed: &AllowedSigners,
    principal: &str,
    at: Timestamp,
) -> Result<Signer, Untrusted> {
    let certificate = identity.certificate();
    let vouching = certificate.map_or(identity.key(), Certificate::authority);
    let mut objection = None;
    for entry in allowed.entries() {
        if entry.is_authority != certificate.is_some() || entry.key != *vouching {
            continue;
        }
        let is_theirs = entry.principals.matches(principal);
        match object(entry, certificate, principal, at) {
            None => {
                return Ok(Signer {
                    principal: principal.to_owned(),
                    fingerprint: identity.key().fingerprint(),
                    key_type: identity.key().key_type(),
                    certificate: certificate.map(|certificate| certificate.id().to_owned()),
                });
            }
            // What stands against a line of their own says more than that a line is another's.
            Some(found) if objection.as_ref().is_none_or(|(_, was_theirs)| is_theirs && !was_theirs) => {
                objection = Some((found, is_theirs));
            }
            Some(_later) => {}
        }
    }
    Err(objection.map_or_else(|| not_listed(identity, principal), |(found, _)| found))
}

fn not_listed(identity: &Identity, principal: &str) -> Untrusted {
    match identity.certificate() {
        Some(certificate) => Untrusted::AuthorityNotListed {
            id: certificate.id().to_owned(),
            authority: certificate.authority().fingerprint(),
        },
        None => Untrusted::NotListed { principal: principal.to_owned(), fingerprint: identity.key().fingerprint() },
    }
}

/// What stands against a line that lists the key.
fn object(entry: &Entry, certificate: Option<&Certificate>, principal: &str, at: Timestamp) -> Option<Untrusted> {
    let (line, fingerprint) = (entry.line, entry.key.fingerprint());
    if !entry.principals.matches(principal) {
        let principal = principal.to_owned();
        return Some(match certificate {
            None => Untrusted::ListedForAnother { principal, fingerprint, line },
            Some(certificate) => Untrusted::AuthorityForOthers {
                principal,
                id: certificate.id().to_owned(),
                authority: fingerprint,
                line,
            },
        });
    }
    if entry.namespaces.as_ref().is_some_and(|namespaces| !namespaces.matches(NAMESPACE)) {
        return Some(Untrusted::OtherUse { fingerprint, line });
    }
    if let Some(from) = entry.valid_after.filter(|from| second(at) < second(*from)) {
        return Some(Untrusted::NotYetValid { fingerprint, line, from, at });
    }
    if let Some(until) = entry.valid_before.filter(|until| second(at) > second(*until)) {
        return Some(Untrusted::Expired { fingerprint, line, until, at });
    }
    certificate.and_then(|certificate| object_to(certificate, principal, at))
}

/// What stands against a certificate.
fn object_to(certificate: &Certificate, principal: &str, at: Timestamp) -> Option<Untrusted> {
    let id = certificate.id().to_owned();
    if !certificate.is_for_users {
        return Some(Untrusted::CertificateForHost { id });
    }
    if certificate.principals().is_empty() {
        return Some(Untrusted::CertificateForNobody { principal: principal.to_owned(), id });
    }
    if !certificate.principals().iter().any(|named| named == principal) {
        let named = certificate.principals().iter().map(|named| format!("`{named}`")).collect::<Vec<_>>().join(", ");
        return Some(Untrusted::CertificateForAnother { principal: principal.to_owned(), id, named });
    }
    let now = u64::try_from(second(at)).unwrap_or(0);
    if now < certificate.valid_after {
        return Some(Untrusted::CertificateNotYetValid { id, from: moment(certificate.valid_after), at });
    }
    if now >= certificate.valid_before {
        return Some(Untrusted::CertificateExpired { id, until: moment(certificate.valid_before), at });
    }
    let option = certificate.critical.iter().find(|name| *name != VERIFY_REQUIRED)?;
    Some(Untrusted::CertificateRestricted { id, option: option.clone() })
}

fn refused(name: String, key: &PublicKey) -> Untrusted {
    let is_rsa = key.key_type() == KeyType::Rsa;
    let accepted = if is_rsa { "rsa-sha2-512 or rsa-sha2-256" } else { key.key_type().name() };
    Untrusted::Algorithm { name, accepted }
}

/// OpenSSH counts in whole seconds.
fn second(at: Timestamp) -> i64 {
    at.0.div_euclid(1000)
}

fn moment(seconds: u64) -> Timestamp {
    Timestamp(i64::try_from(seconds).unwrap_or(i64::MAX).saturating_mul(1000))
}
