//! Flows: key strings in, what is sent, kept and shown out.

mod actions;
mod back;
mod charts;
mod checks;
mod confirm;
mod effects;
mod evidence;
mod fingers;
mod flood;
mod guard;
mod guard_line;
mod handover;
mod log_lines;
mod off;
mod pair_screens;
mod pairs;
mod panes;
mod patterns;
mod pools;
mod screens;
mod second;
mod shared_logs;
mod stages;
mod tasks;
mod thousand;
mod waves;
