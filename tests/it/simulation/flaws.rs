//! Planted bugs: each must be found, by the rule that it breaks.

use flightdeck::session::flaw::{self, Flaw};

use super::flights::{fly, say};

/// Seeds in which a bug must be found.
const ENOUGH: u64 = 10_000;

/// The rules that a bug may break first.
fn breaks(flaw: Flaw) -> &'static [&'static str] {
    match flaw {
        Flaw::DropIntentWait => &["D1", "R5", "B2"],
        Flaw::SkipGuard => &["S2", "B1", "C1", "C2", "J1", "J2", "F4", "R8"],
        Flaw::IgnoreDeadline | Flaw::IntentForgotten => &["D3"],
        Flaw::TrustTimeout | Flaw::VerifyUnread | Flaw::StaleReadBack => &["V1"],
        Flaw::BindNothing => &["B1", "B3"],
        Flaw::BindEverything => &["B2"],
        Flaw::SecondIsSelf
        | Flaw::OtherDigestCounts
        | Flaw::LapsedCounts
        | Flaw::SecondNotAsked
        | Flaw::ForgedCounts
        | Flaw::GlassAlwaysBreaks
        | Flaw::RunSurvivesHold => &["F3"],
        Flaw::NoGrace | Flaw::NoSilence => &["C3"],
        Flaw::ObserverActs => &["C2"],
        // Who has no controls may arm as well as shift.
        Flaw::ActsWithoutControls => &["C2", "G1"],
        Flaw::SendsForOthers | Flaw::ActsForOthers => &["C4"],
        Flaw::FarClockActs | Flaw::StampGoesBack => &["S2"],
        Flaw::GateIgnored | Flaw::ActsDespiteTraffic => &["F4"],
        Flaw::SpillNotMerged | Flaw::RollbackWaits => &["R5"],
        Flaw::SupersededGoesOn | Flaw::RollbackSentOnce => &["R4"],
        Flaw::TwoInFlight => &["D4"],
        Flaw::LateEffectUnseen => &["V3"],
        Flaw::UnknownIsLost => &["J1"],
        Flaw::WaveSkipsBarrier | Flaw::WaveDespiteHold => &["D5"],
        Flaw::GuardFiresTwice | Flaw::GuardFiresUnarmed | Flaw::HandOverKeepsArmed => &["G1"],
        Flaw::StageDespiteCheck | Flaw::StageOfOtherEpoch | Flaw::StageDespiteHold => &["R8"],
        Flaw::EndsBeforeSoak => &["G4"],
        // A rollback that is refused leaves the routers where they were; a stage of one does not go.
        Flaw::WindowStopsWayBack => &["R3", "R4", "R8"],
        Flaw::RaisesTheNew => &["R2"],
        Flaw::OwnApprovalCounts
        | Flaw::ExpiredApprovalCounts
        | Flaw::TakenBackCounts
        | Flaw::OneApprovalIsEnough
        | Flaw::OtherProfileCounts => &["F7"],
        Flaw::RetryGoesToLeftOut | Flaw::LeavesOutTheLast | Flaw::LeavesOutUnheard => &["D8"],
        Flaw::MovedTagDeploys | Flaw::VersionFollowsTag => &["D9"],
        Flaw::CommandsForOthers | Flaw::CommandsSideBySide => &["I2"],
        Flaw::TicksOutOfOrder => &["I1"],
        Flaw::ReaderAnswers => &["I3"],
    }
}

/// Flies seeds with a bug until it is found: the rule and the seeds it took.
fn find(flaw: Flaw) -> Option<(&'static str, String, u64)> {
    flaw::plant(Some(flaw));
    let found = (1..=ENOUGH).find_map(|seed| fly(seed).broken.map(|broken| (broken.rule, broken.what, seed)));
    flaw::plant(None);
    found
}

fn find_all(flaws: &[Flaw]) {
    let mut wrong = Vec::new();
    let mut table = Vec::new();
    for flaw in flaws {
        let name = format!("{flaw:?}");
        match find(*flaw) {
            Some((rule, what, seeds)) => {
                table.push(format!("planted bug {name:20} broke {rule:3} after {seeds:5} seeds: {what}"));
                if !breaks(*flaw).contains(&rule) {
                    wrong.push(format!("{name} broke {rule}, not one of {:?}: {what}", breaks(*flaw)));
                }
            }
            None => wrong.push(format!("{name} was not found in {ENOUGH} seeds")),
        }
    }
    say(&table.join("\n"));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_planted_bug_breaks_its_rule_first_half() {
    find_all(&Flaw::ALL[..Flaw::ALL.len() / 2]);
}

#[test]
fn every_planted_bug_breaks_its_rule_second_half() {
    find_all(&Flaw::ALL[Flaw::ALL.len() / 2..]);
}
