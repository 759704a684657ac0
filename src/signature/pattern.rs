//! Lists of patterns as `ssh_config` has them: `*@example.com,!guest@example.com`.

/// Patterns with `*` and `?`, each perhaps denied by `!`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct PatternList(Vec<Pattern>);

#[derive(Clone, PartialEq, Eq, Debug)]
struct Pattern {
    is_denied: bool,
    text: String,
}

impl PatternList {
    /// Reads a list; `None` when one of its patterns is empty.
    pub(super) fn parse(list: &str) -> Option<Self> {
        let pattern = |text: &str| {
            let (is_denied, text) = text.strip_prefix('!').map_or((false, text), |text| (true, text));
            (!text.is_empty()).then(|| Pattern { is_denied, text: text.to_owned() })
        };
        list.split(',').map(pattern).collect::<Option<_>>().map(Self)
    }

    /// Whether a pattern fits and none that is denied does.
    pub(super) fn matches(&self, name: &str) -> bool {
        let fitting = |is_denied| {
            let mut patterns = self.0.iter().filter(move |pattern| pattern.is_denied == is_denied);
            patterns.any(|pattern| fits(name.as_bytes(), pattern.text.as_bytes()))
        };
        fitting(false) && !fitting(true)
    }
}

/// Whether a name fits a pattern, byte by byte as OpenSSH compares them.
fn fits(name: &[u8], pattern: &[u8]) -> bool {
    let (mut at, mut of) = (0, 0);
    // Where to go on when the last star has to take one byte more.
    let mut star = None;
    while at < name.len() {
        match pattern.get(of) {
            Some(b'*') => {
                star = Some((at, of));
                of += 1;
            }
            Some(byte) if *byte == b'?' || Some(byte) == name.get(at) => {
                at += 1;
                of += 1;
            }
            Some(_) | None => match star {
                Some((from, stood)) => {
                    star = Some((from + 1, stood));
                    at = from + 1;
                    of = stood + 1;
                }
                None => return false,
            },
        }
    }
    pattern.iter().skip(of).all(|byte| *byte == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_fit_as_in_ssh_config() {
        for (list, name, is_match) in [
            ("anna@example.com", "anna@example.com", true),
            ("anna@example.com", "Anna@example.com", false),
            ("*@example.com", "anna@example.com", true),
            ("*@example.com", "anna@example.com.evil", false),
            ("*", "", true),
            ("a?c", "abc", true),
            ("a?c", "ac", false),
            ("*b*b*", "abcbd", true),
            ("*b*b*", "abcd", false),
            ("x,*@example.com", "x", true),
            ("*@example.com,!guest@example.com", "guest@example.com", false),
            ("!guest@example.com,*@example.com", "anna@example.com", true),
            ("!guest@example.com", "anna@example.com", false),
        ] {
            let list = PatternList::parse(list).expect("it is a list");
            assert_eq!(list.matches(name), is_match, "{list:?} {name}");
        }
    }

    #[test]
    fn an_empty_pattern_is_a_slip() {
        for list in ["", "a,", ",a", "a,,b", "!"] {
            assert_eq!(PatternList::parse(list), None, "{list:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn stars_agree_with_trying_every_split(name in "[ab]{0,8}", pattern in "[ab?*]{0,6}") {
            fn naive(name: &[u8], pattern: &[u8]) -> bool {
                match pattern.split_first() {
                    None => name.is_empty(),
                    Some((b'*', rest)) => (0..=name.len()).any(|taken| naive(&name[taken..], rest)),
                    Some((byte, rest)) => {
                        name.split_first().is_some_and(|(first, name)| (*byte == b'?' || byte == first) && naive(name, rest))
                    }
                }
            }
            proptest::prop_assert_eq!(fits(name.as_bytes(), pattern.as_bytes()), naive(name.as_bytes(), pattern.as_bytes()));
        }
    }
}
