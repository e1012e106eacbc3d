//! Whose request it is. A policy knows the digests of keys and no key, so whoever rehearses a
//! request in a tenant's name is given a key of its own, in the place of one of the tenant's. Where
//! a token, a certificate or a node says who calls, the proxy is given what it would know of these.
use serde_json::{Map, Value, json};

use crate::policy::{Identity, Jwt, PEER, Policy, VERIFIER};

/// Who calls.
#[derive(Debug, Clone, Default)]
pub struct Caller {
    /// The tenant; `None` for whoever the policy names first.
    pub tenant: Option<String>,
    pub user: Option<String>,
    /// The name of a key.
    pub key: Option<String>,
    /// The claims of a token that was verified, as an object.
    pub jwt: Option<Value>,
    /// The first URI of the caller's certificate.
    pub peer: Option<String>,
    /// The metadata of the proxy's own node, as an object.
    pub node: Option<Value>,
}

/// How a caller is known.
#[derive(Debug, Clone, Default)]
pub struct Entered {
    /// The header that its request needs for that, if it needs one.
    pub header: Option<(String, String)>,
    /// What the proxy knows of it, by the names of its properties.
    pub caller: Value,
}

/// What looks like a token; the proxy has verified it.
const TOKEN: &str = "eyJhbGciOiJub25lIn0.e30.rehearsal";

/// The key, and its digest.
const KEY: (&str, &str) =
    ("tradewind-rehearsal", "2dd5cc397496366c7ff59dc150d004dbe68df39825b9e10e1b9069775c34df29");

impl Caller {
    /// Whether nobody in particular is meant.
    #[must_use]
    pub const fn is_anybody(&self) -> bool {
        self.tenant.is_none() && self.user.is_none() && self.key.is_none() && !self.is_shown()
    }

    /// Whether it is said how the caller is known.
    const fn is_shown(&self) -> bool {
        self.jwt.is_some() || self.peer.is_some() || self.node.is_some()
    }

    /// Has the policy know the caller, and says how it does.
    ///
    /// # Errors
    /// Why the policy knows nobody of that name.
    pub fn enter(&self, policy: &Policy, tree: &mut Value) -> Result<Entered, String> {
        if self.is_shown() {
            return self.shown(policy);
        }
        let mut known = Vec::new();
        let mut ways = policy.identity().iter().filter(|own| is_claimed(own));
        let rows = tree.get_mut("identity").and_then(Value::as_array_mut);
        for row in rows.into_iter().flatten() {
            if let Some(anonymous) = row.get("anonymous") {
                if self.is(anonymous) {
                    return Ok(Entered::default());
                }
                known.push(name(anonymous));
            }
            let Some(section) = row.get_mut("api_key") else {
                let way = if row.get("anonymous").is_none() { ways.next() } else { None };
                if let Some(way) = way {
                    match self.claims(way) {
                        Some(entered) => return Ok(entered),
                        None => known.extend(others(way)),
                    }
                }
                continue;
            };
            let header = section.get("header").and_then(Value::as_str).map(str::to_owned);
            let keys = section.get_mut("keys").and_then(Value::as_array_mut);
            let Some(keys) = keys else { continue };
            let Some(own) = keys.iter().find(|key| self.is(key)) else {
                known.extend(keys.iter().map(name));
                continue;
            };
            let mut own = own.clone();
            if let Some(digest) = own.get_mut("sha256") {
                *digest = json!(KEY.1);
            }
            keys.push(own);
            let bearer = format!("Bearer {}", KEY.0);
            let header = header.unwrap_or_else(|| "authorization".to_owned());
            return Ok(Entered { header: Some((header, bearer)), caller: Value::Null });
        }
        known.sort();
        known.dedup();
        let wanted = [("tenant", &self.tenant), ("user", &self.user), ("key", &self.key)];
        let wanted =
            wanted.iter().filter_map(|(what, own)| Some(format!("{what} `{}`", (*own).as_ref()?)));
        let wanted: Vec<String> = wanted.collect();
        let wanted = match wanted.is_empty() {
            true => "caller by a name of its own".to_owned(),
            false => wanted.join(" with "),
        };
        let known = known.join(", ");
        Err(format!("the policy knows no {wanted}: it knows {known}"))
    }

    /// A caller who is known by this, as far as the policy looks at it.
    fn shown(&self, policy: &Policy) -> Result<Entered, String> {
        let mut entered = Entered::default();
        if let Some(claims) = &self.jwt {
            let issuer = claims.get("iss").and_then(Value::as_str);
            let mut tokens =
                policy.tokens().filter(|own| issuer.is_none_or(|iss| iss == own.issuer));
            let Some(own) = tokens.next() else {
                let known: Vec<&str> = policy.tokens().map(|own| own.issuer.as_str()).collect();
                return Err(match known.is_empty() {
                    true => "jwt: the policy knows nobody by tokens".to_owned(),
                    false => format!(
                        "jwt: the policy knows no issuer `{}`: it knows {}",
                        issuer.unwrap_or_default(),
                        known.join(", ")
                    ),
                });
            };
            entered.of_token(own, claims.clone());
        }
        if let Some(peer) = &self.peer {
            put(&mut entered.caller, &PEER, json!(peer));
        }
        if let Some(node) = &self.node {
            put(&mut entered.caller, &["xds", "node", "metadata"], node.clone());
        }
        Ok(entered)
    }

    /// How a way knows a caller of that name by what others say; `None` where it knows no such one.
    fn claims(&self, way: &Identity) -> Option<Entered> {
        let listed = way.tenants();
        let first = listed.as_ref().and_then(|tenants| tenants.first().copied());
        let tenant = self.tenant.as_deref().or(first)?;
        let served = listed.as_ref().is_none_or(|tenants| tenants.contains(&tenant));
        let user = self.user.as_deref();
        (served && self.key.is_none()).then_some(())?;
        let mut entered = Entered::default();
        if let Some(own) = way.tokens() {
            let mut claims = Value::Null;
            own.claims(tenant, user).into_iter().for_each(|(path, value)| {
                put(&mut claims, path, json!(value));
            });
            entered.of_token(own, claims);
        } else if let Some(own) = way.certificates() {
            put(&mut entered.caller, &PEER, json!(own.example(tenant, user)));
        } else {
            let mut node = Value::Null;
            way.workload()?.metadata(tenant, user).into_iter().for_each(|(path, value)| {
                put(&mut node, path, json!(value));
            });
            put(&mut entered.caller, &["xds", "node", "metadata"], node);
        }
        Some(entered)
    }

    /// Whether a row of the policy is about them.
    fn is(&self, row: &Value) -> bool {
        [("tenant", &self.tenant), ("user", &self.user), ("key", &self.key)].iter().all(
            |(field, own)| match own {
                Some(own) => row.get(field).and_then(Value::as_str) == Some(own),
                None => true,
            },
        )
    }
}

impl Entered {
    /// Known by a token with these claims.
    fn of_token(&mut self, own: &Jwt, mut claims: Value) {
        put(&mut claims, &["iss"], json!(own.issuer));
        put(&mut self.caller, &["metadata", "filter_metadata", VERIFIER, &own.metadata], claims);
        let place = own.place();
        self.header = Some((place.name.to_string(), format!("{}{TOKEN}", place.scheme)));
    }
}

/// Whether others say who a caller is.
const fn is_claimed(way: &Identity) -> bool {
    way.tokens().is_some() || way.certificates().is_some() || way.workload().is_some()
}

/// Whom such a way knows, for people.
fn others(way: &Identity) -> Vec<String> {
    let option = match (way.tokens(), way.certificates()) {
        (Some(_), _) => "whoever a token names (--jwt)",
        (None, Some(_)) => "whoever a certificate names (--peer)",
        (None, None) => "whoever its node names (--node)",
    };
    let listed = way.tenants().map(|own| own.iter().map(|own| format!("`{own}`")).collect());
    listed.unwrap_or_else(|| vec![option.to_owned()])
}

/// Puts a value where a path leads.
fn put<S: AsRef<str>>(into: &mut Value, path: &[S], value: Value) {
    let Some((first, rest)) = path.split_first() else {
        *into = value;
        return;
    };
    if !into.is_object() {
        *into = Value::Object(Map::new());
    }
    if let Value::Object(members) = into {
        let at = members.entry(first.as_ref()).or_insert(Value::Null);
        put(at, rest, value);
    }
}

/// A row's caller, for people.
fn name(row: &Value) -> String {
    let text = |field: &str| row.get(field).and_then(Value::as_str);
    let mut out = format!("`{}`", text("tenant").unwrap_or_default());
    for field in ["user", "key"] {
        if let Some(own) = text(field) {
            out.push_str(&format!(" ({field} `{own}`)"));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use sha2::{Digest as _, Sha256};

    use super::KEY;

    #[test]
    fn the_digest_is_that_of_the_key() {
        let digest: String =
            Sha256::digest(KEY.0).iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(digest, KEY.1);
    }
}
