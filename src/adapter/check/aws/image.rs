//! Whether an image is in ECR and can be pulled.
//!
//! The registry alone would not do: an image that is archived is described and listed as any other, and pulls of it fail with
//! 404. The account and the region are in the image's name. The value is the digest, as of images elsewhere.

use std::sync::Arc;
use std::time::Duration;

use super::Place;
use crate::adapter::check::filled::{Filled, NAMES, filled};
use crate::adapter::check::image::{Reference, digest};
use crate::adapter::check::{Check, Configured};
use crate::domain::{PoolId, Trouble};
use crate::setting::{Table, Wrong, word};

/// What the profile says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Config {
    /// The region, and who asks.
    pub place: Place,
    /// The image.
    pub image: Filled,
    /// The account that keeps it.
    pub account: String,
    /// The digest that it must have.
    pub digest: Option<String>,
    /// How long an answer may take.
    pub timeout: Duration,
}

impl Config {
    /// Reads the keys of `kind = "ecr-image"`.
    pub fn read(table: &mut Table<'_>, pool: Option<&PoolId>, timeout: Duration) -> Option<Self> {
        const ACCEPTED: &str = "an image in ECR, such as \"123456789012.dkr.ecr.eu-west-1.amazonaws.com/shop:{to}\"";
        let kind = filled(word(ACCEPTED, "-._/:@{}", 400), pool.is_some()).and_then(ACCEPTED, |image| {
            let reference = Reference::parse(&image.example(NAMES)).map_err(Wrong::new)?;
            let home = home(reference.host()).ok_or_else(|| {
                Wrong::new("is in another registry than ECR").advice("ask about it with kind = \"image\"")
            })?;
            Ok((image, home))
        });
        let image = table.required("image", "The image with its tag or digest.", &kind);
        let digest = table.optional("digest", "The digest that it must have. Default: any.", &digest());
        let place = Place::of(table, String::new());
        let (image, (account, region)) = image?.value;
        let place = Place { region, ..place };
        Some(Self { place, image: image.for_pool(pool), account, digest: digest.map(|digest| digest.value), timeout })
    }
}

/// The account and the region in the name of a registry of ECR.
fn home(host: &str) -> Option<(String, String)> {
    let (account, rest) = host.split_once(".dkr.ecr.")?;
    let region = rest.strip_suffix(".amazonaws.com").or_else(|| rest.strip_suffix(".amazonaws.com.cn"))?;
    let fits = account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit()) && !region.contains('.');
    (fits && !region.is_empty()).then(|| (account.to_owned(), region.to_owned()))
}

impl Configured for Config {
    #[cfg(feature = "aws")]
    fn connect(&self) -> Result<Arc<dyn Check>, Trouble> {
        asking::check(self)
    }

    #[cfg(not(feature = "aws"))]
    fn connect(&self) -> Result<Arc<dyn Check>, Trouble> {
        Err(self.place.missing(&format!("image {}", self.image.as_str())))
    }
}

#[cfg(feature = "aws")]
mod asking {
    use std::sync::Arc;

    use futures_util::FutureExt as _;
    use futures_util::future::BoxFuture;
    use serde_json::json;

    use super::super::call::{Service, Told};
    use super::Config;
    use crate::adapter::check::Check;
    use crate::adapter::check::image::{Reference, short};
    use crate::adapter::check::system::{Bounded, System, Untold, quote};
    use crate::domain::check::{Answer, Asking, Verdict};
    use crate::domain::{Timestamp, Trouble};

    const ECR: (&str, &str, &str) = ("ecr", "ecr", "api.ecr");
    const DESCRIBE: (&str, &str) = ("AmazonEC2ContainerRegistry_V20150921", "DescribeImages");

    pub(super) fn check(config: &Config) -> Result<Arc<dyn Check>, Trouble> {
        let service = Service::new(ECR, &config.place, config.timeout)?;
        Ok(Arc::new(Bounded::new(Ecr { config: config.clone(), service }, config.timeout)))
    }

    struct Ecr {
        config: Config,
        service: Service,
    }

    impl System for Ecr {
        fn request(&self, asking: &Asking) -> String {
            format!("DescribeImages {} in {}", self.config.image.shown(asking), self.config.place.region)
        }

        fn expected(&self, _asking: &Asking) -> String {
            match &self.config.digest {
                Some(digest) => format!("it is there, can be pulled, and has digest {digest}"),
                None => "it is there and can be pulled".to_owned(),
            }
        }

        fn look<'a>(&'a self, asking: &'a Asking) -> BoxFuture<'a, Result<Answer, Untold>> {
            async move {
                let written = self.config.image.fill(asking)?;
                let image = Reference::parse(&written).map_err(|why| Untold::new(format!("`{written}` {why}")))?;
                let id = match image.version() {
                    digest if digest.contains(':') => json!({ "imageDigest": digest }),
                    tag => json!({ "imageTag": tag }),
                };
                let body = json!({
                    "registryId": self.config.account, "repositoryName": image.repository(), "imageIds": [id],
                });
                let missing = ["ImageNotFoundException", "RepositoryNotFoundException"];
                let (document, at) = match self.service.ask(DESCRIBE, &body, &missing, asking.now).await? {
                    Told::Yes(document, at) => (document, at),
                    Told::Missing(code, said, at) => {
                        let what = if code == missing[0] { "image" } else { "repository" };
                        let words = format!("{written} is not there: there is no such {what}");
                        return Ok(Answer::new(Verdict::Fail, words, at).with("said", said));
                    }
                };
                let details = &document["imageDetails"][0];
                let Some(digest) = details["imageDigest"].as_str().map(quote) else {
                    return Err(Untold::new(format!("DescribeImages {written}: its answer holds no image; ask again")));
                };
                let status = details["imageStatus"].as_str().unwrap_or_default();
                let (verdict, words) = match (status, &self.config.digest) {
                    ("ARCHIVED", _) => {
                        (Verdict::Fail, format!("{written} is archived, and cannot be pulled until it is restored"))
                    }
                    ("ACTIVATING", _) => {
                        (Verdict::Fail, format!("{written} is being restored, and cannot be pulled yet"))
                    }
                    (_, Some(wanted)) if *wanted != digest => {
                        (Verdict::Fail, format!("{written} is {digest}, not {wanted}"))
                    }
                    ("ACTIVE" | "", _) => (Verdict::Pass, format!("{written} is there, {}", short(&digest))),
                    (other, _) => (
                        Verdict::Inconclusive,
                        format!("{written} is {}, which is not known here; look at it", quote(other)),
                    ),
                };
                let mut answer = Answer::new(verdict, words, at).with("digest", digest.as_str());
                if !status.is_empty() {
                    answer = answer.with("status", quote(status));
                }
                if let Some(seconds) = details["imagePushedAt"].as_i64() {
                    answer = answer.with("pushed", Timestamp(seconds.saturating_mul(1_000)).long());
                } else if let Some(seconds) = details["imagePushedAt"].as_f64() {
                    #[expect(clippy::cast_possible_truncation, reason = "a time in seconds, for people")]
                    let millis = (seconds * 1_000.0) as i64;
                    answer = answer.with("pushed", Timestamp(millis).long());
                }
                Ok(Answer { value: Some(digest), ..answer })
            }
            .boxed()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::home;

    #[test]
    fn the_account_and_the_region_are_in_the_name() {
        let there = Some(("123456789012".to_owned(), "eu-west-1".to_owned()));
        assert_eq!(home("123456789012.dkr.ecr.eu-west-1.amazonaws.com"), there);
        for bad in ["ghcr.io", "1.dkr.ecr.eu-west-1.amazonaws.com", "123456789012.dkr.ecr.eu.west.amazonaws.com"] {
            assert_eq!(home(bad), None, "{bad}");
        }
    }
}
