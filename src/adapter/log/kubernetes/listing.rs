//! Which containers have a log.

use serde_json::Value;

/// One container of one pod.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct Container {
    /// The pod's own id: a pod that comes back under its name is another one.
    pub(super) uid: String,
    /// The pod's name.
    pub(super) pod: String,
    /// The container's name.
    pub(super) name: String,
}

/// What was listed of one container.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Listed {
    pub(super) container: Container,
    /// How often it was started anew.
    pub(super) restarts: u64,
    /// Whether it runs; one that has ended has a log to be read to its end.
    pub(super) is_running: bool,
}

/// The containers of a list of pods that have a log; `wanted` names the only one that counts.
pub(super) fn containers(list: &Value, wanted: Option<&str>) -> Vec<Listed> {
    let pods = list["items"].as_array().map(Vec::as_slice).unwrap_or_default();
    let of_pod = |pod: &Value| -> Vec<Listed> {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let (uid, name) = (text(&pod["metadata"]["uid"]), text(&pod["metadata"]["name"]));
        let statuses = pod["status"]["containerStatuses"].as_array().map(Vec::as_slice).unwrap_or_default();
        let named = |status: &&Value| wanted.is_none_or(|wanted| status["name"] == wanted);
        let listed = statuses.iter().filter(named).filter_map(|status| {
            let is_running = status["state"]["running"].is_object();
            let has_log = is_running || status["state"]["terminated"].is_object();
            let container = Container { uid: uid.clone(), pod: name.clone(), name: text(&status["name"]) };
            let restarts = status["restartCount"].as_u64().unwrap_or(0);
            has_log.then_some(Listed { container, restarts, is_running })
        });
        listed.collect()
    };
    pods.iter().flat_map(of_pod).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn containers_that_wait_have_no_log() {
        let status = |name: &str, state: Value| json!({ "name": name, "restartCount": 2, "state": state });
        let list = json!({ "items": [{
            "metadata": { "uid": "u", "name": "shop-1" },
            "status": { "containerStatuses": [
                status("app", json!({ "running": {} })), status("old", json!({ "terminated": {} })),
                status("new", json!({ "waiting": { "reason": "ImagePullBackOff" } })),
            ] },
        }, { "metadata": { "name": "pending" }, "status": {} }] });
        let names: Vec<_> =
            containers(&list, None).into_iter().map(|listed| (listed.container.name, listed.is_running)).collect();
        assert_eq!(names, [("app".to_owned(), true), ("old".to_owned(), false)]);
        assert_eq!(containers(&list, Some("old")).len(), 1);
        assert!(containers(&json!([]), None).is_empty());
    }
}
