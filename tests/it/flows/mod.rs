//! Key strings to screens.
