//! Which database a ledger uses: the URL that an operator writes.
use core::fmt;
use core::str::FromStr;
use std::path::{Path, PathBuf};

/// A database's URL, read.
#[derive(Clone, PartialEq, Eq)]
pub struct StoreUrl(pub(in crate::companion::ledger) Database);

/// The database that a URL names.
#[derive(Clone, PartialEq, Eq)]
pub(in crate::companion::ledger) enum Database {
    Sqlite {
        path: PathBuf,
        /// Whether an answer waits until the disk has it (`?synchronous=full`).
        durable: bool,
    },
    /// A database in memory, which is gone with the process.
    Memory,
    Postgres(String),
}

/// The text names no database. It holds what may be shown of that text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParseStoreUrlError(String);

impl StoreUrl {
    /// The database's file, where it is one.
    #[must_use]
    pub fn file(&self) -> Option<&Path> {
        match &self.0 {
            Database::Sqlite { path, .. } => Some(path),
            Database::Memory | Database::Postgres(_) => None,
        }
    }
}

/// `ledger.db`, `sqlite:ledger.db`, `sqlite:ledger.db?synchronous=full`, `sqlite::memory:` or
/// `postgres://user:password@host/database`.
impl FromStr for StoreUrl {
    type Err = ParseStoreUrlError;

    fn from_str(text: &str) -> Result<Self, ParseStoreUrlError> {
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            return Ok(Self(Database::Postgres(text.to_owned())));
        }
        let path = text.strip_prefix("sqlite:").unwrap_or(text);
        let path = path.strip_prefix("//").unwrap_or(path);
        if path == ":memory:" {
            return Ok(Self(Database::Memory));
        }
        let (path, query) = path.split_once('?').map_or((path, None), |(p, q)| (p, Some(q)));
        let durable = match query {
            None | Some("synchronous=normal") => false,
            Some("synchronous=full") => true,
            Some(_) => return Err(ParseStoreUrlError(shown(text))),
        };
        if path.is_empty() || path.contains("://") {
            return Err(ParseStoreUrlError(shown(text)));
        }
        Ok(Self(Database::Sqlite { path: path.into(), durable }))
    }
}

/// What may be shown of a wrong URL, which may hold a password.
fn shown(text: &str) -> String {
    match text.split_once("://") {
        Some((scheme, _)) => format!("{scheme}://…"),
        None => text.to_owned(),
    }
}

/// The database without a password.
impl fmt::Display for StoreUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Database::Sqlite { path, .. } => write!(f, "sqlite {}", path.display()),
            Database::Memory => f.write_str("sqlite in memory"),
            Database::Postgres(url) => {
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

impl core::error::Error for ParseStoreUrlError {}

impl fmt::Display for ParseStoreUrlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(text) = self;
        write!(
            f,
            "`{text}` names no database: expected a file such as `ledger.db`, `sqlite:ledger.db` \
             with `?synchronous=full` or without, or `postgres://user:password@host/database`"
        )
    }
}
