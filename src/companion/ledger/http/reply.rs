//! Answers that are as asked: JSON, and what of it several calls share.
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse as _, Response};

use crate::credit::{Answer, Budget, Exceeded, Meter, Moment, Name, Scope, Standing};
use crate::json::Writer;

/// A JSON object.
pub(super) fn object(status: StatusCode, members: impl FnOnce(&mut Writer)) -> Response {
    let mut out = Writer::new();
    out.object(members);
    json(status, out.finish())
}

/// A JSON text.
pub(super) fn json(status: StatusCode, text: Vec<u8>) -> Response {
    (status, [(CONTENT_TYPE, "application/json")], text).into_response()
}

/// The status that an answer's outcome says.
pub(super) fn status(answer: &Answer) -> StatusCode {
    StatusCode::from_u16(answer.outcome.consequence().status).unwrap_or_default()
}

/// How an account stands.
pub(super) fn standing(standing: &Standing, w: &mut Writer) {
    text("balance", standing.balance, w);
    text("available", standing.available, w);
    text("last_purchase", standing.last_purchase, w);
}

/// A member scope value is a text.
pub(super) fn text(key: &str, value: impl ToString, w: &mut Writer) {
    w.key(key).string(&value.to_string());
}

/// The same where there is a value.
pub(super) fn optional(key: &str, value: Option<impl ToString>, w: &mut Writer) {
    if let Some(value) = value {
        text(key, value, w);
    }
}

/// A budget's own members.
pub(super) fn budget(budget: &Budget, w: &mut Writer) {
    text("per", budget.per.name(), w);
    text("credits", budget.credits, w);
    match &budget.scope {
        Scope::Tenant => {}
        Scope::User(name) => text("user", name, w),
        Scope::Key(name) => text("key", name, w),
    }
}

/// What of a budget is used.
pub(super) fn meter(meter: &Meter, resets_at: Moment, w: &mut Writer) {
    text("spent", meter.spent, w);
    text("held", meter.held, w);
    text("resets_at", resets_at, w);
}

/// A budget that is spent, as JSON.
pub(super) fn exceeded(exceeded: &Exceeded) -> String {
    let mut out = Writer::new();
    out.object(|w| {
        budget(&exceeded.budget, w);
        meter(&exceeded.meter, exceeded.resets_at, w);
    });
    String::from_utf8(out.finish()).unwrap_or_default()
}

/// What a budget binds, in words.
pub(super) fn scope(scope: &Scope) -> String {
    match scope {
        Scope::Tenant => "all".to_owned(),
        Scope::User(Name::Each) => "each user".to_owned(),
        Scope::Key(Name::Each) => "each key".to_owned(),
        Scope::User(Name::One(user)) => format!("user {user}"),
        Scope::Key(Name::One(key)) => format!("key {key}"),
    }
}
