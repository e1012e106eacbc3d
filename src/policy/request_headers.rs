//! `request_headers`: the headers of an app that questions may ask for.
use super::app_header::AppHeader;
use super::field::{List, Spot, shown};
use super::identity::Identity;

/// Most headers that a policy lists.
const MOST: usize = 16;

pub(super) const REQUEST_HEADERS: List =
    List::of("names of request headers", &AppHeader::Question).unique();

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
        let own = AppHeader::Question;
        if let Some(why) = own.wrong(&name).or_else(|| carries_credential(&name, identity)) {
            own.refuse(&item, text, why);
        } else if names.contains(&name) {
            item.problem(format!("`{name}` stands in this list before"));
        }
        names.push(name);
    }
    names
}

/// Why a header, by its name in lower case, holds nothing else: the policy looks for credentials
/// there.
pub(super) fn carries_credential(name: &str, identity: &[Identity]) -> Option<&'static str> {
    let mut places = identity.iter().flat_map(Identity::credential_headers);
    places.any(|own| own.name == name).then_some("it carries a credential")
}
