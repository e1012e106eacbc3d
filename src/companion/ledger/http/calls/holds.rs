//! Holds: made before a request, shown, given back.
use axum::extract::State;
use axum::http::StatusCode;

use super::super::body::Json;
use super::super::problem::ProblemDetails;
use super::super::reply::{self, optional, text};
use super::super::{App, Names};
use super::{CallResult, overflow, unknown_tenant};
use crate::companion::ledger::metrics::Operation;
use crate::credit::wire;
use crate::credit::{Answer, Command, NewHold, Outcome, Release};

/// `POST /v1/holds`
pub(in super::super) async fn create(State(app): State<App>, body: Json) -> CallResult {
    let hold = read(&body)?;
    let answer = app.ledger.apply(Command::Hold(hold.clone())).await?;
    app.metrics.outcomes(Operation::Hold, [answer.outcome]);
    match (&answer.standing, &answer.hold) {
        (Some(standing), Some(made)) if answer.outcome.consequence().done => {
            Ok(reply::object(reply::status(&answer), |w| {
                text("hold_id", &made.id, w);
                text("state", "held", w);
                text("credits", made.credits, w);
                reply::standing(standing, w);
                text("expires_at", made.expires_at, w);
            }))
        }
        _ => Err(refusal(&hold, &answer)),
    }
}

fn read(body: &Json) -> Result<NewHold, ProblemDetails> {
    let document = body.document()?;
    Ok(wire::HoldRequest::read(&document)?.into())
}

fn refusal(hold: &NewHold, answer: &Answer) -> ProblemDetails {
    let NewHold { hold_id, tenant, credits, .. } = hold;
    let detail = match (answer.outcome, &answer.exceeded, &answer.standing) {
        (Outcome::UnknownTenant, ..) => return unknown_tenant(tenant),
        (Outcome::Overflow, ..) => return overflow(),
        (Outcome::BudgetExceeded, Some(over), _) => format!(
            "the budget of {} credits a {} for {} has {} spent and {} held; {credits} are needed; \
             it begins anew at {}",
            over.budget.credits,
            over.budget.per.name(),
            reply::scope(&over.budget.scope),
            over.meter.spent,
            over.meter.held,
            over.resets_at,
        ),
        (Outcome::Insufficient, _, Some(standing)) => format!(
            "{credits} credits are needed and `{tenant}` has {} available: buy more with \
             POST /v1/tenants/{tenant}/purchases",
            standing.available
        ),
        (Outcome::HeldDifferently, ..) => {
            format!("`{hold_id}` was asked for with another amount")
        }
        _ => format!("`{hold_id}` was settled, given back or has expired: use another id"),
    };
    let mut problem = ProblemDetails::outcome(answer.outcome, &detail);
    if let (402, Some(standing)) = (answer.outcome.consequence().status, &answer.standing) {
        problem = problem
            .with("balance", standing.balance)
            .with("available", standing.available)
            .with("last_purchase", standing.last_purchase)
            .with("needed", credits);
    }
    match &answer.exceeded {
        Some(exceeded) => problem.with_json("budget", reply::exceeded(exceeded)),
        None => problem,
    }
}

/// `GET /v1/tenants/{tenant}/holds/{hold_id}`
pub(in super::super) async fn show(State(app): State<App>, Names(tenant, id): Names) -> CallResult {
    let found = app.ledger.hold(&tenant, &id).await?;
    let Some(hold) = found else { return Err(unknown(&tenant, &id)) };
    Ok(reply::object(StatusCode::OK, |w| {
        text("hold_id", &hold.id, w);
        text("tenant", &hold.tenant, w);
        optional("user", hold.user.as_ref(), w);
        optional("key", hold.key.as_ref(), w);
        text("state", hold.state.name(), w);
        text("credits", hold.credits, w);
        text("remaining", hold.remaining, w);
        optional("settled", hold.settled, w);
        text("created_at", hold.made, w);
        text("expires_at", hold.expires_at, w);
    }))
}

/// `DELETE /v1/tenants/{tenant}/holds/{hold_id}`
pub(in super::super) async fn release(
    State(app): State<App>,
    Names(tenant, id): Names,
) -> CallResult {
    let release = Release { tenant: tenant.clone(), hold_id: id.clone() };
    let answer = app.ledger.apply(Command::Release(release)).await?;
    app.metrics.outcomes(Operation::Release, [answer.outcome]);
    let consequence = answer.outcome.consequence();
    if consequence.done {
        return Ok(reply::object(reply::status(&answer), |w| {
            text("hold_id", &id, w);
            text("state", consequence.name, w);
        }));
    }
    match answer.outcome {
        Outcome::UnknownHold => Err(unknown(&tenant, &id)),
        outcome => {
            Err(ProblemDetails::outcome(outcome, &format!("`{id}` was settled or has expired")))
        }
    }
}

fn unknown(tenant: &str, id: &str) -> ProblemDetails {
    ProblemDetails::outcome(Outcome::UnknownHold, &format!("`{tenant}` has no hold `{id}`"))
}
