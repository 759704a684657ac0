//! The rules of a flight, each shown by one small story.

mod binding;
mod controls;
mod outcome;
mod rollback;
mod second;
mod signed;
mod spill;
mod watching;
