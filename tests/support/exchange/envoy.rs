//! An Envoy made of data: what one stream of it holds, how a filter's callbacks buffer, and what
//! it would refuse to do.
//!
//! The rules are those of Envoy's own wasm host (`source/extensions/common/wasm/context.cc`):
//! a body that is held back is handed over whole each time, and only then can be replaced whole;
//! a body cannot be touched while headers are delivered; headers that have gone on are gone.
mod calls;
mod step;
mod view;

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use self::calls::HostCalls;
pub(crate) use self::step::{Piece, Step, Way};
pub(crate) use self::view::View;
use super::gateway::Role;
use super::service::Service;
use tradewind::exchange::filter_state::{NEXT, PLAN};
use tradewind::exchange::{
    Call, CallId, Callback, Effect, Flow, HeaderMap, OutboxItem, Parcel, Plan, Purpose, Reply,
    StreamBuffer, Turn,
};

/// A header map, in order.
pub(crate) type Headers = Vec<(String, Vec<u8>)>;

/// How long a stream that asks to be woken sleeps, in milliseconds.
const PATIENCE_MS: u64 = 1_000;

/// What Envoy holds for one request, and what the roles had it do.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct World {
    pub(crate) request: Headers,
    pub(crate) response: Headers,
    pub(crate) state: BTreeMap<String, Vec<u8>>,
    /// Who answered: a provider, or Envoy itself and why.
    pub(crate) details: String,
    /// The cluster of the last attempt.
    pub(crate) cluster: String,
    /// This side's address of its connection; none where there was none.
    pub(crate) connected: Option<&'static str>,
    /// Why there was none, in Envoy's words.
    pub(crate) failure: Option<&'static str>,
    pub(crate) counted: BTreeMap<String, u64>,
    pub(crate) logged: Vec<String>,
    /// What Envoy would have refused to do, or what would have hung.
    pub(crate) refused: Vec<String>,
    pub(crate) trailers: Headers,
    /// A request header has changed: the route is chosen again.
    pub(crate) rerouted: bool,
    /// What all requests of the proxy have in common.
    pub(crate) common: Rc<Common>,
    /// What the ledger was asked, in order.
    pub(crate) called: Vec<Call>,
    /// What was kept for later.
    pub(crate) queued: Vec<OutboxItem>,
    /// What is to be sent once.
    pub(crate) posted: Vec<Parcel>,
    /// The name of the filter chain that it came by, where that has one.
    pub(crate) listener: Option<&'static str>,
    /// The calls that have not been answered, the oldest first.
    pub(crate) open: Vec<CallId>,
    /// What is kept is to be sent at once.
    pub(crate) hurried: bool,
    pub(crate) gauges: BTreeMap<String, u64>,
    /// What histograms were given, in order.
    pub(crate) measured: Vec<(String, u64)>,
    /// The host calls that it has cost.
    pub(crate) calls: HostCalls,
}

/// What outlives a request: the same for all that run on one proxy.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Common {
    /// What the workers share, and how often each record was changed.
    pub(crate) shared: RefCell<BTreeMap<String, (Vec<u8>, u32)>>,
    /// How much time has passed.
    pub(crate) elapsed_ms: Cell<u64>,
    /// The last number that was given out.
    pub(crate) unique: Cell<u64>,
    /// What the service says that counts for several proxies.
    pub(crate) limits: Cell<Service>,
}

/// What the clock on the wall shows, in seconds since 1970. It stands still.
pub(crate) const WALL_S: u64 = 1_700_000_000;

impl Common {
    /// Milliseconds since 1970.
    pub(crate) fn now_ms(&self) -> u64 {
        self.elapsed_ms.get().saturating_add(1_700_000_000_000)
    }

    /// Time passes.
    pub(crate) fn pass(&self, ms: u64) {
        self.elapsed_ms.set(self.elapsed_ms.get().saturating_add(ms));
    }
}

impl World {
    pub(crate) fn of(common: &Rc<Common>) -> Self {
        Self { common: Rc::clone(common), ..Self::default() }
    }

    /// It is the turn of that model: Envoy goes to its cluster, and the plan says so.
    pub(crate) fn turn_to(&mut self, model: &str) {
        if let Some(plan) = self.state.get_mut(PLAN) {
            let read = Plan::decode(plan).ok();
            let leg =
                read.map(|plan| plan.legs.iter().take_while(|leg| leg.model != model).count());
            let turn = leg.map(|leg| Turn::of(u64::try_from(leg).unwrap_or(u64::MAX)));
            if let Some(turned) = turn.and_then(|turn| turn.written_into(plan)) {
                *plan = turned;
            }
        }
        self.state.insert(NEXT.to_owned(), model.as_bytes().to_vec());
    }

    pub(crate) fn view(&self) -> View<'_> {
        View { world: self, request: &[], response: &[], call: &[] }
    }
}

/// What one filter holds back on one way.
#[derive(Debug, Default)]
struct Held {
    body: Vec<u8>,
    /// The headers have gone on.
    gone: bool,
    /// And had not been held before: Envoy lets nobody reach them any more.
    at_once: bool,
}

/// One filter of one stream.
#[derive(Debug)]
pub(crate) struct Filter {
    /// None where the filter is missing: everything passes.
    role: Option<Box<dyn Role>>,
    buffer: StreamBuffer,
    /// When it wants to be woken, in milliseconds since 1970.
    wakes_ms: Option<u64>,
    /// It let go of a body when it was woken: Envoy does not take what it writes of an empty chunk
    /// right after that.
    let_go: bool,
    /// It has let go by itself, outside of a callback that brings something: Envoy lets it reach no
    /// header of the request any more.
    resumed: bool,
    /// It was reset.
    closed: bool,
    request: Held,
    response: Held,
}

impl Filter {
    pub(crate) fn new(role: Box<dyn Role>, buffer: StreamBuffer) -> Self {
        Self { role: Some(role), ..Self::missing(buffer) }
    }

    /// In the place of one that is not there.
    pub(crate) fn missing(buffer: StreamBuffer) -> Self {
        let (request, response) = (Held::default(), Held::default());
        Self {
            role: None,
            buffer,
            wakes_ms: None,
            let_go: false,
            resumed: false,
            closed: false,
            request,
            response,
        }
    }

    /// Delivers a piece.
    pub(crate) fn turn(&mut self, world: &mut World, way: Way, piece: Piece<'_>) -> Step {
        let held = self.held(way);
        if let Piece::Body(bytes, _) = piece {
            held.body.extend_from_slice(bytes);
        }
        let size = held.body.len();
        let event = match (way, piece) {
            (Way::Request, Piece::Headers { end }) => Callback::RequestHeaders { end },
            (Way::Request, Piece::Body(_, end)) => Callback::RequestBody { size, end },
            (Way::Request, Piece::Trailers) => Callback::RequestTrailers,
            (Way::Response, Piece::Headers { end }) => Callback::ResponseHeaders { end },
            (Way::Response, Piece::Body(_, end)) => Callback::ResponseBody { size, end },
            (Way::Response, Piece::Trailers) => Callback::ResponseTrailers,
        };
        self.on(world, event, way, piece, &[])
    }

    /// Delivers the answer to a call, whether or not it is open.
    pub(crate) fn called(
        &mut self,
        world: &mut World,
        id: CallId,
        (status, body): (u16, &[u8]),
    ) -> Step {
        world.open.retain(|open| *open != id);
        let event = Callback::CallAnswered { id, status, size: body.len() };
        let way = if id.purpose == Purpose::Resume { Way::Response } else { Way::Request };
        let step = self.on(world, event, way, Piece::Body(&[], true), body);
        self.resumed |= matches!(step, Step::Pass { .. });
        step
    }

    /// The attempt is over.
    pub(crate) fn done(&mut self, world: &mut World) {
        self.on(world, Callback::AttemptEnded, Way::Response, Piece::Trailers, &[]);
    }

    /// The stream is over.
    pub(crate) fn over(&mut self, world: &mut World) {
        self.on(world, Callback::StreamEnded, Way::Response, Piece::Trailers, &[]);
    }

    fn on(
        &mut self,
        world: &mut World,
        event: Callback,
        way: Way,
        piece: Piece<'_>,
        call: &[u8],
    ) -> Step {
        let (request, response) = (&self.request.body, &self.response.body);
        let view = View { world, request, response, call };
        world.calls.begin();
        let effects = self.role.as_mut().map(|role| role.on(event, &view));
        let effects = effects.unwrap_or_default();
        let mut reply = None;
        // Of several wishes of one callback the soonest counts, of several callbacks' the last one.
        let slept = self.wakes_ms.take();
        for effect in effects.list {
            world.calls.effect(&effect);
            if let Some(refused) = self.perform(world, event, (way, piece), effect, &mut reply) {
                world.refused.push(format!("{event:?}: {refused}"));
            }
        }
        self.wakes_ms = self.wakes_ms.or(slept);
        self.let_go &= !matches!(event, Callback::ResponseBody { .. });
        let most = self.buffer;
        // Of a response what goes on at once, or is answered or reset, is not held.
        let waits = effects.flow == Flow::Pause && reply.is_none() && !self.closed;
        let held = self.held(way);
        if (way == Way::Request || waits) && !most.fits(held.body.len()) {
            world.refused.push(format!("{event:?}: more is held back than Envoy buffers"));
        }
        match (reply, effects.flow) {
            (Some(reply), _) => Step::Reply(reply),
            (None, Flow::Pause) => Step::Wait,
            (None, Flow::Continue) => {
                let headers = !core::mem::replace(&mut held.gone, true);
                held.at_once |= headers && matches!(piece, Piece::Headers { .. });
                Step::Pass { headers, body: core::mem::take(&mut held.body) }
            }
        }
    }

    /// The time that it asked for has passed.
    pub(crate) fn woken(&mut self, world: &mut World) -> Step {
        self.wakes_ms = None;
        let step = self.on(world, Callback::Woken, Way::Response, Piece::Trailers, &[]);
        self.let_go = matches!(step, Step::Pass { .. });
        self.resumed |= self.let_go;
        step
    }

    /// It is to be woken in so many milliseconds.
    fn sleep(&mut self, world: &World, ms: u64) {
        let due_ms = world.common.now_ms().saturating_add(ms);
        self.wakes_ms = Some(self.wakes_ms.map_or(due_ms, |own| own.min(due_ms)));
    }

    /// In how many milliseconds it is to be woken, if it asked for that.
    pub(crate) fn sleeps(&self, world: &World) -> Option<u64> {
        self.wakes_ms.map(|wakes_ms| wakes_ms.saturating_sub(world.common.now_ms()))
    }

    /// Whether it was reset.
    pub(crate) const fn closed(&self) -> bool {
        self.closed
    }

    /// Whether the headers of that way have gone on.
    pub(crate) fn gone(&mut self, way: Way) -> bool {
        self.held(way).gone
    }

    fn held(&mut self, way: Way) -> &mut Held {
        match way {
            Way::Request => &mut self.request,
            Way::Response => &mut self.response,
        }
    }

    /// Does one thing, or says why Envoy would not.
    fn perform(
        &mut self,
        world: &mut World,
        event: Callback,
        (way, piece): (Way, Piece<'_>),
        effect: Effect,
        reply: &mut Option<Reply>,
    ) -> Option<&'static str> {
        let sent = |filter: &mut Self, map| match map {
            // The next attempt is sent what stands there when this one is done.
            HeaderMap::Request if matches!(event, Callback::AttemptEnded | Callback::Woken) => {
                filter.request.at_once || filter.resumed
            }
            HeaderMap::Request => way == Way::Response || filter.request.gone,
            HeaderMap::Response => way == Way::Request || filter.response.gone,
            HeaderMap::ResponseTrailers => event != Callback::ResponseTrailers,
        };
        let untouchable = |own: Way| match piece {
            _ if way != own => Some("that body is not here"),
            Piece::Headers { .. } => Some("there is no body while headers are delivered"),
            Piece::Trailers | Piece::Body(..) => None,
        };
        match effect {
            Effect::SetHeaders(map, _)
            | Effect::SetHeader(map, ..)
            | Effect::RemoveHeader(map, _)
                if sent(self, map) =>
            {
                return Some("those headers have gone");
            }
            Effect::SetHeaders(map, headers) => {
                world.rerouted |= map == HeaderMap::Request;
                let headers = headers.into_iter();
                let headers = headers.map(|(name, value)| (name.into_owned(), value.into_owned()));
                *world.map(map) = headers.collect();
            }
            Effect::SetHeader(map, name, value) => {
                world.rerouted |= map == HeaderMap::Request;
                world.map(map).retain(|(own, _)| *own != name);
                world.map(map).push((name.into_owned(), value.into_bytes()));
            }
            Effect::RemoveHeader(map, name) => world.map(map).retain(|(own, _)| *own != name),
            Effect::RequestBody(body) | Effect::ResponseBody(body)
                if !self.buffer.fits(body.as_bytes().len()) =>
            {
                return Some("that body is larger than Envoy's buffer: the process ends");
            }
            Effect::RequestBody(body) => {
                self.request.body = body.into_bytes();
                return untouchable(Way::Request);
            }
            Effect::ResponseBody(body) => {
                let lost = self.let_go && matches!(piece, Piece::Body(&[], _));
                if lost && !body.as_bytes().is_empty() {
                    return Some("what is written right after a stream was let go is lost");
                }
                self.response.body = body.into_bytes();
                return untouchable(Way::Response);
            }
            Effect::State(key, value) => drop(world.state.insert(key.into_owned(), value)),
            Effect::Gauge(name, value) => drop(world.gauges.insert(name, value)),
            Effect::Measure(name, value) => world.measured.push((name, value)),
            Effect::Call(call) => {
                world.open.push(call.id);
                world.called.push(call);
            }
            Effect::Queue(note) => world.queued.push(note),
            Effect::Post(parcel) => world.posted.push(*parcel),
            Effect::SendNow => world.hurried = true,
            Effect::Reply(_) if self.response.gone => return Some("an answer has begun"),
            Effect::Reply(own) => *reply = Some(own),
            Effect::Wake => self.sleep(world, PATIENCE_MS),
            Effect::WakeIn(ms) => self.sleep(world, ms),
            Effect::Close => self.closed = true,
            Effect::Count(name) => world.count(name),
            Effect::Log(line) | Effect::Note(line) => world.logged.push(line),
        }
        None
    }
}

impl World {
    fn count(&mut self, name: String) {
        let count = self.counted.entry(name).or_default();
        *count = count.saturating_add(1);
    }

    fn map(&mut self, map: HeaderMap) -> &mut Headers {
        match map {
            HeaderMap::Request => &mut self.request,
            HeaderMap::Response => &mut self.response,
            HeaderMap::ResponseTrailers => &mut self.trailers,
        }
    }
}
