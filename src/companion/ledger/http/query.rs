//! What stands behind a path's question mark, read as strictly as a body.
use axum::extract::{FromRequestParts, Query as Pairs};
use axum::http::request::Parts;

use super::name_of;
use super::problem::Problem;
use crate::credit::wire::Wrong;

/// How many items a list has when nobody says.
const USUAL: u32 = 100;
/// And how many at most.
const MOST: u32 = 1000;

/// The pairs of a query.
#[derive(Debug)]
pub(super) struct Query(Vec<(String, String)>);

impl<S: Send + Sync> FromRequestParts<S> for Query {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let pairs = Pairs::<Vec<(String, String)>>::from_request_parts(parts, state).await;
        let Pairs(pairs) = pairs.map_err(|_| Problem::bad("the query cannot be read"))?;
        Ok(Self(pairs))
    }
}

impl Query {
    /// # Errors
    /// The first that is none of these, or stands twice.
    pub(super) fn known(&self, known: &[&str]) -> Result<(), Problem> {
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

    /// How many are wanted.
    pub(super) fn limit(&self) -> Result<u32, Problem> {
        let Some(text) = self.get("limit") else { return Ok(USUAL) };
        let limit = digits(text).and_then(|text| text.parse().ok());
        let limit = limit.filter(|limit| (1..=MOST).contains(limit));
        limit.ok_or_else(|| wrong("limit", "expected 1 to 1000"))
    }

    /// The name after which they are wanted.
    pub(super) fn after_name(&self) -> Result<Option<String>, Problem> {
        self.get("after").map(|name| name_of("after", name)).transpose()
    }

    /// The number after which they are wanted.
    pub(super) fn after_number(&self) -> Result<u64, Problem> {
        let Some(text) = self.get("after") else { return Ok(0) };
        let number = digits(text).and_then(|text| text.parse::<i64>().ok());
        let number = number.and_then(|number| u64::try_from(number).ok());
        number.ok_or_else(|| wrong("after", "expected the number of an entry"))
    }

    fn get(&self, key: &str) -> Option<&str> {
        self.0.iter().find(|(own, _)| own == key).map(|(_, value)| &**value)
    }
}

/// A number may begin with a plus sign to the standard library, which none of ours does.
fn digits(text: &str) -> Option<&str> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then_some(text)
}

fn wrong(field: &str, message: &str) -> Problem {
    Problem::invalid(&Wrong { field: field.to_owned(), message: message.to_owned() })
}
