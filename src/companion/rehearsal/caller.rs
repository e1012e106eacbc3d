//! Whose request it is. A policy knows the digests of keys and no key, so whoever rehearses a
//! request in a tenant's name is given a key of its own, in the place of one of the tenant's.
use serde_json::{Value, json};

/// Who calls.
#[derive(Debug, Clone, Default)]
pub struct Caller {
    /// The tenant; `None` for whoever the policy names first.
    pub tenant: Option<String>,
    pub user: Option<String>,
    /// The name of a key.
    pub key: Option<String>,
}

/// The key, and its digest.
const KEY: (&str, &str) =
    ("tradewind-rehearsal", "2dd5cc397496366c7ff59dc150d004dbe68df39825b9e10e1b9069775c34df29");

impl Caller {
    /// Whether nobody in particular is meant.
    #[must_use]
    pub const fn is_anybody(&self) -> bool {
        self.tenant.is_none() && self.user.is_none() && self.key.is_none()
    }

    /// Has the policy know the caller, and says which header a request needs for that, if it needs
    /// one.
    ///
    /// # Errors
    /// Why the policy knows nobody of that name.
    pub fn enter(&self, policy: &mut Value) -> Result<Option<(String, String)>, String> {
        let mut known = Vec::new();
        let rows = policy.get_mut("identity").and_then(Value::as_array_mut);
        for row in rows.into_iter().flatten() {
            if let Some(anonymous) = row.get("anonymous") {
                if self.is(anonymous) {
                    return Ok(None);
                }
                known.push(name(anonymous));
            }
            let Some(section) = row.get_mut("api_key") else { continue };
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
            return Ok(Some((header.unwrap_or_else(|| "authorization".to_owned()), bearer)));
        }
        known.sort();
        known.dedup();
        let wanted = [("tenant", &self.tenant), ("user", &self.user), ("key", &self.key)];
        let wanted =
            wanted.iter().filter_map(|(what, own)| Some(format!("{what} `{}`", (*own).as_ref()?)));
        let wanted: Vec<String> = wanted.collect();
        let known = known.join(", ");
        Err(format!("the policy knows no {}: it knows {known}", wanted.join(" with ")))
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
