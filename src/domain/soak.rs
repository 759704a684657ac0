//! The schedule of a soak: what a runbook asks to be done in which minutes while a step holds.

use std::time::Duration;

use super::ItemId;

/// One task with its minutes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SoakTask {
    /// From when on, counted from the soak's beginning.
    pub from: Duration,
    /// Until when.
    pub to: Duration,
    /// What is to be done, in the profile's words.
    pub text: String,
    /// The checklist item that is ticked for it.
    pub item: ItemId,
}

/// The task that holds after so much of the soak: of two that overlap the later one.
pub fn task_at(schedule: &[SoakTask], held: Duration) -> Option<&SoakTask> {
    schedule.iter().rev().find(|task| (task.from..task.to).contains(&held))
}

/// The task that comes next, and when it does.
pub fn task_after(schedule: &[SoakTask], held: Duration) -> Option<&SoakTask> {
    schedule.iter().find(|task| task.from > held)
}

/// A range of a schedule as it is written: `5-15 min`, `0:30-1:00`.
pub fn range(task: &SoakTask) -> String {
    let whole = |span: Duration| span.as_secs().is_multiple_of(60);
    if whole(task.from) && whole(task.to) {
        format!("{}-{} min", task.from.as_secs() / 60, task.to.as_secs() / 60)
    } else {
        format!("{}-{}", super::clock_span(task.from), super::clock_span(task.to))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn task(from: u64, to: u64) -> SoakTask {
        SoakTask {
            from: Duration::from_mins(from),
            to: Duration::from_mins(to),
            text: format!("watch from {from}"),
            item: ItemId::new(format!("soak/{from}")),
        }
    }

    #[test]
    fn one_task_holds_at_a_time_and_the_next_is_known() {
        let schedule = [task(0, 15), task(15, 30), task(45, 60)];
        let texts = |minutes: u64| {
            let held = Duration::from_mins(minutes);
            let text = |task: Option<&SoakTask>| task.map(|task| task.text.clone()).unwrap_or_default();
            (text(task_at(&schedule, held)), text(task_after(&schedule, held)))
        };
        assert_eq!(texts(0), ("watch from 0".to_owned(), "watch from 15".to_owned()));
        assert_eq!(texts(15), ("watch from 15".to_owned(), "watch from 45".to_owned()));
        assert_eq!(texts(40), (String::new(), "watch from 45".to_owned()), "nothing is asked for between");
        assert_eq!(texts(59), ("watch from 45".to_owned(), String::new()));
    }

    #[test]
    fn ranges_read_like_the_runbooks() {
        assert_eq!(range(&task(0, 15)), "0-15 min");
        let short = SoakTask { from: Duration::from_secs(30), to: Duration::from_secs(90), ..task(0, 1) };
        assert_eq!(range(&short), "0:30-1:30");
    }
}
