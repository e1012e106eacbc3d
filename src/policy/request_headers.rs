//! `request_headers`: the headers of an app that questions may ask for.
use super::field::{Kind, List, Read, Shape, Spot, Text, shown};
use super::identity::Identity;

/// Most headers that a policy lists.
const MOST: usize = 16;

/// Headers that carry a credential, whatever the policy says of keys.
const CREDENTIALS: [&str; 5] =
    ["authorization", "cookie", "proxy-authorization", "x-api-key", "x-goog-api-key"];

pub(super) const REQUEST_HEADERS: List = List::of("names of request headers", &HeaderName).unique();

/// The name of a request header.
#[derive(Debug, Clone, Copy)]
pub(super) struct HeaderName;

impl Kind for HeaderName {
    fn shape(&self) -> Shape {
        Shape::Text(Text {
            what: "the name of a header",
            pattern: "^[0-9A-Za-z][0-9A-Za-z.-]*$",
            longest: Some(LONGEST),
            example: "x-team",
            ..Text::default()
        })
    }
}

const LONGEST: usize = 64;

/// A header of its own, which no question needs to ask for.
impl Read for HeaderName {
    type Value = String;

    fn read(&self, spot: &Spot<'_>) -> Option<String> {
        let text = spot.text("the name of a header")?;
        let name = text.to_ascii_lowercase();
        if !is_name(&name) {
            spot.problem(not_a_name(text));
        } else if CREDENTIALS.contains(&name.as_str()) {
            spot.problem(format!("`{name}` carries a credential"));
        } else {
            return Some(name);
        }
        None
    }
}

fn is_name(name: &str) -> bool {
    let safe = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-');
    let begins = name.starts_with(|first: char| first.is_ascii_alphanumeric());
    begins && name.bytes().all(safe) && name.len() <= LONGEST
}

fn not_a_name(text: &str) -> String {
    format!("`{}` is not the name of a header: expected letters, digits, `-` and `.`", shown(text))
}

/// The name of a header, in lower case; `None`, and a report, where the policy does not list it.
pub(super) fn listed(name: &str, spot: &Spot<'_>, headers: &[String]) -> Option<String> {
    let own = name.to_ascii_lowercase();
    if headers.contains(&own) {
        return Some(own);
    }
    spot.problem(format!(
        "`{}` is none of the `request_headers` of this policy: list it there",
        shown(name)
    ));
    None
}

/// Reads the names, in lower case.
pub(super) fn read(spot: Option<Spot<'_>>, identity: &[Identity]) -> Vec<String> {
    let items = spot.and_then(|spot| {
        let items = REQUEST_HEADERS.items(&spot)?;
        if items.len() > MOST {
            spot.problem(format!("{} headers are more than {MOST}: list fewer", items.len()));
        }
        Some(items)
    });
    let mut names: Vec<String> = Vec::new();
    for item in items.unwrap_or_default() {
        let Some(text) = item.text("the name of a header") else { continue };
        let name = text.to_ascii_lowercase();
        let places = || identity.iter().flat_map(Identity::credential_headers);
        if !is_name(&name) {
            item.problem(not_a_name(text));
        } else if CREDENTIALS.contains(&name.as_str()) || places().any(|own| own.name == name) {
            item.problem(format!("`{name}` carries a credential: no question may ask for it"));
        } else if names.contains(&name) {
            item.problem(format!("`{name}` stands in this list before"));
        }
        names.push(name);
    }
    names
}
