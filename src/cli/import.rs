//! `import`: a profile drafted from a runbook.

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use super::out::Out;
use crate::error::Error;
use crate::profile::{self, ProfileFile};
use crate::runbook::draft::{Counts, draft};
use crate::runbook::{self, Encoding};
use crate::setting::{LARGEST, literal};

/// What `import` takes.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Headings become sections; boxes (- [ ], ☐, emoji), numbered steps and the points of a procedure \
become items, with their nesting, order, links and commands; what is ticked comes in open. Shifts \
such as 10% → 50% become steps that wait for a person, limits become guards in comments, and what \
was not understood stays in comments with its line. Secrets are left out.")]
pub(super) struct Args {
    /// The runbook: Markdown, or what people write in its place
    runbook: PathBuf,
    /// Where it goes, `-` for standard output [default: beside the runbook, as .toml]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

pub(super) fn run(args: &Args, out: &mut Out) -> Result<(), Error> {
    let bytes = read(&args.runbook)?;
    let (text, encoding) = runbook::decode(&bytes);
    let name = args.runbook.file_name().map_or_else(|| "runbook.md".into(), |name| name.to_string_lossy());
    let (text, secrets) = literal::hide(&text);
    let drafted = draft(&runbook::read(&text), &name);
    let (toml, more) = literal::hide(&drafted.toml);
    let to = args.out.clone().unwrap_or_else(|| args.runbook.with_extension("toml"));
    let summary = summary(&drafted.counts, encoding, secrets.saturating_add(more));
    if to == Path::new("-") {
        out.text(&toml);
        for line in &summary {
            out.note(line);
        }
    } else {
        write(&to, &toml)?;
        out.line(&format!("✓ {}: a draft of {name}", to.display()));
        for line in &summary {
            out.line(line);
        }
        out.line(&format!("Read it, then: flightdeck check {}", to.display()));
    }
    // What is drafted must load: what does not is told now, and not when somebody wants to fly.
    let path = to.display().to_string();
    profile::parse(&[ProfileFile { path, bytes: toml.into_bytes() }])?;
    Ok(())
}

fn read(path: &Path) -> Result<Vec<u8>, Error> {
    let failed = |source| Error::File {
        what: "read",
        path: path.display().to_string(),
        source,
        advice: "name a runbook that you may read",
    };
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(failed)?;
    file.take(LARGEST as u64 + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() > LARGEST {
        return Err(Error::Usage {
            what: format!("{} is larger than {} KiB", path.display(), LARGEST / 1024),
            advice: "is this the right file?".to_owned(),
        });
    }
    Ok(bytes)
}

/// Never over what is there: somebody may have worked on it.
fn write(path: &Path, text: &str) -> Result<(), Error> {
    let file = OpenOptions::new().write(true).create_new(true).open(path);
    file.and_then(|mut file| file.write_all(text.as_bytes())).map_err(|source| Error::File {
        what: "write",
        path: path.display().to_string(),
        source,
        advice: "name another file with --out, or - for standard output",
    })
}

fn summary(counts: &Counts, encoding: Encoding, secrets: usize) -> Vec<String> {
    let mut lines = vec![
        format!(
            "  {} ({} with a box), {}, {}",
            counted(counts.items, "item", "items"),
            counts.boxes,
            counted(counts.commands, "command", "commands"),
            counted(counts.links, "link", "links"),
        ),
        format!(
            "  {} proposed ({} of traffic), {} and {} in comments, to be checked by a person",
            counted(counts.steps, "step", "steps"),
            counts.shifts,
            counted(counts.guards, "guard", "guards"),
            counted(counts.times, "time", "times"),
        ),
    ];
    if counts.due > 0 {
        lines.push(format!("  {} due before the start or after the end", counted(counts.due, "section", "sections")));
    }
    let mut places = counts.not_understood.clone();
    places.sort_unstable();
    places.dedup();
    if places.is_empty() {
        lines.push(format!("  everything below a procedure was understood; {} others kept in comments", counts.kept));
    } else {
        let places: Vec<String> = places.iter().map(usize::to_string).collect();
        let what = counted(counts.not_understood.len(), "passage", "passages");
        let kept = counts.kept;
        lines.push(format!(
            "  {what} below a procedure not understood, kept in comments with {kept} others: lines {}",
            places.join(", ")
        ));
    }
    match encoding {
        Encoding::Utf8 => {}
        Encoding::Utf16 => lines.push("  the runbook is UTF-16".to_owned()),
        Encoding::Windows1252 => lines.push("  the runbook is not UTF-8: read as Windows-1252".to_owned()),
    }
    if secrets > 0 {
        lines.push(format!("  {} left out: a profile goes into the journal", counted(secrets, "secret", "secrets")));
    }
    lines
}

fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}
