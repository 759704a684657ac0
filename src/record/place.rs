//! Where a record is kept in a repository: `<environment>/<date>-<service>-<version>`, with `.md` and `.json`.

use super::tell::tell;
use crate::domain::SessionId;
use crate::entry::History;

/// The most characters of one part of a name.
const LONGEST: usize = 60;

/// The place of a session's record below the directory that the profile names.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Place {
    /// The session.
    pub session: SessionId,
    /// The directory below that directory: the environment.
    pub environment: String,
    /// The files' name without its ending: the day of the first change or deploy action, else of the end, else of the
    /// opening, by UTC; the service; and the version, where one is said.
    pub stem: String,
}

impl Place {
    /// The files' name where another session's record has the plain one.
    pub fn stem_of_its_own(&self) -> String {
        let id: String = self.session.0.simple().to_string();
        // The end of an id is what tells two of one moment apart.
        let id: String = id.chars().skip(20).collect();
        format!("{}-{id}", self.stem)
    }
}

/// The place of a session's record; `None` where there is no entry that opens a session.
pub fn place(history: &History) -> Option<Place> {
    let story = tell(history)?;
    let at = story.began().or(story.closed.as_ref().map(|closed| closed.act.at)).unwrap_or(story.opened.at);
    let day: String = at.to_string().chars().take(10).collect();
    let service = name(&story.service, "service");
    let version = if story.to_version.is_empty() { &story.from_version } else { &story.to_version };
    let version = if version.is_empty() { String::new() } else { format!("-{}", name(version, "version")) };
    Some(Place {
        session: story.session,
        environment: name(&story.environment, "environment"),
        stem: format!("{day}-{service}{version}"),
    })
}

/// Words as a part of a file's name: no separators, nothing hidden, nothing that a shell would take for more.
fn name(words: &str, or: &str) -> String {
    let mut name = String::new();
    for character in words.chars().take(LONGEST) {
        if character.is_alphanumeric() || matches!(character, '.' | '_' | '+') {
            name.push(character);
        } else if !name.ends_with('-') {
            name.push('-');
        }
    }
    let name = name.trim_matches(['-', '.']);
    if name.is_empty() { or.to_owned() } else { name.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::name;

    #[test]
    fn no_words_lead_out_of_the_directory() {
        assert_eq!(name("../../etc/passwd", "x"), "etc-passwd");
        assert_eq!(name("payments api (eu)", "x"), "payments-api-eu");
        assert_eq!(name("v2.5.0+build.7", "x"), "v2.5.0+build.7");
        assert_eq!(name(" .. ", "environment"), "environment");
    }
}
