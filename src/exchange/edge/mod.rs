//! The edge role: meets the app, refuses what cannot be served, decides who serves the rest.
mod decide;
mod head;
mod held;
mod local;
mod send;
mod worst;

use std::borrow::Cow;
use std::rc::Rc;

use self::head::{Head, Opening};
use self::local::Local;
use super::plugin::problem;
use super::reply::Reply;
use super::spend::{self, Asking, By, Choice, Ending, Ledger, Spent, Step};
use super::{
    Body, Effect, Effects, Envoy, Event, Flow, HeaderMap, JUDGED, Plan, Report, StreamBuffer,
    record,
};
use crate::dialect::{Client, Fault, FaultKind};
use crate::json::{At, Value, Writer};
use crate::policy::{CreditPolicy, Policy, Problem};

/// What the edge role needs: the whole policy.
#[derive(Debug)]
pub struct Config {
    pub(super) policy: Policy,
    /// What Envoy buffers of a stream.
    buffer: StreamBuffer,
    ledger: Option<Rc<Ledger>>,
}

impl Config {
    /// Who counts credits; none when nobody does.
    #[must_use]
    pub const fn credits(&self) -> Option<&CreditPolicy> {
        self.policy.credits()
    }

    /// Writes the plugin's configuration for a policy, which is given as canonical JSON.
    #[must_use]
    pub fn write(policy: &str, buffer: StreamBuffer) -> Vec<u8> {
        let mut json = Writer::new();
        json.object(|json| {
            json.key("role").string("edge");
            json.key("policy").raw(policy);
            json.key("limits").object(|json| buffer.write(json));
        });
        json.finish()
    }

    pub(super) fn read(root: Value<'_>) -> Result<Self, Vec<Problem>> {
        let Some(policy) = root.given("policy") else {
            let missing = "missing: expected the policy".to_owned();
            return Err(vec![problem(&At::Root.key("policy"), 0, missing)]);
        };
        Policy::from_json(policy.raw().as_bytes(), super::vocabulary()).map(|policy| {
            let ledger = policy.credits().map(Ledger::of);
            Self { policy, buffer: StreamBuffer::read(root), ledger }
        })
    }
}

/// One request of an app.
#[derive(Debug)]
pub struct Edge {
    config: Rc<Config>,
    state: State,
    /// What was set aside for it, until it is settled.
    spent: Option<Box<Spent>>,
    /// Bytes of the answer that went to the app.
    relayed: u64,
    /// The answer has begun.
    answered: bool,
    /// The models that it may be sent to, in order.
    chain: Vec<String>,
    /// How many of them have been tried, where no provider role has judged the answer.
    tried: usize,
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
    /// The ledger is asked whether it may run.
    Asking { head: Head, asking: Box<Asking> },
    /// We answered ourselves.
    Replied,
    /// It is on its way to a provider.
    Sent { client: &'static Client, request_id: String },
    /// Envoy failed it, and we say so in the app's dialect.
    Failing { body: Body },
}

impl Edge {
    pub(super) const fn new(config: Rc<Config>) -> Self {
        Self {
            config,
            state: State::New,
            spent: None,
            relayed: 0,
            answered: false,
            chain: Vec::new(),
            tried: 0,
        }
    }

    /// One callback.
    pub fn on(&mut self, event: Event, envoy: &dyn Envoy) -> Effects {
        match event {
            Event::RequestHeaders { end } => self.request_headers(end, envoy),
            Event::RequestBody { size, end } => self.request_body(size, end, envoy),
            Event::RequestTrailers => self.request_trailers(),
            Event::ResponseHeaders { end } => self.response_headers(end, envoy),
            Event::ResponseBody { size, end } => self.response_body(size, end),
            // No list says what may pass of a provider's trailers, and no app reads them.
            Event::ResponseTrailers => self
                .response_body(0, true)
                .and(Effect::SetHeaders(HeaderMap::ResponseTrailers, Vec::new())),
            Event::Called { status, size } => self.called(status, size, envoy),
            Event::Done => Effects::go_on(),
            // This role never asks for it.
            Event::Woken => Effects::wait(),
            Event::Over => self.over(envoy),
        }
    }

    fn request_headers(&mut self, end: bool, envoy: &dyn Envoy) -> Effects {
        let headers = envoy.headers(HeaderMap::Request);
        match head::read(&headers, &self.config.policy) {
            Opening::Reply(reply) => self.refuse(reply, end || !head::has_body(&headers)),
            Opening::Request(head) if end => {
                let fault = Fault::new(
                    FaultKind::InvalidRequest,
                    "the request has no body: send a JSON object",
                );
                self.refuse(Reply::fault(head.client, &fault, &head.request_id), true)
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
                    let reply = Reply::fault(head.client, &too_large(limit), &head.request_id);
                    return self.swallow(reply, wide(size), end);
                }
                if !end {
                    self.state = State::Reading(head);
                    return Effects::wait();
                }
                self.decide(head, &envoy.request_body(0, size), envoy)
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
            State::Reading(head) => {
                let fault = Fault::new(
                    FaultKind::InvalidRequest,
                    "request trailers are not supported: end the request with its body",
                );
                answer(Reply::fault(head.client, &fault, &head.request_id))
            }
            State::Refusing { reply, .. } => answer(reply),
            other => {
                self.state = other;
                Effects::go_on()
            }
        }
    }

    fn decide(&mut self, head: Head, body: &[u8], envoy: &dyn Envoy) -> Effects {
        let bid = match decide::decide(&self.config, &head, body) {
            Ok(bid) => bid,
            Err(fault) => return answer(Reply::fault(head.client, &fault, &head.request_id)),
        };
        // What costs nothing needs no credits.
        let credits = self.config.credits().filter(|_| !bid.usual.worst.is_zero());
        let Some((policy, ledger)) = credits.zip(self.config.ledger.as_ref()) else {
            return self.send(head, bid.usual);
        };
        let mut effects = Vec::new();
        let step = spend::begin((policy, ledger), bid, &head.request_id, envoy, &mut effects);
        self.step(head, step, effects)
    }

    /// The ledger has answered.
    fn called(&mut self, status: u16, size: usize, envoy: &dyn Envoy) -> Effects {
        let (head, asking) = match core::mem::replace(&mut self.state, State::Replied) {
            State::Asking { head, asking } => (head, asking),
            other => {
                self.state = other;
                return Effects { flow: Flow::Pause, ..Effects::default() };
            }
        };
        let config = Rc::clone(&self.config);
        let Some(policy) = config.credits() else { return Effects::wait() };
        let body = envoy.call_body(size);
        let mut effects = Vec::new();
        let step = asking.answered(policy, (status, &body), envoy, &mut effects);
        self.step(head, step, effects)
    }

    fn step(&mut self, head: Head, step: Step, effects: Vec<Effect>) -> Effects {
        match step {
            Step::Go { mut choice, spent, left } => {
                if let Some(left) = left {
                    Plan::add_left(&mut choice.plan, &left);
                }
                self.spent = Some(spent);
                let mut sent = self.send(head, choice);
                sent.list.splice(0..0, effects);
                sent
            }
            Step::Ask(asking) => {
                self.state = State::Asking { head, asking };
                Effects { list: effects, flow: Flow::Pause }
            }
            Step::Refuse(fault) => {
                let mut reply = Reply::fault(head.client, &fault, &head.request_id);
                if fault.kind == FaultKind::Overloaded {
                    reply.headers.push(("retry-after", "1".to_owned()));
                }
                let mut refused = answer(reply);
                refused.list.splice(0..0, effects);
                refused
            }
        }
    }

    fn send(&mut self, head: Head, choice: Choice) -> Effects {
        self.chain.clone_from(&choice.chain);
        let effects = send::send(&head, choice).and(record::sent(&head.request_id));
        self.state = State::Sent { client: head.client, request_id: head.request_id };
        effects
    }

    /// The stream is over: what ran is settled, and what was asked for is given back.
    fn over(&mut self, envoy: &dyn Envoy) -> Effects {
        let mut effects = Effects::go_on();
        if let State::Asking { asking, .. } = &self.state {
            effects.list.push(spend::abandon(asking));
        }
        let reports = Report::read(envoy, &core::mem::take(&mut self.chain));
        effects.list.extend(record::of(&reports, self.tried));
        if let Some(spent) = self.spent.take() {
            let details = envoy.property(&["response", "code_details"]).unwrap_or_default();
            let by = By::of(&details);
            let ending = Ending { answered: self.answered, relayed: self.relayed, by };
            let policy = &self.config.policy;
            effects.list.extend(spend::settle(&spent, policy, &reports, ending, envoy));
            effects.list.extend((by == By::Gateway).then_some(Effect::SendNow));
        }
        effects
    }

    fn response_headers(&mut self, end: bool, envoy: &dyn Envoy) -> Effects {
        self.answered = true;
        let State::Sent { client, request_id } = &self.state else {
            return self.own_failure(end, envoy);
        };
        let judged = envoy.property(&[JUDGED]).is_some_and(|model| !model.is_empty());
        if judged && !end {
            return self.judged();
        }
        let local = Local::read(envoy, &self.chain);
        self.tried = local.tried();
        // A provider role whose VM failed with a judged answer in its hands gives nothing but this.
        if judged && !local.has_trapped() {
            return self.judged();
        }
        if end || local.is_bare() {
            let effects = local.reply(client, request_id);
            self.state = State::Replied;
            return effects;
        }
        let (effects, body) = local.rewrite(client, request_id);
        self.failing(effects, body)
    }

    /// An answer of a provider role's: it says where the cheaper chain has served.
    fn judged(&self) -> Effects {
        let chain = self.spent.as_ref().and_then(|spent| spent.near_limit());
        let says = |chain: &str| {
            let header = Cow::Borrowed("x-tradewind-near-limit");
            Effect::SetHeader(HeaderMap::Response, header, chain.to_owned())
        };
        Effects { list: chain.map(says).into_iter().collect(), flow: Flow::Continue }
    }

    /// Envoy may refuse a request before we have decided (a body over its own buffer).
    fn own_failure(&mut self, end: bool, envoy: &dyn Envoy) -> Effects {
        let (State::Reading(head) | State::Asking { head, .. }) = &self.state else {
            return Effects::go_on();
        };
        if end {
            return Effects::go_on();
        }
        let (mut effects, body) = Local::read(envoy, &[]).rewrite(head.client, &head.request_id);
        // What the ledger was asked for is given back.
        if let State::Asking { asking, .. } = &self.state {
            effects.list.push(spend::abandon(asking));
        }
        self.failing(effects, body)
    }

    /// An error of Envoy's own is said in the app's words, where they fit.
    fn failing(&mut self, effects: Effects, body: Vec<u8>) -> Effects {
        let Ok(body) = self.config.buffer.hold(body) else { return Effects::go_on() };
        self.state = State::Failing { body };
        effects
    }

    fn response_body(&mut self, size: usize, end: bool) -> Effects {
        self.relayed = self.relayed.saturating_add(wide(size));
        let State::Failing { body } = &mut self.state else { return Effects::go_on() };
        if !end {
            return Effects::wait();
        }
        Effects::go_on().and(Effect::ResponseBody(core::mem::take(body)))
    }

    /// Whether the request goes no further, or not yet.
    const fn waits(&self) -> bool {
        matches!(self.state, State::Replied | State::Asking { .. })
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
