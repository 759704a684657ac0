//! Whether alarms of CloudWatch are in alarm: those of some names, or all whose names begin alike.
//!
//! # What "no alarm" means
//! An alarm without enough data could not tell, nor one that is not there: of them it cannot be told. So it is when no alarm
//! has the prefix. An alarm whose actions are off is judged all the same. `since` looks at when the state last changed.

use std::sync::Arc;
use std::time::Duration;

use super::Place;
use crate::adapter::check::since::Since;
use crate::adapter::check::{Check, Configured};
use crate::domain::Trouble;
use crate::setting::{Table, Wrong, text};

/// What the profile says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Config {
    /// The region, and who asks.
    pub place: Place,
    /// Which alarms.
    pub which: Which,
    /// From when on they must be in alarm.
    pub since: Option<Since>,
    /// How long an answer may take.
    pub timeout: Duration,
}

/// Which alarms are meant.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Which {
    /// Those of these names.
    Names(Vec<String>),
    /// Those whose names begin like this.
    Prefix(String),
}

/// One question names at most so many.
const MOST_NAMES: usize = 100;

impl Config {
    /// Reads the keys of `kind = "cloudwatch-alarms"`.
    pub fn read(table: &mut Table<'_>, timeout: Duration) -> Option<Self> {
        let place = Place::read(table);
        let names = table.optional("alarms", "The alarms, by name.", &text().list("a list of names of alarms"));
        let prefix = table.optional("prefix", "What the names of the alarms begin with.", &text());
        let since = Since::read(table);
        if table.has("alarms") == table.has("prefix") {
            let what = if table.has("alarms") { "names alarms and a prefix" } else { "names no alarms" };
            table.refuse(Wrong::new(what).accepted("one of alarms, prefix"));
            return None;
        }
        if let Some(names) = names.as_ref().filter(|names| names.value.len() > MOST_NAMES) {
            let wrong = Wrong::new(format!("names more than {MOST_NAMES} alarms"));
            table.report().refuse(&names.spot, wrong.advice("make two checks of it"));
        }
        let which = match (names, prefix) {
            (Some(names), _) => Which::Names(names.value.into_iter().map(|name| name.value).collect()),
            (_, Some(prefix)) => Which::Prefix(prefix.value),
            (None, None) => return None,
        };
        Some(Self { place: place?, which, since, timeout })
    }
}

impl Configured for Config {
    #[cfg(feature = "aws")]
    fn connect(&self) -> Result<Arc<dyn Check>, Trouble> {
        asking::check(self)
    }

    #[cfg(not(feature = "aws"))]
    fn connect(&self) -> Result<Arc<dyn Check>, Trouble> {
        Err(self.place.missing("alarms"))
    }
}

#[cfg(feature = "aws")]
mod asking {
    use std::sync::Arc;

    use futures_util::FutureExt as _;
    use futures_util::future::BoxFuture;

    use super::super::call::Service;
    use super::{Config, Which};
    use crate::adapter::aws::xml::Element;
    use crate::adapter::check::Check;
    use crate::adapter::check::system::{Bounded, System, Untold, few, quote, rfc3339};
    use crate::domain::check::{Answer, Asking, Verdict};
    use crate::domain::{Timestamp, Trouble};

    const MONITORING: (&str, &str, &str) = ("monitoring", "cloudwatch", "monitoring");
    /// The version of its interface, and what is asked.
    const DESCRIBE: (&str, &str) = ("2010-08-01", "DescribeAlarms");
    /// More pages than this are not followed.
    const MOST_PAGES: usize = 20;

    pub(super) fn check(config: &Config) -> Result<Arc<dyn Check>, Trouble> {
        let api = Service::new(MONITORING, &config.place, config.timeout)?;
        Ok(Arc::new(Bounded::new(CloudWatch { config: config.clone(), api }, config.timeout)))
    }

    struct CloudWatch {
        config: Config,
        api: Service,
    }

    /// One alarm.
    struct Alarm {
        name: String,
        state: String,
        since: Option<Timestamp>,
        why: String,
    }

    impl CloudWatch {
        fn form(&self) -> Vec<(String, String)> {
            let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
            let mut form = vec![
                pair("AlarmTypes.member.1", "MetricAlarm"),
                // They are left out unless they are asked for.
                pair("AlarmTypes.member.2", "CompositeAlarm"),
                pair("MaxRecords", "100"),
            ];
            match &self.config.which {
                Which::Prefix(prefix) => form.push(pair("AlarmNamePrefix", prefix)),
                Which::Names(names) => {
                    let numbered = (1..).zip(names);
                    form.extend(numbered.map(|(number, name)| (format!("AlarmNames.member.{number}"), name.clone())));
                }
            }
            form
        }

        /// All alarms that are meant, page by page.
        async fn alarms(&self, now: Timestamp) -> Result<(Vec<Alarm>, Timestamp), Untold> {
            let mut alarms = Vec::new();
            let mut next = String::new();
            for _ in 0..MOST_PAGES {
                let mut form = self.form();
                if !next.is_empty() {
                    form.push(("NextToken".to_owned(), std::mem::take(&mut next)));
                }
                let (answer, at) = self.api.ask_form(DESCRIBE, &form, now).await?;
                let Some(result) = answer.anywhere("DescribeAlarmsResult") else {
                    return Err(Untold::new("DescribeAlarms: its answer holds no result; see where `endpoint` leads"));
                };
                alarms.extend(
                    ["MetricAlarms", "CompositeAlarms"].iter().flat_map(|sort| result.list(sort)).map(Alarm::of),
                );
                result.text("NextToken").clone_into(&mut next);
                if next.is_empty() {
                    return Ok((alarms, at));
                }
            }
            Err(Untold::new("there are more alarms than can be looked through; name a longer prefix"))
        }
    }

    impl Alarm {
        fn of(element: &Element) -> Self {
            Self {
                name: element.text("AlarmName").to_owned(),
                state: element.text("StateValue").to_owned(),
                since: rfc3339(element.text("StateUpdatedTimestamp")),
                why: quote(element.text("StateReason")),
            }
        }

        fn told(&self) -> String {
            let since = self.since.map(|since| format!(" since {}", since.long())).unwrap_or_default();
            format!("{}{since}: {}", quote(&self.name), self.why)
        }
    }

    impl System for CloudWatch {
        fn request(&self, _asking: &Asking) -> String {
            let which = match &self.config.which {
                Which::Names(names) => names.join(", "),
                Which::Prefix(prefix) => format!("{prefix}*"),
            };
            format!("DescribeAlarms {which} in {}", self.config.place.region)
        }

        fn expected(&self, asking: &Asking) -> String {
            match self.config.since {
                Some(since) => format!("none in alarm, begun {}", since.told(asking)),
                None => "none in alarm".to_owned(),
            }
        }

        fn look<'a>(&'a self, asking: &'a Asking) -> BoxFuture<'a, Result<Answer, Untold>> {
            async move {
                let (alarms, at) = self.alarms(asking.now).await?;
                let mut blind: Vec<String> = alarms
                    .iter()
                    .filter(|alarm| !matches!(alarm.state.as_str(), "OK" | "ALARM"))
                    .map(|alarm| format!("{} has not enough data", quote(&alarm.name)))
                    .collect();
                match &self.config.which {
                    Which::Prefix(prefix) if alarms.is_empty() => {
                        let words = format!(
                            "no alarm's name begins with {prefix}: nothing watches; compare it with the names there"
                        );
                        return Err(Untold::new(words));
                    }
                    Which::Prefix(_) => {}
                    Which::Names(names) => {
                        let is_there = |name: &&String| alarms.iter().any(|alarm| alarm.name == **name);
                        blind.extend(
                            names.iter().filter(|name| !is_there(name)).map(|name| format!("{name} is not there")),
                        );
                    }
                }
                let moment = self.config.since.map(|since| since.moment(asking));
                let is_new =
                    |alarm: &&Alarm| moment.is_none_or(|moment| alarm.since.is_none_or(|since| since >= moment));
                let (new, old): (Vec<&Alarm>, Vec<&Alarm>) =
                    alarms.iter().filter(|alarm| alarm.state == "ALARM").partition(is_new);
                let before =
                    if old.is_empty() { String::new() } else { format!("; {} began before and go on", old.len()) };
                let names: Vec<String> = new.iter().map(|alarm| quote(&alarm.name)).collect();
                let answer = if !names.is_empty() {
                    let words = format!("{} in alarm: {}{before}", names.len(), few(&names));
                    Answer::new(Verdict::Fail, words, at)
                } else if !blind.is_empty() {
                    let words = format!("none in alarm, and it cannot be told of all: {}{before}", few(&blind));
                    Answer::new(Verdict::Inconclusive, words, at)
                } else {
                    Answer::new(Verdict::Pass, format!("none of {} in alarm{before}", alarms.len()), at)
                };
                let answer = new.iter().fold(answer, |answer, alarm| answer.with("in alarm", alarm.told()));
                Ok(old.iter().fold(answer, |answer, alarm| answer.with("in alarm before", alarm.told())))
            }
            .boxed()
        }
    }
}
