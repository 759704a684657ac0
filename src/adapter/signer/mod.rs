//! Signers: whatever has an operator's key and signs with it.
//!
//! flightdeck never holds a private key, nor asks for a passphrase: [`SshKeygen`] has OpenSSH's own `ssh-keygen` sign, which
//! reads the key file or asks the agent, wakes the security key and knows the certificates.
//!
//! # The contract
//!
//! A signer MUST:
//! - sign exactly the bytes that it is given, in the namespace [`NAMESPACE`](crate::signature::NAMESPACE), with the key that
//!   it describes;
//! - never write to the terminal nor read from it, and end within its time limit;
//! - say when it waits for a person, so that the screen can say so too;
//! - name the key, the cause and a way out in every [`Trouble`], and never a secret.
//!
//! # The parts
//!
//! - [`find_signer`] finds the key: the one that is named, else the only one in the agent that may sign for the operator.
//! - [`verify_with_ssh_keygen`] verifies like [`crate::signature::verify`] and has `ssh-keygen` do the arithmetic of P-521.

mod discover;
mod keygen;
mod run;
mod trouble;
mod verify;

use std::path::PathBuf;
use std::time::Duration;

use futures_util::future::BoxFuture;

use crate::domain::Trouble;
use crate::signature::KeyType;

pub use discover::find_signer;
pub use keygen::SshKeygen;
pub use verify::{NotVerified, verify_with_ssh_keygen};

/// Signs with one key of one operator.
pub trait Signer: Send + Sync {
    /// Which key it is.
    fn describe(&self) -> &Described;

    /// Signs the bytes; gives the signature in its armour. Dropping the future ends the attempt.
    ///
    /// # Errors
    /// When there is no signature: what stood in the way, and what to do.
    fn sign<'a>(&'a self, message: &'a [u8], progress: &'a Progressed) -> BoxFuture<'a, Result<String, Trouble>>;
}

/// Is told what a signer waits for, perhaps more than once.
pub type Progressed = dyn Fn(Progress) + Send + Sync;

/// What a signer waits for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Progress {
    /// Somebody has to touch the security key.
    Touch,
}

/// A key, for people.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Described {
    /// Whom it signs for.
    pub principal: String,
    /// Its fingerprint as `ssh-keygen -l` prints it.
    pub fingerprint: String,
    /// What sort of key it is.
    pub key_type: KeyType,
    /// The name of its certificate, where it has one.
    pub certificate: Option<String>,
    /// Its comment.
    pub comment: String,
    /// Where it is.
    pub place: Place,
}

/// Where a key is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Place {
    /// In a file, or in the agent with its public half in that file.
    File(PathBuf),
    /// In the agent.
    Agent,
}

impl std::fmt::Display for Described {
    /// `anna@laptop SHA256:… (ssh-ed25519, agent)`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if !self.comment.is_empty() {
            write!(f, "{} ", self.comment)?;
        }
        write!(f, "{} ({}, ", self.fingerprint, self.key_type)?;
        match &self.place {
            Place::File(path) => write!(f, "{})", path.display()),
            Place::Agent => f.write_str("agent)"),
        }
    }
}

/// The programs of OpenSSH and how they are run.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Tools {
    /// `ssh-keygen`, looked for as a shell would.
    pub keygen: PathBuf,
    /// `ssh-add`.
    pub add: PathBuf,
    /// The socket of the agent, where there is one.
    pub agent: Option<PathBuf>,
    /// How long a signature may take: somebody may have to find their security key.
    pub patience: Duration,
}

impl Tools {
    /// The programs on the path and the agent that this process was started with.
    pub fn from_environment() -> Self {
        Self {
            keygen: PathBuf::from("ssh-keygen"),
            add: PathBuf::from("ssh-add"),
            agent: std::env::var_os("SSH_AUTH_SOCK").filter(|socket| !socket.is_empty()).map(PathBuf::from),
            patience: Duration::from_mins(1),
        }
    }
}
