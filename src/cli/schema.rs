//! `schema`: the JSON Schemas of profiles and of records.

use clap::ValueEnum;

use super::out::Out;
use crate::error::Error;
use crate::{profile, record};

/// What `schema` takes.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Of what
    #[arg(value_enum, default_value_t = What::Profile)]
    what: What,
}

/// What there is a schema of.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum What {
    /// A profile, for editors
    Profile,
    /// A record, as `record --json` prints it
    Record,
}

pub(super) fn run(args: &Args, out: &mut Out) -> Result<(), Error> {
    let schema = match args.what {
        What::Profile => profile::schema(),
        What::Record => record::schema(),
    };
    let schema = serde_json::to_string_pretty(&schema)
        .map_err(|error| Error::Internal { what: error.to_string(), log: "the state directory".to_owned() })?;
    out.line(&schema);
    Ok(())
}
