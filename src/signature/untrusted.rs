//! Why a signature is not taken for that of a principal.

use super::key::BadKey;
use super::trust::Signer;
use crate::domain::Timestamp;

/// Why a signature is not taken for that of a principal; each says what to do.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Untrusted {
    /// Its form is wrong.
    #[error("this is not a signature of SSH: {why}; sign again")]
    NotASignature {
        /// What is wrong with it.
        why: &'static str,
    },
    /// Its key, or the key of the authority behind it, is not one that may sign.
    #[error("the signature names a key that may not sign: {0}")]
    Key(#[from] BadKey),
    /// Its algorithm is refused.
    #[error("the signature uses `{name}`, which is not accepted here; sign again with {accepted}")]
    Algorithm {
        /// The algorithm.
        name: String,
        /// What would be accepted.
        accepted: &'static str,
    },
    /// It was made for something else.
    #[error(
        "the signature was made for `{found}` and not for `flightdeck`: it was taken from elsewhere; sign this text itself"
    )]
    OtherNamespace {
        /// What it was made for.
        found: String,
    },
    /// The key did not sign this text.
    #[error(
        "the signature by {fingerprint} is forged or over another text: one of the two was changed after signing; \
         do not act on it, ask for a new one"
    )]
    Forged {
        /// The key that it names.
        fingerprint: String,
    },
    /// A security key was not touched.
    #[error("the security key {fingerprint} signed without a touch; use a key that asks for one")]
    NoTouch {
        /// The key.
        fingerprint: String,
    },
    /// A certificate asks for a PIN or a finger, and none was given.
    #[error(
        "the certificate `{id}` asks for a PIN or a fingerprint, and the security key signed without; make the key with \
         -O verify-required"
    )]
    NotRecognised {
        /// The certificate.
        id: String,
    },
    /// The list does not have the key.
    #[error(
        "the key {fingerprint} is not among the allowed signers; list it for `{principal}`, or sign with a listed key"
    )]
    NotListed {
        /// Who was to have signed.
        principal: String,
        /// The key.
        fingerprint: String,
    },
    /// The list has the key for others.
    #[error(
        "the key {fingerprint} is another operator's: line {line} of the allowed signers lists it, but not for \
         `{principal}`; sign with a key of `{principal}`"
    )]
    ListedForAnother {
        /// Who was to have signed.
        principal: String,
        /// The key.
        fingerprint: String,
        /// Where it is listed.
        line: usize,
    },
    /// The list has the key for other uses.
    #[error(
        "the key {fingerprint} is not for deployments: the namespaces in line {line} of the allowed signers leave out \
         `flightdeck`; add it there, or sign with another key"
    )]
    OtherUse {
        /// The key.
        fingerprint: String,
        /// Where it is listed.
        line: usize,
    },
    /// The list has the key for later.
    #[error(
        "the key {fingerprint} was not valid yet at {at}: line {line} of the allowed signers begins at {from}; sign with \
         a key that is valid", at = .at.long(), from = .from.long()
    )]
    NotYetValid {
        /// The key.
        fingerprint: String,
        /// Where it is listed.
        line: usize,
        /// From when.
        from: Timestamp,
        /// When it was used.
        at: Timestamp,
    },
    /// The list had the key.
    #[error(
        "the key {fingerprint} was not valid any more at {at}: line {line} of the allowed signers ended at {until}; sign \
         with a key that is valid", at = .at.long(), until = .until.long()
    )]
    Expired {
        /// The key.
        fingerprint: String,
        /// Where it is listed.
        line: usize,
        /// Until when.
        until: Timestamp,
        /// When it was used.
        at: Timestamp,
    },
    /// The list does not have the authority of the certificate.
    #[error(
        "the authority {authority} of the certificate `{id}` is not among the allowed signers; list it with \
         cert-authority, or sign with a listed key"
    )]
    AuthorityNotListed {
        /// The certificate.
        id: String,
        /// Whose key vouches for it.
        authority: String,
    },
    /// The list has the authority for others.
    #[error(
        "the authority {authority} of the certificate `{id}` may not vouch for `{principal}`: line {line} of the allowed \
         signers lists it for others; sign with a key of `{principal}`"
    )]
    AuthorityForOthers {
        /// Who was to have signed.
        principal: String,
        /// The certificate.
        id: String,
        /// Whose key vouches for it.
        authority: String,
        /// Where it is listed.
        line: usize,
    },
    /// The authority did not sign the certificate.
    #[error("the certificate `{id}` is forged: {authority} did not sign it; do not act on it")]
    CertificateForged {
        /// The certificate.
        id: String,
        /// Whose key it names.
        authority: String,
    },
    /// The certificate is somebody else's.
    #[error("the certificate `{id}` is for {named}, not for `{principal}`; sign with a certificate of `{principal}`")]
    CertificateForAnother {
        /// Who was to have signed.
        principal: String,
        /// The certificate.
        id: String,
        /// Whom it is for.
        named: String,
    },
    /// The certificate names nobody.
    #[error("the certificate `{id}` names no principal and would be anybody's; have one made with -n {principal}")]
    CertificateForNobody {
        /// Who was to have signed.
        principal: String,
        /// The certificate.
        id: String,
    },
    /// The certificate is a machine's.
    #[error("the certificate `{id}` is that of a host, not of an operator; sign with a user certificate")]
    CertificateForHost {
        /// The certificate.
        id: String,
    },
    /// The certificate is for later.
    #[error(
        "the certificate `{id}` was not valid yet at {at}; it begins at {from}", at = .at.long(), from = .from.long()
    )]
    CertificateNotYetValid {
        /// The certificate.
        id: String,
        /// From when.
        from: Timestamp,
        /// When it was used.
        at: Timestamp,
    },
    /// The certificate has ended.
    #[error(
        "the certificate `{id}` was not valid any more at {at}; it ended at {until}; have a new one made",
        at = .at.long(), until = .until.long()
    )]
    CertificateExpired {
        /// The certificate.
        id: String,
        /// Until when.
        until: Timestamp,
        /// When it was used.
        at: Timestamp,
    },
    /// The certificate is restricted in a way that means nothing for a signature.
    #[error(
        "the certificate `{id}` is restricted by `{option}`, which a signature cannot honour; sign with one that is not"
    )]
    CertificateRestricted {
        /// The certificate.
        id: String,
        /// The critical option.
        option: String,
    },
    /// Everything fits, but the arithmetic of P-521 is left to OpenSSH.
    #[error(
        "the signature by {fingerprint} is with P-521, which only OpenSSH's ssh-keygen can check; install ssh-keygen, or \
         sign with an Ed25519 key", fingerprint = .signer.fingerprint
    )]
    NeedsSshKeygen {
        /// Whose signature it is if `ssh-keygen -Y check-novalidate` says that it holds.
        signer: Signer,
    },
}
