//! Alerts: which were raised, and whether they were delivered.
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use super::super::query::Query;
use super::super::reply::{self, optional, text};
use super::super::{App, Name};
use super::{CallResult, require_tenant};
use crate::companion::ledger::view::{AlertView, DeliveryState};
use crate::json::Writer;

/// `GET /v1/alerts`
pub(in super::super) async fn all(State(app): State<App>, query: Query) -> CallResult {
    query.allow_only(&["limit"])?;
    Ok(write(&app.ledger.alerts(None, query.limit()?).await?))
}

/// `GET /v1/tenants/{tenant}/alerts`
pub(in super::super) async fn of_tenant(
    State(app): State<App>,
    Name(tenant): Name,
    query: Query,
) -> CallResult {
    query.allow_only(&["limit"])?;
    let alerts = app.ledger.alerts(Some(&tenant), query.limit()?).await?;
    if alerts.is_empty() {
        require_tenant(&app, &tenant).await?;
    }
    Ok(write(&alerts))
}

fn write(alerts: &[AlertView]) -> Response {
    reply::object(StatusCode::OK, |w| {
        w.key("alerts").array(|w| {
            for view in alerts {
                w.object(|w| one(view, w));
            }
        });
    })
}

fn one(view: &AlertView, w: &mut Writer) {
    let AlertView { alert, delivery } = view;
    text("id", alert.id(), w);
    text("tenant", &alert.tenant, w);
    text("threshold", alert.threshold, w);
    text("balance", alert.balance, w);
    text("available", alert.available, w);
    text("last_purchase", alert.last_purchase, w);
    text("at", alert.at, w);
    w.key("delivery").object(|w| {
        text("state", delivery.state.name(), w);
        w.key("attempts").number(delivery.attempts.into());
        optional("last_error", delivery.error.as_ref(), w);
        if delivery.state == DeliveryState::Pending {
            text("next_at", delivery.next_at, w);
        }
    });
}
