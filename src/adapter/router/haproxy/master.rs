//! The socket of HAProxy's master process, which passes commands on to a worker.
//!
//! Each command goes to the current worker by `@1` and on a connection of its own, so a prefix of the line has no effect on the
//! ones after it, refusals have no mark of their severity, and a reload may come between two commands of a line. Every line
//! therefore begins and ends with `show proc`: both must name the same worker. The master keeps a connection open until it
//! reads `quit`.

use super::answer::{self, Garbled};
use super::words;
use crate::domain::{Trouble, TroubleKind};

/// The workers of one moment.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Workers {
    /// The pid of the one that takes new connections.
    pub(super) current: String,
    /// How often the master has reloaded.
    pub(super) reloads: String,
    /// The pids of those that end what they began before a reload.
    pub(super) old: Vec<String>,
}

/// A command for the current worker, as it goes out.
pub(super) fn spelled(command: &str) -> String {
    format!("@1 {command}")
}

/// A line of commands, as it goes out.
pub(super) fn line(commands: &[String]) -> String {
    format!("show proc;{};show proc;quit\n", commands.join(";"))
}

/// Cuts the answer to a line of `commands`, in the form that a worker's own socket gives.
pub(super) fn sections(text: &str, commands: &[String]) -> Result<(Vec<String>, Workers), Garbled> {
    // A worker answers an empty line to its prefix first.
    let mut sections = answer::sections(&format!("\n{text}"), commands.len() + 2)?;
    let (last, first) = (sections.pop().unwrap_or_default(), sections.first().cloned().unwrap_or_default());
    let (before, after) = (Workers::of(&first)?, Workers::of(&last)?);
    if before.current != after.current {
        let what = format!("worker {} took over from {} in the middle of it", after.current, before.current);
        return Err(Garbled::Reloaded { what });
    }
    let marked = commands.iter().zip(sections.into_iter().skip(1)).map(|(command, section)| marked(command, section));
    Ok((marked.collect(), before))
}

/// What is there when this is no master's socket.
pub(super) fn is_a_worker(text: &str) -> bool {
    text.starts_with("Unknown command")
}

/// Said of a worker's socket in a profile that takes it for the master's.
pub(super) fn not_a_master(what: &str) -> Trouble {
    Trouble::new(
        TroubleKind::Mismatch,
        what,
        "this is a worker's `stats socket`, and the profile takes it for the master's",
        "leave `master` out, or give the socket that follows -S where HAProxy is started",
    )
}

/// Said of a master's socket in a profile that does not know.
pub(super) fn not_a_worker(what: &str) -> Trouble {
    Trouble::new(
        TroubleKind::Mismatch,
        what,
        "this is the socket of HAProxy's master process",
        "write `master = true` beside `at`, or give a `stats socket` of HAProxy's configuration",
    )
}

/// Said while workers from before a reload still serve somebody.
pub(super) fn about_old(counts: &[Option<u64>]) -> String {
    let (whose, serve) = match counts.len() {
        1 => ("1 worker".to_owned(), "serves"),
        count => (format!("{count} workers"), "serve"),
    };
    let counted: Option<u64> = counts.iter().copied().sum();
    let connections = match counted {
        None => "connections that could not be counted".to_owned(),
        Some(1) => "1 connection".to_owned(),
        Some(count) => format!("{count} connections"),
    };
    format!(
        "{whose} from before a reload still {serve} {connections}, by the weights from then; they are counted nowhere here"
    )
}

/// The connections of a process, in its `show info`.
pub(super) fn connections(section: &str) -> Option<u64> {
    section.lines().find_map(|line| line.strip_prefix("CurrConns: ")?.trim().parse().ok())
}

/// Marks a refusal as a worker's own socket does.
fn marked(command: &str, section: String) -> String {
    let command = command.strip_prefix(&spelled("")).unwrap_or(command);
    let is_answer = match command.split(' ').take(2).collect::<Vec<_>>().as_slice() {
        ["show", "cli"] => return format!("[6]: {section}"),
        ["show", "info"] => section.starts_with("Name:"),
        ["show", "stat"] => section.starts_with("# pxname"),
        ["show", "servers"] => section.starts_with("1\n"),
        ["show", "table"] => section.is_empty() || section.starts_with("# table"),
        ["get", "map"] => section.starts_with("type="),
        ["show", "map"] => {
            section.is_empty() || section.starts_with(|c: char| c == '#' || c.is_ascii_digit() || c == '-')
        }
        _ => section.is_empty(),
    };
    if is_answer { section } else { format!("[3]: {section}") }
}

impl Workers {
    fn of(section: &str) -> Result<Self, Garbled> {
        let mut workers = Self::default();
        let mut part = "";
        for line in section.lines() {
            if let Some(title) = line.strip_prefix("# ") {
                part = title.trim();
                continue;
            }
            let mut words = line.split_whitespace();
            let (pid, kind, third) = (words.next(), words.next(), words.next());
            let (Some(pid), Some(kind)) = (pid.filter(|pid| pid.parse::<u32>().is_ok()), kind) else { continue };
            match (part, kind) {
                ("", "master") => third.unwrap_or_default().clone_into(&mut workers.reloads),
                ("workers", "worker") => pid.clone_into(&mut workers.current),
                ("old workers", "worker") => workers.old.push(pid.to_owned()),
                _ => {}
            }
        }
        if workers.current.is_empty() {
            let what = format!("`show proc` names no worker, `{}`", answer::excerpt(section));
            return Err(Garbled::Torn { what });
        }
        Ok(workers)
    }
}

/// The command that counts a worker's connections.
pub(super) fn info_of(pid: &str) -> String {
    format!("@!{} show info", words::escaped(pid))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROC: &str = "#<PID>          <type>          <reloads>       <uptime>        <version>      \n\
                        27612           master          2 [failed: 0]   0d00h00m04s     2.6.12\n# workers\n\
                        27812           worker          0               0d00h00m01s     2.6.12\n# old workers\n\
                        27736           worker          1               0d00h00m02s     2.6.12\n# programs\n";

    #[test]
    fn the_current_worker_is_told_from_old_ones() {
        let workers = Workers::of(PROC).expect("it is readable");
        let expected = Workers { current: "27812".into(), reloads: "2".into(), old: vec!["27736".into()] };
        assert_eq!(workers, expected);
        assert!(Workers::of("# workers\n# old workers\n").is_err(), "nobody serves");
    }

    #[test]
    fn an_answer_has_the_form_of_a_workers_own() {
        let commands = [spelled("show cli level"), spelled("set server app/a weight 1"), spelled("set map x y 1")];
        let text = format!("{PROC}\nadmin\n\nNo such server.\n\n\n{PROC}\n");
        let (sections, _) = sections(&text, &commands).expect("it is readable");
        assert_eq!(sections, ["[6]: admin\n", "[3]: No such server.\n", ""]);
    }

    #[test]
    fn a_reload_in_the_middle_of_a_line_is_noticed() {
        let other = PROC.replace("27812", "27900");
        let said = sections(&format!("{PROC}\n\n{other}\n"), &[spelled("set map x y 1")]).expect_err("two workers");
        assert!(said.to_string().contains("worker 27900 took over from 27812"), "{said}");
    }

    #[test]
    fn silence_alone_is_no_yes() {
        for text in ["\n", "\n\n\n", "Unknown command: `show proc`\n\n\n\n"] {
            assert!(sections(text, &[spelled("set map x y 1")]).is_err(), "{text:?}");
        }
    }
}
