//! Signing by `ssh-keygen -Y sign`.

use std::ffi::OsStr;
use std::io::Write as _;
use std::path::{Path, PathBuf};

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
        let what = format!("sign with the key {}", self.described);
        // `ssh-keygen` wants the public half of an agent's key as a file; it is gone again after the signature.
        let (_kept, path) = match &self.described.place {
            Place::File(path) => (None, path.clone()),
            Place::Agent => {
                let (folder, path) = public_half(&self.identity).map_err(|error| {
                    let why = format!("the public key could not be written to a temporary file: {error}");
                    Trouble::new(TroubleKind::Unreachable, what.as_str(), why, "make room in the temporary directory")
                })?;
                (Some(folder), path)
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
        let arguments: Vec<&OsStr> = arguments.into_iter().chain([path.as_os_str()]).collect();
        let ran = run(&self.tools, &self.tools.keygen, &arguments, message, self.tools.patience, &each)
            .await
            .map_err(|cause| not_run(&what, "ssh-keygen", &self.tools, &cause))?;
        if !ran.is_success {
            let agent_answers = self.agent_answers().await;
            return Err(not_signed(&what, &self.described, &self.tools, agent_answers, &ran));
        }
        let is_ours =
            SshSignature::parse_armored(&ran.out).is_ok_and(|signature| *signature.identity() == self.identity);
        if is_ours {
            return Ok(ran.out);
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

fn public_half(identity: &Identity) -> std::io::Result<(tempfile::TempDir, PathBuf)> {
    let folder = tempfile::Builder::new().prefix("flightdeck-").tempdir()?;
    let path = folder.path().join("key.pub");
    write(&path, &format!("{identity}\n"))?;
    Ok((folder, path))
}

pub(super) fn write(path: &Path, text: &str) -> std::io::Result<()> {
    std::fs::File::create_new(path)?.write_all(text.as_bytes())
}
