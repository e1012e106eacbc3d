//! The operator's pages: plain HTML, written here, without scripts.
mod amount;
mod chart;
mod parts;
mod scale;
mod tenant;
mod tenants;

pub(super) use tenant::tenant;
pub(super) use tenants::tenants;

use std::sync::OnceLock;

use axum::extract::{Request, State};
use axum::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use sha2::{Digest as _, Sha256};

use super::App;
use super::auth::Scope;
use super::base64;
use super::problem::ProblemDetails;
use crate::companion::html::Html;
use crate::credit::Moment;

/// How all of it looks.
const STYLE: &str = include_str!("style.css");

/// Lets a browser in that has an admin token as its password.
pub(super) async fn guard(State(app): State<App>, request: Request, next: Next) -> Response {
    match app.tokens.allow_browser(Scope::Admin, request.headers()) {
        Ok(()) => {
            super::let_in(&request);
            next.run(request).await
        }
        Err(problem) => Failed(problem).into_response(),
    }
}

/// A problem as a page.
#[derive(Debug)]
pub(super) struct Failed(ProblemDetails);

impl<P: Into<ProblemDetails>> From<P> for Failed {
    fn from(problem: P) -> Self {
        Self(problem.into())
    }
}

impl IntoResponse for Failed {
    fn into_response(self) -> Response {
        let (status, title, detail) = self.0.said();
        let mut response = page(status, title, None, |h| {
            h.leaf("h1", &[], title);
            h.element("section", &[], |h| {
                h.leaf(
                    "p",
                    &[("class", "none")],
                    match status {
                        StatusCode::UNAUTHORIZED => {
                            "Any user name, and an admin token as password."
                        }
                        _ => detail,
                    },
                );
            });
        });
        if status == StatusCode::UNAUTHORIZED {
            let asks =
                "Basic realm=\"Tradewind ledger: any user, an admin token\", charset=\"UTF-8\"";
            response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static(asks));
        }
        response
    }
}

/// A whole page around what is in it.
fn page(
    status: StatusCode,
    title: &str,
    now: Option<Moment>,
    content: impl FnOnce(&mut Html),
) -> Response {
    let text = Html::document(|h| {
        h.element("head", &[], |h| {
            h.element("meta", &[("charset", "utf-8")], |_| {});
            let scale = [("name", "viewport"), ("content", "width=device-width, initial-scale=1")];
            h.element("meta", &scale, |_| {});
            h.element("meta", &[("name", "color-scheme"), ("content", "light dark")], |_| {});
            h.leaf("title", &[], &format!("{title} · Tradewind ledger"));
            h.style(STYLE);
        });
        h.element("body", &[], |h| {
            h.element("header", &[], |h| {
                h.leaf("a", &[("class", "brand"), ("href", "/")], "Tradewind ledger");
                h.leaf("a", &[("href", "/")], "All tenants");
            });
            h.element("main", &[], content);
            h.element("footer", &[], |h| footer(now, h));
        });
    });
    let mut response = (status, text).into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(CONTENT_SECURITY_POLICY, policy());
    response
}

fn footer(now: Option<Moment>, html: &mut Html) {
    let Some(now) = now else { return };
    html.text("As of ");
    parts::time(now, html);
    html.text(". Amounts are credits; days and months are UTC. Reload for newer ones.");
}

/// Nothing may be loaded, framed, posted or run: only this style applies.
fn policy() -> HeaderValue {
    static POLICY: OnceLock<String> = OnceLock::new();
    let text = POLICY.get_or_init(|| {
        let style = base64::encode(&Sha256::digest(STYLE));
        format!(
            "default-src 'none'; style-src 'sha256-{style}'; base-uri 'none'; \
             form-action 'none'; frame-ancestors 'none'"
        )
    });
    HeaderValue::from_str(text).unwrap_or(HeaderValue::from_static("default-src 'none'"))
}
