//! One signature of one key over some bytes, in the form that SSH gives it inside of a certificate or an SSHSIG.

use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA512,
    RsaPublicKeyComponents, UnparsedPublicKey,
};
use sha2::{Digest as _, Sha256};

use super::key::{KeyType, Material, PublicKey};
use super::wire::Reader;

/// A security key's flag: somebody touched it.
const TOUCHED: u8 = 0x01;
/// A security key's flag: it knew who, by a PIN or a finger.
const RECOGNISED: u8 = 0x04;

/// What a signature that holds says beyond that.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Proof {
    /// Whether a security key knew who touched it.
    pub(super) is_recognised: bool,
}

/// Why a signature does not hold.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum BadProof {
    /// The form is wrong.
    Malformed,
    /// Not an algorithm that is accepted of such a key.
    Algorithm(String),
    /// A security key signed without being touched.
    NoTouch,
    /// The key did not sign these bytes.
    Wrong,
    /// Only `ssh-keygen` can say.
    Unknown,
}

/// Asks whether `signature` is that of `key` over `message`.
pub(super) fn check(key: &PublicKey, message: &[u8], signature: &[u8]) -> Result<Proof, BadProof> {
    let mut reader = Reader::new(signature);
    let algorithm = reader.text().ok_or(BadProof::Malformed)?;
    let is_accepted = if key.key_type() == KeyType::Rsa {
        matches!(algorithm, "rsa-sha2-256" | "rsa-sha2-512")
    } else {
        algorithm == key.key_type().name()
    };
    if !is_accepted {
        return Err(BadProof::Algorithm(algorithm.to_owned()));
    }
    let raw = reader.string().ok_or(BadProof::Malformed)?;
    let (application, is_security_key) = match &key.material {
        Material::Ed25519 { application, .. } | Material::Ecdsa { application, .. } => {
            (application.as_deref().unwrap_or_default(), application.is_some())
        }
        Material::Rsa { .. } => (&[][..], false),
    };
    if !is_security_key {
        return if reader.is_empty() { holds(key, algorithm, message, raw) } else { Err(BadProof::Malformed) };
    }
    let flags = reader.u8().ok_or(BadProof::Malformed)?;
    let counter = reader.u32().ok_or(BadProof::Malformed)?;
    if !reader.is_empty() {
        return Err(BadProof::Malformed);
    }
    let mut signed = Sha256::digest(application).to_vec();
    signed.push(flags);
    signed.extend_from_slice(&counter.to_be_bytes());
    signed.extend_from_slice(&Sha256::digest(message));
    holds(key, algorithm, &signed, raw)?;
    if flags & TOUCHED == 0 {
        return Err(BadProof::NoTouch);
    }
    Ok(Proof { is_recognised: flags & RECOGNISED != 0 })
}

fn holds(key: &PublicKey, algorithm: &str, message: &[u8], raw: &[u8]) -> Result<Proof, BadProof> {
    let verified = match &key.material {
        Material::Ed25519 { key, .. } => UnparsedPublicKey::new(&ED25519, key).verify(message, raw),
        Material::Ecdsa { point, .. } => {
            let width = point.len() / 2;
            let pair = pair(raw, width).ok_or(BadProof::Malformed)?;
            match key.key_type() {
                KeyType::EcdsaP521 => return Err(BadProof::Unknown),
                KeyType::EcdsaP384 => UnparsedPublicKey::new(&ECDSA_P384_SHA384_FIXED, point).verify(message, &pair),
                KeyType::EcdsaP256 | KeyType::SkEcdsaP256 => {
                    UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).verify(message, &pair)
                }
                KeyType::Ed25519 | KeyType::Rsa | KeyType::SkEd25519 => return Err(BadProof::Malformed),
            }
        }
        Material::Rsa { exponent, modulus } => {
            let algorithm = match algorithm {
                "rsa-sha2-256" => &RSA_PKCS1_2048_8192_SHA256,
                _sha512 => &RSA_PKCS1_2048_8192_SHA512,
            };
            // Leading zero bytes of the number may have been left out.
            let raw = padded(raw, modulus.len()).ok_or(BadProof::Malformed)?;
            RsaPublicKeyComponents { n: modulus, e: exponent }.verify(algorithm, message, &raw)
        }
    };
    verified.map(|()| Proof::default()).map_err(|_unspecified| BadProof::Wrong)
}

/// The two numbers of an ECDSA signature, side by side in full width.
fn pair(raw: &[u8], width: usize) -> Option<Vec<u8>> {
    let mut reader = Reader::new(raw);
    let mut pair = padded(reader.number()?, width)?;
    pair.extend_from_slice(&padded(reader.number()?, width)?);
    reader.is_empty().then_some(pair)
}

fn padded(number: &[u8], width: usize) -> Option<Vec<u8>> {
    let mut padded = vec![0; width.checked_sub(number.len())?];
    padded.extend_from_slice(number);
    Some(padded)
}
