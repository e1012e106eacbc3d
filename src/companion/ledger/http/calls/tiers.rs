//! Tiers: what a purchase saves by its size.
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use super::super::App;
use super::super::body::Json;
use super::super::problem::Problem;
use super::super::reply::{self, text};
use super::Called;
use crate::credit::wire::{Fields, Wrong};
use crate::credit::{Command, NotTiers, Tier, Tiers};
use crate::json::{Value, Writer};

/// Most tiers.
const MOST: usize = 64;

/// `GET /v1/tiers`
pub(in super::super) async fn list(State(app): State<App>) -> Called {
    Ok(write(&app.ledger.tiers().await?))
}

/// `PUT /v1/tiers`
pub(in super::super) async fn set(State(app): State<App>, body: Json) -> Called {
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

fn read(body: &Json) -> Result<Tiers, Problem> {
    let document = body.document()?;
    let list = document.root();
    let wrong = |field: String, message: &str| {
        Problem::invalid(&Wrong { field, message: message.to_owned() })
    };
    if !list.is_array() {
        return Err(wrong(String::new(), "expected a list of tiers"));
    }
    if list.items().count() > MOST {
        return Err(wrong(String::new(), "expected at most 64 tiers"));
    }
    let tiers: Result<Vec<Tier>, Wrong> = list.items().enumerate().map(tier).collect();
    Tiers::of(tiers?).map_err(|why| match why {
        NotTiers::Twice(at) => wrong(format!("[{at}].at_least"), "stands twice"),
        NotTiers::Free(at) => wrong(format!("[{at}].discount"), "expected less than `100%`"),
    })
}

fn tier((at, value): (usize, Value<'_>)) -> Result<Tier, Wrong> {
    let fields = Fields::of(value, &format!("[{at}]"))?;
    fields.known(&["at_least", "discount"])?;
    let text = fields.get("discount").and_then(Value::as_str).unwrap_or_default();
    let discount = text.parse().map_err(|why| fields.wrong("discount", &format!("{why}")));
    Ok(Tier { at_least: fields.credits("at_least")?, discount: discount? })
}
