//! Commands, exit codes, generated files.
