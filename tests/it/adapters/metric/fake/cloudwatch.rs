//! CloudWatch's `GetMetricData`.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use chrono::DateTime;

use super::{Fake, Gives, World};
use crate::support::web::{Asked, Said};

/// CloudWatch, which gives one period on each page.
pub struct CloudWatch;

impl Fake for CloudWatch {
    const NAME: &'static str = "cloudwatch";
    const QUERY: &'static str = "Sum(AWS/ApplicationELB:HTTPCode_Target_5XX_Count{LoadBalancer=\\\"app/edge/1\\\"}) / Sum(AWS/ApplicationELB:RequestCount{LoadBalancer=\\\"app/edge/1\\\"})";

    fn keys(at: &str, secret: &Path) -> String {
        let file = secret.with_file_name("credentials");
        let secret = std::fs::read_to_string(secret).unwrap();
        let text = format!("[default]\naws_access_key_id = AKIDEXAMPLE\naws_secret_access_key = {secret}\n");
        std::fs::write(&file, text).unwrap();
        format!("at = \"{at}\"\nregion = \"eu-west-1\"\ndelay = \"0s\"\ncredentials = \"{}\"", file.display())
    }

    fn answer(world: &mut World, asked: &Asked) -> Said {
        let shown = asked.header("authorization");
        if !shown.starts_with("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/")
            || !shown.contains("/eu-west-1/monitoring/aws4_request")
        {
            return no(403, "MissingAuthenticationToken", "Missing Authentication Token");
        }
        if world.secret != super::super::scenario::SECRET {
            return no(403, "InvalidClientTokenId", "The security token included in the request is invalid.");
        }
        if let Gives::Said(said) = &world.gives {
            return said.clone();
        }
        let form: BTreeMap<String, String> = url::form_urlencoded::parse(&asked.body).into_owned().collect();
        let field = |name: &str| form.get(name).map_or("", String::as_str);
        if field("Action") != "GetMetricData" || field("Version") != "2010-08-01" {
            return no(400, "InvalidAction", "Could not find operation");
        }
        let time = |name: &str| DateTime::parse_from_rfc3339(field(name)).map(|at| at.timestamp());
        let (Ok(start), Ok(end)) = (time("StartTime"), time("EndTime")) else {
            return no(400, "ValidationError", "StartTime and EndTime are times");
        };
        let mut returned = Vec::new();
        let mut period = 0;
        for number in 1..=500 {
            let query = format!("MetricDataQueries.member.{number}");
            let id = field(&format!("{query}.Id"));
            if id.is_empty() {
                break;
            }
            let is_metric = !field(&format!("{query}.MetricStat.Metric.MetricName")).is_empty();
            let length = field(&format!("{query}.{}", if is_metric { "MetricStat.Period" } else { "Period" }));
            period = length.parse().unwrap_or(0);
            if period == 0 || is_metric == !field(&format!("{query}.Expression")).is_empty() {
                return no(400, "ValidationError", "a query has a metric and a period, or an expression");
            }
            if field(&format!("{query}.ReturnData")) == "true" {
                returned.push(id.to_owned());
            }
        }
        if returned.is_empty() || end <= start {
            return no(400, "ValidationError", "nothing is returned");
        }
        // Three pages: an empty one, the odd periods, the even ones.
        let page: i64 = field("NextToken").parse().unwrap_or(0);
        let count = (end - start) / period;
        let is_told = |place: i64| page > 0 && place % 2 == page % 2 && !(count > 10 && place == 5);
        let stamps: Vec<String> = (1..=count)
            .filter(|place| is_told(*place))
            .map(|place| DateTime::from_timestamp(end - place * period, 0).unwrap())
            .map(|at| at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true))
            .collect();
        let series: &[(&str, String)] = &match world.gives {
            Gives::Value(value) => vec![("rate", value.to_string())],
            Gives::NotANumber => vec![("rate", "NaN".to_owned())],
            Gives::Several => vec![("a", "1".to_owned()), ("b", "2".to_owned())],
            Gives::Nothing | Gives::Said(_) => Vec::new(),
        };
        let mut results = String::new();
        for (id, (label, value)) in returned.iter().flat_map(|id| series.iter().map(move |series| (id, series))) {
            let member = |text: &str| format!("<member>{text}</member>");
            let times: String = stamps.iter().map(|stamp| member(stamp)).collect();
            let values: String = stamps.iter().map(|_| member(value)).collect();
            let status = if page < 2 { "PartialData" } else { "Complete" };
            write!(
                results,
                "<member><Id>{id}</Id><Label>{label}</Label><StatusCode>{status}</StatusCode>\
                 <Timestamps>{times}</Timestamps><Values>{values}</Values></member>"
            )
            .unwrap();
        }
        let token = if page < 2 { format!("<NextToken>{}</NextToken>", page + 1) } else { String::new() };
        let body = format!(
            "<GetMetricDataResponse xmlns=\"http://monitoring.amazonaws.com/doc/2010-08-01/\"><GetMetricDataResult>\
             {token}<MetricDataResults>{results}</MetricDataResults></GetMetricDataResult></GetMetricDataResponse>"
        );
        Said::text(200, &body).with("Content-Type", "text/xml")
    }
}

fn no(status: u16, code: &str, message: &str) -> Said {
    let body = format!(
        "<ErrorResponse xmlns=\"http://monitoring.amazonaws.com/doc/2010-08-01/\"><Error><Type>Sender</Type><Code>{code}</Code>\
         <Message>{message}</Message></Error></ErrorResponse>"
    );
    Said::text(status, &body).with("Content-Type", "text/xml")
}
