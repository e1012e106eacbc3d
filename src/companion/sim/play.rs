//! Answers and weather put together: the steps of a body.
use std::time::Duration;

use hyper::body::Bytes;
use serde_json::Value;

use super::api::Api;
use super::body::Step;
use super::fault::{ApiError, ErrorKind};
use super::frame::{Event, frame, split};
use super::talk::{ChatAnswer, ChatRequest, End};
use super::weather::{Moment, Row};
use super::wire::BEFORE_RESET;

/// One word for the request log.
pub(super) const fn outcome(request: &ChatRequest, answer: &ChatAnswer) -> &'static str {
    match (request.stream, &answer.end) {
        (_, End::Refused) => "refusal",
        (true, End::Called) => "streamed calls",
        (false, End::Called) => "calls",
        (true, _) => "streamed",
        (false, _) => "answer",
    }
}

/// The headers an API adds to all it says.
pub(super) fn own_headers(provider: &str, add: &mut impl FnMut(&str, &str)) {
    let rows: &[(&str, &str)] = match provider {
        "openai" => &[
            ("openai-organization", "sim"),
            ("openai-version", "2020-10-01"),
            ("openai-processing-ms", "1"),
            ("x-ratelimit-limit-requests", "10000"),
            ("x-ratelimit-remaining-requests", "9999"),
        ],
        "anthropic" => &[
            ("anthropic-organization-id", "00000000-0000-4000-8000-000000000000"),
            ("anthropic-ratelimit-requests-limit", "4000"),
            ("anthropic-ratelimit-requests-remaining", "3999"),
        ],
        _ => &[("server", "scaffolding on HTTPServer2"), ("x-content-type-options", "nosniff")],
    };
    for (name, value) in rows {
        add(name, value);
    }
}

/// The fault a row of weather asks for.
pub(super) fn fault(api: &Api, row: &Row) -> ApiError {
    let sort = row.error.as_deref().and_then(ErrorKind::named);
    let usual = match sort {
        Some(ErrorKind::BadRequest | ErrorKind::Context) => 400,
        Some(ErrorKind::Auth) => 401,
        Some(ErrorKind::Permission) => 403,
        Some(ErrorKind::NotFound) => 404,
        Some(ErrorKind::TooLarge) => 413,
        Some(ErrorKind::RateLimit | ErrorKind::Quota) => 429,
        Some(ErrorKind::Server) => 500,
        Some(ErrorKind::Timeout) => 504,
        _ => 503,
    };
    let status = row.status.filter(|status| *status >= 300);
    let sort = sort.or_else(|| status.map(ErrorKind::of_status)).unwrap_or(ErrorKind::Overloaded);
    let message = row.message.clone().unwrap_or_else(|| match sort {
        ErrorKind::Overloaded if api.name == "anthropic" => "Overloaded".to_owned(),
        ErrorKind::Overloaded if api.name == "gemini" => {
            "The model is overloaded. Please try again later.".to_owned()
        }
        ErrorKind::Context => (api.too_long)(200_001, 200_000).message,
        _ => format!("Simulated weather: {sort:?}"),
    });
    let mut fault = ApiError::new(status.unwrap_or(usual), sort, message);
    fault.retry_after.clone_from(&row.retry_after);
    fault
}

/// A body in one piece, and whether its length may be stated.
pub(super) fn whole(body: String, row: &Row) -> (Vec<Step>, bool) {
    let mut steps = Vec::new();
    let half = body.len().checked_div(2).unwrap_or(0);
    let bytes = Bytes::from(body);
    let broken = [row.reset, row.close, row.stall].into_iter().flatten().next();
    match broken {
        Some(Moment::Events(_)) => steps.push(Step::Data(bytes.slice(..half))),
        Some(_) => {}
        None => {
            for piece in split(&bytes, row.framing) {
                steps.push(Step::Data(piece));
                steps.push(Step::Yield);
            }
        }
    }
    if row.reset.is_some() {
        steps.push(before_reset());
        steps.push(Step::Reset);
    } else if row.stall.is_some() {
        steps.push(Step::Hang);
    }
    (steps, broken.is_none())
}

/// A body in events.
pub(super) fn stream(
    api: &Api,
    request: &ChatRequest,
    answer: &ChatAnswer,
    row: &Row,
    request_id: &str,
) -> Vec<Step> {
    let (events, end) = until(api, (api.stream)(request, answer), request, row, request_id);
    let mut steps = Vec::new();
    if row.framing.bom && request.sse {
        steps.push(Step::Data(Bytes::from_static("\u{feff}".as_bytes())));
    }
    if row.framing.one_piece {
        let all: Vec<u8> = events.iter().flat_map(|event| frame(event, row.framing)).collect();
        steps.push(Step::Data(Bytes::from(all)));
    } else {
        let mut thinks = row.thinking_ms > 0;
        for (index, event) in events.iter().enumerate() {
            if thinks && event.content {
                steps.push(Step::Wait(Duration::from_millis(row.thinking_ms)));
                thinks = false;
            }
            if row.chunk_delay_ms > 0 && index > 0 {
                steps.push(Step::Wait(Duration::from_millis(row.chunk_delay_ms)));
            }
            for piece in split(&frame(event, row.framing), row.framing) {
                steps.push(Step::Data(piece));
                steps.push(Step::Yield);
            }
        }
    }
    match end {
        Some(Step::Reset) => {
            steps.push(before_reset());
            steps.push(Step::Reset);
        }
        Some(step) => steps.push(step),
        None => {}
    }
    steps
}

/// Where the weather cuts a stream, and how it ends there.
fn until(
    api: &Api,
    mut events: Vec<Event>,
    request: &ChatRequest,
    row: &Row,
    request_id: &str,
) -> (Vec<Event>, Option<Step>) {
    let cut = |events: &mut Vec<Event>, moment: Moment| events.truncate(place(events, moment));
    if let Some(moment) = row.reset {
        cut(&mut events, moment);
        return (events, Some(Step::Reset));
    }
    if let Some(moment) = row.stall {
        cut(&mut events, moment);
        return (events, Some(Step::Hang));
    }
    if let Some(moment) = row.close {
        cut(&mut events, moment);
        return (events, None);
    }
    if let Some(moment) = row.error_event {
        cut(&mut events, moment);
        let fault = (api.fault)(&fault(api, row), request_id);
        events.push(fault_event(api, &fault, events.is_empty(), request.sse));
    }
    (events, None)
}

fn fault_event(api: &Api, fault: &Value, first: bool, sse: bool) -> Event {
    let mut event = (api.fault_event)(fault, sse);
    if event.bare {
        let before = if first { "[" } else { ",\r\n" };
        event.data = format!("{before}{}\n]\n", event.data);
    }
    event
}

/// How many events stand before a moment: up to and with its last content, or all before the
/// first content.
fn place(events: &[Event], moment: Moment) -> usize {
    let Moment::Events(count) = moment else { return 0 };
    let mut left = count;
    for (index, event) in events.iter().enumerate() {
        if event.content {
            if left == 0 {
                return index;
            }
            left = left.saturating_sub(1);
            if left == 0 {
                return index.saturating_add(1);
            }
        }
    }
    events.len()
}

/// The pause that lets what was sent arrive before a reset.
pub(super) const fn before_reset() -> Step {
    Step::Wait(BEFORE_RESET)
}
