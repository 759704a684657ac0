//! The SSHSIG format: a signature with its key, its namespace and the name of the hash, in base64 between two lines.

use sha2::{Digest as _, Sha256, Sha512};

use super::base64;
use super::certificate::Identity;
use super::untrusted::Untrusted;
use super::wire::{Reader, put_string};

const MAGIC: &[u8; 6] = b"SSHSIG";
const VERSION: u32 = 1;
const BEGIN: &str = "-----BEGIN SSH SIGNATURE-----";
const END: &str = "-----END SSH SIGNATURE-----";
/// A certificate with hundreds of principals stays far below.
const LARGEST: usize = 256 * 1024;

/// A signature, read and checked for form. Whether it holds, and whose it is, says [`verify`](super::verify).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SshSignature {
    identity: Identity,
    namespace: String,
    hash: Hash,
    raw: Vec<u8>,
}

/// What the message is hashed with before it is signed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Hash {
    Sha256,
    Sha512,
}

impl SshSignature {
    /// Reads a signature as `ssh-keygen -Y sign` prints it.
    ///
    /// # Errors
    /// [`Untrusted::NotASignature`] when its form is wrong; [`Untrusted::Key`] and [`Untrusted::Algorithm`] when it is made
    /// with what is not accepted.
    pub fn parse_armored(text: &str) -> Result<Self, Untrusted> {
        let not = |why| Untrusted::NotASignature { why };
        if text.len() > LARGEST {
            return Err(not("it is too long"));
        }
        let text = text.strip_suffix('\n').map_or(text, |text| text.strip_suffix('\r').unwrap_or(text));
        let body =
            text.strip_prefix(BEGIN).ok_or_else(|| not("it does not begin with `-----BEGIN SSH SIGNATURE-----`"))?;
        let body = body.strip_suffix(END).ok_or_else(|| not("it does not end with `-----END SSH SIGNATURE-----`"))?;
        let is_framed = body.starts_with(['\n', '\r']) && body.ends_with('\n');
        let joined: String = body.split('\n').map(|line| line.strip_suffix('\r').unwrap_or(line)).collect();
        let blob = base64::decode(joined.as_bytes()).filter(|_| is_framed);
        Self::parse(&blob.ok_or_else(|| not("what stands between its first and last line is not base64"))?)
    }

    /// Reads a signature from its binary form.
    fn parse(blob: &[u8]) -> Result<Self, Untrusted> {
        let not = |why| Untrusted::NotASignature { why };
        let short = || not("its bytes do not have the form of a signature");
        let mut reader = Reader::new(blob);
        if reader.bytes(MAGIC.len()) != Some(MAGIC) {
            return Err(not("its bytes do not begin with SSHSIG"));
        }
        if reader.u32().ok_or_else(short)? != VERSION {
            return Err(not("it has another version of the format than 1"));
        }
        let identity = reader.string().ok_or_else(short)?;
        let namespace = reader.text().ok_or_else(short)?;
        let reserved = reader.string().ok_or_else(short)?;
        let hash = reader.text().ok_or_else(short)?;
        let raw = reader.string().ok_or_else(short)?;
        if !reader.is_empty() {
            return Err(not("more bytes follow after its end"));
        }
        if !reserved.is_empty() {
            return Err(not("its reserved field is not empty"));
        }
        if namespace.is_empty() {
            return Err(not("its namespace is empty"));
        }
        let hash = match hash {
            "sha256" => Hash::Sha256,
            "sha512" => Hash::Sha512,
            other => return Err(Untrusted::Algorithm { name: other.to_owned(), accepted: "sha512 or sha256" }),
        };
        let identity = Identity::from_blob(identity)?;
        Ok(Self { identity, namespace: namespace.to_owned(), hash, raw: raw.to_vec() })
    }

    /// What it claims to be made with.
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// The namespace that it was made for.
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// The signature alone.
    pub(super) fn raw(&self) -> &[u8] {
        &self.raw
    }

    /// The bytes that the key signs when somebody signs `message`.
    pub(super) fn signed(&self, message: &[u8]) -> Vec<u8> {
        let (name, hashed) = match self.hash {
            Hash::Sha256 => ("sha256", Sha256::digest(message).to_vec()),
            Hash::Sha512 => ("sha512", Sha512::digest(message).to_vec()),
        };
        let mut signed = MAGIC.to_vec();
        put_string(&mut signed, self.namespace.as_bytes());
        put_string(&mut signed, b"");
        put_string(&mut signed, name.as_bytes());
        put_string(&mut signed, &hashed);
        signed
    }
}
