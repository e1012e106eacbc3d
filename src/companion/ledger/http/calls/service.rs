//! The service's own state: health, metrics and the API's document.
use core::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse as _, Response};
use tokio::time::timeout;

use super::super::App;
use super::super::problem::ProblemDetails;
use super::super::reply::{self, optional, text};
use super::CallResult;
use crate::companion::ledger::metrics::{self, Text};

/// The API's document.
const DOCUMENT: &str = include_str!("../openapi.json");

/// How long a check of the database may take.
const CHECK_TIMEOUT: Duration = Duration::from_secs(2);

/// `GET /openapi.json`
pub(in super::super) async fn document() -> Response {
    reply::json(StatusCode::OK, DOCUMENT.into())
}

/// `GET /healthz`
pub(in super::super) async fn health(State(app): State<App>) -> CallResult {
    match timeout(CHECK_TIMEOUT, app.ledger.ready()).await {
        Ok(ready) => ready?,
        Err(_) => {
            let why = "the database does not answer in time: somebody else may keep it locked";
            return Err(ProblemDetails::unavailable(why));
        }
    }
    let clock = app.ledger.clock_warning();
    Ok(reply::object(StatusCode::OK, |w| {
        text("status", if clock.is_some() { "degraded" } else { "ok" }, w);
        optional("clock", clock, w);
    }))
}

/// `GET /metrics`
pub(in super::super) async fn metrics(State(app): State<App>) -> Response {
    let mut out = Text::default();
    app.metrics.write(&mut out);
    metrics::writer(&app.ledger.stats(), &mut out);
    let kind = "text/plain; version=0.0.4; charset=utf-8";
    ([(CONTENT_TYPE, kind)], out.finish()).into_response()
}
