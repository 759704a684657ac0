//! What a profile says about credentials, and where a service is.

use std::path::PathBuf;

use serde_json::json;

use crate::adapter::http::Endpoint;
use crate::setting::{Kind, Table, Wrong, absolute_path, quoted, word};

/// Where credentials come from; the whole chain of AWS's own tools where nothing is said.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Chain {
    /// The profile of the AWS configuration files.
    pub profile: Option<String>,
    /// The file of credentials; else the one that AWS's own tools read.
    pub file: Option<PathBuf>,
    /// The role that is assumed with them.
    pub role: Option<String>,
}

impl Chain {
    /// Reads `profile`, `credentials` and `role`.
    pub fn read(table: &mut Table<'_>) -> Self {
        let doc = "The profile in AWS's own configuration files; else environment, files, role of the machine, as AWS's tools do.";
        let profile = table.optional("profile", doc, &word("the name of an AWS profile", "-_.@/+=,:", 100));
        let doc = "The file that holds the credentials of the profile; else the one that AWS's own tools read.";
        let file = table.optional("credentials", doc, &absolute_path());
        let role = table.optional("role", "The role that is assumed with these credentials.", &role());
        Self {
            profile: profile.map(|profile| profile.value),
            file: file.map(|file| file.value),
            role: role.map(|role| role.value),
        }
    }
}

/// The interface of a service in a region, as the names of regions say; `None` in a partition that is not known.
pub fn regional(service: &str, region: &str) -> Option<Endpoint> {
    let suffix = if region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" };
    let is_known = !region.contains("iso") && region.split('-').count() >= 3;
    if is_known { Endpoint::parse(&format!("https://{service}.{region}.{suffix}")) } else { None }
}

fn role() -> Kind<String> {
    let schema = json!({ "type": "string", "pattern": "^arn:[^:]+:iam::[0-9]+:role/." });
    Kind::from_text("the ARN of a role, such as \"arn:aws:iam::123456789012:role/deploy\"", schema, |text| {
        let parts: Vec<&str> = text.splitn(6, ':').collect();
        let clean = text.chars().all(|c| c.is_ascii_graphic());
        match parts[..] {
            ["arn", _, "iam", "", account, role]
                if clean && !account.is_empty() && role.strip_prefix("role/").is_some_and(|name| !name.is_empty()) =>
            {
                Ok(text.to_owned())
            }
            _ => Err(Wrong::new(format!("cannot be {}", quoted(text)))),
        }
    })
}
