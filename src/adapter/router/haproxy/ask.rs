//! The commands of one look, in the order in which their answers are read.

use super::Shape;
use super::words::escaped;

/// The reference of the weight that a map holds.
pub(super) fn map_reference(map: &str, key: &str) -> String {
    format!("map {map} {key}")
}

/// The reference of what a map leaves to the other pool.
pub(super) fn rest_reference(map: &str, key: &str) -> String {
    format!("map {map} {key}, the rest")
}

/// All proxies that a look asks about: the backend first, then inner proxies, or the backend of each pool.
pub(super) fn proxies(shape: &Shape) -> Vec<&str> {
    let mut names: Vec<&str> = Vec::new();
    let (first, others) = match shape {
        Shape::Servers { backend, inner, .. } => (Some(backend), inner),
        Shape::Map { pools, .. } => (None, pools),
    };
    for name in first.into_iter().chain(others.iter().map(|(_, proxy)| proxy)) {
        if !names.contains(&name.as_str()) {
            names.push(name);
        }
    }
    names
}

/// One line: the socket's level, the process, the stick tables or the map's entry, then two commands per proxy.
pub(super) fn commands(shape: &Shape) -> Vec<String> {
    let third = match shape {
        Shape::Servers { .. } => "show table".to_owned(),
        Shape::Map { map, key, .. } => format!("get map {} {}", escaped(map), escaped(key)),
    };
    let mut commands = vec!["show cli level".to_owned(), "show info".to_owned(), third];
    for proxy in proxies(shape) {
        let proxy = escaped(proxy);
        // Types 2 and 4: the backend's own row and its servers.
        commands.push(format!("show stat {proxy} 6 -1"));
        commands.push(format!("show servers state {proxy}"));
    }
    commands
}
