//! `open` without `--to`: the latest version of the environment before, where the profile says how that is looked up. It is shown
//! with where it comes from, and taken when the operator says so.

use std::sync::Arc;

use super::ask;
use super::out::Out;
use crate::adapter::check::ran_in::Past;
use crate::domain::version::latest;
use crate::error::Error;
use crate::journal::Store;
use crate::profile::Loaded;
use crate::runtime::clock;
use crate::runtime::past::Sessions;

/// What `--to` says for it.
pub(super) const WORD: &str = "latest";

/// A version that was looked up.
pub(super) struct LookedUp {
    /// It.
    pub(super) version: String,
    /// Where it comes from, for people and the record.
    pub(super) words: String,
}

/// Looks the version up, where `--to` names none and the profile says how.
///
/// # Errors
/// When it cannot be told, or the operator does not take it.
pub(super) async fn look_up(
    to: &str,
    loaded: &Loaded,
    store: Arc<dyn Store>,
    out: &mut Out,
) -> Result<Option<LookedUp>, Error> {
    if !matches!(to, "" | WORD) {
        return Ok(None);
    }
    let Some(found) = find(loaded, Some(store)).await else {
        return if to.is_empty() { Ok(None) } else { Err(no_rule()) };
    };
    let found = found?;
    out.note(&found.words);
    if ask::is_possible() {
        let answer = ask::line(&format!("Open with --to {}? [y/N] ", found.version)).await;
        if !matches!(answer.to_lowercase().as_str(), "y" | "yes") {
            return Err(Error::Usage {
                what: format!("{} was not taken", found.version),
                advice: "nothing was opened; name a version with --to VERSION".to_owned(),
            });
        }
    }
    Ok(Some(found))
}

fn no_rule() -> Error {
    Error::Usage {
        what: format!(
            "--to {WORD} asks for the latest version of the environment before, and the profile does not say how it \
                       is looked up"
        ),
        advice: "add [version.latest] to it, or name a version".to_owned(),
    }
}

/// The latest version as the profile has it looked up; `None` where it does not say how.
pub(super) async fn find(loaded: &Loaded, store: Option<Arc<dyn Store>>) -> Option<Result<LookedUp, Error>> {
    let rule = loaded.adapters.latest.as_ref()?;
    let past: Arc<dyn Past> = Arc::new(Sessions { store, service: loaded.procedure.service.clone() });
    let history = match rule.history(&past, clock::now().wall).await {
        Ok(history) => history,
        Err(trouble) => return Some(Err(Error::Trouble(trouble))),
    };
    let environment = &rule.environment;
    Some(match latest(&history, environment) {
        Ok(run) => {
            let since = run.from.map(|from| format!(", there since {}", from.long())).unwrap_or_default();
            let words = format!(
                "{} is the latest version of {environment}{since}: {}, read from {}",
                run.version, run.by, history.source
            );
            Ok(LookedUp { version: run.version.clone(), words })
        }
        Err(why) => Err(Error::Usage {
            what: format!("there is no latest version of {environment}: {why}; looked at {}", history.source),
            advice: "name a version with --to VERSION".to_owned(),
        }),
    })
}
