//! Checking the signatures of a session against lists of keys, without asking anybody.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use super::keys::{self, Deployment};
use super::opening;
use crate::adapter::signer::Tools;
use crate::domain::Digest;
use crate::entry::History;
use crate::error::Error;
use crate::flight::ToCheck;
use crate::profile::Loaded;
use crate::record::{Proof, Proofs, SignedPlace, places};
use crate::session::signing::About;
use crate::signature::AllowedSigners;

/// The lists of keys that a session's signatures are checked against.
pub struct Lists {
    /// A list from outside, with its text: then the session's own do not count.
    given: Option<(AllowedSigners, String)>,
    /// The profiles that the session flew, by their digests.
    profiles: BTreeMap<Digest, Loaded>,
}

impl Lists {
    /// Reads the list from outside, where one is named.
    ///
    /// # Errors
    /// When that file cannot be read, or a line of it.
    pub fn read(given: Option<&Path>) -> Result<Self, Error> {
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
    pub fn text(&self, profile: Digest) -> Option<String> {
        if let Some((_, text)) = &self.given {
            return Some(text.clone());
        }
        let loaded = self.profiles.get(&profile)?;
        let wanted = loaded.allowed_signers.as_ref()?;
        let mut texts = loaded.files.iter().skip(1).filter_map(|file| String::from_utf8(file.bytes.clone()).ok());
        texts.find(|text| AllowedSigners::parse(text).is_ok_and(|list| list == *wanted))
    }

    /// Where the keys come from, for people.
    pub fn words(&self) -> &'static str {
        match self.given {
            Some(_) => "keys from the file that was named",
            None => {
                "keys as the session's own profile lists them; --allowed-signers FILE checks against a list of your own"
            }
        }
    }
}

/// Finds and checks every signature of a session, without asking anybody.
pub async fn proofs(history: &History, lists: &mut Lists) -> Proofs {
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
