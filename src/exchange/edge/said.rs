//! What is said of how a request is served, beside the access log: headers of its answer, metrics.
use std::borrow::Cow;

use super::super::answer::Answer;
use super::super::reply::{CONTEXT, DROPPED};
use super::super::store::Kept;
use super::super::{Effect, HeaderMap, Reply, metric};
use crate::decide::{CLASS, Trace, Verdict};
use crate::policy::{Model, Policy};

/// The headers of its answer: its class, its arms, and the chain for those who have little left
/// where that serves it.
pub(super) fn headers(trace: &Trace, near_limit: Option<&str>) -> Vec<Effect> {
    pairs(trace, near_limit).map(header).collect()
}

/// A header of an answer.
pub(super) fn header((name, value): (&'static str, String)) -> Effect {
    Effect::SetHeader(HeaderMap::Response, Cow::Borrowed(name), value)
}

/// Whether it is one.
pub(super) const fn is_header(effect: &Effect) -> bool {
    matches!(effect, Effect::SetHeader(HeaderMap::Response, ..))
}

/// The same as names and values.
pub(super) fn pairs<'t>(
    trace: &'t Trace,
    near_limit: Option<&str>,
) -> impl Iterator<Item = (&'static str, String)> + 't {
    let classes = trace.subjects(Verdict::Classed).map(|class| (CLASS, class.to_owned()));
    let arms: Vec<&str> = trace.subjects(Verdict::Assigned).collect();
    let arms = (!arms.is_empty()).then(|| ("x-tradewind-experiment", arms.join(", ")));
    let near_limit = near_limit.map(|chain| ("x-tradewind-near-limit", chain.to_owned()));
    classes.chain(arms).chain(near_limit)
}

/// Says of an answer that it is one that somebody has had before.
pub(super) fn kept(reply: &mut Reply, kept: &Kept, how: &str) {
    let seconds = (kept.age_ms / 1000).to_string();
    let says = [("x-tradewind-model", kept.model.clone()), ("x-tradewind-cache", how.to_owned())];
    reply.headers.extend(says.into_iter().chain([("age", seconds)]));
    let Answer { dropped, left_out, .. } = &kept.answer;
    if !dropped.is_empty() {
        reply.headers.push((DROPPED, dropped.clone()));
    }
    if *left_out > 0 {
        reply.headers.push((CONTEXT, format!("dropped={left_out}")));
    }
}

/// That the model which has answered is retired soon, and when.
pub(super) fn retiring(model: &Model) -> Vec<Effect> {
    let Some(own) = &model.retires else { return Vec::new() };
    let headers = own.told.iter().cloned().map(header);
    headers.chain([metric::DEPRECATED_ANSWERS.count(&[&model.name])]).collect()
}

/// The same of a model by its name.
pub(super) fn retiring_by_name(policy: &Policy, name: &str) -> Vec<Effect> {
    if !policy.retires_models() {
        return Vec::new();
    }
    policy.model(name).map(|own| retiring(own)).unwrap_or_default()
}

/// Puts the headers among what is said of an answer onto one that no model gives now; what is left
/// of it.
pub(super) fn onto(reply: &mut Reply, says: Vec<Effect>) -> Vec<Effect> {
    let mut left = Vec::new();
    for own in says {
        match own {
            Effect::SetHeader(HeaderMap::Response, Cow::Borrowed(name), value) => {
                reply.headers.push((name, value));
            }
            other => left.push(other),
        }
    }
    left
}

/// Counts it by its class and the chain that serves it, by its arms, and by the model that it is
/// kept on.
pub(super) fn count<'t>(trace: &'t Trace, chain: &'t str) -> impl Iterator<Item = Effect> + 't {
    let own = trace.of(Some(chain)).filter(|entry| entry.verdict == Verdict::Kept);
    let kept = own.map(|entry| metric::KEPT.count(&[&entry.subject]));
    let class = move |class| metric::CLASSIFIED.count(&[class, chain]);
    let arms = trace.subjects(Verdict::Assigned).filter_map(|own| own.split_once('='));
    let arms = arms.map(|(experiment, arm)| metric::EXPOSED.count(&[experiment, arm]));
    trace.subjects(Verdict::Classed).map(class).chain(arms).chain(kept)
}
