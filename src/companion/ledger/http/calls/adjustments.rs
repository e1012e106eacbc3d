//! Adjustments: what an operator changes of an account by hand, with a reason.
use axum::extract::State;
use axum::http::HeaderMap;

use super::super::body::Json;
use super::super::problem::ProblemDetails;
use super::super::reply::{self, text};
use super::super::{App, Name};
use super::{CallResult, expires_at, key, overflow, unknown_tenant};
use crate::companion::ledger::adjusting;
use crate::companion::ledger::metrics::Operation;
use crate::credit::wire::{FieldError, Fields};
use crate::credit::{Adjust, Change, Command, Credits, Outcome, is_reason};

/// `POST /v1/tenants/{tenant}/adjustments`
pub(in super::super) async fn adjust(
    State(app): State<App>,
    Name(tenant): Name,
    headers: HeaderMap,
    body: Json,
) -> CallResult {
    let (change, reason) = read(&tenant, &body)?;
    let adjust = Adjust { tenant, key: key(&headers)?, change, reason };
    let answer = app.ledger.apply(Command::Adjust(adjust.clone())).await?;
    app.metrics.outcomes(Operation::Adjustment, [answer.outcome]);
    match &answer.adjustment {
        Some(made) if answer.outcome.consequence().done => {
            Ok(reply::object(reply::status(&answer), |w| {
                text("adjustment_id", made.id(), w);
                text("kind", made.asked.change.name(), w);
                text("credits", made.amount, w);
                if let Change::Refund { .. } = made.asked.change {
                    text("paid", made.paid, w);
                }
                text("balance", made.standing.balance, w);
                text("available", made.standing.available, w);
            }))
        }
        _ => Err(match answer.outcome {
            Outcome::UnknownTenant => unknown_tenant(&adjust.tenant),
            Outcome::Overflow => overflow(),
            outcome => ProblemDetails::outcome(outcome, &adjusting::refusal(&adjust, outcome)),
        }),
    }
}

fn read(tenant: &str, body: &Json) -> Result<(Change, String), ProblemDetails> {
    let document = body.document()?;
    let fields = Fields::of(document.root(), "")?;
    let change = change(tenant, &fields)?;
    let reason = fields.get("reason").and_then(|value| value.as_str());
    match reason.filter(|text| is_reason(text)) {
        Some(reason) => Ok((change, reason.into_owned())),
        None => Err(fields.error("reason", "expected 1 to 256 bytes of text on one line").into()),
    }
}

fn change(tenant: &str, fields: &Fields<'_>) -> Result<Change, FieldError> {
    let kind = fields.get("kind").and_then(|kind| kind.as_str()).unwrap_or_default();
    match &*kind {
        "credit" => {
            fields.allow_only(&["kind", "credits", "expires_at", "reason"])?;
            Ok(Change::Credit {
                credits: positive_credits(fields)?,
                expires_at: expires_at(fields)?,
            })
        }
        "debit" => {
            fields.allow_only(&["kind", "credits", "reason"])?;
            Ok(Change::Debit { credits: positive_credits(fields)? })
        }
        "refund" => {
            fields.allow_only(&["kind", "purchase", "credits", "reason"])?;
            let credits = match fields.get("credits") {
                Some(_) => Some(positive_credits(fields)?),
                None => None,
            };
            Ok(Change::Refund { purchase: fields.name("purchase")?.into_owned(), credits })
        }
        "void" => {
            fields.allow_only(&["kind", "lot", "reason"])?;
            let id = fields.get("lot").and_then(|lot| lot.as_str()).unwrap_or_default();
            let lot = adjusting::lot(tenant, &id).map_err(|why| fields.error("lot", &why))?;
            Ok(Change::Void { lot })
        }
        _ => Err(fields.error("kind", "expected `credit`, `debit`, `refund` or `void`")),
    }
}

/// An amount of more than zero.
fn positive_credits(fields: &Fields<'_>) -> Result<Credits, FieldError> {
    match fields.credits("credits")? {
        Credits::ZERO => Err(fields.error("credits", "expected more than 0")),
        credits => Ok(credits),
    }
}
