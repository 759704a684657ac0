//! The rules of a flight, each shown by one small story.

mod binding;
mod company;
mod outcome;
mod rollback;
mod watching;
