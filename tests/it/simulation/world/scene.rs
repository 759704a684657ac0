//! What a seed decides before its flight begins: the procedure, the people, their hosts and clocks.

use std::time::Duration;

use super::*;

/// A person with a cockpit somewhere.
#[derive(Clone)]
pub struct Place {
    pub operator: Operator,
    pub host: usize,
    pub seat: Seat,
}

const NAMES: [&str; 3] = ["ana", "ben", "carl"];

/// Two operators, and often somebody else: a third one, an observer, or a second terminal of the first one.
pub fn places(random: &mut Random) -> Vec<Place> {
    let place = |name: &str, host, seat| Place { operator: Operator::from(name), host, seat };
    let mut places = vec![place(NAMES[0], 0, Seat::Operator), place(NAMES[1], 1, Seat::Operator)];
    match random.below(10) {
        0 | 1 => places.push(place(NAMES[2], 2, Seat::Operator)),
        2 => places.push(place("olga", 2, Seat::Observer)),
        3 | 4 => places.push(place(NAMES[0], 0, Seat::Operator)),
        _ => {}
    }
    places
}

pub fn key_of(operator: &Operator) -> Signer {
    Signer { principal: operator.to_string(), fingerprint: format!("SHA256:{operator}") }
}

/// The plan of a blue/green deployment with times so short that a flight is a minute.
pub fn procedure(random: &mut Random) -> Procedure {
    let routers = [1, 2, 2, 3][usize::try_from(random.below(4)).unwrap()];
    let mut procedure = blue_green(routers);
    for router in &mut procedure.routers {
        router.poll = Duration::from_secs(1);
    }
    for step in &mut procedure.plan {
        step.soak = step.soak.map(|_| Duration::from_millis(800));
    }
    procedure.timing = Timing {
        router_timeout: Duration::from_secs(1),
        deadline: Duration::from_secs(3),
        proposal: Duration::from_secs(8),
        poll_close: Duration::from_millis(400),
        close_for: Duration::from_secs(2),
    };
    procedure.drain.quiet = Duration::from_secs(2);
    procedure.people = People {
        keys: random.chance(40),
        break_glass: random.chance(60),
        silence: Duration::from_secs(3),
        away: Duration::from_secs(20),
        grace: Duration::from_secs(2),
        answer: Duration::from_secs(6),
    };
    procedure.confirm = confirm(random);
    procedure.rollout = rollout(random, &procedure);
    if random.chance(15) {
        procedure.routers.iter_mut().for_each(|router| router.capabilities.read_back_ms = 1_500);
    }
    procedure
}

/// How long the routers of a slow system take until they read back, and whether they tell that they are at work; one that
/// tells may take longer than the profile thinks.
pub fn slowness(random: &mut Random, procedure: &Procedure) -> (u64, bool) {
    if procedure.routers.iter().all(|router| router.capabilities.read_back_ms == 0) {
        return (0, false);
    }
    let tells = random.chance(50);
    (random.below(if tells { 3_000 } else { 1_200 }), tells)
}

fn confirm(random: &mut Random) -> Confirm {
    let mut two = |percent, else_| if random.chance(percent) { Friction::Two } else { else_ };
    Confirm {
        shift: two(45, Friction::Key),
        off_plan: two(45, Friction::Type),
        deploy: two(40, Friction::Key),
        rollback: two(8, Friction::Key),
    }
}

/// All at once, or waves of one or two with a short pause or none.
fn rollout(random: &mut Random, procedure: &Procedure) -> Waves {
    let routers: Vec<RouterId> = procedure.routers.iter().map(|router| router.id.clone()).collect();
    let between = Duration::from_millis([0, 0, 400, 1_500][usize::try_from(random.below(4)).unwrap()]);
    match random.below(3) {
        0 => Waves::default(),
        1 => Waves::of_size(&routers, 2, between),
        _ => Waves::of_size(&routers, 1, between),
    }
}

/// The same profile after somebody edited it: other frictions, other waves, another digest.
pub fn edited(procedure: &Procedure, random: &mut Random, edition: u8) -> Procedure {
    let rollout = rollout(random, procedure);
    Procedure { digest: Digest([7 + edition; 32]), confirm: confirm(random), rollout, ..procedure.clone() }
}

/// How far a host's clock is off, in milliseconds.
pub fn skew(random: &mut Random) -> i64 {
    let span = i64::try_from(random.below(10_000)).unwrap();
    match random.below(20) {
        0 => 35_000 + span,
        1 => -35_000 - span,
        2..6 => span - 5_000,
        6..8 => 3 * span - 15_000,
        _ => span / 100 - 50,
    }
}
