//! Who may call: bearer tokens of two scopes.
use axum::http::HeaderMap;
use axum::http::header::{AUTHORIZATION, HOST};
use sha2::{Digest as _, Sha256};

use super::base64;
use super::problem::ProblemDetails;

/// What a caller may do. Each scope includes those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Scope {
    /// Calls that tell nothing of any tenant, for which no token is needed.
    Open,
    /// The calls of a proxy: holds, settlements, renewals, one tenant's balance.
    Proxy,
    Admin,
}

/// The SHA-256 digests of the valid tokens, so that a dump of memory holds no token.
#[derive(Clone, Default)]
pub struct Tokens {
    admin: Vec<Digest>,
    proxy: Vec<Digest>,
}

type Digest = [u8; 32];

impl core::fmt::Debug for Tokens {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Tokens({} admin, {} proxy)", self.admin.len(), self.proxy.len())
    }
}

impl Tokens {
    /// Tokens by their text.
    #[must_use]
    pub fn new<A: AsRef<str>, P: AsRef<str>>(admin: &[A], proxy: &[P]) -> Self {
        Self {
            admin: admin.iter().map(|token| digest(token.as_ref())).collect(),
            proxy: proxy.iter().map(|token| digest(token.as_ref())).collect(),
        }
    }

    /// Whether there are no tokens, so that everybody may do everything.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.admin.is_empty() && self.proxy.is_empty()
    }

    /// Whether there are tokens, but none of an administrator.
    #[must_use]
    pub const fn lacks_admin(&self) -> bool {
        self.admin.is_empty() && !self.proxy.is_empty()
    }

    /// Checks a caller's token against the scope of a call.
    pub(super) fn allow(&self, scope: Scope, headers: &HeaderMap) -> Result<(), ProblemDetails> {
        self.check(scope, headers, bearer(headers))
    }

    /// The same for a page: a browser sends its token as the password of `Basic`.
    ///
    /// Only pages take it. A browser adds it to whatever another site makes it ask for, and a page
    /// changes nothing.
    pub(super) fn allow_browser(
        &self,
        scope: Scope,
        headers: &HeaderMap,
    ) -> Result<(), ProblemDetails> {
        let token = bearer(headers).or_else(|| password(headers));
        self.check(scope, headers, token)
    }

    fn check(
        &self,
        scope: Scope,
        headers: &HeaderMap,
        token: Option<String>,
    ) -> Result<(), ProblemDetails> {
        if scope == Scope::Open {
            return Ok(());
        }
        if self.is_empty() {
            return local(headers);
        }
        match token.and_then(|token| self.scope_of(&token)) {
            None => Err(ProblemDetails::unauthorized()),
            Some(own) if own < scope => Err(ProblemDetails::forbidden("this needs an admin token")),
            Some(_) => Ok(()),
        }
    }

    /// Compares with every token in full, so that the time taken tells nothing of them.
    fn scope_of(&self, token: &str) -> Option<Scope> {
        let given = digest(token);
        let among = |tokens: &[Digest]| {
            tokens.iter().fold(false, |found, token| {
                let differing =
                    token.iter().zip(&given).fold(0, |bits, (one, other)| bits | (one ^ other));
                found | (differing == 0)
            })
        };
        match (among(&self.admin), among(&self.proxy)) {
            (true, _) => Some(Scope::Admin),
            (false, true) => Some(Scope::Proxy),
            (false, false) => None,
        }
    }
}

fn digest(token: &str) -> Digest {
    Sha256::digest(token).into()
}

/// Without tokens a ledger listens on loopback only, but a web page may reach that too, when the
/// page's own name resolves to 127.0.0.1. Such a `host` has a dot, and is refused.
fn local(headers: &HeaderMap) -> Result<(), ProblemDetails> {
    let host = headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let name = match host.strip_prefix('[') {
        Some(v6) => v6.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    let address = name.parse::<std::net::IpAddr>().is_ok();
    if address || !name.contains('.') {
        return Ok(());
    }
    Err(ProblemDetails::forbidden(
        "a ledger without tokens answers to `localhost` or an address only",
    ))
}

fn bearer(headers: &HeaderMap) -> Option<String> {
    credentials(headers, "bearer").map(ToOwned::to_owned)
}

fn password(headers: &HeaderMap) -> Option<String> {
    let decoded = base64::decode(credentials(headers, "basic")?)?;
    let text = String::from_utf8(decoded).ok()?;
    text.split_once(':').map(|(_, password)| password.to_owned())
}

/// What follows the name of an authentication scheme, in upper or lower case.
fn credentials<'h>(headers: &'h HeaderMap, scheme: &str) -> Option<&'h str> {
    let (name, rest) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    name.eq_ignore_ascii_case(scheme).then(|| rest.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: axum::http::HeaderName, value: &str) -> HeaderMap {
        HeaderMap::from_iter([(name, value.parse().unwrap())])
    }

    #[test]
    fn scopes_contain_one_another() {
        let tokens = Tokens::new(&["root", "next"], &["envoy"]);
        let status = |scope, token: &str| {
            let allowed = tokens.allow(scope, &headers(AUTHORIZATION, token));
            allowed.map_or_else(|problem| problem.said().0.as_u16(), |()| 200)
        };
        assert_eq!(status(Scope::Admin, "Bearer root"), 200);
        assert_eq!(status(Scope::Admin, "bearer  next"), 200);
        assert_eq!(status(Scope::Proxy, "Bearer root"), 200);
        assert_eq!(status(Scope::Proxy, "Bearer envoy"), 200);
        assert_eq!(status(Scope::Admin, "Bearer envoy"), 403);
        for none in ["Bearer roo", "Bearer root2", "Bearer ", "root", "Basic OnJvb3Q="] {
            assert_eq!(status(Scope::Proxy, none), 401, "{none}");
            assert_eq!(status(Scope::Open, none), 200, "{none}");
        }
    }

    #[test]
    fn a_browser_sends_the_token_as_a_password() {
        let tokens = Tokens::new::<_, &str>(&["root"], &[]);
        let basic = headers(AUTHORIZATION, "Basic bWU6cm9vdA==");
        assert!(tokens.allow_browser(Scope::Admin, &basic).is_ok());
        assert!(tokens.allow(Scope::Admin, &basic).is_err());
    }

    #[test]
    fn without_tokens_a_web_pages_own_name_is_refused() {
        let open = Tokens::default();
        let hosts = [
            ("localhost:8700", true),
            ("127.0.0.1:8700", true),
            ("[::1]:8700", true),
            ("ledger", true),
            ("evil.example:8700", false),
            ("127.0.0.1.evil.example", false),
        ];
        for (host, allowed) in hosts {
            assert_eq!(open.allow(Scope::Admin, &headers(HOST, host)).is_ok(), allowed, "{host}");
        }
    }
}
