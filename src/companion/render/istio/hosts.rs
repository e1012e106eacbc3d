//! Hosts: of the providers, of the ledger, of the service that counts for several proxies, of the
//! keys of tokens, and the one that apps call.
use serde_json::{Value, json};

use super::super::{global, jwt};
use super::{Mesh, MeshProxy, NOWHERE, host, is_service, ledger, networking};
use crate::policy::{Endpoint, Policy};

/// The gateway that a mesh has by default.
const EGRESS: &str = "istio-egressgateway.istio-system.svc.cluster.local";

/// What the way to the gateway is called among those to its host.
const SUBSET: &str = "tradewind";

/// Who is reached at one host.
type Reached<'p> = (String, Vec<(&'p str, &'p Endpoint)>);

pub(super) fn objects(policy: &Policy, mesh: &Mesh) -> Vec<Value> {
    let mut objects = vec![called(mesh)];
    if let MeshProxy::EgressGateway { mutual } = mesh.proxy {
        objects.extend(through_gateway(mutual, mesh));
    }
    let providers = policy.providers().map(|own| (own.name.as_str(), &own.endpoint));
    // Istio wants one entry and one rule of a host.
    let mut hosts: Vec<Reached<'_>> = Vec::new();
    let keys = jwt::servers(policy).map(|(own, at)| (own.metadata.as_str(), at));
    let services = ledger(policy).into_iter().chain(global::service(policy));
    for own in providers.chain(services).chain(keys) {
        let host = host(own.1);
        match hosts.iter_mut().find(|(known, _)| *known == host) {
            Some((_, reached)) => reached.push(own),
            None => hosts.push((host, vec![own])),
        }
    }
    for (host, reached) in &hosts {
        objects.extend(entry(host, reached, mesh));
        let subsets: Vec<Value> = reached.iter().map(|(name, at)| subset(name, at)).collect();
        let spec = json!({"host": host, "subsets": subsets});
        objects.push(networking("DestinationRule", &format!("tradewind-{host}"), spec, mesh));
    }
    objects
}

/// The host that apps call. It leads nowhere, so a route which is not patched sends nothing.
fn called(mesh: &Mesh) -> Value {
    let (address, port) = NOWHERE;
    let spec = json!({
        "hosts": [mesh.host],
        "location": "MESH_EXTERNAL",
        "resolution": "STATIC",
        "ports": [{"number": 80, "name": "http", "protocol": "HTTP"}],
        "endpoints": [{"address": address, "ports": {"http": port}}],
    });
    networking("ServiceEntry", "tradewind", spec, mesh)
}

/// What brings a call from an app's sidecar to the gateway, and to the patched route there. By
/// mutual TLS the sidecar shows the certificate of its own workload, and the gateway takes no call
/// without one.
fn through_gateway(mutual: bool, mesh: &Mesh) -> Vec<Value> {
    let (label, value) = &mesh.label;
    // The port that leads to the gateway's own.
    let (port, protocol) = if mutual { (443, "HTTPS") } else { (80, "HTTP") };
    let mut server = json!({
        "hosts": [mesh.host],
        "port": {
            "number": mesh.proxy.port(), "name": protocol.to_lowercase(), "protocol": protocol,
        },
    });
    let mut egress = json!({"host": EGRESS, "port": {"number": port}});
    if mutual {
        super::put(&mut server, "tls", json!({"mode": "ISTIO_MUTUAL"}));
        super::put(&mut egress, "subset", SUBSET.into());
    }
    let gateway = json!({"selector": {label: value}, "servers": [server]});
    let own = format!("{}/tradewind", mesh.namespace);
    let to = |destination: Value| json!([{"destination": destination}]);
    let here = json!({"host": mesh.host, "port": {"number": 80}});
    let services = json!({
        "hosts": [mesh.host],
        "gateways": ["mesh", own],
        "http": [
            {"match": [{"gateways": [own]}], "route": to(here)},
            {"match": [{"gateways": ["mesh"]}], "route": to(egress)},
        ],
    });
    let mut objects = vec![
        networking("Gateway", "tradewind", gateway, mesh),
        networking("VirtualService", "tradewind", services, mesh),
    ];
    objects.extend(mutual.then(|| {
        let tls = json!({"mode": "ISTIO_MUTUAL", "sni": mesh.host});
        let settings = json!({"portLevelSettings": [{"port": {"number": port}, "tls": tls}]});
        let subsets = json!([{"name": SUBSET, "trafficPolicy": settings}]);
        let spec = json!({"host": EGRESS, "subsets": subsets});
        networking("DestinationRule", "tradewind-egress", spec, mesh)
    }));
    objects
}

/// A host outside of the mesh; `None` for a service, which istiod knows.
fn entry(host: &str, reached: &[(&str, &Endpoint)], mesh: &Mesh) -> Option<Value> {
    let outside: Vec<&Endpoint> =
        reached.iter().map(|(_, at)| *at).filter(|at| !is_service(at)).collect();
    let first = *outside.first()?;
    let mut ports: Vec<Value> = Vec::new();
    for at in outside {
        // TLS is what the subset adds; to an app that speaks TLS itself it is TLS already.
        let protocol = if at.tls { "TLS" } else { "HTTP" };
        let name = format!("{}-{}", protocol.to_lowercase(), at.port);
        let port = json!({"number": at.port, "name": name, "protocol": protocol});
        if !ports.contains(&port) {
            ports.push(port);
        }
    }
    let mut spec = json!({
        "hosts": [host],
        "location": "MESH_EXTERNAL",
        "resolution": if first.is_ip() { "STATIC" } else { "DNS" },
        "ports": ports,
    });
    if first.is_ip() {
        super::put(&mut spec, "endpoints", json!([{"address": first.host}]));
    }
    Some(networking("ServiceEntry", &format!("tradewind-{host}"), spec, mesh))
}

/// A subset without labels has all endpoints, and a cluster of its own.
fn subset(name: &str, endpoint: &Endpoint) -> Value {
    let name = super::subset(name);
    let mut tls = json!({"mode": "SIMPLE", "subjectAltNames": [endpoint.host]});
    if !endpoint.is_ip() {
        // Without both, no name is sent and a certificate for any name is accepted: the patch
        // replaces what Istio would do by itself.
        super::put(&mut tls, "sni", endpoint.host.clone().into());
    }
    let policy = match (endpoint.tls, is_service(endpoint)) {
        (true, _) => json!({"tls": tls}),
        (false, false) => json!({"tls": {"mode": "DISABLE"}}),
        // As the mesh has it: mutual TLS where both sides have a proxy.
        (false, true) => return json!({"name": name}),
    };
    json!({"name": name, "trafficPolicy": policy})
}
