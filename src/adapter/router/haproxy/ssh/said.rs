//! What `ssh` and the other host say, as troubles with a way out.

use std::io;

use super::super::address::Remote;
use super::super::answer::excerpt;
use super::channel::Refusal;
use super::unreachable;
use crate::domain::{Trouble, TroubleKind};

/// What a person types to see the same: the command, with the configuration that the profile names.
fn by_hand(remote: &Remote) -> String {
    match &remote.config {
        Some(config) => format!("ssh -F {} {}", config.display(), remote.host),
        None => format!("ssh {}", remote.host),
    }
}

/// `ssh` was not started.
pub(super) fn not_started(what: &str, error: &io::Error) -> Trouble {
    match error.kind() {
        io::ErrorKind::NotFound => unreachable(
            what,
            "there is no `ssh` on this machine",
            "install OpenSSH's client (the package openssh-client), or give a socket or port that this machine reaches",
        ),
        _ => unreachable(what, format!("`ssh` cannot be started ({error})"), "see whether this user may run `ssh`"),
    }
}

/// The time was over before the other host had connected to the socket.
pub(super) fn late(remote: &Remote, what: &str, logged_in: bool) -> Trouble {
    let hand = by_hand(remote);
    let (why, advice) = if logged_in {
        (
            format!("{} did not answer over ssh within the time-out", remote.host),
            format!("see whether `{hand}` still works; a dead connection is noticed after some seconds and made anew"),
        )
    } else {
        (
            format!("ssh has not logged in on {} within the time-out", remote.host),
            format!(
                "it goes on trying; see how long `{hand}` takes, and give the router a longer `timeout` if it must be"
            ),
        )
    };
    Trouble::new(TroubleKind::TimedOut, what, why, advice)
}

/// The other host did not connect to the socket.
pub(super) fn refused(remote: &Remote, what: &str, refusal: &Refusal) -> Trouble {
    /// RFC 4254: administratively prohibited.
    const FORBIDDEN: u32 = 1;
    let Remote { host, path, .. } = remote;
    let words = excerpt(&refusal.words);
    if refusal.reason == FORBIDDEN {
        return Trouble::new(
            TroubleKind::Denied,
            what,
            format!("the sshd of {host} forbids to forward to a unix socket (`{words}`)"),
            "write `AllowStreamLocalForwarding yes` into its sshd_config for this user, and take `restrict` or \
             `no-port-forwarding` off the key in authorized_keys",
        );
    }
    // OpenSSH's sshd gives one and the same reason when it may not forward and when it cannot connect.
    unreachable(
        what,
        format!("{host} did not connect to {path} (`{words}`), and sshd does not say why"),
        format!(
            "see whether HAProxy runs there, the path is one of its `stats socket` lines and the user may write to it: \
             `{} ls -l {path}`; and whether sshd forwards unix sockets for this user and key: `AllowStreamLocalForwarding` in \
             its configuration, `restrict` in authorized_keys",
            by_hand(remote)
        ),
    )
}

/// A part of ssh's words, what kind of trouble that is, and what to do.
const KNOWN: [(&str, TroubleKind, &str); 12] = [
    (
        "Permission denied",
        TroubleKind::Denied,
        "load the key into the agent (`ssh-add`) or name it with IdentityFile in ~/.ssh/config; nothing is ever asked here, so \
         a password or passphrase does not help",
    ),
    (
        "Too many authentication failures",
        TroubleKind::Denied,
        "name the one key with IdentityFile and IdentitiesOnly in ~/.ssh/config",
    ),
    (
        "Could not resolve hostname",
        TroubleKind::Unreachable,
        "correct the host in the profile, or name it in ~/.ssh/config",
    ),
    ("Bad configuration option", TroubleKind::Mismatch, "correct ssh's configuration"),
    ("Bad owner or permissions", TroubleKind::Mismatch, "correct the owner or mode of that file"),
    ("Can't open user config file", TroubleKind::Mismatch, "correct `ssh_config` in the profile"),
    (
        "Connection refused",
        TroubleKind::Unreachable,
        "see whether sshd runs there, and whether ~/.ssh/config names its port",
    ),
    ("timed out", TroubleKind::TimedOut, "see whether the host is up and a firewall lets this machine in"),
    ("not responding", TroubleKind::TimedOut, "see whether the host is up and a firewall lets this machine in"),
    ("No route to host", TroubleKind::Unreachable, "see whether the host is up and this machine's network reaches it"),
    ("Network is unreachable", TroubleKind::Unreachable, "see whether this machine's network is up"),
    ("Connection closed by", TroubleKind::Unreachable, "see the log of sshd on that host: it may limit logins"),
];

/// `ssh` ended before it had logged in.
pub(super) fn ended(remote: &Remote, what: &str, said: &str) -> Trouble {
    use TroubleKind::{Denied, Unreachable};
    let host = &remote.host;
    let hand = by_hand(remote);
    let known = |part: &str| said.lines().rev().find(|line| line.contains(part));
    let trouble = |kind: TroubleKind, why: String, advice: String| Trouble::new(kind, what, why, advice);
    if known("REMOTE HOST IDENTIFICATION HAS CHANGED").is_some() {
        return trouble(
            Denied,
            format!(
                "the host key of {host} is another one than ssh knows: it was installed anew, or somebody stands between"
            ),
            format!(
                "ask whoever runs {host}; when the change is right, remove the old key with `ssh-keygen -R`, and log in by hand: `{hand}`"
            ),
        );
    }
    if known("Host key verification failed").is_some() {
        return trouble(
            Denied,
            format!("ssh does not know the host key of {host}"),
            format!("log in once by hand and compare the fingerprint: `{hand}`"),
        );
    }
    for (part, kind, advice) in KNOWN {
        if let Some(line) = known(part) {
            return trouble(kind, format!("ssh says `{}`", excerpt(line)), format!("{advice}; see also `{hand}`"));
        }
    }
    let last = said.lines().rev().find(|line| !line.trim().is_empty());
    let why = last.map_or_else(
        || "ssh ended without a word".to_owned(),
        |line| format!("ssh ended and said `{}`", excerpt(line)),
    );
    trouble(Unreachable, why, format!("see what comes of `{hand}`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_way_not_to_log_in_says_what_to_do() {
        let remote = Remote { host: "edge-1".to_owned(), path: "/run/admin.sock".to_owned(), config: None };
        for (said, kind, part) in [
            ("ops@10.0.0.1: Permission denied (publickey).\r\n", TroubleKind::Denied, "ssh-add"),
            (
                "ssh: Could not resolve hostname edge-1: Name or service not known\r\n",
                TroubleKind::Unreachable,
                "in the profile",
            ),
            ("ssh: connect to host 10.0.0.1 port 22: Connection refused\r\n", TroubleKind::Unreachable, "sshd runs"),
            ("ssh: connect to host 10.0.0.1 port 22: Connection timed out\r\n", TroubleKind::TimedOut, "firewall"),
            (
                "No ED25519 host key is known for x\r\nHost key verification failed.\r\n",
                TroubleKind::Denied,
                "fingerprint",
            ),
            ("a banner\n\u{1b}[2Jsomething new\n", TroubleKind::Unreachable, "`\u{fffd}[2Jsomething new`"),
            ("", TroubleKind::Unreachable, "without a word"),
        ] {
            let trouble = ended(&remote, "read here", said);
            assert_eq!(trouble.kind, kind, "{trouble}");
            assert!(trouble.to_string().contains(part) && trouble.advice.contains("ssh edge-1"), "{trouble}");
            assert!(!trouble.to_string().contains(char::is_control), "{trouble}");
        }
    }
}
