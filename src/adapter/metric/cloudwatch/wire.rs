//! What is sent as `GetMetricData` and what comes back.

use std::collections::BTreeMap;

use chrono::{DateTime, SecondsFormat, Utc};

use super::super::web::shown;
use super::query::Question;
use crate::adapter::aws::xml::Element;
use crate::domain::{Timestamp, Trouble, TroubleKind};

/// One group of questions with the same period, as a form.
pub(super) fn form(
    questions: &[&Question],
    period_s: i64,
    (from, to): (i64, i64),
    token: Option<&str>,
) -> Vec<(String, String)> {
    let mut form = vec![
        ("Action".to_owned(), "GetMetricData".to_owned()),
        ("Version".to_owned(), "2010-08-01".to_owned()),
        ("StartTime".to_owned(), time(from)),
        ("EndTime".to_owned(), time(to)),
        ("ScanBy".to_owned(), "TimestampDescending".to_owned()),
    ];
    form.extend(token.map(|token| ("NextToken".to_owned(), token.to_owned())));
    let mut number = 0;
    for (index, question) in questions.iter().enumerate() {
        for metric in &question.metrics {
            number += 1;
            let query = format!("MetricDataQueries.member.{number}");
            let mut put = |key: &str, value: &str| form.push((format!("{query}.{key}"), value.to_owned()));
            put("Id", &metric.id);
            put("MetricStat.Metric.Namespace", &metric.namespace);
            put("MetricStat.Metric.MetricName", &metric.name);
            for (place, (name, value)) in metric.dimensions.iter().enumerate() {
                put(&format!("MetricStat.Metric.Dimensions.member.{}.Name", place + 1), name);
                put(&format!("MetricStat.Metric.Dimensions.member.{}.Value", place + 1), value);
            }
            put("MetricStat.Period", &period_s.to_string());
            put("MetricStat.Stat", &metric.statistic);
            put("ReturnData", if question.expression.is_none() { "true" } else { "false" });
        }
        if let Some(expression) = &question.expression {
            number += 1;
            let query = format!("MetricDataQueries.member.{number}");
            form.push((format!("{query}.Id"), format!("e{index}")));
            form.push((format!("{query}.Expression"), expression.clone()));
            form.push((format!("{query}.Period"), period_s.to_string()));
            form.push((format!("{query}.ReturnData"), "true".to_owned()));
        }
    }
    form
}

/// The id under which a question is answered.
pub(super) fn id(index: usize, question: &Question) -> String {
    match (&question.expression, question.metrics.first()) {
        (None, Some(metric)) => metric.id.clone(),
        (Some(_), _) | (None, None) => format!("e{index}"),
    }
}

/// What came back, page by page.
#[derive(Default, Debug)]
pub(super) struct Series {
    /// By id, for each label, the points by the beginning of their periods.
    all: BTreeMap<String, BTreeMap<String, BTreeMap<i64, f64>>>,
    /// What ails one of them.
    ails: BTreeMap<String, (String, String)>,
}

impl Series {
    /// Adds one page, and gives the token of the next.
    pub(super) fn add(&mut self, answer: &Element, what: &str) -> Result<Option<String>, Trouble> {
        let result = answer.anywhere("GetMetricDataResult").unwrap_or(answer);
        for each in result.list("MetricDataResults") {
            let id = each.text("Id").to_owned();
            let times = each.list("Timestamps").map(|time| DateTime::parse_from_rfc3339(&time.text));
            let values = each.list("Values").map(|value| value.text.parse::<f64>());
            let points = self.all.entry(id.clone()).or_default().entry(each.text("Label").to_owned()).or_default();
            if each.list("Timestamps").count() != each.list("Values").count() {
                let why = "its answer has not as many values as times";
                return Err(Trouble::new(TroubleKind::Garbage, what, why, "ask again"));
            }
            for (time, value) in times.zip(values) {
                let (Ok(time), Ok(value)) = (time, value) else {
                    let why = "its answer holds a time or a value that is none";
                    return Err(Trouble::new(
                        TroubleKind::Garbage,
                        what,
                        why,
                        "see whether that is CloudWatch's address",
                    ));
                };
                points.insert(time.timestamp_millis(), value);
            }
            let status = each.text("StatusCode");
            if matches!(status, "InternalError" | "Forbidden") {
                let said = each.anywhere("Value").map(|value| shown(&value.text)).unwrap_or_default();
                self.ails.insert(id, (status.to_owned(), said));
            }
        }
        let token = result.text("NextToken");
        Ok((!token.is_empty()).then(|| token.to_owned()))
    }

    /// The points of one question by the end of their periods, oldest first.
    pub(super) fn points(&self, id: &str, period_ms: i64, what: &str) -> Result<Vec<(i64, f64)>, Trouble> {
        if let Some((status, said)) = self.ails.get(id) {
            let why = format!(
                "CloudWatch answered {status}{}",
                if said.is_empty() { String::new() } else { format!(": {said}") }
            );
            return Err(match status.as_str() {
                "Forbidden" => Trouble::new(
                    TroubleKind::Denied,
                    what,
                    why,
                    "ask whoever runs the account for cloudwatch:GetMetricData",
                ),
                _ => Trouble::new(
                    TroubleKind::Unreachable,
                    what,
                    why,
                    "ask again; AWS's status page tells of larger trouble",
                ),
            });
        }
        let Some(series) = self.all.get(id) else { return Ok(Vec::new()) };
        let mut with_points = series.values().filter(|points| !points.is_empty());
        let Some(points) = with_points.next() else { return Ok(Vec::new()) };
        if with_points.next().is_some() {
            let why = format!("it gave {} series where a panel has one", series.len());
            return Err(Trouble::new(
                TroubleKind::Mismatch,
                what,
                why,
                "put SUM(...) or AVG(...) around it, or name one",
            ));
        }
        Ok(points.iter().map(|(at, value)| (at + period_ms, *value)).collect())
    }
}

fn time(ms: i64) -> String {
    let at: DateTime<Utc> = DateTime::from_timestamp_millis(ms).unwrap_or_default();
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// A time of a point.
pub(super) fn stamp(ms: i64) -> Timestamp {
    Timestamp(ms)
}
