//! `tradewind render`: the proxy's configuration for a policy.
use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, ValueEnum};

use crate::companion::render::{self, Checked, Place, Secret, Source};
use crate::policy::{Policy, byte_size};

/// Where distributions keep the certificate authorities that they trust; the first is Debian's.
const AUTHORITIES: [&str; 4] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
];

/// What a WebAssembly module begins with.
const MAGIC: [u8; 4] = *b"\0asm";

/// Print a proxy's whole configuration for a policy.
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
    /// The module that `make build` leaves.
    #[arg(
        long,
        value_name = "PATH",
        default_value = "target/wasm32-wasip1/release/tradewind.wasm"
    )]
    wasm: PathBuf,
    /// The folder of the providers' keys: one file per secret, named like it.
    #[arg(long, value_name = "DIR", default_value = "./secrets")]
    secrets_dir: PathBuf,
    /// The memory of requests and answers that Envoy may hold before it refuses and resets, such
    /// as `512MiB`. The module's own memory comes on top: up to 1 GiB for each role and worker,
    /// a few MiB for most.
    #[arg(long, value_name = "SIZE", default_value = "1GiB", value_parser = heap)]
    max_heap: u64,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Proxy {
    /// A complete bootstrap for Envoy 1.39 and later.
    Envoy,
}

pub(super) fn run(args: &Render) -> ExitCode {
    match print(args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(troubles) => {
            for trouble in troubles {
                say(&trouble);
            }
            ExitCode::FAILURE
        }
    }
}

fn print(args: &Render) -> Result<(), Vec<String>> {
    let loaded = super::load(&args.policy)?;
    let mut troubles = Vec::new();
    if clash(args.listen, args.admin) {
        troubles.push(format!(
            "--admin: `{}` meets --listen `{}`: give one of them another port",
            args.admin, args.listen
        ));
    }
    let wasm = wasm(&args.wasm).unwrap_or_else(|trouble| {
        troubles.push(trouble);
        String::new()
    });
    let secrets = secrets(&loaded.policy, &args.secrets_dir, &mut troubles);
    if loaded.policy.credits().is_some_and(|credits| credits.endpoint.is_none()) {
        troubles.push(
            "credits.endpoint: missing: without it the ledger's cluster cannot be written: give \
             the ledger's URL, such as `http://127.0.0.1:8700`"
                .to_owned(),
        );
    }
    if !troubles.is_empty() {
        return Err(troubles);
    }
    warn(&secrets);
    let place = Place {
        listen: args.listen,
        admin: args.admin,
        wasm,
        authorities: authorities(),
        max_heap: args.max_heap,
    };
    let checked = Checked { policy: &loaded.policy, json: &loaded.json };
    let rendered = match args.proxy {
        Proxy::Envoy => render::envoy(checked, &place, &secrets),
    };
    match writeln!(io::stdout().lock(), "{rendered:#}") {
        // A reader that has closed the pipe has read enough.
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(vec![format!("cannot write: {error}")])
        }
        _ => Ok(()),
    }
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

fn wasm(path: &Path) -> Result<String, String> {
    let unreadable = |error: io::Error| {
        format!("--wasm: `{}` cannot be read: {error}: `make build` makes it", path.display())
    };
    let found = path.canonicalize().map_err(unreadable)?;
    if !found.is_file() {
        return Err(format!("--wasm: `{}` is not a file", path.display()));
    }
    let mut magic = [0; MAGIC.len()];
    match File::open(&found).and_then(|mut file| file.read_exact(&mut magic)) {
        Ok(()) if magic == MAGIC => Ok(found.to_string_lossy().into_owned()),
        Err(error) if error.kind() != io::ErrorKind::UnexpectedEof => Err(unreadable(error)),
        _ => Err(format!(
            "--wasm: `{}` is not a WebAssembly module: `make build` makes one",
            path.display()
        )),
    }
}

/// One entry per secret that a model's provider or the ledger names, in the order of the policy.
fn secrets(policy: &Policy, folder: &Path, troubles: &mut Vec<String>) -> Vec<Secret> {
    let mut names: Vec<&str> = Vec::new();
    let providers = policy.models().iter().filter_map(|model| model.provider.secret.as_deref());
    let ledger = policy.credits().and_then(|credits| credits.secret.as_deref());
    for name in providers.chain(ledger) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    if names.is_empty() {
        return Vec::new();
    }
    let folder = match folder.canonicalize() {
        Ok(folder) => folder,
        Err(error) => {
            troubles.push(format!(
                "--secrets-dir: `{}` cannot be read: {error}: make it, with a file for each of {}",
                folder.display(),
                names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", "),
            ));
            return Vec::new();
        }
    };
    let mut found = Vec::new();
    for name in names {
        match Secret::find(name, &folder) {
            Ok(secret) => found.push(secret),
            Err(trouble) => troubles.push(trouble.to_string()),
        }
    }
    found
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

fn authorities() -> String {
    let found = AUTHORITIES.into_iter().find(|path| Path::new(path).exists());
    found.or(AUTHORITIES.first().copied()).unwrap_or_default().into()
}

fn say(line: &str) {
    // Nothing is left to do when standard error is gone.
    let _ = writeln!(io::stderr().lock(), "{line}");
}
