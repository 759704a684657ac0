//! Carries a change out: write, test, reload, and wait until workers say so.

use std::io;
use std::time::{SystemTime, UNIX_EPOCH};

use super::run::{self, run, shown};
use super::{Nginx, Reload, ask, prepare, process, text};
use crate::adapter::replace::{Beside, Kept, Replaced};
use crate::domain::{NativeSplit, Prepared};

use super::super::{Fence, SetAnswer};

impl Nginx {
    pub(super) async fn write(
        &self,
        prepared: &Prepared,
        expected: Option<&NativeSplit>,
        fence: &dyn Fence,
    ) -> SetAnswer {
        if let Err(refused) = prepare::fits(&self.config, &prepared.native) {
            return SetAnswer::NotSent(refused.to_string());
        }
        if let Some(expected) = expected {
            match self.look().await {
                Err(trouble) => return SetAnswer::NotSent(trouble.to_string()),
                Ok(reading) if reading.native != *expected => return SetAnswer::Moved(reading.native),
                Ok(_) => {}
            }
        }
        // Nobody there to take the change is better known before a file is touched.
        if let Some(status) = &self.status
            && let Err(failure) = status.knock().await
        {
            return failure.set_answer(&ask::what(status));
        }
        let at = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis().to_string();
        let beside = match Beside::write(&self.config.file, text::render(&self.config, &prepared.native, &at)).await {
            Ok(beside) => beside,
            Err(error) => return self.not_written(&error),
        };
        if let Err(why) = fence.may_send() {
            return SetAnswer::NotSent(why);
        }
        self.unsettle();
        match beside.replace() {
            Ok(replaced) => self.go_on(replaced, &at).await,
            Err(error) => self.not_written(&error),
        }
    }

    fn not_written(&self, error: &io::Error) -> SetAnswer {
        let said = format!("write {}: {error}; nothing was changed", self.config.file.display());
        match error.kind() {
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => SetAnswer::Failed(format!(
                "{said}; let flightdeck's user write into its directory, or put the file into a directory of its own"
            )),
            _ => SetAnswer::NotSent(format!("{said}; see whether the file and its directory are as the profile says")),
        }
    }

    /// The file is replaced, and nobody has read it yet.
    async fn go_on(&self, mut replaced: Replaced, at: &str) -> SetAnswer {
        if let Err(said) = run(&self.config.test, self.config.timeout).await {
            let why = format!("`{}` {}", shown(&self.config.test), said.words());
            return self.taken_back(&why, replaced.put_back(), advice(&said));
        }
        // From here on the file is good, and somebody may have been told to read it.
        let kept = replaced.keep();
        if let Err(error) = kept.settle().await {
            return self.reload_failed(&format!("the disk says {error}"), kept, "look after the disk");
        }
        match &self.config.reload {
            Reload::Command(words) => match run(words, self.config.timeout).await {
                Ok(()) => {}
                Err(said @ (run::Said::No(_) | run::Said::NotStarted(_))) => {
                    return self.reload_failed(&format!("`{}` {}", shown(words), said.words()), kept, advice(&said));
                }
                Err(said @ run::Said::NotEnded) => {
                    return SetAnswer::Unknown(format!(
                        "reload nginx: `{}` {}; {} has the new weights, and nginx may have read them or may read them later",
                        shown(words),
                        said.words(),
                        self.config.file.display()
                    ));
                }
            },
            Reload::Signal => {
                let file = self.config.pid_file.as_deref().unwrap_or(std::path::Path::new(""));
                if let Err(why) = process::signal(file) {
                    let advice = "name a `reload` command that may, or correct `pid_file`";
                    return self.reload_failed(&format!("signal {why}"), kept, advice);
                }
            }
        }
        self.confirm(at).await
    }

    fn reload_failed(&self, why: &str, kept: Kept, advice: &str) -> SetAnswer {
        self.taken_back(why, kept.take_back(), advice)
    }

    fn taken_back(&self, why: &str, put_back: io::Result<()>, advice: &str) -> SetAnswer {
        let file = self.config.file.display();
        SetAnswer::Failed(match put_back {
            Ok(()) => format!("{why}; the old text of {file} is back and nothing was changed; {advice}"),
            Err(error) => format!(
                "{why}; and the old text of {file} could not be put back ({error}): put it back by hand before nginx is \
                 started again; {advice}"
            ),
        })
    }

    /// The reload is asked for, which says nothing about what came of it.
    async fn confirm(&self, at: &str) -> SetAnswer {
        let Some(status) = &self.status else { return SetAnswer::Accepted };
        let file = self.config.file.display();
        match self.await_workers(status, at).await {
            Ok(said) if said.is_settled => SetAnswer::Accepted,
            Ok(_) => SetAnswer::Unknown(format!(
                "reload nginx: it was told, and workers with earlier weights still answer at {}; {file} has the new ones; look \
                 into nginx's error log, a master that is stopped reloads when it goes on",
                status.endpoint()
            )),
            Err(trouble) => SetAnswer::Unknown(format!(
                "reload nginx: it was told, and whether it did is not known: {trouble}; {file} has the new weights"
            )),
        }
    }
}

fn advice(said: &run::Said) -> &'static str {
    match said {
        run::Said::No(words)
            if words.to_lowercase().contains("permission denied") || words.contains("not permitted") =>
        {
            "permission was denied: give `test` and `reload` commands that may, such as ones with sudo"
        }
        run::Said::No(_) => "see what nginx's configuration lacks, and try the command by hand",
        run::Said::NotStarted(_) => "give the program's whole path, such as /usr/sbin/nginx",
        run::Said::NotEnded => "try the command by hand: it may ask for a password, which nobody can give here",
    }
}
