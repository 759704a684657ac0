//! The texts that people read: templates of the profile over a closed set of facts, with words that read well by default.
//!
//! A text is written with `{{ fact }}`, and with conditions where a fact may be empty: `{% if why %}: {{ why }}{% endif %}`.
//!
//! | fact | what it is |
//! | --- | --- |
//! | `service`, `environment` | as the profile names them |
//! | `from`, `to` | the versions, as `open --from --to` said; may be empty |
//! | `event` | the occasion: `verified` |
//! | `step` | the step's title; empty where it is about none |
//! | `weights` | `blue 30 %, green 70 %`; empty where it is about none |
//! | `who` | the operator, or `the guard errors` |
//! | `why` | the reason that was typed, or the evidence; may be empty |
//! | `when` | the time: `2026-11-21 14:02:11Z` |
//! | `session` | the session's id, as `flightdeck record` takes it |
//!
//! Invariant: what was checked when the profile was read can be filled in later; a fact that does not exist is refused in
//! every branch. What is filled in is masked: no card number and no address leaves in a message.

use std::collections::BTreeMap;

use minijinja::Value;

use crate::adapter::{log, template};
use crate::domain::notify::{News, Occasion};

/// The facts that a text may name.
pub const FACTS: [&str; 11] =
    ["service", "environment", "from", "to", "event", "step", "weights", "who", "why", "when", "session"];

/// What one text may cost to fill in.
const FUEL: u64 = 100_000;
/// The longest text that is sent.
const LONGEST: usize = 3_000;

/// The texts of one notifier.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Texts {
    /// For everything that has none of its own.
    pub all: Option<String>,
    /// By occasion.
    pub each: BTreeMap<Occasion, String>,
}

impl Texts {
    /// What people read of some news. One that cannot be filled in after all gives way to the default.
    pub fn fill(&self, news: &News) -> String {
        let own = self.each.get(&news.occasion).or(self.all.as_ref());
        let filled = own.and_then(|template| fill(template, news).ok());
        let text = filled.or_else(|| fill(default(news.occasion), news).ok());
        safe(&text.unwrap_or_else(|| news.occasion.word().to_owned()), LONGEST)
    }
}

/// A short text of the same facts, on one line; `None` where it cannot be filled in or comes to nothing.
pub(super) fn line(template: &str, news: &News) -> Option<String> {
    let text = safe(&fill(template, news).ok()?, 200).replace('\n', " ");
    (!text.is_empty()).then_some(text)
}

/// What it is about, on one line: the service, the environment, the versions.
pub fn title(news: &News) -> String {
    let News { service, environment, from, to, .. } = news;
    let versions = match (from.as_str(), to.as_str()) {
        ("", "") => String::new(),
        ("", to) => format!(" to {to}"),
        (from, "") => format!(" from {from}"),
        (from, to) => format!(" {from} → {to}"),
    };
    safe(&format!("{service} {environment}: deployment{versions}"), 200).replace('\n', " ")
}

/// The text of an occasion for which the profile has none.
pub fn default(occasion: Occasion) -> &'static str {
    match occasion {
        Occasion::Opened => {
            "{{ who }} opened the deployment of {{ service }} in {{ environment }}{% if to %}, {{ from or '?' }} → {{ to }}{% endif %}."
        }
        Occasion::Shift => {
            "{{ who }} moves traffic to {{ weights }}{% if step %} (step “{{ step }}”){% endif %}{% if why %}; {{ why }}{% endif %}."
        }
        Occasion::Verified => {
            "Traffic is at {{ weights }}, verified on every router{% if step %} (step “{{ step }}” is done){% endif %}."
        }
        Occasion::Left => "The change to {{ weights }} was left partly done{% if why %}: {{ why }}{% endif %}.",
        Occasion::Step => "Step “{{ step }}”: {{ why }} ({{ who }}).",
        Occasion::Drained => "{{ why }}.",
        Occasion::Drift => "{{ why }}: its weights are not what the plan gave it.",
        Occasion::Guard => "{{ who }} tripped: {{ why }}.",
        Occasion::RollingBack => "{{ who }} rolls back to {{ weights }}{% if why %}; {{ why }}{% endif %}.",
        Occasion::RolledBack => "Rolled back: traffic is at {{ weights }}, verified on every router.",
        Occasion::Held => "{{ who }} holds the deployment: {{ why }}.",
        Occasion::Released => "{{ who }} released the hold: {{ why }}.",
        Occasion::Closed => "{{ who }} closed the deployment of {{ service }} in {{ environment }}: {{ why }}.",
    }
}

/// What is wrong with a text, in words.
///
/// # Errors
/// When it cannot be read, or names a fact that there is not.
pub fn check(template: &str) -> Result<(), String> {
    let environment = template::environment(FUEL);
    let parsed = environment.template_from_str(template).map_err(|error| template::told(&error))?;
    let stranger = template::stranger(&environment, &parsed, &FACTS);
    match stranger {
        None => Ok(()),
        Some(stranger) => Err(format!("has `{stranger}`, and there are {} only", FACTS.join(", "))),
    }
}

fn fill(template: &str, news: &News) -> Result<String, String> {
    let News { occasion, service, environment, from, to, step, weights, who, why, at, session, entry: _ } = news;
    let facts = [
        ("service", service.clone()),
        ("environment", environment.clone()),
        ("from", from.clone()),
        ("to", to.clone()),
        ("event", occasion.word().to_owned()),
        ("step", step.clone()),
        ("weights", weights.clone()),
        ("who", who.clone()),
        ("why", why.clone()),
        ("when", at.long()),
        ("session", session.to_string()),
    ];
    let facts = Value::from_pairs(facts.map(|(name, fact)| (name, Value::from(fact))));
    template::environment(FUEL).render_str(template, facts).map_err(|error| template::told(&error))
}

/// Text that may leave: no control characters but the ends of lines, nothing personal, not longer than `most`.
fn safe(text: &str, most: usize) -> String {
    let clean: String = text.trim().chars().filter(|c| *c == '\n' || !c.is_control()).collect();
    let masked = log::masked(clean);
    let mut short: String = masked.chars().take(most).collect();
    if short.len() < masked.len() {
        short.push('…');
    }
    short
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{SessionId, Timestamp};

    fn news(occasion: Occasion) -> News {
        News {
            occasion,
            service: "payments-api".to_owned(),
            environment: "prod".to_owned(),
            from: "2.4.0".to_owned(),
            to: "2.5.0".to_owned(),
            step: "Blue 30".to_owned(),
            weights: "blue 30 %, green 70 %".to_owned(),
            who: "ana".to_owned(),
            why: "errors: 1.4 % > 1 %".to_owned(),
            at: Timestamp(1_795_269_600_000),
            session: SessionId(uuid::Uuid::from_u128(7)),
            entry: 12,
        }
    }

    #[test]
    fn every_default_reads_well_with_and_without_its_facts() {
        for occasion in Occasion::ALL {
            assert_eq!(check(default(occasion)), Ok(()), "{occasion}");
            let text = Texts::default().fill(&news(occasion));
            assert!(text.ends_with('.') && !text.contains("{{") && !text.contains("  "), "{text}");
            let empty = String::new;
            let bare = News { from: empty(), to: empty(), step: empty(), ..news(occasion) };
            let text = Texts::default().fill(&bare);
            assert!(!text.contains("  ") && !text.contains("→") && text.ends_with('.'), "{text}");
        }
        let told = |occasion| Texts::default().fill(&news(occasion));
        assert_eq!(told(Occasion::Opened), "ana opened the deployment of payments-api in prod, 2.4.0 → 2.5.0.");
        assert_eq!(
            told(Occasion::Verified),
            "Traffic is at blue 30 %, green 70 %, verified on every router (step “Blue 30” is done)."
        );
        assert_eq!(title(&news(Occasion::Guard)), "payments-api prod: deployment 2.4.0 → 2.5.0");
    }

    #[test]
    fn a_text_of_its_own_wins_over_the_one_for_all() {
        let each = BTreeMap::from([(Occasion::Held, "halt: {{ why }}".to_owned())]);
        let texts = Texts { all: Some("{{ event }} at {{ when }}".to_owned()), each };
        assert_eq!(texts.fill(&news(Occasion::Held)), "halt: errors: 1.4 % > 1 %");
        assert_eq!(texts.fill(&news(Occasion::Closed)), "closed at 2026-11-21 14:00:00Z");
    }

    #[test]
    fn a_fact_that_there_is_not_is_found_in_every_branch() {
        assert!(check("{% if false %}{{ wieghts }}{% endif %}").is_err_and(|why| why.contains("`wieghts`")));
        assert!(check("a\n{{ who").is_err_and(|why| why.contains("line 2")));
        assert_eq!(check("{% for one in range(2) %}{{ one }}{% endfor %} {{ who }}"), Ok(()));
    }

    #[test]
    fn nothing_personal_and_no_control_character_leaves() {
        let why = "card 4111 1111 1111 1111 of ana@example.com\u{1b}[2J".to_owned();
        let text = Texts::default().fill(&News { why, ..news(Occasion::Held) });
        assert!(!text.contains("4111 1111") && !text.contains("ana@example.com") && !text.contains('\u{1b}'), "{text}");
    }
}
