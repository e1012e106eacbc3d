//! Which requests come to a chain, in words.
use super::super::{Policy, Route};

/// The routes that a chain serves, of those that are asked about, in words: `` `fast` and `auto` of
/// the class `easy` ``. Empty where it serves none of them by itself.
pub(super) fn routes(policy: &Policy, chain: usize, asked: impl Fn(&Route) -> bool) -> String {
    let mut found: Vec<String> = Vec::new();
    for route in policy.routes().iter().filter(|route| asked(route)) {
        let name = route.names.first().map(String::as_str).unwrap_or_default();
        if !policy.goes_by_class(route) {
            if route.chains.of(None) == Some(chain) {
                found.push(format!("`{name}`"));
            }
            continue;
        }
        for (at, class) in policy.classes().iter().enumerate() {
            if route.chains.of(Some(at)) == Some(chain) {
                found.push(format!("`{name}` of the class `{}`", class.name));
            }
        }
    }
    match found.split_last() {
        None => String::new(),
        Some((last, [])) => last.clone(),
        Some((last, others)) => format!("{} and {last}", others.join(", ")),
    }
}
