//! Names and ids.
//!
//! Pools, routers, steps, items and sources are known by the name that the profile gives them: an event in the journal can
//! be read without the profile beside it. Sessions and cockpits are UUIDv7, made in the runtime. Everything else is a pair
//! of the cockpit that made it and a counter, so that the pure core can make ids and a replay makes the same ones.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use uuid::Uuid;

/// FNV-1a of a name's bytes, 32 bits.
fn hash(text: &str) -> u32 {
    text.bytes().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

macro_rules! name {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Eq)]
        pub struct $name {
            text: Arc<str>,
            /// Tells nearly all other names apart without a look at their text: one is found among a thousand many times a
            /// second.
            hash: u32,
        }

        impl $name {
            /// Wraps a name as the profile spells it.
            pub fn new(name: impl Into<Arc<str>>) -> Self {
                let text = name.into();
                Self { hash: hash(&text), text }
            }

            /// The name as text.
            pub fn as_str(&self) -> &str {
                &self.text
            }
        }

        impl PartialEq for $name {
            fn eq(&self, other: &Self) -> bool {
                self.hash == other.hash && (Arc::ptr_eq(&self.text, &other.text) || self.text == other.text)
            }
        }

        impl Ord for $name {
            fn cmp(&self, other: &Self) -> Ordering {
                if Arc::ptr_eq(&self.text, &other.text) { Ordering::Equal } else { self.text.cmp(&other.text) }
            }
        }

        impl PartialOrd for $name {
            fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
                Some(self.cmp(other))
            }
        }

        impl Hash for $name {
            fn hash<H: Hasher>(&self, state: &mut H) {
                self.text.hash(state);
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                self.text.serialize(serializer)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Arc::<str>::deserialize(deserializer).map(Self::new)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.text)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&self.text, f)
            }
        }

        impl From<&str> for $name {
            fn from(name: &str) -> Self {
                Self::new(name)
            }
        }
    };
}

name!(
    /// A pool's name: `blue`, `green`, `canary`.
    PoolId
);
name!(
    /// A router's name in the profile: `eu-1`.
    RouterId
);
name!(
    /// A plan step's name, made unique within its plan: `blue-10`.
    StepId
);
name!(
    /// A checklist item's path of slugs: `before-the-call/channel-told`.
    ItemId
);
name!(
    /// A log or metric source's name in the profile.
    SourceId
);
name!(
    /// A panel's name in the profile.
    PanelId
);
name!(
    /// A deploy window's name in the profile.
    WindowId
);
name!(
    /// A check's name in the profile.
    CheckId
);
name!(
    /// A deploy action's name in the profile.
    ActionId
);
name!(
    /// An approval's name in the profile.
    ApprovalId
);
name!(
    /// A role's name in the profile.
    RoleId
);
name!(
    /// A guard's name in the profile.
    GuardId
);
name!(
    /// A notifier's name in the profile.
    NotifierId
);
name!(
    /// The name an operator works under. A claim until keys prove it.
    Operator
);

/// One deployment, from opening to closing. UUIDv7, made in the runtime.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SessionId(pub Uuid);

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// One running flightdeck process (C1: the controls are held by a cockpit, not by a name). UUIDv7, made in the runtime.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CockpitId(pub Uuid);

impl fmt::Display for CockpitId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

macro_rules! counted {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
        pub struct $name {
            /// The cockpit that made it.
            pub cockpit: CockpitId,
            /// Counts up from 1 within that cockpit.
            pub counter: u32,
        }

        impl fmt::Display for $name {
            /// Short form for people: the last four hex digits of the cockpit and the counter.
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{:04x}-{}", self.cockpit.0.as_u128() & 0xffff, self.counter)
            }
        }
    };
}

counted!(
    /// A change: from its proposal to its settlement, in every event and answer about it.
    ChangeId
);
counted!(
    /// A request that a second person confirms an act (F3).
    RequestId
);
counted!(
    /// One entry of the journal; a follower recognises its own entries by it (J1).
    EntryId
);

/// A SHA-256 digest, written as 64 hex digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest(pub [u8; 32]);

impl Digest {
    /// Thirty-two zero bytes: stands before the first entry of a chain.
    pub const ZERO: Self = Self([0; 32]);

    /// The first eight hex digits in two groups, for people to read to each other: `7f3a·91c2`.
    pub fn short(&self) -> String {
        let [a, b, c, d, ..] = self.0;
        format!("{a:02x}{b:02x}·{c:02x}{d:02x}")
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::str::FromStr for Digest {
    type Err = BadDigest;

    fn from_str(text: &str) -> Result<Self, BadDigest> {
        let mut bytes = [0; 32];
        if text.len() != 64 {
            return Err(BadDigest);
        }
        let mut pairs = text.as_bytes().chunks_exact(2);
        for byte in &mut bytes {
            let pair = pairs.next().and_then(|pair| std::str::from_utf8(pair).ok()).ok_or(BadDigest)?;
            *byte = u8::from_str_radix(pair, 16).map_err(|_not_hex| BadDigest)?;
        }
        Ok(Self(bytes))
    }
}

/// The text is not 64 hex digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a digest is 64 hex digits")]
pub struct BadDigest;

impl Serialize for Digest {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}
