//! Purchases: money in, credits out at the discount that they reach.
use axum::extract::State;
use axum::http::HeaderMap;

use super::super::body::Json;
use super::super::problem::ProblemDetails;
use super::super::reply::{self, optional, text};
use super::super::{App, Name};
use super::{CallResult, expires_at, key, overflow};
use crate::companion::ledger::metrics::Operation;
use crate::credit::wire::Fields;
use crate::credit::{Buy, Buying, Command, Moment, Outcome};

/// `POST /v1/tenants/{tenant}/purchases`
pub(in super::super) async fn buy(
    State(app): State<App>,
    Name(tenant): Name,
    headers: HeaderMap,
    body: Json,
) -> CallResult {
    let (buying, expires_at) = read(&body)?;
    let key = key(&headers)?;
    let command = Command::Buy(Buy { tenant, key: key.clone(), buying, expires_at });
    let answer = app.ledger.apply(command).await?;
    app.metrics.outcomes(Operation::Purchase, [answer.outcome]);
    match &answer.purchase {
        Some(purchase) if answer.outcome.consequence().done => {
            Ok(reply::object(reply::status(&answer), |w| {
                text("purchase_id", purchase.id(), w);
                text("credits", purchase.deal.credits, w);
                text("paid", purchase.deal.paid, w);
                text("discount", purchase.deal.discount, w);
                text("balance", purchase.standing.balance, w);
                text("available", purchase.standing.available, w);
                optional("expires_at", purchase.expires_at, w);
            }))
        }
        _ if answer.outcome == Outcome::Overflow => Err(overflow()),
        _ => {
            let detail = format!("`{key}` stands for another purchase of this tenant");
            Err(ProblemDetails::outcome(answer.outcome, &detail))
        }
    }
}

fn read(body: &Json) -> Result<(Buying, Option<Moment>), ProblemDetails> {
    let document = body.document()?;
    let fields = Fields::of(document.root(), "")?;
    fields.allow_only(&["credits", "paid", "expires_at"])?;
    let (field, amount, buying) =
        match (fields.optional_credits("credits")?, fields.optional_credits("paid")?) {
            (Some(credits), None) => ("credits", credits, Buying::Credits(credits)),
            (None, Some(paid)) => ("paid", paid, Buying::Paid(paid)),
            (None, None) => return Err(fields.error("credits", "missing: or say `paid`").into()),
            (Some(_), Some(_)) => {
                return Err(fields.error("paid", "expected `credits` or `paid`, not both").into());
            }
        };
    if amount.is_zero() {
        return Err(fields.error(field, "expected more than 0").into());
    }
    Ok((buying, expires_at(&fields)?))
}
