//! The admin port: weather in, requests out.
use std::convert::Infallible;
use std::sync::Arc;

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::{Request, Response, StatusCode};
use serde_json::{Value, json};

use super::log::lock;
use super::state::State;
use super::yaml;

/// Answers one admin request.
///
/// # Errors
/// Never.
pub(super) async fn serve(
    state: Arc<State>,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let method = request.method().as_str().to_owned();
    let path = request.uri().path().to_owned();
    let body = request.into_body().collect().await;
    let body = body.map(http_body_util::Collected::to_bytes).unwrap_or_default();
    let (status, answer) = answer(&state, &method, &path, &body);
    let mut response = Response::new(Full::new(Bytes::from(answer.to_string())));
    *response.status_mut() = status;
    let kind = hyper::header::HeaderValue::from_static("application/json");
    response.headers_mut().insert(hyper::header::CONTENT_TYPE, kind);
    Ok(response)
}

fn answer(state: &State, method: &str, path: &str, body: &[u8]) -> (StatusCode, Value) {
    match (method, path) {
        ("GET", "/ready") => (StatusCode::OK, json!({"ready": true})),
        ("GET", "/requests") => (StatusCode::OK, lock(&state.log).json()),
        ("DELETE", "/requests") => {
            lock(&state.log).clear();
            (StatusCode::OK, json!({"cleared": "requests"}))
        }
        ("GET", "/weather") => (StatusCode::OK, lock(&state.weather).list()),
        ("DELETE", "/weather") => {
            lock(&state.weather).clear();
            (StatusCode::OK, json!({"cleared": "weather"}))
        }
        ("POST" | "PUT", "/weather") => weather(state, method == "PUT", body),
        (_, "/requests" | "/weather") => {
            (StatusCode::METHOD_NOT_ALLOWED, json!({"error": "use GET, POST, PUT or DELETE"}))
        }
        _ => (StatusCode::NOT_FOUND, json!({"error": "there are /weather, /requests and /ready"})),
    }
}

fn weather(state: &State, replace: bool, body: &[u8]) -> (StatusCode, Value) {
    let given = String::from_utf8_lossy(body);
    let added = yaml::read(&given).and_then(|rows| {
        let mut weather = lock(&state.weather);
        let mut fresh = super::weather::Weather::default();
        fresh.add(&rows)?;
        if replace {
            weather.clear();
        }
        weather.add(&rows)
    });
    match added {
        Ok(count) => (StatusCode::OK, json!({"added": count})),
        Err(why) => (StatusCode::BAD_REQUEST, json!({"error": why})),
    }
}
