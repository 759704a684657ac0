//! The rules of a flight, each shown by one small story.

mod binding;
mod outcome;
mod rollback;
mod watching;
