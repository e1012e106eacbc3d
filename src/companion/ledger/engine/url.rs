//! Which database: what an operator writes, read once.
use core::fmt;
use core::str::FromStr;
use std::path::{Path, PathBuf};

/// Where accounts are kept.
#[derive(Clone, PartialEq, Eq)]
pub struct StoreUrl(pub(in crate::companion::ledger) Place);

/// What a URL names.
#[derive(Clone, PartialEq, Eq)]
pub(in crate::companion::ledger) enum Place {
    /// One file.
    Sqlite {
        /// The file.
        path: PathBuf,
        /// Whether an answer waits for the disk.
        durable: bool,
    },
    /// Nowhere: it is gone with the process.
    Memory,
    /// A server.
    Postgres(String),
}

/// A text names no database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotAStore(String);

impl StoreUrl {
    /// The file that it names, if it is one.
    #[must_use]
    pub fn file(&self) -> Option<&Path> {
        match &self.0 {
            Place::Sqlite { path, .. } => Some(path),
            Place::Memory | Place::Postgres(_) => None,
        }
    }
}

/// `ledger.db`, `sqlite:ledger.db`, `sqlite:ledger.db?synchronous=full`, `sqlite::memory:` or
/// `postgres://user:password@host/database`.
impl FromStr for StoreUrl {
    type Err = NotAStore;

    fn from_str(text: &str) -> Result<Self, NotAStore> {
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            return Ok(Self(Place::Postgres(text.to_owned())));
        }
        let path = text.strip_prefix("sqlite:").unwrap_or(text);
        let path = path.strip_prefix("//").unwrap_or(path);
        if path == ":memory:" {
            return Ok(Self(Place::Memory));
        }
        let (path, query) = path.split_once('?').map_or((path, None), |(p, q)| (p, Some(q)));
        let durable = match query {
            None | Some("synchronous=normal") => false,
            Some("synchronous=full") => true,
            Some(_) => return Err(NotAStore(said(text))),
        };
        if path.is_empty() || path.contains("://") {
            return Err(NotAStore(said(text)));
        }
        Ok(Self(Place::Sqlite { path: path.into(), durable }))
    }
}

/// What may be said again of a text that is none: a URL may hold a password.
fn said(text: &str) -> String {
    match text.split_once("://") {
        Some((scheme, _)) => format!("{scheme}://…"),
        None => text.to_owned(),
    }
}

/// For people: no password is in it.
impl fmt::Display for StoreUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Place::Sqlite { path, .. } => write!(f, "sqlite {}", path.display()),
            Place::Memory => f.write_str("sqlite in memory"),
            Place::Postgres(url) => {
                let place = url.split_once("://").map_or("", |(_, rest)| rest);
                let place = place.rsplit_once('@').map_or(place, |(_, host)| host);
                write!(f, "postgres {}", place.split('?').next().unwrap_or_default())
            }
        }
    }
}

impl fmt::Debug for StoreUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StoreUrl({self})")
    }
}

impl core::error::Error for NotAStore {}

impl fmt::Display for NotAStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(text) = self;
        write!(
            f,
            "`{text}` names no database: expected a file such as `ledger.db`, `sqlite:ledger.db` \
             with `?synchronous=full` or without, or `postgres://user:password@host/database`"
        )
    }
}
