//! Why things are as they are: one page per decision, with the alternatives and what would change it.

#[doc = include_str!("pure_core.md")]
pub mod pure_core {}
#[doc = include_str!("two_facts_about_time.md")]
pub mod two_facts_about_time {}
#[doc = include_str!("names_in_events.md")]
pub mod names_in_events {}
#[doc = include_str!("settings_reader.md")]
pub mod settings_reader {}
#[doc = include_str!("ticks_not_timers.md")]
pub mod ticks_not_timers {}
#[doc = include_str!("journal_on_nats.md")]
pub mod journal_on_nats {}
#[doc = include_str!("own_test_runner_not_needed.md")]
pub mod own_test_runner_not_needed {}
#[doc = include_str!("signatures.md")]
pub mod signatures {}
#[doc = include_str!("beside_the_journal.md")]
pub mod beside_the_journal {}
#[doc = include_str!("second_person.md")]
pub mod second_person {}
#[doc = include_str!("waves.md")]
pub mod waves {}
#[doc = include_str!("checks.md")]
pub mod checks {}
#[doc = include_str!("guards.md")]
pub mod guards {}
#[doc = include_str!("simulation.md")]
pub mod simulation {}
#[doc = include_str!("logs_by_time.md")]
pub mod logs_by_time {}
#[doc = include_str!("pairs_by_the_logs_clock.md")]
pub mod pairs_by_the_logs_clock {}
#[doc = include_str!("one_asks_for_all.md")]
pub mod one_asks_for_all {}
#[doc = include_str!("fields_by_name.md")]
pub mod fields_by_name {}
#[doc = include_str!("windows_by_the_wall_clock.md")]
pub mod windows_by_the_wall_clock {}
#[doc = include_str!("one_digest_a_session.md")]
pub mod one_digest_a_session {}
