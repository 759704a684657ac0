//! Approvals as the journal has them, and how each stands at a moment (F7).
//!
//! A word holds for what it was given about: the deployment, its versions and the profile. Whose word it is, whether it
//! still holds and whether it is anybody's but the driver's is judged here and nowhere else: for the gate at the moment of
//! confirming, and for the screen.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::command::Evidence;
use super::flaw::{self, Flaw};
use super::gate::check_standing;
use super::proposal::{Gate, GateReport, GateState};
use super::state::{Session, Stamped};
use crate::domain::approval::{ApprovalSource, ApprovalSpec, Approvers};
use crate::domain::check::Verdict;
use crate::domain::{
    ApprovalId, CheckId, CockpitId, Digest, Operator, Procedure, Signed, Signer, Timestamp, clock_span,
};

/// Somebody gave their approval in their cockpit.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ApprovalGiven {
    /// The approval.
    pub approval: ApprovalId,
    /// Its title, so that the journal can be read alone.
    pub title: String,
    /// What it is about; see [`Session::about`].
    pub about: Digest,
    /// Until when it holds.
    pub until: Timestamp,
    /// What was signed, where keys are named.
    pub signed: Option<Signed>,
}

/// Somebody noted that an approval was given elsewhere: reported, not verified.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ApprovalReported {
    /// The approval.
    pub approval: ApprovalId,
    /// Its title.
    pub title: String,
    /// Whose word it is said to be.
    pub by: Operator,
    /// Where it can be looked at.
    pub link: String,
    /// What it is about.
    pub about: Digest,
    /// Until when it holds.
    pub until: Timestamp,
}

/// One person's word for an approval.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Approval {
    /// The approval.
    pub approval: ApprovalId,
    /// Whose word it is.
    pub by: Operator,
    /// How it came.
    pub how: Came,
    /// The cockpit in which it was given or noted.
    pub cockpit: CockpitId,
    /// When.
    pub at: Timestamp,
    /// The entry that says so.
    pub entry: u64,
    /// What it is about.
    pub about: Digest,
    /// Until when it holds.
    pub until: Timestamp,
    /// Who took it back, and why.
    pub withdrawn: Option<Stamped<String>>,
}

/// How a word for an approval came.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Came {
    /// They gave it themselves.
    Given {
        /// What was signed, where keys are named.
        signed: Option<Signed>,
    },
    /// Somebody noted it for them: reported, not verified.
    Reported {
        /// Who noted it.
        noted: Operator,
        /// Where it can be looked at.
        link: String,
    },
}

impl Approval {
    /// Whether it is only told by somebody.
    pub fn is_reported(&self) -> bool {
        matches!(self.how, Came::Reported { .. })
    }

    /// Whether it could count for what the session is about now, but for whose it is and what its signature is worth.
    pub fn stands(&self, about: Digest, at: Timestamp) -> bool {
        self.withdrawn.is_none() && self.about == about && at <= self.until
    }
}

/// What a word is worth at a moment.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Worth {
    /// It counts.
    Counts,
    /// Its time is over.
    Expired,
    /// It was taken back.
    Withdrawn {
        /// By whom.
        by: Operator,
        /// Why.
        why: String,
    },
    /// It was given about other versions, or by another profile.
    Other,
    /// It is the word of who drives now.
    Own,
    /// It is nobody's who has one of the roles now.
    NoRole,
    /// Its signature was not checked yet, or does not hold.
    Unproven {
        /// Why.
        why: String,
    },
}

/// How an approval stands at a moment.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ApprovalStanding<'s> {
    /// Whether it is there.
    pub state: GateState,
    /// How many words count.
    pub count: u32,
    /// How many it takes.
    pub quorum: u32,
    /// Everybody's newest word, in order.
    pub words: Vec<(&'s Approval, Worth)>,
    /// What a check says of it, where that reads it.
    pub check: Option<String>,
}

/// What approvals are judged by, beside the session.
#[derive(Clone, Copy, Debug)]
pub struct Known<'k> {
    /// How the checks stand.
    pub checks: &'k BTreeMap<CheckId, (Verdict, String)>,
    /// Signatures that were checked, by the entry that holds them.
    pub signers: &'k BTreeMap<u64, Result<Signer, String>>,
    /// The key of this cockpit's own operator.
    pub own_key: Option<&'k Signer>,
}

impl<'k> Known<'k> {
    /// What is known at the moment of deciding.
    pub fn of(evidence: &'k Evidence) -> Self {
        Self { checks: &evidence.checks, signers: &evidence.signers, own_key: evidence.own_key.as_ref() }
    }
}

impl Session {
    /// What an approval is about: SHA-256 over its name, the deployment, its versions and the profile that is flown.
    pub fn about(&self, approval: &ApprovalId) -> Digest {
        use sha2::{Digest as _, Sha256};
        let opened = self.opened.as_ref().map(|opened| {
            let opened = &opened.what;
            (&opened.service, &opened.environment, &opened.from_version, &opened.to_version)
        });
        let mut hash = Sha256::new();
        hash.update(b"flightdeck approval 1\n");
        // Serialising plain values to memory cannot fail; a failure would give the digest of nothing, which is nobody's.
        hash.update(serde_json::to_vec(&(approval, opened, self.profile_digest())).unwrap_or_default());
        Digest(hash.finalize().into())
    }

    /// Everybody's newest word for an approval, in the order in which they came.
    pub fn words_for<'s>(&'s self, approval: &ApprovalId) -> Vec<&'s Approval> {
        let all: Vec<&Approval> = self.approvals.iter().filter(|each| each.approval == *approval).collect();
        let is_newest = |at: usize, each: &Approval| all.iter().skip(at + 1).all(|later| later.by != each.by);
        all.iter().enumerate().filter(|(at, each)| is_newest(*at, each)).map(|(_, each)| *each).collect()
    }

    /// How an approval stands. The writer's stamps never go back (S2), and neither does what is judged by them.
    pub fn approval<'s>(
        &'s self,
        procedure: &Procedure,
        spec: &ApprovalSpec,
        known: &Known<'_>,
        at: Timestamp,
    ) -> ApprovalStanding<'s> {
        let approvers = match &spec.source {
            ApprovalSource::Check(check) => {
                let (state, words) = check_standing(check, known.checks);
                let words = Some(words);
                return ApprovalStanding { state, count: 0, quorum: 1, words: Vec::new(), check: words };
            }
            ApprovalSource::People(approvers) => approvers,
        };
        let (about, at) = (self.about(&spec.id), at.max(self.at));
        let words: Vec<(&Approval, Worth)> = self
            .words_for(&spec.id)
            .into_iter()
            .map(|word| (word, self.worth(procedure, approvers, word, about, known, at)))
            .collect();
        let count = words.iter().filter(|(_, worth)| *worth == Worth::Counts).count();
        let count = u32::try_from(count).unwrap_or(u32::MAX);
        let is_open = |worth: &Worth| matches!(worth, Worth::Unproven { .. });
        let enough = if flaw::is(Flaw::OneApprovalIsEnough) { 1 } else { approvers.quorum };
        let state = if count >= enough {
            GateState::Holds
        } else if words.iter().any(|(_, worth)| is_open(worth)) {
            GateState::Inconclusive
        } else {
            GateState::Fails
        };
        ApprovalStanding { state, count, quorum: approvers.quorum, words, check: None }
    }

    fn worth(
        &self,
        procedure: &Procedure,
        approvers: &Approvers,
        word: &Approval,
        about: Digest,
        known: &Known<'_>,
        at: Timestamp,
    ) -> Worth {
        if let Some(withdrawn) = word.withdrawn.as_ref().filter(|_| !flaw::is(Flaw::TakenBackCounts)) {
            return Worth::Withdrawn { by: withdrawn.by.clone(), why: withdrawn.what.clone() };
        }
        if word.about != about && !flaw::is(Flaw::OtherProfileCounts) {
            return Worth::Other;
        }
        if at > word.until && !flaw::is(Flaw::ExpiredApprovalCounts) {
            return Worth::Expired;
        }
        if !approvers.people.contains(&word.by) {
            return Worth::NoRole;
        }
        let driver = self.controls.as_ref().map(|controls| &controls.holder.operator);
        if !approvers.own && driver == Some(&word.by) && !flaw::is(Flaw::OwnApprovalCounts) {
            return Worth::Own;
        }
        if !procedure.people.keys || word.is_reported() {
            return Worth::Counts;
        }
        match known.signers.get(&word.entry) {
            None => Worth::Unproven { why: "its signature is not checked yet".to_owned() },
            Some(Err(why)) => Worth::Unproven { why: why.clone() },
            Some(Ok(signer)) if signer.principal != word.by.as_str() => {
                Worth::Unproven { why: format!("the key that signed it is {}'s", signer.principal) }
            }
            Some(Ok(signer)) => {
                // Another name for the key that drives is no other person.
                let key_that_drives =
                    known.own_key.filter(|key| driver.is_some_and(|name| name.as_str() == key.principal));
                let is_same = key_that_drives.is_some_and(|key| key.fingerprint == signer.fingerprint);
                if !approvers.own && is_same { Worth::Own } else { Worth::Counts }
            }
        }
    }
}

/// An approval as a gate.
pub(super) fn gate(
    session: &Session,
    procedure: &Procedure,
    id: &ApprovalId,
    evidence: &Evidence,
    at: Timestamp,
) -> GateReport {
    let gate = Gate::Approval { approval: id.clone() };
    let Some(spec) = procedure.approval(id) else {
        return GateReport { gate, state: GateState::Inconclusive, text: format!("there is no approval {id}") };
    };
    let standing = session.approval(procedure, spec, &Known::of(evidence), at);
    GateReport { gate, state: standing.state, text: standing.words(spec, at.max(session.at)) }
}

impl ApprovalStanding<'_> {
    /// In a sentence: `approval: Operations lead, carol until 14:02:11Z`.
    pub fn words(&self, spec: &ApprovalSpec, at: Timestamp) -> String {
        let title = &spec.title;
        if let Some(check) = &self.check {
            return format!("approval: {title}, {check}");
        }
        let count = if self.quorum == 1 { String::new() } else { format!(" {} of {}", self.count, self.quorum) };
        let counted: Vec<String> =
            self.words.iter().filter(|(_, worth)| *worth == Worth::Counts).map(|(word, _)| said(word, at)).collect();
        let against: Vec<String> = self
            .words
            .iter()
            .filter(|(_, worth)| *worth != Worth::Counts && self.state != GateState::Holds)
            .map(|(word, worth)| format!("{} {}", whose(word), worth.words(word, at)))
            .collect();
        let mut parts = counted;
        parts.extend(against);
        if parts.is_empty() {
            return format!("approval: {title}{count}{}", if count.is_empty() { ", missing" } else { "" });
        }
        format!("approval: {title}{count}, {}", parts.join("; "))
    }

    /// Whether something of it has expired, and it does not stand.
    pub fn has_expired(&self) -> bool {
        self.state != GateState::Holds && self.words.iter().any(|(_, worth)| *worth == Worth::Expired)
    }
}

/// Whose word it is, and that it is only reported where that is so.
pub fn whose(word: &Approval) -> String {
    match &word.how {
        Came::Given { .. } => word.by.to_string(),
        Came::Reported { noted, .. } => format!("{}, reported by {noted}, not verified,", word.by),
    }
}

fn said(word: &Approval, at: Timestamp) -> String {
    format!("{} until {}", whose(word), moment(word.until, at))
}

/// A moment as it is said near another: the time of day, with the day where that is another one.
pub fn moment(moment: Timestamp, near: Timestamp) -> String {
    let day = |at: Timestamp| at.0.div_euclid(86_400_000);
    if day(moment) == day(near) { format!("{}Z", moment.clock()) } else { moment.long() }
}

impl Worth {
    /// Why it does not count, in a few words that follow whose it is.
    pub fn words(&self, word: &Approval, at: Timestamp) -> String {
        match self {
            Self::Counts => format!("holds for {}", clock_span(word.until.since(at))),
            Self::Expired => format!("expired at {}", moment(word.until, at)),
            Self::Withdrawn { by, why } if *by == word.by => format!("took it back: {why}"),
            Self::Withdrawn { by, why } => format!("taken back by {by}: {why}"),
            Self::Other => "gave it about other versions or another profile: it is asked anew".to_owned(),
            Self::Own => "drives now, and nobody approves what is their own".to_owned(),
            Self::NoRole => "has none of its roles".to_owned(),
            Self::Unproven { why } => format!("is not proven: {why}"),
        }
    }
}
