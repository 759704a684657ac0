//! Profiles that must load and profiles that must not.
