//! Who this process is, and whether another one is provably gone (C4).

use std::fs;
use std::path::Path;

use crate::session::event::Process;

/// This process, told apart from every other one of its machine.
pub fn me() -> Process {
    let pid = std::process::id();
    Process {
        host: rustix::system::uname().nodename().to_string_lossy().into_owned(),
        boot: boot(),
        pid,
        started: Stat::of(pid).map_or(0, |stat| stat.started),
    }
}

/// Whether a process does not run any more, for certain. Another host's process is never known to be gone, and neither is
/// one that other processes of this machine hide from this one. `one_host` says that the journal is kept on one host: then
/// one of the same name is the same.
pub fn is_gone(process: &Process, one_host: bool) -> bool {
    is_gone_for(&me(), process, Stat::of(process.pid), one_host)
}

fn is_gone_for(me: &Process, process: &Process, stat: Option<Stat>, one_host: bool) -> bool {
    if process.host != me.host || process.boot.is_empty() || me.boot.is_empty() {
        return false;
    }
    if kernel(&process.boot) != kernel(&me.boot) {
        // The host has been started anew since, if it is the same one and not another of that name.
        return one_host;
    }
    // Process ids of another namespace say nothing here.
    process.boot == me.boot && stat.is_none_or(|stat| stat.started != process.started || stat.is_dead())
}

/// The kernel's boot id and the namespace in which process ids are counted: `3f0c…/pid:[4026531836]`.
fn boot() -> String {
    let id = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    let id = id.trim();
    if id.is_empty() {
        return String::new();
    }
    let namespace = fs::read_link("/proc/self/ns/pid").unwrap_or_default();
    format!("{id}/{}", namespace.display())
}

fn kernel(boot: &str) -> &str {
    boot.split_once('/').map_or(boot, |(kernel, _)| kernel)
}

/// What the kernel says of one process.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Stat {
    state: char,
    /// Its parent.
    pub(super) parent: u32,
    /// Its process group.
    pub(super) group: u32,
    /// Its session.
    pub(super) session: u32,
    /// When it started, in ticks since the kernel did.
    pub(super) started: u64,
}

impl Stat {
    /// Reads it; `None` when there is no such process, or no such file system.
    pub(super) fn of(pid: u32) -> Option<Self> {
        let text = fs::read_to_string(Path::new("/proc").join(pid.to_string()).join("stat")).ok()?;
        Self::parse(&text)
    }

    fn parse(text: &str) -> Option<Self> {
        // The second field is the program's name in parentheses, and may hold spaces and parentheses itself.
        let (_, rest) = text.rsplit_once(')')?;
        let mut fields = rest.split_ascii_whitespace();
        let state = fields.next()?.chars().next()?;
        let parent = fields.next()?.parse().ok()?;
        let group = fields.next()?.parse().ok()?;
        let session = fields.next()?.parse().ok()?;
        let started = fields.nth(15)?.parse().ok()?;
        Some(Self { state, parent, group, session, started })
    }

    /// Whether it has ended and only waits for its parent to notice.
    fn is_dead(self) -> bool {
        matches!(self.state, 'Z' | 'X' | 'x')
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stat(started: u64) -> Stat {
        Stat { state: 'S', parent: 1, group: 1, session: 1, started }
    }

    #[test]
    fn a_process_that_runs_is_not_gone_and_an_ended_one_is() {
        let me = me();
        assert!(me.started > 0 && !is_gone(&me, true), "{me:?}");
        let mut child = std::process::Command::new("sleep").arg("60").spawn().expect("sleep is there");
        let started = Stat::of(child.id()).expect("it runs").started;
        let process = Process { pid: child.id(), started, ..me };
        assert!(!is_gone(&process, true));
        child.kill().expect("it can be killed");
        child.wait().expect("and waited for");
        assert!(is_gone(&process, true));
    }

    #[test]
    fn only_what_is_certain_counts_as_gone() {
        let me = Process { host: "a".to_owned(), boot: "k1/pid:[1]".to_owned(), pid: 5, started: 50 };
        let same = Process { pid: 7, started: 70, ..me.clone() };
        let other = |host: &str, boot: &str| Process { host: host.to_owned(), boot: boot.to_owned(), ..same.clone() };
        for (process, stat, gone) in [
            (same.clone(), Some(stat(70)), false),
            (same.clone(), Some(stat(71)), true),
            (same.clone(), None, true),
            (same.clone(), Some(Stat { state: 'Z', ..stat(70) }), true),
            (other("b", "k1/pid:[1]"), None, false),
            (other("a", "k1/pid:[2]"), None, false),
            (other("a", "k0/pid:[1]"), None, true),
            (other("a", ""), None, false),
        ] {
            assert_eq!(is_gone_for(&me, &process, stat, true), gone, "{process:?} {stat:?}");
        }
        // With a journal that several hosts share, a host of that name may be another one.
        assert!(!is_gone_for(&me, &other("a", "k0/pid:[1]"), None, false));
        assert!(is_gone_for(&me, &same, None, false));
    }

    #[test]
    fn a_name_with_parentheses_does_not_confuse() {
        let text = "7 (a) b) S 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22";
        let read = Stat::parse(text).expect("it is a stat line");
        assert_eq!((read.parent, read.group, read.session, read.started), (3, 4, 5, 21));
    }
}
