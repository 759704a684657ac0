//! Flows: key strings in, what is sent, kept and shown out.

mod back;
mod confirm;
mod effects;
mod fingers;
mod panes;
mod pools;
mod screens;
