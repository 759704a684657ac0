//! Approvals: given, noted as told, taken back (F7).

use super::controls::clock_is_near;
use super::second::needs_signature;
use super::{check_confirmation, needs_reason};
use crate::domain::approval::{ApprovalSpec, Approvers};
use crate::domain::procedure::Friction;
use crate::domain::{ApprovalId, Digest, Operator, Procedure, Refused, Timestamp};
use crate::session::approval::{ApprovalGiven, ApprovalReported, Came};
use crate::session::command::Asked;
use crate::session::event::Event;
use crate::session::proposal::Confirmation;
use crate::session::state::Session;

const RULE: &str = "F7";

/// An approval that people give, as the profile that is flown has it.
fn found<'p>(
    session: &Session,
    procedure: &'p Procedure,
    id: &ApprovalId,
    what: &str,
) -> Result<(&'p ApprovalSpec, &'p Approvers), Refused> {
    if session.profile_digest() != Some(procedure.digest) {
        let why = "the profile was reloaded, and this cockpit has not taken it in";
        return Err(Refused::new("B1", what, why, "wait until it has, or open the session again"));
    }
    let Some(spec) = procedure.approval(id) else {
        let why = format!("there is no approval {id}");
        return Err(Refused::new(RULE, what, why, "look at the approvals of this profile"));
    };
    match (spec.approvers(), spec.check()) {
        (Some(approvers), _) => Ok((spec, approvers)),
        (None, check) => {
            let name = check.map_or("a check", |check| check.as_str());
            let why = format!("{name} reads it from its system");
            Err(Refused::new(RULE, what, why, "give it there; the check is asked again by itself"))
        }
    }
}

/// Nobody approves what is their own: who drives confirms the steps that wait for it.
fn not_own(session: &Session, approvers: &Approvers, who: &Operator, what: &str) -> Result<(), Refused> {
    let drives = session.controls.as_ref().is_some_and(|controls| controls.holder.operator == *who);
    if drives && !approvers.own {
        let why = format!("{who} drives, and nobody approves what is their own");
        let advice = format!("ask another of {}", approvers.people_words());
        return Err(Refused::new(RULE, what, why, advice));
    }
    Ok(())
}

fn has_role(approvers: &Approvers, who: &Operator, what: &str) -> Result<(), Refused> {
    if approvers.people.contains(who) {
        return Ok(());
    }
    let why = format!("{who} is not {}", approvers.role_words());
    Err(Refused::new(RULE, what, why, format!("ask one of {}", approvers.people_words())))
}

/// Once per person, while it stands.
fn not_twice(session: &Session, id: &ApprovalId, who: &Operator, at: Timestamp, what: &str) -> Result<(), Refused> {
    let about = session.about(id);
    let mut words = session.words_for(id).into_iter().filter(|word| word.by == *who);
    match words.find(|word| word.stands(about, at)) {
        Some(word) => {
            let why = format!("{who} has, at {}", word.at.clock());
            Err(Refused::new(RULE, what, why, "nothing is to be done; one person counts once"))
        }
        None => Ok(()),
    }
}

pub(super) fn give(
    session: &Session,
    procedure: &Procedure,
    asked: &Asked,
    id: &ApprovalId,
    about: Digest,
    confirmation: &Confirmation,
) -> Result<Vec<Event>, Refused> {
    let what = format!("approve {id}");
    let (spec, approvers) = found(session, procedure, id, &what)?;
    has_role(approvers, &asked.actor, &what)?;
    not_own(session, approvers, &asked.actor, &what)?;
    if session.drives(asked.cockpit) && !approvers.own {
        let why = "this cockpit drives, whatever name is used in it";
        return Err(Refused::new(RULE, what, why, "approve it in a cockpit of your own"));
    }
    let at = asked.now.wall.max(session.at);
    not_twice(session, id, &asked.actor, at, &what)?;
    if about != session.about(id) {
        let why = "it is not what was on your screen: the versions or the profile changed";
        return Err(Refused::new(RULE, what, why, "look again"));
    }
    // How long it holds is counted from this stamp.
    clock_is_near(asked, &what)?;
    check_confirmation(&what, confirmation, Friction::Type, id.as_str())?;
    needs_signature(procedure, &what, confirmation)?;
    Ok(vec![Event::ApprovalGiven(Box::new(ApprovalGiven {
        approval: id.clone(),
        title: spec.title.clone(),
        about,
        until: at.plus(approvers.valid_for),
        signed: confirmation.signed.clone(),
    }))])
}

pub(super) fn report(
    session: &Session,
    procedure: &Procedure,
    asked: &Asked,
    id: &ApprovalId,
    by: &Operator,
    link: &str,
) -> Result<Vec<Event>, Refused> {
    let what = format!("note that {by} approved {id}");
    let (spec, approvers) = found(session, procedure, id, &what)?;
    if !approvers.reported {
        let why = "this profile takes nobody's word for it";
        return Err(Refused::new(RULE, what, why, "let them give it in a cockpit of their own, or override it (F4)"));
    }
    if *by == asked.actor {
        let why = "it would be your own word";
        return Err(Refused::new(RULE, what, why, "approve it yourself"));
    }
    has_role(approvers, by, &what)?;
    not_own(session, approvers, by, &what)?;
    let at = asked.now.wall.max(session.at);
    not_twice(session, id, by, at, &what)?;
    let Some(link) = link_of(link) else {
        let why = "no link says where it can be looked at";
        return Err(Refused::new(RULE, what, why, "name the address of the message or the ticket: https://…"));
    };
    clock_is_near(asked, &what)?;
    Ok(vec![Event::ApprovalReported(Box::new(ApprovalReported {
        approval: id.clone(),
        title: spec.title.clone(),
        by: by.clone(),
        link,
        about: session.about(id),
        until: at.plus(approvers.valid_for),
    }))])
}

/// An address that people can open; one that holds a password is none.
pub fn link_of(text: &str) -> Option<String> {
    const LONGEST: usize = 500;
    let text = text.trim();
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"))?;
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let is_plain = text.chars().all(|each| !each.is_whitespace() && !each.is_control());
    (is_plain && !host.is_empty() && !host.contains('@') && text.len() <= LONGEST).then(|| text.to_owned())
}

/// One's own word, or one that was noted for somebody by whoever noted it.
pub(super) fn withdraw(
    session: &Session,
    asked: &Asked,
    id: &ApprovalId,
    by: &Operator,
    reason: &str,
) -> Result<Vec<Event>, Refused> {
    let what = format!("take back what {by} said for {id}");
    let word = session.words_for(id).into_iter().find(|word| word.by == *by && word.withdrawn.is_none());
    let Some(word) = word else {
        return Err(Refused::new(RULE, what, "there is no such word", "look at the approvals"));
    };
    let may = match &word.how {
        Came::Given { .. } => word.by == asked.actor,
        Came::Reported { noted, .. } => word.by == asked.actor || *noted == asked.actor,
    };
    if !may {
        let why = format!("it is {by}'s");
        return Err(Refused::new(RULE, what, why, "let them take it back; H holds the deployment meanwhile"));
    }
    let reason = needs_reason(&what, reason)?;
    Ok(vec![Event::ApprovalWithdrawn { approval: id.clone(), by: by.clone(), reason }])
}
