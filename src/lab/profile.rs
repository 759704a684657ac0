//! The demo's profile: a template with the places of this world filled in.

use std::fmt::Write as _;
use std::time::Duration;

use super::{LabError, World, address};

const PROFILE: &str = include_str!("../../profiles/demo.toml");
const CHECKLIST: &str = include_str!("../../profiles/demo.md");

/// The profile first, then the checklist that it names.
pub(super) fn files(world: &World) -> Result<Vec<(String, Vec<u8>)>, LabError> {
    let mut profile = PROFILE.to_owned();
    if let Some(waits) = world.shared.options.waits {
        profile = with_waits(&profile, waits);
    }
    for router in &world.routers {
        profile = profile.replace(&format!("{{{}}}", router.name), &address(router.control_port));
    }
    for server in &world.servers {
        profile = profile.replace(&format!("{{{}}}", server.name), &address(server.port));
    }
    for log in &world.logs {
        let path = log.path();
        let text = path.to_str().ok_or_else(|| LabError::Path { path: path.to_owned() })?;
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        profile = profile.replace(&format!("{{{name}}}"), &escaped(text));
    }
    Ok(vec![("demo.toml".to_owned(), profile.into_bytes()), ("demo.md".to_owned(), CHECKLIST.as_bytes().to_vec())])
}

/// The template with other soaks and another quiet of the drain.
fn with_waits(template: &str, waits: Duration) -> String {
    let is_wait = |key: &str| matches!(key.trim(), "soak" | "quiet");
    let line = |line: &str| match line.split_once('=') {
        Some((key, _)) if is_wait(key) => format!("{key}= \"{}ms\"\n", waits.as_millis()),
        _ => format!("{line}\n"),
    };
    template.lines().map(line).collect()
}

/// Text as it stands between the quotes of a TOML basic string.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '"' | '\\' => escaped.extend(['\\', character]),
            // Writing to a string cannot fail.
            control if control.is_control() => drop(write!(escaped, "\\u{:04X}", u32::from(control))),
            plain => escaped.push(plain),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_waits_stand_in_every_soak_and_in_the_drain() {
        let text = with_waits(PROFILE, Duration::from_millis(1500));
        let profile: toml::Table = text.parse().expect("it is TOML");
        let soaks = profile["step"].as_array().expect("steps").iter().filter_map(|step| step.get("soak"));
        let waits: Vec<_> = soaks.chain(profile["drain"].get("quiet")).filter_map(toml::Value::as_str).collect();
        assert_eq!(waits, vec!["1500ms"; PROFILE.matches("\nsoak").count() + 1]);
    }

    #[test]
    fn odd_paths_come_back_from_toml() {
        let path = "/tmp/a \"b\"\\c\n\u{7f}d";
        let parsed: toml::Table = format!("file = \"{}\"", escaped(path)).parse().expect("it is TOML");
        assert_eq!(parsed.get("file").and_then(toml::Value::as_str), Some(path));
    }
}
