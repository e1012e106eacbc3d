//! What leaves the edge role: a plan in filter state, and a request that nobody can be sent.
//!
//! It has no method. Only the provider role makes it whole again, from the plan; where a model's
//! cluster lacks that role, Envoy's own codec refuses such a request, and neither the app's words
//! nor its key reach anybody. What may be a credential is taken out all the same: other filters
//! and logs stand between the two roles.
use std::borrow::Cow;

use super::super::dropped::listed;
use super::super::{
    Acceptance, Change, CreditTerms, Effect, Effects, HeaderMap, Leg, NEXT, ORIGINAL, PLAN, Plan,
    StreamBuffer, Turn, hop, retries,
};
use super::first::{self, Original};
use super::{Draft, Head};
use crate::credit::Balance;
use crate::decide::Candidate;
use crate::policy::{CreditPolicy, Model, OnExhausted, Resilience};

/// By what a request is served.
#[derive(Debug, Clone, Copy)]
pub(super) struct Serves<'a> {
    pub(super) candidate: &'a Candidate,
    /// How long an answer may be that is kept, in bytes; 0 where none is.
    pub(super) keeps: u64,
    /// When the app's patience is over, by the proxy's clock; 0 where it never is.
    pub(super) deadline_ms: u64,
    pub(super) resilience: &'a Resilience,
    /// Whether a limit counts the tokens of its answer.
    pub(super) counts_tokens: bool,
    /// What its answer says of how it is served, whichever model gives it: headers.
    pub(super) says: &'a [(&'static str, String)],
}

/// Where Envoy is told how long an attempt may take until its answer goes on to the app.
const PER_TRY: &str = "x-envoy-upstream-rq-per-try-timeout-ms";

/// Hands the request on: the route's matcher reads the next model from filter state. `credits` is
/// there where credits are counted, with what the tenant has left where that is known.
///
/// The retry header comes last and does two things: it keeps Envoy within the chain, and, as any
/// change of a request header by a module of this ABI, it has the route chosen again. (The foreign
/// function `clear_route_cache` would do that alone, at the price of one more host call.)
pub(super) fn send(
    head: &Head,
    draft: &Draft,
    serves: Serves<'_>,
    credits: Option<(&CreditPolicy, Option<Balance>)>,
    original: Option<Original<'_>>,
    buffer: StreamBuffer,
) -> Effects {
    let candidate = serves.candidate;
    let retries = retries(candidate.legs.len());
    let first = candidate.legs.first().map(|leg| leg.model.name.clone()).unwrap_or_default();
    let finishes = draft.outline.stream && serves.resilience.finish_cut_streams;
    let first = if finishes { hop::of_streams(&first) } else { first };
    let mut plan = plan(head, draft, serves, credits);
    let silence = plan.silence(serves.resilience.idle_timeout_ms);
    let new = original.as_ref().filter(|own| own.is_new).map(|own| own.body);
    let written =
        original.and_then(|original| first::write(head, (&mut plan, candidate), original, buffer));
    let mut effects = Effects::go_on()
        .and(Effect::State(PLAN.into(), plan.encode()))
        .and(Effect::State(NEXT.into(), first.into_bytes()));
    // What is not written here is written from what Envoy holds.
    let unwritten = written.as_ref().is_none_or(|written| written.body.is_none());
    let new = new.filter(|_| unwritten).and_then(|body| buffer.hold(body.to_vec()).ok());
    effects.list.extend(new.map(Effect::RequestBody));
    if let Some(written) = written {
        let kept = written.original.map(|body| Effect::State(ORIGINAL.into(), body));
        effects.list.extend(kept);
        effects.list.extend(written.body.map(Effect::RequestBody));
    }
    for name in head.stripped.names() {
        effects = effects.and(Effect::RemoveHeader(HeaderMap::Request, name.clone()));
    }
    if let Some(path) = head.stripped.path() {
        let path = path.to_owned();
        effects = effects.and(Effect::SetHeader(HeaderMap::Request, ":path".into(), path));
    }
    effects.list.extend(
        silence.map(|ms| Effect::SetHeader(HeaderMap::Request, PER_TRY.into(), ms.to_string())),
    );
    let retries = (Cow::Borrowed("x-envoy-max-retries"), retries.to_string());
    effects
        .and(Effect::RemoveHeader(HeaderMap::Request, ":method".to_owned()))
        .and(Effect::SetHeader(HeaderMap::Request, retries.0, retries.1))
}

/// The plan, as the provider role reads it.
fn plan<'p>(
    head: &'p Head,
    draft: &'p Draft,
    serves: Serves<'p>,
    credits: Option<(&CreditPolicy, Option<Balance>)>,
) -> Plan<'p> {
    let (outline, Serves { candidate, resilience, .. }) = (&draft.outline, serves);
    let first_token = |own: &Model| match outline.stream {
        true => own.first_token_timeout_ms.or(resilience.first_token_timeout_ms).unwrap_or(0),
        false => 0,
    };
    let (operation, format) = (head.endpoint.operation, head.inbound.format);
    // A plan holds the changes that its own legs have use for, and nobody else's.
    let mut used: Vec<usize> = Vec::new();
    let legs = candidate.legs.iter().map(|leg| {
        if !leg.model.provider.dialect.speaks(operation, format) {
            return Leg::of(leg, 0, first_token(&leg.model));
        }
        let place = used.iter().position(|change| *change == leg.change);
        if place.is_none() {
            used.push(leg.change);
        }
        let change = place.unwrap_or(used.len().saturating_sub(1));
        Leg::of(leg, change, first_token(&leg.model))
    });
    let legs = legs.collect();
    let changes = used.iter().filter_map(|change| outline.changes.get(*change));
    let changes = changes.map(|change| Change {
        edits: change.edits.clone(),
        dropped: listed(&change.left_out).into(),
    });
    Plan {
        turn: Turn::FIRST,
        request_id: Cow::Borrowed(&head.request_id),
        client: Cow::Borrowed(head.client.name),
        operation: head.endpoint.operation.name.into(),
        stream: outline.stream,
        stream_usage: outline.stream_usage,
        answer_model: outline.answer_model.as_deref().map(Cow::Borrowed),
        legs,
        first: None,
        changes: changes.collect(),
        forwarded: head.forwarded.iter().map(|(n, v)| (n.into(), v.into())).collect(),
        counted: if credits.is_some() || serves.counts_tokens { outline.choices } else { 0 },
        meter: credits.map(|(policy, left)| CreditTerms {
            stop: policy.on_exhausted == OnExhausted::Stop,
            left: left.map(|left| Cow::Owned(left.to_string())),
        }),
        acceptance: candidate
            .cascade
            .as_ref()
            .map(|cascade| Acceptance::of(&cascade.accept, &outline.expected)),
        hearing: draft.hearing,
        keeps: serves.keeps,
        deadline_ms: serves.deadline_ms,
        says: serves.says.iter().map(|(name, value)| ((*name).into(), value.into())).collect(),
        resumes: draft.resumes.then(|| candidate.chain.as_str().into()),
        is_rest: head.resumption.is_some(),
    }
}
