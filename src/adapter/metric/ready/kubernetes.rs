//! Pods of Kubernetes, by `cAdvisor` (in every kubelet) and kube-state-metrics.

use super::{Means, Ready, Set};

/// A pool's pods carry its Deployment's name, which is taken to be the pool's.
pub const KUBERNETES: Set = Set {
    name: "kubernetes",
    exporter: "cAdvisor of the kubelets and kube-state-metrics",
    label: "pod",
    value: "{pool}-.*",
    panels: &[
        Ready {
            name: "pods-ready",
            unit: Means::Other("ready"),
            query: "sum(kube_pod_status_ready{@,condition=\"true\"})",
        },
        Ready {
            name: "pods-not-ready",
            unit: Means::Number,
            query: "sum(kube_pod_status_ready{@,condition=\"false\"})",
        },
        Ready {
            name: "restarts",
            unit: Means::Number,
            query: "sum(increase(kube_pod_container_status_restarts_total{@}[{window}]))",
        },
        Ready {
            name: "cpu",
            unit: Means::Other("cores"),
            query: "sum(rate(container_cpu_usage_seconds_total{@,container!=\"\"}[{window}]))",
        },
        Ready {
            name: "throttled",
            unit: Means::Percent,
            query: "sum(rate(container_cpu_cfs_throttled_periods_total{@,container!=\"\"}[{window}])) / \
                    sum(rate(container_cpu_cfs_periods_total{@,container!=\"\"}[{window}]))",
        },
        Ready {
            name: "memory",
            unit: Means::Bytes,
            query: "sum(container_memory_working_set_bytes{@,container!=\"\"})",
        },
    ],
};
