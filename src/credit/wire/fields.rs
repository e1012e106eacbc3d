//! Strict reading of an object's fields: unknown, repeated and malformed ones are errors.
use core::fmt;
use std::borrow::Cow;

use super::{EXPIRES_MAX, NAME_MAX};
use crate::credit::Credits;
use crate::json::{Kind, Value, number};

/// What is wrong with a field of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldError {
    /// The field's path, such as `settlements[0].credits`; empty for the whole message.
    pub field: String,
    /// What was expected there.
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

/// The fields of one object, read strictly.
#[derive(Debug)]
pub struct Fields<'d> {
    value: Value<'d>,
    at: String,
}

impl<'d> Fields<'d> {
    /// The fields of the object at the path `at`.
    ///
    /// # Errors
    /// When the value is not an object.
    pub fn of(value: Value<'d>, at: &str) -> Result<Self, FieldError> {
        let fields = Self { value, at: at.to_owned() };
        if value.is_object() { Ok(fields) } else { Err(fields.error("", "expected an object")) }
    }

    /// # Errors
    /// The first field that is not one of `known`, or stands twice.
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

    /// A field's value; `None` when the field is missing or null.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<Value<'d>> {
        self.value.given(key)
    }

    /// An id, a name or a label: 1 to [`NAME_MAX`] bytes of visible ASCII.
    ///
    /// # Errors
    /// When the field is missing or not such a text.
    pub fn name(&self, key: &str) -> Result<Cow<'d, str>, FieldError> {
        self.optional_name(key)?.ok_or_else(|| self.error(key, "missing"))
    }

    /// The same, with `None` for a field that is missing or null.
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
    /// When the field is missing or not an exact amount.
    pub fn credits(&self, key: &str) -> Result<Credits, FieldError> {
        self.optional_credits(key)?.ok_or_else(|| self.error(key, "missing: an amount of credits"))
    }

    /// The same, with `None` for a field that is missing or null.
    ///
    /// # Errors
    /// When the field is not an exact amount.
    pub fn optional_credits(&self, key: &str) -> Result<Option<Credits>, FieldError> {
        let Some(value) = self.get(key) else { return Ok(None) };
        // A number with more digits than any amount has is refused by its raw text.
        let raw = || (value.kind() == Kind::Number).then(|| Cow::Borrowed(value.raw()));
        let text = number::plain(value).or_else(raw).or_else(|| value.as_str()).unwrap_or_default();
        text.parse().map(Some).map_err(|wrong| self.error(key, &format!("{wrong}")))
    }

    /// A boolean; `false` where the field is missing or null.
    ///
    /// # Errors
    /// When it is something else.
    pub fn flag(&self, key: &str) -> Result<bool, FieldError> {
        let Some(value) = self.get(key) else { return Ok(false) };
        value.as_bool().ok_or_else(|| self.error(key, "expected true or false"))
    }

    /// A whole number: `60`, `60.0` and `6e1` are the same. The outer `None` is a missing field,
    /// the inner one a value that is not a whole number.
    pub(super) fn whole(&self, key: &str) -> Option<Option<u64>> {
        self.get(key).map(number::whole)
    }

    /// The seconds in `expires_in`, from 1 to [`EXPIRES_MAX`]; `None` where the field is missing.
    pub(super) fn expires_in(&self) -> Result<Option<u64>, FieldError> {
        let Some(seconds) = self.whole("expires_in") else { return Ok(None) };
        match seconds.filter(|seconds| (1..=EXPIRES_MAX).contains(seconds)) {
            Some(seconds) => Ok(Some(seconds)),
            None => Err(self.error("expires_in", "expected 1 to 86400 whole seconds")),
        }
    }

    /// A list's items, each with its path; empty where the field is missing or null.
    ///
    /// # Errors
    /// When the value is not a list, or has more than `most` items.
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

    /// An error of one of the fields; of the object itself where `key` is empty.
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
