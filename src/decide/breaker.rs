//! Step `breaker`: models that have failed are left alone until their time is over.
//!
//! It comes after the steps that say who could serve the request, so that of those one is always
//! left: where the breakers of all of them are open, the one that closes first is asked. A model
//! that is left alone stays as a last resort, at the plan's end: it may have recovered since, and
//! whoever asks it there would otherwise be told of a failure. So each step that follows judges
//! it, writes for it and sets credits aside for it like for any. Those come last whose provider
//! has said that it is too early, and after them those that only an operator mends. In a cascade
//! they are judged like those before its last model, and there are none where two answers are to
//! agree. Of a model whose provider has accounts
//! each account is left alone by itself. What is known of all models is read at once, and nothing
//! at all where its worker has just seen all of them well.
use std::borrow::Cow;
use std::rc::Rc;

use super::account::{accounts_of_last, by_account, by_model, is_of_one};
use super::{Candidate, Decision, Entry, Leg, Probe, Request, Step, Trace, Verdict};
use crate::dialect::Fault;
use crate::order;
use crate::policy::{self, Model, Policy};
use crate::port::Host;
use crate::resilience::{Breaker, Rate, Records, Rule, Sign, Stand};

const NAME: &str = "breaker";

pub(super) const STEP: Step = Step { name: NAME, run };

/// When the policy has a breaker open.
#[must_use]
pub fn rule(own: &policy::Breaker) -> Rule {
    Rule {
        failures: own.failures,
        rate: own.rate.map(|own| Rate { parts: own.share.parts().into(), requests: own.requests }),
        window_ms: own.window_ms,
        open_ms: own.open_for_ms,
        most_ms: own.max_open_for_ms,
        observe: own.observe,
    }
}

/// Has a model's breaker open as its provider may: for those who want to see what follows.
pub fn open(policy: &Policy, model: &Rc<Model>, host: &dyn Host) {
    let Some(rule) = policy.resilience().breaker.map(|own| rule(&own)) else { return };
    let (now_ms, sign) = (host.now_ms(), Sign::Busy { wait_ms: Some(rule.open_ms) });
    let records = Records::at(host, now_ms);
    for own in Model::asked(model) {
        // What cannot be written is not known.
        let _ = Breaker::update(records, &own.breaker_name, &|own| {
            own.heard(sign, now_ms, now_ms, &rule)
        });
    }
}

fn run(request: &Request<'_>, decision: &mut Decision) -> Result<(), Fault> {
    let breaker = request.policy.resilience().breaker.filter(|own| !own.observe);
    let Some(rule) = breaker.map(|own| rule(&own)) else { return Ok(()) };
    let Decision { quote, trace, probes, .. } = decision;
    let mut step = Chains { request, rule, trace, probes };
    for candidate in core::iter::once(&mut quote.primary).chain(&mut quote.near_limit) {
        by_account(candidate);
        step.leave_out(candidate);
        by_model(candidate, request.policy);
    }
    quote.near_limit.take_if(|near| near.tries_the_same(&quote.primary));
    Ok(())
}

struct Chains<'s, 'r> {
    request: &'s Request<'r>,
    rule: Rule,
    trace: &'s mut Trace,
    probes: &'s mut Vec<Probe>,
}

/// What becomes of a model.
enum Fate {
    /// It is asked as ever.
    Stays,
    /// It is asked, though its breaker is not closed, and why.
    Tried(&'static str),
    /// It is left alone, and why.
    Left(Cow<'static, str>),
}

impl Chains<'_, '_> {
    fn leave_out(&mut self, candidate: &mut Candidate) {
        if self.request.world.is_calm(self.request.policy, &self.rule) {
            return;
        }
        let known = |model: &Model| {
            let own = self.request.world.record::<Breaker>(&model.breaker_name);
            own.filter(|own| own.until_ms() > 0).unwrap_or_default()
        };
        let breakers: Vec<Breaker> = candidate.legs.iter().map(|leg| known(&leg.model)).collect();
        if breakers.iter().all(|own| own.until_ms() == 0) {
            return;
        }
        let (now_ms, judged) = (self.request.world.now_ms(), candidate.cascade.is_some());
        let mut fates = self.fates(candidate, &breakers);
        let last = fates.len().saturating_sub(accounts_of_last(candidate));
        let last = fates.get_mut(last..).filter(|_| judged);
        if let Some([first, others @ ..]) = last
            && is_left(first)
            && others.iter().all(is_left)
        {
            // Without it the one before it would be the last, and its answers go out unjudged.
            *first = Fate::Tried(LAST);
        }
        // Spares are asked where all of the chain's own fail, last resorts among them.
        let closing = |place: usize| {
            let is_spare = candidate.legs.get(place).is_some_and(|leg| leg.is_spare);
            (is_spare, breakers.get(place).map_or(0, Breaker::until_ms))
        };
        if fates.iter().all(is_left) {
            // One whose time is over is tried by somebody else, who alone is to find out.
            let is_tried = |until_ms: u64| until_ms <= now_ms;
            let soonest = (0..fates.len()).min_by_key(|place| {
                let (is_spare, until_ms) = closing(*place);
                (is_spare, is_tried(until_ms), until_ms)
            });
            let soonest = soonest.and_then(|place| fates.get_mut(place));
            soonest.into_iter().for_each(|fate| *fate = Fate::Tried(SOONEST));
        }
        let is_behind = last_resorts(candidate, &fates);
        let behind = is_behind.iter().enumerate().filter(|(_, is_behind)| **is_behind);
        let mut last: Vec<(_, Leg)> = behind
            .filter_map(|(place, _)| {
                let known = breakers.get(place)?.known(now_ms);
                let leg = Leg { is_last_resort: true, ..candidate.legs.get(place)?.clone() };
                Some(((known, closing(place)), leg))
            })
            .collect();
        order::sort_by_key(&mut last, |(order, _)| *order);
        let mut fates = fates.into_iter().zip(is_behind);
        let (chain, trace) = (candidate.chain.clone(), &mut *self.trace);
        candidate.legs.retain(|leg| {
            let (verdict, reason) = match fates.next() {
                None | Some((Fate::Stays, _)) => return true,
                Some((Fate::Tried(why), _)) => (Verdict::Tried, Cow::Borrowed(why)),
                Some((Fate::Left(why), false)) => (Verdict::Skipped, why),
                Some((Fate::Left(why), true)) => {
                    (Verdict::Skipped, format!("{why}{LAST_RESORT}").into())
                }
            };
            trace.add(Entry {
                step: NAME,
                chain: Some(chain.clone()),
                verdict,
                subject: leg.model.name.clone(),
                reason,
            });
            verdict == Verdict::Tried
        });
        candidate.legs.extend(last.into_iter().map(|(_, leg)| leg));
    }

    fn fates(&mut self, candidate: &Candidate, breakers: &[Breaker]) -> Vec<Fate> {
        let now_ms = self.request.world.now_ms();
        // A cascade asks its models in their order, and judges each.
        let judged = candidate.cascade.is_some();
        let mut first = true;
        let mut fates = Vec::with_capacity(breakers.len());
        for (leg, breaker) in candidate.legs.iter().zip(breakers) {
            let fate = match breaker.stand(now_ms, &self.rule) {
                Stand::Closed => Fate::Stays,
                Stand::Open => {
                    let left_ms = breaker.until_ms().saturating_sub(now_ms);
                    let (seconds, why) = (left_ms.div_ceil(1000), breaker.opened_by().reason());
                    Fate::Left(format!("its breaker is open for {seconds} s: {why}").into())
                }
                Stand::HalfOpen { .. } if first && self.tries(&leg.model, now_ms) => {
                    Fate::Tried(PROBE)
                }
                Stand::HalfOpen { .. } if first => Fate::Left(Cow::Borrowed(TRIED)),
                Stand::HalfOpen { tried: true } if !judged => Fate::Left(Cow::Borrowed(TRIED)),
                // It keeps its place. Where it is asked at all, those before it have failed.
                Stand::HalfOpen { .. } => Fate::Stays,
            };
            first = first && matches!(fate, Fate::Left(_));
            fates.push(fate);
        }
        fates
    }

    /// Whether it is this request that tries a model.
    fn tries(&mut self, model: &Rc<Model>, now_ms: u64) -> bool {
        if self.probes.iter().any(|own| own.model.name == model.name) {
            return true;
        }
        let (rule, records) = (self.rule, self.request.world.records());
        let tries = Breaker::update(records, &model.breaker_name, &|own| own.tried(now_ms, &rule));
        let probe = tries.map(|_| Probe { model: Rc::clone(model), at_ms: now_ms });
        self.probes.extend(probe);
        tries.is_some()
    }
}

fn is_left(fate: &Fate) -> bool {
    matches!(fate, Fate::Left(_))
}

/// Which of a chain's models that are left alone stand at its end.
fn last_resorts(candidate: &Candidate, fates: &[Fate]) -> Vec<bool> {
    let cascade = candidate.cascade.as_ref();
    // Behind the last model there is nobody whose answer could agree.
    let agrees = cascade.is_some_and(|own| own.accept.agree.is_some());
    let each = || candidate.legs.iter().zip(fates);
    // Another account of a model that is asked would say what has been judged already.
    let is_asked = |leg: &Leg| {
        let mut asked = each().filter(|(_, fate)| !is_left(fate));
        cascade.is_some() && asked.any(|(other, _)| is_of_one(leg, other))
    };
    each().map(|(leg, fate)| is_left(fate) && !agrees && !is_asked(leg)).collect()
}

const PROBE: &str = "its breaker was open, and this request tries it";
const TRIED: &str = "its breaker was open, and another request tries it";
/// What is added of a model that is asked all the same where nobody else is left.
const LAST_RESORT: &str = "; it is a last resort";
const LAST: &str =
    "its breaker is not closed, and without it answers would go out that nobody has judged";
const SOONEST: &str = "the breakers of all models are open, and its own closes first";
