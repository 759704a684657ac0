//! Approvals: what a step needs somebody's word for, whose word it is, how many of them, and for how long it holds (F7).

use std::time::Duration;

use super::{ApprovalId, CheckId, Operator, RoleId};

/// One approval, as the profile has it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ApprovalSpec {
    /// Its name.
    pub id: ApprovalId,
    /// Its title, for people.
    pub title: String,
    /// Where it comes from.
    pub source: ApprovalSource,
    /// To whom one turns where it is missing or has expired, in order.
    pub escalation: Vec<String>,
}

/// Where an approval comes from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ApprovalSource {
    /// People give it in their cockpits.
    People(Approvers),
    /// A check reads it from another system.
    Check(CheckId),
}

/// Who gives an approval.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Approvers {
    /// The roles of which anybody may give it.
    pub roles: Vec<RoleId>,
    /// The people who have one of them, each once, in the profile's order.
    pub people: Vec<Operator>,
    /// How many different people it takes.
    pub quorum: u32,
    /// How long one's word holds.
    pub valid_for: Duration,
    /// Whether the word of who drives counts as well.
    pub own: bool,
    /// Whether it may be noted as told by one of them, with a link: reported, not verified.
    pub reported: bool,
}

impl ApprovalSpec {
    /// Who gives it; `None` where a check reads it.
    pub fn approvers(&self) -> Option<&Approvers> {
        match &self.source {
            ApprovalSource::People(approvers) => Some(approvers),
            ApprovalSource::Check(_) => None,
        }
    }

    /// The check that reads it.
    pub fn check(&self) -> Option<&CheckId> {
        match &self.source {
            ApprovalSource::People(_) => None,
            ApprovalSource::Check(check) => Some(check),
        }
    }

    /// Whether this operator has one of its roles.
    pub fn is_for(&self, operator: &Operator) -> bool {
        self.approvers().is_some_and(|approvers| approvers.people.contains(operator))
    }
}

impl Approvers {
    /// Its roles in a list: `operations-lead or tech-lead`.
    pub fn role_words(&self) -> String {
        self.roles.iter().map(RoleId::as_str).collect::<Vec<_>>().join(" or ")
    }

    /// Its people in a list: `carol, dave`.
    pub fn people_words(&self) -> String {
        self.people.iter().map(Operator::as_str).collect::<Vec<_>>().join(", ")
    }
}
