//! What can be called: one file per kind of thing.
pub(super) mod adjustments;
pub(super) mod alerts;
pub(super) mod entries;
pub(super) mod holds;
pub(super) mod purchases;
pub(super) mod renewals;
pub(super) mod service;
pub(super) mod settlements;
pub(super) mod tenants;
pub(super) mod tiers;

use axum::http::HeaderMap;

use super::problem::Problem;
use super::{App, name_of};
use crate::companion::ledger::engine::Unavailable;
use crate::credit::wire::{Fields, Wrong};
use crate::credit::{Answer, Moment, Outcome};

/// What a call answers.
type Called = Result<axum::response::Response, Problem>;

/// What became of one of a batch, or why nothing did.
type Each = Result<Answer, Unavailable>;

/// What came of each of a batch. Where nobody could be served, and not because somebody keeps an
/// account locked, the service has failed.
fn each(answers: Vec<Each>) -> Result<Vec<Each>, Unavailable> {
    let failed = |answer: &Each| match answer {
        Ok(_) | Err(Unavailable::Late) => None,
        Err(why) => Some(why.clone()),
    };
    let failures: Option<Vec<Unavailable>> = answers.iter().map(failed).collect();
    match failures.and_then(|failures| failures.into_iter().next()) {
        Some(why) => Err(why),
        None => Ok(answers),
    }
}

/// The header that makes a call one, however often it is sent.
const KEY: &str = "idempotency-key";

/// A call's own id.
fn key(headers: &HeaderMap) -> Result<String, Problem> {
    let missing = || {
        let message = "missing: send this header with an id of your own".to_owned();
        Problem::invalid(&Wrong { field: KEY.to_owned(), message })
    };
    let value = headers.get(KEY).ok_or_else(missing)?;
    name_of(KEY, value.to_str().unwrap_or_default())
}

/// When something is to end, where that is given.
fn expires_at(fields: &Fields<'_>) -> Result<Option<Moment>, Wrong> {
    let Some(value) = fields.get("expires_at") else { return Ok(None) };
    let time = value.as_str().and_then(|text| text.parse::<jiff::Timestamp>().ok());
    let millis = time.and_then(|time| u64::try_from(time.as_millisecond()).ok());
    let wrong = || fields.wrong("expires_at", "expected a time: `2027-01-01T00:00:00Z`");
    millis.map(|millis| Some(Moment::of_millis(millis))).ok_or_else(wrong)
}

/// Fails when there is no such tenant.
async fn exists(app: &App, tenant: &str) -> Result<(), Problem> {
    match app.ledger.tenant(tenant).await? {
        Some(_) => Ok(()),
        None => Err(unknown_tenant(tenant)),
    }
}

pub(super) fn unknown_tenant(tenant: &str) -> Problem {
    let detail = format!("nobody has bought credits for `{tenant}` or given it settings");
    Problem::outcome(Outcome::UnknownTenant, &detail)
}

fn overflow() -> Problem {
    Problem::outcome(Outcome::Overflow, "an account can hold nine trillion credits")
}
