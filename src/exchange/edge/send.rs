//! What leaves the edge role: a plan in filter state, and a request that nobody can be sent.
//!
//! It has no method. Only the provider role makes it whole again, from the plan; where a model's
//! cluster lacks that role, Envoy's own codec refuses such a request, and neither the app's words
//! nor its key reach anybody. What may be a credential is taken out all the same: other filters
//! and logs stand between the two roles.
use std::borrow::Cow;

use super::super::{
    CreditTerms, Effect, Effects, HeaderMap, Leg, NEXT, ORIGINAL, PLAN, Plan, StreamBuffer, record,
    retries,
};
use super::first::{self, Original};
use super::{Draft, Head};
use crate::credit::Balance;
use crate::decide::{Candidate, Outline};
use crate::policy::{CreditPolicy, Identity, OnExhausted, Policy};

/// What the name of a header has in it that carries a credential, or may.
const SECRETIVE: [&str; 8] =
    ["auth", "key", "token", "secret", "cookie", "credential", "password", "session"];

/// What an app sent that goes no further than the edge role.
#[derive(Debug, Default)]
pub(super) struct Stripped {
    headers: Vec<String>,
    /// The path without its query, where it has one: some apps put a key there.
    path: Option<String>,
}

impl Stripped {
    /// Of these request headers: what may be a credential, and what steers Envoy. Envoy reads its
    /// own request headers for retries and time limits, and takes not all of them from an app's.
    pub(super) fn of(headers: &[(String, Vec<u8>)], policy: &Policy) -> Self {
        let names = headers.iter().map(|(name, _)| name);
        let own = names.filter(|name| steers(name) || secretive(name) || looked_in(policy, name));
        let path = headers.iter().find(|(name, _)| name == ":path").map(|(_, path)| path);
        let path = path.and_then(|path| core::str::from_utf8(path).ok()?.split_once('?'));
        Self { headers: own.cloned().collect(), path: path.map(|(path, _)| path.to_owned()) }
    }

    /// The names of the headers.
    pub(super) fn names(&self) -> &[String] {
        &self.headers
    }
}

fn steers(name: &str) -> bool {
    name.starts_with("x-envoy-") && name != "x-envoy-external-address"
}

fn secretive(name: &str) -> bool {
    !name.starts_with(':') && SECRETIVE.iter().any(|word| name.contains(word))
}

/// Whether the policy looks for a credential in that header.
fn looked_in(policy: &Policy, name: &str) -> bool {
    let mut places = policy.identity().iter().flat_map(Identity::places);
    places.any(|place| place.header == name)
}

/// Hands the request on: the route's matcher reads the next model from filter state. `credits` is
/// there where credits are counted, with what the tenant has left where that is known.
///
/// The retry header comes last and does two things: it keeps Envoy within the chain, and, as any
/// change of a request header by a module of this ABI, it has the route chosen again. (The foreign
/// function `clear_route_cache` would do that alone, at the price of one more host call.)
pub(super) fn send(
    head: &Head,
    draft: &Draft,
    candidate: &Candidate,
    credits: Option<(&CreditPolicy, Option<Balance>)>,
    original: Option<Original<'_>>,
    buffer: StreamBuffer,
) -> Effects {
    let retries = retries(candidate.legs.len());
    let first = candidate.legs.first().map(|leg| leg.model.name.clone()).unwrap_or_default();
    let mut plan = plan(head, &draft.outline, candidate, credits);
    let written =
        original.and_then(|original| first::write(head, (&mut plan, candidate), original, buffer));
    let mut effects = Effects::go_on()
        .and(Effect::State(PLAN.into(), plan.encode()))
        .and(Effect::State(NEXT.into(), first.into_bytes()));
    if let Some(written) = written {
        let kept = written.original.map(|body| Effect::State(ORIGINAL.into(), body));
        effects.list.extend(kept);
        effects.list.push(Effect::RequestBody(written.body));
    }
    for name in &head.stripped.headers {
        effects = effects.and(Effect::RemoveHeader(HeaderMap::Request, name.clone()));
    }
    if let Some(path) = &head.stripped.path {
        let path = path.clone();
        effects = effects.and(Effect::SetHeader(HeaderMap::Request, ":path".into(), path));
    }
    let retries = (Cow::Borrowed("x-envoy-max-retries"), retries.to_string());
    effects
        .and(Effect::RemoveHeader(HeaderMap::Request, ":method".to_owned()))
        .and(Effect::SetHeader(HeaderMap::Request, retries.0, retries.1))
        .and(record::sent(&head.request_id))
        .and(record::decided(&draft.trace, &candidate.chain))
}

/// The plan, as the provider role reads it.
fn plan<'p>(
    head: &'p Head,
    outline: &'p Outline,
    candidate: &'p Candidate,
    credits: Option<(&CreditPolicy, Option<Balance>)>,
) -> Plan<'p> {
    // A chain in which nobody speaks the app's dialect has no use for the edits.
    let edits = match candidate.speaks(head.client) {
        true => outline.edits.clone(),
        false => Vec::new(),
    };
    Plan {
        request_id: Cow::Borrowed(&head.request_id),
        client: Cow::Borrowed(head.client.name),
        operation: head.operation,
        stream: outline.stream,
        stream_usage: outline.stream_usage,
        legs: candidate.legs.iter().map(Leg::of).collect(),
        first: None,
        edits,
        forwarded: head.forwarded.iter().map(|(n, v)| (n.into(), v.into())).collect(),
        meter: credits.map(|(policy, left)| CreditTerms {
            choices: outline.choices,
            stop: policy.on_exhausted == OnExhausted::Stop,
            left: left.map(|left| Cow::Owned(left.to_string())),
        }),
        again: None,
    }
}
