//! An object's fields, read strictly: what a ledger is sent is money.
use core::fmt;
use std::borrow::Cow;

use super::{EXPIRES_MAX, NAME_MAX};
use crate::credit::Credits;
use crate::json::{Kind, Value, number};

/// What is wrong with a message, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldError {
    /// The field's path; empty for the whole.
    pub field: String,
    /// What was expected.
    pub message: String,
}

impl fmt::Display for FieldError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.field.is_empty() {
            return f.write_str(&self.message);
        }
        write!(f, "`{}`: {}", self.field, self.message)
    }
}

/// An object's fields, read strictly. A ledger reads its other messages with it as well.
#[derive(Debug)]
pub struct Fields<'d> {
    value: Value<'d>,
    at: String,
}

impl<'d> Fields<'d> {
    /// The fields of an object that stands at that path.
    ///
    /// # Errors
    /// When it is no object.
    pub fn of(value: Value<'d>, at: &str) -> Result<Self, FieldError> {
        let fields = Self { value, at: at.to_owned() };
        if value.is_object() { Ok(fields) } else { Err(fields.error("", "expected an object")) }
    }

    /// # Errors
    /// The first field that is none of these, or stands twice.
    pub fn allow_only(&self, known: &[&str]) -> Result<(), FieldError> {
        let mut seen: Vec<Cow<'_, str>> = Vec::new();
        for (key, _) in self.value.members() {
            if !known.contains(&&*key) {
                return Err(self.error(&key, &format!("unknown: expected {}", known.join(", "))));
            }
            if seen.contains(&key) {
                return Err(self.error(&key, "stands twice"));
            }
            seen.push(key);
        }
        Ok(())
    }

    /// A field's value; none when it is missing or null.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<Value<'d>> {
        self.value.given(key)
    }

    /// An id, a name or a label: 1 to [`NAME_MAX`] bytes of visible ASCII.
    ///
    /// # Errors
    /// When it is missing or something else.
    pub fn name(&self, key: &str) -> Result<Cow<'d, str>, FieldError> {
        self.optional_name(key)?.ok_or_else(|| self.error(key, "missing"))
    }

    /// The same where it is given.
    ///
    /// # Errors
    /// When it is something else.
    pub fn optional_name(&self, key: &str) -> Result<Option<Cow<'d, str>>, FieldError> {
        let Some(value) = self.get(key) else { return Ok(None) };
        let visible = |text: &str| text.bytes().all(|byte| byte.is_ascii_graphic());
        let safe = |text: &Cow<'_, str>| (1..=NAME_MAX).contains(&text.len()) && visible(text);
        match value.as_str().filter(safe) {
            Some(text) => Ok(Some(text)),
            None => Err(self.error(key, "expected 1 to 128 visible ASCII characters")),
        }
    }

    /// An amount.
    ///
    /// # Errors
    /// When it is missing or no exact amount.
    pub fn credits(&self, key: &str) -> Result<Credits, FieldError> {
        self.optional_credits(key)?.ok_or_else(|| self.error(key, "missing: an amount of credits"))
    }

    /// An amount where it is given.
    ///
    /// # Errors
    /// When it is no exact amount.
    pub fn optional_credits(&self, key: &str) -> Result<Option<Credits>, FieldError> {
        let Some(value) = self.get(key) else { return Ok(None) };
        // What has too many digits to be meant is refused as it stands.
        let raw = || (value.kind() == Kind::Number).then(|| Cow::Borrowed(value.raw()));
        let text = number::plain(value).or_else(raw).or_else(|| value.as_str()).unwrap_or_default();
        text.parse().map(Some).map_err(|wrong| self.error(key, &format!("{wrong}")))
    }

    /// `true` or `false`; `false` where it is missing.
    ///
    /// # Errors
    /// When it is something else.
    pub fn flag(&self, key: &str) -> Result<bool, FieldError> {
        let Some(value) = self.get(key) else { return Ok(false) };
        value.as_bool().ok_or_else(|| self.error(key, "expected true or false"))
    }

    /// A number that is whole, where it is given: `60`, `60.0` and `6e1` are the same. None of it
    /// for anything else.
    pub(super) fn whole(&self, key: &str) -> Option<Option<u64>> {
        self.get(key).map(number::whole)
    }

    /// For how many seconds something is to hold, where that is given.
    pub(super) fn expires_in(&self) -> Result<Option<u64>, FieldError> {
        let Some(seconds) = self.whole("expires_in") else { return Ok(None) };
        match seconds.filter(|seconds| (1..=EXPIRES_MAX).contains(seconds)) {
            Some(seconds) => Ok(Some(seconds)),
            None => Err(self.error("expires_in", "expected 1 to 86400 whole seconds")),
        }
    }

    /// A list's items, each with its path; none where there is no list.
    ///
    /// # Errors
    /// When it is no list, or one of more than `most`.
    pub fn list(&self, key: &str, most: usize) -> Result<Vec<(String, Value<'d>)>, FieldError> {
        let Some(value) = self.get(key) else { return Ok(Vec::new()) };
        if !value.is_array() {
            return Err(self.error(key, "expected a list"));
        }
        if value.items().count() > most {
            return Err(self.error(key, &format!("expected at most {most} of them")));
        }
        let path = self.path(key);
        Ok(value.items().enumerate().map(|(at, item)| (format!("{path}[{at}]"), item)).collect())
    }

    /// What is wrong with one of them.
    #[must_use]
    pub fn error(&self, key: &str, message: &str) -> FieldError {
        FieldError { field: self.path(key), message: message.to_owned() }
    }

    pub(super) fn path(&self, key: &str) -> String {
        match (self.at.as_str(), key) {
            ("", key) => key.to_owned(),
            (at, "") => at.to_owned(),
            (at, key) => format!("{at}.{key}"),
        }
    }
}
