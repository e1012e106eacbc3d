//! What `render` has to be told of a mesh.
use std::path::{Path, PathBuf};

use clap::Args;

use crate::companion::render::{Mesh, MeshProxy, Place, Secret};
use crate::policy::Policy;

use super::files;

/// Where the module is in a pod that is set up as `envoy/istio/README.md` says.
const WASM: &str = "/etc/tradewind/module/tradewind.wasm";

/// Where the keys are there, and what names them.
const SECRETS: &str = "/etc/tradewind/secrets";
const SDS: &str = "/etc/tradewind/sds";

/// What apps call.
const HOST: &str = "llm.mesh";

/// With --for istio and istio-gateway.
#[derive(Debug, Args)]
#[command(next_help_heading = "Options of --for istio and istio-gateway")]
pub(super) struct MeshArgs {
    /// The namespace of all objects: the app's own, or the gateway's, which is `istio-system` where
    /// nothing is said.
    #[arg(long, value_name = "NAME")]
    namespace: Option<String>,
    /// The label of the pods that get the module: `tradewind=on`, or `istio=egressgateway` for the
    /// gateway, where nothing is said.
    #[arg(long, value_name = "KEY=VALUE", value_parser = label)]
    workload: Option<(String, String)>,
    /// The host that apps call, on port 80: `llm.mesh` where nothing is said.
    #[arg(long, value_name = "HOST", value_parser = host)]
    mesh_host: Option<String>,
}

impl MeshArgs {
    /// What is rendered for.
    pub(super) fn mesh(&self, proxy: MeshProxy) -> Mesh {
        let (namespace, label) = match proxy {
            MeshProxy::Sidecar => ("default", ("tradewind", "on")),
            MeshProxy::EgressGateway { .. } => ("istio-system", ("istio", "egressgateway")),
        };
        let usual = || (label.0.to_owned(), label.1.to_owned());
        Mesh {
            proxy,
            namespace: self.namespace.clone().unwrap_or_else(|| namespace.to_owned()),
            label: self.workload.clone().unwrap_or_else(usual),
            host: self.mesh_host.clone().unwrap_or_else(|| HOST.to_owned()),
            sds: SDS.to_owned(),
        }
    }

    /// What was said and means nothing without a mesh.
    pub(super) fn refused_without_a_mesh(&self) -> Vec<String> {
        let said = [
            ("--namespace", self.namespace.is_some()),
            ("--workload", self.workload.is_some()),
            ("--mesh-host", self.mesh_host.is_some()),
        ];
        let wrong = said.into_iter().filter(|(_, given)| *given);
        let so = "only with --for istio and istio-gateway: leave it out";
        wrong.map(|(option, _)| format!("{option}: {so}")).collect()
    }
}

/// Whether callers are known by their certificates.
pub(super) fn knows_certificates(policy: &Policy) -> bool {
    policy.identity().iter().any(|own| own.certificates().is_some())
}

/// Callers whom a proxy of that kind could not know, and why.
pub(super) fn unknown_callers(policy: &Policy, proxy: MeshProxy) -> Vec<String> {
    let identity = policy.identity();
    let mut troubles = Vec::new();
    let is_gateway = matches!(proxy, MeshProxy::EgressGateway { .. });
    if !is_gateway && knows_certificates(policy) {
        troubles.push(
            "identity: `spiffe` knows callers by certificates, and an app calls its own sidecar \
             without one: name `workload` in its place, or render for a gateway (--for \
             istio-gateway)"
                .to_owned(),
        );
    }
    if is_gateway && policy.trusts_hops().is_some() {
        troubles.push(
            "identity: `xfcc` is the word of a hop in front, and the sidecars of apps call the \
             gateway themselves, each with its own certificate: leave it out"
                .to_owned(),
        );
    }
    if is_gateway && identity.iter().any(|own| own.workload().is_some()) {
        troubles.push(
            "identity: `workload` is the proxy's own, so that every caller of a gateway would be \
             the gateway: leave it out, or render for the sidecars (--for istio)"
                .to_owned(),
        );
    }
    troubles
}

/// Where things are in a pod, and the secrets that a policy needs there.
pub(super) fn place(
    policy: &Policy,
    (wasm, secrets): (Option<&Path>, Option<&Path>),
    mut place: Place,
) -> (Place, Vec<Secret>) {
    let path = |given: Option<&Path>, usual: &str| {
        given.map_or_else(|| PathBuf::from(usual), Path::to_path_buf)
    };
    place.wasm = path(wasm, WASM).to_string_lossy().into_owned();
    (place, files::secrets_elsewhere(policy, &path(secrets, SECRETS)))
}

fn label(text: &str) -> Result<(String, String), String> {
    let pair = text.split_once('=').filter(|(key, value)| !key.is_empty() && !value.is_empty());
    let (key, value) = pair.ok_or("expected a label such as `tradewind=on`")?;
    Ok((key.to_owned(), value.to_owned()))
}

fn host(text: &str) -> Result<String, String> {
    let legal = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '.';
    let dots = text.starts_with('.') || text.ends_with('.') || !text.contains('.');
    if text.chars().all(legal) && !dots && text.len() <= 253 {
        return Ok(text.to_owned());
    }
    Err("expected a host name in lower case, such as `llm.mesh`".to_owned())
}
