//! Names of AWS: which rule, listener or target group is meant, and in which region.

use std::fmt;

use serde_json::json;

use crate::setting::{Kind, Wrong, quoted};

/// The full name of a resource of Elastic Load Balancing.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Arn {
    text: String,
    partition: String,
    region: String,
    account: String,
    /// Invariant: at least two parts, none empty.
    resource: Vec<String>,
}

impl Arn {
    /// Reads `arn:PARTITION:elasticloadbalancing:REGION:ACCOUNT:KIND/NAME/…`.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.splitn(6, ':');
        let mut next = || parts.next();
        let ("arn", partition, "elasticloadbalancing") = (next()?, next()?, next()?) else { return None };
        let (region, account, resource) = (next()?, next()?, next()?);
        let word = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
        let resource: Vec<String> = resource.split('/').map(str::to_owned).collect();
        let fits = [partition, region, account].into_iter().all(word)
            && resource.len() >= 3
            && resource.iter().all(|part| word(part));
        fits.then(|| Self {
            text: text.to_owned(),
            partition: partition.to_owned(),
            region: region.to_owned(),
            account: account.to_owned(),
            resource,
        })
    }

    /// As AWS writes it.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// `aws`, `aws-cn`, `aws-us-gov`.
    pub fn partition(&self) -> &str {
        &self.partition
    }

    /// `eu-west-1`.
    pub fn region(&self) -> &str {
        &self.region
    }

    /// What it is: `targetgroup`, `listener`, `listener-rule`.
    pub fn sort(&self) -> &str {
        self.resource.first().map_or("", String::as_str)
    }

    /// Of a target group, its name: unique in its account and region.
    pub fn group(&self) -> &str {
        self.resource.get(1).map_or("", String::as_str)
    }

    /// Of a rule or a listener, the name of its load balancer.
    pub fn load_balancer(&self) -> &str {
        self.resource.get(2).map_or("", String::as_str)
    }

    /// Of a rule or a listener, its load balancer as CloudWatch names it: `app/NAME/ID`.
    #[cfg(feature = "aws")]
    pub(super) fn load_balancer_id(&self) -> String {
        self.resource.get(1..4).unwrap_or_default().join("/")
    }

    /// Of a target group, as CloudWatch names it: `targetgroup/NAME/ID`.
    #[cfg(feature = "aws")]
    pub(super) fn group_id(&self) -> String {
        self.resource.join("/")
    }

    /// Of a rule, its listener.
    pub fn listener(&self) -> Option<String> {
        let (head, _) = self.text.rsplit_once('/').filter(|_| self.sort() == "listener-rule")?;
        Some(head.replacen(":listener-rule/", ":listener/", 1))
    }

    /// Whether both are in one account and region.
    pub fn is_near(&self, other: &Self) -> bool {
        (&self.partition, &self.region, &self.account) == (&other.partition, &other.region, &other.account)
    }
}

impl fmt::Display for Arn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// The name of a rule, a listener or a target group, whose last part but for its own is `sort`.
pub(super) fn arn(sort: &'static str, accepted: &'static str) -> Kind<Arn> {
    let schema = json!({ "type": "string", "pattern": format!("^arn:[^:]+:elasticloadbalancing:[^:]+:[^:]+:{sort}/") });
    Kind::from_text(accepted, schema, move |text| {
        let Some(arn) = Arn::parse(text) else {
            return Err(Wrong::new(format!("{} is no full name of such a thing", quoted(text)))
                .advice("copy the whole ARN from the console or from `aws elbv2 describe-...`"));
        };
        let parts = match sort {
            "targetgroup" => 3,
            "listener" => 5,
            _ => 6,
        };
        if arn.sort() == sort && arn.resource.len() == parts {
            Ok(arn)
        } else {
            Err(Wrong::new(format!("names a {}", quoted(arn.sort()))))
        }
    })
}

#[cfg(test)]
mod tests {
    use super::Arn;

    const RULE: &str = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:listener-rule/app/order-api/50dc6c495c0c9188/f2f7dc8efc522ab2/9683b2d02a6cabee";

    #[test]
    fn a_name_tells_its_region_its_load_balancer_and_its_listener() {
        let rule = Arn::parse(RULE).expect("it is a name");
        assert_eq!((rule.region(), rule.sort(), rule.load_balancer()), ("eu-west-1", "listener-rule", "order-api"));
        assert_eq!(
            rule.listener().as_deref(),
            Some(
                "arn:aws:elasticloadbalancing:eu-west-1:123456789012:listener/app/order-api/50dc6c495c0c9188/f2f7dc8efc522ab2"
            )
        );
    }

    #[test]
    fn what_is_no_name_is_none() {
        let elsewhere = RULE.replace("elasticloadbalancing", "ecs");
        let empty = RULE.replace("eu-west-1", "");
        for bad in
            ["", "arn:aws", "order-api", &elsewhere, &empty, "arn:aws:elasticloadbalancing:r:1:targetgroup/a b/c"]
        {
            assert_eq!(Arn::parse(bad), None, "{bad}");
        }
    }
}
