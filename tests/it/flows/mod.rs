//! Flows: key strings in, what is sent, kept and shown out.

mod back;
mod charts;
mod checks;
mod confirm;
mod effects;
mod evidence;
mod fingers;
mod guard;
mod guard_line;
mod handover;
mod pair_screens;
mod panes;
mod patterns;
mod pools;
mod screens;
mod second;
mod shared_logs;
mod thousand;
mod waves;
