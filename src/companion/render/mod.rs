//! A policy as the configuration of the proxy that serves it.
//!
//! Field names and defaults are those of Envoy's v3 API; where a value is not the default, the
//! place that sets it says why.
mod bootstrap;
mod bounds;
mod cluster;
mod dynamic;
mod endpoint;
mod global;
mod hop;
mod internal;
mod istio;
mod jwt;
mod ledger;
mod listener;
mod local_reply;
mod log;
mod named;
mod overload;
mod plugin;
mod resume;
mod route;
mod secret;
mod shadow;
mod stats;
#[cfg(test)]
mod tests;

pub use dynamic::{BOOTSTRAP, Before, CLUSTERS, Dynamic, LISTENERS, dynamic};
pub use istio::{Mesh, MeshProxy, alike as alike_in_a_mesh, istio, ledger_cluster};
pub use secret::{Secret, Source, Trouble};

use std::net::SocketAddr;
use std::path::Path;

use serde_json::Value;

use crate::policy::Policy;

/// What the policy does not say: where things are on the machine that Envoy runs on.
#[derive(Debug, Clone)]
pub struct Place {
    /// Where apps connect to.
    pub listen: SocketAddr,
    /// Where operators connect to.
    pub admin: SocketAddr,
    /// The path of the module.
    pub wasm: String,
    /// The path of the certificate authorities to trust.
    pub authorities: String,
    /// How apps are met by TLS; `None` where they are not.
    pub tls: Option<Tls>,
    /// The bytes that Envoy may allocate before it refuses requests. The modules' own memory is
    /// not among them.
    pub max_heap: u64,
}

/// How apps are met by TLS: paths of files in PEM.
#[derive(Debug, Clone)]
pub struct Tls {
    /// The listener's own certificate.
    pub certificate: String,
    /// The key of that.
    pub key: String,
    /// The authorities of apps' certificates; `None` where apps need none.
    pub client_authorities: Option<String>,
}

/// A policy, and the same as the canonical JSON that the module reads.
#[derive(Debug, Clone, Copy)]
pub struct Checked<'p> {
    pub policy: &'p Policy,
    /// The same as JSON.
    pub json: &'p str,
}

/// A complete bootstrap for Envoy 1.39 and later.
///
/// `secrets` holds one entry per secret that the policy names.
#[must_use]
pub fn envoy(checked: Checked<'_>, place: &Place, secrets: &[Secret]) -> Value {
    bootstrap::bootstrap(checked, place, secrets)
}

/// A message inside an `Any`: its type goes first.
fn any(message: &str, fields: Value) -> Value {
    let mut typed = serde_json::Map::new();
    typed.insert("@type".into(), format!("type.googleapis.com/{message}").into());
    if let Value::Object(fields) = fields {
        typed.extend(fields);
    }
    Value::Object(typed)
}

/// An extension: a name and its configuration.
fn extension(name: &str, message: &str, fields: Value) -> Value {
    serde_json::json!({"name": name, "typed_config": any(message, fields)})
}

/// A socket address as Envoy writes it.
fn address(host: &str, port: u16) -> Value {
    serde_json::json!({"socket_address": {"address": host, "port_value": port}})
}

/// Milliseconds as a protobuf duration.
fn duration(milliseconds: u64) -> String {
    format!("{}.{:03}s", milliseconds / 1000, milliseconds % 1000)
}

/// A file that Envoy reads resources from whenever it is replaced.
fn watched(path: &Path) -> Value {
    let folder = path.parent().unwrap_or(Path::new("/"));
    serde_json::json!({
        "resource_api_version": "V3",
        "path_config_source": {
            "path": path.to_string_lossy(),
            // A mounted folder is replaced as a whole: no event names the file itself.
            "watched_directory": {"path": folder.to_string_lossy()},
        },
    })
}

/// What a file that Envoy watches holds: resources of one kind.
fn response(message: &str, resources: Vec<Value>) -> Value {
    let typed = resources.into_iter().map(|resource| any(message, resource));
    serde_json::json!({"resources": typed.collect::<Vec<_>>()})
}
