//! Planted bugs for the simulation, never in a release: each breaks one rule on purpose, to prove that the simulation would
//! notice. Without the feature `flaws` every question here is answered `false` when it is compiled.

/// A bug that can be planted.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Flaw {
    /// An intent is acted on before it is kept.
    DropIntentWait,
    /// The store takes an entry whatever its number. Asked by the simulated store.
    SkipGuard,
    /// Writes go out after the deadline.
    IgnoreDeadline,
    /// A write without an answer counts as not sent.
    TrustTimeout,
    /// A proposal stands whatever has moved.
    BindNothing,
    /// Ticks and notes void a proposal.
    BindEverything,
    /// The router's yes counts as read back.
    VerifyUnread,
    /// A read from before the write counts as read back.
    StaleReadBack,
    /// The second person may be the first one.
    SecondIsSelf,
    /// A confirmation of another digest counts.
    OtherDigestCounts,
    /// A lapsed confirmation counts.
    LapsedCounts,
    /// What asks two people asks nobody.
    SecondNotAsked,
    /// A signature that does not hold counts.
    ForgedCounts,
    /// The glass can be broken where the profile forbids it.
    GlassAlwaysBreaks,
    /// Controls are taken without the grace.
    NoGrace,
    /// Controls are taken from a holder who is there.
    NoSilence,
    /// Controls are taken while an intent may live.
    IntentForgotten,
    /// An observer acts.
    ObserverActs,
    /// Who does not have the controls moves forward.
    ActsWithoutControls,
    /// Every cockpit sends whatever intent it sees.
    SendsForOthers,
    /// A clock far off moves forward.
    FarClockActs,
    /// An entry is stamped by the clock alone.
    StampGoesBack,
    /// A failing gate does not block.
    GateIgnored,
    /// A spill stays beside the journal.
    SpillNotMerged,
    /// A rollback waits for the journal without end.
    RollbackWaits,
    /// A superseded change is sent on.
    SupersededGoesOn,
    /// A rollback is not sent again where it does not read back.
    RollbackSentOnce,
    /// A run survives a hold.
    RunSurvivesHold,
    /// A change in flight does not stop another one.
    TwoInFlight,
    /// A change that came true late is not told.
    LateEffectUnseen,
    /// An entry that may have been kept is decided anew without looking.
    UnknownIsLost,
    /// A wave goes out before the one before it is verified.
    WaveSkipsBarrier,
    /// A hold does not stop the next wave.
    WaveDespiteHold,
    /// A guard that has fired stays armed, and fires again for the same.
    GuardFiresTwice,
    /// A guard fires although nobody armed it.
    GuardFiresUnarmed,
    /// Guards stay armed when the controls change hands.
    HandOverKeepsArmed,
    /// The next stage of a way back goes by itself although a check between the stages does not pass.
    StageDespiteCheck,
    /// The next stage goes by itself although the controls were taken since the one before it.
    StageOfOtherEpoch,
    /// The next stage goes by itself during a hold.
    StageDespiteHold,
    /// A deploy action starts although its pool has traffic.
    ActsDespiteTraffic,
    /// What ends the way back does not wait for the soak.
    EndsBeforeSoak,
    /// A window that is closed keeps a rollback from going.
    WindowStopsWayBack,
    /// A way back raises a pool that has the new version.
    RaisesTheNew,
    /// A deploy action is sent by every cockpit that sees its intent.
    ActsForOthers,
    /// The approval of who drives counts.
    OwnApprovalCounts,
    /// An approval counts whose time is over.
    ExpiredApprovalCounts,
    /// An approval counts that was taken back.
    TakenBackCounts,
    /// One approval is enough where two are asked for.
    OneApprovalIsEnough,
    /// An approval counts that was given by another profile.
    OtherProfileCounts,
    /// What is in flight is sent once more to a router that was left out.
    RetryGoesToLeftOut,
    /// The last router can be left out.
    LeavesOutTheLast,
    /// A router can be left out that has no word yet.
    LeavesOutUnheard,
    /// A tag that points elsewhere does not close the gate of a deployment.
    MovedTagDeploys,
    /// The digest of a version follows its tag.
    VersionFollowsTag,
    /// A command is run by every cockpit that sees its intent.
    CommandsForOthers,
    /// A command of an item does not stop another one.
    CommandsSideBySide,
    /// An item is ticked out of its order and before its time.
    TicksOutOfOrder,
    /// Who reads aloud answers, whoever else is there.
    ReaderAnswers,
}

impl Flaw {
    /// All of them.
    pub const ALL: [Self; 58] = [
        Self::DropIntentWait,
        Self::SkipGuard,
        Self::IgnoreDeadline,
        Self::TrustTimeout,
        Self::BindNothing,
        Self::BindEverything,
        Self::VerifyUnread,
        Self::StaleReadBack,
        Self::SecondIsSelf,
        Self::OtherDigestCounts,
        Self::LapsedCounts,
        Self::SecondNotAsked,
        Self::ForgedCounts,
        Self::GlassAlwaysBreaks,
        Self::NoGrace,
        Self::NoSilence,
        Self::IntentForgotten,
        Self::ObserverActs,
        Self::ActsWithoutControls,
        Self::SendsForOthers,
        Self::FarClockActs,
        Self::StampGoesBack,
        Self::GateIgnored,
        Self::SpillNotMerged,
        Self::RollbackWaits,
        Self::SupersededGoesOn,
        Self::RollbackSentOnce,
        Self::RunSurvivesHold,
        Self::TwoInFlight,
        Self::LateEffectUnseen,
        Self::UnknownIsLost,
        Self::WaveSkipsBarrier,
        Self::WaveDespiteHold,
        Self::GuardFiresTwice,
        Self::GuardFiresUnarmed,
        Self::HandOverKeepsArmed,
        Self::StageDespiteCheck,
        Self::StageOfOtherEpoch,
        Self::StageDespiteHold,
        Self::ActsDespiteTraffic,
        Self::EndsBeforeSoak,
        Self::WindowStopsWayBack,
        Self::RaisesTheNew,
        Self::ActsForOthers,
        Self::OwnApprovalCounts,
        Self::ExpiredApprovalCounts,
        Self::TakenBackCounts,
        Self::OneApprovalIsEnough,
        Self::OtherProfileCounts,
        Self::RetryGoesToLeftOut,
        Self::LeavesOutTheLast,
        Self::LeavesOutUnheard,
        Self::MovedTagDeploys,
        Self::VersionFollowsTag,
        Self::CommandsForOthers,
        Self::CommandsSideBySide,
        Self::TicksOutOfOrder,
        Self::ReaderAnswers,
    ];
}

#[cfg(feature = "flaws")]
mod planted {
    use std::cell::Cell;

    use super::Flaw;

    thread_local! {
        static PLANTED: Cell<Option<Flaw>> = const { Cell::new(None) };
    }

    /// Plants a bug for this thread, or pulls it out.
    pub fn plant(flaw: Option<Flaw>) {
        PLANTED.set(flaw);
    }

    /// Whether this bug is planted.
    pub fn is(flaw: Flaw) -> bool {
        PLANTED.get() == Some(flaw)
    }
}

#[cfg(feature = "flaws")]
pub use planted::{is, plant};

/// Whether this bug is planted: never, without the feature `flaws`.
#[cfg(not(feature = "flaws"))]
pub const fn is(_: Flaw) -> bool {
    false
}
