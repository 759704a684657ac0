//! Public keys of SSH: their types, their binary form and their fingerprint.

use std::fmt;

use sha2::{Digest as _, Sha256};

use super::base64;
use super::wire::{Reader, put_string};

/// RSA keys of fewer bits are refused, and those of more cannot be checked here.
pub(super) const RSA_BITS: std::ops::RangeInclusive<usize> = 2048..=8192;

/// The sorts of keys that may sign.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum KeyType {
    /// Ed25519.
    Ed25519,
    /// ECDSA on the curve P-256.
    EcdsaP256,
    /// ECDSA on the curve P-384.
    EcdsaP384,
    /// ECDSA on the curve P-521; its signatures are checked by `ssh-keygen`.
    EcdsaP521,
    /// RSA of 2048 bits and more.
    Rsa,
    /// Ed25519 on a security key.
    SkEd25519,
    /// ECDSA on the curve P-256 on a security key.
    SkEcdsaP256,
}

impl KeyType {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Ed25519,
        Self::EcdsaP256,
        Self::EcdsaP384,
        Self::EcdsaP521,
        Self::Rsa,
        Self::SkEd25519,
        Self::SkEcdsaP256,
    ];

    /// The name in SSH's own files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ed25519 => "ssh-ed25519",
            Self::EcdsaP256 => "ecdsa-sha2-nistp256",
            Self::EcdsaP384 => "ecdsa-sha2-nistp384",
            Self::EcdsaP521 => "ecdsa-sha2-nistp521",
            Self::Rsa => "ssh-rsa",
            Self::SkEd25519 => "sk-ssh-ed25519@openssh.com",
            Self::SkEcdsaP256 => "sk-ecdsa-sha2-nistp256@openssh.com",
        }
    }

    /// The name of a certificate over such a key.
    pub(super) fn certificate_name(self) -> &'static str {
        match self {
            Self::Ed25519 => "ssh-ed25519-cert-v01@openssh.com",
            Self::EcdsaP256 => "ecdsa-sha2-nistp256-cert-v01@openssh.com",
            Self::EcdsaP384 => "ecdsa-sha2-nistp384-cert-v01@openssh.com",
            Self::EcdsaP521 => "ecdsa-sha2-nistp521-cert-v01@openssh.com",
            Self::Rsa => "ssh-rsa-cert-v01@openssh.com",
            Self::SkEd25519 => "sk-ssh-ed25519-cert-v01@openssh.com",
            Self::SkEcdsaP256 => "sk-ecdsa-sha2-nistp256-cert-v01@openssh.com",
        }
    }

    /// The type with that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|key_type| key_type.name() == name)
    }

    /// The type whose certificates have that name.
    pub(super) fn of_certificate(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|key_type| key_type.certificate_name() == name)
    }

    /// Whether such a key signs only when somebody touches it.
    pub fn needs_touch(self) -> bool {
        matches!(self, Self::SkEd25519 | Self::SkEcdsaP256)
    }
}

impl fmt::Display for KeyType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A public key.
#[derive(Clone, PartialEq, Eq)]
pub struct PublicKey {
    key_type: KeyType,
    blob: Vec<u8>,
    pub(super) material: Material,
}

/// The numbers of a key.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Material {
    /// The key, and the application when it is kept on a security key.
    Ed25519 { key: Vec<u8>, application: Option<Vec<u8>> },
    /// The point, and the application when it is kept on a security key.
    Ecdsa { point: Vec<u8>, application: Option<Vec<u8>> },
    /// Exponent and modulus, without leading zeros.
    Rsa { exponent: Vec<u8>, modulus: Vec<u8> },
}

/// Why some bytes are not a key that may sign.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum BadKey {
    /// The form is wrong.
    #[error("its bytes are not those of an SSH public key")]
    Malformed,
    /// A sort of key that is not known here.
    #[error("keys of type `{name}` are not accepted; use {accepted}", accepted = accepted())]
    Type {
        /// The name of the type.
        name: String,
    },
    /// Too small to be trusted.
    #[error("an RSA key of {bits} bits is refused; use one of {least} bits or more, or an Ed25519 key", least = RSA_BITS.start())]
    Small {
        /// Its size.
        bits: usize,
    },
    /// Too large to be checked.
    #[error("an RSA key of {bits} bits is refused; use one of at most {most} bits, or an Ed25519 key", most = RSA_BITS.end())]
    Large {
        /// Its size.
        bits: usize,
    },
}

fn accepted() -> String {
    KeyType::ALL.map(KeyType::name).join(", ")
}

impl PublicKey {
    /// Reads a key from its binary form.
    ///
    /// # Errors
    /// When it is not the whole binary form of a key that may sign.
    pub fn from_blob(blob: &[u8]) -> Result<Self, BadKey> {
        let mut reader = Reader::new(blob);
        let name = reader.text().ok_or(BadKey::Malformed)?;
        let key_type = KeyType::named(name).ok_or_else(|| BadKey::Type { name: name.to_owned() })?;
        let key = Self::read(key_type, &mut reader)?;
        if reader.is_empty() { Ok(key) } else { Err(BadKey::Malformed) }
    }

    /// Reads the fields that follow a type's name, here and in a certificate.
    pub(super) fn read(key_type: KeyType, reader: &mut Reader<'_>) -> Result<Self, BadKey> {
        let fields = reader.rest();
        let material = Material::read(key_type, reader).ok_or(BadKey::Malformed)?;
        if let Material::Rsa { modulus, .. } = &material {
            let bits = bits(modulus);
            if bits < *RSA_BITS.start() {
                return Err(BadKey::Small { bits });
            }
            if bits > *RSA_BITS.end() {
                return Err(BadKey::Large { bits });
            }
        }
        let mut blob = Vec::new();
        put_string(&mut blob, key_type.name().as_bytes());
        blob.extend_from_slice(fields.get(..fields.len() - reader.rest().len()).unwrap_or_default());
        Ok(Self { key_type, blob, material })
    }

    /// What sort of key it is.
    pub fn key_type(&self) -> KeyType {
        self.key_type
    }

    /// The binary form.
    pub fn blob(&self) -> &[u8] {
        &self.blob
    }

    /// The fingerprint as `ssh-keygen -l` prints it: `SHA256:` and 43 letters.
    pub fn fingerprint(&self) -> String {
        format!("SHA256:{}", base64::encode_unpadded(&Sha256::digest(&self.blob)))
    }
}

impl fmt::Display for PublicKey {
    /// As in a `.pub` file, without the comment.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.key_type, base64::encode(&self.blob))
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.key_type, self.fingerprint())
    }
}

impl Material {
    fn read(key_type: KeyType, reader: &mut Reader<'_>) -> Option<Self> {
        let application = |reader: &mut Reader<'_>| reader.string().map(<[u8]>::to_vec).map(Some);
        match key_type {
            KeyType::Ed25519 => Some(Self::Ed25519 { key: ed25519(reader)?, application: None }),
            KeyType::SkEd25519 => Some(Self::Ed25519 { key: ed25519(reader)?, application: application(reader)? }),
            KeyType::EcdsaP256 => Some(Self::Ecdsa { point: point(reader, b"nistp256", 32)?, application: None }),
            KeyType::EcdsaP384 => Some(Self::Ecdsa { point: point(reader, b"nistp384", 48)?, application: None }),
            KeyType::EcdsaP521 => Some(Self::Ecdsa { point: point(reader, b"nistp521", 66)?, application: None }),
            KeyType::SkEcdsaP256 => {
                Some(Self::Ecdsa { point: point(reader, b"nistp256", 32)?, application: application(reader)? })
            }
            KeyType::Rsa => {
                let exponent = reader.number()?.to_vec();
                Some(Self::Rsa { exponent, modulus: reader.number()?.to_vec() })
            }
        }
    }
}

fn ed25519(reader: &mut Reader<'_>) -> Option<Vec<u8>> {
    reader.string().filter(|key| key.len() == 32).map(<[u8]>::to_vec)
}

/// A point of a curve, both coordinates in full.
fn point(reader: &mut Reader<'_>, curve: &[u8], width: usize) -> Option<Vec<u8>> {
    let named = reader.string()?;
    let point = reader.string()?;
    (named == curve && point.len() == 1 + 2 * width && point.first() == Some(&4)).then(|| point.to_vec())
}

/// The size of a number without leading zero bytes.
fn bits(number: &[u8]) -> usize {
    number.first().map_or(0, |first| number.len() * 8 - usize::try_from(first.leading_zeros()).unwrap_or(0))
}
