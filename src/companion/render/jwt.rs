//! What verifies tokens before the module sees a request, and what brings its keys.
//!
//! It refuses nobody: a token that is not good leaves no claims, and the module says so in the
//! app's words. So keys of apps may stand in the same header, which the filter would not let pass
//! otherwise, and an app that has both is known by what the policy names first.
use serde_json::{Map, Value, json};

use super::{Place, endpoint, extension};
use crate::policy::{Endpoint, Jwks, Jwt, Policy};

/// The filter's name. What it finds stands in metadata under the name of its kind.
pub(super) const FILTER: &str = "tradewind-jwt";

/// The filter; `None` where the policy knows nobody by tokens that it is to verify. Keys that are
/// on a server come by the cluster of that name.
pub(super) fn filter(policy: &Policy, cluster: fn(&Jwt, &Endpoint) -> String) -> Option<Value> {
    let own = || policy.tokens().filter_map(|own| Some((own, own.keys.as_ref()?)));
    let providers: Map<String, Value> =
        own().map(|(own, keys)| (own.metadata.clone(), provider(own, keys, cluster))).collect();
    if providers.is_empty() {
        return None;
    }
    let mut any: Vec<Value> =
        own().map(|(own, _)| json!({"provider_name": own.metadata})).collect();
    any.push(json!({"allow_missing_or_failed": {}}));
    Some(extension(
        FILTER,
        "envoy.extensions.filters.http.jwt_authn.v3.JwtAuthentication",
        json!({
            "providers": providers,
            // Every path: on one without a rule nothing is verified.
            "rules": [{
                "match": {"prefix": "/"},
                "requires": {"requires_any": {"requirements": any}},
            }],
        }),
    ))
}

fn provider(own: &Jwt, keys: &Jwks, cluster: fn(&Jwt, &Endpoint) -> String) -> Value {
    let place = own.place();
    let mut header = json!({"name": place.name});
    let mut provider = json!({
        "issuer": own.issuer,
        // Named, so that it is looked for in no query.
        "from_headers": [],
        "payload_in_metadata": own.metadata,
        "failed_status_in_metadata": own.failure(),
        "require_expiration": true,
        // By the header the module knows that there is something to ask for, and takes it away.
        "forward": true,
    });
    if let (false, Value::Object(fields)) = (place.scheme.is_empty(), &mut header) {
        fields.insert("value_prefix".into(), place.scheme.into());
    }
    let Value::Object(fields) = &mut provider else { return provider };
    fields.insert("from_headers".into(), json!([header]));
    if !own.audiences.is_empty() {
        fields.insert("audiences".into(), json!(own.audiences));
    }
    match keys {
        Jwks::In(file) => {
            fields.insert("local_jwks".into(), json!({"filename": file}));
        }
        Jwks::At(uri) => {
            fields.insert(
                "remote_jwks".into(),
                json!({
                    "http_uri": {
                        "uri": uri.to_string(), "cluster": cluster(own, uri), "timeout": "5s",
                    },
                    "cache_duration": "600s",
                    // Before the first request comes, and not in the way of any.
                    "async_fetch": {},
                    "retry_policy": {"num_retries": 2},
                }),
            );
        }
    }
    provider
}

/// The clusters of the keys that are on servers.
pub(super) fn clusters(policy: &Policy, place: &Place) -> Vec<Value> {
    let reached = |(own, uri): (&Jwt, &Endpoint)| {
        let name = cluster(own, uri);
        endpoint::reached(&name, uri, &place.authorities, endpoint::options_of(uri))
    };
    servers(policy).map(reached).collect()
}

/// Tokens whose keys are on a server, and where that is.
pub(super) fn servers(policy: &Policy) -> impl Iterator<Item = (&Jwt, &Endpoint)> {
    policy.tokens().filter_map(|own| match &own.keys {
        Some(Jwks::At(uri)) => Some((own, uri)),
        Some(Jwks::In(_)) | None => None,
    })
}

/// No name of a policy's begins like it.
pub(super) fn cluster(own: &Jwt, _: &Endpoint) -> String {
    format!("-jwks-{}", own.metadata)
}
