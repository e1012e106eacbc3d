//! Step `cascade`: whether the answers of a cascade's first models are judged, and by what of the
//! request. Where they cannot be, the last model serves it alone.
use std::borrow::Cow;

use super::{Decision, Entry, Expected, Request, Step, Verdict};
use crate::dialect::{Ask, Fault};
use crate::policy::Cascade;

const NAME: &str = "cascade";

pub(super) const STEP: Step = Step { name: NAME, run };

/// Most bytes of what an answer is judged by: the plan carries it, and each attempt reads that.
const EXPECTED_MAX: usize = 64 << 10;

fn run(request: &Request<'_>, decision: &mut Decision) -> Result<(), Fault> {
    if decision.quote.candidates().all(|candidate| candidate.cascade.is_none()) {
        return Ok(());
    }
    let expected = Expected::of(request.ask);
    let Decision { outline, quote, trace, .. } = decision;
    for candidate in core::iter::once(&mut quote.primary).chain(&mut quote.near_limit) {
        let Some(cascade) = candidate.cascade.take() else { continue };
        let Some(first) = candidate.legs.len().checked_sub(1) else { continue };
        let chain = candidate.chain.clone();
        let entry = |verdict: Verdict, model: &str, reason: &'static str| Entry {
            step: NAME,
            chain: Some(chain.clone()),
            verdict,
            subject: model.to_owned(),
            reason: Cow::Borrowed(reason),
        };
        let unjudged = unjudged(request.ask, &cascade, &expected);
        let (verdict, reason) = match unjudged {
            Some(reason) => (Verdict::Skipped, reason),
            None => (Verdict::Judged, "its answer is judged before the app sees any of it"),
        };
        let models = candidate.legs.iter().take(first);
        trace.extend(models.map(|leg| entry(verdict, &leg.model.name, reason)));
        if unjudged.is_some() {
            candidate.legs.drain(..first);
        }
        candidate.cascade = (candidate.legs.len() > 1).then_some(cascade);
    }
    quote.near_limit.take_if(|near| near.tries_the_same(&quote.primary));
    if quote.candidates().any(|candidate| candidate.cascade.is_some()) {
        outline.expected = expected;
    }
    Ok(())
}

/// Why nobody can judge an answer before the app sees it.
fn unjudged(ask: &Ask<'_>, cascade: &Cascade, expected: &Expected) -> Option<&'static str> {
    if ask.stream && !cascade.waits {
        return Some("a stream does not wait until it is judged, but with `streaming: wait`");
    }
    if ask.choices > 1 {
        return Some("of several answers only one could be judged");
    }
    if expected.bytes() > EXPECTED_MAX {
        return Some("the request brings more than 64 KiB of schemas to judge its answer by");
    }
    None
}
