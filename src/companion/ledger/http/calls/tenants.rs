//! Tenants: their balances and their settings.
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use super::super::body::Json;
use super::super::problem::ProblemDetails;
use super::super::query::Query;
use super::super::reply::{self, optional, text};
use super::super::settings;
use super::super::{App, Name};
use super::{CallResult, overflow, unknown_tenant};
use crate::companion::ledger::view::TenantView;
use crate::credit::{Command, Moment, Outcome, Window};
use crate::json::Writer;

/// `GET /v1/tenants`
pub(in super::super) async fn list(State(app): State<App>, query: Query) -> CallResult {
    query.allow_only(&["after", "limit"])?;
    let (after, limit) = (query.after_name()?, query.limit()?);
    // One more than asked for tells whether there is another page.
    let mut views = app.ledger.tenants(after.as_deref(), limit.saturating_add(1)).await?;
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = views.len() > limit;
    views.truncate(limit);
    Ok(reply::object(StatusCode::OK, |w| {
        w.key("tenants").array(|w| {
            for view in &views {
                w.object(|w| summary(view, w));
            }
        });
        match views.last().filter(|_| more) {
            Some(last) => text("next", &last.account.tenant, w),
            None => w.key("next").null(),
        }
    }))
}

/// `GET /v1/tenants/{tenant}`
pub(in super::super) async fn show(State(app): State<App>, Name(tenant): Name) -> CallResult {
    whole(&app, &tenant).await
}

/// `PUT /v1/tenants/{tenant}`
pub(in super::super) async fn configure(
    State(app): State<App>,
    Name(tenant): Name,
    body: Json,
) -> CallResult {
    let command = settings::read(&tenant, &body)?;
    let answer = app.ledger.apply(Command::Configure(command)).await?;
    match answer.outcome {
        Outcome::Overflow => Err(overflow()),
        _ => whole(&app, &tenant).await,
    }
}

async fn whole(app: &App, tenant: &str) -> Result<Response, ProblemDetails> {
    let view = app.ledger.tenant(tenant).await?.ok_or_else(|| unknown_tenant(tenant))?;
    let now = app.ledger.now();
    Ok(reply::object(StatusCode::OK, |w| {
        summary(&view, w);
        optional("webhook", view.account.webhook.as_ref(), w);
        w.key("lots").array(|w| lots(&view, w));
        w.key("budgets").array(|w| budgets(&view, now, w));
        w.key("alerts").array(|w| {
            for alarm in &view.account.alert_rules {
                w.object(|w| {
                    text("threshold", alarm.threshold, w);
                    text("credits", alarm.threshold.level(view.account.last_purchase), w);
                    w.key("below").boolean(alarm.below);
                });
            }
        });
    }))
}

fn summary(view: &TenantView, w: &mut Writer) {
    text("tenant", &view.account.tenant, w);
    reply::standing(&view.account.standing(), w);
    text("held", view.account.held, w);
    w.key("open_holds").number(view.open_holds);
    text("overdraft", view.account.overdraft, w);
    text("spent_7d", view.spent_week, w);
}

fn lots(view: &TenantView, w: &mut Writer) {
    for lot in &view.account.lots {
        w.object(|w| {
            text("purchase_id", format!("{}/{}", view.account.tenant, lot.number), w);
            text("remaining", lot.remaining, w);
            optional("expires_at", lot.expires_at, w);
        });
    }
}

fn budgets(view: &TenantView, now: Moment, w: &mut Writer) {
    for (budget, meter) in &view.budgets {
        w.object(|w| {
            reply::budget(budget, w);
            // A budget of each user or key has many meters, and no sum.
            let resets_at = Window::of(budget.per, now).end();
            match meter {
                Some(meter) => reply::meter(meter, resets_at, w),
                None => text("resets_at", resets_at, w),
            }
        });
    }
}
