//! Signing with the real `ssh-keygen` and the real `ssh-agent`; their silence and their words are scripted.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use flightdeck::adapter::signer::{Place, Progress, Signer, SshKeygen, Tools, find_signer};
use flightdeck::domain::{Trouble, TroubleKind};
use flightdeck::signature::AllowedSigners;

use super::workshop::{ANNA, Agent, BEN, Workshop, now, openssh, ours, statement};

#[tokio::test]
async fn a_key_file_signs_and_both_sides_accept_it() {
    let workshop = Workshop::new();
    for sort in ["ed25519", "rsa 3072", "ecdsa 256", "ecdsa 384", "ecdsa 521"] {
        let key = workshop.key(&sort.replace(' ', "-"), sort);
        let allowed = format!("{ANNA} {}", key.line());
        for path in [key.path.clone(), key.public_path()] {
            let signer = find(&openssh(), Some(&path), &allowed).await.unwrap().unwrap();
            assert_eq!(signer.describe().fingerprint, key.fingerprint());
            assert_eq!(signer.describe().place, Place::File(path));
            let armored = sign(&signer).await.unwrap();
            assert!(workshop.openssh_accepts(&armored, &statement(ANNA), &allowed, ANNA, now()));
            if sort != "ecdsa 521" {
                ours(&armored, &statement(ANNA), &allowed, ANNA, now()).unwrap();
            }
        }
    }
}

#[tokio::test]
async fn a_key_without_its_public_half_is_found_all_the_same() {
    let workshop = Workshop::new();
    let key = workshop.key("anna", "ed25519");
    let allowed = format!("{ANNA} {}", key.line());
    std::fs::remove_file(key.public_path()).unwrap();
    let signer = find(&openssh(), Some(&key.path), &allowed).await.unwrap().unwrap();
    ours(&sign(&signer).await.unwrap(), &statement(ANNA), &allowed, ANNA, now()).unwrap();
}

#[tokio::test]
async fn the_certificate_is_used_where_the_list_has_the_authority() {
    let workshop = Workshop::new();
    let (authority, key) = (workshop.key("authority", "ed25519"), workshop.key("anna", "ed25519"));
    workshop.certify(&authority, &key, "anna-2026", &["-n", ANNA, "-V", "-1d:+1d"]);
    let vouching = format!("{ANNA} cert-authority {}", authority.line());
    for path in [key.path.clone(), key.certificate_path()] {
        let signer = find(&openssh(), Some(&path), &vouching).await.unwrap().unwrap();
        assert_eq!(signer.describe().certificate.as_deref(), Some("anna-2026"));
        let armored = sign(&signer).await.unwrap();
        let verified = ours(&armored, &statement(ANNA), &vouching, ANNA, now()).unwrap();
        assert_eq!(verified.certificate.as_deref(), Some("anna-2026"));
        assert!(workshop.openssh_accepts(&armored, &statement(ANNA), &vouching, ANNA, now()));
    }
    let plain = format!("{ANNA} {}", key.line());
    let signer = find(&openssh(), Some(&key.path), &plain).await.unwrap().unwrap();
    assert_eq!(signer.describe().certificate, None);
}

#[tokio::test]
async fn the_only_listed_key_of_the_agent_is_found_and_signs() {
    let workshop = Workshop::new();
    let (anna, other) = (workshop.key("anna", "ed25519"), workshop.key("other", "ecdsa 256"));
    let agent = Agent::start(&workshop);
    agent.add(&anna);
    agent.add(&other);
    // The agent alone has them now.
    for key in [&anna, &other] {
        std::fs::remove_file(&key.path).unwrap();
    }
    let tools = Tools { agent: Some(agent.socket.clone()), ..openssh() };
    let allowed = format!("{ANNA} {}\n{BEN} {}", anna.line(), other.line());
    let signer = find(&tools, None, &allowed).await.unwrap().unwrap();
    assert_eq!(signer.describe().place, Place::Agent);
    assert_eq!(signer.to_string(), format!("anna's key {} (ssh-ed25519, agent)", anna.fingerprint()));
    let armored = sign(&signer).await.unwrap();
    ours(&armored, &statement(ANNA), &allowed, ANNA, now()).unwrap();
    assert!(workshop.openssh_accepts(&armored, &statement(ANNA), &allowed, ANNA, now()));
    // By the path of its public half, too.
    let signer = find(&tools, Some(&anna.public_path()), &allowed).await.unwrap().unwrap();
    ours(&sign(&signer).await.unwrap(), &statement(ANNA), &allowed, ANNA, now()).unwrap();

    let both = format!("{ANNA} {}\n{ANNA} {}", anna.line(), other.line());
    let several = find(&tools, None, &both).await.unwrap_err();
    assert!(several.why.contains("2 keys") && several.advice.contains("--key"), "{several}");
    assert!(find(&tools, None, "").await.unwrap().is_none(), "no key is listed");
}

#[tokio::test]
async fn a_certificate_in_the_agent_signs() {
    let workshop = Workshop::new();
    let (authority, key) = (workshop.key("authority", "ed25519"), workshop.key("anna", "ed25519"));
    workshop.certify(&authority, &key, "anna-2026", &["-n", ANNA, "-V", "-1d:+1d"]);
    let agent = Agent::start(&workshop);
    // The certificate beside the key is added with it.
    agent.add(&key);
    let tools = Tools { agent: Some(agent.socket.clone()), ..openssh() };
    let vouching = format!("{ANNA} cert-authority {}", authority.line());
    let signer = find(&tools, None, &vouching).await.unwrap().unwrap();
    let armored = sign(&signer).await.unwrap();
    ours(&armored, &statement(ANNA), &vouching, ANNA, now()).unwrap();
}

#[tokio::test]
async fn a_locked_key_signs_through_the_agent_and_says_so_without_one() {
    let workshop = Workshop::new();
    let key = workshop.locked_key("anna", "ed25519", "correct horse");
    let allowed = format!("{ANNA} {}", key.line());
    let signer = find(&openssh(), Some(&key.path), &allowed).await.unwrap().unwrap();
    let locked = sign(&signer).await.unwrap_err();
    assert_eq!(locked.kind, TroubleKind::Denied);
    assert!(locked.why.contains("passphrase") && locked.advice.contains("ssh-add"), "{locked}");
    let agent = Agent::start(&workshop);
    let tools = Tools { agent: Some(agent.socket.clone()), ..openssh() };
    let signer = find(&tools, Some(&key.path), &allowed).await.unwrap().unwrap();
    let still = sign(&signer).await.unwrap_err();
    assert!(still.why.contains("does not have it"), "{still}");
    let mut unlock = std::process::Command::new("ssh-add");
    let askpass = script(&workshop, "askpass", "echo correct horse");
    unlock.env("SSH_AUTH_SOCK", &agent.socket).env("SSH_ASKPASS", askpass).env("SSH_ASKPASS_REQUIRE", "force");
    assert!(unlock.arg("-q").arg(&key.path).status().unwrap().success());
    ours(&sign(&signer).await.unwrap(), &statement(ANNA), &allowed, ANNA, now()).unwrap();
}

#[tokio::test]
async fn every_trouble_says_what_to_do() {
    let workshop = Workshop::new();
    let key = workshop.key("anna", "ed25519");
    let allowed = format!("{ANNA} {}", key.line());
    let locked = workshop.locked_key("locked", "ed25519", "correct horse");
    let tools = openssh();
    let mut said = String::new();
    let mut tell = |case: &str, trouble: Trouble| {
        said.extend([case, "\n  ", trouble.to_string().as_str(), "\n"]);
    };

    tell("no such file", find(&tools, Some(&workshop.path("nowhere")), &allowed).await.unwrap_err());
    tell("not a key", find(&tools, Some(&workshop.write("text.pub", b"hello\n")), &allowed).await.unwrap_err());
    tell("not listed", find(&tools, Some(&key.path), "").await.unwrap_err());
    tell("another's", find(&tools, Some(&key.path), &format!("{BEN} {}", key.line())).await.unwrap_err());
    let line = locked.line();
    std::fs::remove_file(locked.public_path()).unwrap();
    tell("locked, no public half", find(&tools, Some(&locked.path), &allowed).await.unwrap_err());
    workshop.write("locked.pub", line.as_bytes());
    let of_locked = format!("{ANNA} {line}");
    let signer = find(&tools, Some(&locked.path), &of_locked).await.unwrap().unwrap();
    tell("locked, no agent", sign(&signer).await.unwrap_err());
    let dead = Tools { agent: Some(workshop.path("nobody.sock")), ..tools.clone() };
    let signer = find(&dead, Some(&locked.path), &of_locked).await.unwrap().unwrap();
    tell("locked, dead agent", sign(&signer).await.unwrap_err());
    tell("no key named, dead agent", find(&dead, None, &allowed).await.unwrap_err());
    let missing = Tools { keygen: PathBuf::from("no-such-ssh-keygen"), ..tools.clone() };
    let signer = find(&missing, Some(&key.path), &allowed).await.unwrap().unwrap();
    tell("ssh-keygen not installed", sign(&signer).await.unwrap_err());
    let signer = find(&tools, Some(&key.path), &allowed).await.unwrap().unwrap();
    std::fs::set_permissions(&key.path, std::fs::Permissions::from_mode(0o644)).unwrap();
    tell("open to all", sign(&signer).await.unwrap_err());
    std::fs::remove_file(&key.path).unwrap();
    let signer = find(&tools, Some(&key.public_path()), &allowed).await.unwrap().unwrap();
    tell("public half alone", sign(&signer).await.unwrap_err());
    for (case, words) in [
        ("agent says no", "Couldn't sign message: agent refused operation"),
        ("agent breaks off", "Couldn't sign message: communication with agent failed"),
        ("not plugged in", "Signing (stdin) failed: device not found"),
        ("PIN", "sign_one: couldn't read PIN"),
        ("something new", "Signing (stdin) failed: \u{1b}[31mthe moon is full"),
    ] {
        let keygen = script(&workshop, "scripted", &format!("echo \"{words}\" >&2; exit 255"));
        let scripted = Tools { keygen, ..tools.clone() };
        let signer = find(&scripted, Some(&key.public_path()), &allowed).await.unwrap().unwrap();
        tell(case, sign(&signer).await.unwrap_err());
    }
    let silent = Tools { keygen: script(&workshop, "scripted", "echo hello"), ..tools.clone() };
    let signer = find(&silent, Some(&key.public_path()), &allowed).await.unwrap().unwrap();
    tell("no signature", sign(&signer).await.unwrap_err());

    let folder = workshop.path("").display().to_string();
    let said = said.replace(&folder, "/keys/").replace(&key.fingerprint(), "SHA256:ANNA");
    let said = said.replace(&fingerprint(&line), "SHA256:LOCKED");
    assert!(!said.contains("correct horse"));
    insta::assert_snapshot!(said);
}

#[tokio::test]
async fn a_touch_is_asked_for_on_the_screen() {
    let workshop = Workshop::new();
    let key = workshop.key("anna", "ed25519");
    let allowed = format!("{ANNA} {}", key.line());
    let keygen = script(
        &workshop,
        "scripted",
        "echo 'Confirm user presence for key ED25519-SK SHA256:x' >&2\nexec ssh-keygen \"$@\"",
    );
    let tools = Tools { keygen, ..openssh() };
    let signer = find(&tools, Some(&key.path), &allowed).await.unwrap().unwrap();
    let told = Arc::new(Mutex::new(Vec::new()));
    let teller = Arc::clone(&told);
    let progress = move |progress| teller.lock().unwrap().push(progress);
    signer.sign(&statement(ANNA), &progress).await.unwrap();
    assert_eq!(*told.lock().unwrap(), [Progress::Touch]);
}

#[tokio::test]
async fn a_signer_that_never_ends_is_killed_with_what_it_started() {
    let workshop = Workshop::new();
    let key = workshop.key("anna", "ed25519");
    let allowed = format!("{ANNA} {}", key.line());
    let pids = workshop.path("pids");
    let keygen = script(&workshop, "scripted", &format!("sleep 600 &\necho $$ $! > {}\nwait", pids.display()));
    let tools = Tools { keygen, patience: Duration::from_secs(2), ..openssh() };
    let signer = find(&tools, Some(&key.path), &allowed).await.unwrap().unwrap();
    let late = sign(&signer).await.unwrap_err();
    assert_eq!(late.kind, TroubleKind::TimedOut);
    insta::assert_snapshot!(late.why, @"`ssh-keygen` had not ended after 2 s; the security key did not answer");
    let written = std::fs::read_to_string(pids).unwrap();
    let begun = Instant::now();
    for pid in written.split_whitespace() {
        while is_running(pid) {
            assert!(begun.elapsed() < Duration::from_secs(10), "{pid} still runs");
            tokio::task::yield_now().await;
        }
    }
}

#[tokio::test]
async fn neither_the_terminal_nor_an_input_is_in_reach() {
    let workshop = Workshop::new();
    let key = workshop.key("anna", "ed25519");
    let allowed = format!("{ANNA} {}", key.line());
    let seen = workshop.path("seen");
    // Neither can be opened or read, not even to its end; the sixth field of its line is its session, the first its id.
    let body = format!(
        "( : > /dev/tty ) 2>/dev/null && echo terminal >> {0}\ncat > /dev/null 2>&1 && echo input >> {0}\necho session $(cut -d' ' -f1,6 /proc/$$/stat) >> {0}\n\
         echo askpass $SSH_ASKPASS_REQUIRE >> {0}\nexec ssh-keygen \"$@\"",
        seen.display()
    );
    let tools = Tools { keygen: script(&workshop, "scripted", &body), ..openssh() };
    let signer = find(&tools, Some(&key.path), &allowed).await.unwrap().unwrap();
    sign(&signer).await.unwrap();
    let seen = std::fs::read_to_string(seen).unwrap();
    let mut lines = seen.lines();
    let session: Vec<&str> = lines.next().unwrap().split(' ').collect();
    assert_eq!(session[0], "session");
    assert_eq!(session[1], session[2], "it leads a session of its own");
    assert_eq!(lines.next(), Some("askpass never"));
}

async fn find(tools: &Tools, key: Option<&Path>, allowed: &str) -> Result<Option<SshKeygen>, Trouble> {
    find_signer(tools, key, &AllowedSigners::parse(allowed).unwrap(), ANNA, now()).await
}

async fn sign(signer: &SshKeygen) -> Result<String, Trouble> {
    signer.sign(&statement(ANNA), &|_progress| {}).await
}

/// A program that does what the lines say.
fn script(workshop: &Workshop, name: &str, lines: &str) -> PathBuf {
    // Written beside and renamed: a program that is open for writing cannot be started.
    let draft = workshop.write(&format!("{name}.draft"), format!("#!/bin/sh\n{lines}\n").as_bytes());
    std::fs::set_permissions(&draft, std::fs::Permissions::from_mode(0o755)).unwrap();
    std::fs::rename(&draft, workshop.path(name)).unwrap();
    workshop.path(name)
}

fn fingerprint(line: &str) -> String {
    flightdeck::signature::Identity::from_line(line).unwrap().0.key().fingerprint()
}

fn is_running(pid: &str) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with('Z'))
}
