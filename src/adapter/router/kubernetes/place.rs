//! Which cluster, and where in it: the keys that all kinds share.

use std::fmt;
use std::path::PathBuf;

use crate::domain::PoolId;
use crate::setting::{Kind, Table, Wrong, absolute_path, flag, text, word};

/// A namespace of a cluster.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Place {
    /// How the cluster is found.
    pub cluster: Through,
    /// The namespace.
    pub namespace: String,
}

/// How a cluster is found, and who asks.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Through {
    /// By a context of a kubeconfig. It is always named: a current context is changed by whoever works in another terminal.
    Context {
        /// The context.
        name: String,
        /// The file; else what `KUBECONFIG` names, else `~/.kube/config`.
        kubeconfig: Option<PathBuf>,
    },
    /// From within a pod, by the service account that is mounted there.
    InCluster,
}

impl Place {
    /// Reads the keys that say which cluster and namespace.
    pub(in crate::adapter) fn read(table: &mut Table<'_>) -> Option<Self> {
        let doc = "The context in the kubeconfig; never the current one, which another terminal can change.";
        let context = table.optional("context", doc, &text());
        let doc = "The kubeconfig; else what KUBECONFIG names, else ~/.kube/config.";
        let kubeconfig = table.optional("kubeconfig", doc, &absolute_path());
        let doc = "Whether flightdeck runs in a pod of the cluster and uses its service account.";
        let in_cluster = table.optional("in_cluster", doc, &flag());
        let namespace = table.required("namespace", "The namespace.", &name());
        let is_inside = in_cluster.as_ref().is_some_and(|found| found.value);
        if is_inside && (table.has("context") || table.has("kubeconfig")) {
            let wrong = Wrong::new("stands beside in_cluster, which has no kubeconfig").advice("leave one of them out");
            let key = if table.has("context") { "context" } else { "kubeconfig" };
            let spot = table.spot_if_written(key).unwrap_or_else(|| table.spot().clone());
            table.report().refuse(&spot, wrong);
        }
        if !is_inside {
            let wrong = Wrong::new("is missing: the context in the kubeconfig")
                .advice("name it as `kubectl config get-contexts` lists it, or write in_cluster = true");
            if !table.has("context") {
                table.report().refuse(&table.spot_of("context"), wrong);
            }
        }
        let cluster = match context {
            None if is_inside => Through::InCluster,
            None => return None,
            Some(found) => {
                Through::Context { name: found.value, kubeconfig: kubeconfig.map(|kubeconfig| kubeconfig.value) }
            }
        };
        Some(Self { cluster, namespace: namespace?.value })
    }
}

impl fmt::Display for Through {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Context { name, .. } => write!(f, "context {name}"),
            Self::InCluster => f.write_str("this pod's cluster"),
        }
    }
}

/// The name of an object: what Kubernetes takes, which is harmless in paths.
pub(in crate::adapter) fn name() -> Kind<String> {
    word("a name of lower-case letters, digits, - and .", "-.", 253)
}

/// Reads what each pool is called, and says where two pools are called the same.
pub(super) fn pools(
    table: &mut Table<'_>,
    pools: &[PoolId],
    doc: &str,
    kind: &Kind<String>,
) -> Option<Vec<(PoolId, String)>> {
    let names: Vec<&str> = pools.iter().map(PoolId::as_str).collect();
    let found = table.required_each_of("pools", doc, "pool", &names, kind)?.value;
    for (index, (pool, named)) in found.iter().enumerate() {
        if let Some((earlier, _)) = found.iter().take(index).find(|(_, earlier)| earlier.value == named.value) {
            let what = format!("is what pool {earlier} has already");
            table.report().refuse(&named.spot, Wrong::new(what).advice(format!("name what {pool} alone has")));
        }
    }
    Some(found.into_iter().map(|(pool, named)| (PoolId::new(pool), named.value)).collect())
}
