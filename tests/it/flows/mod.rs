//! Flows: key strings in, what is sent, kept and shown out.

mod acts;
mod fingers;
