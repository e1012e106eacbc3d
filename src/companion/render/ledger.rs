//! The ledger's cluster: where the module asks for credits.
use serde_json::{Value, json};

use super::{Place, Secret, cluster, endpoint};
use crate::policy::{CreditPolicy, Endpoint};

/// The ledger's cluster; `None` for a ledger whose cluster comes from elsewhere.
pub(super) fn cluster(credits: &CreditPolicy, place: &Place, secrets: &[Secret]) -> Option<Value> {
    let endpoint = credits.endpoint.as_ref()?;
    let options = options(credits, endpoint, secrets);
    Some(endpoint::reached(&credits.cluster, endpoint, &place.authorities, options))
}

/// How the ledger is spoken to, and what adds the token that the module never sees.
pub(super) fn options(credits: &CreditPolicy, endpoint: &Endpoint, secrets: &[Secret]) -> Value {
    let protocol = match (endpoint.tls, credits.http2) {
        (true, _) => {
            ("auto_config", json!({"http_protocol_options": {}, "http2_protocol_options": {}}))
        }
        // Many calls at once share a connection, and so the system calls.
        (false, true) => ("explicit_http_config", json!({"http2_protocol_options": {}})),
        (false, false) => ("explicit_http_config", json!({"http_protocol_options": {}})),
    };
    let mut options = json!({
        // Sooner than a ledger closes an idle connection.
        "common_http_protocol_options": {"idle_timeout": "30s"},
        protocol.0: protocol.1,
    });
    if let (Some(name), Value::Object(fields)) = (&credits.secret, &mut options) {
        let token = cluster::injector(name, ("authorization", "Bearer "), secrets);
        fields.insert("http_filters".into(), json!([token, cluster::codec()]));
    }
    options
}
