//! The judgement of an answer while its headers are held: it passes, or it has failed.
use std::borrow::Cow;

use super::super::super::effect::{fixed, header};
use super::super::super::reply::{CONTEXT, CREDITS, DROPPED, RETRY_AFTER, SHOULD_RETRY};
use super::super::super::{
    Body, Effect, Effects, Envoy, HeaderMap, Headers, Outcome, Progress, Reply, is_retried, metric,
};
use super::super::response_headers::is_answer;
use super::context::AttemptContext;
use super::ending::Ending;
use super::{Relay, Step};
use crate::dialect::{Fault, FaultKind, is_unaffordable, wait};
use crate::policy::shown;

/// The header that says what a body is.
pub(super) const CONTENT_TYPE: &str = "content-type";
/// The content type of a whole answer.
pub(super) const JSON: &str = "application/json";
/// The content type of a streamed one.
pub(super) const EVENTS: &str = "text/event-stream";

/// An answer whose headers are held.
#[derive(Debug)]
pub(super) struct Judge {
    pub(super) context: AttemptContext,
    pub(super) status: u16,
    /// The provider's own headers, as far as they may pass, and its content type.
    pub(super) own: Vec<(String, Vec<u8>)>,
    /// How long it asks to be left alone, in milliseconds; `None` where it does not.
    pub(super) asks_ms: Option<u64>,
}

/// How far an answer had come when it failed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Received {
    /// How much of its body Envoy holds.
    pub(super) size: usize,
    /// Nothing follows.
    pub(super) end: bool,
}

/// Whether a failure is the gateway's, whatever was asked: others of the same outcome may be about
/// a thing that the request names, or its size.
fn is_of_all(fault: &Fault) -> bool {
    match fault.kind {
        FaultKind::ModelNotFound | FaultKind::Authentication => true,
        FaultKind::Billing => !is_unaffordable(&fault.message),
        _ => false,
    }
}

impl Judge {
    /// Bytes that are held until it is judged.
    pub(super) fn held(&self) -> usize {
        self.own.iter().map(|(name, value)| name.len().saturating_add(value.len())).sum()
    }

    /// Whether another model may be tried after that failure, and there is time for it.
    pub(super) fn has_next(&self, fault: &Fault, now_ms: u64) -> bool {
        let (outcome, asked) = (Outcome::of(fault), &self.context.asked);
        let may = outcome.verdict().fails_over && asked.way.goes_on(outcome);
        may && asked.time.allows_another(now_ms)
    }

    /// A failure before the app saw anything: another model is tried, or the app is told.
    pub(super) fn fail(self, fault: Fault, received: Received, envoy: &dyn Envoy) -> Step {
        self.end((Outcome::of(&fault), fault), received, envoy)
    }

    /// The same where its provider has said nothing of it.
    pub(super) fn fail_as(
        self,
        outcome: Outcome,
        fault: Fault,
        received: Received,
        envoy: &dyn Envoy,
    ) -> Step {
        self.end((outcome, fault), received, envoy)
    }

    /// The answer breaks a rule: another model is tried, as after a failure.
    pub(super) fn not_accepted(
        mut self,
        rule: &'static str,
        received: Received,
        envoy: &dyn Envoy,
    ) -> Step {
        rule.clone_into(&mut self.context.asked.report.why);
        let count = metric::CASCADE_ANSWERS.count(&[self.context.asked.model(), rule]);
        let message =
            format!("its answer was not accepted (`{rule}`), and nobody is left to be asked");
        let fault = Fault::new(FaultKind::Overloaded, message);
        let (next, effects) = self.end((Outcome::NotAccepted, fault), received, envoy);
        (next, effects.and(count))
    }

    /// Counts an answer that was judged and passes.
    pub(super) fn accepted(&self) -> Effect {
        metric::CASCADE_ANSWERS.count(&[self.context.asked.model(), metric::ACCEPTED])
    }

    fn end(
        mut self,
        (outcome, fault): (Outcome, Fault),
        received: Received,
        envoy: &dyn Envoy,
    ) -> Step {
        let verdict = outcome.verdict();
        self.context.asked.report.is_of_all = is_of_all(&fault);
        let now_ms = envoy.now_ms();
        let context = &mut self.context;
        let retry = verdict.fails_over && context.asked.goes_on(&context.config, outcome, now_ms);
        // An answer that is held back for another to agree with comes to something.
        let asked = &self.context.asked;
        let is_held = asked.report.conclusion.is_some_and(|own| own.is_comparable());
        let ahead = asked.way.passes(outcome, &asked.pair, is_held).filter(|_| retry);
        let passed = ahead.and_then(|own| own.follow(asked.turn, &self.context.config, envoy));
        self.context.asked.report.skips = passed.as_ref().map_or(0, |(_, skips)| *skips);
        let end = self.context.end(Progress::Failed(outcome), now_ms);
        let mut effects = Effects::go_on().and(end);
        effects.list.extend(passed.into_iter().flat_map(|(effects, _)| effects));
        if verdict.public_message.is_some() {
            let said = shown(&fault.message);
            let leg = self.context.asked.report.leg();
            let line = format!("model `{leg}`: {}: {said}", verdict.name);
            effects.list.push(Effect::Log(line));
        }
        let told = outcome.public_fault(fault, self.context.asked.model());
        if retry {
            return self.ask_the_next(&told, received, effects);
        }
        let over = self.context.asked.is_over_budget();
        effects.list.extend(over.then(|| metric::OVER_BUDGET.count(&[self.context.asked.model()])));
        effects.list.push(Effect::Reply(self.reply(&told)));
        (Relay::Passed, effects)
    }

    /// Has Envoy ask the next model: at once, however slowly the rest of this answer comes.
    ///
    /// The body is the app's nevertheless: Envoy may have no retry left, whatever the plan says.
    fn ask_the_next(mut self, told: &Fault, received: Received, mut effects: Effects) -> Step {
        let asked = &self.context.asked;
        // Envoy retries what its policy lists; everything else has to look like it.
        let status = if is_retried(told.status) { told.status } else { 503 };
        // Envoy buffers nothing where nothing came.
        let said = if received.size > 0 {
            (asked.client.write_fault)(told, &asked.request_id)
        } else {
            Vec::new()
        };
        let body = self.context.config.buffer.hold(said).unwrap_or_default();
        effects.list.push(self.headers(status, Some(JSON), Some(body.as_bytes().len())));
        effects.list.extend((received.size > 0).then_some(Effect::ResponseBody(body)));
        if received.end {
            return (Relay::Passed, effects);
        }
        (Relay::Ending(Ending::ours()), effects.and(Effect::Wake))
    }

    fn reply(&self, told: &Fault) -> Reply {
        let asked = &self.context.asked;
        let mut reply = Reply::fault(asked.client, told, &asked.request_id);
        reply.headers.push(("x-tradewind-model", asked.model().to_owned()));
        reply.headers.push(("x-tradewind-attempts", asked.attempts.to_string()));
        reply.headers.extend(self.left().map(|left| (CREDITS, left)));
        let waits = self.waits().or_else(|| asked.is_over_budget().then(|| "1".to_owned()));
        reply.headers.extend(waits.map(|seconds| (RETRY_AFTER, seconds)));
        let retry = self.text(SHOULD_RETRY).filter(|own| own == "true" || own == "false");
        reply.headers.extend(retry.filter(|_| told.kind.may_pass()).map(|own| (SHOULD_RETRY, own)));
        reply
    }

    /// When its app is to come again, in seconds, where the provider has said so. Whoever has used
    /// up the provider's limit: nobody serves this app before.
    fn waits(&self) -> Option<String> {
        self.asks_ms.map(|ms| wait::told(ms).to_string())
    }

    /// One of the provider's own headers.
    fn text(&self, name: &str) -> Option<String> {
        let (_, value) = self.own.iter().find(|(own, _)| own == name)?;
        core::str::from_utf8(value).ok().map(str::to_owned)
    }

    fn left(&self) -> Option<String> {
        self.context.asked.meter.as_ref().and_then(|meter| meter.left.clone())
    }

    /// The answer's headers: what may pass of the provider's, and ours.
    pub(super) fn headers(
        &mut self,
        status: u16,
        kind: Option<&'static str>,
        length: Option<usize>,
    ) -> Effect {
        let mut headers: Headers = Vec::with_capacity(self.own.len().saturating_add(6));
        headers.push(header(":status", status.to_string()));
        for (name, value) in &self.own {
            if kind.is_none() || name != CONTENT_TYPE {
                headers.push((Cow::Owned(name.clone()), Cow::Owned(value.clone())));
            }
        }
        let says = core::mem::take(&mut self.context.asked.says);
        let asked = &self.context.asked;
        headers.extend(kind.map(|kind| fixed(CONTENT_TYPE, kind)));
        headers.extend(length.map(|length| header("content-length", length.to_string())));
        let waits = self.waits().filter(|_| status >= 400);
        headers.extend(waits.map(|seconds| header(RETRY_AFTER, seconds)));
        headers.push(header("x-tradewind-model", asked.model()));
        headers.push(header("x-tradewind-attempts", asked.attempts.to_string()));
        headers.push(header("x-tradewind-request-id", asked.request_id.as_str()));
        headers.extend(self.left().map(|left| header(CREDITS, left)));
        if !asked.dropped.is_empty() {
            headers.push(header(DROPPED, asked.dropped.as_str()));
        }
        if asked.left_out > 0 {
            headers.push(header(CONTEXT, format!("dropped={}", asked.left_out)));
        }
        headers.push(header(asked.client.request_id_header, asked.request_id.as_str()));
        // Of a failure the edge role says it, which knows whether another model is asked.
        let says = says.into_iter().filter(|_| is_answer(status));
        let own =
            |(name, value): (String, String)| (Cow::Owned(name), Cow::Owned(value.into_bytes()));
        headers.extend(says.map(own));
        Effect::SetHeaders(HeaderMap::Response, headers)
    }

    /// Passes the answer on with this body, or as it is.
    pub(super) fn pass(&mut self, kind: &'static str, body: Option<Body>, size: usize) -> Effects {
        let length = body.as_ref().map_or(size, |body| body.as_bytes().len());
        let kind = body.is_some().then_some(kind);
        let mut effects = Effects::go_on().and(self.headers(200, kind, Some(length)));
        effects.list.extend(body.map(Effect::ResponseBody));
        effects
    }
}
