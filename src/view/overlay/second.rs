//! Two people: what the second one is asked, what the first one waits for, the broken glass, a run of steps.
//!
//! ```text
//! ╭ ana asks for your confirmation · payments-api · PROD ─────────╮
//! │  shift 30 / 70 → 50 / 50 on 2 routers        digest 7f3a·91c2 │
//! │  eu-1  haproxy  30 / 70 → 50 / 50                             │
//! │  ✓ eu-1 reads the same here                                   │
//! │                                                               │
//! │  4:41 left    names are claims: the profile lists no keys     │
//! │  Type blue 50 to confirm as raj: ▏    n refuse    Esc close   │
//! ╰───────────────────────────────────────────────────────────────╯
//! ```

use super::back::{between, stages};
use super::change::summary as summary_of;
use super::confirm::orders;
use super::{Piece, Sheet, field, key, piece};
use crate::cockpit::{Action, ConfirmState, Look, Model, request_words};
use crate::domain::procedure::StepAct;
use crate::domain::{StepId, clock_span};
use crate::session::proposal::{Gate, Override, RouterOrder};
use crate::session::second::AskedAct;
use crate::theme::Role;
use crate::view::key as keys;
use crate::view::seen::Seen;

/// What another person asks to be confirmed.
pub(super) fn look(model: &Model, look: &Look, seen: &Seen<'_>) -> Sheet {
    let (request, flight) = (&look.request, &model.flight);
    let asked = &request.asked;
    let mut sheet = Sheet::act(model, &format!("{} asks for your confirmation", request.by));
    sheet.line(vec![
        piece(Role::Strong, request_words(&flight.procedure, &asked.act)),
        piece(Role::Dim, "     digest "),
        piece(Role::Strong, asked.digest.short()),
    ]);
    sheet.gap();
    overrides(&mut sheet, &asked.overrides);
    match &asked.act {
        AskedAct::Change(proposal) => {
            sheet.line(summary_of(&proposal.to, seen));
            if let Some(line) = super::change::waves(&proposal.waves) {
                sheet.line(line);
            }
            let stage = flight.next_stage().ok().filter(|ramp| ramp.weights() == proposal.to);
            if let Some(ramp) = stage.filter(|_| !proposal.kind.is_forward()) {
                sheet.line(stages(&ramp));
                // By this cockpit's own answers: the second person looks for themselves.
                between(&mut sheet, &flight.stage_checks(model.now.elapsed));
            }
            sheet.gap();
            orders(model, &mut sheet, proposal);
            for order in &proposal.routers {
                sheet.line(read_here(model, order, proposal.kind.is_forward()));
            }
        }
        AskedAct::Complete { step, requests, .. } if !requests.is_empty() => {
            for request in requests {
                sheet.line(vec![piece(Role::Text, format!("  {request}"))]);
            }
            of_version(model, &mut sheet, step);
            sheet.line(vec![piece(Role::Dim, "flightdeck sends this, and follows what comes of it.")]);
        }
        AskedAct::Complete { step: id, .. } => {
            let step = flight.procedure.step(id).map(|(_, step)| &step.act);
            if let Some(StepAct::Deploy { text, .. } | StepAct::Pause { text }) = step {
                for line in text.lines() {
                    sheet.line(vec![piece(Role::Text, line)]);
                }
            }
            of_version(model, &mut sheet, id);
            sheet.line(vec![piece(Role::Dim, "flightdeck does nothing for it: it records that it was done.")]);
        }
        AskedAct::Reload { digest, profile, .. } => {
            sheet.line(vec![
                piece(Role::Dim, "flown now  "),
                piece(Role::Text, profile.short()),
                piece(Role::Dim, "     asked  "),
                piece(Role::Strong, digest.short()),
            ]);
        }
    }
    if let Some(over) = &look.over {
        sheet.border = Role::Bad;
        sheet.pin(vec![
            piece(Role::Bad, if model.is_confirmed(look) { "over: " } else { "over, nothing was sent: " }),
            piece(Role::Strong, over.clone()),
        ]);
        sheet.pin(key(&keys::of(model, &Action::Escape), "close"));
        return sheet;
    }
    if let Some(why) = model.why_not_mine(look) {
        sheet.pin(vec![piece(Role::Wait, format!("! {why}"))]);
        sheet.pin(key(&keys::of(model, &Action::Escape), "close"));
        return sheet;
    }
    let left = asked.until.since(model.now.wall);
    let role = if left.as_secs() < 30 { Role::Wait } else { Role::Dim };
    sheet.pin(vec![piece(role, format!("{} left     ", clock_span(left))), claims(model)]);
    typed(model, &mut sheet, &look.confirm, &asked.act.typed_target(), &format!("confirm as {}", flight.me.operator));
    let mut line = key(&keys::of(model, &Action::Refuse), "refuse, with a reason");
    line.extend(key(&keys::of(model, &Action::Escape), "close, it stays asked"));
    sheet.pin(line);
    sheet
}

/// What the step deploys.
fn of_version(model: &Model, sheet: &mut Sheet, step: &crate::domain::StepId) {
    if let Some((_, step)) = model.flight.procedure.step(step) {
        super::version::lines(model, sheet, step);
    }
}

fn overrides(sheet: &mut Sheet, overrides: &[Override]) {
    for each in overrides {
        sheet.line(vec![
            piece(Role::Wait, format!("↷ sets aside: {}", gate_words(&each.gate))),
            piece(Role::Text, format!("   because: {}", each.reason)),
        ]);
    }
    if !overrides.is_empty() {
        sheet.gap();
    }
}

/// A gate that is set aside, in a few words; how it stands is the driver's evidence.
fn gate_words(gate: &Gate) -> String {
    match gate {
        Gate::NoHold => "the deployment is not held".to_owned(),
        Gate::Readings => "every router was read just now".to_owned(),
        Gate::NoDrift => "no router drifted".to_owned(),
        Gate::Destination { pool } => format!("{pool} has living servers"),
        Gate::Items { section } => format!("the required items of {section}"),
        Gate::Drained { pool } => format!("{pool} is drained"),
        Gate::Check { check } => format!("the check {check} is passed"),
        Gate::Checks { group } => format!("the checks of {group} are passed"),
        Gate::Soak | Gate::SoakBeforeEnd => "the soak".to_owned(),
        Gate::NoTraffic { pool } => format!("{pool} has no traffic"),
        Gate::Untouched { pool } => format!("no action touches {pool}"),
        Gate::ActionKnown { action } => format!("what became of {action} is known"),
        Gate::WayBack { .. } => "the way back is proven".to_owned(),
        Gate::Guard { guard } => format!("guard {guard} is quiet"),
        Gate::Window { window } => format!("the time that {window} gives"),
        Gate::Approval { approval } => format!("the approval {approval}"),
        Gate::Version => "the tag points to what it was resolved to".to_owned(),
    }
}

/// A router of the request as this cockpit reads it (C5).
fn read_here(model: &Model, order: &RouterOrder, forward: bool) -> Vec<Piece> {
    let name = &order.router;
    let seen = model.flight.watches.get(name).and_then(|watch| watch.last.as_ref());
    let (role, text) = match (&order.bound, seen) {
        (None, _) => (Role::Wait, format!("? {name} had no reading there: it is sent without a look at it")),
        (Some(_), None) => (Role::Wait, format!("? {name} is not read here: you confirm what the other cockpit reads")),
        (Some(bound), Some(seen)) if bound.identity != seen.reading.identity => {
            (Role::Bad, format!("✗ {name} is not the same router here: look at how this host reaches it"))
        }
        (Some(bound), Some(seen)) => match bound.moved_since(&seen.reading) {
            Some(moved) if forward => (Role::Bad, format!("✗ {name} differs here: {moved}")),
            Some(moved) => (Role::Wait, format!("! {name} differs here: {moved}")),
            None => (Role::Good, format!("✓ {name} reads the same here")),
        },
    };
    vec![piece(role, text)]
}

/// The line in which a target is typed, with what went wrong with the last try.
fn typed(model: &Model, sheet: &mut Sheet, confirm: &ConfirmState, target: &str, act: &str) {
    if let Some(failed) = &confirm.failed {
        sheet.pin(vec![piece(Role::Bad, format!("✗ {failed}"))]);
    }
    if confirm.waiting {
        waiting(model, sheet);
        return;
    }
    let mut line =
        vec![piece(Role::Text, "Type "), piece(Role::Strong, target), piece(Role::Text, format!(" to {act}: "))];
    line.extend(field(&confirm.typed));
    sheet.pin(line);
}

/// What a name is worth here.
fn claims(model: &Model) -> Piece {
    if model.flight.procedure.people.keys {
        piece(Role::Dim, "it is signed with your key")
    } else {
        piece(Role::Wait, "names are claims, no keys")
    }
}

/// Confirmed here, and on its way: to a key, to another person, into the journal.
pub(super) fn waiting(model: &Model, sheet: &mut Sheet) {
    let flight = &model.flight;
    if let Some(signing) = &flight.keys.signing {
        let text = format!("↻ signing {}: touch your key if it blinks", signing.what);
        sheet.pin(vec![piece(Role::Wait, text)]);
        return;
    }
    let Some(waiting) = flight.waiting.as_ref().filter(|_| flight.waits_for_second()) else {
        sheet.pin(vec![piece(Role::Wait, "↻ confirmed; it is sent once the journal has it")]);
        return;
    };
    let request = flight.session.request.as_ref().filter(|request| request.asked.request == waiting.request);
    let Some(request) = request else {
        sheet.pin(vec![piece(Role::Wait, "↻ another person is asked once the journal has it")]);
        return;
    };
    let there = names(&model.could_confirm());
    let whom = if there.is_empty() { "another person; nobody is here".to_owned() } else { there };
    let left = clock_span(request.asked.until.since(model.now.wall));
    let mut line = vec![
        piece(Role::Wait, "↻ waiting for "),
        piece(Role::Strong, whom),
        piece(Role::Wait, format!("  {left}     ")),
        piece(Role::Dim, "digest "),
        piece(Role::Strong, format!("{}     ", request.asked.digest.short())),
    ];
    line.extend(key(&keys::of(model, &Action::Escape), "withdraw"));
    sheet.pin(line);
    let lookers = model.lookers(request.asked.digest);
    let mut line = vec![match (&request.given, lookers.len()) {
        (Some(given), _) => piece(Role::Good, format!("✓ {} confirmed it     ", given.by)),
        (None, 0) => piece(Role::Dim, "nobody looks at it yet     "),
        (None, 1) => piece(Role::Good, format!("{} is looking at it     ", names(&lookers))),
        (None, _) => piece(Role::Good, format!("{} are looking at it     ", names(&lookers))),
    }];
    line.push(claims(model));
    sheet.pin(line);
}

/// Breaking the glass: the reason, then the target. Says whether the dialog is at that.
pub(super) fn alone(model: &Model, sheet: &mut Sheet, confirm: &ConfirmState) -> bool {
    if let Some(input) = &confirm.breaking {
        sheet.border = Role::Bad;
        sheet.pin(vec![piece(Role::Bad, "! alone: every screen and the record say so")]);
        let mut line = vec![piece(Role::Text, "Why is there no second person: ")];
        line.extend(field(input));
        sheet.pin(line);
        let mut line = key(&keys::of(model, &Action::Enter), "give this reason");
        line.extend(key(&keys::of(model, &Action::Escape), "back to asking"));
        sheet.pin(line);
        return true;
    }
    let Some(reason) = &confirm.alone else { return false };
    sheet.border = Role::Bad;
    sheet.pin(vec![piece(Role::Bad, "! ALONE: "), piece(Role::Strong, reason.clone())]);
    if model.is_blocked() {
        sheet.pin(vec![piece(Role::Wait, "It cannot be done yet, see above.")]);
    } else if let Some(target) = model.typed_target() {
        let mut line =
            vec![piece(Role::Text, "Type "), piece(Role::Strong, target), piece(Role::Bad, " to do it alone: ")];
        line.extend(field(&confirm.typed));
        sheet.pin(line);
    }
    sheet.pin(key(&keys::of(model, &Action::Escape), "back to asking"));
    true
}

/// Before it is asked: that another person is needed, who is there, and the way out where nobody is.
pub(super) fn needed(model: &Model, sheet: &mut Sheet, confirm: &ConfirmState) {
    let there = names(&model.could_confirm());
    let mut line = if there.is_empty() {
        vec![piece(Role::Wait, "! two people: nobody else is here, it would wait     ")]
    } else {
        vec![piece(Role::Text, "two people: asks "), piece(Role::Strong, format!("{there}     "))]
    };
    if let Some(digest) = model.flight.request_digest(&confirm.overrides) {
        line.push(piece(Role::Dim, "digest "));
        line.push(piece(Role::Strong, format!("{}     ", digest.short())));
    }
    line.push(claims(model));
    sheet.pin(line);
    let glass = key(&keys::of(model, &Action::BreakGlass), "break the glass: alone, with a reason");
    if !glass.is_empty() {
        sheet.pin(glass);
    }
}

fn names(operators: &[crate::domain::Operator]) -> String {
    operators.iter().map(crate::domain::Operator::as_str).collect::<Vec<_>>().join(", ")
}

/// Confirming the next steps at once.
pub(super) fn run(model: &Model, steps: &[StepId], confirm: &ConfirmState) -> Sheet {
    let mut sheet = Sheet::act(model, "Confirm a run of steps");
    let runnable = model.runnable();
    for (place, id) in runnable.iter().enumerate() {
        let Some((_, step)) = model.flight.procedure.step(id) else { continue };
        let chosen = place < steps.len();
        let to = if let StepAct::Shift(to) = &step.act { to.to_string() } else { String::new() };
        let soak = step.soak.map(|soak| format!("   soak {}", clock_span(soak))).unwrap_or_default();
        sheet.line(vec![
            piece(if chosen { Role::Good } else { Role::Dim }, if chosen { "◆ " } else { "  " }),
            piece(if chosen { Role::Strong } else { Role::Dim }, format!("{:<18}", step.name)),
            piece(if chosen { Role::Text } else { Role::Dim }, to),
            piece(Role::Dim, soak),
        ]);
    }
    sheet.cursor = Some(steps.len().saturating_sub(1));
    sheet.gap();
    sheet.line(vec![piece(
        Role::Dim,
        "Each is sent by the driver without asking you again, while every gate is green and you are here. A hold, drift, \
         a rollback or a step off the plan ends it.",
    )]);
    sheet.pin(vec![claims(model)]);
    let target = crate::session::decide::second::run_target(steps);
    typed(model, &mut sheet, confirm, &target, &format!("confirm them as {}", model.flight.me.operator));
    let mut line = key(&keys::of(model, &Action::Down), "one step more");
    line.extend(key(&keys::of(model, &Action::Up), "one less"));
    line.extend(key(&keys::of(model, &Action::Escape), "confirm nothing"));
    sheet.pin(line);
    sheet
}
