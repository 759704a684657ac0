//! `schema`: the JSON Schema of profiles.

use super::out::Out;
use crate::error::Error;
use crate::profile;

pub(super) fn run(out: &mut Out) -> Result<(), Error> {
    let schema = serde_json::to_string_pretty(&profile::schema())
        .map_err(|error| Error::Internal { what: error.to_string(), log: "the state directory".to_owned() })?;
    out.line(&schema);
    Ok(())
}
