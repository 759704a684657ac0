//! The rules of a flight, each shown by one small story.

mod binding;
mod checks;
mod company;
mod controls;
mod guard;
mod guards;
mod load;
mod measured;
mod metered;
mod outcome;
mod rollback;
mod second;
mod signed;
mod slow;
mod spill;
mod watching;
mod waves;
