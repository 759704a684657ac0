//! Sends a change: one endpoint after the other.

use http::Method;

use super::look::Endpoint;
use super::prepare::{body, fits, path};
use super::{TrafficManager, said};
use crate::adapter::http::Request;
use crate::adapter::router::{Fence, SetAnswer};
use crate::domain::{NativeSplit, NativeWeight, Prepared};

impl TrafficManager {
    /// Carries out a prepared change.
    pub(super) async fn send(
        &self,
        prepared: &Prepared,
        expected: Option<&NativeSplit>,
        fence: &dyn Fence,
    ) -> SetAnswer {
        if let Err(refused) = fits(&self.config, &prepared.native) {
            return SetAnswer::NotSent(refused.to_string());
        }
        if let Some(expected) = expected {
            match self.look().await {
                Err(trouble) => return SetAnswer::NotSent(trouble.to_string()),
                Ok(reading) if reading.native != *expected => return SetAnswer::Moved(reading.native),
                Ok(_) => {}
            }
        }
        let mut done: Vec<String> = Vec::new();
        for each in &prepared.native.0 {
            match self.one(each, fence).await {
                SetAnswer::Accepted => done.push(format!("{} is {}", each.reference, stands(each.weight))),
                answer => return told(answer, &done),
            }
        }
        SetAnswer::Accepted
    }

    async fn one(&self, each: &NativeWeight, fence: &dyn Fence) -> SetAnswer {
        let what = format!("{} {}", self.what("set"), each.reference);
        let request = Request::new(Method::PATCH, path(&self.config, each)).json(&body(each));
        let answer = match self.client.write(&request, fence).await {
            Ok(answer) => answer,
            Err(failure) => return failure.set_answer(&what),
        };
        if !answer.is_success() {
            let refusal = said(&answer).refusal(&what).to_string();
            // A service that fails inside does not tell how far it came.
            return if answer.status >= 500 { SetAnswer::Unknown(refusal) } else { SetAnswer::Failed(refusal) };
        }
        match answer.json::<Endpoint>(&what) {
            Err(trouble) => SetAnswer::Unknown(trouble.to_string()),
            Ok(endpoint) if endpoint.weight() == each.weight => SetAnswer::Accepted,
            Ok(endpoint) => SetAnswer::Failed(format!(
                "{what}: it said yes, and that the endpoint is {}, not {}; look at it in Azure",
                stands(endpoint.weight()),
                stands(each.weight)
            )),
        }
    }
}

/// An answer with what was done before it.
fn told(answer: SetAnswer, done: &[String]) -> SetAnswer {
    if done.is_empty() {
        return answer;
    }
    let done = done.join(", ");
    match answer {
        SetAnswer::NotSent(why) | SetAnswer::Failed(why) => {
            SetAnswer::Failed(format!("{done}, and then: {why}; the split is neither the old nor the new one"))
        }
        SetAnswer::Unknown(why) => SetAnswer::Unknown(format!("{done}, and then: {why}")),
        other => other,
    }
}

fn stands(weight: u32) -> String {
    if weight == 0 { "disabled".to_owned() } else { format!("enabled with {weight}") }
}
