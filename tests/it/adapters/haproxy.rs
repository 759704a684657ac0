//! A real HAProxy against the contract, in the shapes that people run.
