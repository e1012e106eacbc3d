//! The provider role: one attempt of one model.
//!
//! It stands in the model's own cluster, so it runs anew for every attempt and starts from the
//! app's own body each time. Headers are one map for all attempts, so it replaces them whole:
//! what an earlier attempt left, another provider's key among it, is gone before this provider's
//! key is added behind it.
mod answer;
mod config;
mod headers;
mod request;
mod response_headers;
mod stream;

use std::rc::Rc;

pub use self::config::Config;

use self::answer::Answer;
use self::request::Asked;
use super::plan::Mismatch;
use super::{
    Effect, Effects, Envoy, Event, HeaderMap, JUDGED, NEXT, Outcome, PLAN, Plan, Progress, Reply,
};
use crate::dialect::{App, Fault, FaultKind};

/// One attempt.
#[derive(Debug)]
pub struct Attempt {
    config: Rc<Config>,
    state: State,
    /// Its answer was a failure: Envoy may go on to another model.
    failed: bool,
}

#[derive(Debug)]
enum State {
    /// Nothing has come yet.
    New,
    /// The headers passed; the body is coming.
    Reading(Vec<u8>),
    /// The provider has been asked.
    Asked(Asked),
    /// The provider answers.
    Answering(Answer),
    /// We answered ourselves.
    Replied,
}

impl Attempt {
    pub(super) const fn new(config: Rc<Config>) -> Self {
        Self { config, state: State::New, failed: false }
    }

    /// One callback.
    pub fn on(&mut self, event: Event, envoy: &dyn Envoy) -> Effects {
        let effects = self.turn(event, envoy);
        match judgement(&effects) {
            Some(failed) => {
                self.failed = failed;
                effects.and(Effect::State(JUDGED.into(), self.config.name.clone().into_bytes()))
            }
            None => effects,
        }
    }

    fn turn(&mut self, event: Event, envoy: &dyn Envoy) -> Effects {
        match event {
            Event::RequestHeaders { end } => self.request_headers(end, envoy),
            Event::RequestBody { size, end } => self.request_body(size, end, envoy),
            Event::RequestTrailers => self.request_trailers(envoy),
            Event::ResponseHeaders { end } => self.response_headers(end, envoy),
            Event::ResponseBody { size, end } => match &mut self.state {
                State::Answering(answer) => answer.body(size, end, envoy),
                _ => Effects::go_on(),
            },
            Event::ResponseTrailers => match &mut self.state {
                State::Answering(answer) => answer.trailers(envoy),
                _ => Effects::go_on(),
            },
            Event::Done if self.failed => {
                // Where it is not the last, the next answer is to be judged anew.
                Effects::go_on().and(Effect::State(JUDGED.into(), Vec::new()))
            }
            // This role calls nobody, and Envoy does not tell it of the stream's end.
            Event::Done | Event::Called { .. } | Event::Over => Effects::go_on(),
        }
    }

    fn request_headers(&mut self, end: bool, envoy: &dyn Envoy) -> Effects {
        match envoy.property(&[PLAN]) {
            Some(plan) if !end => {
                self.state = State::Reading(plan);
                Effects::wait()
            }
            _ => self.mismatch(envoy),
        }
    }

    fn request_body(&mut self, size: usize, end: bool, envoy: &dyn Envoy) -> Effects {
        let State::Reading(plan) = &self.state else { return Effects::go_on() };
        if !end {
            return Effects::wait();
        }
        let body = envoy.request_body(0, size);
        let written = Plan::document(plan).and_then(|document| {
            let plan = Plan::decode(&document)?;
            request::write(&self.config, &plan, &body, envoy.now_ms())
        });
        match written {
            Ok(written) => {
                let Ok(body) = self.config.buffer.hold(written.body) else {
                    return self.too_large(written.asked, envoy);
                };
                let mut effects = Effects::go_on().and(written.asked.report.publish());
                self.state = State::Asked(written.asked);
                let next = written.next.map(|next| Effect::State(NEXT.into(), next.into_bytes()));
                effects.list.extend(next);
                effects
                    .and(Effect::SetHeaders(HeaderMap::Request, written.headers))
                    .and(Effect::RequestBody(body))
            }
            Err(Mismatch) => self.mismatch(envoy),
        }
    }

    /// The edge role lets no trailers pass. Were it another module, the app's own headers and
    /// body would go on to the provider here.
    fn request_trailers(&mut self, envoy: &dyn Envoy) -> Effects {
        match &self.state {
            State::New | State::Reading(_) => self.mismatch(envoy),
            _ => Effects::go_on(),
        }
    }

    /// The request outgrew what Envoy holds when it was written in the provider's dialect. There is
    /// nobody to fail over to: only an answer could have Envoy try the next model.
    fn too_large(&mut self, mut asked: Asked, envoy: &dyn Envoy) -> Effects {
        self.state = State::Replied;
        let Some(app) = asked.app.and_then(|app| app.app.as_ref()) else { return Effects::wait() };
        let message = format!(
            "{}: in this provider's dialect the request is longer than the {} bytes that the \
             gateway holds: send less",
            self.config.name,
            self.config.buffer.bytes()
        );
        let fault = Fault::new(FaultKind::TooLarge, message);
        let reply = marked(app, &fault, &asked.request_id, &self.config.name);
        asked.report.end(Progress::Failed(Outcome::of(&fault)), envoy.now_ms());
        Effects::reply(reply)
            .and(asked.report.publish())
            .and(Effect::Count("tradewind_refused_total".to_owned()))
    }

    /// The two roles do not understand each other: a clear 500, never a guess.
    fn mismatch(&mut self, envoy: &dyn Envoy) -> Effects {
        self.state = State::Replied;
        let fault = Fault::new(FaultKind::Internal, Mismatch.to_string());
        let id = envoy.header(HeaderMap::Request, "x-request-id").unwrap_or_default();
        let id = String::from_utf8_lossy(&id);
        let app = crate::dialect::ALL.iter().filter_map(|dialect| dialect.app.as_ref()).next_back();
        let mut effects = match app {
            Some(app) => Effects::reply(marked(app, &fault, &id, &self.config.name)),
            None => Effects::wait(),
        };
        let line = format!("model `{}`: {Mismatch}", self.config.name);
        effects.list.push(Effect::Count("tradewind_plan_mismatch_total".to_owned()));
        effects.list.push(Effect::Log(line));
        effects
    }

    fn response_headers(&mut self, end: bool, envoy: &dyn Envoy) -> Effects {
        let State::Asked(asked) = &mut self.state else { return Effects::go_on() };
        let answer = Answer::begin(Rc::clone(&self.config), core::mem::take(asked), envoy);
        let State::Answering(answer) = self.become_answering(answer) else {
            return Effects::go_on();
        };
        if end { answer.body(0, true, envoy) } else { Effects::wait() }
    }

    fn become_answering(&mut self, answer: Answer) -> &mut State {
        self.state = State::Answering(answer);
        &mut self.state
    }
}

/// Whether these effects judge the provider's answer, and then whether it failed.
fn judgement(effects: &Effects) -> Option<bool> {
    effects.list.iter().find_map(|effect| match effect {
        Effect::Reply(reply) => Some(reply.status >= 400),
        Effect::SetHeaders(HeaderMap::Response, headers) => {
            let status = headers.iter().find(|(name, _)| name == ":status");
            Some(status.is_none_or(|(_, status)| status.first() != Some(&b'2')))
        }
        _ => None,
    })
}

/// A reply of ours that the edge role takes for an answer of this model.
fn marked(app: &App, fault: &Fault, request_id: &str, model: &str) -> Reply {
    let mut reply = Reply::fault(app, fault, request_id);
    reply.headers.push(("x-tradewind-model", model.to_owned()));
    reply
}
