//! Query parameters, read as strictly as a body.
use axum::extract::{FromRequestParts, Query as Pairs};
use axum::http::request::Parts;

use super::name_of;
use super::problem::ProblemDetails;
use crate::credit::wire::FieldError;

/// How many items a list has without `limit`.
const USUAL: u32 = 100;
/// The most that `limit` may be.
const MOST: u32 = 1000;

/// The parameters of a query.
#[derive(Debug)]
pub(super) struct Query(Vec<(String, String)>);

impl<S: Send + Sync> FromRequestParts<S> for Query {
    type Rejection = ProblemDetails;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ProblemDetails> {
        let pairs = Pairs::<Vec<(String, String)>>::from_request_parts(parts, state).await;
        let Pairs(pairs) = pairs.map_err(|_| ProblemDetails::bad("the query cannot be read"))?;
        Ok(Self(pairs))
    }
}

impl Query {
    /// # Errors
    /// The first parameter that is unknown or stands twice.
    pub(super) fn allow_only(&self, known: &[&str]) -> Result<(), ProblemDetails> {
        for (at, (key, _)) in self.0.iter().enumerate() {
            if !known.contains(&&**key) {
                return Err(wrong(key, &format!("unknown: expected {}", known.join(", "))));
            }
            if self.0.iter().take(at).any(|(other, _)| other == key) {
                return Err(wrong(key, "stands twice"));
            }
        }
        Ok(())
    }

    /// The parameter `limit`.
    pub(super) fn limit(&self) -> Result<u32, ProblemDetails> {
        let Some(text) = self.get("limit") else { return Ok(USUAL) };
        let limit = digits(text).and_then(|text| text.parse().ok());
        let limit = limit.filter(|limit| (1..=MOST).contains(limit));
        limit.ok_or_else(|| wrong("limit", "expected 1 to 1000"))
    }

    /// The parameter `after` as a name.
    pub(super) fn after_name(&self) -> Result<Option<String>, ProblemDetails> {
        self.get("after").map(|name| name_of("after", name)).transpose()
    }

    /// The parameter `after` as a number.
    pub(super) fn after_number(&self) -> Result<u64, ProblemDetails> {
        let Some(text) = self.get("after") else { return Ok(0) };
        let number = digits(text).and_then(|text| text.parse::<i64>().ok());
        let number = number.and_then(|number| u64::try_from(number).ok());
        number.ok_or_else(|| wrong("after", "expected the number of an entry"))
    }

    fn get(&self, key: &str) -> Option<&str> {
        self.0.iter().find(|(own, _)| own == key).map(|(_, value)| &**value)
    }
}

/// Only digits: the standard library would take a plus sign as well.
fn digits(text: &str) -> Option<&str> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then_some(text)
}

fn wrong(field: &str, message: &str) -> ProblemDetails {
    ProblemDetails::invalid(&FieldError { field: field.to_owned(), message: message.to_owned() })
}
