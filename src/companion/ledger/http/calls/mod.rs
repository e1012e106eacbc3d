//! The calls of the API, one file for each kind of resource.
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

use core::iter::repeat_n;

use axum::http::HeaderMap;

use super::problem::ProblemDetails;
use super::{App, name_of};
use crate::companion::ledger::engine::Unavailable;
use crate::companion::ledger::metrics::Operation;
use crate::credit::wire::{FieldError, Fields, UNAVAILABLE};
use crate::credit::{Answer, Command, Moment, Outcome};

/// A call's response, or the problem that it answers.
type CallResult = Result<axum::response::Response, ProblemDetails>;

/// What became of one item of a batch.
type ItemResult = Result<Answer, Unavailable>;

/// Gives a batch's answers, unless every item failed for another reason than a locked account:
/// then the service has failed.
fn unless_all_failed(answers: Vec<ItemResult>) -> Result<Vec<ItemResult>, Unavailable> {
    let failed = |answer: &ItemResult| match answer {
        Ok(_) | Err(Unavailable::Late) => None,
        Err(why) => Some(why.clone()),
    };
    let failures: Option<Vec<Unavailable>> = answers.iter().map(failed).collect();
    match failures.and_then(|failures| failures.into_iter().next()) {
        Some(why) => Err(why),
        None => Ok(answers),
    }
}

/// Carries out the valid items of a batch, and counts what became of all.
async fn run_batch(
    app: &App,
    operation: Operation,
    commands: Vec<Command>,
    invalid: usize,
) -> Result<Vec<ItemResult>, ProblemDetails> {
    let answers = match commands.is_empty() {
        true => Vec::new(),
        false => unless_all_failed(app.ledger.apply_each(commands).await?)?,
    };
    app.metrics.outcomes(operation, answers.iter().flatten().map(|answer| answer.outcome));
    app.metrics.words(operation, repeat_n("invalid", invalid));
    let waits = answers.iter().filter(|answer| answer.is_err());
    app.metrics.words(operation, waits.map(|_| UNAVAILABLE));
    Ok(answers)
}

/// The header with which a call is carried out once, however often it is sent.
const KEY: &str = "idempotency-key";

/// The caller's idempotency key.
fn key(headers: &HeaderMap) -> Result<String, ProblemDetails> {
    let missing = || {
        let message = "missing: send this header with an id of your own".to_owned();
        ProblemDetails::invalid(&FieldError { field: KEY.to_owned(), message })
    };
    let value = headers.get(KEY).ok_or_else(missing)?;
    name_of(KEY, value.to_str().unwrap_or_default())
}

/// The time in `expires_at`; `None` where it is left out.
fn expires_at(fields: &Fields<'_>) -> Result<Option<Moment>, FieldError> {
    let Some(value) = fields.get("expires_at") else { return Ok(None) };
    let time = value.as_str().and_then(|text| text.parse::<jiff::Timestamp>().ok());
    let millis = time.and_then(|time| u64::try_from(time.as_millisecond()).ok());
    let wrong = || fields.error("expires_at", "expected a time: `2027-01-01T00:00:00Z`");
    millis.map(|millis| Some(Moment::of_millis(millis))).ok_or_else(wrong)
}

/// Fails with `unknown_tenant` when there is no such tenant.
async fn require_tenant(app: &App, tenant: &str) -> Result<(), ProblemDetails> {
    match app.ledger.tenant(tenant).await? {
        Some(_) => Ok(()),
        None => Err(unknown_tenant(tenant)),
    }
}

pub(super) fn unknown_tenant(tenant: &str) -> ProblemDetails {
    let detail = format!("nobody has bought credits for `{tenant}` or given it settings");
    ProblemDetails::outcome(Outcome::UnknownTenant, &detail)
}

fn overflow() -> ProblemDetails {
    ProblemDetails::outcome(Outcome::Overflow, "an account can hold nine trillion credits")
}
