//! What the tests share.

pub mod procedure;
