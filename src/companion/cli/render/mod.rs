//! `tradewind render`: a proxy's configuration for a policy.
mod files;
mod mesh;
mod output;

use std::fs;
use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

use clap::{Args, ValueEnum};

use super::Loaded;
use crate::companion::render::{self, Checked, Dynamic, MeshProxy, Place, Secret, Source};
use crate::companion::yaml::documents;
use crate::policy::byte_size;

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
    /// Where apps connect to.
    #[arg(long, value_name = "ADDR:PORT", default_value = "127.0.0.1:10000")]
    listen: SocketAddr,
    /// Where operators connect to.
    #[arg(long, value_name = "ADDR:PORT", default_value = "127.0.0.1:9901")]
    admin: SocketAddr,
    /// The module: what `make build` leaves, or in a pod /etc/tradewind/module/tradewind.wasm,
    /// where nothing is said.
    #[arg(long, value_name = "PATH")]
    wasm: Option<PathBuf>,
    /// The folder of the providers' keys, one file per secret, named like it: ./secrets, or in a
    /// pod /etc/tradewind/secrets, where nothing is said.
    #[arg(long, value_name = "DIR")]
    secrets_dir: Option<PathBuf>,
    /// The certificate authorities that providers are checked by; by default the system's own.
    #[arg(long, value_name = "PATH")]
    ca_file: Option<PathBuf>,
    /// Write the configuration into this file, whole and only when nothing is wrong; the one that
    /// was there stays otherwise.
    #[arg(long, value_name = "FILE", conflicts_with = "dynamic")]
    output: Option<PathBuf>,
    /// Write it into this folder, as `bootstrap.json` and files that Envoy watches: to change the
    /// policy of a running proxy, give the same command again.
    #[arg(long, value_name = "DIR")]
    dynamic: Option<PathBuf>,
    /// Where the proxy finds the folder of --dynamic, if that is another place.
    #[arg(long, value_name = "DIR", requires = "dynamic")]
    dynamic_at: Option<PathBuf>,
    /// Do not look at the module, the keys and the certificates: they are on another machine, and
    /// the paths are those over there.
    #[arg(long)]
    no_check_files: bool,
    /// The memory of requests and answers that Envoy may hold before it refuses and resets, such
    /// as `512MiB`. The module's own memory comes on top: up to 1 GiB for each role and worker,
    /// a few MiB for most.
    #[arg(long, value_name = "SIZE", default_value = "1GiB", value_parser = heap)]
    max_heap: u64,
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
    if clash(args.listen, args.admin) {
        troubles.push(format!(
            "--admin: `{}` meets --listen `{}`: give one of them another port",
            args.admin, args.listen
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
        Proxy::IstioGateway => MeshProxy::EgressGateway,
    };
    let ledger = render::ledger_cluster(&loaded.policy).unwrap_or_default();
    if ledger.len() > CLUSTER_MAX {
        troubles.push(format!(
            "credits.endpoint: its host makes `{ledger}` of the ledger's cluster, which is longer \
             than {CLUSTER_MAX} bytes: give it a shorter name"
        ));
    }
    if args.dynamic.is_some() {
        troubles.push("--dynamic: istiod brings a proxy its files: leave it out".to_owned());
    }
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
    let place = place(args, &mut troubles);
    let folder = args.secrets_dir.as_deref().unwrap_or(Path::new("./secrets"));
    let secrets = if args.no_check_files {
        files::secrets_elsewhere(&loaded.policy, folder)
    } else {
        files::secrets(&loaded.policy, folder, &mut troubles)
    };
    if !troubles.is_empty() {
        return Err(troubles);
    }
    warn(&secrets);
    let written = match &args.dynamic {
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
    let ca_file = args.ca_file.as_deref();
    let given = |path: &Path| path.to_string_lossy().into_owned();
    let authorities = ca_file.map_or_else(files::usual_authorities, given);
    let (wasm, max_heap) = (String::new(), args.max_heap);
    Place { listen: args.listen, admin: args.admin, wasm, authorities, max_heap }
}

fn place(args: &Render, troubles: &mut Vec<String>) -> Place {
    let mut place = place_of(args);
    let usual = Path::new("target/wasm32-wasip1/release/tradewind.wasm");
    let wasm = args.wasm.as_deref().unwrap_or(usual);
    if args.no_check_files {
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
    place.authorities = found(files::authorities(args.ca_file.as_deref()));
    place
}

/// Writes the files of a configuration that may change while Envoy runs.
fn dynamic(
    args: &Render,
    folder: &Path,
    (checked, place, secrets): (Checked<'_>, &Place, &[Secret]),
) -> Result<(), String> {
    let made = fs::create_dir_all(folder).and_then(|()| folder.canonicalize());
    let folder =
        made.map_err(|error| format!("--dynamic: `{}` cannot be made: {error}", folder.display()))?;
    let at = args.dynamic_at.as_deref().unwrap_or(&folder);
    if !at.is_absolute() {
        return Err(format!("--dynamic-at: `{}` is not an absolute path", at.display()));
    }
    let before = output::before(&folder.join(render::CLUSTERS));
    let found = (at, before.as_ref(), seconds());
    let Dynamic { bootstrap, watched } = render::dynamic(checked, place, secrets, found);
    for (name, resources) in &watched {
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

/// The time, in seconds since 1970.
#[expect(clippy::disallowed_methods, reason = "the shell reads the clock")]
fn seconds() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}

/// Reads a bound of Envoy's memory. Below the least there is no room for Envoy itself.
fn heap(text: &str) -> Result<u64, String> {
    byte_size(text)
        .filter(|size| (MIN_HEAP..=MAX_HEAP).contains(size))
        .ok_or_else(|| "expected a size from 128MiB to 1024GiB, such as `1GiB`".to_owned())
}

const MIN_HEAP: u64 = 128 << 20;
const MAX_HEAP: u64 = 1 << 40;

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
