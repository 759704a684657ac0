//! Signing by `ssh-keygen -Y sign`.

use std::ffi::OsStr;
use std::io::Write as _;
use std::path::Path;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use tokio::net::UnixStream;

use super::run::run;
use super::trouble::{not_run, not_signed};
use super::{Described, Place, Progress, Progressed, Signer, Tools};
use crate::domain::{Trouble, TroubleKind};
use crate::signature::{Identity, NAMESPACE, SshSignature};

/// What `ssh-keygen` prints when it waits for a touch.
const TOUCH: &str = "Confirm user presence";

/// A key that `ssh-keygen` signs with.
#[derive(Clone, Debug)]
pub struct SshKeygen {
    tools: Tools,
    identity: Identity,
    described: Described,
}

impl SshKeygen {
    pub(super) fn new(tools: Tools, identity: Identity, described: Described) -> Self {
        Self { tools, identity, described }
    }

    async fn sign_now(&self, message: &[u8], progress: &Progressed) -> Result<String, Trouble> {
        let what = format!("sign with {}", self.described);
        let unwritten = |error: std::io::Error| {
            let why = format!("what ssh-keygen reads and writes could not be kept in a temporary file: {error}");
            Trouble::new(TroubleKind::Unreachable, what.as_str(), why, "make room in the temporary directory")
        };
        // Everything in it is public. It is gone again after the signature.
        let folder = tempfile::Builder::new().prefix("flightdeck-").tempdir().map_err(unwritten)?;
        let statement = folder.path().join("statement");
        write(&statement, message).map_err(unwritten)?;
        // `ssh-keygen` wants the public half of an agent's key as a file, too.
        let key = match &self.described.place {
            Place::File(path) => path.clone(),
            Place::Agent => {
                let path = folder.path().join("key.pub");
                write(&path, format!("{}\n", self.identity).as_bytes()).map_err(unwritten)?;
                path
            }
        };
        if self.described.key_type.needs_touch() {
            // An agent asks for the touch without a word here.
            progress(Progress::Touch);
        }
        let each = |line: &str| {
            if line.starts_with(TOUCH) {
                progress(Progress::Touch);
            }
        };
        // The empty passphrase is an answer to a question that would otherwise be asked.
        let arguments = ["-q", "-Y", "sign", "-P", "", "-n", NAMESPACE, "-f"].map(OsStr::new);
        let arguments: Vec<&OsStr> = arguments.into_iter().chain([key.as_os_str(), statement.as_os_str()]).collect();
        let ran = run(&self.tools, &self.tools.keygen, &arguments, None, self.tools.patience, &each)
            .await
            .map_err(|cause| not_run(&what, "ssh-keygen", &self.tools, &cause))?;
        if !ran.is_success {
            let agent_answers = self.agent_answers().await;
            return Err(not_signed(&what, &self.described, &self.tools, agent_answers, &ran));
        }
        let armored = tokio::fs::read_to_string(folder.path().join("statement.sig")).await.unwrap_or_default();
        if SshSignature::parse_armored(&armored).is_ok_and(|signature| *signature.identity() == self.identity) {
            return Ok(armored);
        }
        Err(Trouble::new(
            TroubleKind::Garbage,
            what,
            "ssh-keygen gave something else than a signature of this key",
            "look whether the public key still belongs to the private one: ssh-keygen -y -f KEY",
        ))
    }

    async fn agent_answers(&self) -> bool {
        match &self.tools.agent {
            Some(socket) => UnixStream::connect(socket).await.is_ok(),
            None => false,
        }
    }
}

impl SshKeygen {
    /// The fingerprint of its key.
    pub fn fingerprint(&self) -> &str {
        &self.described.fingerprint
    }
}

impl std::fmt::Display for SshKeygen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Display::fmt(&self.described, f)
    }
}

impl Signer for SshKeygen {
    fn describe(&self) -> &Described {
        &self.described
    }

    fn sign<'a>(&'a self, message: &'a [u8], progress: &'a Progressed) -> BoxFuture<'a, Result<String, Trouble>> {
        self.sign_now(message, progress).boxed()
    }
}

/// Writes a file that is not there yet.
pub(super) fn write(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    std::fs::File::create_new(path)?.write_all(bytes)
}
