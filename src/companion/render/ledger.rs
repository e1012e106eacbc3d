//! The ledger's cluster: where the module asks for credits.
use serde_json::{Value, json};

use super::{Place, Secret, cluster};
use crate::policy::CreditPolicy;

/// None for a ledger whose cluster comes from elsewhere.
pub(super) fn cluster(credits: &CreditPolicy, place: &Place, secrets: &[Secret]) -> Option<Value> {
    let endpoint = credits.endpoint.as_ref()?;
    let token = credits.secret.as_deref();
    // The module never sees the token: it is added behind it.
    let mut filters: Vec<Value> = token
        .map(|name| cluster::injector(name, ("authorization", "Bearer "), secrets))
        .into_iter()
        .collect();
    filters.push(cluster::codec());
    let options = json!({
        // Sooner than a ledger closes an idle connection.
        "common_http_protocol_options": {"idle_timeout": "30s"},
        "explicit_http_config": {"http_protocol_options": {}},
        "http_filters": filters,
    });
    Some(cluster::reached(&credits.cluster, endpoint, &place.authorities, options))
}
