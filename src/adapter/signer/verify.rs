//! Verifying with `ssh-keygen` what cannot be verified without it.

use std::ffi::OsStr;

use super::Tools;
use super::keygen::write;
use super::run::run;
use super::trouble::not_run;
use crate::domain::{Timestamp, Trouble, TroubleKind};
use crate::signature::{self, AllowedSigners, NAMESPACE, SshSignature, Untrusted};

/// Why nobody can be named as the signer.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum NotVerified {
    /// The signature is not theirs.
    #[error(transparent)]
    Untrusted(#[from] Untrusted),
    /// It could not be asked.
    #[error(transparent)]
    Trouble(#[from] Trouble),
}

/// Asks whether a signature in its armour is that of `principal`, as [`signature::verify`] does. Where that leaves only the
/// arithmetic open, `ssh-keygen` does it; whom the key may sign for is never left to it.
///
/// # Errors
/// Why not, or why it could not be asked.
pub async fn verify_with_ssh_keygen(
    tools: &Tools,
    armored: &str,
    message: &[u8],
    allowed: &AllowedSigners,
    principal: &str,
    at: Timestamp,
) -> Result<signature::Signer, NotVerified> {
    let parsed = SshSignature::parse_armored(armored)?;
    let signer = match signature::verify(&parsed, message, allowed, principal, at) {
        Err(Untrusted::NeedsSshKeygen { signer }) => signer,
        said => return Ok(said?),
    };
    let what = format!("check the signature of `{principal}` by {}", signer.fingerprint);
    let unwritten = |error: std::io::Error| {
        let why = format!("it could not be written to a temporary file: {error}");
        Trouble::new(TroubleKind::Unreachable, what.as_str(), why, "make room in the temporary directory")
    };
    let folder = tempfile::Builder::new().prefix("flightdeck-").tempdir().map_err(unwritten)?;
    let path = folder.path().join("signature");
    write(&path, armored.as_bytes()).map_err(unwritten)?;
    let arguments = ["-Y", "check-novalidate", "-n", NAMESPACE, "-s"].map(OsStr::new);
    let arguments: Vec<&OsStr> = arguments.into_iter().chain([path.as_os_str()]).collect();
    let ran = run(tools, &tools.keygen, &arguments, Some(message), tools.patience, &|_line| {})
        .await
        .map_err(|cause| not_run(&what, "ssh-keygen", tools, &cause))?;
    if ran.is_success && ran.out.starts_with("Good ") && ran.out.contains(&signer.fingerprint) {
        return Ok(signer);
    }
    if ran.out.contains("Could not verify signature") {
        return Err(Untrusted::Forged { fingerprint: signer.fingerprint }.into());
    }
    let said = ran.err.last().map_or("nothing", String::as_str);
    let why = format!("ssh-keygen did not say whether it holds, but: {said}");
    Err(Trouble::new(TroubleKind::Garbage, what, why, "check it by hand with ssh-keygen -Y check-novalidate").into())
}
