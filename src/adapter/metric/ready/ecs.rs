//! Services of ECS, by CloudWatch: what ECS counts itself, and Container Insights.

use super::{Means, Ready, Set};

/// A pool's service carries the pool's name. The cluster stands in the profile's further matchers: `ClusterName="prod"`.
pub const ECS: Set = Set {
    name: "ecs",
    exporter: "AWS/ECS, and Container Insights for the numbers of tasks",
    label: "ServiceName",
    value: "{pool}",
    panels: &[
        Ready { name: "cpu", unit: Means::Percent, query: "Average(AWS/ECS:CPUUtilization{@}) / 100" },
        Ready { name: "memory", unit: Means::Percent, query: "Average(AWS/ECS:MemoryUtilization{@}) / 100" },
        Ready {
            name: "tasks-running",
            unit: Means::Other("tasks"),
            query: "Minimum(ECS/ContainerInsights:RunningTaskCount{@})",
        },
        Ready {
            name: "tasks-pending",
            unit: Means::Other("tasks"),
            query: "Maximum(ECS/ContainerInsights:PendingTaskCount{@})",
        },
    ],
};
