//! Profiles that must load and profiles that must not.

mod damage;
mod invalid;
mod notify;
mod schema;
mod secret;
mod valid;

use std::path::PathBuf;

/// The profiles of a folder, in the order of their names. The built-in world's is a template that it fills in itself.
fn profiles_in(folder: &str) -> Vec<PathBuf> {
    let mut all: Vec<PathBuf> = std::fs::read_dir(folder)
        .expect("the folder is there")
        .map(|entry| entry.expect("it can be listed").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "toml"))
        .filter(|path| !path.ends_with("profiles/demo.toml"))
        // A kind that this build cannot steer is refused for that alone.
        .filter(|path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            cfg!(feature = "aws") || !(name.starts_with("alb") || name.contains("cloudwatch"))
        })
        .filter(|path| cfg!(feature = "kubernetes") || !is_of_kubernetes(path))
        .collect();
    all.sort();
    all
}

/// Whether its routers are behind a feature: without it every such profile is refused for that alone.
fn is_of_kubernetes(profile: &std::path::Path) -> bool {
    let bytes = std::fs::read(profile).expect("the profile can be read");
    String::from_utf8_lossy(&bytes).lines().any(|line| line.starts_with("namespace "))
}
