//! Adjustments: what an operator changes of an account by hand, with a reason.
use axum::extract::State;
use axum::http::HeaderMap;

use super::super::body::Json;
use super::super::problem::Problem;
use super::super::reply::{self, text};
use super::super::{App, Name};
use super::{Called, expires_at, key, overflow, unknown_tenant};
use crate::companion::ledger::adjusting;
use crate::companion::ledger::metrics::Thing;
use crate::credit::wire::{Fields, Wrong};
use crate::credit::{Adjust, Change, Command, Credits, Outcome, is_reason};

/// `POST /v1/tenants/{tenant}/adjustments`
pub(in super::super) async fn adjust(
    State(app): State<App>,
    Name(tenant): Name,
    headers: HeaderMap,
    body: Json,
) -> Called {
    let (change, reason) = read(&tenant, &body)?;
    let adjust = Adjust { tenant, key: key(&headers)?, change, reason };
    let answer = app.ledger.apply(Command::Adjust(adjust.clone())).await?;
    app.metrics.outcomes(Thing::Adjustment, [answer.outcome]);
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
            outcome => Problem::outcome(outcome, &adjusting::refusal(&adjust, outcome)),
        }),
    }
}

fn read(tenant: &str, body: &Json) -> Result<(Change, String), Problem> {
    let document = body.document()?;
    let fields = Fields::of(document.root(), "")?;
    let change = change(tenant, &fields)?;
    let reason = fields.get("reason").and_then(|value| value.as_str());
    match reason.filter(|text| is_reason(text)) {
        Some(reason) => Ok((change, reason.into_owned())),
        None => Err(fields.wrong("reason", "expected 1 to 256 bytes of text on one line").into()),
    }
}

fn change(tenant: &str, fields: &Fields<'_>) -> Result<Change, Wrong> {
    let kind = fields.get("kind").and_then(|kind| kind.as_str()).unwrap_or_default();
    match &*kind {
        "credit" => {
            fields.known(&["kind", "credits", "expires_at", "reason"])?;
            Ok(Change::Credit { credits: some(fields)?, expires_at: expires_at(fields)? })
        }
        "debit" => {
            fields.known(&["kind", "credits", "reason"])?;
            Ok(Change::Debit { credits: some(fields)? })
        }
        "refund" => {
            fields.known(&["kind", "purchase", "credits", "reason"])?;
            let credits = match fields.get("credits") {
                Some(_) => Some(some(fields)?),
                None => None,
            };
            Ok(Change::Refund { purchase: fields.name("purchase")?.into_owned(), credits })
        }
        "void" => {
            fields.known(&["kind", "lot", "reason"])?;
            let id = fields.get("lot").and_then(|lot| lot.as_str()).unwrap_or_default();
            let lot = adjusting::lot(tenant, &id).map_err(|why| fields.wrong("lot", &why))?;
            Ok(Change::Void { lot })
        }
        _ => Err(fields.wrong("kind", "expected `credit`, `debit`, `refund` or `void`")),
    }
}

/// An amount that is something.
fn some(fields: &Fields<'_>) -> Result<Credits, Wrong> {
    match fields.credits("credits")? {
        Credits::ZERO => Err(fields.wrong("credits", "expected more than 0")),
        credits => Ok(credits),
    }
}
