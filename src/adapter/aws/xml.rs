//! Answers of AWS as trees, and trees as the form of a request.
//!
//! What a rule holds beside the weights goes back as it came, also what flightdeck has no name for; so an answer is kept as
//! a tree and not read into types.

use quick_xml::Reader;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::Event;

/// Deeper than any answer of AWS.
const DEEPEST: usize = 40;

/// One element.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Element {
    /// Its name without a namespace.
    pub(crate) name: String,
    /// The text in it, without the space around.
    pub(crate) text: String,
    /// The elements in it.
    pub(crate) children: Vec<Self>,
}

impl Element {
    /// An element with a text.
    pub(crate) fn leaf(name: &str, text: impl Into<String>) -> Self {
        Self { name: name.to_owned(), text: text.into(), children: Vec::new() }
    }

    /// An element with others in it.
    pub(crate) fn of(name: &str, children: Vec<Self>) -> Self {
        Self { name: name.to_owned(), text: String::new(), children }
    }

    /// The first child of a name.
    pub(crate) fn child(&self, name: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.name == name)
    }

    /// The element at the end of a path of names.
    pub(crate) fn at(&self, path: &[&str]) -> Option<&Self> {
        path.iter().try_fold(self, |element, name| element.child(name))
    }

    /// The text of a child; empty where there is none.
    pub(crate) fn text(&self, name: &str) -> &str {
        self.child(name).map_or("", |child| &child.text)
    }

    /// The members of a list in it.
    pub(crate) fn list(&self, name: &str) -> impl Iterator<Item = &Self> {
        self.child(name).into_iter().flat_map(|list| &list.children)
    }

    /// The first element of a name in it, however deep.
    pub(crate) fn anywhere(&self, name: &str) -> Option<&Self> {
        self.children.iter().find_map(|child| if child.name == name { Some(child) } else { child.anywhere(name) })
    }

    /// As fields of a form, under this name. Lists and maps are numbered from one; what is empty is left out.
    pub(crate) fn fields(&self, under: &str, form: &mut Vec<(String, String)>) {
        if self.children.is_empty() {
            if !self.text.is_empty() {
                form.push((under.to_owned(), self.text.clone()));
            }
            return;
        }
        let mut count = 0;
        for child in &self.children {
            if matches!(child.name.as_str(), "member" | "entry") {
                count += 1;
                child.fields(&format!("{under}.{}.{count}", child.name), form);
            } else {
                child.fields(&format!("{under}.{}", child.name), form);
            }
        }
    }
}

/// Reads a whole document.
///
/// # Errors
/// What is wrong with it, for people.
pub(crate) fn read(bytes: &[u8]) -> Result<Element, String> {
    let text = std::str::from_utf8(bytes).map_err(|error| format!("it is not UTF-8: {error}"))?;
    let mut reader = Reader::from_str(text);
    // What is open, the document itself at the bottom.
    let mut open = vec![Element::default()];
    loop {
        match reader.read_event().map_err(|error| format!("it is not XML: {error}"))? {
            Event::Start(start) => {
                if open.len() > DEEPEST {
                    return Err("it is nested too deeply".to_owned());
                }
                open.push(Element { name: start.local_name().as_ref().to_owned(), ..Element::default() });
            }
            Event::Empty(start) => {
                let leaf = Element { name: start.local_name().as_ref().to_owned(), ..Element::default() };
                if let Some(top) = open.last_mut() {
                    top.children.push(leaf);
                }
            }
            Event::End(_) => close(&mut open),
            Event::Text(text) => say(&mut open, &text.xml10_content()),
            Event::CData(text) => say(&mut open, &text.xml10_content()),
            Event::GeneralRef(reference) => {
                let named = resolve_predefined_entity(&reference).map(str::to_owned);
                let resolved = match reference.resolve_char_ref() {
                    Ok(Some(character)) => Some(character.to_string()),
                    Ok(None) | Err(_) => named,
                };
                let unknown = || format!("it refers to an entity that it does not define: &{};", &*reference);
                say(&mut open, &resolved.ok_or_else(unknown)?);
            }
            Event::Eof => break,
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) => {}
        }
    }
    match (open.pop(), open.is_empty()) {
        (Some(mut document), true) if document.children.len() == 1 => {
            document.children.pop().ok_or_else(|| "it is empty".to_owned())
        }
        (_, true) => Err("it is not one XML document".to_owned()),
        (_, false) => Err("it is cut off".to_owned()),
    }
}

fn say(open: &mut [Element], text: &str) {
    if let Some(top) = open.last_mut() {
        top.text.push_str(text);
    }
}

/// The element on top is over and goes into the one below.
fn close(open: &mut Vec<Element>) {
    // The reader refuses an end without a beginning, so the document itself is never closed.
    if open.len() > 1
        && let Some(mut over) = open.pop()
        && let Some(top) = open.last_mut()
    {
        let text = over.text.trim().to_owned();
        over.text = text;
        top.children.push(over);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_goes_back_as_a_form() {
        let text = "<?xml version=\"1.0\"?><Answer xmlns=\"urn:a\"><Actions>\n <member><Type>authenticate-oidc</Type><Order>1</Order>\
            <AuthenticateOidcConfig><Scope>openid &amp; mail&#33;</Scope><AuthenticationRequestExtraParams><entry><key>prompt\
            </key><value>login</value></entry></AuthenticationRequestExtraParams></AuthenticateOidcConfig></member>\
            <member><Type>forward</Type><Empty/></member></Actions></Answer>";
        let tree = read(text.as_bytes()).expect("it is a document");
        let mut form = Vec::new();
        tree.child("Actions").expect("it has actions").fields("Actions", &mut form);
        let form: Vec<String> = form.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let oidc = "Actions.member.1.AuthenticateOidcConfig";
        assert_eq!(
            form,
            [
                "Actions.member.1.Type=authenticate-oidc".to_owned(),
                "Actions.member.1.Order=1".to_owned(),
                format!("{oidc}.Scope=openid & mail!"),
                format!("{oidc}.AuthenticationRequestExtraParams.entry.1.key=prompt"),
                format!("{oidc}.AuthenticationRequestExtraParams.entry.1.value=login"),
                "Actions.member.2.Type=forward".to_owned(),
            ]
        );
    }

    #[test]
    fn what_is_no_document_is_told() {
        let deep = "<a>".repeat(100);
        for bad in ["", "welcome", "<a>", "<a></b>", "<a/><b/>", "<a>&what;</a>", "{\"a\":1}", deep.as_str()] {
            assert!(read(bad.as_bytes()).is_err(), "{bad:?}");
        }
        assert!(read(&[0xff, 0xfe]).is_err());
    }
}
