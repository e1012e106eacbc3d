//! Limits with every field, for policies that have all there are.
use serde_json::{Value, json};

/// A rule with every field but those beside which the others cannot stand.
pub(crate) fn rate() -> Value {
    json!({
        "requests": 9, "per": "hour", "burst": 5, "by": "user", "tenants": ["acme"],
        "routes": ["auto"], "classes": ["odd"], "when": {"tools": true}, "observe": true,
        "name": "few",
    })
}

/// Limits of several proxies with every field.
pub(crate) fn global() -> Value {
    json!({
        "endpoint": "https://ratelimit:8081", "domain": "shop", "timeout": "20ms",
        "on_unavailable": "deny", "descriptors": [{"by": ["tenant", "user"], "counts": "tokens"}],
    })
}

/// A session with every cap.
pub(crate) fn session() -> Value {
    json!({"by": {"header": "x-team"}, "requests": 9, "credits": "1", "seconds": 60, "idle": "5m"})
}
