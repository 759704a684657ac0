//! Signatures against OpenSSH's own programs: what it signs is verified here, and what is signed here is verified by it.

mod agreement;
mod certificate;
mod damage;
mod place;
mod refused;
mod security_key;
mod signer;
mod theirs;
pub mod workshop;
