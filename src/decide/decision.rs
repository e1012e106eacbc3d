//! What the steps decide.
use std::borrow::Cow;
use std::rc::Rc;

use super::{Claims, Entry, Expected, Keeping, Leg, Probe, Request, Shared, Size, Trace, Verdict};
use crate::credit::Credits;
use crate::dialect::{Ask, Change, Format, Operation};
use crate::policy::{Cascade, Model};

/// How a request is served.
#[derive(Debug)]
pub struct Decision {
    /// What every attempt has to know of the request.
    pub outline: Outline,
    /// The ways to serve the request, and what each may cost.
    pub quote: Quote,
    /// Why it is served like this.
    pub trace: Trace,
    /// Whether its answer may be kept; `None` where it may not.
    pub caching: Option<Caching>,
    /// What the name that it asks for means.
    pub(super) asked: Asked,
    /// Its class, by its place in the policy; `None` where the policy has no classes.
    pub(super) class: Option<usize>,
    /// The arm whose chain serves it, if it has one: its experiment's place in the policy, and its
    /// own in the experiment.
    pub(super) arm: Option<(usize, usize)>,
    /// The experiment that copies the request, by its place among those of the policy that do.
    pub shadow: Option<usize>,
    /// What it takes of its limits; `None` where it is under none.
    pub claims: Option<Box<Claims>>,
    /// What it is called by where several proxies count it; `None` where they do not.
    pub shared: Option<Box<Shared>>,
    /// Its arms that add something to it, in their order, each by the same two places.
    pub(super) adding: Vec<(usize, usize)>,
    /// The models that it tries after their breakers were open.
    pub probes: Vec<Probe>,
}

/// A request whose answer may be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Caching {
    /// A digest of the chain and what it is made of.
    pub chain: u64,
    /// How old an answer may be that is kept already, in milliseconds; 0 where it is to be new.
    pub max_age_ms: u64,
}

/// What the name that an app asks for means.
#[derive(Debug, Clone, Default)]
pub(super) struct Asked {
    /// The route, by its place in the policy.
    pub(super) route: usize,
    /// How long the route's name is in the request's `model`: what stands behind it is a choice.
    pub(super) name_bytes: usize,
    /// The class that the app has chosen, by its place in the policy.
    pub(super) class: Option<usize>,
    /// The name of the chain that it has chosen.
    pub(super) chain: Option<String>,
}

/// What every attempt has to know of a request.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outline {
    /// Whether the answer is streamed.
    pub stream: bool,
    /// Whether a streamed answer ends with its usage.
    pub stream_usage: bool,
    /// The name that an answer gives its model; `None` for the provider's own.
    pub answer_model: Option<String>,
    /// Answers that are asked for at once, at least 1.
    pub choices: u64,
    /// Whether its provider keeps the conversation under a key that several tenants share.
    pub is_shared_thread: bool,
    /// Changes in the body for providers of the app's own dialect; each leg says which is its own.
    pub changes: Vec<Change>,
    /// What an answer is judged by that is judged.
    pub expected: Expected,
    /// What is to be remembered of whoever answers; `None` where nothing is.
    pub keeping: Option<Box<Keeping>>,
}

/// The ways to serve a request.
#[derive(Debug, Default)]
pub struct Quote {
    /// The chain of the route.
    pub primary: Candidate,
    /// Another chain, for a tenant whose balance is below the near-limit threshold.
    pub near_limit: Option<Candidate>,
    /// How large the request is, for an answer whose provider reports no usage.
    pub size: Size,
}

/// One way to serve a request.
#[derive(Debug, Default)]
pub struct Candidate {
    /// The chain's name in the policy.
    pub chain: String,
    /// The models to try, in order.
    pub legs: Vec<Leg>,
    /// How the answers of all but its last model are judged; `None` where none is.
    pub cascade: Option<Cascade>,
    /// The last model of the policy's chain, which nobody judges.
    pub(super) last: Option<Rc<Model>>,
    /// The most that the dearest of the models may cost, or all of them where their answers are
    /// judged; zero where nobody counts credits.
    pub max_cost: Credits,
}

impl Decision {
    /// What is known before the first step.
    pub(super) fn of(request: &Request<'_>) -> Self {
        let ask = request.ask;
        let outline = Outline {
            stream: ask.stream,
            stream_usage: ask.stream_usage,
            answer_model: None,
            choices: ask.choices.max(1),
            is_shared_thread: false,
            changes: Vec::new(),
            expected: Expected::default(),
            keeping: None,
        };
        Self {
            outline,
            quote: Quote::default(),
            trace: Trace::default(),
            caching: None,
            asked: Asked::default(),
            class: None,
            arm: None,
            shadow: None,
            claims: None,
            shared: None,
            adding: Vec::new(),
            probes: Vec::new(),
        }
    }

    /// The name of a route that the app asks for, without the choice that it may have behind it.
    #[must_use]
    pub fn route_name<'a>(&self, ask: &'a Ask<'_>) -> &'a str {
        ask.model.get(..self.asked.name_bytes).unwrap_or(&ask.model)
    }

    /// Passes over every model that `why` has something against, with its reason.
    ///
    /// # Errors
    /// Where the route's own chain has no model left: what the app is told.
    pub(super) fn pass_over(
        &mut self,
        request: &Request<'_>,
        step: &'static str,
        mut why: impl FnMut(&mut Leg) -> Option<Cow<'static, str>>,
    ) -> Result<(), String> {
        let Self { quote: Quote { primary, near_limit, .. }, trace, .. } = self;
        primary.pass_over(step, trace, &mut why);
        if primary.legs.is_empty() {
            return Err(nothing_left(&request.ask.model, primary, trace));
        }
        if let Some(near) = near_limit.as_mut() {
            near.pass_over(step, trace, &mut why);
        }
        near_limit.take_if(|near| near.legs.is_empty() || near.tries_the_same(primary));
        Ok(())
    }

    /// Passes over those models of a chain that `why` has something against, where it has others.
    pub(super) fn prefer(
        &mut self,
        step: &'static str,
        why: impl Fn(&Leg) -> Option<Cow<'static, str>>,
    ) {
        let Self { quote: Quote { primary, near_limit, .. }, trace, .. } = self;
        for candidate in core::iter::once(&mut *primary).chain(near_limit.as_mut()) {
            if candidate.legs.iter().any(|leg| why(leg).is_none()) {
                candidate.pass_over(step, trace, |leg| why(leg));
            }
        }
        near_limit.take_if(|near| near.tries_the_same(primary));
    }
}

/// Every model of a chain was passed over: each with its reason.
fn nothing_left(asked: &str, candidate: &Candidate, trace: &Trace) -> String {
    let skipped = trace.of(Some(&candidate.chain));
    let skipped = skipped.filter(|entry| entry.verdict == Verdict::Skipped);
    let skipped = skipped.map(|entry| format!("`{}`: {}", entry.subject, entry.reason));
    let skipped: Vec<String> = skipped.collect();
    format!("no model behind `{asked}` can serve this request: {}", skipped.join("; "))
}

impl Quote {
    /// Leaves out the models of another chain that stand in for those of its own, where one of
    /// these may serve.
    pub fn without_spares(&mut self) {
        for candidate in core::iter::once(&mut self.primary).chain(&mut self.near_limit) {
            if candidate.asks_its_own() {
                candidate.legs.retain(|leg| !leg.is_spare);
            }
        }
    }

    /// Leaves out all models, where an answer of one is there already that costs so much.
    pub fn without_models(&mut self, max_cost: Credits) {
        self.near_limit = None;
        self.primary.legs.clear();
        self.primary.max_cost = max_cost;
    }

    /// Every way to serve the request.
    pub fn candidates(&self) -> impl Iterator<Item = &Candidate> {
        core::iter::once(&self.primary).chain(&self.near_limit)
    }

    /// The same, to be changed.
    pub(super) fn candidates_mut(&mut self) -> impl Iterator<Item = &mut Candidate> {
        core::iter::once(&mut self.primary).chain(&mut self.near_limit)
    }
}

impl Candidate {
    /// A chain of which no model has been passed over yet.
    pub(super) fn new(chain: &str, legs: Vec<Leg>, cascade: Option<Cascade>) -> Self {
        let last = legs.last().map(|leg| Rc::clone(&leg.model));
        Self { chain: chain.to_owned(), legs, cascade, last, max_cost: Credits::ZERO }
    }

    /// How many attempts those of its models may take that are like that.
    pub(super) fn attempts(&self, is: impl Fn(&Leg) -> bool) -> usize {
        let legs = self.legs.iter().filter(|leg| is(leg));
        legs.map(|leg| leg.asked().len()).fold(0, usize::saturating_add)
    }

    /// Has a model of the chain tried before the others; in a cascade, without those before it, or
    /// before the two that it is one of.
    /// `false` where it is none of them.
    pub(super) fn begin_with(&mut self, model: &str) -> bool {
        let Some(place) = self.legs.iter().position(|leg| leg.model.name == model) else {
            return false;
        };
        if let Some(cascade) = &self.cascade {
            // Of two that are to agree neither answers without the other.
            let pair =
                cascade.accept.agree.as_ref().filter(|pair| pair.iter().any(|own| own == model));
            let is_of =
                |leg: &Leg| pair.is_some_and(|pair| pair.iter().any(|own| *own == leg.model.name));
            let place = self.legs.iter().position(is_of).unwrap_or(place);
            self.legs.drain(..place);
        } else if let Some(own) = self.legs.get_mut(..=place) {
            own.rotate_right(1);
        }
        true
    }

    /// Has a model of another chain tried before this one's. Nobody judges it: of a cascade only
    /// the last model follows.
    pub(super) fn put_first(&mut self, leg: Leg) {
        if self.cascade.take().is_some() {
            self.legs.drain(..self.legs.len().saturating_sub(1));
        }
        self.legs.insert(0, Leg { is_foreign: true, ..leg });
    }

    /// Has a model stand for another one that leaves, wherever its cascade names it.
    pub(super) fn renamed(&mut self, model: &str, next: &Rc<Model>) {
        if let Some(last) = self.last.as_mut().filter(|last| last.name == model) {
            *last = Rc::clone(next);
        }
        let Some(cascade) = &mut self.cascade else { return };
        let names = |pair: &[String; 2]| pair.iter().any(|own| own == model);
        if cascade.accept.agree.as_ref().is_some_and(names) {
            let pair = Rc::make_mut(&mut cascade.accept).agree.iter_mut().flatten();
            pair.filter(|own| *own == model).for_each(|own| own.clone_from(&next.name));
        }
    }

    /// Whether a model of the chain's own is asked, and not only as a last resort.
    #[must_use]
    pub fn asks_its_own(&self) -> bool {
        self.legs.iter().any(|leg| !leg.is_spare && !leg.is_last_resort)
    }

    fn pass_over(
        &mut self,
        step: &'static str,
        trace: &mut Trace,
        mut why: impl FnMut(&mut Leg) -> Option<Cow<'static, str>>,
    ) {
        self.legs.retain_mut(|leg| {
            let Some(reason) = why(leg) else { return true };
            trace.add(Entry {
                step,
                chain: Some(self.chain.clone()),
                verdict: Verdict::Skipped,
                subject: leg.model.name.clone(),
                reason,
            });
            false
        });
    }

    /// Whether another chain tries the same models in the same order, and judges them alike.
    pub(super) fn tries_the_same(&self, other: &Self) -> bool {
        let same = |(own, other): (&Leg, &Leg)| {
            let own = own.asked().iter();
            own.map(|model| &model.name).eq(other.asked().iter().map(|model| &model.name))
        };
        self.cascade == other.cascade
            && self.legs.len() == other.legs.len()
            && self.legs.iter().zip(&other.legs).all(same)
    }

    /// Whether all of the chain's providers speak that format for that operation.
    #[must_use]
    pub fn speaks_only(&self, operation: Operation, format: &Format) -> bool {
        self.legs.iter().all(|leg| leg.model.provider.dialect.speaks(operation, format))
    }

    /// Whether one of the chain's providers does.
    #[must_use]
    pub fn speaks(&self, operation: Operation, format: &Format) -> bool {
        self.legs.iter().any(|leg| leg.model.provider.dialect.speaks(operation, format))
    }
}
