//! Telling what became of the signatures of a session, and writing them out so that OpenSSH can check the same bytes.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::Path;

use super::out::Out;
use crate::domain::{SessionId, Timestamp};
use crate::entry::History;
use crate::error::Error;
use crate::record::{Proof, Proofs, SignedPlace};
use crate::runtime::keys;
use crate::runtime::proof::Lists;
use crate::session::signing::SignedAct;
use crate::signature::{NAMESPACE, SshSignature};

/// Says what was found: a line for each signature, and a summary.
pub(super) fn tell(history: &History, proofs: &Proofs, lists: &Lists, out: &mut Out) {
    let (number, head) = history.head();
    match &history.broken {
        None => out.line(&format!("✓ chain: {number} entries, head {head}")),
        Some(broken) => out.line(&format!("✗ chain: {broken}; {number} entries before it are whole, head {head}")),
    }
    for (place, proof) in &proofs.all {
        let act = place.about.map_or("?", |about| word(about.act));
        let SignedPlace { entry, by, what, .. } = place;
        let key = match (proof, &place.signed) {
            (Proof::Good(signer), _) => signer.fingerprint.clone(),
            (_, Some(signed)) => fingerprint(&signed.signature).unwrap_or_else(|| "no SSH signature".to_owned()),
            (_, None) => "not signed".to_owned(),
        };
        let line = format!("entry {entry}  {by}  {act}: {what}  {key}");
        let line = match proof {
            Proof::Good(_) => format!("✓ {line}"),
            Proof::Bad { why } => format!("✗ {line}: {why}"),
            Proof::Missing => format!("✗ {line}: the profile wants it signed"),
        };
        // Whoever wrote the journal may have written for this terminal.
        out.line(&line.replace(char::is_control, "?"));
    }
    let count = |wanted: fn(&Proof) -> bool| proofs.all.iter().filter(|(_, proof)| wanted(proof)).count();
    if proofs.all.is_empty() {
        out.line("no signatures: names are claims");
        return;
    }
    out.line(&format!(
        "{} good, {} bad, {} missing; {}",
        count(|proof| matches!(proof, Proof::Good(_))),
        count(|proof| matches!(proof, Proof::Bad { .. })),
        count(|proof| matches!(proof, Proof::Missing)),
        lists.words()
    ));
}

fn fingerprint(armoured: &str) -> Option<String> {
    Some(SshSignature::parse_armored(armoured).ok()?.identity().key().fingerprint())
}

fn word(act: SignedAct) -> &'static str {
    keys::act(act).word()
}

/// The end of `--verify`.
pub(super) fn verdict(session: SessionId, history: History, proofs: &Proofs) -> Result<(), Error> {
    if let Some(broken) = history.broken {
        return Err(Error::BrokenJournal { session, broken });
    }
    match proofs.failing() {
        0 => Ok(()),
        count => Err(Error::Signatures { count, of: proofs.all.len() }),
    }
}

/// Writes every statement and its signature into a directory, with the lists of keys, and says how OpenSSH checks them.
pub(super) fn write(directory: &Path, proofs: &Proofs, lists: &Lists, out: &mut Out) -> Result<(), Error> {
    let file = |name: &str, text: &str| {
        let path = directory.join(name);
        let written = fs::File::create_new(&path).and_then(|mut file| file.write_all(text.as_bytes()));
        written.map_err(|source| Error::File {
            what: "write",
            path: path.display().to_string(),
            source,
            advice: "name a directory that is empty or not there yet",
        })
    };
    fs::create_dir_all(directory).map_err(|source| Error::File {
        what: "make the directory",
        path: directory.display().to_string(),
        source,
        advice: "name another one",
    })?;
    let mut names: BTreeMap<String, String> = BTreeMap::new();
    let mut commands = Vec::new();
    for (index, (place, _)) in proofs.all.iter().enumerate() {
        let Some(signed) = &place.signed else { continue };
        let list = lists.text(place.profile).unwrap_or_default();
        let next =
            if names.is_empty() { "allowed_signers".to_owned() } else { format!("allowed_signers-{}", index + 1) };
        if !names.contains_key(&list) {
            file(&next, &list)?;
        }
        let allowed = names.entry(list).or_insert(next);
        // Two signatures in one entry are rare, and have two names.
        let name = format!("{:04}-{:03}", place.entry, index + 1);
        file(&format!("{name}.statement"), &signed.statement)?;
        file(&format!("{name}.sig"), &signed.signature)?;
        commands.push(format!(
            "ssh-keygen -Y verify -n {NAMESPACE} -f {allowed} -I {} -O verify-time={} -s {name}.sig < {name}.statement",
            quoted(place.by.as_str()),
            compact(place.used_at),
        ));
    }
    out.line(&format!("{} signatures in {}; there:", commands.len(), directory.display()));
    for command in commands {
        out.line(&command);
    }
    Ok(())
}

/// As one word of a shell.
fn quoted(text: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "@._-+".contains(c);
    if !text.is_empty() && !text.starts_with('-') && text.chars().all(is_plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

/// `20261121140211Z`.
fn compact(at: Timestamp) -> String {
    let digits: String = at.to_string().chars().take_while(|c| *c != '.').filter(char::is_ascii_digit).collect();
    digits + "Z"
}
