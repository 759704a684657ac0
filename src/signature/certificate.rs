//! Certificates of OpenSSH, and what may stand as the key of a signature.

use std::fmt;

use super::base64;
use super::key::{BadKey, KeyType, PublicKey};
use super::proof::{self, BadProof, Proof};
use super::wire::Reader;

/// A key that an authority vouches for: for whom, from when, until when.
#[derive(Clone, PartialEq, Eq)]
pub struct Certificate {
    pub(super) key: PublicKey,
    pub(super) id: String,
    pub(super) is_for_users: bool,
    pub(super) principals: Vec<String>,
    /// Seconds since 1970.
    pub(super) valid_after: u64,
    /// Seconds since 1970; the certificate is not valid any more at that second.
    pub(super) valid_before: u64,
    /// The names of the options that whoever cannot honour them must not ignore.
    pub(super) critical: Vec<String>,
    pub(super) authority: PublicKey,
    blob: Vec<u8>,
    /// How much of the blob the authority signed.
    signed: usize,
    signature: Vec<u8>,
}

/// What signs: a key, or a key with its certificate.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Identity {
    /// A key.
    Key(PublicKey),
    /// A key that an authority vouches for.
    Certificate(Box<Certificate>),
}

impl Identity {
    /// Reads a key or a certificate from its binary form.
    ///
    /// # Errors
    /// When it is not the whole binary form of what may sign.
    pub fn from_blob(blob: &[u8]) -> Result<Self, BadKey> {
        let name = Reader::new(blob).text().ok_or(BadKey::Malformed)?;
        match KeyType::of_certificate(name) {
            None => PublicKey::from_blob(blob).map(Self::Key),
            Some(key_type) => Ok(Self::Certificate(Box::new(Certificate::read(key_type, blob)?))),
        }
    }

    /// Reads one line as `.pub` files have it, and gives its comment.
    ///
    /// # Errors
    /// When the line is not a type, the binary form of such a key and perhaps a comment.
    pub fn from_line(line: &str) -> Result<(Self, String), BadKey> {
        let (name, rest) = line.trim().split_once([' ', '\t']).ok_or(BadKey::Malformed)?;
        let rest = rest.trim_start();
        let (text, comment) = rest.split_once([' ', '\t']).unwrap_or((rest, ""));
        let known = KeyType::named(name).or_else(|| KeyType::of_certificate(name));
        if known.is_none() {
            return Err(BadKey::Type { name: name.to_owned() });
        }
        let identity = Self::from_blob(&base64::decode(text.as_bytes()).ok_or(BadKey::Malformed)?)?;
        if identity.type_name() != name {
            return Err(BadKey::Malformed);
        }
        Ok((identity, comment.trim().to_owned()))
    }

    /// The key itself.
    pub fn key(&self) -> &PublicKey {
        match self {
            Self::Key(key) => key,
            Self::Certificate(certificate) => &certificate.key,
        }
    }

    /// The certificate, where there is one.
    pub fn certificate(&self) -> Option<&Certificate> {
        match self {
            Self::Key(_) => None,
            Self::Certificate(certificate) => Some(certificate),
        }
    }

    fn type_name(&self) -> &'static str {
        match self {
            Self::Key(key) => key.key_type().name(),
            Self::Certificate(certificate) => certificate.key.key_type().certificate_name(),
        }
    }
}

impl fmt::Display for Identity {
    /// As in a `.pub` file, without the comment.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key(key) => fmt::Display::fmt(key, f),
            Self::Certificate(certificate) => {
                write!(f, "{} {}", self.type_name(), base64::encode(&certificate.blob))
            }
        }
    }
}

impl Certificate {
    fn read(key_type: KeyType, blob: &[u8]) -> Result<Self, BadKey> {
        let mut reader = Reader::new(blob);
        // The type and the nonce.
        reader.string().and_then(|_type| reader.string()).ok_or(BadKey::Malformed)?;
        let key = PublicKey::read(key_type, &mut reader)?;
        let body = Body::read(&mut reader).ok_or(BadKey::Malformed)?;
        let authority = PublicKey::from_blob(body.authority)?;
        let signed = blob.len() - reader.rest().len();
        let signature = reader.string().ok_or(BadKey::Malformed)?.to_vec();
        if !reader.is_empty() {
            return Err(BadKey::Malformed);
        }
        Ok(Self {
            key,
            id: body.id.to_owned(),
            is_for_users: body.is_for_users,
            principals: body.principals,
            valid_after: body.valid_after,
            valid_before: body.valid_before,
            critical: body.critical,
            authority,
            blob: blob.to_vec(),
            signed,
            signature,
        })
    }

    /// The name that the authority gave it.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Whom it is for.
    pub fn principals(&self) -> &[String] {
        &self.principals
    }

    /// The key that vouches for it.
    pub fn authority(&self) -> &PublicKey {
        &self.authority
    }

    /// Asks whether the authority signed this.
    pub(super) fn proof(&self) -> Result<Proof, BadProof> {
        let signed = self.blob.get(..self.signed).ok_or(BadProof::Malformed)?;
        proof::check(&self.authority, signed, &self.signature)
    }
}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} as `{}` by {:?}", self.key, self.id, self.authority)
    }
}

/// The fields after the key, up to the signature.
struct Body<'a> {
    id: &'a str,
    is_for_users: bool,
    principals: Vec<String>,
    valid_after: u64,
    valid_before: u64,
    critical: Vec<String>,
    authority: &'a [u8],
}

impl<'a> Body<'a> {
    fn read(reader: &mut Reader<'a>) -> Option<Self> {
        let _serial = reader.u64()?;
        let is_for_users = match reader.u32()? {
            1 => true,
            2 => false,
            _unknown => return None,
        };
        let id = reader.text()?;
        let principals = texts(reader.string()?)?;
        let (valid_after, valid_before) = (reader.u64()?, reader.u64()?);
        let critical = options(reader.string()?)?;
        let _extensions = options(reader.string()?)?;
        let _reserved = reader.string()?;
        let authority = reader.string()?;
        Some(Self { id, is_for_users, principals, valid_after, valid_before, critical, authority })
    }
}

fn texts(list: &[u8]) -> Option<Vec<String>> {
    let mut reader = Reader::new(list);
    let mut texts = Vec::new();
    while !reader.is_empty() {
        texts.push(reader.text()?.to_owned());
    }
    Some(texts)
}

/// The names of a list of names and values.
fn options(list: &[u8]) -> Option<Vec<String>> {
    let mut reader = Reader::new(list);
    let mut names = Vec::new();
    while !reader.is_empty() {
        names.push(reader.text()?.to_owned());
        reader.string()?;
    }
    Some(names)
}
