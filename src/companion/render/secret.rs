//! Keys of providers: named in the policy, held in files, read by Envoy alone.
use core::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::watched;

/// A key and the file that holds it.
#[derive(Debug, Clone)]
pub struct Secret {
    /// Its name in the policy.
    pub name: String,
    /// What kind of file holds it.
    pub source: Source,
}

/// The kind of a key's file.
#[derive(Debug, Clone)]
pub enum Source {
    /// The key and nothing else: read once, when Envoy starts.
    Plain {
        /// The file's absolute path.
        path: PathBuf,
        /// A line break follows the key.
        newline: bool,
    },
    /// A secret discovery response: read again when it is replaced, so that the key can rotate.
    Discovery(PathBuf),
}

/// Why a key cannot be used.
#[derive(Debug)]
pub struct Trouble {
    name: String,
    path: PathBuf,
    what: What,
}

#[derive(Debug)]
enum What {
    Missing,
    Unreadable(io::Error),
    Empty,
    NotOneLine,
    NotDiscovery,
    NeedsExtension,
    OtherNames,
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, path, what } = self;
        write!(f, "secret `{name}`: `{}` ", path.display())?;
        match what {
            What::Missing => f.write_str("does not exist: write the provider's key into it"),
            What::Unreadable(error) => write!(f, "cannot be read: {error}"),
            What::Empty => f.write_str("is empty: write the provider's key into it"),
            What::NotOneLine => {
                f.write_str("holds more than one line of printable ASCII: write the key alone")
            }
            What::NotDiscovery => f.write_str("is not a discovery response: it has no `resources`"),
            What::NeedsExtension => {
                f.write_str("is a discovery response in YAML: rename it so that it ends in `.yaml`")
            }
            What::OtherNames => write!(f, "has no resource with `name: {name}`"),
        }
    }
}

impl Secret {
    /// Finds a secret's file: `NAME` in a folder, or `NAME.yaml` or `NAME.json` there.
    ///
    /// `folder` is an absolute path.
    ///
    /// # Errors
    /// There is no such file, or Envoy could not use what it holds.
    pub fn find(name: &str, folder: &Path) -> Result<Self, Trouble> {
        let bare = folder.join(name);
        let path = [bare.clone(), with(&bare, ".yaml"), with(&bare, ".json")]
            .into_iter()
            .find(|path| path.exists())
            .unwrap_or_else(|| bare.clone());
        let found = read(&path).and_then(|text| judge(name, &text, path.clone(), path == bare));
        match found {
            Ok(source) => Ok(Self { name: name.into(), source }),
            Err(what) => Err(Trouble { name: name.into(), path, what }),
        }
    }
}

fn with(path: &Path, extension: &str) -> PathBuf {
    let mut path = path.as_os_str().to_owned();
    path.push(extension);
    path.into()
}

fn read(path: &Path) -> Result<String, What> {
    fs::read_to_string(path).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => What::Missing,
        io::ErrorKind::InvalidData => What::NotOneLine,
        _ => What::Unreadable(error),
    })
}

fn judge(name: &str, text: &str, path: PathBuf, bare: bool) -> Result<Source, What> {
    if text.trim().is_empty() {
        return Err(What::Empty);
    }
    if let Ok(json) = serde_json::from_str::<Value>(text)
        && let Some(resources) = json.get("resources").and_then(Value::as_array)
    {
        let named = |resource: &Value| resource.get("name").is_some_and(|own| own == name);
        let found = resources.iter().any(named);
        return if found { Ok(Source::Discovery(path)) } else { Err(What::OtherNames) };
    }
    if text.lines().any(|line| line.starts_with("resources:")) {
        return match (bare, text.contains(name)) {
            (true, _) => Err(What::NeedsExtension),
            (false, false) => Err(What::OtherNames),
            (false, true) => Ok(Source::Discovery(path)),
        };
    }
    if !bare {
        return Err(What::NotDiscovery);
    }
    let key = text.trim_end_matches(['\r', '\n']);
    if key.is_empty() || !key.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(What::NotOneLine);
    }
    Ok(Source::Plain { path, newline: key.len() < text.len() })
}

/// What Envoy calls a secret.
pub(super) const MESSAGE: &str = "envoy.extensions.transport_sockets.tls.v3.Secret";

/// The secrets that Envoy reads once.
pub(super) fn fixed(secrets: &[Secret]) -> Vec<Value> {
    secrets
        .iter()
        .filter_map(|secret| match &secret.source {
            Source::Plain { path, .. } => Some(json!({
                "name": secret.name,
                "generic_secret": {"secret": {"filename": path.to_string_lossy()}},
            })),
            Source::Discovery(_) => None,
        })
        .collect()
}

/// How a filter names a secret.
pub(super) fn reference(name: &str, secrets: &[Secret]) -> Value {
    let source = secrets.iter().find(|secret| secret.name == name).map(|secret| &secret.source);
    let Some(Source::Discovery(path)) = source else { return json!({"name": name}) };
    json!({"name": name, "sds_config": watched(path)})
}
