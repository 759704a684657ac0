//! What all adapters of Azure share: who asks the management interface, and what its noes say.
//!
//! Parts: `login` gets a token where the profile names an application and its secret.

mod login;

use std::time::Duration;

use serde::Deserialize;

use super::http::{Answer, Client, Endpoint, Tls, endpoint};
use super::secret::SecretRef;
use crate::domain::Trouble;
use crate::setting::{Kind, Table, Wrong, word};

/// Azure's own addresses, where the profile names no others.
const MANAGEMENT: &str = "https://management.azure.com";
const AUTHORITY: &str = "https://login.microsoftonline.com";

/// Who asks.
#[derive(Clone, Debug)]
pub enum Identity {
    /// An access token, by where it is kept or which command prints it.
    Token(SecretRef),
    /// An application that gets its own tokens.
    Application(Box<Application>),
}

/// An application that is registered with Azure.
#[derive(Clone, Debug)]
pub struct Application {
    /// Where tokens are given.
    pub authority: Endpoint,
    /// The tenant's id or name.
    pub tenant: String,
    /// The application's id.
    pub client_id: String,
    /// Its secret.
    pub client_secret: SecretRef,
}

impl Identity {
    /// Reads `token` or `application`, one of which must be there.
    pub(in crate::adapter) fn read(table: &mut Table<'_>) -> Option<Self> {
        let doc = "An access token: where it is kept, or the command that prints it.";
        let token = SecretRef::read(table, "token", doc);
        let doc = "An application that gets its own tokens, instead of `token`.";
        let application = table.table("application", doc, |table| {
            let doc = "Where tokens are given. Default \"https://login.microsoftonline.com\".";
            let authority = table.optional("authority", doc, &endpoint());
            let tenant = table.required("tenant", "The tenant's id or name.", &id());
            let client_id = table.required("client_id", "The application's id.", &id());
            let has_secret = table.has("client_secret");
            let client_secret = SecretRef::read(table, "client_secret", "Where the application's secret is kept.");
            if !has_secret {
                let wrong = Wrong::new("is missing: where the application's secret is kept");
                table.require("client_secret", wrong.accepted("client_secret = { env = ... }"));
            }
            Some(Application {
                authority: authority.map(|at| at.value).or_else(|| Endpoint::parse(AUTHORITY))?,
                tenant: tenant?.value,
                client_id: client_id?.value,
                client_secret: client_secret?,
            })
        });
        match (table.has("token"), table.has("application")) {
            (true, true) => {
                table.refuse(Wrong::new("says twice who asks").advice("leave out one of token and application"));
                None
            }
            (false, false) => {
                let advice = "with the az command line: token = { command = [\"az\", \"account\", \"get-access-token\", \
                              \"--query\", \"accessToken\", \"-o\", \"tsv\"] }";
                table.refuse(Wrong::new("does not say who asks").accepted("one of token, application").advice(advice));
                None
            }
            _ => token.map(Self::Token).or_else(|| application?.map(|one| Self::Application(Box::new(one)))),
        }
    }

    /// Who asks the management interface.
    ///
    /// # Errors
    /// When a certificate cannot be read.
    pub(in crate::adapter) fn client(&self, at: &Endpoint, tls: &Tls, timeout: Duration) -> Result<Client, Trouble> {
        let login = login::login(self, at, tls, timeout)?;
        Client::new(at.clone(), Some(login), tls, timeout)
    }
}

/// Reads `at`.
pub(in crate::adapter) fn management(table: &mut Table<'_>) -> Option<Endpoint> {
    let doc = "Azure's management interface. Default \"https://management.azure.com\".";
    let at = table.optional("at", doc, &endpoint());
    at.map(|at| at.value).or_else(|| Endpoint::parse(MANAGEMENT))
}

/// The kind of value that is an id or a name.
pub(in crate::adapter) fn id() -> Kind<String> {
    word("an id or a name of letters, digits, - and .", "-.", 253)
}

/// The kind of value that names a resource.
pub(in crate::adapter) fn resource() -> Kind<String> {
    word("a name of letters, digits, -, _ and .", "-_.", 260)
}

/// The kind of value that names a resource group.
pub(in crate::adapter) fn resource_group() -> Kind<String> {
    word("the name of a resource group", "-_.()", 90)
}

/// The same answer with the words of Azure's error for a body.
pub(in crate::adapter) fn said(answer: &Answer) -> Answer {
    #[derive(Deserialize)]
    struct Body {
        error: Error,
    }
    #[derive(Deserialize)]
    struct Error {
        #[serde(default)]
        code: String,
        #[serde(default)]
        message: String,
    }
    let body: Option<Body> = serde_json::from_slice(&answer.body).ok();
    match body {
        Some(Body { error }) => {
            Answer { body: format!("{}: {}", error.code, error.message).into_bytes(), ..answer.clone() }
        }
        None => answer.clone(),
    }
}
