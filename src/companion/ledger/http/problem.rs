//! Every refusal of the API, as `application/problem+json` (RFC 9457).
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};

use crate::credit::Outcome;
use crate::credit::wire::FieldError;
use crate::json::{Syntax, Writer};

/// A refusal as RFC 9457 describes it.
#[derive(Debug)]
pub(super) struct ProblemDetails {
    status: StatusCode,
    /// The stable name of the problem, for programs.
    code: &'static str,
    /// A text for people, the same for every problem of a code.
    title: &'static str,
    /// What is the matter with this request.
    detail: String,
    /// The path of the field at fault.
    field: Option<String>,
    /// Further members of the object, in their order.
    members: Vec<(&'static str, Member)>,
}

/// A further member's value.
#[derive(Debug)]
enum Member {
    Text(String),
    Json(String),
}

impl ProblemDetails {
    fn new(status: StatusCode, code: &'static str, title: &'static str, detail: &str) -> Self {
        let detail = detail.to_owned();
        Self { status, code, title, detail, field: None, members: Vec::new() }
    }

    /// A body with a wrong field.
    pub(super) fn invalid(wrong: &FieldError) -> Self {
        let field = Some(wrong.field.clone()).filter(|field| !field.is_empty());
        let problem = Self::bad(&wrong.to_string());
        Self { field, ..problem }
    }

    /// A body that is not JSON.
    pub(super) fn syntax(syntax: &Syntax) -> Self {
        Self::bad(&format!("the body is not JSON: {syntax}"))
    }

    /// A request that is not valid.
    pub(super) fn bad(detail: &str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid", "The request is not valid", detail)
    }

    pub(super) fn unauthorized() -> Self {
        let detail = "send `authorization: Bearer <token>` with one of this ledger's tokens";
        Self::new(StatusCode::UNAUTHORIZED, "unauthorized", "A token is needed", detail)
    }

    pub(super) fn forbidden(detail: &str) -> Self {
        Self::new(StatusCode::FORBIDDEN, "forbidden", "Not allowed", detail)
    }

    pub(super) fn not_found() -> Self {
        let detail = "no such path; GET /openapi.json lists all of them";
        Self::new(StatusCode::NOT_FOUND, "not_found", "Not found", detail)
    }

    pub(super) fn method_not_allowed() -> Self {
        let detail = "the `allow` header lists the methods of this path";
        let status = StatusCode::METHOD_NOT_ALLOWED;
        Self::new(status, "method_not_allowed", "No such method here", detail)
    }

    pub(super) fn timeout() -> Self {
        let detail = "the body did not arrive in time";
        Self::new(StatusCode::REQUEST_TIMEOUT, "timeout", "Too slow", detail)
    }

    pub(super) fn too_large(most: usize) -> Self {
        let detail = format!("a body may have {most} bytes");
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", "The body is too large", &detail)
    }

    pub(super) fn unsupported_media_type() -> Self {
        let detail = "send the body as `content-type: application/json`";
        let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
        Self::new(status, "unsupported_media_type", "The body's type is not supported", detail)
    }

    pub(super) fn unavailable(detail: &str) -> Self {
        let title = "The ledger cannot answer now";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", title, detail)
    }

    /// The problem for an outcome other than the one asked for.
    pub(super) fn outcome(outcome: Outcome, detail: &str) -> Self {
        let consequence = outcome.consequence();
        let status = StatusCode::from_u16(consequence.status).unwrap_or_default();
        Self::new(status, consequence.name, title(outcome), detail)
    }

    /// Adds a member with a text.
    pub(super) fn with(mut self, name: &'static str, value: impl ToString) -> Self {
        self.members.push((name, Member::Text(value.to_string())));
        self
    }

    /// Adds a member with a JSON text.
    pub(super) fn with_json(mut self, name: &'static str, json: String) -> Self {
        self.members.push((name, Member::Json(json)));
        self
    }

    /// Status, title and detail, for the operator's page.
    pub(super) fn said(&self) -> (StatusCode, &'static str, &str) {
        (self.status, self.title, &self.detail)
    }

    fn body(&self) -> Vec<u8> {
        let mut out = Writer::new();
        out.object(|w| {
            w.key("type").joined(&["urn:tradewind:problem:", self.code]);
            w.key("title").string(self.title);
            w.key("status").number(self.status.as_u16().into());
            w.key("detail").string(&self.detail);
            w.key("code").string(self.code);
            if let Some(field) = &self.field {
                w.key("field").string(field);
            }
            for (name, member) in &self.members {
                match member {
                    Member::Text(text) => w.key(name).string(text),
                    Member::Json(json) => w.key(name).raw(json),
                }
            }
        });
        out.finish()
    }
}

impl IntoResponse for ProblemDetails {
    fn into_response(self) -> Response {
        let mut response = (self.status, self.body()).into_response();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        match self.status {
            StatusCode::UNAUTHORIZED => {
                let asks = HeaderValue::from_static("Bearer realm=\"tradewind-ledger\"");
                headers.insert(WWW_AUTHENTICATE, asks);
            }
            // A database that restarts is back within seconds.
            StatusCode::SERVICE_UNAVAILABLE => {
                headers.insert(RETRY_AFTER, HeaderValue::from_static("1"));
            }
            _ => {}
        }
        response
    }
}

const fn title(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::HeldDifferently => "The hold id is taken",
        Outcome::HoldEnded => "The hold has ended",
        Outcome::Insufficient => "Not enough credits",
        Outcome::BudgetExceeded => "The budget is spent",
        Outcome::UnknownTenant => "No such tenant",
        Outcome::SettledDifferently => "Settled already, with another amount",
        Outcome::UnknownHold => "No such hold",
        Outcome::HoldReleased => "The hold was given back",
        Outcome::PurchasedDifferently => "The idempotency key is taken",
        Outcome::AdjustedDifferently => "The idempotency key is taken",
        Outcome::UnknownPurchase => "No such purchase",
        Outcome::NotLeft => "So much is not left",
        Outcome::Overflow => "More than an account can hold",
        Outcome::Held
        | Outcome::HeldBefore
        | Outcome::Settled
        | Outcome::SettledBefore
        | Outcome::SettledLate
        | Outcome::SettledUnheld
        | Outcome::Released
        | Outcome::ReleasedBefore
        | Outcome::Purchased
        | Outcome::PurchasedBefore
        | Outcome::Configured
        | Outcome::Swept
        | Outcome::Repaired
        | Outcome::NothingToRepair
        | Outcome::Renewed
        | Outcome::Adjusted
        | Outcome::AdjustedBefore => "Done",
    }
}
