//! Elastic Load Balancing as far as the router needs it, with the rules that a stand-in for AWS does not keep: every request
//! is signed with keys that are good, weights go from 0 to 999, a list of actions replaces the one before, a default rule is
//! changed through its listener only, and targets have all the states that they can have.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::{SystemTime, UNIX_EPOCH};

use ring::{digest, hmac};

use super::web::{Asked, Said, Web};

/// A rule with conditions.
pub const RULE: &str = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:listener-rule/app/order-api/50dc6c495c0c9188/f2f7dc8efc522ab2/9683b2d02a6cabee";
/// Its listener.
pub const LISTENER: &str =
    "arn:aws:elasticloadbalancing:eu-west-1:123456789012:listener/app/order-api/50dc6c495c0c9188/f2f7dc8efc522ab2";
/// A target group.
pub const BLUE: &str =
    "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/order-api-blue/6d0ecf831eec9f09";
/// Another.
pub const GREEN: &str =
    "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/order-api-green/943f017f100becff";
/// One of nobody's.
pub const STRANGER: &str = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/fallback/73e2d6bc24d8a067";

/// What one account holds.
pub struct Account {
    /// The keys that are good, by their id: the secret, the session's token if there is one, and whether they may change.
    pub keys: BTreeMap<String, (String, Option<String>, bool)>,
    /// The actions of the rule and of the listener, as fields of a form.
    pub actions: Vec<(String, String)>,
    /// Whether the rule is its listener's default one.
    pub is_default: bool,
    /// Per target group, its targets: id, port, state, reason.
    pub targets: BTreeMap<String, Vec<(String, u16, String, String)>>,
    /// What is answered to an action instead of doing it: status, code, message.
    pub instead: BTreeMap<String, (u16, String, String)>,
    /// What CloudWatch tells per target group's dimension: the requests of the last whole minute, and of the one before.
    pub minutes: BTreeMap<String, [u32; 2]>,
    /// Who may be assumed, by the role's name: the keys that are given for it.
    pub roles: BTreeMap<String, [String; 3]>,
    /// Every form that was sent, in order.
    pub forms: Vec<BTreeMap<String, String>>,
}

impl Account {
    /// Two pools of two healthy targets, blue with everything; one key that may do all.
    pub fn new(id: &str, secret: &str) -> Self {
        let targets = [(BLUE, 10), (GREEN, 20)].map(|(group, host)| {
            let target = |last: u32| (format!("10.0.0.{last}"), 8080, "healthy".to_owned(), String::new());
            (group.to_owned(), vec![target(host), target(host + 1)])
        });
        let mut account = Self {
            keys: BTreeMap::from([(id.to_owned(), (secret.to_owned(), None, true))]),
            actions: Vec::new(),
            is_default: false,
            targets: BTreeMap::from(targets),
            instead: BTreeMap::new(),
            minutes: BTreeMap::new(),
            roles: BTreeMap::new(),
            forms: Vec::new(),
        };
        account.forward(&[(BLUE, 100), (GREEN, 0)]);
        account
    }

    /// The forward action alone, with these groups.
    pub fn forward(&mut self, groups: &[(&str, u32)]) {
        self.actions = vec![("member.1.Type".to_owned(), "forward".to_owned())];
        for (index, (group, weight)) in groups.iter().enumerate() {
            let tuple = format!("member.1.ForwardConfig.TargetGroups.member.{}", index + 1);
            self.actions.push((format!("{tuple}.TargetGroupArn"), (*group).to_owned()));
            self.actions.push((format!("{tuple}.Weight"), weight.to_string()));
        }
    }

    /// A field of the actions.
    pub fn field(&self, name: &str) -> Option<&str> {
        self.actions.iter().find(|(each, _)| each == name).map(|(_, value)| value.as_str())
    }

    /// The groups of the forward action with their weights.
    pub fn groups(&self) -> BTreeMap<String, u32> {
        groups(&self.actions).into_iter().map(|(group, weight)| (group, weight.parse().unwrap_or(1))).collect()
    }

    /// How often such an action was asked.
    pub fn count(&self, action: &str) -> usize {
        self.forms.iter().filter(|form| form.get("Action").is_some_and(|each| each == action)).count()
    }

    fn answer(&mut self, asked: &Asked) -> Said {
        let form: BTreeMap<String, String> = url::form_urlencoded::parse(&asked.body).into_owned().collect();
        let action = form.get("Action").cloned().unwrap_or_default();
        self.forms.push(form.clone());
        let service = match action.as_str() {
            "AssumeRole" => "sts",
            "GetMetricData" => "monitoring",
            _ => "elasticloadbalancing",
        };
        let may_change = match self.signer(asked, service) {
            Ok(may_change) => may_change,
            Err((code, message)) => return no(403, code, &message),
        };
        if let Some((status, code, message)) = self.instead.get(&action) {
            return no(*status, code, message);
        }
        let of = |name: &str| form.get(name).cloned().unwrap_or_default();
        match action.as_str() {
            "DescribeRules" if of("RuleArns.member.1") == RULE => yes(&action, &self.rules()),
            "DescribeRules" => no(400, "RuleNotFound", "One or more rules not found"),
            "DescribeListeners" if of("ListenerArns.member.1") == LISTENER => yes(&action, &self.listeners()),
            "DescribeListeners" => no(400, "ListenerNotFound", "One or more listeners not found"),
            "DescribeTargetHealth" => match self.health(&of("TargetGroupArn")) {
                Some(health) => yes(&action, &health),
                None => no(400, "TargetGroupNotFound", "One or more target groups not found"),
            },
            "ModifyRule" | "ModifyListener" if !may_change => no(
                403,
                "AccessDenied",
                &format!(
                    "User: arn:aws:iam::123456789012:user/reader is not authorized to perform: \
                     elasticloadbalancing:{action} on resource: {RULE}"
                ),
            ),
            "AssumeRole" => match self.roles.get(&of("RoleArn")) {
                Some([id, secret, token]) => yes(
                    &action,
                    &format!(
                        "<Credentials><AccessKeyId>{id}</AccessKeyId><SecretAccessKey>{secret}</SecretAccessKey>\
                         <SessionToken>{token}</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration></Credentials>\
                         <AssumedRoleUser><Arn>arn:aws:sts::123456789012:assumed-role/traffic/flightdeck</Arn>\
                         <AssumedRoleId>AROA:flightdeck</AssumedRoleId></AssumedRoleUser>"
                    ),
                ),
                None => no(403, "AccessDenied", "User is not authorized to perform: sts:AssumeRole"),
            },
            "GetMetricData" => yes(&action, &self.metrics(&form)),
            "ModifyRule" if self.is_default => no(400, "OperationNotPermitted", "Default rule cannot be modified"),
            "ModifyRule" => self.modify(&action, &form, "Actions.", of("RuleArn") == RULE),
            "ModifyListener" => self.modify(&action, &form, "DefaultActions.", of("ListenerArn") == LISTENER),
            other => no(400, "InvalidAction", &format!("Could not find operation {other}")),
        }
    }

    /// Whether the signature is one of these keys', and they may change anything.
    pub fn signer(&self, asked: &Asked, service: &str) -> Result<bool, (&'static str, String)> {
        let authorization = asked.header("authorization");
        let Some(fields) = authorization.strip_prefix("AWS4-HMAC-SHA256 ") else {
            return Err(("MissingAuthenticationToken", "Request is missing Authentication Token".to_owned()));
        };
        let field = |name: &str| {
            let found = fields.split(',').find_map(|field| field.trim().strip_prefix(name));
            found.and_then(|value| value.strip_prefix('=')).unwrap_or_default()
        };
        let scope: Vec<&str> = field("Credential").split('/').collect();
        let [id, day, region, of, "aws4_request"] = scope[..] else {
            return Err(("IncompleteSignature", format!("Credential must have five parts: {scope:?}")));
        };
        if region != "eu-west-1" || of != service {
            return Err(("SignatureDoesNotMatch", format!("Credential should be scoped to {service}: {scope:?}")));
        }
        let at = asked.header("x-amz-date");
        if !(at.starts_with(day) && is_now(at)) {
            return Err(("SignatureDoesNotMatch", format!("Signature expired: {at}")));
        }
        let Some((secret, token, may_change)) = self.keys.get(id) else {
            return Err(("ExpiredToken", "The security token included in the request is expired".to_owned()));
        };
        let signed: Vec<&str> = field("SignedHeaders").split(';').collect();
        let token_is_good = token.as_deref().unwrap_or_default() == asked.header("x-amz-security-token");
        if !signed.contains(&"host") || !signed.contains(&"x-amz-date") || !token_is_good {
            return Err(("InvalidClientTokenId", "The security token included in the request is invalid".to_owned()));
        }
        let mut canonical = format!("{}\n{}\n\n", asked.method, asked.route());
        for name in &signed {
            writeln!(canonical, "{name}:{}", asked.header(name)).unwrap();
        }
        write!(canonical, "\n{}\n{}", signed.join(";"), hex(digest::digest(&digest::SHA256, &asked.body).as_ref()))
            .unwrap();
        let text = format!(
            "AWS4-HMAC-SHA256\n{at}\n{}\n{}",
            scope[1..].join("/"),
            hex(digest::digest(&digest::SHA256, canonical.as_bytes()).as_ref())
        );
        let mac = |key: &[u8], text: &str| hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), text.as_bytes());
        let mut key = mac(format!("AWS4{secret}").as_bytes(), day);
        for part in &scope[2..] {
            key = mac(key.as_ref(), part);
        }
        if hex(mac(key.as_ref(), &text).as_ref()) == field("Signature") {
            Ok(*may_change)
        } else {
            // As the real one does, with everything that was signed.
            Err(("SignatureDoesNotMatch", format!("The canonical string should have been '{canonical}'")))
        }
    }

    fn modify(&mut self, action: &str, form: &BTreeMap<String, String>, under: &str, is_there: bool) -> Said {
        if !is_there {
            let code = if action == "ModifyRule" { "RuleNotFound" } else { "ListenerNotFound" };
            return no(400, code, "One or more of them not found");
        }
        let new: Vec<(String, String)> = form
            .iter()
            .filter_map(|(name, value)| Some((name.strip_prefix(under)?.to_owned(), value.clone())))
            .collect();
        let of = |name: &str| new.iter().find(|(each, _)| each == name).map_or("", |(_, value)| value.as_str());
        let count = (1..=100).take_while(|number| !of(&format!("member.{number}.Type")).is_empty()).count();
        for number in 1..=count {
            let is_login = of(&format!("member.{number}.Type")) == "authenticate-oidc";
            if is_login && of(&format!("member.{number}.AuthenticateOidcConfig.UseExistingClientSecret")) != "true" {
                return no(400, "InvalidLoadBalancerAction", "You must specify a client secret");
            }
            if count > 1 && of(&format!("member.{number}.Order")).is_empty() {
                return no(400, "InvalidLoadBalancerAction", "You must specify an order for every action");
            }
            let groups = format!("member.{number}.ForwardConfig.TargetGroups.member.2.TargetGroupArn");
            if !of(&format!("member.{number}.TargetGroupArn")).is_empty() && !of(&groups).is_empty() {
                return no(
                    400,
                    "InvalidLoadBalancerAction",
                    "You can specify a target group or a configuration of them",
                );
            }
        }
        let groups = groups(&new);
        if groups.is_empty() {
            return no(400, "InvalidLoadBalancerAction", "A rule must forward, redirect or answer");
        }
        for (group, weight) in &groups {
            if !self.targets.contains_key(group) {
                return no(400, "TargetGroupNotFound", &format!("Target groups '{group}' not found"));
            }
            if !weight.parse::<u32>().is_ok_and(|weight| weight <= 999) {
                return no(400, "ValidationError", &format!("Weight '{weight}' must be between 0 and 999 inclusive"));
            }
        }
        self.actions = new.into_iter().filter(|(name, _)| !name.ends_with("UseExistingClientSecret")).collect();
        if action == "ModifyRule" { yes(action, &self.rules()) } else { yes(action, &self.listeners()) }
    }

    fn rules(&self) -> String {
        let (default, priority) = (self.is_default, if self.is_default { "default" } else { "10" });
        format!(
            "<Rules><member><RuleArn>{RULE}</RuleArn><Priority>{priority}</Priority><IsDefault>{default}</IsDefault>\
             <Conditions/><Actions>{}</Actions></member></Rules>",
            tree(&self.actions)
        )
    }

    fn listeners(&self) -> String {
        format!(
            "<Listeners><member><ListenerArn>{LISTENER}</ListenerArn><Port>443</Port>\
             <DefaultActions>{}</DefaultActions></member></Listeners>",
            tree(&self.actions)
        )
    }

    /// The last two whole minutes of each metric that is asked for.
    fn metrics(&self, form: &BTreeMap<String, String>) -> String {
        let of = |name: &str| form.get(name).map_or("", String::as_str);
        let end = chrono::DateTime::parse_from_rfc3339(of("EndTime")).unwrap();
        let start = chrono::DateTime::parse_from_rfc3339(of("StartTime")).unwrap();
        let mut text = "<MetricDataResults>".to_owned();
        for number in 1.. {
            let query = format!("MetricDataQueries.member.{number}");
            let id = of(&format!("{query}.Id"));
            if id.is_empty() {
                break;
            }
            let metric = format!("{query}.MetricStat.Metric");
            assert_eq!(of(&format!("{metric}.Namespace")), "AWS/ApplicationELB");
            assert_eq!(of(&format!("{metric}.Dimensions.member.1.Value")), "app/order-api/50dc6c495c0c9188");
            let counts =
                self.minutes.get(of(&format!("{metric}.Dimensions.member.2.Value"))).copied().unwrap_or_default();
            let points = (1..).zip(counts).map(|(ago, count)| (end - chrono::TimeDelta::minutes(ago), count));
            let (mut times, mut values) = (String::new(), String::new());
            for (at, count) in points.filter(|(at, count)| *at >= start && *count > 0) {
                write!(times, "<member>{}</member>", at.format("%Y-%m-%dT%H:%M:%SZ")).unwrap();
                write!(values, "<member>{count}.0</member>").unwrap();
            }
            write!(
                text,
                "<member><Id>{id}</Id><Label>RequestCount</Label><Timestamps>{times}</Timestamps><Values>{values}</Values>\
                 <StatusCode>Complete</StatusCode></member>"
            )
            .unwrap();
        }
        text + "</MetricDataResults>"
    }

    fn health(&self, group: &str) -> Option<String> {
        let is_used = self.groups().contains_key(group);
        let mut text = "<TargetHealthDescriptions>".to_owned();
        for (id, port, state, reason) in self.targets.get(group)? {
            let (state, reason) =
                if is_used { (state.as_str(), reason.as_str()) } else { ("unused", "Target.NotInUse") };
            let reason = if reason.is_empty() { String::new() } else { format!("<Reason>{reason}</Reason>") };
            write!(
                text,
                "<member><HealthCheckPort>{port}</HealthCheckPort><TargetHealth><State>{state}</State>{reason}</TargetHealth>\
                 <Target><Id>{id}</Id><Port>{port}</Port></Target></member>"
            )
            .unwrap();
        }
        Some(text + "</TargetHealthDescriptions>")
    }
}

/// Starts an account behind HTTP.
pub fn start(account: Account) -> Web<Account> {
    Web::start(account, Account::answer)
}

/// The groups of the one forward action of these fields, with the weights as they are written.
fn groups(actions: &[(String, String)]) -> Vec<(String, String)> {
    let of = |name: &str| actions.iter().find(|(each, _)| each == name).map_or("", |(_, value)| value.as_str());
    let Some((forward, _)) = actions.iter().find(|(name, value)| name.ends_with(".Type") && value == "forward") else {
        return Vec::new();
    };
    let forward = forward.trim_end_matches(".Type");
    let single = of(&format!("{forward}.TargetGroupArn"));
    let tuple = |number: usize| {
        let tuple = format!("{forward}.ForwardConfig.TargetGroups.member.{number}");
        let group = of(&format!("{tuple}.TargetGroupArn"));
        (!group.is_empty()).then(|| (group.to_owned(), of(&format!("{tuple}.Weight")).to_owned()))
    };
    let listed: Vec<_> = (1..).map_while(tuple).collect();
    if listed.is_empty() && !single.is_empty() { vec![(single.to_owned(), "1".to_owned())] } else { listed }
}

/// Fields of a form as elements.
fn tree(fields: &[(String, String)]) -> String {
    let mut text = String::new();
    let mut heads: Vec<&str> = Vec::new();
    for (name, value) in fields {
        // A member's number belongs to it.
        let is_numbered = name.starts_with("member.") || name.starts_with("entry.");
        let head = match name.match_indices('.').nth(usize::from(is_numbered)) {
            Some((end, _)) => &name[..end],
            None => name.as_str(),
        };
        if heads.contains(&head) {
            continue;
        }
        heads.push(head);
        let element = head.split('.').next().unwrap_or(head);
        if head == name {
            let escaped = value.replace('&', "&amp;").replace('<', "&lt;");
            write!(text, "<{element}>{escaped}</{element}>").unwrap();
            continue;
        }
        let inner: Vec<(String, String)> = fields
            .iter()
            .filter_map(|(name, value)| Some((name.strip_prefix(head)?.strip_prefix('.')?.to_owned(), value.clone())))
            .collect();
        write!(text, "<{element}>{}</{element}>", tree(&inner)).unwrap();
    }
    text
}

fn yes(action: &str, result: &str) -> Said {
    let text = format!(
        "<{action}Response xmlns=\"http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/\"><{action}Result>{result}\
         </{action}Result><ResponseMetadata><RequestId>5a9c</RequestId></ResponseMetadata></{action}Response>"
    );
    Said::text(200, &text).with("Content-Type", "text/xml")
}

fn no(status: u16, code: &str, message: &str) -> Said {
    let sort = if status >= 500 { "Receiver" } else { "Sender" };
    let text = format!(
        "<ErrorResponse xmlns=\"http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/\"><Error><Type>{sort}</Type>\
         <Code>{code}</Code><Message>{message}</Message></Error><RequestId>5a9c</RequestId></ErrorResponse>"
    );
    Said::text(status, &text).with("Content-Type", "text/xml")
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}

/// Whether `20261121T141500Z` is within five minutes of now.
fn is_now(at: &str) -> bool {
    let parsed = chrono::NaiveDateTime::parse_from_str(at, "%Y%m%dT%H%M%SZ");
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    parsed.is_ok_and(|at| i64::try_from(now).unwrap().abs_diff(at.and_utc().timestamp()) < 300)
}
