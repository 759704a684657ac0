//! The program `git`: the environment in which it works where it is told to, and asks nobody.
//!
//! Whoever starts it may themselves stand in a repository, in a hook of one for instance, whose variables name that one.

use super::run::Variable;

/// Variables that would have git work elsewhere, or tell what it is given.
const TAKEN_OUT: [&str; 12] = [
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_COMMON_DIR",
    "GIT_NAMESPACE",
    "GIT_TRACE",
    "GIT_TRACE_CURL",
    "GIT_TRACE_PACKET",
    "GIT_TRACE2_EVENT",
    "GIT_CURL_VERBOSE",
];

/// What every run of git has in its environment, and has not.
pub(in crate::adapter) fn environment() -> Vec<Variable> {
    let mut variables: Vec<Variable> = TAKEN_OUT.iter().map(|name| ((*name).to_owned(), None)).collect();
    variables.extend([
        set("LC_ALL", "C"),
        set("GIT_TERMINAL_PROMPT", "0"),
        // A file is the one of that name.
        set("GIT_LITERAL_PATHSPECS", "1"),
        // Ssh asks nobody either.
        set("SSH_ASKPASS", "false"),
        set("SSH_ASKPASS_REQUIRE", "force"),
    ]);
    variables
}

/// A variable with this value.
pub(in crate::adapter) fn set(name: &str, value: &str) -> Variable {
    (name.to_owned(), Some(value.to_owned()))
}
