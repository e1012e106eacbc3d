//! Step `breaker`: models that have failed are left alone until their time is over.
//!
//! It comes after the steps that say who could serve the request, so that of those one is always
//! left: where the breakers of all of them are open, the one that closes first is asked. What is
//! known of all models is read at once, and nothing more where all are well. Of a model whose
//! provider has accounts each account is left alone by itself, and the model where all are.
use std::borrow::Cow;
use std::rc::Rc;

use super::account::{accounts_of_last, by_account, by_model};
use super::{Candidate, Decision, Entry, Leg, Probe, Request, Step, Trace, Verdict};
use crate::dialect::Fault;
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
    Tried(Cow<'static, str>),
    /// It is left alone, and why.
    Left(Cow<'static, str>),
}

impl Chains<'_, '_> {
    fn leave_out(&mut self, candidate: &mut Candidate) {
        let known = |model: &Model| {
            let own = self.request.world.record::<Breaker>(&model.breaker_name);
            own.filter(|own| own.until_ms() > 0).unwrap_or_default()
        };
        let breakers: Vec<Breaker> = candidate.legs.iter().map(|leg| known(&leg.model)).collect();
        if breakers.iter().all(|own| own.until_ms() == 0) {
            return;
        }
        let mut fates = self.fates(candidate, &breakers);
        let is_left = |fate: &Fate| matches!(fate, Fate::Left(_));
        let last = fates.len().saturating_sub(accounts_of_last(candidate));
        let last = fates.get_mut(last..).filter(|_| candidate.cascade.is_some());
        if let Some([first, others @ ..]) = last
            && is_left(first)
            && others.iter().all(is_left)
        {
            // Without it the one before it would be the last, and its answers go out unjudged.
            *first = Fate::Tried(Cow::Borrowed(LAST));
        }
        if fates.iter().all(is_left) {
            // Whatever is asked then may fail; more of them would have more requests fail longer.
            let closing = breakers.iter().zip(&candidate.legs).enumerate();
            let closing = closing.min_by_key(|(_, (own, leg))| (leg.is_spare, own.until_ms()));
            let soonest = closing.and_then(|(place, _)| fates.get_mut(place));
            soonest.into_iter().for_each(|fate| *fate = Fate::Tried(Cow::Borrowed(SOONEST)));
        }
        let mut fates = fates.into_iter();
        let (chain, trace) = (candidate.chain.clone(), &mut *self.trace);
        candidate.legs.retain(|leg| {
            let (verdict, reason) = match fates.next() {
                None | Some(Fate::Stays) => return true,
                Some(Fate::Tried(reason)) => (Verdict::Tried, reason),
                Some(Fate::Left(reason)) => (Verdict::Skipped, reason),
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
    }

    fn fates(&mut self, candidate: &Candidate, breakers: &[Breaker]) -> Vec<Fate> {
        let now_ms = self.request.world.now_ms();
        let stand = |own: &Breaker| own.stand(now_ms, &self.rule);
        // Whoever stands in for all of a chain's models is none of its others.
        let well = |spare: bool| {
            let legs = candidate.legs.iter().zip(breakers);
            legs.filter(|(leg, own)| leg.is_spare == spare && stand(own) == Stand::Closed).count()
        };
        let (own, all) = (well(false), well(false).saturating_add(well(true)));
        let (mut first, mut before) = (true, 0_usize);
        let others = |leg: &Leg| if leg.is_spare { all } else { own };
        let mut fates = Vec::with_capacity(breakers.len());
        for (leg, breaker) in candidate.legs.iter().zip(breakers) {
            fates.push(match breaker.stand(now_ms, &self.rule) {
                Stand::Closed => {
                    before = usize::from(first).max(before);
                    first = false;
                    Fate::Stays
                }
                Stand::Open => {
                    let left_ms = breaker.until_ms().saturating_sub(now_ms);
                    let (seconds, why) = (left_ms.div_ceil(1000), breaker.opened_by().reason());
                    Fate::Left(format!("its breaker is open for {seconds} s: {why}").into())
                }
                Stand::HalfOpen { .. } if first && self.tries(&leg.model, now_ms) => {
                    first = false;
                    Fate::Tried(Cow::Borrowed(PROBE))
                }
                Stand::HalfOpen { .. } if first => Fate::Left(Cow::Borrowed(TRIED)),
                // A cascade asks its models in their order, and judges each.
                Stand::HalfOpen { .. } if candidate.cascade.is_some() => Fate::Stays,
                Stand::HalfOpen { .. } if others(leg) > before => {
                    Fate::Left(Cow::Borrowed(NOT_FIRST))
                }
                // Where those before it fail nobody else is left to ask.
                Stand::HalfOpen { .. } => Fate::Stays,
            });
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

const PROBE: &str = "its breaker was open, and this request tries it";
const TRIED: &str = "its breaker was open, and another request tries it";
const NOT_FIRST: &str = "its breaker was open, and others are well";
const LAST: &str =
    "its breaker is not closed, and without it answers would go out that nobody has judged";
const SOONEST: &str = "the breakers of all models are open, and its own closes first";
