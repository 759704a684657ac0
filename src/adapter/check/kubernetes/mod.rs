//! Kubernetes: whether a Deployment is rolled out, and how its pods are.
//!
//! The cluster is found as the routers of Kubernetes find it. What is not there is a fail: the API says so with a `Status` of
//! reason `NotFound`; any other 404 comes from something that is no API server and tells nothing.

pub mod pods;
pub mod rollout;

#[cfg(feature = "kubernetes")]
mod look {
    use serde_json::Value;

    use crate::adapter::check::system::{Advice, Untold, date, refused};
    use crate::adapter::http::Request;
    use crate::adapter::router::kubernetes::cluster::Cluster;
    use crate::domain::Timestamp;

    const ADVICE: Advice = Advice {
        denied: "have the cluster's administrator grant what it names, or log in anew",
        missing: "see whether the kubeconfig's server is the one of the cluster's API",
    };

    /// What was read.
    pub(super) enum Found {
        /// An object, and the server's time.
        Object(Value, Option<Timestamp>),
        /// The API says that it is not there, in these words.
        Missing(String, Option<Timestamp>),
    }

    /// Reads one path.
    pub(super) async fn get(cluster: &Cluster, what: &str, path: &str, now: Timestamp) -> Result<Found, Untold> {
        let said = match cluster.look(&Request::get(path)).await {
            Ok(said) => said,
            Err(lost) => return Err(lost.trouble(&cluster.told(what).await).into()),
        };
        let what = cluster.told(what).await;
        let at = date(&said);
        if said.status == 404 && said.json::<Value>(&what).is_ok_and(|status| status["reason"] == "NotFound") {
            return Ok(Found::Missing(said.words(), at));
        }
        if !said.is_success() {
            return Err(refused(&said, &what, now, ADVICE));
        }
        let object: Value = said.json(&what)?;
        if !object.is_object() {
            return Err(Untold::new(format!("{what}: its answer is no object of Kubernetes; {}", ADVICE.missing)));
        }
        Ok(Found::Object(object, at))
    }
}
