//! The rules of a flight, each shown by one small story.

mod actions;
mod approvals;
mod binding;
mod checks;
mod company;
mod controls;
mod drains;
mod duty;
mod excluding;
mod guard;
mod guards;
mod lingering;
mod load;
mod measured;
mod metered;
mod metered_logs;
mod outcome;
mod pairs;
mod rollback;
mod second;
#[cfg(feature = "aws")]
mod seed_cutover;
#[cfg(feature = "kubernetes")]
mod seed_kubernetes;
mod seed_promotion;
mod shapes;
mod signed;
mod slow;
mod soaking;
mod spill;
mod staged;
mod stages;
mod tasks;
mod telling;
mod unwinding;
mod version;
mod watching;
mod waves;
mod windows;
