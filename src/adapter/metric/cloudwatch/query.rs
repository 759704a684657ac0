//! A query taken apart: metrics with their dimensions, and an expression over them.

use std::sync::LazyLock;

use regex::Regex;

/// One metric.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Metric {
    /// Its name in expressions.
    pub(super) id: String,
    /// `Sum`, `p95`.
    pub(super) statistic: String,
    /// `AWS/ApplicationELB`.
    pub(super) namespace: String,
    /// `RequestCount`.
    pub(super) name: String,
    /// Dimensions by name.
    pub(super) dimensions: Vec<(String, String)>,
}

/// One query.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Question {
    /// What it is made of.
    pub(super) metrics: Vec<Metric>,
    /// What is worked out from them; `None` where it is one metric alone.
    pub(super) expression: Option<String>,
}

static METRIC: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"([A-Za-z][A-Za-z0-9.]*)\(\s*([A-Za-z0-9_./#-]+):([^\s{}():,]+)\{([^{}]*)\}\s*\)").ok()
});

static DIMENSION: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r#"^\s*([A-Za-z0-9_. /-]+?)\s*=\s*"([^"]*)"\s*(,|$)"#).ok());

impl Question {
    /// Takes a query apart; `first` is the number of its first metric's id.
    ///
    /// # Errors
    /// What is wrong with it, as a fragment.
    pub(super) fn read(text: &str, first: usize) -> Result<Self, String> {
        let text = text.trim();
        let mut metrics = Vec::new();
        let mut expression = String::new();
        let mut done = 0;
        for found in METRIC.iter().flat_map(|pattern| pattern.captures_iter(text)) {
            let part = |index| found.get(index).map(|part| part.as_str().to_owned()).unwrap_or_default();
            let Some(whole) = found.get(0) else { continue };
            let id = format!("m{}", first + metrics.len());
            expression.push_str(text.get(done..whole.start()).unwrap_or_default());
            expression.push_str(&id);
            done = whole.end();
            let dimensions = dimensions(&part(4))?;
            metrics.push(Metric { id, statistic: part(1), namespace: part(2), name: part(3), dimensions });
        }
        expression.push_str(text.get(done..).unwrap_or_default());
        if metrics.is_empty() {
            let upper = text.to_uppercase();
            if upper.starts_with("SELECT ") || upper.contains("SEARCH(") {
                return Ok(Self { metrics, expression: Some(expression) });
            }
            return Err(
                "names no metric like Sum(AWS/ApplicationELB:RequestCount{LoadBalancer=\"app/edge/1\"})".to_owned()
            );
        }
        let is_alone = metrics.first().is_some_and(|metric| metric.id == expression);
        Ok(Self { metrics, expression: (!is_alone).then_some(expression) })
    }
}

fn dimensions(text: &str) -> Result<Vec<(String, String)>, String> {
    let mut all = Vec::new();
    let mut rest = text;
    while !rest.trim().is_empty() {
        let found = DIMENSION.as_ref().and_then(|pattern| pattern.captures(rest));
        let found = found.ok_or_else(|| "has a dimension that is not written like Name=\"value\"".to_owned())?;
        let part = |index| found.get(index).map(|part| part.as_str().to_owned()).unwrap_or_default();
        all.push((part(1), part(2)));
        rest = rest.get(found.get(0).map_or(rest.len(), |whole| whole.end())..).unwrap_or_default();
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metrics_are_taken_out_of_expressions() {
        let question = Question::read(
            r#"100 * FILL(Sum(AWS/ApplicationELB:HTTPCode_Target_5XX_Count{TargetGroup="targetgroup/blue/1",LoadBalancer="app/x/2"}), 0) / Sum(AWS/ApplicationELB:RequestCount{TargetGroup="targetgroup/blue/1"})"#,
            3,
        )
        .expect("it is a query");
        assert_eq!(question.expression.as_deref(), Some("100 * FILL(m3, 0) / m4"));
        let first = &question.metrics[0];
        assert_eq!((first.statistic.as_str(), first.namespace.as_str()), ("Sum", "AWS/ApplicationELB"));
        assert_eq!(first.name, "HTTPCode_Target_5XX_Count");
        assert_eq!(first.dimensions[1], ("LoadBalancer".to_owned(), "app/x/2".to_owned()));
    }

    #[test]
    fn one_metric_alone_needs_no_expression() {
        let question = Question::read(r#"p99.9(AWS/ECS:CPUUtilization{ServiceName="blue"})"#, 0).expect("it is one");
        assert_eq!((question.metrics.len(), question.expression), (1, None));
        let question = Question::read("Sum(Shop:Orders{})", 0).expect("without dimensions");
        assert_eq!(question.metrics[0].dimensions, []);
    }

    #[test]
    fn other_expressions_go_as_they_are() {
        for text in [
            "SELECT AVG(CPUUtilization) FROM SCHEMA(\"AWS/ECS\", ServiceName)",
            "SUM(SEARCH('{AWS/EC2} CPU', 'Sum', 60))",
        ] {
            let question = Question::read(text, 0).expect("it is an expression");
            assert_eq!((question.metrics.len(), question.expression.as_deref()), (0, Some(text)));
        }
        for text in ["CPUUtilization", "Sum(AWS/ECS:X)", "Sum(AWS/ECS:X{a=b})", ""] {
            assert!(Question::read(text, 0).is_err(), "{text}");
        }
    }
}
