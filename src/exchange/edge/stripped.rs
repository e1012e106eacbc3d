//! What an app sent that goes no further than the edge role.
use crate::policy::{Identity, Policy};

/// What the name of a header has in it that carries a credential, or may.
const SECRETIVE: [&str; 8] =
    ["auth", "key", "token", "secret", "cookie", "credential", "password", "session"];

/// What an app sent that goes no further than the edge role.
#[derive(Debug, Default)]
pub(super) struct Stripped {
    headers: Vec<String>,
    /// The path without its query, where it has one: some apps put a key there.
    path: Option<String>,
}

impl Stripped {
    /// Of these request headers: what may be a credential, and what steers Envoy. Envoy reads its
    /// own request headers for retries and time limits, and takes not all of them from an app's.
    pub(super) fn of(headers: &[(String, Vec<u8>)], policy: &Policy) -> Self {
        let names = headers.iter().map(|(name, _)| name);
        let own = names.filter(|name| steers(name) || secretive(name) || looked_in(policy, name));
        let path = headers.iter().find(|(name, _)| name == ":path").map(|(_, path)| path);
        let path = path.and_then(|path| core::str::from_utf8(path).ok()?.split_once('?'));
        Self { headers: own.cloned().collect(), path: path.map(|(path, _)| path.to_owned()) }
    }

    /// The path without its query, where it has one.
    pub(super) fn path(&self) -> Option<&str> {
        self.path.as_deref()
    }

    /// The names of the headers.
    pub(super) fn names(&self) -> &[String] {
        &self.headers
    }
}

fn steers(name: &str) -> bool {
    name.starts_with("x-envoy-") && name != "x-envoy-external-address"
}

/// Every header of every request is looked at, so this takes no searcher of each word's own: most
/// places are passed by their first two letters.
fn secretive(name: &str) -> bool {
    let pairs = name.as_bytes().windows(2).enumerate();
    let begins = |at: usize| {
        let rest = name.as_bytes().get(at..).unwrap_or_default();
        SECRETIVE.iter().any(|word| rest.starts_with(word.as_bytes()))
    };
    let may_begin =
        |pair: &[u8]| matches!(pair, b"au" | b"ke" | b"to" | b"se" | b"co" | b"cr" | b"pa");
    !name.starts_with(':') && pairs.filter(|(_, pair)| may_begin(pair)).any(|(at, _)| begins(at))
}

/// Whether the policy looks for a credential in that header.
fn looked_in(policy: &Policy, name: &str) -> bool {
    let mut places = policy.identity().iter().flat_map(Identity::credential_headers);
    places.any(|place| place.name == name)
}

#[cfg(test)]
mod tests {
    use super::{SECRETIVE, secretive};

    #[test]
    fn a_secret_word_is_found_wherever_it_stands_in_a_name() {
        for word in SECRETIVE {
            for name in
                [word.to_owned(), format!("x-{word}"), format!("{word}-of"), format!("a{word}s")]
            {
                assert!(secretive(&name), "{name}");
            }
        }
        for name in
            ["content-type", "x-request-id", "accept", "te", "x", "", ":authority", "cookbook"]
        {
            assert!(!secretive(name), "{name}");
        }
    }
}
