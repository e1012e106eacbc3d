//! Step `cascade`: whether the answers of a cascade's first models are judged, and by what of the
//! request. Where they cannot be, the last model serves it alone.
use std::borrow::Cow;

use super::{Decision, Entry, Expected, Leg, Request, Step, Verdict};
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
        let chain = candidate.chain.clone();
        let entry = |verdict: Verdict, model: &str, reason: &'static str| Entry {
            step: NAME,
            chain: Some(chain.clone()),
            verdict,
            subject: model.to_owned(),
            reason: Cow::Borrowed(reason),
        };
        let unjudged = unjudged(request.ask, &cascade, &expected);
        let pair = cascade.accept.agree.as_ref().filter(|_| unjudged.is_none());
        while let Some(alone) = pair.and_then(|pair| alone(&candidate.legs, pair)) {
            let left = candidate.legs.remove(alone);
            trace.add(entry(Verdict::Skipped, &left.model.name, NOBODY_AGREES));
        }
        // Those that are asked where its last model fails are judged like those before it.
        let behind = candidate.legs.iter().position(|leg| leg.is_last_resort);
        let behind = behind.filter(|place| *place > 0).unwrap_or(candidate.legs.len());
        let resorts = candidate.legs.split_off(behind);
        let Some(first) = candidate.legs.len().checked_sub(1) else { continue };
        let models = candidate.legs.iter().take(first).chain(&resorts);
        trace.extend(models.map(|leg| {
            let name = &leg.model.name;
            let part = pair.and_then(|pair| pair.iter().position(|own| own == name));
            let (verdict, reason) = match (unjudged, part) {
                (Some(reason), _) => (Verdict::Skipped, reason),
                (None, None) => (Verdict::Judged, JUDGED),
                (None, Some(0)) => (Verdict::Judged, HELD_BACK),
                (None, Some(_)) => (Verdict::Judged, COMPARED),
            };
            entry(verdict, name, reason)
        }));
        if let (Some(leg), Some(last)) = (candidate.legs.last(), &candidate.last)
            && leg.model.name != last.name
        {
            trace.add(entry(Verdict::Unjudged, &leg.model.name, LAST_GONE));
        }
        if unjudged.is_some() {
            candidate.legs.drain(..first);
        } else {
            candidate.legs.extend(resorts);
        }
        candidate.cascade = (candidate.legs.len() > 1).then_some(cascade);
    }
    quote.near_limit.take_if(|near| near.tries_the_same(&quote.primary));
    if quote.candidates().any(|candidate| candidate.cascade.is_some()) {
        outline.expected = expected;
    }
    Ok(())
}

const JUDGED: &str = "its answer is judged before the app sees any of it";
const HELD_BACK: &str = "its answer is judged, and compared with the next model's";
const COMPARED: &str = "its answer is the app's where it comes to the same as the one before";
const LAST_GONE: &str = "the last model of its cascade may not serve the request";
const NOBODY_AGREES: &str = "the model whose answer is to agree with its own may not answer before \
                             the last one";

/// The one of a pair that has lost the other, or that the other does not follow: nothing that it
/// says could be accepted. The last model of a chain is nobody's pair.
fn alone(legs: &[Leg], pair: &[String; 2]) -> Option<usize> {
    let last = legs.len().checked_sub(1)?;
    let place = |name: &String| legs.iter().take(last).position(|leg| leg.model.name == *name);
    match pair.each_ref().map(place) {
        [Some(one), None] | [None, Some(one)] => Some(one),
        [Some(one), Some(other)] => Some(one).filter(|one| one.checked_add(1) != Some(other)),
        [None, None] => None,
    }
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
