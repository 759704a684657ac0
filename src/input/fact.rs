//! Facts about the moment, on which the meaning of a key depends.

use std::collections::BTreeSet;

use crate::cockpit::{DutySheet, Handover, Look, Model, OverlayKind, Pane};

/// One fact.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Fact {
    /// Something lies over the panes.
    Overlay,
    /// A text field has the keys.
    Text,
    /// The dialog can be confirmed by a key or a typed target.
    Confirm,
    /// The dialog is the way back.
    Back,
    /// It was confirmed and waits for the journal.
    Waiting,
    /// The proposal is void, lapsed or impossible.
    Void,
    /// A failing gate could be overridden,
    Override,
    /// and a plain letter says so: the text field, if any, is empty and does not ask for that letter.
    OverrideLetter,
    /// The dialog is about another person's asking, which can be refused,
    Refuse,
    /// and a plain letter says so.
    RefuseLetter,
    /// The dialog asks two people, and one alone could do it with a reason.
    Glass,
    /// The dialog of an act of a way back, which can be skipped.
    Unwind,
    /// A deploy action is followed in its dialog.
    Act,
    /// The dialog of a change that is not done everywhere.
    Partial,
    /// The dialog of a drifted router.
    Drift,
    /// The list of connections.
    Connections,
    /// A list to read: help, details, messages.
    List,
    /// The table of checks.
    Checks,
    /// The panel of approvals.
    Approvals,
    /// A log line or an item of the checklist in full.
    Line,
    /// A command of an item that runs is followed.
    Command,
    /// Items are read aloud.
    Reading,
    /// People are called.
    Calls,
    /// The palette.
    Palette,
    /// A split is drafted.
    Draft,
    /// The traffic pane has the focus.
    Traffic,
    /// The checklist has the focus.
    Checklist,
    /// The charts have the focus.
    Metrics,
    /// The logs have the focus.
    Logs,
}

impl Fact {
    /// All facts with their names in key files.
    pub const ALL: [(&str, Self); 29] = [
        ("overlay", Self::Overlay),
        ("text", Self::Text),
        ("confirm", Self::Confirm),
        ("back", Self::Back),
        ("waiting", Self::Waiting),
        ("void", Self::Void),
        ("override", Self::Override),
        ("override-letter", Self::OverrideLetter),
        ("refuse", Self::Refuse),
        ("refuse-letter", Self::RefuseLetter),
        ("glass", Self::Glass),
        ("unwind", Self::Unwind),
        ("act", Self::Act),
        ("partial", Self::Partial),
        ("drift", Self::Drift),
        ("connections", Self::Connections),
        ("list", Self::List),
        ("checks", Self::Checks),
        ("approvals", Self::Approvals),
        ("line", Self::Line),
        ("command", Self::Command),
        ("reading", Self::Reading),
        ("calls", Self::Calls),
        ("palette", Self::Palette),
        ("draft", Self::Draft),
        ("traffic", Self::Traffic),
        ("checklist", Self::Checklist),
        ("metrics", Self::Metrics),
        ("logs", Self::Logs),
    ];
}

/// What holds now.
pub type Facts = BTreeSet<Fact>;

/// The facts of the panes, whatever lies over them.
pub fn facts_of_panes(model: &Model) -> Facts {
    let mut facts = Facts::new();
    facts.insert(match model.focus {
        Pane::Traffic => Fact::Traffic,
        Pane::Checklist => Fact::Checklist,
        Pane::Metrics => Fact::Metrics,
        Pane::Logs => Fact::Logs,
    });
    if model.draft.is_some() {
        facts.insert(Fact::Draft);
    }
    facts
}

/// The facts of a model.
pub fn facts(model: &Model) -> Facts {
    let mut facts = facts_of_panes(model);
    let Some(overlay) = &model.overlay else { return facts };
    facts.insert(Fact::Overlay);
    match &overlay.kind {
        OverlayKind::Shift(_)
        | OverlayKind::Reload(_)
        | OverlayKind::Arm { .. }
        | OverlayKind::EndConnections { .. }
        | OverlayKind::CancelTask { .. }
        | OverlayKind::CancelAction { .. }
        | OverlayKind::Approve { .. }
        | OverlayKind::Quit { .. } => {
            facts.insert(Fact::Confirm);
        }
        OverlayKind::Complete { step, .. } if model.follows(step).is_some() => facts.extend([Fact::Act]),
        OverlayKind::RollBack { .. } => facts.extend([Fact::Confirm, Fact::Back]),
        OverlayKind::Connections { .. } => facts.extend([Fact::Connections, Fact::List]),
        OverlayKind::Partial => facts.extend([Fact::Partial]),
        OverlayKind::Drift { .. } => facts.extend([Fact::Drift]),
        OverlayKind::Ask(_) => facts.extend([Fact::Text]),
        OverlayKind::Palette(_) => facts.extend([Fact::Text, Fact::Palette]),
        OverlayKind::Help
        | OverlayKind::Details { .. }
        | OverlayKind::Messages
        | OverlayKind::Patterns(_)
        | OverlayKind::People => {
            facts.extend([Fact::List]);
        }
        OverlayKind::Line(_) | OverlayKind::Item(_) => facts.extend([Fact::List, Fact::Line]),
        OverlayKind::Correlate(_) => facts.extend([Fact::List]),
        OverlayKind::Duty(duty) => match &**duty {
            DutySheet::Run(run) if run.follows.is_none() => facts.extend([Fact::Confirm]),
            DutySheet::Run(_) => facts.extend([Fact::Command]),
            DutySheet::Reading { .. } => facts.extend([Fact::Reading]),
            DutySheet::Contacts { .. } => facts.extend([Fact::Calls]),
        },
        OverlayKind::Approvals(_) => facts.extend([Fact::List, Fact::Approvals]),
        OverlayKind::Checks(_) => facts.extend([Fact::List, Fact::Checks]),
        OverlayKind::Complete { .. } | OverlayKind::Run { .. } | OverlayKind::Controls(Handover::OfferTo { .. }) => {
            facts.extend([Fact::Confirm]);
        }
        OverlayKind::Controls(_) => facts.extend([Fact::Confirm, Fact::Refuse, Fact::RefuseLetter]),
        OverlayKind::Look(look) => facts.extend(look_facts(model, look)),
    }
    if model.act_in_dialog().is_some() {
        facts.insert(Fact::Unwind);
    }
    if model.is_void() {
        facts.insert(Fact::Void);
        facts.remove(&Fact::Confirm);
    }
    let Some(confirm) = overlay.confirm() else { return facts };
    if confirm.waiting {
        facts.insert(Fact::Waiting);
        return facts;
    }
    let target = model.typed_target().filter(|_| !facts.contains(&Fact::Void));
    if confirm.overriding.is_some() || confirm.breaking.is_some() {
        facts.insert(Fact::Text);
        return facts;
    }
    if model.could_break_glass() {
        facts.insert(Fact::Glass);
    }
    if target.is_some() {
        facts.insert(Fact::Text);
    }
    if confirm.alone.is_none() && model.to_override().is_some() && !facts.contains(&Fact::Void) {
        facts.insert(Fact::Override);
        let wants_letter = target.is_some_and(|target| target.starts_with('o'));
        if confirm.typed.value().is_empty() && !wants_letter {
            facts.insert(Fact::OverrideLetter);
        }
    }
    facts
}

/// Of another person's asking: confirmed by its typed target, refused by a letter while nothing is typed.
fn look_facts(model: &Model, look: &Look) -> Vec<Fact> {
    if !model.look_stands(look) || look.confirm.waiting {
        return Vec::new();
    }
    let wants_letter = look.request.asked.act.typed_target().starts_with('n');
    let letter = (look.confirm.typed.value().is_empty() && !wants_letter).then_some(Fact::RefuseLetter);
    [Fact::Confirm, Fact::Refuse].into_iter().chain(letter).collect()
}
