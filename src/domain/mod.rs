//! Values and their laws: no input, no output, no clock.
#![deny(clippy::disallowed_methods, clippy::disallowed_types, clippy::wildcard_enum_match_arm)]

pub mod action;
mod capability;
pub mod check;
pub mod checklist;
pub mod connection;
pub mod drain;
pub mod due;
mod field;
mod freshness;
pub mod guard;
mod id;
pub mod log;
pub mod measure;
pub mod metric;
pub mod notify;
pub mod outcome;
pub mod pairing;
pub mod parcel;
mod people;
mod presence;
pub mod procedure;
pub mod ramp;
pub mod reading;
pub mod share;
pub mod soak;
mod spoken;
mod time;
mod waves;
pub mod weights;
pub mod why;
pub mod window;

pub use capability::{Capabilities, Holds, Proof, Zero};
pub use checklist::Checklist;
pub use freshness::Freshness;
pub use id::{
    ActionId, BadDigest, ChangeId, CheckId, CockpitId, Digest, EntryId, GuardId, ItemId, NotifierId, Operator, PanelId,
    PoolId, RequestId, RouterId, SessionId, SourceId, StepId, WindowId,
};
pub use measure::{Limit, Measure, Unit};
pub use outcome::{Outcome, Refused, Trouble, TroubleKind};
pub use people::{Durability, People, Seat, Signed, Signer};
pub use presence::Presence;
pub use procedure::Procedure;
pub use reading::{NativeSplit, NativeWeight, Prepared, Reading, Target, Underway};
pub use share::{Share, Shares};
pub use time::{Elapsed, Now, Timestamp, age, clock_span};
pub use waves::Waves;
pub use weights::{BasisPoints, Weights, WeightsError};
pub use why::{Why, WhyRule};
pub use window::WindowSpec;
