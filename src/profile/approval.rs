//! `[roles]` and `[[approval]]`: who may give which approval, and that it can be given at all.

use std::collections::BTreeSet;
use std::time::Duration;

use super::JournalConfig;
use super::check::Declared;
use super::plan;
use super::router::unique;
use crate::domain::approval::{ApprovalSource, ApprovalSpec, Approvers};
use crate::domain::procedure::{Condition, Step};
use crate::domain::{ApprovalId, CheckId, Operator, RoleId};
use crate::setting::{Entries, Found, Table, Wrong, count, duration, flag, name, quoted, text, title};
use crate::signature::AllowedSigners;

/// Names of people by role, as they are written; `None` where they cannot be read.
pub(super) type Roles = Option<Entries<Vec<Found<String>>>>;

/// One approval with where its parts stand in the profile.
pub(super) struct Read {
    pub(super) spec: ApprovalSpec,
    name: Found<String>,
}

/// The most people that one approval may take.
const MOST: usize = 20;

/// Reads `[roles]`.
pub(super) fn roles(table: &mut Table<'_>) -> Roles {
    let doc = "Who has which role, by the names that people work under: { operations-lead = [\"carol\", \"dave\"] }.";
    let kind = title().one_or_list("a name, or a list of names, such as [\"carol\", \"dave\"]");
    let read = table.map("roles", doc, &kind).map(|found| found.value);
    // Of roles that cannot be read nobody is told that there are none.
    let roles = if table.has("roles") { read } else { Some(Entries::new()) };
    let report = table.report();
    for (role, people) in roles.iter().flatten() {
        if role.is_empty() || !role.chars().all(|each| each.is_alphanumeric() || "-_".contains(each)) {
            let wrong = Wrong::new(format!("{} is no name of a role", quoted(role)));
            report.refuse(&role.spot, wrong.accepted("letters, digits, - and _"));
        }
        let mut seen = BTreeSet::new();
        for person in &people.value {
            if !seen.insert(person.as_str()) {
                report.refuse(&person.spot, Wrong::new(format!("names {} twice", quoted(person))));
            }
        }
    }
    roles
}

/// Reads `[[approval]]`. Names are the ones that are written, also of approvals that cannot be read.
pub(super) fn read(table: &mut Table<'_>, roles: &Roles, checks: &Declared) -> (Vec<Read>, Vec<Found<String>>) {
    let mut declared = Vec::new();
    let doc = "What steps need somebody's word for: of whom, of how many, for how long it holds.";
    let read = table.tables("approval", doc, |table| {
        let id = table.required("name", "The approval's name, for steps and for typing.", &name());
        if let Some(id) = &id {
            unique(table, &mut declared, id, "approval");
        }
        let shown = table.optional("title", "Its title, for people. Default: its name.", &title());
        let doc = "The roles of which anybody may give it: [\"operations-lead\"].";
        let accepted = "a role, or a list of roles, such as [\"operations-lead\"]";
        let by = table.optional("by", doc, &title().one_or_list(accepted));
        let quorum = table.optional("quorum", "How many different people it takes. Default 1.", &count(1, MOST));
        let (least, most) = (Duration::from_mins(1), Duration::from_hours(30 * 24));
        let doc = "How long one's word holds, from when it was given. Default 24h.";
        let valid_for = table.optional("valid_for", doc, &duration(least, most));
        let doc = "Whether the word of who drives counts too. Default false: nobody approves what is their own.";
        let own = table.optional("own", doc, &flag());
        let doc = "Whether it may be noted as told by somebody, with a link: it counts, and is shown as reported, not \
                   verified. Default false.";
        let reported = table.optional("reported", doc, &flag());
        let doc =
            "The check that reads it from another system, instead of people: an issue of Jira, a GitHub environment.";
        let check = table.optional("check", doc, &name());
        let doc = "To whom one turns where it is missing or has expired, in order.";
        let accepted = "a line, or a list of lines, such as [\"VP Engineering, +49 …\"]";
        let escalation = table.optional("escalation", doc, &text().one_or_list(accepted));
        let report = table.report();
        let source = match (&check, &by) {
            (Some(check), _) => {
                for key in ["by", "quorum", "valid_for", "own", "reported"] {
                    if let Some(spot) = table.spot_if_written(key) {
                        let wrong = Wrong::new("stands beside check, which reads it as it is there");
                        report.refuse(&spot, wrong.advice("leave it out, or make it two approvals"));
                    }
                }
                let names = checks.checks.iter().map(|check| check.as_str());
                let is_known = plan::named(report, &check.spot, "check", check, names);
                is_known.then(|| ApprovalSource::Check(CheckId::new(check.as_str())))
            }
            (None, Some(by)) => people(table, roles, by).map(|(roles, people)| {
                let quorum = u32::try_from(quorum.as_ref().map_or(1, |quorum| quorum.value)).unwrap_or(u32::MAX);
                ApprovalSource::People(Approvers {
                    roles,
                    people,
                    quorum,
                    valid_for: valid_for.map_or(Duration::from_hours(24), |found| found.value),
                    own: own.is_some_and(|found| found.value),
                    reported: reported.is_some_and(|found| found.value),
                })
            }),
            (None, None) => {
                if !table.has("by") && !table.has("check") {
                    let wrong = Wrong::new("says nobody who gives it").accepted("one of by, check");
                    table.refuse(wrong);
                }
                None
            }
        };
        if let Some(ApprovalSource::People(approvers)) = &source {
            refuse_what_cannot_be(table, approvers);
        }
        let id = id?;
        let spec = ApprovalSpec {
            id: ApprovalId::new(id.as_str()),
            title: shown.map_or_else(|| id.value.clone(), |title| title.value),
            source: source?,
            escalation: escalation
                .map(|lines| lines.value.into_iter().map(|line| line.value).collect())
                .unwrap_or_default(),
        };
        Some(Read { spec, name: id })
    });
    (read, declared)
}

/// The roles that an approval names, and everybody who has one of them; says which of them there is not.
fn people(table: &Table<'_>, roles: &Roles, by: &Found<Vec<Found<String>>>) -> Option<(Vec<RoleId>, Vec<Operator>)> {
    let report = table.report();
    let roles = roles.as_ref()?;
    let mut people: Vec<Operator> = Vec::new();
    let mut named = Vec::new();
    for role in &by.value {
        let Some((_, found)) = roles.iter().find(|(known, _)| known.value == role.value) else {
            let known_roles = || roles.iter().map(|(known, _)| known.as_str());
            let wrong = Wrong::new(format!("there is no role {}", quoted(role)));
            let wrong = match known_roles().collect::<Vec<_>>() {
                none if none.is_empty() => wrong.advice("add a [roles] with the people who have it"),
                all => wrong.accepted(all.join(", ")).suggesting(role, known_roles()),
            };
            report.refuse(&role.spot, wrong);
            continue;
        };
        named.push(RoleId::new(role.as_str()));
        for person in &found.value {
            let person = Operator::new(person.as_str());
            if !people.contains(&person) {
                people.push(person);
            }
        }
    }
    (named.len() == by.value.len() && !people.is_empty()).then_some((named, people))
}

/// An approval that asks for more people than there are could never be given.
fn refuse_what_cannot_be(table: &Table<'_>, approvers: &Approvers) {
    let have = approvers.people.len();
    let wanted = usize::try_from(approvers.quorum).unwrap_or(usize::MAX);
    if wanted > have {
        let spot = table.spot_if_written("quorum").unwrap_or_else(|| table.spot_of("quorum"));
        let who = approvers.people_words();
        let people = if have == 1 { "person" } else { "people" };
        let wrong = Wrong::new(format!("takes {wanted}, and its roles have {have} {people}: {who}"));
        table.report().refuse(&spot, wrong.advice("give the role to more people, or ask for fewer"));
    }
}

/// What the rest of the profile makes impossible, and what nothing waits for.
pub(super) fn check(
    table: &Table<'_>,
    all: &[Read],
    plan: &[Step],
    journal: &JournalConfig,
    signers: Option<&AllowedSigners>,
    keys: bool,
) {
    let report = table.report();
    let is_own_journal = *journal == JournalConfig::Own && !table.has("journal");
    for Read { spec, name } in all {
        let is_needed = plan.iter().any(|step| {
            step.needs.contains(&spec.id) || step.leave_when.contains(&Condition::Approved(spec.id.clone()))
        });
        // A step that cannot be read may be the one that needs it.
        if !is_needed && report.is_clean() {
            let wrong = Wrong::new(format!("no step needs {}", quoted(name)));
            let advice = format!("write needs = [\"approved:{}\"] on the step that waits for it", name.value);
            report.refuse(&name.spot, wrong.advice(advice));
        }
        let Some(approvers) = spec.approvers() else { continue };
        let alone = approvers.own && approvers.quorum == 1;
        if is_own_journal && !alone && !approvers.reported {
            let wrong =
                Wrong::new("asks another person, and this profile's journal is your own: nobody else could give it");
            let advice = "name a `journal` that they can reach, or write reported = true to note it as told";
            report.refuse(&name.spot, wrong.advice(advice));
        }
        // Whose word may be told by others needs no key.
        let Some(signers) = signers.filter(|_| keys && !approvers.reported) else { continue };
        let unlisted: Vec<&str> =
            approvers.people.iter().map(Operator::as_str).filter(|person| !signers.lists(person)).collect();
        if !unlisted.is_empty() {
            let wrong = Wrong::new(format!("is signed, and the list of keys has no key of {}", unlisted.join(", ")));
            report.refuse(&name.spot, wrong.advice("add their keys to people.allowed_signers under these names"));
        }
    }
}
