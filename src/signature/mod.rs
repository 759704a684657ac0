//! Signatures of operators: what is signed, and whose signature it is. Pure: no input, no output, no clock.
//!
//! An operator signs a confirmation, an approval or an override with the SSH key that they have anyway. What is signed is a
//! [`Statement`]: a few lines of text that name the act, what it is about and the head of the journal. The signature is in
//! OpenSSH's SSHSIG format, and whose it is says an `allowed_signers` file, as for signed commits. So everything here can
//! be asked again without flightdeck, of the bytes that the journal keeps:
//!
//! ```text
//! ssh-keygen -Y verify -n flightdeck -f allowed_signers -I anna@example.com -s statement.sig < statement
//! ```
//!
//! # The parts
//!
//! - [`Statement`] is the text; its page has the format. [`Claim`] is what it says, as plain values.
//! - [`SshSignature`] is one signature, read and checked for form; [`PublicKey`], [`Certificate`] and [`Identity`] are what
//!   may sign.
//! - [`AllowedSigners`] is the file, [`verify`] asks whether a signature over some bytes is that of a principal.
//! - [`check_statement`] asks whether a statement with a good signature speaks of the place in the journal where it stands.
//!
//! # Invariants
//!
//! - A signature is good only if the key holds over these very bytes, the namespace is [`NAMESPACE`], and the file lists the
//!   key for that principal at that time. There is no half-good one: everything else is an [`Untrusted`] with its reason.
//! - What OpenSSH accepts and this refuses, on purpose: a security key's signature without a touch, a certificate without
//!   principals, a certificate with a critical option that a signature cannot honour, times without a zone, RSA keys under
//!   2048 bits, a reserved field that is not empty. What OpenSSH refuses is never accepted.
//! - No parser panics, whatever the bytes.
#![deny(clippy::disallowed_methods, clippy::disallowed_types, clippy::wildcard_enum_match_arm)]

mod allowed;
mod armour;
mod base64;
mod certificate;
mod check;
mod key;
mod pattern;
mod proof;
mod statement;
mod trust;
mod untrusted;
mod wire;

pub use allowed::{AllowedSigners, BadAllowedSigners, Entry, Flaw, Problem};
pub use armour::SshSignature;
pub use certificate::{Certificate, Identity};
pub use check::{Expected, Misfit, check_statement};
pub use key::{BadKey, KeyType, PublicKey};
pub use statement::{Act, BadStatement, Claim, Head, Statement};
pub use trust::{Signer, authorise, verify};
pub use untrusted::Untrusted;

/// The namespace of every signature that flightdeck makes or accepts: a signature that was made for a file, a commit or a
/// log-in is never one for a deployment, nor the other way round.
pub const NAMESPACE: &str = "flightdeck";
