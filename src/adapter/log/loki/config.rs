//! What the profile says about a query in Loki.

use std::time::Duration;

use ::http::{HeaderName, HeaderValue};

use super::super::keys::timeout;
use super::super::poll::Pace;
use crate::adapter::http::{Client, Endpoint, Login, Tls, endpoint};
use crate::adapter::secret::SecretRef;
use crate::domain::Trouble;
use crate::setting::{Kind, Table, Wrong, text, word};

/// Lines are told at once; the ranges find what was not, and show that it lives.
const PACE: Pace = Pace { every: Duration::from_secs(5), lag: Duration::from_secs(5), since: Duration::from_mins(15) };

/// One query.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where it is.
    pub at: Endpoint,
    /// The query, in `LogQL`.
    pub query: String,
    /// The header that names the tenant.
    pub tenant: Option<(HeaderName, HeaderValue)>,
    /// A user with a password.
    pub user: Option<(String, SecretRef)>,
    /// A token.
    pub token: Option<SecretRef>,
    /// Certificates.
    pub tls: Tls,
    /// How long one answer may take.
    pub timeout: Duration,
    /// How often ranges are asked for.
    pub pace: Pace,
}

impl Config {
    /// Reads the keys of `kind = "loki"`.
    pub fn read(table: &mut Table<'_>) -> Option<Self> {
        let at = table.required("at", "Its address, without /loki/api.", &endpoint());
        let doc = "What to follow, in LogQL: {app=\"shop\", env=\"prod\"} |= \"authorize\".";
        let query = table.required("query", doc, &log_query());
        let accepted = "the name of a tenant, or several with | between";
        let tenant = table.optional("tenant", "Whose logs they are (X-Scope-OrgID).", &word(accepted, "-_.|", 150));
        let user = table.optional("user", "Who asks, with `password`.", &text());
        let has_password = table.has("password");
        let password = SecretRef::read(table, "password", "Where the password of `user` is kept.");
        let has_token = table.has("token");
        let token = SecretRef::read(table, "token", "Where a token is kept.");
        let tls = Tls::read(table);
        let timeout = timeout(table);
        let pace = Pace::read(table, PACE);
        if user.is_some() != has_password {
            table.refuse(Wrong::new("names one of `user` and `password` without the other"));
            return None;
        }
        if has_token && has_password {
            table.refuse(Wrong::new("has a `token` beside a `password`").advice("leave one of them out"));
            return None;
        }
        let header = |tenant: String| {
            let value = HeaderValue::from_str(&tenant).ok()?;
            Some((HeaderName::from_static("x-scope-orgid"), value))
        };
        Some(Self {
            at: at?.value,
            query: query?.value,
            tenant: tenant.and_then(|tenant| header(tenant.value)),
            user: user.map(|user| user.value).zip(password),
            token,
            tls,
            timeout,
            pace,
        })
    }

    /// Who asks there.
    pub(super) fn client(&self) -> Result<Client, Trouble> {
        let basic = self.user.as_ref().map(|(user, from)| Login::basic(user.clone(), from.clone()));
        let login = basic.or_else(|| self.token.as_ref().map(|from| Login::bearer(from.clone())));
        Client::new(self.at.clone(), login, &self.tls, self.timeout)
    }
}

/// A query of logs begins with its selector.
fn log_query() -> Kind<String> {
    text().and_then("a query of logs in LogQL, such as {app=\"shop\"} |= \"authorize\"", |text| {
        if text.starts_with('{') { Ok(text) } else { Err(Wrong::new("does not begin with a selector in { }")) }
    })
}
