//! In what the two products differ.

use http::Method;
use serde_json::{Value, json};

use crate::adapter::http::Request;

/// Which of the two it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Product {
    /// Elasticsearch.
    Elasticsearch,
    /// `OpenSearch`.
    OpenSearch,
}

impl Product {
    /// Opens a point in time of an index.
    pub(super) fn open(self, index: &str, keep: &str) -> Request {
        let index: String = url::form_urlencoded::byte_serialize(index.as_bytes()).collect();
        let end = match self {
            Self::Elasticsearch => "_pit",
            Self::OpenSearch => "_search/point_in_time",
        };
        Request::new(Method::POST, format!("/{index}/{end}?keep_alive={keep}"))
    }

    /// The id of what was opened.
    pub(super) fn opened(self, answer: &Value) -> Option<String> {
        let key = match self {
            Self::Elasticsearch => "id",
            Self::OpenSearch => "pit_id",
        };
        answer[key].as_str().map(str::to_owned)
    }

    /// Closes it.
    pub(super) fn close(self, point: &str) -> Request {
        match self {
            Self::Elasticsearch => Request::new(Method::DELETE, "/_pit").json(&json!({ "id": point })),
            Self::OpenSearch => {
                Request::new(Method::DELETE, "/_search/point_in_time").json(&json!({ "pit_id": [point] }))
            }
        }
    }

    /// What tells lines of the same time apart.
    pub(super) fn tie(self) -> &'static str {
        match self {
            Self::Elasticsearch => "_shard_doc",
            Self::OpenSearch => "_id",
        }
    }
}
