//! The provider role: one attempt of one model.
//!
//! It stands in the provider's cluster, which serves all of its models; whose turn it is says
//! filter state. It runs anew for every attempt. The first attempt's body comes written from the
//! edge role, in most cases; the others are written here.
//! Headers are one map for all attempts, so it replaces them whole: what an earlier attempt left,
//! another provider's key among it, is gone before this provider's key is added behind it.
mod acceptance;
mod ahead;
mod captured;
mod config;
mod disagreement;
mod headers;
mod lost;
mod overheard;
mod pair;
mod relay;
mod request;
mod response_headers;
mod spoken;
mod way;

use std::rc::Rc;

pub use self::config::Config;

use self::disagreement::Disagreement;
use self::lost::Way;
use self::relay::{Part, Relay};
use self::request::{Asked, Attempted};
use super::hop::{self, TELLS, Told};
use super::judged;
use super::plan::Mismatch;
use super::{
    Callback, Effect, Effects, Envoy, Flow, HeaderMap, Headers, JUDGED, NEXT, Outcome, PLAN, Plan,
    Progress, Reply, Report, metric,
};
use crate::dialect::{Client, Fault, FaultKind, client};

/// One attempt.
#[derive(Debug)]
pub struct Attempt {
    config: Rc<Config>,
    state: State,
    /// Its answer was a failure: Envoy may go on to another model.
    failed: bool,
    /// Another model, whose provider is to see nothing of this one's request, may be asked next.
    more: bool,
    /// Envoy has let go of the answer: whatever becomes of it, nobody else is asked.
    let_go: bool,
}

#[derive(Debug)]
enum State {
    /// Nothing has come yet.
    New,
    /// The headers are held; the body is coming.
    Reading,
    /// The headers say how long the body is that the edge role has written, and it is coming.
    Announced { asked: Box<Asked>, length: u64 },
    /// The provider has been asked.
    Asked(Box<Asked>),
    /// The provider answers.
    Answering(Relay),
    /// We answered ourselves.
    Replied,
}

impl Attempt {
    pub(super) const fn new(config: Rc<Config>) -> Self {
        Self { config, state: State::New, failed: false, more: false, let_go: false }
    }

    /// One callback.
    pub fn on(&mut self, event: Callback, envoy: &dyn Envoy) -> Effects {
        let effects = self.handle(event, envoy);
        if matches!((&self.state, effects.flow), (State::Answering(_), Flow::Continue)) {
            self.let_go = true;
        }
        let Some(failed) = judgement(&effects) else { return effects };
        self.failed = failed;
        let effects = judged::judge(effects, &self.config.provider);
        // Once an answer is let go of that nothing has just come of, Envoy lets nobody reach the
        // request's headers any more.
        match event {
            Callback::Woken if failed => self.unsent(effects),
            _ => effects,
        }
    }

    /// All attempts have one header map: what this provider was sent, its key among it, must not
    /// leave for a cluster that lacks this role. As at first, Envoy sends it to nobody.
    fn unsent(&mut self, effects: Effects) -> Effects {
        match core::mem::take(&mut self.more) {
            true => effects.and(Effect::RemoveHeader(HeaderMap::Request, ":method".to_owned())),
            false => effects,
        }
    }

    fn handle(&mut self, event: Callback, envoy: &dyn Envoy) -> Effects {
        match event {
            Callback::RequestHeaders { end } => self.request_headers(end, envoy),
            Callback::RequestBody { size, end } => self.request_body(size, end, envoy),
            Callback::RequestTrailers => self.request_trailers(envoy),
            Callback::ResponseHeaders { end } => self.response_headers(end, envoy),
            Callback::ResponseBody { size, end } => self.answer(Part::Body { size, end }, envoy),
            Callback::ResponseTrailers => self.answer(Part::Trailers, envoy),
            Callback::Woken => self.answer(Part::Wake, envoy),
            Callback::AttemptEnded => self.attempt_ended(envoy),
            Callback::CallAnswered { status, size, .. } => {
                self.answer(Part::Called { status, size }, envoy)
            }
            // Envoy does not tell it of that.
            Callback::StreamEnded => Effects::go_on(),
        }
    }

    fn attempt_ended(&mut self, envoy: &dyn Envoy) -> Effects {
        // With it goes what counts it among its worker's.
        let mut state = core::mem::replace(&mut self.state, State::Replied);
        let is_judged = matches!(&state, State::Answering(relay) if relay.is_judged());
        let unjudged = match &mut state {
            State::Asked(asked) | State::Announced { asked, .. } => Some(asked.as_mut()),
            State::Answering(relay) if !self.let_go => relay.asked(),
            _ => None,
        };
        let anew = Effect::State(JUDGED.into(), Vec::new());
        let effects = match unjudged {
            // Where it is not the last, the next answer is to be judged anew.
            _ if self.failed => Effects::go_on().and(anew),
            Some(asked) => {
                let way = Way::of(&self.config, envoy);
                let effects = lost::follow(&self.config, asked, &way, envoy);
                // So is it where what was judged never went out.
                if is_judged { effects.and(anew) } else { effects }
            }
            None => return Effects::go_on(),
        };
        self.unsent(effects)
    }

    /// Where the edge role has written the body, nothing is left to do but the headers. They wait
    /// all the same, until the body has come as long as they say: another filter may stand between
    /// the roles. And Envoy lets a role reach headers that it has held until the attempt is over,
    /// and no others ([`Attempt::attempt_ended`]).
    fn request_headers(&mut self, end: bool, envoy: &dyn Envoy) -> Effects {
        if end {
            return self.refuse(Disagreement::Body, envoy);
        }
        let bytes = envoy.property(&[PLAN]).unwrap_or_default();
        let begun = Plan::decode(&bytes).map_err(Disagreement::from).and_then(|plan| {
            let attempted = request::begin(&self.config, &plan, envoy)?;
            let Some(length) = attempted.written() else { return Ok(None) };
            if attempted.is_too_large() {
                return Ok(Some(self.too_large(attempted.asked, envoy)));
            }
            let headers = attempted.headers(&self.config, &plan, length);
            let (asked, effects) = self.ask(attempted, headers, &bytes);
            self.state = State::Announced { asked, length };
            Ok(Some(effects))
        });
        match begun {
            Ok(Some(effects)) => Effects { flow: Flow::Pause, ..effects },
            Ok(None) => {
                self.state = State::Reading;
                Effects::wait()
            }
            Err(why) => self.refuse(why, envoy),
        }
    }

    fn request_body(&mut self, size: usize, end: bool, envoy: &dyn Envoy) -> Effects {
        if !matches!(self.state, State::Reading | State::Announced { .. }) {
            return Effects::go_on();
        }
        if !end {
            return Effects::wait();
        }
        match core::mem::replace(&mut self.state, State::Reading) {
            State::Announced { asked, length } if u64::try_from(size) == Ok(length) => {
                self.state = State::Asked(asked);
                return Effects::go_on();
            }
            announced @ State::Announced { .. } => {
                self.state = announced;
                return self.refuse(Disagreement::Body, envoy);
            }
            _ => {}
        }
        let body = envoy.request_body(0, size);
        let bytes = envoy.property(&[PLAN]).unwrap_or_default();
        let written = Plan::decode(&bytes).map_err(Disagreement::from).and_then(|plan| {
            let mut attempted = request::begin(&self.config, &plan, envoy)?;
            let body = attempted.body(&plan, body, envoy)?;
            let Ok(body) = self.config.buffer.hold(body) else {
                return Ok(self.too_large(attempted.asked, envoy));
            };
            let length = u64::try_from(body.as_bytes().len()).unwrap_or(u64::MAX);
            let headers = attempted.headers(&self.config, &plan, length);
            let (asked, effects) = self.ask(attempted, headers, &bytes);
            self.state = State::Asked(asked);
            Ok(effects.and(Effect::RequestBody(body)))
        });
        written.unwrap_or_else(|why| self.refuse(why, envoy))
    }

    /// Asks the provider, with these headers; the next attempt, should there be one, is that of the
    /// plan's next leg.
    fn ask(
        &mut self,
        attempted: Attempted<'_>,
        headers: Headers,
        plan: &[u8],
    ) -> (Box<Asked>, Effects) {
        let Attempted { mut asked, next, .. } = attempted;
        asked.running = Some(self.config.retries.begin(asked.has_gone_on, asked.turn.tries));
        let mut effects = Effects::go_on().and(asked.report.publish());
        let next = next.and_then(|next| Some((next, asked.turn.next().written_into(plan)?)));
        if let Some((next, plan)) = next {
            effects.list.push(Effect::State(PLAN.into(), plan));
            effects.list.push(self.config.next(&next));
        }
        self.more = asked.way.more;
        (Box::new(asked), effects.and(Effect::SetHeaders(HeaderMap::Request, headers)))
    }

    /// The edge role lets no trailers pass. Were it another module, the app's own headers and
    /// body would go on to the provider here.
    fn request_trailers(&mut self, envoy: &dyn Envoy) -> Effects {
        match &self.state {
            State::New | State::Reading | State::Announced { .. } => {
                self.refuse(Disagreement::Plan(Mismatch), envoy)
            }
            _ => Effects::go_on(),
        }
    }

    /// The request outgrew what Envoy holds when it was written in the provider's dialect. There is
    /// nobody to fail over to: only an answer could have Envoy try the next model.
    fn too_large(&mut self, mut asked: Asked, envoy: &dyn Envoy) -> Effects {
        self.state = State::Replied;
        let message = format!(
            "{}: in this provider's dialect the request is longer than the {} bytes that the \
             gateway holds: send less",
            asked.model(),
            self.config.buffer.bytes()
        );
        let fault = Fault::new(FaultKind::TooLarge, message);
        let reply = marked(asked.client, &fault, &asked.request_id, asked.model());
        asked.report.end(Progress::Failed(Outcome::of(&fault)), envoy.now_ms());
        Effects::reply(reply).and(asked.report.publish()).and(metric::REFUSED.count(&[]))
    }

    /// The two roles do not agree.
    fn refuse(&mut self, why: Disagreement, envoy: &dyn Envoy) -> Effects {
        let (client, request_id, mut report) = self.known(envoy);
        self.state = State::Replied;
        let fault = Fault::new(FaultKind::Internal, why.to_string());
        let mut effects = Effects::reply(marked(client, &fault, &request_id, &report.model));
        report.end(Progress::Failed(Outcome::Misconfigured), envoy.now_ms());
        effects.list.push(report.publish());
        let (model, provider) = (&report.model, &self.config.provider);
        let line = format!("model `{model}` in the cluster of `{provider}`: {why}");
        effects.list.push(metric::PLAN_MISMATCH.count(&[]));
        effects.list.push(Effect::Log(line));
        effects
    }

    /// What is known of a request that is refused: by the attempt, by the plan, or by its headers.
    fn known(&self, envoy: &dyn Envoy) -> (&'static Client, String, Report) {
        if let State::Announced { asked, .. } = &self.state {
            return (asked.client, asked.request_id.clone(), asked.report.clone());
        }
        let report = Report::begin(&next_model(envoy), envoy.now_ms());
        let bytes = envoy.property(&[PLAN]).unwrap_or_default();
        if let Ok(plan) = Plan::decode(&bytes) {
            let client = client::named(&plan.client).unwrap_or(client::DEFAULT);
            return (client, plan.request_id.into_owned(), report);
        }
        let id = envoy.header(HeaderMap::Request, "x-request-id").unwrap_or_default();
        (client::DEFAULT, String::from_utf8_lossy(&id).into_owned(), report)
    }

    fn response_headers(&mut self, end: bool, envoy: &dyn Envoy) -> Effects {
        match core::mem::replace(&mut self.state, State::Replied) {
            State::Asked(mut asked) => {
                let config = Rc::clone(&self.config);
                if let Some(effects) = self.meets(&mut asked, envoy) {
                    return effects;
                }
                let (relay, effects) = Relay::begin(config, *asked, envoy);
                self.state = State::Answering(relay);
                if end {
                    return self.answer(Part::Body { size: 0, end: true }, envoy);
                }
                effects
            }
            other => {
                self.state = other;
                Effects::go_on()
            }
        }
    }

    /// Notes on which connection an answer came. Where it is no answer, since the hop tells that
    /// the provider gave none, what follows on that.
    fn meets(&mut self, asked: &mut Asked, envoy: &dyn Envoy) -> Option<Effects> {
        let config = &self.config;
        if !config.hop {
            config.connections.served(lost::connection(config, envoy));
            return None;
        }
        let told = envoy.header(HeaderMap::Response, TELLS).unwrap_or_default();
        let told = String::from_utf8_lossy(&told);
        let told = Told::read(&told);
        let Some(way) = Way::behind(&told, config) else {
            if let Told::Answered(address) = told {
                config.connections.served(lost::key(config, address.as_bytes().to_vec()));
            }
            return None;
        };
        let effects = lost::follow(config, asked, &way, envoy);
        self.failed = true;
        // Envoy goes on from any failure of this kind, as from a connection that breaks.
        let status = Effect::SetHeader(HeaderMap::Response, ":status".into(), "503".to_owned());
        Some(effects.and(status))
    }

    /// A part of the provider's answer.
    fn answer(&mut self, part: Part, envoy: &dyn Envoy) -> Effects {
        match core::mem::replace(&mut self.state, State::Replied) {
            State::Answering(relay) => {
                let (next, effects) = relay.on(part, envoy);
                self.state = State::Answering(next);
                effects
            }
            other => {
                self.state = other;
                Effects::go_on()
            }
        }
    }
}

/// The model whose turn it is.
fn next_model(envoy: &dyn Envoy) -> String {
    let next = envoy.property(&[NEXT]).unwrap_or_default();
    hop::model(&String::from_utf8_lossy(&next)).to_owned()
}

/// Whether these effects judge the provider's answer, and then whether another attempt may follow.
/// None follows a reply, which Envoy delivers when this attempt is done already.
fn judgement(effects: &Effects) -> Option<bool> {
    effects.list.iter().find_map(|effect| match effect {
        Effect::Reply(_) => Some(false),
        Effect::SetHeaders(HeaderMap::Response, headers) => {
            let status = headers.iter().find(|(name, _)| name == ":status");
            Some(status.is_none_or(|(_, status)| status.first() != Some(&b'2')))
        }
        _ => None,
    })
}

/// A reply of ours that names its model.
fn marked(client: &Client, fault: &Fault, request_id: &str, model: &str) -> Reply {
    let mut reply = Reply::fault(client, fault, request_id);
    reply.headers.extend((!model.is_empty()).then(|| ("x-tradewind-model", model.to_owned())));
    reply
}
