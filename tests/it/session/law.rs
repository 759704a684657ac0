//! What holds whatever is asked, by whomever, in whatever order.

use flightdeck::domain::{Digest, Outcome, Seat};
use flightdeck::entry::{Chain, seal};
use flightdeck::session::{Asked, Command, Event, Session, Stamp, decide};
use proptest::prelude::*;

use super::command::columns;
use super::world::{ANA, EVE, RAJ, Who, World, procedure};
use crate::simulation::random::Random;

const ALL: [Who; 3] = [ANA, RAJ, EVE];

/// A command that fits now, or one that fitted earlier; what routers answer is made up.
fn command(random: &mut Random, world: &World, who: Who, stale: &mut Vec<Command>) -> Command {
    if random.chance(20)
        && let Some(old) = random.pick(stale)
    {
        return old.clone();
    }
    let all: Vec<_> = columns().collect();
    let mut command = (random.pick(&all).unwrap().make)(world, who);
    if let Command::NoteOutcome { outcome, attempt, .. } = &mut command {
        let outcomes = [
            Outcome::Verified,
            Outcome::Accepted,
            Outcome::NotSent { why: "closed".to_owned() },
            Outcome::Failed { why: "refused".to_owned() },
            Outcome::Unknown { why: "no answer".to_owned() },
            Outcome::Differs { read: super::command::split(25) },
            Outcome::Moved { read: super::command::split(30) },
        ];
        *outcome = random.pick(&outcomes).unwrap().clone();
        if random.chance(10) {
            *attempt = u32::MAX;
        }
    }
    stale.push(command.clone());
    command
}

fn asked(random: &mut Random, world: &World, who: Who, command: Command) -> Asked {
    let skew_ms = if random.chance(10) { 31_000 } else { 0 };
    Asked { skew_ms, ..world.asked(who, command) }
}

/// A session of three cockpits, as long as nobody closes it, and all that was asked.
fn played(seed: u64, length: u64) -> (World, Vec<Command>) {
    let mut random = Random::new(seed);
    let mut world = if random.chance(20) { World::new(procedure()) } else { World::open() };
    let mut stale = Vec::new();
    for _ in 0..length {
        let who = *random.pick(&ALL).unwrap();
        let command = command(&mut random, &world, who, &mut stale);
        if matches!(command, Command::Close { .. }) && !random.chance(10) {
            continue;
        }
        let asked = asked(&mut random, &world, who, command);
        if let Ok(events) = decide(&world.session, &world.procedure, &asked)
            && !events.is_empty()
        {
            world.keep(who, events);
        }
        world.time += random.below(4) * 1_500;
    }
    (world, stale)
}

fn refolded(world: &World) -> Session {
    let mut session = Session::default();
    let mut chain: Option<Chain> = None;
    let mut prev = Digest::ZERO;
    for entry in &world.entries {
        let sealed = seal(entry, prev).expect("an entry can be stored");
        let chain = chain.get_or_insert_with(Chain::start);
        let kept = chain.feed(entry.number, &sealed.bytes, None).expect("what was stored can be read");
        assert_eq!(kept.entry, *entry, "the stored form loses something");
        session.apply_entry(&kept.entry.stamp(), &kept.entry.events);
        prev = kept.hash;
    }
    session
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_three_cockpits_ask_the_stored_journal_folds_to_the_live_session(seed: u64) {
        let (world, _) = played(seed, 120);
        prop_assert_eq!(refolded(&world), world.session);
    }

    #[test]
    fn an_observer_moves_nothing(seed: u64) {
        let (world, stale) = played(seed, 60);
        for command in stale {
            let decided = world.decides(EVE, command.clone());
            let harmless = match &command {
                Command::Join { .. } | Command::LeaveSession { .. } | Command::MergeSpill { .. } => true,
                _ => decided.is_err(),
            };
            prop_assert!(harmless, "{:?} decides {:?}", command, decided);
        }
    }

    #[test]
    fn at_most_one_change_is_in_flight_and_what_is_dispatched_has_the_epoch_of_its_owner(seed: u64) {
        let (world, _) = played(seed, 120);
        let mut session = Session::default();
        for entry in &world.entries {
            session.apply_entry(&entry.stamp(), &entry.events);
            let in_flight = session.changes.iter().filter(|change| change.settled.is_none()).count();
            prop_assert!(in_flight <= 1, "{} in flight after entry {}", in_flight, entry.number);
            for event in &entry.events {
                if let Event::ChangeDispatched { owner, epoch, .. }
                | Event::WaveDispatched { owner, epoch, .. }
                | Event::ChangeRetried { owner, epoch, .. } = event
                {
                    let controls = session.controls.as_ref().expect("somebody sends, and has the controls");
                    prop_assert_eq!((controls.holder.cockpit, controls.epoch), (*owner, *epoch));
                }
            }
        }
    }

    #[test]
    fn any_events_in_any_order_can_be_folded_and_decided_upon(seed: u64) {
        let mut random = Random::new(seed);
        let mut events: Vec<Event> = Vec::new();
        let mut commands = Vec::new();
        for _ in 0..3 {
            let (world, stale) = played(random.below(u64::MAX), 60);
            events.extend(world.entries.into_iter().flat_map(|entry| entry.events));
            commands.extend(stale);
        }
        let mut session = Session::default();
        let base = World::open();
        for _ in 0..200 {
            let Some(event) = random.pick(&events).cloned() else { break };
            let who = *random.pick(&ALL).unwrap();
            let number = match random.below(20) {
                0 => u64::MAX,
                1 => 0,
                _ => session.head.saturating_add(1),
            };
            let stamp = Stamp {
                number,
                at: if random.chance(5) { flightdeck::domain::Timestamp(i64::MAX) } else { base.now().wall },
                actor: who.name.into(),
                cockpit: who.cockpit(),
            };
            session.apply_entry(&stamp, &[extreme(&mut random, event)]);
            if let Some(command) = random.pick(&commands) {
                let seat = if random.chance(10) { Seat::Observer } else { who.seat };
                let asked = Asked { seat, ..base.asked(who, command.clone()) };
                // What is decided here means nothing; that it is decided without a panic is what is shown.
                let decided = decide(&session, &base.procedure, &asked);
                prop_assert!(decided.is_ok() || !decided.unwrap_err().rule.is_empty(), "a refusal names its rule");
            }
        }
    }
}

/// Numbers at their end, where the journal of a broken writer could have them.
fn extreme(random: &mut Random, event: Event) -> Event {
    match event {
        Event::RouterAnswered { change, router, attempt, outcome } => {
            let attempt = if random.chance(30) { u32::MAX } else { attempt };
            Event::RouterAnswered { change, router, attempt, outcome }
        }
        other => other,
    }
}
