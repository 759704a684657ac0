//! Whether a statement speaks of the place where it stands.

use super::statement::{Act, BadStatement, Statement};
use super::trust::Signer;
use crate::domain::{CockpitId, Digest, Operator, SessionId, Timestamp};

/// The place in a journal where a statement stands or is to stand, as plain values: a cockpit has them when it folds an
/// entry, and so has whoever checks a record years later.
#[derive(Clone, Debug)]
pub struct Expected<'a> {
    /// What the entry says that the operator did.
    pub act: Act,
    /// The session of the entry.
    pub session: SessionId,
    /// The service of the session.
    pub service: &'a str,
    /// The environment of the session.
    pub environment: &'a str,
    /// The digest of what the act is about, as computed from the journal.
    pub about: Digest,
    /// The number of the entry in which what it is about came up; a statement cannot be older.
    pub since: u64,
    /// The cockpit that the entry names for the act.
    pub cockpit: CockpitId,
    /// The operator that the entry names for the act.
    pub operator: &'a Operator,
    /// The number of the entry that holds the signature.
    pub number: u64,
    /// The time of that entry, or now when it is still to be kept.
    pub at: Timestamp,
    /// The hash of the entry whose number the statement's head has: [`Digest::ZERO`] for number 0, `None` where the chain
    /// has no such entry.
    pub hash_at_head: Option<Digest>,
    /// The entry in which a statement with the same [`Statement::digest`] was used before.
    pub used_in: Option<u64>,
}

/// Why a statement with a good signature does not count where it stands; each says what to do.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Misfit {
    /// It cannot be read.
    #[error("{0}; sign again with a flightdeck of the same version as the session's")]
    Unreadable(#[from] BadStatement),
    /// The signature is another operator's.
    #[error("the statement names `{named}` as its operator, and `{signer}` signed it; everybody signs for themselves")]
    OtherSigner {
        /// Whom the statement names.
        named: Operator,
        /// Who signed.
        signer: String,
    },
    /// It belongs to another session.
    #[error("the statement was signed for the session {found}, not for this one; sign here")]
    OtherSession {
        /// That session.
        found: SessionId,
    },
    /// It belongs to another service or environment.
    #[error("the statement was signed for {service} in {environment}, not for this deployment; sign here")]
    OtherPlace {
        /// That service.
        service: String,
        /// That environment.
        environment: String,
    },
    /// It is another act.
    #[error("the statement was signed to {found}, and is used to {wanted}; sign for this act")]
    OtherAct {
        /// What was signed.
        found: Act,
        /// What it is used for.
        wanted: Act,
    },
    /// It is about something else.
    #[error(
        "the statement was signed for {found} (\"{what}\") and is bound to {wanted} here; look at what stands here and \
         sign that", found = .found.short(), wanted = .wanted.short()
    )]
    Rebound {
        /// What was signed.
        found: Digest,
        /// The same in words.
        what: String,
        /// What it is used for.
        wanted: Digest,
    },
    /// It was signed in another cockpit.
    #[error("the statement was signed in the cockpit {found}, and another one uses it; sign in the cockpit that acts")]
    OtherCockpit {
        /// That cockpit.
        found: CockpitId,
    },
    /// It is somebody else's than the entry says.
    #[error("the statement is that of `{found}`, and the entry says that it is `{wanted}`'s; that operator must sign")]
    OtherOperator {
        /// Whom the statement names.
        found: Operator,
        /// Whom the entry names.
        wanted: Operator,
    },
    /// The journal that was signed is not this one.
    #[error(
        "the statement is replayed from elsewhere: it was signed on entry {number} of a journal that is not this one; \
         sign again on this journal"
    )]
    Replayed {
        /// The head that was signed.
        number: u64,
    },
    /// It is older than what it is about.
    #[error(
        "the statement is replayed: it was signed on entry {number}, before what it is about came up in entry {since}; \
         sign again"
    )]
    Older {
        /// The head that was signed.
        number: u64,
        /// Where what it is about came up.
        since: u64,
    },
    /// It was used already.
    #[error("the statement is replayed: entry {number} has used it already; sign again")]
    Used {
        /// Where.
        number: u64,
    },
    /// It came too late.
    #[error("the statement was valid until {until}, and its entry is from {at}; sign again")]
    Expired {
        /// Until when it was valid.
        until: Timestamp,
        /// The time of the entry.
        at: Timestamp,
    },
}

/// Asks whether a statement, whose signature [`verify`](super::verify) found to be that of `signer`, counts where it stands.
///
/// # Errors
/// Why not.
pub fn check_statement(bytes: &[u8], signer: &Signer, expected: &Expected<'_>) -> Result<Statement, Misfit> {
    let statement = Statement::parse(bytes)?;
    let claim = statement.claim();
    let number = claim.head.number;
    let misfit = if claim.operator.as_str() != signer.principal {
        Misfit::OtherSigner { named: claim.operator.clone(), signer: signer.principal.clone() }
    } else if claim.operator != *expected.operator {
        Misfit::OtherOperator { found: claim.operator.clone(), wanted: expected.operator.clone() }
    } else if claim.session != expected.session {
        Misfit::OtherSession { found: claim.session }
    } else if claim.service != expected.service || claim.environment != expected.environment {
        Misfit::OtherPlace { service: claim.service.clone(), environment: claim.environment.clone() }
    } else if claim.act != expected.act {
        Misfit::OtherAct { found: claim.act, wanted: expected.act }
    } else if claim.about != expected.about {
        Misfit::Rebound { found: claim.about, what: claim.what.clone(), wanted: expected.about }
    } else if claim.cockpit != expected.cockpit {
        Misfit::OtherCockpit { found: claim.cockpit }
    } else if number >= expected.number || expected.hash_at_head != Some(claim.head.hash) {
        Misfit::Replayed { number }
    } else if number < expected.since {
        Misfit::Older { number, since: expected.since }
    } else if let Some(number) = expected.used_in {
        Misfit::Used { number }
    } else if expected.at > claim.valid_until {
        Misfit::Expired { until: claim.valid_until, at: expected.at }
    } else {
        return Ok(statement);
    };
    Err(misfit)
}
