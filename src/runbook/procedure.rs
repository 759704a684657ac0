//! Headings below which plain points are things to do.

/// Words of headings that tell what is done.
const DOES: [&str; 36] = [
    "deploy",
    "release",
    "rollback",
    "roll back",
    "rolling back",
    "procedure",
    "step",
    "checklist",
    "check list",
    "pre-",
    "post-",
    "before",
    "after",
    "verif",
    "validat",
    "checks",
    "cutover",
    "cut-over",
    "cut over",
    "switch",
    "migrat",
    "smoke",
    "execut",
    "promot",
    "canary",
    "blue",
    "green",
    "traffic",
    "drain",
    "go-live",
    "go live",
    "approval",
    "process",
    "runbook",
    "tasks",
    "to do",
];

/// Words of headings that tell about something; they win.
const TELLS: [&str; 35] = [
    "overview",
    "scope",
    "background",
    "context",
    "introduction",
    "reference",
    "related",
    "contact",
    "links",
    "dependenc",
    "troubleshoot",
    "best practice",
    "configuration",
    "environment variable",
    "example",
    "glossary",
    "appendix",
    "faq",
    "n.b",
    "trigger",
    "estimate",
    "effort",
    "scenarios",
    "definition",
    "architecture",
    "policy",
    "rules",
    "strategy",
    "severity",
    "secrets",
    "resource limits",
    "infrastructure dep",
    "alerting",
    "support",
    "quick reference",
];

/// What a heading's words say of what stands below it; `None` where they say nothing, and what is above it counts.
pub(super) fn is_procedure(title: &str) -> Option<bool> {
    let title = title.to_lowercase();
    if TELLS.iter().any(|word| title.contains(word)) {
        Some(false)
    } else if DOES.iter().any(|word| title.contains(word)) {
        Some(true)
    } else {
        None
    }
}

/// Whether a heading stands above what is not for every day, whatever the headings below it say.
pub(super) fn is_beside(title: &str) -> bool {
    let title = title.to_lowercase();
    ["troubleshoot", "faq", "appendix", "glossary"].iter().any(|word| title.contains(word))
}

/// Whether a heading calls itself a step: `Step 3: …`.
pub(super) fn is_step(title: &str) -> bool {
    let title = title.to_lowercase();
    let Some(rest) = title.strip_prefix("step ") else { return false };
    rest.starts_with(|c: char| c.is_ascii_digit())
}
