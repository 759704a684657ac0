//! Commands, exit codes, generated files.

mod command;
mod examples;
mod help;
mod latest;
pub mod signed;
mod verify;
#[cfg(feature = "lab")]
mod world;

use std::path::Path;
use std::process::{Command, Output, Stdio};

/// Runs the built program with a state directory of its own.
pub fn flightdeck(state: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_flightdeck"))
        .args(arguments)
        .env_clear()
        .env("FLIGHTDECK_STATE_DIR", state)
        .env("USER", "ana")
        .env("LANG", "C.UTF-8")
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

/// The same with the programs of this machine, `ssh-keygen` for one.
pub fn with_programs(state: &Path, arguments: &[&str]) -> Output {
    with_environment(state, arguments, &[])
}

/// The same with these variables.
pub fn with_environment(state: &Path, arguments: &[&str], variables: &[(&str, &Path)]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_flightdeck"))
        .args(arguments)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap())
        .env("FLIGHTDECK_STATE_DIR", state)
        .env("USER", "ana")
        .envs(variables.iter().copied())
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

/// What was printed.
pub fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}
