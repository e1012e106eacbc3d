//! One provider's cluster, for all of its models: how it is reached, and what an attempt passes on
//! the way.
use serde_json::{Value, json};

use super::endpoint::{options_of, reached};
use super::{Place, Secret, extension, named, plugin, secret};
use crate::dialect::provider::Credential;
use crate::policy::{Policy, Provider};

pub(super) fn cluster(
    policy: &Policy,
    provider: &Provider,
    place: &Place,
    secrets: &[Secret],
) -> Value {
    let endpoint = &provider.endpoint;
    let filters = filters(policy, provider, (place, secrets), false);
    if !endpoint.is_ip() {
        return named::cluster(provider, &filters);
    }
    let mut options = options_of(endpoint);
    if let Value::Object(fields) = &mut options {
        fields.insert("http_filters".into(), filters.into());
    }
    reached(&provider.name, endpoint, &place.authorities, options)
}

/// What a provider's requests pass on their way out, to itself or to the `hop`.
pub(super) fn filters(
    policy: &Policy,
    provider: &Provider,
    (place, secrets): (&Place, &[Secret]),
    hop: bool,
) -> Vec<Value> {
    let mut filters = vec![plugin::provider(&place.wasm, provider, policy, hop)];
    // After the module: it has removed what the attempt before left, and never sees this key.
    filters.extend(credential(provider, secrets));
    filters.push(codec());
    filters
}

/// What ends every chain of a cluster's filters.
pub(super) fn codec() -> Value {
    extension(
        "envoy.filters.http.upstream_codec",
        "envoy.extensions.filters.http.upstream_codec.v3.UpstreamCodec",
        json!({}),
    )
}

/// What adds the provider's key, where it wants one.
fn credential(provider: &Provider, secrets: &[Secret]) -> Option<Value> {
    let name = provider.secret.as_deref()?;
    let Credential { header, prefix } = &provider.dialect.credential;
    Some(injector(name, (header, prefix), secrets))
}

/// What adds a secret to a header, and what stands before it there.
pub(super) fn injector(name: &str, (header, before): (&str, &str), secrets: &[Secret]) -> Value {
    let mut generic = json!({
        "header": header,
        "credential": secret::reference(name, secrets),
    });
    if let Value::Object(fields) = &mut generic
        && !before.is_empty()
    {
        fields.insert("header_value_prefix".into(), before.into());
    }
    extension(
        "envoy.filters.http.credential_injector",
        "envoy.extensions.filters.http.credential_injector.v3.CredentialInjector",
        json!({
            "overwrite": true,
            "credential": extension(
                "envoy.http.injected_credentials.generic",
                "envoy.extensions.http.injected_credentials.generic.v3.Generic",
                generic,
            ),
        }),
    )
}
