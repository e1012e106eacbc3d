//! The edge role: meets the app, refuses what cannot be served, decides who serves the rest.
mod decide;
mod head;
mod local;

use std::rc::Rc;

use self::head::{Head, Opening};
use self::local::Local;
use super::plugin::problem;
use super::reply::Reply;
use super::{Effect, Effects, Envoy, Event, Flow, HeaderMap};
use crate::dialect::{App, Fault, FaultKind};
use crate::json::{At, Value};
use crate::policy::{Policy, Problem};

/// What the edge role needs: the whole policy.
#[derive(Debug)]
pub struct Config {
    pub(super) policy: Policy,
}

impl Config {
    pub(super) fn read(root: Value<'_>) -> Result<Self, Vec<Problem>> {
        let Some(policy) = root.given("policy") else {
            let missing = "missing: expected the policy".to_owned();
            return Err(vec![problem(&At::Root.key("policy"), 0, missing)]);
        };
        Policy::from_json(policy.raw().as_bytes(), super::vocabulary())
            .map(|policy| Self { policy })
    }
}

/// One request of an app.
#[derive(Debug)]
pub struct Edge {
    config: Rc<Config>,
    state: State,
}

#[derive(Debug)]
enum State {
    /// Nothing has come yet.
    New,
    /// The headers passed; the body is being gathered.
    Reading(Head),
    /// The answer is no. The rest of the body is swallowed first: an HTTP/1 connection can only
    /// be used again once the request has been read to its end.
    Refusing { reply: Reply, swallowed: u64 },
    /// We answered ourselves.
    Replied,
    /// It is on its way to a provider.
    Sent { app: &'static App, request_id: String },
    /// Envoy failed it, and we say so in the app's dialect.
    Failing { body: Vec<u8> },
}

impl Edge {
    pub(super) const fn new(config: Rc<Config>) -> Self {
        Self { config, state: State::New }
    }

    /// One callback.
    pub fn on(&mut self, event: Event, envoy: &dyn Envoy) -> Effects {
        match event {
            Event::RequestHeaders { end } => self.request_headers(end, envoy),
            Event::RequestBody { size, end } => self.request_body(size, end, envoy),
            Event::RequestTrailers => self.request_trailers(),
            Event::ResponseHeaders { end } => self.response_headers(end, envoy),
            Event::ResponseBody { end, .. } => self.response_body(end),
            Event::ResponseTrailers => self.response_body(true),
        }
    }

    fn request_headers(&mut self, end: bool, envoy: &dyn Envoy) -> Effects {
        let headers = envoy.headers(HeaderMap::Request);
        match head::read(&headers, &self.config.policy) {
            Opening::Reply(reply) => self.refuse(reply, end),
            Opening::Request(head) if end => {
                let fault = Fault::new(
                    FaultKind::InvalidRequest,
                    "the request has no body: send a JSON object",
                );
                self.refuse(Reply::fault(head.app, &fault, &head.request_id), true)
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
                    let reply = Reply::fault(head.app, &too_large(limit), &head.request_id);
                    return self.swallow(reply, wide(size), end);
                }
                if !end {
                    self.state = State::Reading(head);
                    return Effects::wait();
                }
                self.decide(head, &envoy.request_body(0, size))
            }
            State::Refusing { reply, swallowed } => {
                self.swallow(reply, swallowed.saturating_add(wide(size)), end)
            }
            other => {
                self.state = other;
                Effects {
                    flow: if self.replied() { Flow::Pause } else { Flow::Continue },
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
        Effects::wait().and(Effect::RequestBody(Vec::new()))
    }

    fn request_trailers(&mut self) -> Effects {
        match core::mem::replace(&mut self.state, State::Replied) {
            State::Reading(head) => {
                let fault = Fault::new(
                    FaultKind::InvalidRequest,
                    "request trailers are not supported: end the request with its body",
                );
                answer(Reply::fault(head.app, &fault, &head.request_id))
            }
            State::Refusing { reply, .. } => answer(reply),
            other => {
                self.state = other;
                Effects::go_on()
            }
        }
    }

    fn decide(&mut self, head: Head, body: &[u8]) -> Effects {
        match decide::decide(&self.config, &head, body) {
            Ok(effects) => {
                self.state = State::Sent { app: head.app, request_id: head.request_id };
                effects
            }
            Err(fault) => answer(Reply::fault(head.app, &fault, &head.request_id)),
        }
    }

    fn response_headers(&mut self, end: bool, envoy: &dyn Envoy) -> Effects {
        let State::Sent { app, request_id } = &self.state else {
            return self.own_failure(end, envoy);
        };
        // Every answer of the provider role names its model: without that, Envoy made it.
        if end || envoy.header(HeaderMap::Response, "x-tradewind-model").is_some() {
            return Effects::go_on();
        }
        let local = Local::read(envoy);
        let (effects, body) = local.rewrite(app, request_id);
        self.state = State::Failing { body };
        effects
    }

    /// Envoy may refuse a request before we have decided (a body over its own buffer).
    fn own_failure(&mut self, end: bool, envoy: &dyn Envoy) -> Effects {
        let State::Reading(head) = &self.state else { return Effects::go_on() };
        if end {
            return Effects::go_on();
        }
        let (effects, body) = Local::read(envoy).rewrite(head.app, &head.request_id);
        self.state = State::Failing { body };
        effects
    }

    fn response_body(&mut self, end: bool) -> Effects {
        let State::Failing { body } = &mut self.state else { return Effects::go_on() };
        if !end {
            return Effects::wait();
        }
        Effects::go_on().and(Effect::ResponseBody(core::mem::take(body)))
    }

    const fn replied(&self) -> bool {
        matches!(self.state, State::Replied)
    }
}

/// Answers the app ourselves, and counts it when the answer is no.
fn answer(reply: Reply) -> Effects {
    let refused = reply.status >= 400;
    let mut effects = Effects::reply(reply);
    effects.list.extend(refused.then(|| Effect::Count("tradewind_refused_total".to_owned())));
    effects
}

fn too_large(limit: u64) -> Fault {
    let message = format!(
        "the body is larger than {limit} bytes, which is the most this gateway takes \
         (limits.request.max_body_bytes): send less"
    );
    Fault::new(FaultKind::TooLarge, message)
}

fn wide(size: usize) -> u64 {
    u64::try_from(size).unwrap_or(u64::MAX)
}
