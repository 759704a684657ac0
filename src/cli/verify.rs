//! Checking the signatures of a session, and writing them out so that OpenSSH can check the same bytes.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::Path;

use super::out::Out;
use crate::adapter::signer::Tools;
use crate::domain::{Digest, SessionId, Timestamp};
use crate::entry::History;
use crate::error::Error;
use crate::flight::ToCheck;
use crate::profile::Loaded;
use crate::record::{Proof, Proofs, SignedPlace, places};
use crate::runtime::keys::{self, Deployment};
use crate::runtime::opening;
use crate::session::signing::{About, SignedAct};
use crate::signature::{AllowedSigners, NAMESPACE, SshSignature};

/// The lists of keys that a session's signatures are checked against.
pub(super) struct Lists {
    /// A list from outside, with its text: then the session's own do not count.
    given: Option<(AllowedSigners, String)>,
    /// The profiles that the session flew, by their digests.
    profiles: BTreeMap<Digest, Loaded>,
}

impl Lists {
    /// Reads the list from outside, where one is named.
    pub(super) fn read(given: Option<&Path>) -> Result<Self, Error> {
        let given = given.map(|path| {
            let text = fs::read_to_string(path).map_err(|source| Error::File {
                what: "read the list of keys",
                path: path.display().to_string(),
                source,
                advice: "name a file in OpenSSH's ALLOWED SIGNERS form",
            })?;
            let list = AllowedSigners::parse(&text).map_err(|bad| Error::Usage {
                what: format!("{}: {bad}", path.display()),
                advice: "correct these lines: a slip in one must not be read as a shorter list".to_owned(),
            })?;
            Ok::<_, Error>((list, text))
        });
        Ok(Self { given: given.transpose()?, profiles: BTreeMap::new() })
    }

    fn list(&self, profile: Digest) -> Option<&AllowedSigners> {
        match &self.given {
            Some((list, _)) => Some(list),
            None => self.profiles.get(&profile)?.allowed_signers.as_ref(),
        }
    }

    /// The list's text, as it is checked against.
    fn text(&self, profile: Digest) -> Option<String> {
        if let Some((_, text)) = &self.given {
            return Some(text.clone());
        }
        let loaded = self.profiles.get(&profile)?;
        let wanted = loaded.allowed_signers.as_ref()?;
        let mut texts = loaded.files.iter().skip(1).filter_map(|file| String::from_utf8(file.bytes.clone()).ok());
        texts.find(|text| AllowedSigners::parse(text).is_ok_and(|list| list == *wanted))
    }

    /// Where the keys come from, for people.
    fn words(&self) -> &'static str {
        match self.given {
            Some(_) => "keys from the file that was named",
            None => {
                "keys as the session's own profile lists them; --allowed-signers FILE checks against a list of your own"
            }
        }
    }
}

/// Finds and checks every signature of a session, without asking anybody.
pub(super) async fn proofs(history: &History, lists: &mut Lists) -> Proofs {
    let profiles = &mut lists.profiles;
    let found = places(history, &mut |session| {
        let loaded = opening::profile_of(session).ok()?;
        let procedure = loaded.procedure.clone();
        profiles.insert(session.profile_digest()?, loaded);
        Some(procedure)
    });
    let session = history.fold();
    let (service, environment) = session
        .opened
        .as_ref()
        .map(|opened| (opened.what.service.clone(), opened.what.environment.clone()))
        .unwrap_or_default();
    let id = history.entries.first().map(|kept| kept.entry.session);
    let tools = Tools::from_environment();
    let heads: Vec<(u64, Digest)> = history.entries.iter().map(|kept| (kept.entry.number, kept.hash)).collect();
    let mut used: BTreeMap<String, u64> = BTreeMap::new();
    let mut all = Vec::new();
    for place in found {
        let proof = match (&place.signed, id) {
            (Some(signed), Some(session)) => {
                let used_in = used.get(&signed.statement).copied();
                used.entry(signed.statement.clone()).or_insert(place.entry);
                let deployment = Deployment { session, service: &service, environment: &environment };
                checked(&place, lists, &tools, &deployment, &heads, used_in).await
            }
            _ => Proof::Missing,
        };
        all.push((place, proof));
    }
    Proofs::new(all)
}

async fn checked(
    place: &SignedPlace,
    lists: &Lists,
    tools: &Tools,
    deployment: &Deployment<'_>,
    heads: &[(u64, Digest)],
    used_in: Option<u64>,
) -> Proof {
    let bad = |why: &str| Proof::Bad { why: why.to_owned() };
    let Some(signed) = place.signed.clone() else { return Proof::Missing };
    let Some(About { act, digest, since }) = place.about else {
        return bad("what it should be about is not in the session, or its profile cannot be read by this version");
    };
    let Some(allowed) = lists.list(place.profile) else {
        return bad("the session's profile names no keys; name a list of them with --allowed-signers");
    };
    let to_check = ToCheck {
        entry: place.entry,
        signed,
        act,
        digest,
        since,
        by: place.by.clone(),
        cockpit: place.cockpit,
        at: place.used_at,
        heads: heads.iter().copied().take_while(|(number, _)| *number < place.entry).collect(),
        used_in,
    };
    match keys::check(tools, allowed, deployment, &to_check).await {
        Ok(whose) => Proof::Good(whose),
        Err(why) => Proof::Bad { why },
    }
}

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
