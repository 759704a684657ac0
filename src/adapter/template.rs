//! Templates of a profile: filled in strictly, within bounds, and checked before anything is asked.

use minijinja::{Environment, Error, Template, UndefinedBehavior};

/// Where templates are filled in: a name that is not there is an error, and one costs no more than `fuel`.
pub(super) fn environment(fuel: u64) -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_fuel(Some(fuel));
    environment
}

/// The first name by the alphabet that a template has and nobody fills in; `None` where all are `known`.
pub(super) fn stranger(environment: &Environment<'_>, parsed: &Template<'_, '_>, known: &[&str]) -> Option<String> {
    let globals: Vec<&str> = environment.globals().map(|(name, _)| name).collect();
    let names = parsed.undeclared_variables(false).into_iter();
    names.filter(|name| !known.contains(&name.as_str()) && !globals.contains(&name.as_str())).min()
}

/// One line about what is wrong, with the line of the template where there are several.
pub(super) fn told(error: &Error) -> String {
    let what = match error.detail() {
        Some(detail) => format!("{}: {detail}", error.kind()),
        None => error.kind().to_string(),
    };
    match error.line() {
        Some(line) if line > 1 => format!("{what} (in its line {line})"),
        _ => what,
    }
}
