//! `tradewind render`: a proxy's configuration for a policy.
mod files;
mod machine;
mod mesh;
mod output;

use std::fs;
use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::thread;
use std::time::Duration;

use clap::{Args, ValueEnum};
use serde_json::Value;

use super::Loaded;
use crate::companion::render::{self, Before, Checked, Dynamic, MeshProxy, Place, Secret, Source};
use crate::companion::yaml::documents;

/// Write a proxy's whole configuration for a policy.
///
/// Envoy started with `envoy -c DIR/bootstrap.json`, of --dynamic, takes over each later policy
/// without a restart; what it has begun goes on for its --drain-time-s, and with --drain-strategy
/// immediate a connection has at most one more answer by the old policy. A key is replaced by
/// moving a new file over the old one.
#[derive(Debug, Args)]
pub(super) struct Render {
    /// The policy, YAML or JSON.
    policy: PathBuf,
    /// The proxy to configure.
    #[arg(long = "for", value_enum, value_name = "PROXY")]
    proxy: Proxy,
    /// The module: what `make build` leaves, or in a pod /etc/tradewind/module/tradewind.wasm,
    /// where nothing is said.
    #[arg(long, value_name = "PATH")]
    wasm: Option<PathBuf>,
    /// The folder of the providers' keys, one file per secret, named like it: ./secrets, or in a
    /// pod /etc/tradewind/secrets, where nothing is said.
    #[arg(long, value_name = "DIR")]
    secrets_dir: Option<PathBuf>,
    /// Write the configuration into this file, whole and only when nothing is wrong; the one that
    /// was there stays otherwise.
    #[arg(long, value_name = "FILE", conflicts_with = "dynamic")]
    output: Option<PathBuf>,
    #[command(flatten)]
    machine: machine::MachineArgs,
    #[command(flatten)]
    mesh: mesh::MeshArgs,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Proxy {
    /// A complete configuration for Envoy 1.39 and later, as JSON.
    Envoy,
    /// Istio's objects for the sidecars of apps, as YAML: Istio 1.31 and later.
    Istio,
    /// The same for an egress gateway.
    IstioGateway,
}

pub(super) fn run(args: &Render) -> ExitCode {
    match write(args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(troubles) => {
            for trouble in troubles {
                say(&trouble);
            }
            ExitCode::FAILURE
        }
    }
}

fn write(args: &Render) -> Result<(), Vec<String>> {
    let loaded = super::load(&args.policy)?;
    let mut troubles = Vec::new();
    let (listen, admin) = (args.machine.listen(), args.machine.admin());
    if clash(listen, admin) {
        troubles.push(format!(
            "--admin: `{admin}` meets --listen `{listen}`: give one of them another port"
        ));
    }
    if loaded.policy.credits().is_some_and(|credits| credits.endpoint.is_none()) {
        troubles.push(
            "credits.endpoint: missing: without it the ledger's cluster cannot be written: give \
             the ledger's URL, such as `http://127.0.0.1:8700`"
                .to_owned(),
        );
    }
    let proxy = match args.proxy {
        Proxy::Envoy => return envoy(args, &loaded, troubles),
        Proxy::Istio => MeshProxy::Sidecar,
        Proxy::IstioGateway => {
            MeshProxy::EgressGateway { mutual: mesh::knows_certificates(&loaded.policy) }
        }
    };
    troubles.extend(loaded.policy.shadows().iter().map(|shadow| {
        format!(
            "experiments: `{}`: copies need a listener within Envoy, which is not written for a \
             mesh: leave the experiment out, or serve it from a gateway of its own (--for envoy)",
            shadow.name
        )
    }));
    troubles.extend(loaded.policy.resilience().finish_cut_streams.then(|| {
        "resilience.finish_cut_streams: streams would need a listener within Envoy, which is not \
         written for a mesh: leave it out, or serve them from a gateway of its own (--for envoy)"
            .to_owned()
    }));
    troubles.extend(loaded.policy.resilience().resumes.then(|| {
        "resilience.resume: the rest of answers would need a listener within Envoy, which is not \
         written for a mesh: leave it out, or serve them from a gateway of its own (--for envoy)"
            .to_owned()
    }));
    troubles.extend(mesh::unknown_callers(&loaded.policy, proxy));
    troubles.extend(render::alike_in_a_mesh(&loaded.policy).map(|(one, other)| {
        format!(
            "providers: Istio has one name for `{one}` and `{other}`: give one of them another \
             name"
        )
    }));
    let ledger = render::ledger_cluster(&loaded.policy).unwrap_or_default();
    if ledger.len() > CLUSTER_MAX {
        troubles.push(format!(
            "credits.endpoint: its host makes `{ledger}` of the ledger's cluster, which is longer \
             than {CLUSTER_MAX} bytes: give it a shorter name"
        ));
    }
    troubles.extend(args.machine.refused_in_a_mesh());
    if !troubles.is_empty() {
        return Err(troubles);
    }
    let given = (args.wasm.as_deref(), args.secrets_dir.as_deref());
    let (place, secrets) = mesh::place(&loaded.policy, given, place_of(args));
    let objects = render::istio(loaded.checked(), &place, &secrets, &args.mesh.mesh(proxy));
    write_text(args, &documents(&objects)).map_err(|trouble| vec![trouble])
}

/// The longest name of a cluster that a policy takes, in bytes.
const CLUSTER_MAX: usize = 128;

/// A whole configuration for Envoy, in one file or several.
fn envoy(args: &Render, loaded: &Loaded, mut troubles: Vec<String>) -> Result<(), Vec<String>> {
    troubles.extend(args.mesh.refused_without_a_mesh());
    let place = place(args, &mut troubles);
    let folder = args.secrets_dir.as_deref().unwrap_or(Path::new("./secrets"));
    let secrets = if args.machine.no_check_files {
        files::secrets_elsewhere(&loaded.policy, folder)
    } else {
        files::secrets(&loaded.policy, folder, &mut troubles)
    };
    if !troubles.is_empty() {
        return Err(troubles);
    }
    warn(&secrets);
    let identity = loaded.policy.identity();
    if identity.iter().any(|own| own.workload().is_some()) {
        say("warning: identity: `workload` is for the sidecars of apps (--for istio): the node \
             that is written here says nothing of a workload, and so nobody is known by it");
    }
    if place.tls.is_none() && loaded.policy.trusts_hops() == Some(true) {
        say("warning: identity: with `xfcc: trusted` whoever reaches this listener names any \
             caller: let nobody but the hop in front reach it");
    }
    let written = match &args.machine.dynamic {
        Some(folder) => dynamic(args, folder, (loaded.checked(), &place, &secrets)),
        None => {
            let rendered = render::envoy(loaded.checked(), &place, &secrets);
            write_text(args, &format!("{rendered:#}\n"))
        }
    };
    written.map_err(|trouble| vec![trouble])
}

fn write_text(args: &Render, text: &str) -> Result<(), String> {
    match &args.output {
        Some(file) => output::replace(file, text),
        None => output::print(text),
    }
}

/// What does not depend on the machine.
fn place_of(args: &Render) -> Place {
    let machine = &args.machine;
    let ca_file = machine.ca_file.as_deref();
    let given = |path: &Path| path.to_string_lossy().into_owned();
    let authorities = ca_file.map_or_else(files::usual_authorities, given);
    Place {
        listen: machine.listen(),
        admin: machine.admin(),
        wasm: String::new(),
        authorities,
        tls: machine.tls(),
        max_heap: machine.max_heap(),
    }
}

fn place(args: &Render, troubles: &mut Vec<String>) -> Place {
    let mut place = place_of(args);
    let usual = Path::new("target/wasm32-wasip1/release/tradewind.wasm");
    let wasm = args.wasm.as_deref().unwrap_or(usual);
    if args.machine.no_check_files {
        place.wasm = wasm.to_string_lossy().into_owned();
        return place;
    }
    let mut found = |found: Result<String, String>| {
        found.unwrap_or_else(|trouble| {
            troubles.push(trouble);
            String::new()
        })
    };
    place.wasm = found(files::wasm(wasm));
    place.authorities = found(files::authorities(args.machine.ca_file.as_deref()));
    if let Some(tls) = &mut place.tls {
        tls.certificate = found(files::pem("--tls-cert", &tls.certificate));
        tls.key = found(files::pem("--tls-key", &tls.key));
        tls.client_authorities =
            tls.client_authorities.take().map(|path| found(files::pem("--client-ca", &path)));
    }
    place
}

/// How long Envoy has to take over clusters before listeners name them: it hears of both files at
/// once otherwise, and may look at the second one first.
const TAKES_OVER: Duration = Duration::from_secs(1);

/// Writes the files of a configuration that may change while Envoy runs.
fn dynamic(
    args: &Render,
    folder: &Path,
    (checked, place, secrets): (Checked<'_>, &Place, &[Secret]),
) -> Result<(), String> {
    let made = fs::create_dir_all(folder).and_then(|()| folder.canonicalize());
    let folder =
        made.map_err(|error| format!("--dynamic: `{}` cannot be made: {error}", folder.display()))?;
    let at = args.machine.dynamic_at.as_deref().unwrap_or(&folder);
    if !at.is_absolute() {
        return Err(format!("--dynamic-at: `{}` is not an absolute path", at.display()));
    }
    let before = Before {
        clusters: output::before(&folder.join(render::CLUSTERS)),
        listeners: output::before(&folder.join(render::LISTENERS)),
    };
    let found = (at, &before, super::now());
    let Dynamic { bootstrap, watched } = render::dynamic(checked, place, secrets, found);
    let runs = before.clusters.is_some();
    let new = |(name, own): &(String, Value)| {
        name == render::CLUSTERS && before.clusters.as_ref() != Some(own)
    };
    let waits = runs && watched.iter().any(new);
    for (name, resources) in &watched {
        if waits && name == render::LISTENERS {
            thread::sleep(TAKES_OVER);
        }
        output::replace(&folder.join(name), &format!("{resources:#}\n"))?;
    }
    let file = folder.join(render::BOOTSTRAP);
    match output::before(&file) {
        Some(before) if before == bootstrap => return Ok(()),
        Some(_) => say(&format!(
            "warning: `{}` has changed: it takes effect when Envoy is started again",
            file.display()
        )),
        None => {}
    }
    output::replace(&file, &format!("{bootstrap:#}\n"))
}

/// Whether both cannot be listened on at once. Port 0 is another one each time.
fn clash(one: SocketAddr, other: SocketAddr) -> bool {
    let every = |address: SocketAddr| address.ip().is_unspecified();
    let meet = one.ip() == other.ip() || every(one) || every(other);
    one.port() != 0 && one.port() == other.port() && meet
}

fn warn(secrets: &[Secret]) {
    for secret in secrets {
        if let Source::Plain { path, newline: true } = &secret.source {
            say(&format!(
                "warning: secret `{}`: `{}` ends in a line break: Envoy before 1.40 refuses every \
                 request with such a key; `printf %s KEY` writes none",
                secret.name,
                path.display(),
            ));
        }
    }
}

fn say(line: &str) {
    // Nothing is left to do when standard error is gone.
    let _ = writeln!(io::stderr().lock(), "{line}");
}
