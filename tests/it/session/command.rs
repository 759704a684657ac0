//! Every command, each as it fits best where it is asked: about the request that waits, the change in flight, the next
//! step. What nothing fits is asked about something that is not there.

use std::time::Duration;

use flightdeck::domain::action::ActionEnd;
use flightdeck::domain::check::Verdict;
use flightdeck::domain::duty::{CommandEnd, Proof};
use flightdeck::domain::notify::{Occasion, TellOutcome};
use flightdeck::domain::ramp::Ramp;
use flightdeck::domain::share::Agreement;
use flightdeck::domain::{
    BasisPoints, ChangeId, CockpitId, Digest, EntryId, GuardId, ItemId, NativeSplit, Operator, Outcome, PoolId,
    RequestId, RouterId, Share, Signed, StepId,
};
use flightdeck::session::duty::Duty;
use flightdeck::session::event::{ChangeKind, CheckAnswered, SpillMerged, Spilled, Told};
use flightdeck::session::guard::GuardBaseline;
use flightdeck::session::proposal::{Confirmation, Gesture, Proposal};
use flightdeck::session::second::AskedAct;
use flightdeck::session::wave::Rest;
use flightdeck::session::{Change, Command, Event, decide};

use super::world::{ANA, RAJ, Who, World};
use crate::simulation::router::Router;
use crate::support::procedure::weights;

/// One way of asking one command.
#[derive(Clone, Copy)]
pub struct Column {
    /// What it is, for people.
    pub label: &'static str,
    /// The command's name.
    pub command: &'static str,
    pub make: fn(&World, Who) -> Command,
}

/// A group of them, one table.
pub struct Group {
    pub title: &'static str,
    pub columns: &'static [Column],
}

macro_rules! groups {
    ($($title:literal: { $($command:ident $($label:literal)? => $make:expr,)* })*) => {
        /// Every command, in groups.
        pub const GROUPS: &[Group] = &[$(Group {
            title: $title,
            columns: &[$(Column {
                label: concat!(stringify!($command) $(, ", ", $label)?),
                command: stringify!($command),
                make: $make,
            },)*],
        },)*];

        /// The command's name. A command that stands in no group does not compile here.
        #[expect(unreachable_patterns, reason = "some commands are asked in more than one way")]
        pub fn name(command: &Command) -> &'static str {
            match command {
                $($(Command::$command { .. } => stringify!($command),)*)*
            }
        }
    };
}

groups! {
    "Coming and going": {
        Open => |world, who| world.opening(who),
        Join => |_, who| Command::Join { seat: who.seat, process: who.process() },
        LeaveSession => |_, _| Command::LeaveSession { why: "done".to_owned() },
        TakeBack => |_, who| Command::TakeBack { controls: who.controls("back"), gone: None },
        TakeBack "the holder's process being gone" => |world, who| {
            let gone = world.session.controls.as_ref().map(|held| held.holder.cockpit);
            Command::TakeBack { controls: who.controls("the process before is gone"), gone }
        },
        Close => |world, _| Command::Close { outcome: "done".to_owned(), routers: world.as_read(), left: Vec::new() },
    }
    "Controls": {
        Offer => |_, who| {
            let to = if who == ANA { RAJ } else { ANA };
            Command::Offer { to: to.cockpit(), operator: Operator::from(to.name), summary: Vec::new() }
        },
        AcceptOffer => |_, who| Command::AcceptOffer { controls: who.controls("handed over") },
        EndOffer => |_, _| Command::EndOffer { why: "no".to_owned() },
        AskControls => |_, _| Command::AskControls { reason: "my turn".to_owned() },
        EndAsking => |_, _| Command::EndAsking { why: "no".to_owned() },
        TakeOver "the holder being there" => |world, who| take_over(world, who, Duration::ZERO),
        TakeOver "the holder being silent" => |world, who| take_over(world, who, Duration::from_mins(10)),
    }
    "The second person": {
        AskSecond => |world, who| ask_second(world, who),
        GiveSecond => |world, _| {
            let asked = world.session.request.as_ref().map(|request| &request.asked);
            let typed = asked.map_or(String::new(), |asked| asked.act.typed_target());
            Command::GiveSecond {
                request: request(world),
                digest: asked.map_or(Digest::ZERO, |asked| asked.digest),
                confirmation: by_typing(typed),
                evidence: world.evidence(),
            }
        },
        RefuseSecond => |world, _| Command::RefuseSecond { request: request(world), reason: "no".to_owned() },
        EndSecond => |world, _| Command::EndSecond { request: request(world), why: "withdrawn".to_owned() },
        ConfirmRun => |world, who| {
            let steps: Vec<StepId> = match world.step(who).kind {
                ChangeKind::Step { step } => vec![step],
                _ => Vec::new(),
            };
            let confirmation = by_typing(flightdeck::session::decide::second::run_target(&steps));
            Command::ConfirmRun { steps, confirmation }
        },
        EndRun => |_, _| Command::EndRun { why: "enough".to_owned() },
    }
    "Changes": {
        Confirm "the next step, which asks two people" => |world, who| {
            let proposal = asked_for(world).unwrap_or_else(|| world.step(who));
            confirm(world, proposal, by_key())
        },
        Confirm "the next step, alone with a reason" => |world, who| {
            let proposal = world.step(who);
            let typed = by_typing(proposal.typed_target());
            confirm(world, proposal, Confirmation { alone: Some("nobody is there".to_owned()), ..typed })
        },
        Confirm "off the plan, typed" => |world, who| {
            let to = weights(&[("blue", 60), ("green", 40)]);
            let proposal = world.proposal(who, ChangeKind::OffPlan, &to, None);
            let typed = by_typing(proposal.typed_target());
            confirm(world, proposal, typed)
        },
        Confirm "put back, typed" => |world, who| {
            let to = weights(&[("blue", 50), ("green", 50)]);
            let router = world.session.drifted.keys().next().cloned().unwrap_or_else(|| "eu-1".into());
            let proposal = world.proposal(who, ChangeKind::PutBack, &to, Some(&router));
            let typed = by_typing(proposal.typed_target());
            confirm(world, proposal, typed)
        },
        Confirm "a router that is left out, taken in again, typed" => |world, who| {
            let to = decide::exclude::weights_of_the_rest(&world.session, &world.procedure);
            let to = to.unwrap_or_else(|| weights(&[("blue", 50), ("green", 50)]));
            let proposal = world.proposal(who, ChangeKind::OffPlan, &to, Some(&"eu-2".into()));
            let typed = by_typing(proposal.typed_target());
            confirm(world, proposal, typed)
        },
        ExcludeRouter => |_, _| Command::ExcludeRouter { router: "eu-2".into(), reason: "its host is gone".to_owned() },
        Retry => |world, _| {
            let change = change(world);
            let failed = |change: &Change| {
                let failed = change.unfinished().filter(|(_, known)| {
                    known.and_then(|known| known.outcome.as_ref()).is_some_and(|outcome| *outcome != Outcome::Accepted)
                });
                failed.map(|(router, _)| router.clone()).collect::<Vec<_>>()
            };
            let routers = world.session.change(change).map(failed).filter(|routers| !routers.is_empty());
            Command::Retry { change, routers: routers.unwrap_or_else(|| vec!["eu-1".into()]) }
        },
        SendWave "by itself" => |world, _| send_wave(world, false),
        SendWave "by a key" => |world, _| send_wave(world, true),
        Leave => |world, _| Command::Leave { change: change(world), reason: "good enough".to_owned() },
    }
    "The way back": {
        RollBack => |world, who| roll_back(world, who, by_key(), false),
        RollBack "its first stage" => |world, who| {
            let (from, to) = (weights(&[("blue", 20), ("green", 80)]), weights(&[("blue", 80), ("green", 20)]));
            let left = vec![BasisPoints::percent(50), BasisPoints::ZERO];
            let ramp = Ramp { from, to, left, stage: 1 };
            let (proposal, controls) = (Box::new(back(world, who)), who.controls("rollback"));
            let (confirmation, evidence) = (by_key(), world.evidence());
            let (ramp, despite, by_itself) = (Some(ramp), Vec::new(), None);
            Command::RollBack { proposal, confirmation, controls, cut_off: false, ramp, despite, by_itself, evidence }
        },
        RollBack "cut off, by one key" => |world, who| roll_back(world, who, by_key(), true),
        RollBack "cut off, typed" => |world, who| {
            let typed = by_typing(back(world, who).typed_target());
            roll_back(world, who, typed, true)
        },
        StartAction "the next act of a way back" => |world, who| Command::StartAction {
            act: ChangeId { cockpit: who.cockpit(), counter: 904 },
            step: act(world),
            requests: vec!["POST https://deploy.example.net/undo".to_owned()],
            differences: Vec::new(),
            overrides: Vec::new(),
            confirmation: by_key(),
            evidence: world.evidence(),
        },
        NoteActionEnded "the next act of a way back, badly" => |_, _| Command::NoteActionEnded {
            act: ChangeId { cockpit: ANA.cockpit(), counter: 904 },
            end: ActionEnd::Failed { why: "exit code 1".to_owned() },
            log: Vec::new(),
        },
        CompleteStep "the next act of a way back" => |world, _| Command::CompleteStep {
            step: act(world),
            overrides: Vec::new(),
            confirmation: by_key(),
            evidence: world.evidence(),
        },
        SkipStep "the next act of a way back" => |world, _| {
            Command::SkipStep { step: act(world), reason: "not needed".to_owned() }
        },
        PassRollbackAct => |world, _| Command::PassRollbackAct { act: act(world) },
        SignRollback => |world, _| Command::SignRollback { change: change(world), signed: signed() },
        MergeSpill => |world, who| merge(world, who),
    }
    "Guards": {
        MeasureBaseline => |_, _| Command::MeasureBaseline {
            guards: vec![GuardBaseline::new(errors(), Some(PoolId::from("blue")), 0.000_2)],
        },
        ArmGuards => |_, _| Command::ArmGuards { guards: vec![errors()], confirmation: by_key() },
        DisarmGuards => |_, _| Command::DisarmGuards { why: "by hand".to_owned() },
        FireGuard => |world, who| fire(world, who, None),
        FireGuard "the pool to go back to being no better" => |world, who| fire(world, who, Some("green has 3.00 % too")),
        NoteTripped => |_, _| Command::NoteTripped { guard: errors(), words: "2.00 %".to_owned(), because: None },
        NoteConfessed => |_, _| Command::NoteConfessed { guard: errors(), words: "2.00 %".to_owned() },
        NoteCalmed => |_, _| Command::NoteCalmed { guard: errors() },
    }
    "Steps, holds and the profile": {
        MarkAlreadySo => |world, who| {
            let proposal = Box::new(world.step(who));
            Command::MarkAlreadySo { proposal, evidence: world.evidence() }
        },
        CompleteStep => |world, _| Command::CompleteStep {
            step: by_hand(world),
            overrides: Vec::new(),
            confirmation: by_key(),
            evidence: world.evidence(),
        },
        SkipStep => |world, _| {
            let next = world.session.next_step(&world.procedure.plan).map(|step| step.id.clone());
            Command::SkipStep { step: next.unwrap_or_else(|| "none".into()), reason: "not today".to_owned() }
        },
        Hold => |_, _| Command::Hold { reason: "wait".to_owned() },
        ReleaseHold => |_, _| Command::ReleaseHold { reason: "go on".to_owned() },
        ReloadProfile "alone with a reason" => |world, _| Command::ReloadProfile {
            files: Vec::new(),
            digest: Digest([8; 32]),
            same_routers: true,
            confirmation: Confirmation { alone: Some("nobody is there".to_owned()), ..by_typing("reload".to_owned()) },
            evidence: world.evidence(),
        },
    }
    "Items and notes": {
        Tick => |_, _| Command::Tick { item: "deploy/health".into() },
        Untick => |_, _| Command::Untick { item: "deploy/health".into() },
        AddNote => |_, _| Command::AddNote { text: "all calm".to_owned() },
        AttachLines => |_, _| Command::AttachLines { source: "app".into(), lines: vec!["a line".to_owned()] },
    }
    "Items beside their ticks, and calling people": {
        Duty "tick out of order" => |_, _| duty(Duty::TickDespite { item: channel(), reason: "no time".to_owned() }),
        Duty "begin its time" => |_, _| duty(Duty::Wait { item: channel() }),
        Duty "attach" => |_, _| duty(Duty::Attach { item: channel(), proof: Proof::typed("seen") }),
        Duty "run its command" => |world, who| duty(Duty::Run {
            run: command_run(who),
            item: channel(),
            command: "true".to_owned(),
            shell: world.procedure.shell.as_ref().map(|shell| shell.words.clone()).unwrap_or_default(),
            directory: "/srv".to_owned(),
            confirmation: by_key(),
        }),
        Duty "cancel it" => |world, who| duty(Duty::Stop { run: newest_run(world, who) }),
        Duty "note its end" => |world, who| duty(Duty::NoteEnded {
            run: newest_run(world, who),
            end: CommandEnd::Exited { code: 0 },
            took_ms: 5,
            lines: vec!["done".to_owned()],
            dropped: 0,
        }),
        Duty "read" => |_, _| duty(Duty::Read { item: "deploy/health".into() }),
        Duty "answer" => |world, _| duty(answer(world, None)),
        Duty "answer not so" => |world, _| duty(answer(world, Some("it is red"))),
        Duty "end the reading" => |_, _| duty(Duty::EndReading),
        Duty "declare" => |_, _| duty(Duty::Declare { what: "errors".to_owned() }),
        Duty "call" => |_, _| duty(Duty::Call { contact: "On-call engineer".to_owned(), answered: false }),
        Duty "call off" => |_, _| duty(Duty::CallOff),
    }
    "What was seen of routers": {
        AcceptBaseline => |world, _| Command::AcceptBaseline { routers: world.as_read() },
        NoteOutcome "verified" => |world, _| {
            let id = change(world);
            let known = |change: &Change| {
                let (router, known) = change.unfinished().next()?;
                Some((router.clone(), known.map_or(1, |known| known.attempt)))
            };
            let (router, attempt) = world.session.change(id).and_then(known).unwrap_or_else(|| ("eu-1".into(), 1));
            Command::NoteOutcome { change: id, router, attempt, outcome: Outcome::Verified }
        },
        NoteDrift "it has what the last change asked" => |world, _| {
            let asked = world.session.change(change(world)).and_then(|change| change.order(&eu_1()));
            let read = asked.map_or_else(|| split(25), |order| order.prepared.native.clone());
            Command::NoteDrift { router: eu_1(), read, restarted: false }
        },
        NoteRestart => |_, _| {
            let identity = |process: &str| flightdeck::domain::reading::Identity {
                node: "sim".to_owned(),
                process: process.to_owned(),
            };
            Command::NoteRestart { router: eu_1(), was: identity("1"), is: identity("2") }
        },
        NoteCheck => |_, _| Command::NoteCheck(Box::new(CheckAnswered {
            check: "health".into(),
            verdict: Verdict::Fail,
            words: "503".to_owned(),
            value: None,
            evidence: Vec::new(),
        })),
        NoteTold => |_, _| Command::NoteTold(Box::new(Told {
            notifier: "team".into(),
            what: Occasion::Verified,
            entry: 4,
            outcome: TellOutcome::Told,
            words: "message 1".to_owned(),
            reference: Some("C1/1".to_owned()),
        })),
        NoteDrained => |_, _| Command::NoteDrained { pool: PoolId::from("blue"), evidence: vec!["in flight: 0".to_owned()] },
        EndConnections => |world, _| Command::EndConnections {
            act: flightdeck::domain::ChangeId { cockpit: ANA.cockpit(), counter: 900 },
            router: eu_1(),
            pool: PoolId::from("blue"),
            count: 2,
            reason: "they sleep".to_owned(),
            confirmation: Confirmation::new(Gesture::Typed("end 2".to_owned()), true),
            evidence: world.evidence(),
        },
        NoteConnectionsEnded => |_, _| Command::NoteConnectionsEnded {
            act: flightdeck::domain::ChangeId { cockpit: ANA.cockpit(), counter: 900 },
            count: 2,
            how: "2 ended".to_owned(),
        },
        CancelTask => |_, _| Command::CancelTask {
            act: flightdeck::domain::ChangeId { cockpit: ANA.cockpit(), counter: 901 },
            router: eu_1(),
            task: "Task-7".to_owned(),
            what: "a deployment".to_owned(),
            is_ours: true,
            running: Some("Task-7".to_owned()),
            confirmation: by_key(),
        },
        NoteTaskCancelled => |_, _| Command::NoteTaskCancelled {
            act: flightdeck::domain::ChangeId { cockpit: ANA.cockpit(), counter: 901 },
            how: "it is over".to_owned(),
        },
        StartAction => |world, who| Command::StartAction {
            act: ChangeId { cockpit: who.cockpit(), counter: 902 },
            step: by_hand(world),
            requests: vec!["POST https://deploy.example.net/deployments".to_owned()],
            differences: Vec::new(),
            overrides: Vec::new(),
            confirmation: by_key(),
            evidence: world.evidence(),
        },
        NoteActionStarted => |_, _| Command::NoteActionStarted { act: action(), handle: "7".to_owned(), link: None },
        NoteActionUnknown => |_, _| Command::NoteActionUnknown { act: action(), why: "no answer for 2 s".to_owned() },
        NoteActionEnded "well" => |_, _| Command::NoteActionEnded {
            act: action(),
            end: ActionEnd::Succeeded,
            log: Vec::new(),
        },
        NoteActionEnded "badly" => |_, _| Command::NoteActionEnded {
            act: action(),
            end: ActionEnd::Failed { why: "exit code 1".to_owned() },
            log: Vec::new(),
        },
        CancelAction => |_, who| Command::CancelAction {
            act: ChangeId { cockpit: who.cockpit(), counter: 903 },
            of: action(),
            confirmation: by_key(),
        },
        NoteActionCancel => |world, _| {
            let cancelling = world.session.actions.iter().find_map(|run| run.cancelling.as_ref());
            let act = cancelling.map_or(ChangeId { cockpit: ANA.cockpit(), counter: 903 }, |cancelling| cancelling.act);
            Command::NoteActionCancel { act, how: "its system took it".to_owned() }
        },
        NoteVersion => |_, _| Command::NoteVersion(Box::new(super::version::resolved('a'))),
        NoteRollbackTime => |world, _| Command::NoteRollbackTime { change: change(world), declared_ms: Some(1_000) },
        NoteObserved => |world, _| Command::NoteObserved {
            change: change(world),
            router: eu_1(),
            pool: PoolId::from("blue"),
            share: Share { part: 0, whole: 5_000 },
            agreement: Agreement::Consistent,
        },
    }
    "Approvals": {
        Approve => |world, _| {
            let about = world.session.about(&"operations".into());
            Command::Approve { approval: "operations".into(), about, confirmation: by_typing("operations".to_owned()) }
        },
        ReportApproval => |_, _| Command::ReportApproval {
            approval: "operations".into(),
            by: "mia".into(),
            link: "https://chat.example.net/p1".to_owned(),
        },
        WithdrawApproval => |_, who| Command::WithdrawApproval {
            approval: "operations".into(),
            by: who.name.into(),
            reason: "a page came in".to_owned(),
        },
    }
    "Drift": {
        NoteDrift "it differs" => |_, _| {
            Command::NoteDrift { router: eu_1(), read: split(25), restarted: false }
        },
        NoteDrift "it is as planned again" => |world, _| {
            let read = world.session.expected.get(&eu_1()).cloned().unwrap_or_default();
            Command::NoteDrift { router: eu_1(), read, restarted: false }
        },
        AcceptDrift => |_, _| {
            Command::AcceptDrift { router: eu_1(), read: split(25), reason: "as it was".to_owned() }
        },
    }
}

/// Every way of asking.
pub fn columns() -> impl Iterator<Item = &'static Column> {
    GROUPS.iter().flat_map(|group| group.columns)
}

/// One way of asking.
pub fn column(label: &str) -> &'static Column {
    columns().find(|column| column.label == label).unwrap_or_else(|| panic!("there is no column {label}"))
}

pub fn by_key() -> Confirmation {
    Confirmation::new(Gesture::Key, true)
}

pub fn by_typing(text: String) -> Confirmation {
    Confirmation::new(Gesture::Typed(text), true)
}

pub fn signed() -> Signed {
    Signed { statement: "roll back".to_owned(), signature: "armour".to_owned() }
}

/// The act of a way back that comes next.
fn act(world: &World) -> StepId {
    let next = world.session.next_rollback_act(&world.procedure).map(|act| act.step.id.clone());
    next.unwrap_or_else(|| "none".into())
}

/// The action that the driver starts.
fn action() -> ChangeId {
    ChangeId { cockpit: ANA.cockpit(), counter: 902 }
}

fn duty(duty: Duty) -> Command {
    Command::Duty(Box::new(duty))
}

fn channel() -> ItemId {
    "deploy/channel".into()
}

fn command_run(who: Who) -> ChangeId {
    ChangeId { cockpit: who.cockpit(), counter: 910 }
}

fn newest_run(world: &World, who: Who) -> ChangeId {
    world.session.duties.run_of(&channel()).map_or_else(|| command_run(who), flightdeck::session::item::Run::id)
}

fn answer(world: &World, not_so: Option<&str>) -> Duty {
    let reading = world.session.duties.reading.as_ref();
    Duty::Answer {
        item: reading.map_or_else(channel, |reading| reading.what.item.clone()),
        reading: reading.map_or(0, |reading| reading.entry),
        not_so: not_so.map(str::to_owned),
        present: [ANA.cockpit(), RAJ.cockpit()].into(),
    }
}

fn eu_1() -> RouterId {
    "eu-1".into()
}

/// So much for blue.
pub fn split(blue: u32) -> NativeSplit {
    Router::new(&["blue".into(), "green".into()], &[blue, 100 - blue]).native()
}

fn take_over(world: &World, who: Who, silent: Duration) -> Command {
    let asking = world.session.asking.as_ref().map_or(0, |asking| asking.entry);
    let waited = Duration::from_mins(1);
    Command::TakeOver { controls: who.controls("taken over"), asking, waited, silent, away: silent }
}

/// The next wave, long after the one before it became whole.
fn send_wave(world: &World, by_key: bool) -> Command {
    let change = change(world);
    let wave = world.session.change(change).and_then(Change::next_wave).unwrap_or(1);
    let rest = Rest { held: Duration::from_mins(10), watched: true };
    Command::SendWave { change, wave, by_key, rest, evidence: world.evidence() }
}

fn nobody() -> CockpitId {
    CockpitId(uuid::Uuid::from_u128(77))
}

fn request(world: &World) -> RequestId {
    let asked = world.session.request.as_ref().map(|request| request.asked.request);
    asked.unwrap_or(RequestId { cockpit: nobody(), counter: 1 })
}

/// The change in flight, else the last one, else one that is not there.
fn change(world: &World) -> ChangeId {
    let known = world.session.in_flight().or_else(|| world.session.changes.last().map(std::sync::Arc::as_ref));
    known.map_or(ChangeId { cockpit: nobody(), counter: 1 }, Change::id)
}

/// What a second person is asked about, if it is a change.
fn asked_for(world: &World) -> Option<Proposal> {
    match &world.session.request.as_ref()?.asked.act {
        AskedAct::Change(proposal) => Some(Proposal { made: world.now(), ..(**proposal).clone() }),
        AskedAct::Complete { .. } | AskedAct::Reload { .. } => None,
    }
}

fn ask_second(world: &World, who: Who) -> Command {
    let counter = u32::try_from(world.session.head + 1).unwrap_or(u32::MAX);
    Command::AskSecond {
        request: RequestId { cockpit: who.cockpit(), counter },
        act: Box::new(AskedAct::Change(Box::new(world.step(who)))),
        overrides: Vec::new(),
        confirmation: by_key(),
        evidence: world.evidence(),
    }
}

fn confirm(world: &World, proposal: Proposal, confirmation: Confirmation) -> Command {
    let proposal = Box::new(proposal);
    Command::Confirm { proposal, overrides: Vec::new(), confirmation, evidence: world.evidence() }
}

/// Back to where the routers stood at the start.
fn back(world: &World, who: Who) -> Proposal {
    let kind = ChangeKind::Rollback { supersedes: None, reopens: Vec::new() };
    world.proposal(who, kind, &weights(&[("blue", 50), ("green", 50)]), None)
}

fn roll_back(world: &World, who: Who, confirmation: Confirmation, cut_off: bool) -> Command {
    let (proposal, controls) = (Box::new(back(world, who)), who.controls("rollback"));
    Command::RollBack {
        proposal,
        confirmation,
        controls,
        cut_off,
        ramp: None,
        despite: Vec::new(),
        by_itself: None,
        evidence: world.evidence(),
    }
}

fn errors() -> GuardId {
    "errors".into()
}

/// The guard has tripped, and goes back to where the routers stood at the start.
fn fire(world: &World, who: Who, others: Option<&str>) -> Command {
    Command::FireGuard {
        guard: errors(),
        words: "blue 2.00 %, ≤ 1.00 %, 3 in a row".to_owned(),
        is_red: true,
        others: others.map(str::to_owned),
        proposal: Box::new(back(world, who)),
        evidence: world.evidence(),
    }
}

/// A rollback of an operator's, spilled in this state.
fn merge(world: &World, who: Who) -> Command {
    let by = if who == RAJ { RAJ } else { ANA };
    let typed = by_typing(back(world, by).typed_target());
    let rollback = roll_back(world, by, typed, true);
    let events = decide(&world.session, &world.procedure, &world.asked(by, rollback)).unwrap_or_default();
    let entry = Spilled {
        id: EntryId { cockpit: by.cockpit(), counter: 900 },
        at: world.now().wall,
        actor: Operator::from(by.name),
        cockpit: by.cockpit(),
        events,
        hash: Some(Digest([9; 32])),
    };
    let spill = SpillMerged { after: world.session.head, hash: Digest([1; 32]), entries: vec![entry] };
    Command::MergeSpill { spill: Box::new(spill) }
}

/// The next step that is a person's work, whether or not it is the next step.
fn by_hand(world: &World) -> StepId {
    use flightdeck::domain::procedure::StepAct;
    let open = world.procedure.plan.iter().filter(|step| !world.session.steps.contains_key(&step.id));
    let mut hands = open.filter(|step| matches!(step.act, StepAct::Deploy { .. } | StepAct::Pause { .. }));
    hands.next().map_or_else(|| "none".into(), |step| step.id.clone())
}

/// The names of what was decided.
pub fn names(events: &[Event]) -> Vec<String> {
    events.iter().map(|event| camel(flightdeck::entry::kind(event))).collect()
}

/// `controls_taken` as the variant is written: `ControlsTaken`.
pub fn camel(kind: &str) -> String {
    let word = |word: &str| {
        let (first, rest) = word.split_at(1);
        first.to_uppercase() + rest
    };
    kind.split('_').map(word).collect()
}
