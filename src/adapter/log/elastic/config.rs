//! What the profile says about a search in Elasticsearch or `OpenSearch`.

use std::time::Duration;

use super::super::keys::timeout;
use super::super::poll::Pace;
use super::Product;
use crate::adapter::http::{Client, Endpoint, Login, Tls, endpoint};
use crate::adapter::secret::SecretRef;
use crate::domain::Trouble;
use crate::setting::{Kind, Table, Wrong, text};

/// A second is what an index takes to show a line, and what ships lines to it takes some more.
const PACE: Pace = Pace { every: Duration::from_secs(2), lag: Duration::from_secs(15), since: Duration::from_mins(15) };

/// One search.
#[derive(Clone, Debug)]
pub struct Config {
    /// Which of the two products it is.
    pub product: Product,
    /// Where it is.
    pub at: Endpoint,
    /// The index, pattern of indexes or data stream.
    pub index: String,
    /// A query in Lucene's syntax; everything where there is none.
    pub query: Option<String>,
    /// The field that holds a line's time.
    pub time: String,
    /// Who asks.
    pub login: Who,
    /// Certificates.
    pub tls: Tls,
    /// How long one answer may take.
    pub timeout: Duration,
    /// How often it is asked.
    pub pace: Pace,
}

/// Who asks.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Who {
    /// Nobody in particular.
    Anybody,
    /// An API key, as the product shows it: encoded, id and key together.
    ApiKey(SecretRef),
    /// A user with a password.
    User(String, SecretRef),
}

impl Config {
    /// Reads the keys of `kind = "elasticsearch"` and `kind = "opensearch"`.
    pub fn read(table: &mut Table<'_>, product: Product) -> Option<Self> {
        let at = table.required("at", "Its address.", &endpoint());
        let doc = "The index, data stream or pattern of indexes: \"logs-shop-*\".";
        let index = table.required("index", doc, &index());
        let doc = "What to search, in Lucene's syntax (query_string): service:shop AND env:prod. Default: every line.";
        let query = table.optional("query", doc, &text());
        let time = table.optional("time", "The field that holds a line's time. Default \"@timestamp\".", &text());
        let login = Who::read(table, product);
        let tls = Tls::read(table);
        let timeout = timeout(table);
        let pace = Pace::read(table, PACE);
        Some(Self {
            product,
            at: at?.value,
            index: index?.value,
            query: query.map(|query| query.value),
            time: time.map_or_else(|| "@timestamp".to_owned(), |time| time.value),
            login: login?,
            tls,
            timeout,
            pace,
        })
    }

    /// Who asks there.
    pub(super) fn client(&self) -> Result<Client, Trouble> {
        let login = match &self.login {
            Who::Anybody => None,
            Who::ApiKey(from) => Some(Login::worded("ApiKey ", from.clone())),
            Who::User(user, from) => Some(Login::basic(user.clone(), from.clone())),
        };
        Client::new(self.at.clone(), login, &self.tls, self.timeout)
    }
}

impl Who {
    fn read(table: &mut Table<'_>, product: Product) -> Option<Self> {
        let user = table.optional("user", "Who asks, with `password`.", &text());
        let has_password = table.has("password");
        let password = SecretRef::read(table, "password", "Where the password of `user` is kept.");
        let (has_key, api_key) = match product {
            Product::Elasticsearch => {
                let doc = "Where an API key is kept, encoded as it is shown when it is made.";
                (table.has("api_key"), SecretRef::read(table, "api_key", doc))
            }
            Product::OpenSearch => (false, None),
        };
        if user.is_some() != has_password {
            table.refuse(Wrong::new("names one of `user` and `password` without the other"));
            return None;
        }
        if has_key && has_password {
            let wrong = Wrong::new("has an `api_key` beside a `password`").advice("leave one of them out");
            table.refuse(wrong);
            return None;
        }
        match (user, has_password, has_key) {
            (Some(user), _, _) => Some(Self::User(user.value, password?)),
            (None, _, true) => Some(Self::ApiKey(api_key?)),
            (None, _, false) => Some(Self::Anybody),
        }
    }
}

/// The name of an index, or a pattern, or several with commas between.
fn index() -> Kind<String> {
    text().and_then("names of indexes, with * and commas", |text| {
        let fits = |c: char| c.is_ascii_alphanumeric() || "-_.*,+<>{}/:".contains(c);
        if text.starts_with('_') || !text.chars().all(fits) {
            return Err(Wrong::new("is no name of an index"));
        }
        Ok(text)
    })
}
