//! What a signature in the journal must be about (F3): the one mapping from events to statements, for the cockpit that
//! checks a signature as it comes and for whoever checks a record years later.

use super::decide::action::asked_start;
use super::decide::step::asked_act;
use super::event::{ChangeConfirmed, ChangeKind, Event, StepMark};
use super::proposal::Proposal;
use super::second::{AskedAct, ConfirmationAsked, Second, run_digest};
use super::state::Session;
use crate::domain::{Digest, Now, Procedure, Signed};

/// The sorts of act that are signed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SignedAct {
    /// One's own confirmation of an act.
    Confirm,
    /// The second person's.
    Give,
    /// A run of steps, by the second person.
    Run,
    /// An act that asks two people, by one alone.
    Alone,
    /// A rollback.
    Rollback,
    /// An approval (F7).
    Approval,
}

/// What a signature must be about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct About {
    /// What sort of act.
    pub act: SignedAct,
    /// Its digest, worked out anew.
    pub digest: Digest,
    /// The entry in which what it is about came up, as far as the session knows: nobody can have signed on an earlier one.
    pub since: u64,
}

/// What the signature of an event must be about, by the session as it was before that event; `None` for events that nobody
/// signs, and where what it would be about does not exist. Of a request and of a run the session after it says the same.
///
/// Digests are not taken from the event but worked out from what it does. A rollback's is the exception: what it leaves
/// open is worked out where it is decided, so it is signed after it was kept, and the signed head binds its entry.
#[expect(clippy::wildcard_enum_match_arm, reason = "few of many events are signed")]
pub fn about(session: &Session, procedure: &Procedure, event: &Event) -> Option<About> {
    let about = |act, digest, since| Some(About { act, digest, since });
    let own = |alone| if alone { SignedAct::Alone } else { SignedAct::Confirm };
    let is_alone = |second: &Second| matches!(second, Second::Alone { .. });
    match event {
        Event::ConfirmationGiven { request: id, .. } => {
            let asked = &session.request.as_ref().filter(|request| request.asked.request == *id)?.asked;
            let digest = ConfirmationAsked::digest_of(&asked.act, &asked.overrides);
            about(SignedAct::Give, digest, asked.act.revision())
        }
        Event::RunConfirmed(run) => about(SignedAct::Run, run_digest(procedure, &run.steps), 1),
        Event::ChangeConfirmed(confirmed) if confirmed.kind.is_forward() => {
            let act = AskedAct::Change(Box::new(proposed(session, confirmed)));
            let digest = ConfirmationAsked::digest_of(&act, &confirmed.overrides);
            about(own(confirmed.confirmation.alone.is_some()), digest, confirmed.revision)
        }
        Event::RollbackSigned { change, .. } => {
            let confirmed = &session.change(*change)?.confirmed;
            about(SignedAct::Rollback, confirmed.digest, confirmed.revision)
        }
        Event::StepMarked { step, mark: StepMark::Done { overrides, second, .. } } => {
            let act = asked_act(session, procedure.step(step)?.1);
            about(own(is_alone(second)), ConfirmationAsked::digest_of(&act, overrides), session.revision)
        }
        Event::ActionStarting(intent) => {
            let act = asked_start(session, procedure.work(&intent.step)?, &intent.requests);
            let digest = ConfirmationAsked::digest_of(&act, &intent.overrides);
            about(own(is_alone(&intent.second)), digest, session.revision)
        }
        Event::ApprovalGiven(given) => about(SignedAct::Approval, session.about(&given.approval), 1),
        Event::ProfileReloaded { digest, second, .. } => {
            let act = AskedAct::reload(session, *digest);
            about(own(is_alone(second)), ConfirmationAsked::digest_of(&act, &[]), session.revision)
        }
        _ => None,
    }
}

/// The signature that an event holds.
#[expect(clippy::wildcard_enum_match_arm, reason = "few of many events are signed")]
pub fn signed_in(event: &Event) -> Option<&Signed> {
    match event {
        Event::ConfirmationGiven { signed, .. }
        | Event::ProfileReloaded { signed, .. }
        | Event::StepMarked { mark: StepMark::Done { signed, .. }, .. } => signed.as_ref(),
        Event::RunConfirmed(run) => run.signed.as_ref(),
        Event::ActionStarting(intent) => intent.confirmation.signed.as_ref(),
        Event::ChangeConfirmed(confirmed) => confirmed.confirmation.signed.as_ref(),
        Event::RollbackSigned { signed, .. } => Some(signed),
        Event::ApprovalGiven(given) => given.signed.as_ref(),
        _ => None,
    }
}

/// What let the act of an event through, where that is one which may ask two people (F3).
#[expect(clippy::wildcard_enum_match_arm, reason = "few of many events may ask two people")]
pub fn second_of(event: &Event) -> Option<&Second> {
    match event {
        Event::ChangeConfirmed(confirmed) => Some(&confirmed.second),
        Event::ActionStarting(intent) => Some(&intent.second),
        Event::StepMarked { mark: StepMark::Done { second, .. }, .. } | Event::ProfileReloaded { second, .. } => {
            Some(second)
        }
        Event::RollbackActMarked(marked) => match &marked.mark {
            StepMark::Done { second, .. } => Some(second),
            _ => None,
        },
        _ => None,
    }
}

/// Whether a profile that names keys wants this event signed: everything that people confirm, but for a rollback, which
/// waits for nothing (R3).
#[expect(clippy::wildcard_enum_match_arm, reason = "few of many events are signed")]
pub fn wants_signature(event: &Event) -> bool {
    match event {
        Event::ConfirmationGiven { .. }
        | Event::RunConfirmed(_)
        | Event::ApprovalGiven(_)
        | Event::ProfileReloaded { .. }
        | Event::StepMarked { mark: StepMark::Done { .. }, .. } => true,
        Event::ActionStarting(intent) => !intent.unwinds,
        Event::ChangeConfirmed(confirmed) => !matches!(confirmed.kind, ChangeKind::Rollback { .. }),
        _ => false,
    }
}

/// The proposal that a forward change was confirmed from.
fn proposed(session: &Session, confirmed: &ChangeConfirmed) -> Proposal {
    Proposal {
        change: confirmed.change,
        kind: confirmed.kind.clone(),
        to: confirmed.to.clone(),
        routers: confirmed.routers.clone(),
        waves: confirmed.waves.clone(),
        revision: confirmed.revision,
        profile: session.profile_digest().unwrap_or(Digest::ZERO),
        made: Now::default(),
    }
}
