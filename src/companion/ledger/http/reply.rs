//! Successful answers: JSON, and the members that several calls share.
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse as _, Response};

use crate::credit::{Answer, Budget, ExceededBudget, Meter, Moment, Scope, Selector, Standing};
use crate::json::Writer;

pub(super) fn object(status: StatusCode, members: impl FnOnce(&mut Writer)) -> Response {
    let mut out = Writer::new();
    out.object(members);
    json(status, out.finish())
}

pub(super) fn json(status: StatusCode, text: Vec<u8>) -> Response {
    (status, [(CONTENT_TYPE, "application/json")], text).into_response()
}

/// The HTTP status of an answer's outcome.
pub(super) fn status(answer: &Answer) -> StatusCode {
    StatusCode::from_u16(answer.outcome.consequence().status).unwrap_or_default()
}

/// The members that tell an account's balance.
pub(super) fn standing(standing: &Standing, w: &mut Writer) {
    text("balance", standing.balance, w);
    text("available", standing.available, w);
    text("last_purchase", standing.last_purchase, w);
}

/// A member whose value is a text.
pub(super) fn text(key: &str, value: impl ToString, w: &mut Writer) {
    w.key(key).string(&value.to_string());
}

/// The same, where there is a value.
pub(super) fn optional(key: &str, value: Option<impl ToString>, w: &mut Writer) {
    if let Some(value) = value {
        text(key, value, w);
    }
}

/// The members that define a budget.
pub(super) fn budget(budget: &Budget, w: &mut Writer) {
    text("per", budget.per.name(), w);
    text("credits", budget.credits, w);
    match &budget.scope {
        Scope::Tenant => {}
        Scope::User(name) => text("user", name, w),
        Scope::Key(name) => text("key", name, w),
    }
}

/// The members that tell how much of a budget is used.
pub(super) fn meter(meter: &Meter, resets_at: Moment, w: &mut Writer) {
    text("spent", meter.spent, w);
    text("held", meter.held, w);
    text("resets_at", resets_at, w);
}

/// An exceeded budget as a JSON object.
pub(super) fn exceeded(exceeded: &ExceededBudget) -> String {
    let mut out = Writer::new();
    out.object(|w| {
        budget(&exceeded.budget, w);
        meter(&exceeded.meter, exceeded.resets_at, w);
    });
    String::from_utf8(out.finish()).unwrap_or_default()
}

/// Whose spending a budget limits, in words.
pub(super) fn scope(scope: &Scope) -> String {
    match scope {
        Scope::Tenant => "all".to_owned(),
        Scope::User(Selector::Each) => "each user".to_owned(),
        Scope::Key(Selector::Each) => "each key".to_owned(),
        Scope::User(Selector::One(user)) => format!("user {user}"),
        Scope::Key(Selector::One(key)) => format!("key {key}"),
    }
}
