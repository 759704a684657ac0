//! To the background and back (Ctrl-Z, `fg`).

use rustix::process::{Signal, getpgrp, getppid, getsid, kill_current_process_group};

use super::super::process::Stat;

/// Whether a shell with job control waits for this process group: without one nobody could ever continue it.
pub fn is_possible() -> bool {
    let number = |pid: rustix::process::Pid| u32::try_from(pid.as_raw_nonzero().get()).unwrap_or(0);
    let (Some(parent), Ok(session)) = (getppid(), getsid(None)) else { return false };
    let (group, session) = (number(getpgrp()), number(session));
    let mut parent = Stat::of(number(parent));
    // Parents in the same group (a wrapper script, a pipeline) stop with this process; the one above them decides.
    while let Some(stat) = parent {
        if stat.group != group {
            return stat.session == session;
        }
        parent = Stat::of(stat.parent);
    }
    false
}

/// Stops this process group as the terminal's Ctrl-Z would; returns when it is continued. The terminal must have been left.
///
/// # Errors
/// When the system does not allow it.
pub fn stop() -> std::io::Result<()> {
    // SIGTSTP is listened to, so it would not stop; SIGSTOP does.
    Ok(kill_current_process_group(Signal::STOP)?)
}
