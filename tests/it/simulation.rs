//! Random flights with a seed that replays.
