//! Azure as Traffic Manager needs it: a profile whose endpoints are changed one by one, tokens that end, roles, and the
//! place where applications get their tokens.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::web::{Asked, Said, Web};

/// A token of somebody who may change endpoints.
pub const TOKEN: &str = "eyPILOTHUNTER2";

/// A token of somebody who may only look.
pub const VIEWER: &str = "eyVIEWERHUNTER2";

/// The secret of the one application there is.
pub const SECRET: &str = "app hunter2/+&=";

const PROFILE: &str = "/subscriptions/0-1/resourceGroups/edge/providers/Microsoft.Network/trafficmanagerprofiles/shop";

/// The service.
pub struct Azure {
    /// Tokens that are good now, and whether they may write.
    pub tokens: BTreeMap<String, bool>,
    /// The profile.
    pub profile: Value,
    /// How many tokens were given.
    pub given: u32,
    /// How long a token is good, in seconds.
    pub good_for: u64,
    /// Seconds to wait, where it is asked too often.
    pub limit: Option<u32>,
    /// An endpoint that no request changes.
    pub stuck: Option<&'static str>,
}

/// Starts one.
pub fn start() -> Web<Azure> {
    Web::start(Azure::new(), Azure::answer)
}

impl Azure {
    /// All on blue; green is disabled.
    pub fn new() -> Self {
        let endpoint = |name: &str, status: &str, monitor: &str| {
            json!({
                "id": format!("{PROFILE}/externalEndpoints/{name}"), "name": name,
                "type": "Microsoft.Network/trafficManagerProfiles/externalEndpoints",
                "properties": {
                    "target": format!("{name}.example.net"), "endpointStatus": status, "weight": 1000, "priority": 1,
                    "endpointMonitorStatus": monitor, "alwaysServe": "Disabled",
                },
            })
        };
        let profile = json!({
            "id": PROFILE, "name": "shop", "type": "Microsoft.Network/trafficManagerProfiles", "location": "global",
            "properties": {
                "profileStatus": "Enabled", "trafficRoutingMethod": "Weighted",
                "dnsConfig": { "relativeName": "shop", "fqdn": "shop.trafficmanager.net", "ttl": 60 },
                "monitorConfig": { "profileMonitorStatus": "Online" },
                "endpoints": [endpoint("blue", "Enabled", "Online"), endpoint("green", "Disabled", "Disabled")],
            },
        });
        let tokens = BTreeMap::from([(TOKEN.to_owned(), true), (VIEWER.to_owned(), false)]);
        Self { tokens, profile, given: 0, good_for: 3_599, limit: None, stuck: None }
    }

    /// One endpoint's properties.
    pub fn endpoint(&mut self, name: &str) -> &mut Value {
        let all = self.profile["properties"]["endpoints"].as_array_mut().unwrap();
        &mut all.iter_mut().find(|each| each["name"] == name).unwrap()["properties"]
    }

    /// Every endpoint's weight by its reference; a disabled one has none.
    pub fn weights(&self) -> BTreeMap<String, u32> {
        let all = self.profile["properties"]["endpoints"].as_array().unwrap();
        let weight = |each: &Value| {
            let properties = &each["properties"];
            let weight = properties["weight"].as_u64().unwrap();
            if properties["endpointStatus"] == "Disabled" { 0 } else { u32::try_from(weight).unwrap() }
        };
        all.iter().map(|each| (format!("ExternalEndpoints/{}", each["name"].as_str().unwrap()), weight(each))).collect()
    }

    fn answer(&mut self, asked: &Asked) -> Said {
        if asked.route() == "/contoso/oauth2/v2.0/token" {
            return self.token(asked);
        }
        let shown = asked.header("authorization").strip_prefix("Bearer ").unwrap_or_default();
        let Some(may_write) = self.tokens.get(shown).copied() else {
            return no(401, "ExpiredAuthenticationToken", "The access token expiry UTC time is earlier than now.");
        };
        if let Some(seconds) = self.limit {
            return no(429, "TooManyRequests", "The request is being throttled.")
                .with("Retry-After", &seconds.to_string());
        }
        if !asked.path.ends_with("?api-version=2022-04-01") {
            return no(400, "MissingApiVersionParameter", "The api-version query parameter is required.");
        }
        match (asked.method.as_str(), asked.route().strip_prefix(PROFILE)) {
            ("GET", Some("")) => Said::json(200, &self.profile),
            ("PATCH", Some(endpoint)) => {
                let Some(name) = endpoint.strip_prefix("/ExternalEndpoints/") else {
                    return no(404, "ResourceNotFound", "The endpoint was not found.");
                };
                if !may_write {
                    let action = "Microsoft.Network/trafficManagerProfiles/externalEndpoints/write";
                    let why = format!("The client does not have authorization to perform action '{action}'.");
                    return no(403, "AuthorizationFailed", &why);
                }
                self.patch(name, &asked.json())
            }
            _ => no(404, "ResourceNotFound", "The Resource 'Microsoft.Network/trafficmanagerprofiles' was not found."),
        }
    }

    fn patch(&mut self, name: &str, sent: &Value) -> Said {
        let sent = sent["properties"].as_object().unwrap();
        if sent.get("weight").is_some_and(|weight| !(1..=1000).contains(&weight.as_u64().unwrap_or_default())) {
            return no(400, "BadRequest", "The 'weight' of an endpoint must be between 1 and 1000.");
        }
        let all = self.profile["properties"]["endpoints"].as_array_mut().unwrap();
        let Some(endpoint) = all.iter_mut().find(|each| each["name"] == name) else {
            return no(404, "ResourceNotFound", "The endpoint was not found.");
        };
        if self.stuck != Some(name) {
            for (key, value) in sent {
                endpoint["properties"][key] = value.clone();
            }
        }
        Said::json(200, endpoint)
    }

    fn token(&mut self, asked: &Asked) -> Said {
        let form: BTreeMap<String, String> = url::form_urlencoded::parse(&asked.body).into_owned().collect();
        let is = |key: &str, value: &str| form.get(key).is_some_and(|each| each == value);
        let fits = is("grant_type", "client_credentials") && form["scope"].ends_with("/.default");
        if !fits || !is("client_id", "app-1") || !is("client_secret", SECRET) {
            let why = format!("AADSTS7000215: Invalid client secret provided: '{}'.", form["client_secret"]);
            return Said::json(401, &json!({ "error": "invalid_client", "error_description": why }));
        }
        self.given += 1;
        let token = format!("{TOKEN}-{}", self.given);
        self.tokens.insert(token.clone(), true);
        Said::json(200, &json!({ "token_type": "Bearer", "expires_in": self.good_for, "access_token": token }))
    }
}

fn no(status: u16, code: &str, message: &str) -> Said {
    Said::json(status, &json!({ "error": { "code": code, "message": message } }))
}
