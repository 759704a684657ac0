//! Argo CD: where an application is asked about, and who asks.
//!
//! An application is always asked for with its project: then one that is not there is a 404, and one of another project a
//! 403; without it both are a 403.

use std::time::Duration;

use serde_json::Value;

use super::http::{Client, Endpoint, Login, Tls, endpoint};
use super::secret::SecretRef;
use crate::domain::Trouble;
use crate::setting::{Kind, Table, word};

/// Where applications of one project are.
#[derive(Clone, Debug)]
pub struct Place {
    /// The server.
    pub at: Endpoint,
    /// The project.
    pub project: String,
    /// The namespace that the application is in, where that is not Argo CD's own.
    pub namespace: Option<String>,
    /// Where the token is kept.
    pub token: SecretRef,
    /// Certificates.
    pub tls: Tls,
}

impl Place {
    /// Reads `at`, `project`, `namespace`, `token` and `tls`.
    pub(in crate::adapter) fn read(table: &mut Table<'_>) -> Option<Self> {
        let at = table.required("at", "The address of Argo CD.", &endpoint());
        let kind = || word("a name of letters, digits, -, . and _", "-._", 253);
        let project = table.required("project", "The application's project.", &kind());
        let doc = "The namespace of the application, where it is not Argo CD's own.";
        let namespace = table.optional("namespace", doc, &kind());
        let token = SecretRef::required(table, "token", "Where the token is kept.", "the token");
        let tls = Tls::read(table);
        Some(Self {
            at: at?.value,
            project: project?.value,
            namespace: namespace.map(|namespace| namespace.value),
            token: token?,
            tls,
        })
    }

    /// Who asks there.
    ///
    /// # Errors
    /// When a certificate cannot be read.
    pub(in crate::adapter) fn client(&self, timeout: Duration) -> Result<Client, Trouble> {
        let login = Login::bearer(self.token.clone());
        Client::new(self.at.clone(), Some(login), &self.tls, timeout)
    }

    /// The path of an application, or of what is `below` it.
    pub(in crate::adapter) fn path(&self, application: &str, below: &str) -> String {
        let mut path =
            format!("/api/v1/applications/{}{below}?project={}", encoded(application), encoded(&self.project));
        if let Some(namespace) = &self.namespace {
            path.extend(["&appNamespace=", &encoded(namespace)]);
        }
        path
    }
}

/// The kind of value that names an application.
pub(in crate::adapter) fn application() -> Kind<String> {
    word("a name of lower-case letters, digits, - and .", "-.{}", 253)
}

/// The kind of value that names a revision.
pub(in crate::adapter) fn revision() -> Kind<String> {
    word("a commit, a tag or a version", "-._/+{}", 200)
}

/// The revisions at a place of an application: one of several sources has a list in place of the one.
pub(in crate::adapter) fn revisions(application: &Value, under: &str) -> Vec<String> {
    let many = application.pointer(&format!("{under}/revisions")).and_then(Value::as_array);
    let many: Vec<String> = many.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect();
    if many.is_empty() {
        let one = application.pointer(&format!("{under}/revision")).and_then(Value::as_str);
        one.filter(|one| !one.is_empty()).map(str::to_owned).into_iter().collect()
    } else {
        many
    }
}

fn encoded(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>().replace('+', "%20")
}
