//! The ledger over HTTP: the routes, who may call them, and what every answer has in common.
mod auth;
mod base64;
mod body;
mod calls;
mod connections;
mod page;
mod problem;
mod query;
mod reply;
mod server;
mod settings;

pub use auth::Tokens;
pub(super) use server::serve;

use core::time::Duration;
use std::sync::Arc;

use axum::Router;
use axum::extract::{FromRequestParts, MatchedPath, RawPathParams, Request, State};
use axum::http::header::{CACHE_CONTROL, X_CONTENT_TYPE_OPTIONS};
use axum::http::request::Parts;
use axum::http::{HeaderValue, Method};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use tokio::time::{Instant, timeout};

use self::auth::Scope;
use self::connections::Caller;
use self::problem::ProblemDetails;
use super::engine::{Ledger, Unavailable};
use super::metrics::Metrics;
use crate::credit::wire::{FieldError, HOLDS, NAME_MAX, RENEWALS, SETTLEMENTS};

/// How long an answer may take: longer than any caller waits.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(20);

/// What every call has access to.
#[derive(Debug, Clone)]
pub(super) struct App {
    pub(super) ledger: Ledger,
    pub(super) tokens: Arc<Tokens>,
    pub(super) metrics: Arc<Metrics>,
    /// The URL for alerts of tenants that have none of their own.
    pub(super) webhook: Option<Arc<str>>,
}

/// All routes. Only here is it said which scope a call needs.
pub(super) fn router(app: App) -> Router {
    let proxy = Router::new()
        .route(HOLDS, post(calls::holds::create))
        .route(
            "/v1/tenants/{tenant}/holds/{hold_id}",
            get(calls::holds::show).delete(calls::holds::release),
        )
        .route(SETTLEMENTS, post(calls::settlements::settle))
        .route(RENEWALS, post(calls::renewals::renew))
        .route("/v1/tenants/{tenant}", get(calls::tenants::show))
        .route("/v1/tiers", get(calls::tiers::list))
        .route("/metrics", get(calls::service::metrics));
    let admin = Router::new()
        .route("/v1/tenants", get(calls::tenants::list))
        .route("/v1/tenants/{tenant}", axum::routing::put(calls::tenants::configure))
        .route("/v1/tenants/{tenant}/purchases", post(calls::purchases::buy))
        .route("/v1/tenants/{tenant}/adjustments", post(calls::adjustments::adjust))
        .route("/v1/tenants/{tenant}/entries", get(calls::entries::list))
        .route("/v1/tenants/{tenant}/alerts", get(calls::alerts::of_tenant))
        .route("/v1/alerts", get(calls::alerts::all))
        .route("/v1/tiers", axum::routing::put(calls::tiers::set));
    let open = Router::new()
        .route("/openapi.json", get(calls::service::document))
        .route("/healthz", get(calls::service::health));
    let pages = Router::new()
        .route("/", get(page::tenants))
        .route("/tenants/{tenant}", get(page::tenant))
        .route_layer(middleware::from_fn_with_state(app.clone(), page::guard));
    open.merge(guarded(&app, Scope::Proxy, proxy))
        .merge(guarded(&app, Scope::Admin, admin))
        .merge(pages)
        .method_not_allowed_fallback(async || ProblemDetails::method_not_allowed())
        .fallback(async || ProblemDetails::not_found())
        .layer(middleware::from_fn_with_state(app.clone(), answer))
        .with_state(app)
}

/// Routes that need a token of that scope.
fn guarded(app: &App, scope: Scope, routes: Router<App>) -> Router<App> {
    let tokens = Arc::clone(&app.tokens);
    routes.route_layer(middleware::from_fn(move |request: Request, next: Next| {
        let tokens = Arc::clone(&tokens);
        async move {
            tokens.allow(scope, request.headers())?;
            let_in(&request);
            Ok::<_, ProblemDetails>(next.run(request).await)
        }
    }))
}

/// Notes on the connection that its caller has shown a valid token.
fn let_in(request: &Request) {
    if let Some(caller) = request.extensions().get::<Caller>() {
        caller.let_in();
    }
}

/// Bounds every answer in time, counts it, and forbids to cache it.
async fn answer(State(app): State<App>, request: Request, next: Next) -> Response {
    let started = Instant::now();
    let method = known_method(request.method());
    let path = request.extensions().get::<MatchedPath>().cloned();
    let answered = timeout(ANSWER_TIMEOUT, next.run(request)).await;
    let mut response = answered.unwrap_or_else(|_| {
        ProblemDetails::unavailable("it took too long; ask again with the same ids").into_response()
    });
    let headers = response.headers_mut();
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    let path = path.as_ref().map_or("other", MatchedPath::as_str);
    app.metrics.request(method, path, response.status().as_u16(), started.elapsed());
    response
}

/// The method for metrics: one of a few names, since callers can make up others.
fn known_method(method: &Method) -> &'static str {
    const KNOWN: [Method; 5] =
        [Method::GET, Method::POST, Method::PUT, Method::DELETE, Method::HEAD];
    const NAMES: [&str; 5] = ["GET", "POST", "PUT", "DELETE", "HEAD"];
    let found = KNOWN.iter().zip(NAMES).find(|(known, _)| *known == method);
    found.map_or("OTHER", |(_, name)| name)
}

/// The name in a path with one.
#[derive(Debug)]
struct Name(String);

impl<S: Send + Sync> FromRequestParts<S> for Name {
    type Rejection = ProblemDetails;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ProblemDetails> {
        let params = RawPathParams::from_request_parts(parts, state).await;
        let params = params.map_err(|_| ProblemDetails::bad("the path is not UTF-8"))?;
        let (field, name) = params.iter().next().unwrap_or_default();
        name_of(field, name).map(Self)
    }
}

/// The names in a path with two.
#[derive(Debug)]
struct Names(String, String);

impl<S: Send + Sync> FromRequestParts<S> for Names {
    type Rejection = ProblemDetails;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ProblemDetails> {
        let params = RawPathParams::from_request_parts(parts, state).await;
        let params = params.map_err(|_| ProblemDetails::bad("the path is not UTF-8"))?;
        let mut names = params.iter().map(|(field, name)| name_of(field, name));
        let mut next = || names.next().unwrap_or_else(|| Err(ProblemDetails::not_found()));
        Ok(Self(next()?, next()?))
    }
}

/// Checks a name from a path or a header by the rule for names in a body.
fn name_of(field: &str, name: &str) -> Result<String, ProblemDetails> {
    let visible = name.bytes().all(|byte| byte.is_ascii_graphic());
    if visible && (1..=NAME_MAX).contains(&name.len()) {
        return Ok(name.to_owned());
    }
    let message = "expected 1 to 128 visible ASCII characters".to_owned();
    Err(ProblemDetails::invalid(&FieldError { field: field.to_owned(), message }))
}

impl From<Unavailable> for ProblemDetails {
    fn from(why: Unavailable) -> Self {
        Self::unavailable(&why.to_string())
    }
}

impl From<FieldError> for ProblemDetails {
    fn from(wrong: FieldError) -> Self {
        Self::invalid(&wrong)
    }
}
