//! Carries a change out, and waits until Traefik has it, as long as a router may take.

use std::io;
use std::time::Duration;

use http::Method;
use tokio::time::{Instant, sleep, timeout_at};

use super::document::Document;
use super::{Traefik, Way, look, prepare};
use crate::adapter::http::{Answer, Request};
use crate::adapter::replace::Beside;
use crate::domain::{NativeSplit, Prepared, TroubleKind};

use super::super::{Fence, SetAnswer};

/// Between two looks for a change.
const PACE: Duration = Duration::from_millis(20);

impl Traefik {
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
                Ok(reading) => {
                    if let Some((why, advice)) = look::obstacle(&reading) {
                        return SetAnswer::NotSent(format!("{why}; {advice}"));
                    }
                }
            }
        }
        let document = match self.document().await {
            Ok(document) => document,
            Err(why) => {
                let advice = "write the weighted service into it, as JSON, as the example profiles show";
                return SetAnswer::NotSent(format!("{why}; {advice}"));
            }
        };
        match &self.config.way {
            Way::File(_) => self.write_file(document, prepared, expected, fence).await,
            Way::Rest(_) => self.put(document, prepared, fence).await,
        }
    }

    async fn write_file(
        &self,
        document: Document,
        prepared: &Prepared,
        expected: Option<&NativeSplit>,
        fence: &dyn Fence,
    ) -> SetAnswer {
        // Somebody else's change may be on disk while Traefik's throttle keeps it waiting.
        if let (Some(expected), Ok(written)) = (expected, look::split(&self.config, &document.children(&self.config)))
            && written != *expected
        {
            return SetAnswer::Moved(written);
        }
        // Nobody there to take the change is better known before the file is touched.
        if let Err(failure) = self.api.knock().await {
            return failure.set_answer(&self.what());
        }
        let file = self.config.way.document();
        let text = document.with(&self.config, &prepared.native).text();
        let beside = match Beside::write(file, text).await {
            Ok(beside) => beside,
            Err(error) => return self.not_written(&error),
        };
        if let Err(why) = fence.may_send() {
            return SetAnswer::NotSent(why);
        }
        let mut replaced = match beside.replace() {
            Ok(replaced) => replaced,
            Err(error) => return self.not_written(&error),
        };
        // Traefik may have read it already: from here on it stays.
        if let Err(error) = replaced.keep().settle().await {
            return SetAnswer::Unknown(format!("write {}: {error}; look after the disk", file.display()));
        }
        self.confirm(prepared).await
    }

    async fn put(&self, document: Document, prepared: &Prepared, fence: &dyn Fence) -> SetAnswer {
        let document = document.with(&self.config, &prepared.native);
        let request = Request::new(Method::PUT, "/api/providers/rest").json(document.value());
        let what = format!("PUT {}{}", self.api.endpoint(), request.path);
        let answer = match self.api.write(&request, fence).await {
            Ok(answer) => answer,
            Err(failure) => return failure.set_answer(&what),
        };
        if !answer.is_success() {
            return SetAnswer::Failed(refusal(&what, &answer));
        }
        // Traefik answers with what it took; something else that says yes to everything does not.
        let taken = Document::of(&answer.text(), &self.config).and_then(|taken| {
            let native = look::split(&self.config, &taken.children(&self.config))?;
            if native.holds(&prepared.native) { Ok(()) } else { Err("it has other weights".to_owned()) }
        });
        match taken {
            Ok(()) => self.confirm(prepared).await,
            Err(why) => SetAnswer::Unknown(format!(
                "{what}: it answered {} with what is not the configuration that was sent ({why}); read the weights before \
                 anything else",
                answer.status
            )),
        }
    }

    /// Waits until the API tells the new weights. Where it goes on telling others, the throttle may not be over: the change
    /// is taken, and not verified. Where it tells nothing, nobody knows.
    async fn confirm(&self, prepared: &Prepared) -> SetAnswer {
        let until = Instant::now() + self.config.timeout;
        let mut has_answered = false;
        loop {
            match timeout_at(until, self.service(&self.config.full_name())).await {
                Err(_elapsed) if has_answered => return SetAnswer::Accepted,
                Err(_elapsed) => {
                    return SetAnswer::Unknown(format!(
                        "{}: no answer within the time-out; it may be taken late",
                        self.what()
                    ));
                }
                // What was sent for the first time is not known at once.
                Ok(Err(trouble)) if trouble.kind == TroubleKind::Mismatch && Instant::now() < until => {
                    has_answered = true;
                }
                Ok(Err(trouble)) => {
                    return SetAnswer::Unknown(format!(
                        "the change is out, and whether it is taken is not known: {trouble}"
                    ));
                }
                Ok(Ok(service)) => {
                    has_answered = true;
                    let children = service.weighted.map(|weighted| weighted.services).unwrap_or_default();
                    let is_there =
                        look::split(&self.config, &children).is_ok_and(|native| native.holds(&prepared.native));
                    if is_there || Instant::now() >= until {
                        return SetAnswer::Accepted;
                    }
                }
            }
            sleep(PACE).await;
        }
    }

    fn what(&self) -> String {
        format!("set {} {}", self.api.endpoint(), self.config.full_name())
    }

    fn not_written(&self, error: &io::Error) -> SetAnswer {
        let said = format!("write {}: {error}; nothing was changed", self.config.way.document().display());
        match error.kind() {
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                SetAnswer::Failed(format!("{said}; let flightdeck's user write into its directory"))
            }
            _ => SetAnswer::NotSent(format!("{said}; see whether the file and its directory are as the profile says")),
        }
    }
}

fn refusal(what: &str, answer: &Answer) -> String {
    let trouble = answer.refusal(what);
    match answer.status {
        401 | 403 => format!("{what}: permission denied: {}; {}", trouble.why, trouble.advice),
        404 | 405 => {
            format!(
                "{what}: {}; switch the REST provider on in Traefik's static configuration: `providers.rest`",
                trouble.why
            )
        }
        _ => trouble.to_string(),
    }
}
