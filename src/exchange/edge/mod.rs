//! The edge role: meets the app, refuses what cannot be served, decides who serves the rest.
mod again;
mod body;
mod cached;
mod calls;
mod config;
mod consider;
mod copied;
mod deadline;
mod deciding;
mod degraded;
mod feedback;
mod first;
mod goes_on;
mod head;
mod header_bound;
mod ledger_answer;
mod limited;
mod local;
mod repeats;
mod response;
mod resumable;
mod resumed;
mod said;
mod sampling;
mod send;
mod stripped;

use std::rc::Rc;

pub use self::config::Config;
pub use self::consider::{Considered, Unserved};

use self::body::Desk;
use self::cached::{Again, Cached, Looked};
use self::deadline::Patience;
use self::degraded::Rescue;
use self::feedback::Feedback;
use self::first::Original;
use self::head::{Head, Opening};
use super::breaker::Watch;
use super::duty::{Duties, Duty};
use super::limits::retry_after;
use super::line::Line;
use super::record::Untold;
use super::reply::Reply;
use super::spend::{self, Payer};
use super::{Body, Callback, Effect, Effects, Envoy, Flow, HeaderMap, Hearing, Report, metric};
use crate::credit::Balance;
use crate::decide::{Candidate, Decision, Outline, Shared, Trace, Verdict};
use crate::dialect::{Client, Fault, FaultKind};
use crate::resilience::nanos;

/// One request of an app.
#[derive(Debug)]
pub struct Edge {
    config: Rc<Config>,
    state: State,
    /// What is to be done when it is over.
    duties: Duties,
    /// Bytes of the answer that went to the app.
    relayed: u64,
    /// The answer has begun.
    answered: bool,
    /// It is one of ours, and has gone to its end.
    gave_whole: bool,
    /// The models that it may be sent to, in order.
    chain: Vec<String>,
    /// How long its app waits; `None` where it waits for as long as it takes.
    patience: Option<Patience>,
    /// That was over before anything of an answer was there.
    is_too_late: bool,
    /// Those of them that are another chain's, and stand in.
    spares: Vec<String>,
    /// The one that was tried and told nothing of itself, where no provider role has judged the
    /// answer.
    untold: Option<Untold>,
    /// What the first of them told, where it has answered and its answer was whole.
    report: Option<Report>,
    /// The answer itself, where it is to be kept and short.
    kept: Option<Vec<u8>>,
    /// What the access log is told.
    line: Line,
}

#[derive(Debug)]
enum State {
    /// Nothing has come yet.
    New,
    /// The headers passed; the body is being gathered.
    Reading(Head),
    /// The same of what an app thinks of an answer.
    Hearing(Feedback),
    /// The answer is no. The rest of the body is swallowed first: an HTTP/1 connection can only
    /// be used again once the request has been read to its end.
    Refusing { reply: Reply, swallowed: u64 },
    /// The ledger is asked whether it may run.
    AwaitingLedger { head: Head, draft: Box<Draft> },
    /// The app has an answer of ours, and nothing goes on.
    Replied,
    /// It is on its way to a provider.
    Sent {
        client: &'static Client,
        request_id: String,
        /// Whether the app has asked for a stream.
        streamed: bool,
        /// What its answer says of how it was served.
        says: Vec<Effect>,
        /// What may stand in for an answer; `None` where nothing may.
        rescue: Option<Box<Rescue>>,
    },
    /// Envoy failed it, and we say so in the app's dialect.
    Failing { body: Body },
}

/// What a plan is made of, beside the chain that the credits allow.
#[derive(Debug)]
struct Draft {
    outline: Outline,
    trace: Trace,
    /// What several proxies count it by; `None` where they do not.
    shared: Option<Box<Shared>>,
    /// What is heard of the answer.
    hearing: Hearing,
    /// Whether its answer may go on with another model where it breaks.
    resumes: bool,
    /// How its answer is kept; `None` where it is not.
    cached: Option<Cached>,
    /// The answer that somebody has had before; `None` where models are asked.
    again: Option<Again>,
    /// The name of the model that the app asks for, where a text may stand in for its answer.
    asked: String,
}

/// A request that goes on, as far as credits have a say in how.
#[derive(Debug)]
struct Approved<'a> {
    candidate: &'a Candidate,
    /// What the tenant has left, where that is known.
    left: Option<Balance>,
    /// The chain for those who have little left, where it serves the request.
    near_limit: Option<&'a str>,
}

impl Edge {
    pub(super) fn new(config: Rc<Config>) -> Self {
        Self {
            config,
            state: State::New,
            duties: Duties::default(),
            relayed: 0,
            answered: false,
            gave_whole: false,
            chain: Vec::new(),
            patience: None,
            is_too_late: false,
            spares: Vec::new(),
            untold: None,
            report: None,
            kept: None,
            line: Line::default(),
        }
    }

    /// Answers one callback with what Envoy is to do.
    pub fn on(&mut self, event: Callback, envoy: &dyn Envoy) -> Effects {
        match event {
            Callback::RequestHeaders { end } => self.request_headers(end, envoy),
            Callback::RequestBody { size, end } => self.request_body(size, end, envoy),
            Callback::RequestTrailers => self.request_trailers(),
            Callback::ResponseHeaders { end } => self.response_headers(end, envoy),
            Callback::ResponseBody { size, end } => self.response_body(size, end),
            // No list says what may pass of a provider's trailers, and no app reads them.
            Callback::ResponseTrailers => self
                .response_body(0, true)
                .and(Effect::SetHeaders(HeaderMap::ResponseTrailers, Vec::new())),
            Callback::CallAnswered { id, status, size } => {
                calls::answered(self, id, (status, size), envoy)
            }
            Callback::AttemptEnded => Effects::go_on(),
            Callback::Woken => self.woken(envoy),
            Callback::StreamEnded => self.over(envoy),
        }
    }

    fn request_headers(&mut self, end: bool, envoy: &dyn Envoy) -> Effects {
        let headers = envoy.headers(HeaderMap::Request);
        match head::read(&headers, &self.config.policy, &mut self.line, envoy) {
            Opening::Reply(reply) => self.refuse(reply, end || !head::has_body(&headers)),
            Opening::Feedback(feedback) if end => {
                let reply = feedback.note(&[], &mut self.line);
                self.refuse(reply, true)
            }
            Opening::Feedback(feedback) => {
                self.state = State::Hearing(feedback);
                Effects::wait()
            }
            Opening::Request(head) if end => {
                let fault = Fault::new(
                    FaultKind::InvalidRequest,
                    "the request has no body: send a JSON object",
                );
                let reply = head.fault(&fault, &mut self.line);
                self.refuse(reply, true)
            }
            Opening::Request(head) => {
                self.state = State::Reading(head);
                Effects::wait()
            }
        }
    }

    fn refuse(&mut self, reply: Reply, end: bool) -> Effects {
        if end {
            self.state = State::Replied;
            return answer(reply);
        }
        self.state = State::Refusing { reply, swallowed: 0 };
        Effects::wait()
    }

    fn request_body(&mut self, size: usize, end: bool, envoy: &dyn Envoy) -> Effects {
        let limit = self.config.policy.limits().max_body_bytes;
        match core::mem::replace(&mut self.state, State::Replied) {
            State::Reading(head) => {
                if wide(size) > limit {
                    let reply = head.fault(&body::too_large(limit), &mut self.line);
                    return self.swallow(reply, wide(size), end);
                }
                if !end {
                    self.state = State::Reading(head);
                    return Effects::wait();
                }
                self.begin(head, &envoy.request_body(0, size), envoy)
            }
            State::Hearing(feedback) if Feedback::is_too_long(size) => {
                let reply = feedback.too_long(&mut self.line);
                self.swallow(reply, wide(size), end)
            }
            State::Hearing(feedback) if end => {
                answer(feedback.note(&envoy.request_body(0, size), &mut self.line))
            }
            State::Hearing(feedback) => {
                self.state = State::Hearing(feedback);
                Effects::wait()
            }
            State::Refusing { reply, swallowed } => {
                self.swallow(reply, swallowed.saturating_add(wide(size)), end)
            }
            other => {
                self.state = other;
                Effects {
                    flow: if self.waits() { Flow::Pause } else { Flow::Continue },
                    ..Effects::default()
                }
            }
        }
    }

    /// Throws away what has come of a refused body, and answers at its end: or at once when the
    /// body is so long that the connection is the smaller loss.
    fn swallow(&mut self, reply: Reply, swallowed: u64, end: bool) -> Effects {
        let patience = self.config.policy.limits().max_body_bytes.saturating_mul(4);
        if end || swallowed > patience {
            self.state = State::Replied;
            return answer(reply);
        }
        self.state = State::Refusing { reply, swallowed };
        Effects::wait().and(Effect::RequestBody(Body::empty()))
    }

    fn request_trailers(&mut self) -> Effects {
        match core::mem::replace(&mut self.state, State::Replied) {
            State::Reading(head) => answer(head.fault(&trailers(), &mut self.line)),
            State::Hearing(feedback) => answer(feedback.refuse(&trailers(), &mut self.line)),
            State::Refusing { reply, .. } => answer(reply),
            other => {
                self.state = other;
                Effects::go_on()
            }
        }
    }

    fn decide(&mut self, head: Head, bytes: &[u8], envoy: &dyn Envoy) -> Effects {
        if let Some(given) = self.repeated(&head, bytes, envoy) {
            return given;
        }
        let desk = Desk::of(&self.config, &head, envoy, false);
        if let Some(write) = head.count {
            let count = desk.count(bytes).map(write);
            self.line.answered_ourselves(&count);
            return answer(Reply::of(head.client, count, &head.request_id));
        }
        let own = match desk.read(bytes) {
            Ok(document) => document,
            Err((fault, trace)) => return self.deny(&head, &fault, trace.as_ref()),
        };
        let assembled = match desk.assembled(&own, &mut self.line) {
            Ok(assembled) => assembled,
            Err((fault, trace)) => return self.deny(&head, &fault, trace.as_ref()),
        };
        let new = assembled.as_ref().and_then(|own| own.body.as_deref());
        let made = match new.map(|body| desk.read(body)).transpose() {
            Ok(made) => made,
            Err((fault, trace)) => return self.deny(&head, &fault, trace.as_ref()),
        };
        let document = made.as_ref().unwrap_or(&own);
        let mut looked = Looked::default();
        let find = &mut |caching| looked.find(&desk, caching, document);
        let decided = desk.decided(document, assembled.as_ref(), find, &mut self.line);
        let (ask, mut decision) = match decided {
            Ok(decided) => decided,
            Err((fault, trace)) => return self.deny(&head, &fault, trace.as_ref()),
        };
        let Looked { cached, again } = looked;
        if let Some(again) = &again {
            again::remember(&desk, bytes, (&ask, &decision), (cached.as_ref(), again));
        }
        if again.is_none() {
            let Config { policy, calm, .. } = &*self.config;
            self.duties.owe_some(Watch::of(policy, calm, &mut decision).map(Duty::Heed));
        }
        let route = decision.route_name(&ask);
        let origin = desk.origin(&decision, assembled.as_ref());
        let Decision { outline, mut quote, mut trace, shadow, claims, shared, .. } = decision;
        let mut effects = Vec::new();
        if let Some(claims) = claims
            && let Err(refused) = self.take(&head, *claims, &mut effects, envoy)
        {
            return self.limited(&head, refused, &mut trace, effects);
        }
        let (hearing, asked, resumes) = (Hearing::Nothing, self.config.asked(&ask.model), false);
        let mut draft = Draft { outline, trace, shared, hearing, resumes, cached, again, asked };
        if draft.again.is_some() {
            return self.has_been_answered(head, draft, quote, effects, envoy);
        }
        if let Some(given) = self.stale(&head, &draft, &mut quote, envoy) {
            return given.and_all(effects);
        }
        let asked = (route, bytes);
        let (sampled, counted) = sampling::sample(&self.config, shadow, &head, asked, envoy);
        effects.extend(counted);
        draft.hearing = self.duties.copy(sampled);
        let (own, body) = ((&ask, &quote.primary, origin), new.unwrap_or(bytes));
        draft.resumes = resumable::keep(&head, own, body, &mut effects, envoy);
        let original = Some(Original { body, ask, is_new: new.is_some() });
        // What costs nothing needs no credits.
        let counted = self.config.counted().filter(|_| !quote.primary.max_cost.is_zero());
        let Some(credits) = counted else {
            let free = Approved { candidate: &quote.primary, left: None, near_limit: None };
            return self.send(head, &draft, free, original, envoy).and_all(effects);
        };
        let payer = Payer::of(head.payer());
        let next = spend::begin(credits, (quote, payer), &head.request_id, envoy, &mut effects);
        self.next(head, draft, (next, effects), original, envoy)
    }

    /// Refuses a request, and has the access log say why; `trace` is there where it was decided on.
    fn deny(&mut self, head: &Head, fault: &Fault, trace: Option<&Trace>) -> Effects {
        if let Some(trace) = trace {
            // An arm may refuse a request: a report asks which weights have drawn it.
            if trace.subjects(Verdict::Assigned).next().is_some() {
                self.line.text("policy", &self.config.digest);
            }
            self.line.decided(trace, None, &[]);
        }
        let mut reply = head.fault(fault, &mut self.line);
        if fault.kind == FaultKind::Overloaded {
            reply.headers.extend(retry_after(nanos(fault.wait_ms)));
        }
        answer(reply)
    }

    /// Whether the request goes no further, or not yet.
    const fn waits(&self) -> bool {
        matches!(self.state, State::Replied | State::AwaitingLedger { .. })
    }
}

/// Answers the app ourselves, and counts it when the answer is no.
fn answer(reply: Reply) -> Effects {
    let refused = reply.status >= 400;
    let mut effects = Effects::reply(reply);
    effects.list.extend(refused.then(|| metric::REFUSED.count(&[])));
    effects
}

fn trailers() -> Fault {
    let message = "request trailers are not supported: end the request with its body";
    Fault::new(FaultKind::InvalidRequest, message)
}

fn wide(size: usize) -> u64 {
    u64::try_from(size).unwrap_or(u64::MAX)
}
