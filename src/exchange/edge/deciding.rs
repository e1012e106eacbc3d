//! The headers of an app by which something is decided.
use crate::decide::{CACHE_CONTROL, CHAIN, CLASS};
use crate::dialect::{Fault, FaultKind};
use crate::policy::Policy;

/// Headers that are lists by what defines them: the lines of one are one value (RFC 9110, 5.3).
const LISTS: [&str; 14] = [
    "accept",
    "accept-charset",
    "accept-encoding",
    "accept-language",
    "anthropic-beta",
    "baggage",
    CACHE_CONTROL,
    "forwarded",
    "openai-beta",
    "tracestate",
    "via",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-proto",
];

/// The headers that questions of the policy may ask for, and those by which an app chooses; of what
/// it says of the cache and of its time each line.
///
/// # Errors
/// One of the others stands more than once: what is in front of the gateway may have added its own
/// to the app's, and nobody knows which of them is meant.
pub(super) fn read(
    headers: &[(String, Vec<u8>)],
    policy: &Policy,
) -> Result<Vec<(String, String)>, Fault> {
    let patience = policy.resilience().deadline.as_ref().and_then(|own| own.header.as_deref());
    let cached = policy.cache().is_some_and(|cache| cache.respect_no_cache);
    let cached = cached.then_some(CACHE_CONTROL);
    let each = [patience, cached];
    let mut deciding = Vec::new();
    for name in each.into_iter().flatten() {
        let each = lines(headers, name).map(String::from_utf8_lossy);
        deciding.extend(each.map(|line| (name.to_owned(), line.into_owned())));
    }
    let listed = policy.request_headers().iter().map(String::as_str);
    for name in listed.chain([CLASS, CHAIN]).filter(|name| !each.contains(&Some(name))) {
        let mut lines = lines(headers, name);
        let Some(first) = lines.next() else { continue };
        let Some(second) = lines.next() else {
            deciding.extend(own(name, first));
            continue;
        };
        if !LISTS.contains(&name) {
            let message = format!(
                "`{name}` stands more than once among the request's headers: send it once, with \
                 one value"
            );
            let fault = Fault::new(FaultKind::InvalidRequest, message);
            return Err(Fault { param: Some(name.to_owned()), ..fault });
        }
        let all = [first, second].into_iter().chain(lines).collect::<Vec<_>>().join(&b", "[..]);
        deciding.extend(own(name, &all));
    }
    Ok(deciding)
}

/// The lines of a header, in order.
fn lines<'h>(headers: &'h [(String, Vec<u8>)], name: &str) -> impl Iterator<Item = &'h [u8]> {
    let lines = headers.iter().filter(move |(own, _)| own == name);
    lines.map(|(_, line)| line.as_slice())
}

/// A header whose value is text: of another one nothing can be asked.
fn own(name: &str, value: &[u8]) -> Option<(String, String)> {
    Some((name.to_owned(), core::str::from_utf8(value).ok()?.to_owned()))
}
