//! Fakes of systems that answer queries. Each refuses what the real one refuses, and gives what the test says.

#[cfg(feature = "aws")]
pub mod cloudwatch;
pub mod datadog;
pub mod json;
pub mod prometheus;

use std::path::Path;

use crate::support::web::{Asked, Said};

/// What a fake says next.
#[derive(Clone, Debug)]
pub enum Gives {
    /// This value.
    Value(f64),
    /// Success, and no series.
    Nothing,
    /// A series whose value is no number.
    NotANumber,
    /// Several series.
    Several,
    /// This, whatever is asked.
    Said(Said),
}

/// What a fake keeps.
pub struct World {
    /// What it says.
    pub gives: Gives,
    /// The only secret that it takes.
    pub secret: String,
    /// The time that its document tells, in milliseconds, where it tells one.
    pub at: i64,
    /// How much older than its evaluation the newest sample behind a value is, in milliseconds.
    pub frozen_ms: i32,
}

/// One kind of source with the fake of its system.
pub trait Fake: 'static {
    /// As a profile names it.
    const NAME: &'static str;
    /// Whether it remembers what was.
    const REMEMBERS: bool = true;
    /// A query that fits.
    const QUERY: &'static str;
    /// Keys of the source in the profile, with the secret's file.
    fn keys(at: &str, secret: &Path) -> String;
    /// What it answers.
    fn answer(world: &mut World, asked: &Asked) -> Said;
}
