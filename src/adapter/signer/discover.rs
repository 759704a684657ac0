//! Which key an operator signs with.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use super::keygen::SshKeygen;
use super::run::run;
use super::trouble::not_run;
use super::{Described, Place, Tools};
use crate::domain::{Timestamp, Trouble, TroubleKind};
use crate::signature::{AllowedSigners, Identity, Untrusted, authorise};

/// Finds the key of `principal`: the one in `key` where one is named (its private or its public half, or its certificate),
/// else the only one in the agent that the list has for them. `None` when no key is named and no agent has one.
///
/// # Errors
/// When the named key cannot be read or is not theirs, when the agent does not answer, or has several keys of theirs.
pub async fn find_signer(
    tools: &Tools,
    key: Option<&Path>,
    allowed: &AllowedSigners,
    principal: &str,
    at: Timestamp,
) -> Result<Option<SshKeygen>, Trouble> {
    let wanted = Wanted { tools, allowed, principal, at };
    match key {
        Some(path) => wanted.named(path).await.map(Some),
        None => wanted.in_agent().await,
    }
}

struct Wanted<'a> {
    tools: &'a Tools,
    allowed: &'a AllowedSigners,
    principal: &'a str,
    at: Timestamp,
}

impl Wanted<'_> {
    async fn named(&self, path: &Path) -> Result<SshKeygen, Trouble> {
        let what = format!("sign as `{}` with the key {}", self.principal, path.display());
        let mut objection = None;
        for (file, line) in halves(self.tools, path, &what).await? {
            let identity = Identity::from_line(&line).map_err(|bad| {
                let advice = "name an OpenSSH key, or make one with `ssh-keygen -t ed25519`";
                Trouble::new(TroubleKind::Mismatch, what.as_str(), bad.to_string(), advice)
            });
            let (identity, comment) = identity?;
            match self.authorised(identity, &comment, Place::File(file)) {
                Ok(signer) => return Ok(signer),
                // What stands against the key itself comes first.
                Err(untrusted) => objection = objection.or(Some(untrusted)),
            }
        }
        let why = objection.map_or_else(|| "it holds no key".to_owned(), |untrusted| untrusted.to_string());
        let advice = "name another key with --key, or have the allowed signers changed";
        Err(Trouble::new(TroubleKind::Mismatch, what, why, advice))
    }

    async fn in_agent(&self) -> Result<Option<SshKeygen>, Trouble> {
        let Some(socket) = &self.tools.agent else { return Ok(None) };
        let what = format!("ask the agent at {} for the keys of `{}`", socket.display(), self.principal);
        let arguments = [OsStr::new("-L")];
        let ran = run(self.tools, &self.tools.add, &arguments, None, self.tools.patience, &|_line| {})
            .await
            .map_err(|cause| not_run(&what, "ssh-add", self.tools, &cause))?;
        match ran.code {
            Some(0) => {}
            // It answered, and has no keys.
            Some(1) => return Ok(None),
            _ => {
                return Err(Trouble::new(
                    TroubleKind::Unreachable,
                    what,
                    "no agent answers there",
                    "start one with `eval $(ssh-agent)` and `ssh-add`, or name a key with --key",
                ));
            }
        }
        let mut found: Vec<SshKeygen> = Vec::new();
        for line in ran.out.lines() {
            // Keys of other sorts may be there for other things.
            let Ok((identity, comment)) = Identity::from_line(line) else { continue };
            let Ok(signer) = self.authorised(identity, &comment, Place::Agent) else { continue };
            if found.iter().all(|known| known.fingerprint() != signer.fingerprint()) {
                found.push(signer);
            }
        }
        if found.len() > 1 {
            let keys = found.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
            let why = format!("it has {} keys that may sign for them: {keys}", found.len());
            let advice = "choose one with --key and its .pub file";
            return Err(Trouble::new(TroubleKind::Mismatch, what, why, advice));
        }
        Ok(found.pop())
    }

    fn authorised(&self, identity: Identity, comment: &str, place: Place) -> Result<SshKeygen, Untrusted> {
        let signer = authorise(&identity, self.allowed, self.principal, self.at)?;
        let described = Described {
            principal: signer.principal,
            fingerprint: signer.fingerprint,
            key_type: signer.key_type,
            certificate: signer.certificate,
            comment: comment.chars().filter(|character| !character.is_control()).collect(),
            place,
        };
        Ok(SshKeygen::new(self.tools.clone(), identity, described))
    }
}

/// The public halves that belong to a path, each with the file to sign with: the key, then its certificate.
async fn halves(tools: &Tools, path: &Path, what: &str) -> Result<Vec<(PathBuf, String)>, Trouble> {
    let unreadable = |why: String, advice: &str| Trouble::new(TroubleKind::Unreachable, what, why, advice);
    if path.extension() == Some(OsStr::new("pub")) {
        let line = tokio::fs::read_to_string(path)
            .await
            .map_err(|error| unreadable(error.to_string(), "check the path and who may read it"))?;
        return Ok(vec![(path.to_owned(), line)]);
    }
    if let Err(error) = tokio::fs::metadata(path).await {
        return Err(unreadable(error.to_string(), "check the path and who may read it"));
    }
    let mut halves = Vec::new();
    for (file, ending) in [(path.to_owned(), ".pub"), (beside(path, "-cert.pub"), "-cert.pub")] {
        if let Ok(line) = tokio::fs::read_to_string(beside(path, ending)).await {
            halves.push((file, line));
        }
    }
    if halves.is_empty() {
        let arguments =
            ["-y", "-P", "", "-f"].map(OsStr::new).into_iter().chain([path.as_os_str()]).collect::<Vec<_>>();
        let ran = run(tools, &tools.keygen, &arguments, None, tools.patience, &|_line| {})
            .await
            .map_err(|cause| not_run(what, "ssh-keygen", tools, &cause))?;
        if !ran.is_success {
            let why = "its public half is not beside it, and cannot be had from it without its passphrase".to_owned();
            let advice = format!("write it there: ssh-keygen -y -f {0} > {0}.pub", path.display());
            return Err(unreadable(why, &advice));
        }
        halves.push((path.to_owned(), ran.out));
    }
    Ok(halves)
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}
