//! A query as the API takes it: metrics, and a formula over them.

/// One query taken apart.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Formula {
    /// The formula over the metrics' names: `a0 / a1`.
    pub(super) text: String,
    /// Each metric's query with its name.
    pub(super) metrics: Vec<(String, String)>,
}

impl Formula {
    /// Takes a query apart; `first` is the number of its first metric's name.
    ///
    /// # Errors
    /// What is wrong with it, as a fragment.
    pub(super) fn read(query: &str, first: usize) -> Result<Self, String> {
        let mut read = Self { text: String::new(), metrics: Vec::new() };
        let mut rest = query;
        while let Some(brace) = rest.find('{') {
            let (before, after) = rest.split_at(brace);
            let colon = before.rfind(':').ok_or("has a metric without `sum:`, `avg:` or the like before it")?;
            let head = before.get(..colon).unwrap_or_default();
            let start = head.rfind(|c: char| !c.is_ascii_alphanumeric() && c != '_').map_or(0, |at| at + 1);
            let (formula, metric) = before.split_at(start);
            if metric.starts_with(':') {
                return Err("has a metric without `sum:`, `avg:` or the like before it".to_owned());
            }
            let length = scope(after)?;
            let (scope, after) = after.split_at(length);
            let length = further(after)?;
            let (further, after) = after.split_at(length);
            let name = format!("a{}", first + read.metrics.len());
            read.text.push_str(formula);
            read.text.push_str(&name);
            read.metrics.push((name, format!("{metric}{scope}{further}")));
            rest = after;
        }
        if read.metrics.is_empty() {
            return Err("has no metric with its {scope}, such as `avg:system.load.1{*}`".to_owned());
        }
        read.text.push_str(rest);
        let depth = read.text.chars().try_fold(0_i32, |depth, c| match c {
            '(' => Ok(depth + 1),
            ')' if depth == 0 => Err("has a ) too many"),
            ')' => Ok(depth - 1),
            _ => Ok(depth),
        })?;
        if depth > 0 { Err("has a ( that is not closed".to_owned()) } else { Ok(read) }
    }
}

/// How long `{...}` at the beginning is.
fn scope(text: &str) -> Result<usize, String> {
    text.find('}').map(|at| at + 1).ok_or_else(|| "has a { that is not closed".to_owned())
}

/// How long what belongs to a metric behind its scope is: ` by {...}` and `.function(...)`.
fn further(text: &str) -> Result<usize, String> {
    let mut at = 0;
    loop {
        let rest = text.get(at..).unwrap_or_default();
        let trimmed = rest.trim_start();
        let blank = rest.len() - trimmed.len();
        if let Some(group) = trimmed.strip_prefix("by").map(str::trim_start).filter(|rest| rest.starts_with('{')) {
            at += blank + (trimmed.len() - group.len()) + scope(group)?;
        } else if let Some(function) = rest.strip_prefix('.') {
            let name = function.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(function.len());
            let arguments = function.get(name..).unwrap_or_default();
            if name == 0 || !arguments.starts_with('(') {
                return Ok(at);
            }
            let end = arguments.find(')').ok_or("has a ( that is not closed")?;
            at += 1 + name + end + 1;
        } else {
            return Ok(at);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_are_taken_apart() {
        let read = |query: &str| {
            let Formula { text, metrics } = Formula::read(query, 0).expect("it is a query");
            (text, metrics.into_iter().map(|(_, metric)| metric).collect::<Vec<_>>())
        };
        for (query, formula, metrics) in [
            ("avg:system.load.1{*}", "a0", vec!["avg:system.load.1{*}"]),
            (
                "sum:api.errors{service:order-api,pool:blue}.as_rate() / sum:api.hits{service:order-api}.as_rate()",
                "a0 / a1",
                vec![
                    "sum:api.errors{service:order-api,pool:blue}.as_rate()",
                    "sum:api.hits{service:order-api}.as_rate()",
                ],
            ),
            (
                "100 * default_zero(sum:a.b{x:y} by {pool}.rollup(sum, 60)) + p95:trace.x{env:prod}",
                "100 * default_zero(a0) + a1",
                vec!["sum:a.b{x:y} by {pool}.rollup(sum, 60)", "p95:trace.x{env:prod}"],
            ),
        ] {
            let metrics: Vec<String> = metrics.into_iter().map(str::to_owned).collect();
            assert_eq!(read(query), (formula.to_owned(), metrics), "{query}");
        }
    }

    #[test]
    fn what_is_no_query_is_said() {
        for query in ["", "a.b", "a.b{*}", ":a.b{*}", "sum:a{*", "(sum:a{*}", "sum:a{*})", "sum:a{*}.rollup(sum"] {
            assert!(Formula::read(query, 0).is_err(), "{query}");
        }
    }
}
