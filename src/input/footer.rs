//! The key line: what Enter would do now, the keys that fit this moment, the way back, help, palette.

use super::fact::{Facts, facts, facts_of_panes};
use super::key::KeyText;
use super::keymap::{Keymap, Meaning};
use crate::cockpit::catalogue::catalogue;
use crate::cockpit::{Action, DutySheet, Handover, Model, OverlayKind, Pane};

/// Keys that mean an act at this moment, the one to be shown first.
pub fn keys_for(action: &Action, model: &Model) -> Vec<KeyText> {
    Keymap::built_in().keys_for(action, &facts(model))
}

/// Keys that mean an act in the panes, whatever lies over them: for the palette and for banners.
pub fn keys_in_panes(action: &Action, model: &Model) -> Vec<KeyText> {
    Keymap::built_in().keys_for(action, &facts_of_panes(model))
}

/// Keys under one heading of the help.
#[derive(Clone, PartialEq, Debug)]
pub struct HelpGroup {
    /// The heading.
    pub title: String,
    /// The acts.
    pub lines: Vec<HelpLine>,
}

/// One act of the help.
#[derive(Clone, PartialEq, Debug)]
pub struct HelpLine {
    /// Its keys.
    pub keys: Vec<KeyText>,
    /// What it does.
    pub title: &'static str,
}

/// All keys by heading, each act with its keys and what it does.
pub fn help() -> Vec<HelpGroup> {
    let acts = catalogue();
    let mut found: Vec<HelpGroup> = Vec::new();
    for group in Keymap::built_in().groups() {
        let lines = group.keys.iter().map(|(meaning, keys)| {
            let title = match meaning {
                Meaning::Act(action) => acts.iter().find(|entry| entry.action == *action).map(|entry| entry.title),
                Meaning::Digit => Some("draft this percentage for the chosen pool"),
            };
            HelpLine { keys: keys.clone(), title: title.unwrap_or_default() }
        });
        match found.iter_mut().find(|known| known.title == group.title) {
            Some(known) => known.lines.extend(lines),
            None => found.push(HelpGroup { title: group.title.clone(), lines: lines.collect() }),
        }
    }
    found
}

/// The key line: keys with labels, in order. What has no key now is left out.
pub fn footer(model: &Model) -> Vec<(KeyText, String)> {
    let facts = facts(model);
    let mut line = Vec::new();
    if let Some(words) = model.enter_means() {
        add(&mut line, &facts, &Action::Enter, words);
    }
    match &model.overlay {
        Some(overlay) => dialog(&mut line, &facts, model, &overlay.kind),
        None => panes(&mut line, &facts, model),
    }
    let is_back = matches!(model.overlay.as_ref().map(|overlay| &overlay.kind), Some(OverlayKind::RollBack { .. }));
    if !is_back && !model.is_observer() {
        add(&mut line, &facts, &Action::RollBack, model.roll_back_words());
    }
    add(&mut line, &facts, &Action::Help, "keys");
    add(&mut line, &facts, &Action::Palette, "command");
    line
}

fn add(line: &mut Vec<(KeyText, String)>, facts: &Facts, action: &Action, label: impl Into<String>) {
    if let Some(key) = Keymap::built_in().keys_for(action, facts).first() {
        line.push((*key, label.into()));
    }
}

/// What yes and no mean where the controls change hands.
fn handing(handover: &Handover) -> (&'static str, &'static str) {
    match handover {
        Handover::OfferTo { .. } => ("offer them", ""),
        Handover::Offered => ("take them", "refuse"),
        Handover::Asked => ("hand over", "refuse"),
        Handover::Asking => ("take them", "ask no longer"),
    }
}

#[expect(clippy::too_many_lines, reason = "one arm for each dialog")]
fn dialog(line: &mut Vec<(KeyText, String)>, facts: &Facts, model: &Model, kind: &OverlayKind) {
    let mut put = |action: Action, label: &str| add(line, facts, &action, label);
    let confirm = model.overlay.as_ref().and_then(crate::cockpit::Overlay::confirm);
    let waiting = confirm.is_some_and(|confirm| confirm.waiting);
    if confirm.is_some_and(|confirm| !waiting && (confirm.breaking.is_some() || confirm.alone.is_some())) {
        put(Action::Escape, "back to asking");
        return;
    }
    match kind {
        OverlayKind::Complete { step, .. } if model.follows(step).is_some() => {
            put(Action::CancelTask, "cancel it");
            put(Action::Escape, "close, it goes on");
        }
        OverlayKind::Shift(_) | OverlayKind::Complete { .. } if !waiting => {
            if !model.is_blocked() {
                let act = match kind {
                    OverlayKind::Complete { step, .. } if model.is_action(step) => "start it",
                    OverlayKind::Complete { .. } => "it is done",
                    _ => "send",
                };
                put(Action::Send, if model.asks_two() { "ask the second person" } else { act });
            }
            put(Action::Override, "override, with a reason");
            put(Action::BreakGlass, "break the glass");
            if model.act_in_dialog().is_some() {
                put(Action::SkipRollbackAct, "skip it");
                if model.act_can_be_passed() {
                    put(Action::PassRollbackAct, "go on");
                }
            }
            put(Action::Escape, "send nothing");
        }
        OverlayKind::RollBack { .. } if !waiting => {
            put(Action::Send, if model.asks_two() { "ask the second person" } else { "roll back" });
            put(Action::BreakGlass, "break the glass");
            if model.flight.session.ramp().is_some() {
                put(Action::BackAtOnce, "at once");
            }
            put(Action::OtherWayBack, "the other way back");
            put(Action::Escape, "send nothing");
        }
        OverlayKind::Reload(_) if !waiting => {
            put(Action::Send, if model.asks_two() { "ask the second person" } else { "take it in" });
            put(Action::BreakGlass, "break the glass");
            put(Action::Escape, "not now");
        }
        OverlayKind::Arm { disarms, .. } if !waiting => {
            put(Action::Send, if *disarms { "disarm them" } else { "arm them" });
            put(Action::Escape, "not now");
        }
        OverlayKind::Shift(_)
        | OverlayKind::Arm { .. }
        | OverlayKind::Complete { .. }
        | OverlayKind::RollBack { .. }
        | OverlayKind::Reload(_) => {
            put(Action::Escape, if model.flight.waits_for_second() { "withdraw" } else { "close" });
        }
        OverlayKind::Look(look) => {
            put(Action::Refuse, "refuse, with a reason");
            put(Action::Escape, if model.look_stands(look) { "close, it stays asked" } else { "close" });
        }
        OverlayKind::Run { .. } => {
            put(Action::Down, "one step more");
            put(Action::Up, "one less");
            put(Action::Escape, "confirm nothing");
        }
        OverlayKind::Controls(handover) => {
            let (yes, no) = handing(handover);
            put(Action::Send, yes);
            put(Action::Refuse, no);
            put(Action::Escape, "close");
        }
        OverlayKind::Partial => {
            if model.partial().is_some() {
                put(Action::Retry, "retry");
            }
            if model.wave_wants_a_word() {
                put(Action::SendWave, "send the next wave");
            }
            put(Action::PutBack, "put back");
            put(Action::ExcludeRouter, "leave a router out");
            put(Action::Leave, "leave, with a reason");
            put(Action::Escape, "close");
        }
        OverlayKind::Drift { .. } => {
            put(Action::PutBack, "put back");
            put(Action::AcceptDrift, "accept, with a reason");
            put(Action::Escape, "close");
        }
        OverlayKind::Connections { .. } => {
            put(Action::EndConnections, "end them, with a reason");
            put(Action::Connections, "list again");
            put(Action::Escape, "close");
        }
        OverlayKind::EndConnections { .. } => put(Action::Escape, if waiting { "close" } else { "end nothing" }),
        OverlayKind::Approvals(_) => {
            if model.could_approve_chosen() {
                put(Action::Approve, "approve");
            }
            put(Action::Down, "choose");
            put(Action::Escape, "close");
        }
        OverlayKind::Approve { .. } => put(Action::Escape, if waiting { "close" } else { "approve nothing" }),
        OverlayKind::CancelTask { .. } | OverlayKind::CancelAction { .. } => {
            if !waiting {
                put(Action::Send, "cancel it");
            }
            put(Action::Escape, if waiting { "close" } else { "send nothing" });
        }
        OverlayKind::Duty(duty) => match &**duty {
            DutySheet::Run(run) if run.follows.is_none() => {
                if !waiting {
                    put(Action::Send, "run it");
                }
                put(Action::Escape, if waiting { "close" } else { "run nothing" });
            }
            DutySheet::Run(run) => {
                if model.running(&run.item).is_some() {
                    put(Action::CancelTask, "cancel it");
                }
                put(Action::Escape, "close");
            }
            DutySheet::Reading { .. } => {
                if model.answers_here() {
                    put(Action::Yes, "checked");
                    put(Action::No, "not so");
                }
                put(Action::Escape, "close");
            }
            DutySheet::Contacts { .. } => {
                put(Action::Yes, "answered");
                put(Action::No, "no answer");
                put(Action::Copy, "copy the text");
                put(
                    Action::Start,
                    if model.flight.session.duties.incident.is_some() { "it is over" } else { "declare" },
                );
                put(Action::Escape, "close");
            }
        },
        OverlayKind::Ask(_) => put(Action::Escape, "drop it"),
        OverlayKind::Palette(_) | OverlayKind::Correlate(_) | OverlayKind::Patterns(_) => {
            put(Action::Down, "choose");
            put(Action::Escape, "close");
        }
        OverlayKind::Help | OverlayKind::Details { .. } | OverlayKind::Messages | OverlayKind::People => {
            put(Action::Down, "scroll");
        }
        OverlayKind::Item(_) => {
            put(Action::Copy, "copy");
            if model.flight.procedure.shell.is_some() {
                put(Action::RunCommand, "run");
            }
            put(Action::Down, "choose");
            put(Action::Escape, "close");
        }
        OverlayKind::Line(_) => {
            put(Action::Copy, "copy it");
            put(Action::Right, "next line");
            put(Action::Escape, "close");
        }
        OverlayKind::Checks(table) if table.is_open => {
            put(Action::RunGroup, "run it");
            put(Action::Escape, "back");
        }
        OverlayKind::Checks(_) => {
            put(Action::RunGroup, "run its group");
            put(Action::RunChecks, "run all");
            put(Action::Escape, "close");
        }
        OverlayKind::Quit { suspend, .. } => {
            put(Action::Send, if *suspend { "to the background all the same" } else { "leave all the same" });
            put(Action::Escape, "stay");
        }
    }
}

/// At most three beside Enter.
fn panes(line: &mut Vec<(KeyText, String)>, facts: &Facts, model: &Model) {
    let mut put = |action: Action, label: &str| add(line, facts, &action, label);
    if model.draft.is_some() {
        put(Action::DraftMore, "more");
        put(Action::DraftLess, "less");
        put(Action::Escape, "drop");
        return;
    }
    // Enter in the traffic pane answers a banner or goes to the next step already.
    let answers: Vec<Action> = model.banners().into_iter().filter_map(|banner| banner.action).collect();
    if let Some(action) = answers.first().filter(|_| model.focus != Pane::Traffic) {
        put(action.clone(), "look at it");
        return;
    }
    let drives = (model.flight.drives() && !model.flight.is_cut_off()) || !model.flight.session.is_open();
    if answers.contains(&Action::LookAtRequest) {
        put(Action::LookAtRequest, "look at what is asked");
    } else if answers.contains(&Action::LookAtControls) {
        put(Action::LookAtControls, "look at the controls");
    } else if answers.contains(&Action::Approvals) && !drives {
        put(Action::Approvals, "approve");
    }
    match model.focus {
        Pane::Traffic if model.flight.is_cut_off() => {
            put(Action::FocusNext, "next pane");
            put(Action::Messages, "messages");
        }
        Pane::Traffic if !drives => {
            if !model.is_observer() {
                let free = model.flight.session.controls.is_none();
                let (action, words) = if free {
                    (Action::TakeControls, "take the controls")
                } else {
                    (Action::AskControls, "ask for the controls")
                };
                put(action, words);
                put(Action::Hold, "hold");
            }
            put(Action::Point, "look here");
            if model.is_observer() {
                put(Action::FocusNext, "next pane");
            }
        }
        Pane::Checklist if model.is_observer() => put(Action::Details, "details"),
        Pane::Traffic => {
            put(Action::DraftMore, "draft");
            put(Action::NextStep, "next step");
            if model.flight.missing_approvals(model.now).is_empty() {
                put(Action::FocusNext, "next pane");
            } else {
                put(Action::Approvals, "approvals");
            }
        }
        Pane::Checklist => {
            put(Action::Toggle, "tick");
            if drives {
                put(Action::NextStep, "next step");
            }
            put(Action::Details, "details");
        }
        Pane::Metrics if model.charts.alone => {
            let looks_back = model.charts.past.is_some() || model.charts.cursor.is_some();
            if looks_back {
                put(Action::Escape, "back to now");
            }
            put(Action::Left, "cursor");
            put(Action::EarlierRange, "earlier");
            if !looks_back {
                put(Action::Zoom, if model.zoomed { "smaller" } else { "whole screen" });
            }
        }
        Pane::Metrics if model.charts.past.is_some() => {
            put(Action::Escape, "back to now");
            put(Action::EarlierRange, "earlier");
            put(Action::LaterRange, "later");
        }
        Pane::Metrics => {
            put(Action::NextSpan, "span");
            put(Action::EarlierRange, "earlier");
            if drives {
                put(Action::NextStep, "next step");
            }
        }
        Pane::Logs => {
            if model.logs.correlation().is_some() {
                put(Action::Escape, "back");
            } else {
                put(Action::FilterLogs, "filter");
            }
            put(Action::Details, "details");
            put(Action::PauseLogs, if model.logs.is_paused() { "follow" } else { "pause" });
            if model.logs.patterns.is_empty() {
                put(Action::NextLevel, "level");
            } else {
                put(Action::Patterns, "error patterns");
            }
        }
    }
}
