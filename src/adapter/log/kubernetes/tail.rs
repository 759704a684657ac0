//! One container's log, followed until its stream ends.

use std::sync::Arc;

use futures_util::stream::{BoxStream, StreamExt as _, unfold};

use super::super::lines::Lines;
use super::listing::Container;
use crate::adapter::http::{Flow, Request};
use crate::adapter::router::kubernetes::cluster::{Cluster, refusal};
use crate::domain::Trouble;

/// What one stream tells.
pub(super) enum Told {
    /// Lines, as they were read.
    Lines(Container, Vec<Raw>),
    /// It ended, and why if that is a trouble.
    Ended(Container, Option<Trouble>),
}

/// One line with the server's time before it taken off.
pub(super) struct Raw {
    /// The time as the server wrote it, to the nanosecond.
    pub(super) stamp: String,
    /// The rest of the line.
    pub(super) text: Vec<u8>,
    /// Bytes of it that were left unread.
    pub(super) more: u64,
}

/// Where to begin.
#[derive(Clone, Debug)]
pub(super) struct Since {
    /// The server's time of the last line that was handed over, or of the beginning.
    pub(super) stamp: String,
    /// How many lines of exactly that time were handed over: the server repeats the whole second.
    pub(super) told: u32,
}

struct Tail {
    cluster: Arc<Cluster>,
    container: Container,
    since: Since,
    /// Lines of the time of `since` that were left out so far.
    repeated: u32,
    flow: Option<Flow>,
    lines: Lines,
    /// Whether it reads what the container wrote before it was started anew.
    is_before: bool,
    is_over: bool,
}

/// Opens the stream of a container and reads it to its end; `is_anew` when it was started anew since it was read last, so that
/// what it wrote before may not have been read to its end.
pub(super) fn tail(
    cluster: Arc<Cluster>,
    container: Container,
    since: Since,
    is_anew: bool,
) -> BoxStream<'static, Told> {
    let tail = Tail {
        cluster,
        container,
        since,
        repeated: 0,
        flow: None,
        lines: Lines::default(),
        is_before: is_anew,
        is_over: false,
    };
    unfold(tail, |mut tail| async move {
        let told = tail.next().await?;
        Some((told, tail))
    })
    .boxed()
}

impl Tail {
    async fn next(&mut self) -> Option<Told> {
        loop {
            if self.is_over {
                return None;
            }
            let Some(flow) = &mut self.flow else {
                match open(&self.cluster, &self.container, &self.since, self.is_before).await {
                    Ok(flow) => self.flow = Some(flow),
                    // What it wrote before may be gone already.
                    Err(None) if self.is_before => self.is_before = false,
                    Err(trouble) => return Some(self.end(trouble)),
                }
                continue;
            };
            let mut raw = Vec::new();
            match flow.next().await {
                Some(Ok(bytes)) => {
                    let mut lines = std::mem::take(&mut self.lines);
                    lines.feed(&bytes, |line, more| raw.extend(self.line(line, more)));
                    self.lines = lines;
                    if !raw.is_empty() {
                        return Some(Told::Lines(self.container.clone(), raw));
                    }
                }
                Some(Err(_)) | None if self.is_before => {
                    (self.is_before, self.flow, self.lines) = (false, None, Lines::default());
                }
                // How the connection ended tells nothing: a container that goes on is followed again.
                Some(Err(_)) | None => return Some(self.end(None)),
            }
        }
    }

    /// A line without its end is not handed over: it comes again, whole, when the stream is opened again.
    fn end(&mut self, trouble: Option<Trouble>) -> Told {
        self.is_over = true;
        Told::Ended(self.container.clone(), trouble)
    }

    /// A line that was not told before.
    fn line(&mut self, line: &[u8], more: u64) -> Option<Raw> {
        let (stamp, text) = match line.iter().position(|byte| *byte == b' ') {
            Some(space) => (line.get(..space)?, line.get(space + 1..)?),
            None => (line, &[][..]),
        };
        let stamp = std::str::from_utf8(stamp).ok()?.to_owned();
        match order(&stamp).cmp(&order(&self.since.stamp)) {
            std::cmp::Ordering::Less => return None,
            std::cmp::Ordering::Equal if self.repeated < self.since.told => {
                self.repeated += 1;
                return None;
            }
            std::cmp::Ordering::Equal | std::cmp::Ordering::Greater => {}
        }
        Some(Raw { stamp, text: text.to_vec(), more })
    }
}

async fn open(
    cluster: &Cluster,
    container: &Container,
    since: &Since,
    is_before: bool,
) -> Result<Flow, Option<Trouble>> {
    let Container { pod, name, .. } = container;
    let query = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("container", name)
        .append_pair(if is_before { "previous" } else { "follow" }, "true")
        .append_pair("timestamps", "true")
        .append_pair("sinceTime", &seconds(&since.stamp))
        .finish();
    let path = format!("/api/v1/namespaces/{}/pods/{pod}/log?{query}", cluster.place.namespace);
    let what = format!("follow the log of {name} in {pod}");
    let flow = match cluster.flow(&Request::get(path)).await {
        Ok(flow) => flow,
        Err(lost) => return Err(Some(lost.trouble(&cluster.told(&what).await))),
    };
    match flow.answer.status {
        200 => Ok(flow),
        // It went, or has nothing yet: the next listing tells.
        404 | 400 => Err(None),
        _ => Err(Some(refusal(&flow.answer, &cluster.told(&what).await))),
    }
}

/// A stamp in a form that orders: the server leaves zeros at the end of a fraction away.
pub(super) fn order(stamp: &str) -> (&str, String) {
    let (whole, fraction) = stamp.trim_end_matches('Z').split_once('.').unwrap_or((stamp.trim_end_matches('Z'), ""));
    (whole, format!("{fraction:0<9}"))
}

/// The server takes whole seconds.
fn seconds(stamp: &str) -> String {
    let (whole, _) = order(stamp);
    format!("{whole}Z")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stamps_are_ordered_to_the_nanosecond() {
        let mut stamps = ["2026-11-21T07:37:15.1Z", "2026-11-21T07:37:15Z", "2026-11-21T07:37:15.09Z"];
        stamps.sort_by_key(|stamp| order(stamp).1);
        assert_eq!(stamps, ["2026-11-21T07:37:15Z", "2026-11-21T07:37:15.09Z", "2026-11-21T07:37:15.1Z"]);
        assert_eq!(seconds("2026-11-21T07:37:15.09Z"), "2026-11-21T07:37:15Z");
    }
}
