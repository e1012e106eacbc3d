//! One request from its head to its answer.
use std::io;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::{BodyExt, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::{HeaderMap, Request, Response, Version};
use serde_json::Value;
use tokio::time::sleep;

use super::api::{Api, Head};
use super::body::{Script, Step};
use super::fault::{ApiError, ErrorKind};
use super::log::{Ending, Entry, lock};
use super::play;
use super::state::State;
use super::talk::{self, ChatAnswer, ChatRequest};
use super::weather::{Moment, Row};
use super::wire::Wire;

/// The largest request read, as Anthropic's limit is; in bytes.
const LARGEST: usize = 32 << 20;

/// What the requests of a connection share.
#[derive(Debug, Clone)]
pub(super) struct Connection {
    pub(super) api: &'static Api,
    pub(super) state: Arc<State>,
    pub(super) wire: Arc<Wire>,
    /// Counts the connections to this provider, from 0.
    pub(super) number: u64,
}

type Reply = Result<Response<Script>, io::Error>;

/// Answers one request.
///
/// # Errors
/// When the weather breaks the connection.
pub(super) async fn serve(connection: Connection, request: Request<Incoming>) -> Reply {
    let (parts, incoming) = request.into_parts();
    let body = Limited::new(incoming, LARGEST).collect().await;
    let (bytes, too_large) = match body {
        Ok(body) => (body.to_bytes(), false),
        Err(why) if why.is::<http_body_util::LengthLimitError>() => (Bytes::new(), true),
        Err(_) => return Err(io::ErrorKind::UnexpectedEof.into()),
    };
    let entry = Arc::new(Entry {
        provider: connection.api.name,
        serial: connection.state.serial(),
        connection: connection.number,
        method: parts.method.to_string(),
        path: parts.uri.path_and_query().map(ToString::to_string).unwrap_or_default(),
        version: if parts.version == Version::HTTP_2 { "2" } else { "1.1" },
        headers: headers(&parts.headers),
        body: String::from_utf8_lossy(&bytes).into_owned(),
        ..Entry::default()
    });
    lock(&connection.state.log).push(Arc::clone(&entry));
    let head = Head {
        method: parts.method.as_str(),
        path: parts.uri.path(),
        query: parts.uri.query().unwrap_or_default(),
        headers: &parts.headers,
    };
    let request = if too_large {
        Err(ApiError::new(413, ErrorKind::TooLarge, "Request exceeds the maximum size"))
    } else {
        read(&connection, &head, &bytes, &entry)
    };
    let exchange = Exchange { connection: &connection, entry: &entry };
    match request {
        Ok(request) => exchange.answer(&request).await,
        Err(fault) => Ok(exchange.refuse(&fault, "refused", &[])),
    }
}

fn headers(map: &HeaderMap) -> Vec<(String, String)> {
    map.iter()
        .map(|(name, value)| {
            (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned())
        })
        .collect()
}

/// Checks the request by the API's rules, then by the model's limits.
fn read(
    connection: &Connection,
    head: &Head<'_>,
    bytes: &[u8],
    entry: &Entry,
) -> Result<ChatRequest, ApiError> {
    let api = connection.api;
    let route = (api.route)(head)?;
    if let Some(model) = &route.model {
        entry.model(model);
    }
    let body: Value = serde_json::from_slice(bytes).map_err(|why| (api.garbled)(&why))?;
    if let Some(model) = body.get("model").and_then(Value::as_str) {
        entry.model(model);
    }
    let request = (api.read)(&body, &route)?;
    if request.model.contains("retired") || request.model.is_empty() {
        return Err((api.no_model)(&request.model));
    }
    let (input, output) = lock(&connection.state.weather).limits(api.name, &request.model);
    let tokens = request.input_tokens();
    if let Some(window) = input.filter(|window| tokens > *window) {
        return Err((api.too_long)(tokens, window));
    }
    if let (Some(most), Some(asked)) = (output, request.max_tokens.filter(|n| Some(*n) > output)) {
        return Err(ApiError::bad(format!(
            "max_tokens: {asked} > {most}, which is the maximum allowed number of output tokens \
             for {}",
            request.model
        ))
        .param("max_tokens"));
    }
    Ok(request)
}

struct Exchange<'l> {
    connection: &'l Connection,
    entry: &'l Arc<Entry>,
}

impl Exchange<'_> {
    async fn answer(&self, request: &ChatRequest) -> Reply {
        let api = self.connection.api;
        let row = lock(&self.connection.state.weather).pick(api.name, &request.model);
        let row = row.unwrap_or_default();
        if !row.given.is_null() {
            self.entry.weather(&row.given);
        }
        // A whole answer is there when all of it has been thought.
        let thinking_ms = if request.stream { 0 } else { row.thinking_ms };
        if row.latency_ms > 0 || thinking_ms > 0 {
            let ms = row.latency_ms.saturating_add(thinking_ms);
            sleep(Duration::from_millis(ms)).await;
        }
        if row.silent || row.stall == Some(Moment::Before) {
            self.entry.answered(None, "silent", None);
            std::future::pending::<()>().await;
        }
        if row.reset == Some(Moment::Before) || row.close == Some(Moment::Before) {
            self.entry.answered(None, "reset", None);
            self.entry.end(Ending::Reset);
            if row.reset.is_some() {
                self.connection.wire.reset();
            }
            return Err(io::ErrorKind::ConnectionReset.into());
        }
        if let Some(reply) = self.weather_failure(&row) {
            return Ok(reply);
        }
        let (cached, written) = self.connection.state.remember(request);
        let mut answer = talk::answer(request, self.entry.serial, (cached, written), row.words);
        answer.usage.missing = row.missing_usage;
        answer.usage.thinking = answer.usage.thinking.saturating_add(row.thinking);
        self.connection.wire.one_byte(row.framing.one_byte);
        self.entry.used(answer.usage);
        self.entry.answered(Some(200), play::outcome(request, &answer), None);
        Ok(self.say(request, &answer, &row))
    }

    /// A failure instead of an answer, if the row asks for one.
    fn weather_failure(&self, row: &Row) -> Option<Response<Script>> {
        let wrecked = row.not_json || row.huge_body_bytes > 0;
        if wrecked || row.body.is_some() {
            let status = row.status.unwrap_or(200);
            let body = match &row.body {
                Some(Value::String(text)) => text.clone(),
                Some(value) => value.to_string(),
                None if row.not_json => "<html><body>upstream proxy error</body></html>".to_owned(),
                None => {
                    let size = usize::try_from(row.huge_body_bytes).unwrap_or(usize::MAX);
                    "x".repeat(size.min(1 << 30))
                }
            };
            let kind = if row.not_json { "text/html" } else { "application/json" };
            self.entry.answered(Some(status), "weather", None);
            let steps = vec![Step::Data(Bytes::from(body))];
            return Some(self.respond(status, kind, steps, row, true));
        }
        let sort = row.error.as_deref().and_then(ErrorKind::named);
        let status = row.status.filter(|status| *status >= 300);
        if sort.is_none() && status.is_none() && !row.error_in_200_body {
            return None;
        }
        if row.error_event.is_some() && !row.error_in_200_body && status.is_none() {
            return None;
        }
        let fault = play::fault(self.connection.api, row);
        let mut reply = self.refuse(&fault, "weather", &row.headers);
        if row.error_in_200_body {
            *reply.status_mut() = hyper::StatusCode::OK;
            self.entry.answered(Some(200), "weather", Some(fault.message));
        }
        Some(reply)
    }

    fn refuse(
        &self,
        fault: &ApiError,
        outcome: &'static str,
        extra: &[(String, String)],
    ) -> Response<Script> {
        let api = self.connection.api;
        let status = (api.status)(fault);
        self.entry.answered(Some(status), outcome, Some(fault.message.clone()));
        let body = (api.fault)(fault, &self.request_id()).to_string();
        let row = Row {
            retry_after: fault.retry_after.clone(),
            headers: extra.to_vec(),
            ..Row::default()
        };
        let steps = vec![Step::Data(Bytes::from(body))];
        self.respond(status, "application/json", steps, &row, true)
    }

    fn say(&self, request: &ChatRequest, answer: &ChatAnswer, row: &Row) -> Response<Script> {
        let api = self.connection.api;
        if request.stream {
            let kind = match (request.sse, api.name) {
                (false, _) => "application/json; charset=UTF-8",
                (true, "gemini") => "text/event-stream",
                (true, _) => "text/event-stream; charset=utf-8",
            };
            let steps = play::stream(api, request, answer, row, &self.request_id());
            return self.respond(200, kind, steps, row, false);
        }
        let body = (api.whole)(request, answer).to_string();
        let (steps, whole) = play::whole(body, row);
        self.respond(200, "application/json", steps, row, whole)
    }

    fn request_id(&self) -> String {
        format!("req_sim{:017}", self.entry.serial)
    }

    /// Puts a response together. `sized` answers say their length.
    fn respond(
        &self,
        status: u16,
        kind: &str,
        steps: Vec<Step>,
        row: &Row,
        sized: bool,
    ) -> Response<Script> {
        let length: usize = steps
            .iter()
            .map(|step| if let Step::Data(bytes) = step { bytes.len() } else { 0 })
            .fold(0, usize::saturating_add);
        let entry = Arc::clone(self.entry);
        let mut response =
            Response::new(Script::new(steps, Arc::clone(&self.connection.wire), entry));
        *response.status_mut() = hyper::StatusCode::from_u16(status).unwrap_or_default();
        let mut add = |name: &str, value: &str| {
            let name = hyper::header::HeaderName::from_bytes(name.as_bytes());
            if let (Ok(name), Ok(value)) = (name, value.parse()) {
                response.headers_mut().insert(name, value);
            }
        };
        add("content-type", kind);
        add(self.connection.api.id_header, &self.request_id());
        if sized {
            add("content-length", &length.to_string());
        } else {
            add("cache-control", "no-cache");
        }
        play::own_headers(self.connection.api.name, &mut add);
        if let Some(wait) = &row.retry_after {
            add("retry-after", wait);
        }
        for (name, value) in &row.headers {
            add(name, value);
        }
        response
    }
}
