//! A policy as objects of Istio: the hosts that it speaks to, and the patches that put the module
//! into a proxy which istiod configures. Istio 1.31 and later.
//!
//! A provider is a host of the mesh with a subset of its own, so that a cluster is made for the
//! module alone; other traffic to the same host goes on as before. Where a patch does not land,
//! nothing is sent: what leaves the edge role can be sent only by a cluster with the provider role,
//! and the host that apps call leads nowhere by itself.
mod hosts;
mod patches;

use serde_json::{Map, Value, json};

use super::{Checked, Place, Secret, Source, secret, stats};
use crate::policy::{Endpoint, Policy, Provider};

/// Which of the mesh's proxies gets the module, and what apps call it.
#[derive(Debug, Clone)]
pub struct Mesh {
    /// The kind of proxy.
    pub proxy: MeshProxy,
    /// The namespace of all objects: that of the proxy's workload.
    pub namespace: String,
    /// The label that the workload has.
    pub label: (String, String),
    /// The host that apps call, on port 80.
    pub host: String,
    /// The folder in which the proxy finds a discovery response for each secret.
    pub sds: String,
}

/// A kind of proxy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MeshProxy {
    /// The one beside an app.
    Sidecar,
    /// One for all apps of a cluster.
    EgressGateway {
        /// Whether apps' proxies call it by mutual TLS: it knows callers by their certificates.
        mutual: bool,
    },
}

impl MeshProxy {
    /// What Istio calls it in a patch.
    const fn context(self) -> &'static str {
        match self {
            Self::Sidecar => "SIDECAR_OUTBOUND",
            Self::EgressGateway { .. } => "GATEWAY",
        }
    }

    /// The port that its listener and its routes are known by.
    const fn port(self) -> u16 {
        match self {
            Self::Sidecar => 80,
            Self::EgressGateway { mutual: false } => 8080,
            Self::EgressGateway { mutual: true } => 8443,
        }
    }
}

/// Every object, in an order in which they may be applied.
///
/// `secrets` holds one entry for each secret that the policy names.
#[must_use]
pub fn istio(checked: Checked<'_>, place: &Place, secrets: &[Secret], mesh: &Mesh) -> Vec<Value> {
    let mut objects = vec![bootstrap(mesh)];
    objects.extend(sds(secrets, mesh));
    objects.extend(hosts::objects(checked.policy, mesh));
    objects.push(patches::filter(checked, place, secrets, mesh));
    objects
}

/// What istiod calls the ledger's cluster; `None` where no credits are counted.
#[must_use]
pub fn ledger_cluster(policy: &Policy) -> Option<String> {
    ledger(policy).map(|(name, endpoint)| subset_cluster(name, endpoint))
}

/// Secrets as their proxy finds them: by discovery, since Envoy would end if a cluster that it
/// takes over named one that was not there when it started.
fn discovered(secrets: &[Secret], mesh: &Mesh) -> Vec<Secret> {
    let found = |name: &str| Source::Discovery(format!("{}/{name}.json", mesh.sds).into());
    let moved = |own: &Secret| Secret { name: own.name.clone(), source: found(&own.name) };
    secrets.iter().map(moved).collect()
}

/// The discovery responses: each names the file of a key, and is no secret itself.
fn sds(secrets: &[Secret], mesh: &Mesh) -> Option<Value> {
    let responses = secret::fixed(secrets).into_iter().map(|resource| {
        let name = resource.get("name").and_then(Value::as_str).unwrap_or_default();
        (format!("{name}.json"), super::response(secret::MESSAGE, vec![resource.clone()]))
    });
    let data: Map<String, Value> =
        responses.map(|(name, response)| (name, format!("{response:#}").into())).collect();
    (!data.is_empty()).then(|| {
        let mut object = object("v1", "ConfigMap", "tradewind-sds", mesh);
        put(&mut object, "data", Value::Object(data));
        object
    })
}

/// What a proxy reads when it starts, in the file of the name that Istio's agent looks for: it adds
/// to the bootstrap of its own.
fn bootstrap(mesh: &Mesh) -> Value {
    let own = json!({"stats_config": stats::config()});
    let mut object = object("v1", "ConfigMap", "tradewind-bootstrap", mesh);
    put(&mut object, "data", json!({"custom_bootstrap.json": format!("{own:#}")}));
    object
}

/// The beginning of an object.
fn object(version: &str, kind: &str, name: &str, mesh: &Mesh) -> Value {
    json!({
        "apiVersion": version,
        "kind": kind,
        "metadata": {"name": name, "namespace": mesh.namespace},
    })
}

/// An object of Istio's networking.
fn networking(kind: &str, name: &str, spec: Value, mesh: &Mesh) -> Value {
    let mut object = object("networking.istio.io/v1", kind, name, mesh);
    put(&mut object, "spec", spec);
    object
}

fn put(object: &mut Value, key: &str, value: Value) {
    if let Value::Object(fields) = object {
        fields.insert(key.to_owned(), value);
    }
}

/// The host by which the mesh knows an endpoint; one with an address alone gets a name.
fn host(endpoint: &Endpoint) -> String {
    if endpoint.is_ip() {
        return format!("{}.tradewind.internal", endpoint.host.replace(['.', ':'], "-"));
    }
    endpoint.host.clone()
}

/// Whether the host is a service of the mesh, which istiod knows already.
fn is_service(endpoint: &Endpoint) -> bool {
    let host = endpoint.host.as_str();
    !endpoint.is_ip() && [".svc", ".svc.cluster.local"].iter().any(|end| host.ends_with(end))
}

/// What a subset is called: Istio's names have no `@`, which parts a provider from its account.
fn subset(name: &str) -> String {
    name.replace('@', "--")
}

/// The cluster that istiod makes of a subset.
fn subset_cluster(name: &str, endpoint: &Endpoint) -> String {
    format!("outbound|{}|{}|{}", endpoint.port, subset(name), host(endpoint))
}

/// Two providers, or accounts of them, of which a mesh would make one cluster.
#[must_use]
pub fn alike(policy: &Policy) -> Option<(&str, &str)> {
    let mut known: Vec<(&str, String)> = Vec::new();
    for provider in policy.providers() {
        let own = cluster(provider);
        if let Some((other, _)) = known.iter().find(|(_, cluster)| *cluster == own) {
            return Some((other, &provider.name));
        }
        known.push((&provider.name, own));
    }
    None
}

/// The provider's cluster.
fn cluster(provider: &Provider) -> String {
    subset_cluster(&provider.name, &provider.endpoint)
}

/// The ledger, where credits are counted: its name and where it is.
fn ledger(policy: &Policy) -> Option<(&str, &Endpoint)> {
    let credits = policy.credits()?;
    Some((LEDGER, credits.endpoint.as_ref()?))
}

/// Nobody listens on port 1 of the pod itself.
const NOWHERE: (&str, u16) = ("127.0.0.1", 1);

/// The subset of the ledger. No provider may be called like its cluster, as a rule `ledger`.
const LEDGER: &str = "ledger";
