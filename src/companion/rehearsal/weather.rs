//! Which models fail, and how.
use core::fmt;
use std::collections::BTreeMap;
use std::str::FromStr;

use crate::policy::parted;

/// What a model does in the place of an answer that its app gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// It answers with that status, of 400 or more.
    Status(u16),
    /// There is no connection to its provider.
    Unreachable,
    /// It says nothing until the policy's idle timeout has passed.
    Silent,
    /// The connection breaks before an answer.
    Reset,
    /// It answers, and its cascade does not accept that. Where nobody judges the answer, the app
    /// gets it.
    Unaccepted,
    /// Its breaker is open: it is left alone, as long as any other is left.
    Open,
}

/// The models that fail, by their names in the policy.
#[derive(Debug, Clone, Default)]
pub struct Weather(BTreeMap<String, Failure>);

impl Weather {
    /// A model fails.
    pub fn add(&mut self, model: &str, failure: Failure) {
        self.0.insert(model.to_owned(), failure);
    }

    /// How a model fails, if it does: at that account, or at all of them.
    #[must_use]
    pub fn of(&self, model: &str) -> Option<Failure> {
        let own = self.0.get(model).or_else(|| self.0.get(parted(model).0));
        own.copied().filter(|own| *own != Failure::Open)
    }

    /// The models whose breakers are open.
    pub fn open(&self) -> impl Iterator<Item = &str> {
        let open = self.0.iter().filter(|(_, failure)| **failure == Failure::Open);
        open.map(|(model, _)| model.as_str())
    }

    /// Every model that fails.
    pub fn models(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}

impl FromStr for Failure {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "unreachable" => Ok(Self::Unreachable),
            "silent" => Ok(Self::Silent),
            "reset" => Ok(Self::Reset),
            "unaccepted" => Ok(Self::Unaccepted),
            "open" => Ok(Self::Open),
            _ => match text.parse() {
                Ok(status @ 400..=599) => Ok(Self::Status(status)),
                _ => Err(format!(
                    "expected a status from 400 to 599, `unreachable`, `silent`, `reset`, \
                     `unaccepted` or `open`, found `{text}`"
                )),
            },
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status(status) => write!(f, "{status}"),
            Self::Unreachable => f.write_str("unreachable"),
            Self::Silent => f.write_str("silent"),
            Self::Reset => f.write_str("reset"),
            Self::Unaccepted => f.write_str("unaccepted"),
            Self::Open => f.write_str("open"),
        }
    }
}
