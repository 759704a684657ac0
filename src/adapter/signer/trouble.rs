//! What OpenSSH's programs say when they do not sign, and what to do about it.

use super::run::{NotRun, Ran};
use super::{Described, Place, Tools};
use crate::domain::{Trouble, TroubleKind};

/// A program could not be run to its end.
pub(super) fn not_run(what: &str, program: &str, tools: &Tools, cause: &NotRun) -> Trouble {
    match cause {
        NotRun::Missing => Trouble::new(
            TroubleKind::Unreachable,
            what,
            format!("there is no `{program}` on this machine"),
            "install OpenSSH's client (package openssh-client or openssh)",
        ),
        NotRun::Failed(error) => Trouble::new(
            TroubleKind::Unreachable,
            what,
            format!("`{program}` could not be run: {error}"),
            format!("try `{program}` by hand in this terminal"),
        ),
        NotRun::TimedOut => Trouble::new(
            TroubleKind::TimedOut,
            what,
            format!("`{program}` had not ended after {} s; {}", tools.patience.as_secs(), waiting_for(tools)),
            "touch the security key in time, or look whether `ssh-add -l` answers, and sign again",
        ),
    }
}

fn waiting_for(tools: &Tools) -> String {
    match &tools.agent {
        Some(socket) => format!("the agent at {} or the security key did not answer", socket.display()),
        None => "the security key did not answer".to_owned(),
    }
}

/// `ssh-keygen` ended without a signature.
pub(super) fn not_signed(what: &str, key: &Described, tools: &Tools, agent_answers: bool, ran: &Ran) -> Trouble {
    let said = |words: &str| ran.err.iter().any(|line| line.contains(words));
    let fingerprint = &key.fingerprint;
    let trouble = |kind, why: String, advice: String| Trouble::new(kind, what, why, advice);
    if said("incorrect passphrase") {
        return trouble(
            TroubleKind::Denied,
            format!("the key has a passphrase, and {}", absence(tools, agent_answers)),
            format!("{}, and sign again", add(key)),
        );
    }
    if said("UNPROTECTED PRIVATE KEY FILE") {
        return trouble(
            TroubleKind::Denied,
            "others may read the key file, so ssh-keygen does not use it".to_owned(),
            format!("make it yours alone: chmod 600 {}", file(key)),
        );
    }
    if said("No private key found") {
        return trouble(
            TroubleKind::Unreachable,
            format!("there is no private half of {fingerprint} beside it, and {}", absence(tools, agent_answers)),
            format!("{}, and sign again", add(key)),
        );
    }
    if said("agent refused operation") {
        return trouble(
            TroubleKind::Denied,
            "the agent has the key and refused to sign: it is locked, its question was answered with no, or the key was \
             not touched"
                .to_owned(),
            "unlock it with `ssh-add -X`, say yes, touch the key, and sign again".to_owned(),
        );
    }
    if said("communication with agent failed") {
        return trouble(
            TroubleKind::Garbage,
            "the agent broke off".to_owned(),
            "look whether `ssh-add -l` answers, and sign again".to_owned(),
        );
    }
    if said("device not found") {
        return trouble(
            TroubleKind::Unreachable,
            "the security key is not plugged in".to_owned(),
            "plug it in and sign again".to_owned(),
        );
    }
    if said("PIN") {
        return trouble(
            TroubleKind::Denied,
            "the security key asks for its PIN, for which there is no place on the screen".to_owned(),
            format!("{}; the agent asks for the PIN in a window", add(key)),
        );
    }
    if said("Couldn't load public key") {
        return trouble(
            TroubleKind::Unreachable,
            "the key cannot be read".to_owned(),
            "check the path and who may read it".to_owned(),
        );
    }
    let last = ran.err.iter().rev().find(|line| !line.trim().is_empty());
    let end = ran.code.map_or_else(|| "by a signal".to_owned(), |code| format!("with status {code}"));
    trouble(
        TroubleKind::Denied,
        last.map_or_else(|| format!("ssh-keygen ended {end}"), |line| format!("ssh-keygen ended {end}: {line}")),
        "try it by hand: echo x | ssh-keygen -Y sign -n flightdeck -f KEY".to_owned(),
    )
}

/// Why the agent does not help.
fn absence(tools: &Tools, agent_answers: bool) -> String {
    match &tools.agent {
        None => "there is no agent (SSH_AUTH_SOCK is not set)".to_owned(),
        Some(socket) if agent_answers => format!("the agent at {} does not have it", socket.display()),
        Some(socket) => format!("no agent answers at {}", socket.display()),
    }
}

fn add(key: &Described) -> String {
    match key.place {
        Place::File(_) => format!("give it to an agent: ssh-add {}", file(key)),
        Place::Agent => "give it to the agent again with `ssh-add`".to_owned(),
    }
}

/// The private half's file.
fn file(key: &Described) -> String {
    match &key.place {
        Place::File(path) => {
            let path = path.display().to_string();
            let stem = path.strip_suffix("-cert.pub").or_else(|| path.strip_suffix(".pub"));
            stem.map_or_else(|| path.clone(), str::to_owned)
        }
        Place::Agent => "KEY".to_owned(),
    }
}
