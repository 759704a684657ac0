//! The rules of a flight, each shown by one small story.

mod binding;
mod checks;
mod company;
mod controls;
mod load;
mod outcome;
mod rollback;
mod second;
mod signed;
mod slow;
mod spill;
mod watching;
mod waves;
