//! Secrets that stand in a file as they are. A profile's bytes go into the journal, comments included: it must hold none.
//!
//! Two looks: at the tables, where a key's name says that its text is a secret; and at the whole text, where addresses,
//! options and known forms give one away. What is found is named by its place and never quoted.

use std::ops::Range;
use std::sync::LazyLock;

use regex::{Captures, Regex};
use toml::de::{DeTable, DeValue};

use super::table::in_order;
use super::{Report, Spot, Wrong};

/// What a key says whose name speaks of a secret.
const AS_IT_IS: Hint = Hint {
    what: "a secret stands here as it is",
    advice: "name where it is kept: { env = \"NAME\" }, { file = \"/path\" } or { command = [\"program\", \"argument\"] }",
};

/// What gave a secret away, and what to do about it.
#[derive(Clone, Copy, PartialEq, Debug)]
struct Hint {
    what: &'static str,
    advice: &'static str,
}

/// Looks through one source, and through its tables where it is a TOML file.
pub fn scan(report: &Report<'_>, source: usize, root: Option<&DeTable<'_>>) {
    if let Some(root) = root {
        scan_table(report, &Spot { source, span: 0..0, key: String::new() }, root);
    }
    let Some(text) = report.source(source).map(super::Source::text) else { return };
    for (span, hint) in in_text(text) {
        if !report.is_secret(source, &span) {
            report.refuse_secret(&Spot { source, span, key: String::new() }, wrong(hint));
        }
    }
}

/// The text without what gives secrets away, and how many there were. Every line stays a line.
pub fn hide(text: &str) -> (String, usize) {
    let mut lines: Vec<String> = text.split('\n').map(str::to_owned).collect();
    let mut count = 0;
    for line in &mut lines {
        // What stood beside a secret may be one itself; each look takes at least one away.
        for _ in 0..100 {
            let Some((span, _)) = in_text(line).into_iter().next() else { break };
            let hidden = line.get(span.clone()).map(hidden).unwrap_or_default();
            line.replace_range(span, &hidden);
            count += 1;
        }
    }
    let mut text = lines.join("\n");
    // A header at the end of one line, its value on the next.
    for _ in 0..100 {
        let Some((span, _)) = in_text(&text).into_iter().next() else { break };
        let apart = text.get(span.clone()).map(|found| found.replacen(':', " ", 1)).unwrap_or_default();
        text.replace_range(span, &apart);
        count += 1;
    }
    (text, count)
}

/// What stands in a secret's place: what it was given to, and that it was taken out.
fn hidden(found: &str) -> String {
    let words = found.trim_start();
    let lead = found.strip_suffix(words).unwrap_or_default();
    let kept = words.find(['=', ':']).and_then(|at| words.split_at_checked(at)).map(|(name, rest)| {
        let sign = if rest.starts_with("://") {
            "://<secret>/"
        } else if rest.starts_with('=') {
            "=<secret>"
        } else {
            ": <secret>"
        };
        format!("{lead}{name}{sign}")
    });
    kept.filter(|kept| in_text(kept).is_empty()).unwrap_or_else(|| format!("{lead}<secret>"))
}

/// Whether text gives a secret away.
pub fn is_in(text: &str) -> bool {
    !in_text(text).is_empty()
}

fn scan_table(report: &Report<'_>, at: &Spot, table: &DeTable<'_>) {
    for (key, value) in in_order(table) {
        let name: &str = key.get_ref();
        let path = if at.key.is_empty() { name.to_owned() } else { format!("{}.{name}", at.key) };
        let spot = Spot { source: at.source, span: value.span(), key: path };
        if names_a_secret(name)
            && !matches!(value.get_ref(), DeValue::Table(_) | DeValue::Boolean(_))
            && !is_file_of_credentials(name, value.get_ref())
        {
            report.refuse_secret(&spot, wrong(AS_IT_IS));
        } else {
            scan_value(report, &spot, value.get_ref());
        }
    }
}

fn scan_value(report: &Report<'_>, spot: &Spot, value: &DeValue<'_>) {
    match value {
        DeValue::Table(table) => scan_table(report, spot, table),
        DeValue::String(text) => {
            if let Some((_, hint)) = in_text(text).into_iter().next() {
                report.refuse_secret(spot, wrong(hint));
            }
        }
        DeValue::Array(items) => {
            let mut after_option = false;
            for (index, item) in items.iter().enumerate() {
                let spot = Spot { span: item.span(), key: format!("{}[{}]", spot.key, index + 1), ..*spot };
                let text = item.get_ref().as_str().unwrap_or_default();
                if after_option && !text.is_empty() && !text.starts_with('-') {
                    report.refuse_secret(&spot, wrong(AS_IT_IS));
                }
                after_option = text.strip_prefix('-').is_some_and(names_a_secret) && !text.contains('=');
                scan_value(report, &spot, item.get_ref());
            }
        }
        DeValue::Integer(_) | DeValue::Float(_) | DeValue::Boolean(_) | DeValue::Datetime(_) => {}
    }
}

fn wrong(hint: Hint) -> Wrong {
    Wrong::new(hint.what).advice(hint.advice)
}

/// Whether it names the file in which credentials are kept, as AWS's own tools do: a whole path is no secret.
fn is_file_of_credentials(name: &str, value: &DeValue<'_>) -> bool {
    let path = value.as_str().filter(|text| name == "credentials" && text.starts_with('/'));
    path.is_some_and(|text| in_text(text).is_empty())
}

/// Whether a key, an option or a parameter of this name holds a secret.
fn names_a_secret(name: &str) -> bool {
    let plain: String = name.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_lowercase();
    let ends =
        ["token", "password", "passwd", "passphrase", "secret", "apikey", "accesskey", "privatekey", "credentials"];
    ends.iter().any(|end| plain.ends_with(end)) || ["pwd", "credential", "authorization"].contains(&plain.as_str())
}

/// Secrets in running text: their spans, and what gives them away.
fn in_text(text: &str) -> Vec<(Range<usize>, Hint)> {
    let mut found = Vec::new();
    for (pattern, hint) in PATTERNS.iter() {
        for all in pattern.captures_iter(text) {
            let whole = all.get(0).map_or(0..0, |whole| whole.range());
            let named =
                all.name("name").is_none_or(|name| names_a_secret(name.as_str()) || is_parameter(name.as_str()));
            if named
                && !is_filled_in(&all)
                && !found.iter().any(|(span, _): &(Range<usize>, _)| span.start < whole.end && whole.start < span.end)
            {
                found.push((whole, *hint));
            }
        }
    }
    found
}

/// Whether a header names its scheme, and what follows is put in when it is sent: `Bearer ${TOKEN}`.
fn is_filled_in(header: &Captures<'_>) -> bool {
    let scheme = header.name("scheme").map(|scheme| scheme.as_str().to_ascii_lowercase());
    let after = header.name("after").map_or("", |after| after.as_str());
    scheme.is_some_and(|scheme| ["bearer", "basic", "token", "apikey"].contains(&scheme.as_str()))
        && after.starts_with(['$', '<', '{', '['])
}

fn is_parameter(name: &str) -> bool {
    ["sig", "signature", "auth", "x-amz-signature"].contains(&name.to_ascii_lowercase().as_str())
}

static PATTERNS: LazyLock<Vec<(Regex, Hint)>> = LazyLock::new(|| {
    let address = "take it out: this file goes into the journal; a `token` is named by where it is kept";
    let command = "let the program read it from where it is kept: this file goes into the journal";
    let any = "take it out: this file goes into the journal";
    [
        (r"\b[A-Za-z][A-Za-z0-9+.-]*://[^/\s@:\x22']*:[^/\s@\x22'$<{\[][^/\s@\x22']*@", "an address holds a user and a password", address),
        (r"\b(?:https?|nats|tls|wss?)://[^/\s@:\x22'$<{\[][^/\s@:\x22']*@", "an address holds a user or a token", address),
        (r"[?&](?<name>[A-Za-z0-9_.-]+)=[^&\s\x22'#$<{\[][^&\s\x22'#]*", "an address holds a secret as a parameter", address),
        (
            r"(?:^|[\s\x22'])(?:--?)?(?<name>[A-Za-z_][A-Za-z0-9_-]*)=[^\s\x22'$<{\[][^\s\x22']*",
            "an option or a variable holds a secret",
            command,
        ),
        (
            r"(?i)\b(?:(?:proxy-)?authorization|x-[a-z-]*(?:key|token|secret))\s*:\s*(?<scheme>[^\s\x22'$<{\[][^\s\x22']*)(?:\s+(?<after>[^\s\x22']+))?",
            "a header holds a secret",
            command,
        ),
        (r"-----BEGIN [A-Z ]*PRIVATE KEY-----", "a private key stands here as it is", any),
        (
            r"\b(?:gh[pousr]_[A-Za-z0-9]{20,}|glpat-[A-Za-z0-9_-]{16,}|xox[abprs]-[A-Za-z0-9-]{10,}|AKIA[A-Z0-9]{16}|eyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,})",
            "something that looks like an access token stands here",
            any,
        ),
    ]
    .into_iter()
    .filter_map(|(pattern, what, advice)| Some((Regex::new(pattern).ok()?, Hint { what, advice })))
    .collect()
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pattern_is_one() {
        assert_eq!(PATTERNS.len(), 7);
    }

    #[test]
    fn secrets_in_text_are_found() {
        for text in [
            "postgres://app:hunter2@db/app",
            "https://abcdef0123@git.example.net/x",
            "see http://:hunter2@host/",
            "nats://hunter2@10.0.0.1:4222",
            "https://x/y?a=1&access_token=hunter2",
            "https://x/y?apiKey=hunter2",
            "https://x/y?sig=hunter2",
            "curl --password=hunter2 x",
            "export DB_PASSWORD=hunter2",
            "curl -H 'X-Api-Key: hunter2' x",
            "curl -H 'Authorization: Bearer hunter2' x",
            "curl -H 'Authorization: hunter2 ${MORE}' x",
            "-----BEGIN OPENSSH PRIVATE KEY-----",
            "ghp_0123456789012345678901234567890123456",
        ] {
            assert_eq!(in_text(text).len(), 1, "{text}");
        }
    }

    #[test]
    fn what_is_hidden_gives_nothing_away_and_leaves_the_lines() {
        for text in [
            "a\nexport DB_PASSWORD=hunter2 and TOKEN=hunter2\nb",
            "psql postgres://app:hunter2@db/app",
            "https://hunter2@git.example.net/x?token=hunter2",
            "curl -H 'Authorization: Bearer hunter2==' x",
            "https://a:hunter2=c@h/",
            "# Authorization:\n# hunter3",
            "-----BEGIN OPENSSH PRIVATE KEY-----",
        ] {
            let (hidden, count) = hide(text);
            assert!(count > 0 && !is_in(&hidden) && !hidden.contains("hunter2"), "{hidden}");
            assert_eq!(hidden.lines().count(), text.lines().count(), "{hidden}");
        }
        assert_eq!(hide("ask for the password"), ("ask for the password".to_owned(), 0));
    }

    #[test]
    fn ordinary_text_is_left_alone() {
        for text in [
            "http://127.0.0.1:9100/metrics?format=text&x=1",
            "ssh://git@host/repo",
            "tell ops@example.net at 10:30",
            "Is the token refreshed? password rotation is done",
            "journalctl -f --unit=app --output=cat",
            "key = \"app\"",
            "token={env=\"METRICS_TOKEN\"}",
            "psql postgresql://app:${DB_PASSWORD}@db/app",
            "https://$TOKEN@git.example.net/x",
            "run it with --token=$TOKEN or TOKEN=$(vault read x)",
            "https://x/y?token=<yours>&sig={sig}",
            "curl -H \"Authorization: Bearer ${TEST_TOKEN}\" x",
            "Authorization: token $TOKEN",
            "ask for the password: the lead has it",
            "tcp:10.0.0.5:9999",
        ] {
            assert_eq!(in_text(text), [], "{text}");
        }
    }

    #[test]
    fn names_give_secrets_away() {
        for name in ["token", "api_key", "API-Key", "client_secret", "db_password", "github_token"] {
            assert!(names_a_secret(name), "{name}");
        }
        for name in ["key", "mark", "secretary", "tokens_per_second", "passes"] {
            assert!(!names_a_secret(name), "{name}");
        }
    }
}
