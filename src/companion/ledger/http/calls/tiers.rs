//! Tiers: what a purchase saves by its size.
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use super::super::App;
use super::super::body::Json;
use super::super::problem::ProblemDetails;
use super::super::reply::{self, text};
use super::CallResult;
use crate::credit::wire::{FieldError, Fields};
use crate::credit::{Command, Tier, Tiers, TiersError};
use crate::json::{Value, Writer};

const MOST: usize = 64;

/// `GET /v1/tiers`
pub(in super::super) async fn list(State(app): State<App>) -> CallResult {
    Ok(write(&app.ledger.tiers().await?))
}

/// `PUT /v1/tiers`
pub(in super::super) async fn set(State(app): State<App>, body: Json) -> CallResult {
    let tiers = read(&body)?;
    app.ledger.apply(Command::SetTiers(tiers.clone())).await?;
    Ok(write(&tiers))
}

fn write(tiers: &Tiers) -> Response {
    let mut out = Writer::new();
    out.array(|w| {
        for tier in tiers.list() {
            w.object(|w| {
                text("at_least", tier.at_least, w);
                text("discount", tier.discount, w);
            });
        }
    });
    reply::json(StatusCode::OK, out.finish())
}

fn read(body: &Json) -> Result<Tiers, ProblemDetails> {
    let document = body.document()?;
    let list = document.root();
    let wrong = |field: String, message: &str| {
        ProblemDetails::invalid(&FieldError { field, message: message.to_owned() })
    };
    if !list.is_array() {
        return Err(wrong(String::new(), "expected a list of tiers"));
    }
    if list.items().count() > MOST {
        return Err(wrong(String::new(), "expected at most 64 tiers"));
    }
    let tiers: Result<Vec<Tier>, FieldError> = list.items().enumerate().map(tier).collect();
    Tiers::of(tiers?).map_err(|why| match why {
        TiersError::Twice(at) => wrong(format!("[{at}].at_least"), "stands twice"),
        TiersError::Free(at) => wrong(format!("[{at}].discount"), "expected less than `100%`"),
    })
}

fn tier((at, value): (usize, Value<'_>)) -> Result<Tier, FieldError> {
    let fields = Fields::of(value, &format!("[{at}]"))?;
    fields.allow_only(&["at_least", "discount"])?;
    let text = fields.get("discount").and_then(Value::as_str).unwrap_or_default();
    let discount = text.parse().map_err(|why| fields.error("discount", &format!("{why}")));
    Ok(Tier { at_least: fields.credits("at_least")?, discount: discount? })
}
