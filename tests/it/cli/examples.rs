//! Each profile example where nothing of what it names is there: `check` says of every router what is wrong and what to do.

use std::path::Path;

use regex::{Captures, Regex};

use super::{flightdeck, text};

/// Their credentials are looked for elsewhere than on this machine; their adapters' own tests have them.
const ELSEWHERE: [&str; 15] = [
    "action-ecs.toml",
    "action-kubernetes.toml",
    "alb.toml",
    "argo-rollouts.toml",
    "checks-aws.toml",
    "checks-kubernetes.toml",
    "checks-signed.toml",
    "httproute.toml",
    "istio.toml",
    "logs-cloudwatch.toml",
    "logs-kubernetes.toml",
    "metrics-cloudwatch.toml",
    "promotion.toml",
    "service-selector.toml",
    "traefik-service.toml",
];

#[test]
fn check_says_of_every_example_what_is_wrong_when_its_systems_are_down() {
    let folder = tempfile::tempdir().unwrap();
    let address = Regex::new(r#"(https?://|tcp:)[^/"\s]+"#).unwrap();
    let secret = Regex::new(r"(?m)^(\s*(?:token|password|client_secret|api_key|app_key)\s*=\s*)\{[^}]*\}").unwrap();
    let files = Regex::new(r"(?m)^\s*(tls|ssh_config)\s*=.*$").unwrap();
    let site = Regex::new(r"(?m)^site\s*=.*\n(?:at\s*=.*\n)?").unwrap();
    let mut looked = 0;
    for example in std::fs::read_dir("profiles").unwrap() {
        let path = example.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let text_of = std::fs::read_to_string(&path).unwrap();
        // What a profile includes lies beside it.
        let own = folder.path().join(&name);
        if !is_looked_at(&path) {
            std::fs::copy(&path, &own).unwrap();
            continue;
        }
        // Nobody listens on the lowest ports, and no name is looked up.
        let mut port = 0;
        let nobody = |found: &Captures<'_>| {
            port += 1;
            format!("{}127.0.0.1:{port}", if &found[1] == "tcp:" { "tcp:" } else { "http://" })
        };
        let text_of = site.replace_all(&text_of, "at = \"https://api\"\n");
        let told = address.replace_all(&text_of, nobody);
        let told = secret.replace_all(&told, "${1}{ env = \"USER\" }");
        let told = files.replace_all(&told, "").replace("\"ssh:", "\"unix:/nowhere/");
        std::fs::write(&own, told).unwrap();
        looked += 1;
    }
    assert!(looked > 15, "{looked} examples");
    for example in std::fs::read_dir(folder.path()).unwrap() {
        let path = example.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if is_looked_at(&path) {
            says_what_is_wrong(&path, &name);
        }
    }
}

fn is_looked_at(path: &Path) -> bool {
    let name = path.file_name().unwrap().to_str().unwrap();
    path.extension().is_some_and(|extension| extension == "toml") && name != "demo.toml" && !ELSEWHERE.contains(&name)
}

fn says_what_is_wrong(profile: &Path, name: &str) {
    let state = tempfile::tempdir().unwrap();
    let said = flightdeck(state.path(), &["check", profile.to_str().unwrap()]);
    let (out, all) = (text(&said.stdout), format!("{}{}", text(&said.stdout), text(&said.stderr)));
    assert_eq!(said.status.code(), Some(4), "{name}: {all}");
    for line in out.lines().filter(|line| line.starts_with("✗ check ")) {
        assert!(line.matches(": ").count() >= 2 && line.contains("; "), "{name} does not say what to do: {line}");
    }
    let routers: Vec<&str> = out.lines().filter(|line| line.contains(" router ")).collect();
    assert!(!routers.is_empty(), "{name}: {all}");
    for line in routers {
        // What was tried, what came, what to do.
        assert!(line.starts_with("✗ router "), "{name}: {line}");
        assert!(line.matches(": ").count() >= 2 && line.contains("; "), "{name} does not say what to do: {line}");
    }
}
