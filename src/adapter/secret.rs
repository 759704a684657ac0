//! Secrets by reference: the profile says where one is kept, never what it is.

use std::fmt;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use secrecy::SecretString;
use serde_json::json;
use tokio::io::AsyncReadExt;

use super::withheld;
use crate::setting::{Kind, Table, Wrong, absolute_path, command};

/// More than this is not a secret but a wrong file.
const LARGEST: u64 = 64 * 1024;

/// How long a command may take: a person may have to be asked, but not for ever.
const PATIENCE: Duration = Duration::from_secs(20);

/// Where a secret is kept.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum SecretRef {
    /// An environment variable.
    Env(String),
    /// A file; its text without the final newline.
    File(PathBuf),
    /// A command's standard output without the final newline: program and arguments, no shell.
    Command(Vec<String>),
}

/// Why a secret could not be had. Names where it should be, never what it is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("read the secret from {from}: {why}; {advice}")]
pub struct SecretError {
    /// The reference, for people.
    pub from: String,
    /// What happened.
    pub why: String,
    /// What to do.
    pub advice: String,
}

impl SecretRef {
    /// Reads a reference to a secret; text in its place is refused without being quoted.
    pub fn read(table: &mut Table<'_>, key: &str, doc: &str) -> Option<Self> {
        table.table(key, doc, Self::read_table)?
    }

    /// Reads a reference whose keys are those of the table itself.
    pub fn read_table(table: &mut Table<'_>) -> Option<Self> {
        let env = table.optional("env", "An environment variable.", &variable());
        let file = table.optional("file", "A file that holds nothing else.", &absolute_path());
        let doc = "A command that prints it, as program and arguments; no shell.";
        let command = table.optional("command", doc, &command());
        let keys = ["env", "file", "command"];
        if keys.iter().filter(|key| table.has(key)).count() != 1 {
            let accepted = "one of env, file, command";
            table.refuse(Wrong::new("does not name one place where the secret is kept").accepted(accepted));
            return None;
        }
        if let Some(env) = &env {
            // A program that is run before it is needed here may have it too.
            withhold(&env.value);
        }
        env.map(|env| Self::Env(env.value))
            .or_else(|| file.map(|file| Self::File(file.value)))
            .or_else(|| command.map(|command| Self::Command(command.value)))
    }

    /// The same for a secret that must be there: `what` is missing else, `the token`.
    pub fn required(table: &mut Table<'_>, key: &str, doc: &str, what: &str) -> Option<Self> {
        let secret = Self::read(table, key, doc);
        let wrong = Wrong::new(format!("is missing: where {what} is kept"));
        table.require(key, wrong.accepted(format!("{key} = {{ env = ... }}")));
        secret
    }

    /// Fetches the secret. One final newline is dropped.
    ///
    /// # Errors
    /// When it is not there, is empty, or cannot be read; nothing of it is in the error.
    pub async fn resolve(&self) -> Result<SecretString, SecretError> {
        let failed = |why: String, advice: &str| SecretError { from: self.to_string(), why, advice: advice.to_owned() };
        let bytes = match self {
            Self::Env(name) => match std::env::var_os(name) {
                None => return Err(failed("it is not set".to_owned(), "export it before starting flightdeck")),
                Some(value) => value.into_encoded_bytes(),
            },
            Self::File(path) => read_file(path)
                .await
                .map_err(|error| failed(error.to_string(), "check the path and who may read it"))?,
            Self::Command(words) => run(words).await.map_err(|why| failed(why, "try it by hand in this terminal"))?,
        };
        if bytes.len() as u64 > LARGEST {
            return Err(failed(format!("it is larger than {} KiB", LARGEST / 1024), "is this the right place?"));
        }
        let mut value = String::from_utf8(bytes)
            .map_err(|_not_text| failed("it is not UTF-8 text".to_owned(), "is this the right place?"))?;
        if value.ends_with('\n') {
            value.pop();
            if value.ends_with('\r') {
                value.pop();
            }
        }
        if value.trim().is_empty() {
            return Err(failed("it is empty".to_owned(), "put the secret there"));
        }
        let name = if let Self::Env(name) = self { Some(name.as_str()) } else { None };
        withheld::withhold(name, &value);
        Ok(SecretString::from(value))
    }
}

impl fmt::Display for SecretRef {
    /// Where it is kept; of a command, the program alone.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Env(name) => write!(f, "environment variable {name}"),
            Self::File(path) => write!(f, "file {}", path.display()),
            Self::Command(words) => write!(f, "command {}", words.first().map_or("", String::as_str)),
        }
    }
}

/// Withholds what stands in a variable of the environment.
fn withhold(name: &str) {
    if let Some(value) = std::env::var_os(name) {
        withheld::withhold(Some(name), &value.to_string_lossy());
    }
}

fn variable() -> Kind<String> {
    let schema = json!({ "type": "string", "pattern": "^[A-Za-z_][A-Za-z0-9_]*$" });
    Kind::from_text("the name of an environment variable: letters, digits and _", schema, |text| {
        let named = text.chars().next().is_some_and(|c| !c.is_ascii_digit())
            && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        // What stands here may be the secret itself, put in the wrong place: it is not quoted.
        if named { Ok(text.to_owned()) } else { Err(Wrong::new("is not the name of a variable")) }
    })
}

async fn read_file(path: &std::path::Path) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let file = tokio::fs::File::open(path).await?;
    file.take(LARGEST + 1).read_to_end(&mut bytes).await?;
    Ok(bytes)
}

async fn run(words: &[String]) -> Result<Vec<u8>, String> {
    let (program, arguments) = words.split_first().ok_or_else(|| "it names no program".to_owned())?;
    let mut child = tokio::process::Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| format!("it could not be started: {error}"))?;
    let stdout = child.stdout.take();
    let answer = async {
        let mut bytes = Vec::new();
        if let Some(stdout) = stdout {
            stdout
                .take(LARGEST + 1)
                .read_to_end(&mut bytes)
                .await
                .map_err(|error| format!("its answer broke off: {error}"))?;
        }
        let status = child.wait().await.map_err(|error| format!("its end was not seen: {error}"))?;
        Ok::<_, String>((status, bytes))
    };
    let (status, bytes) = tokio::time::timeout(PATIENCE, answer)
        .await
        .map_err(|_elapsed| format!("it had not ended after {} s", PATIENCE.as_secs()))??;
    if status.success() { Ok(bytes) } else { Err(format!("it ended with {status}")) }
}
