//! How much of an app's headers is held while its body comes.
use crate::dialect::{Client, Fault, FaultKind};
use crate::policy::shown;

/// Most bytes of headers, names included, that one request has the module hold: 4 KiB. A worker
/// holds them for every request whose body has not come to its end, so what an app may send here,
/// times the streams that it may open, is what it can make the worker hold.
const HELD: usize = 4096;

/// Longest id of a request: Envoy's own have 36 characters.
const ID: usize = 128;

/// Refuses headers of which more would have to be held: those that travel on and those by which
/// something is decided, with their values, and the names of those that are taken out. However
/// often a name stands, each of them counts.
///
/// # Errors
/// 431 with the name at which it is too much.
pub(super) fn check(
    headers: &[(String, Vec<u8>)],
    client: &Client,
    stripped: &[String],
    deciding: &[(String, String)],
) -> Result<(), Fault> {
    let mut held = 0_usize;
    let carried =
        headers.iter().filter(|(name, _)| client.forwarded_headers.contains(&name.as_str()));
    let carried = carried.map(|(name, value)| (name, name.len().saturating_add(value.len())));
    let deciding =
        deciding.iter().map(|(name, value)| (name, name.len().saturating_add(value.len())));
    let carried = carried.chain(deciding);
    for (name, bytes) in carried.chain(stripped.iter().map(|name| (name, name.len()))) {
        held = held.saturating_add(bytes);
        if held > HELD {
            let name = shown(name);
            let message = format!(
                "`{name}`: the request's headers are too large: with this one they are over the \
                 {HELD} bytes that this gateway carries for a request; send less"
            );
            let fault = Fault::new(FaultKind::InvalidRequest, message).with_status(431);
            return Err(Fault { param: Some(name), ..fault });
        }
    }
    Ok(())
}

/// An id as it is held, said in headers and told to the ledger: visible, and not too long.
pub(super) fn id(given: &str) -> &str {
    let end = given.bytes().take(ID).take_while(u8::is_ascii_graphic).count();
    given.get(..end).unwrap_or_default()
}
