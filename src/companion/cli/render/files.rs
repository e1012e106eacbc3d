//! What a configuration names on the machine that Envoy runs on: looked for here, so that what is
//! missing is said before anything is started.
use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use crate::companion::render::{Secret, Source};
use crate::policy::Policy;

/// Where distributions keep the certificate authorities that they trust; the first is Debian's.
const AUTHORITIES: [&str; 4] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
];

/// What a WebAssembly module begins with.
const MAGIC: [u8; 4] = *b"\0asm";

/// The module's absolute path.
pub(super) fn wasm(path: &Path) -> Result<String, String> {
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

/// The names of the secrets that providers, the ledger and collectors need, in the order of the
/// policy.
fn needed(policy: &Policy) -> Vec<&str> {
    let mut names: Vec<&str> = Vec::new();
    let providers = policy.asked().filter_map(|model| model.provider.secret.as_deref());
    let ledger = policy.credits().and_then(|credits| credits.secret.as_deref());
    let collectors = policy.shadows().iter().filter_map(|shadow| shadow.collector.as_deref());
    let collectors = collectors.filter_map(|own| own.secret.as_deref());
    for name in providers.chain(ledger).chain(collectors) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

/// One entry for each secret that is needed.
pub(super) fn secrets(policy: &Policy, folder: &Path, troubles: &mut Vec<String>) -> Vec<Secret> {
    let names = needed(policy);
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

/// The same, where the files are on another machine: each holds the key and nothing else.
pub(super) fn secrets_elsewhere(policy: &Policy, folder: &Path) -> Vec<Secret> {
    let plain = |name: &str| Source::Plain { path: folder.join(name), newline: false };
    let secret = |name: &str| Secret { name: name.to_owned(), source: plain(name) };
    needed(policy).into_iter().map(secret).collect()
}

/// The file of the certificate authorities: the one that is given, or the system's.
pub(super) fn authorities(given: Option<&Path>) -> Result<String, String> {
    let Some(given) = given else {
        let found = AUTHORITIES.into_iter().find(|path| Path::new(path).exists());
        return Ok(found.map_or_else(usual_authorities, str::to_owned));
    };
    match given.canonicalize() {
        Ok(found) => Ok(found.to_string_lossy().into_owned()),
        Err(error) => Err(format!("--ca-file: `{}` cannot be read: {error}", given.display())),
    }
}

/// The absolute path of a file that an option names.
pub(super) fn pem(option: &str, given: &str) -> Result<String, String> {
    match Path::new(given).canonicalize() {
        Ok(found) => Ok(found.to_string_lossy().into_owned()),
        Err(error) => Err(format!("{option}: `{given}` cannot be read: {error}")),
    }
}

/// Where they are on most machines.
pub(super) fn usual_authorities() -> String {
    AUTHORITIES.first().copied().unwrap_or_default().into()
}
