//! The host calls we use. An error of one costs its own effect and a log line, never the VM.
use std::cell::Cell;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher as _;
use std::time::{Duration, Instant, UNIX_EPOCH};

use proxy_wasm::hostcalls;
use proxy_wasm::types::{Action, BufferType, MapType, Status};

use super::metrics;
use crate::exchange::{
    Call, CallId, Clock, Effect, Effects, Flow, HeaderMap, OutboxItem, Parcel, Random, Read, Reply,
    Shared,
};

/// Envoy, as far as it can be read while one callback runs.
#[derive(Debug, Default)]
pub(super) struct Host {
    /// The time, once it was asked for: all that one callback does happens at one moment.
    now_ms: Cell<Option<u64>>,
    /// Whether the stream has been let go of by itself: Envoy gives nobody its request's headers
    /// any more, and the SDK takes that for the end of the VM.
    resumed: bool,
}

impl Host {
    /// For a callback of a stream that has been let go of by itself, or has not.
    pub(super) fn of(resumed: bool) -> Self {
        Self { resumed, ..Self::default() }
    }

    fn is_lost(&self, map: HeaderMap) -> bool {
        self.resumed && map == HeaderMap::Request
    }
}

impl Read for Host {
    fn headers(&self, map: HeaderMap) -> Vec<(String, Vec<u8>)> {
        if self.is_lost(map) {
            return Vec::new();
        }
        hostcalls::get_map_bytes(kind(map)).unwrap_or_default()
    }

    fn header(&self, map: HeaderMap, name: &str) -> Option<Vec<u8>> {
        if self.is_lost(map) {
            return None;
        }
        hostcalls::get_map_value_bytes(kind(map), name).ok().flatten()
    }

    fn request_body(&self, start: usize, size: usize) -> Vec<u8> {
        buffer(BufferType::HttpRequestBody, start, size)
    }

    fn response_body(&self, start: usize, size: usize) -> Vec<u8> {
        buffer(BufferType::HttpResponseBody, start, size)
    }

    fn property(&self, path: &[&str]) -> Option<Vec<u8>> {
        hostcalls::get_property(path.to_vec()).ok().flatten()
    }

    fn call_body(&self, size: usize) -> Vec<u8> {
        buffer(BufferType::HttpCallResponseBody, 0, size)
    }
}

/// The clock that only goes on.
///
/// VMs begin at different times, and the clock on the wall may have been put right in between: two
/// that shared records, or a stream, would disagree for as long as they live. This one is the
/// machine's for all of them. The standard library tells only how far apart two moments are, so
/// each is told by how far it is from the first one that there can be.
struct Began {
    at: Instant,
    /// From the first moment that there can be.
    since: Duration,
}

/// What a machine's clock counts from is when it was started: a moment of this clock is far from 0,
/// which stands for none.
const BEFORE_MS: u64 = 1_000_000_000_000;

/// More seconds than any machine runs. Where moments may lie before the machine's start, the first
/// one does so by a power of two that is greater.
const SECONDS_MAX: u64 = 1 << 62;

impl Began {
    #[expect(clippy::disallowed_methods, reason = "a shell reads the clock")]
    fn now() -> Self {
        let at = Instant::now();
        let seconds = (0..64).rev().map(|bit| Duration::from_secs(1 << bit));
        let nanos = (0..30).rev().map(|bit| Duration::from_nanos(1 << bit));
        let since = seconds.chain(nanos).fold(Duration::ZERO, |since, step| {
            let further = since.saturating_add(step);
            if at.checked_sub(further).is_some() { further } else { since }
        });
        let since = Duration::new(since.as_secs() % SECONDS_MAX, since.subsec_nanos());
        Self { at, since }
    }
}

/// The time by the clock that only goes on.
fn now_ms() -> u64 {
    thread_local! {
        static BEGAN: Began = Began::now();
    }
    let now = BEGAN.with(|began| began.since.saturating_add(began.at.elapsed()));
    u64::try_from(now.as_millis()).unwrap_or(u64::MAX).saturating_add(BEFORE_MS)
}

impl Clock for Host {
    fn now_ms(&self) -> u64 {
        let now = self.now_ms.get().unwrap_or_else(now_ms);
        self.now_ms.set(Some(now));
        now
    }

    fn unix_seconds(&self) -> u64 {
        let now = hostcalls::get_current_time().unwrap_or(UNIX_EPOCH);
        now.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
    }
}

impl Random for Host {
    /// The standard library draws the seed of its hash maps from the host's own randomness, once
    /// for every VM. When the first number was asked for makes two of them differ as well.
    fn unique(&self) -> u64 {
        thread_local! {
            static SEED: (RandomState, u64) = (RandomState::new(), now_ms());
            static COUNT: Cell<u64> = const { Cell::new(0) };
        }
        let count = COUNT.get();
        COUNT.set(count.wrapping_add(1));
        SEED.with(|(seed, first_ms)| seed.hash_one((count, first_ms)))
    }
}

impl Shared for Host {
    fn shared_data(&self, key: &str) -> (Vec<u8>, Option<u32>) {
        let (value, cas) = hostcalls::get_shared_data(key).unwrap_or_default();
        (value.unwrap_or_default(), cas)
    }

    fn set_shared_data(&self, key: &str, value: &[u8], unchanged: Option<u32>) -> bool {
        // Envoy looks at the number only where there is a record, and none of its own is that high.
        let cas = unchanged.unwrap_or(u32::MAX);
        hostcalls::set_shared_data(key, Some(value), Some(cas)).is_ok()
    }

    fn put_shared_data(&self, key: &str, value: &[u8]) -> bool {
        hostcalls::set_shared_data(key, Some(value), None).is_ok()
    }
}

/// The status of the answer to a call, which has so many headers. Where it has none, Envoy lets
/// nobody ask for one.
pub(super) fn call_status(headers: usize) -> u16 {
    if headers == 0 {
        return 0;
    }
    let status = hostcalls::get_map_value_bytes(MapType::HttpCallResponseHeaders, ":status");
    let status = status.ok().flatten();
    status.and_then(|status| core::str::from_utf8(&status).ok()?.parse().ok()).unwrap_or(0)
}

/// Bytes of one of Envoy's buffers; none where it has none.
pub(super) fn buffer(kind: BufferType, start: usize, size: usize) -> Vec<u8> {
    if size == 0 {
        return Vec::new();
    }
    hostcalls::get_buffer(kind, start, size).ok().flatten().unwrap_or_default()
}

const fn kind(map: HeaderMap) -> MapType {
    match map {
        HeaderMap::Request => MapType::HttpRequestHeaders,
        HeaderMap::Response => MapType::HttpResponseHeaders,
        HeaderMap::ResponseTrailers => MapType::HttpResponseTrailers,
    }
}

/// What came of doing what a callback answered.
#[derive(Debug)]
pub(super) struct Done {
    /// Whether the stream goes on.
    pub(super) action: Action,
    /// An answer of ours is on its way.
    pub(super) replied: bool,
    /// Calls that were made, by Envoy's tokens.
    pub(super) called: Vec<(u32, CallId)>,
    /// Calls that could not be made, and nobody will answer.
    pub(super) uncalled: Vec<CallId>,
    /// It wants to be woken in so many milliseconds.
    pub(super) wakes: Option<u64>,
    /// What is to be handed to the outboxes.
    pub(super) queued: Vec<OutboxItem>,
    /// What is to be handed to them to be sent once.
    pub(super) posted: Vec<Parcel>,
    /// The outboxes are to send at once.
    pub(super) sends_now: bool,
}

impl Default for Done {
    fn default() -> Self {
        Self {
            action: Action::Continue,
            replied: false,
            called: Vec::new(),
            uncalled: Vec::new(),
            wakes: None,
            queued: Vec::new(),
            posted: Vec::new(),
            sends_now: false,
        }
    }
}

/// How long a stream waits that does not say how long, in milliseconds.
const PATIENCE_MS: u64 = 1_000;

/// The sooner of two times to be woken at.
pub(super) fn soonest(one: Option<u64>, other: Option<u64>) -> Option<u64> {
    one.into_iter().chain(other).min()
}

/// Does what a callback answered, but for what is the outboxes'. `resumed` where the stream has
/// been let go of by itself: its request's headers are out of reach then.
pub(super) fn perform(effects: Effects, resumed: bool) -> Done {
    let action = match effects.flow {
        Flow::Continue => Action::Continue,
        Flow::Pause => Action::Pause,
    };
    let mut done = Done { action, ..Done::default() };
    for effect in effects.list {
        let what = name(&effect);
        done.replied |= matches!(effect, Effect::Reply(_));
        done.wakes = match effect {
            Effect::Wake => soonest(done.wakes, Some(PATIENCE_MS)),
            Effect::WakeIn(ms) => soonest(done.wakes, Some(ms)),
            _ => done.wakes,
        };
        let refused = match effect {
            Effect::Queue(item) => {
                done.queued.push(item);
                continue;
            }
            Effect::Post(parcel) => {
                done.posted.push(*parcel);
                continue;
            }
            Effect::SendNow => {
                done.sends_now = true;
                continue;
            }
            Effect::Call(call) => match dispatch(&call) {
                Ok(token) => {
                    done.called.push((token, call.id));
                    continue;
                }
                Err(status) => {
                    done.uncalled.push(call.id);
                    Err(status)
                }
            },
            Effect::SetHeaders(HeaderMap::Request, _)
            | Effect::SetHeader(HeaderMap::Request, ..)
            | Effect::RemoveHeader(HeaderMap::Request, _)
                if resumed =>
            {
                Err(Status::BadArgument)
            }
            other => one(other),
        };
        if let Err(status) = refused {
            log::error!("Envoy refused to {what} ({status:?})");
        }
    }
    done
}

fn one(effect: Effect) -> Result<(), Status> {
    match effect {
        Effect::SetHeaders(map, headers) => {
            let pairs = headers.iter().map(|(name, value)| (name.as_ref(), value.as_ref()));
            hostcalls::set_map_bytes(kind(map), pairs.collect())
        }
        Effect::SetHeader(map, name, value) => {
            hostcalls::set_map_value(kind(map), &name, Some(&value))
        }
        Effect::RemoveHeader(map, name) => hostcalls::remove_map_value(kind(map), &name),
        Effect::RequestBody(body) => {
            hostcalls::set_buffer(BufferType::HttpRequestBody, 0, usize::MAX, body.as_bytes())
        }
        Effect::ResponseBody(body) => {
            hostcalls::set_buffer(BufferType::HttpResponseBody, 0, usize::MAX, body.as_bytes())
        }
        Effect::State(key, value) => hostcalls::set_property(vec![&key], Some(&value)),
        Effect::Reply(Reply { status, headers, body }) => {
            let headers = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
            hostcalls::send_http_response(u32::from(status), headers, Some(&body))
        }
        // Whose they are is known where streams are.
        Effect::Wake
        | Effect::WakeIn(_)
        | Effect::Call(_)
        | Effect::Queue(_)
        | Effect::Post(_)
        | Effect::SendNow => Ok(()),
        Effect::Close => hostcalls::reset_http_response(),
        Effect::Count(name) => {
            metrics::count(&name);
            Ok(())
        }
        Effect::Gauge(name, value) => {
            metrics::gauge(&name, value);
            Ok(())
        }
        Effect::Measure(name, value) => {
            metrics::measure(&name, value);
            Ok(())
        }
        Effect::Log(line) => {
            log::error!("{line}");
            Ok(())
        }
        Effect::Note(line) => {
            log::info!("{line}");
            Ok(())
        }
    }
}

/// Makes a call; gives the token that its answer will have.
pub(super) fn dispatch(call: &Call) -> Result<u32, Status> {
    let mut headers = vec![
        (":method", "POST"),
        (":path", call.path.as_str()),
        (":authority", call.authority.as_str()),
        ("content-type", "application/json"),
    ];
    headers.extend(call.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())));
    let timeout = Duration::from_millis(call.timeout_ms);
    hostcalls::dispatch_http_call(&call.cluster, headers, Some(&call.body), Vec::new(), timeout)
}

const fn name(effect: &Effect) -> &'static str {
    match effect {
        Effect::SetHeaders(..) => "set a header map",
        Effect::SetHeader(..) => "set a header",
        Effect::RemoveHeader(..) => "remove a header",
        Effect::RequestBody(_) => "replace the request's body",
        Effect::ResponseBody(_) => "replace the response's body",
        Effect::State(..) => "write filter state",
        Effect::Reply(_) => "reply",
        Effect::Wake | Effect::WakeIn(_) => "wake a stream",
        Effect::Close => "reset a stream",
        Effect::Count(_) => "count",
        Effect::Gauge(..) => "set a gauge",
        Effect::Measure(..) => "measure",
        Effect::Call(call) => call.id.purpose.name(),
        Effect::Queue(_) | Effect::SendNow => "queue a settlement",
        Effect::Post(_) => "post a copy",
        Effect::Log(_) | Effect::Note(_) => "log",
    }
}
