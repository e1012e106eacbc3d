//! Which models may serve a request, and why: ordered steps, one file each.
//!
//! Every step reads the [`Request`] and what the steps before it have decided, and adds to one
//! [`Decision`]; what it leaves out or chooses it says in the decision's [`Trace`]. The first step
//! that refuses ends it. A new step is a file here and a row in [`STEPS`].
//!
//! The room is pure. A step that needs the time, chance or what a proxy's workers share asks the
//! request's [`World`], which asks the host once for all steps.
mod account;
mod afford;
mod amend;
mod assembled;
mod bound;
mod breaker;
mod budget;
mod cache;
mod canonical;
mod cascade;
mod chain;
mod claims;
mod class;
mod context;
mod conversation;
mod decision;
mod expected;
mod experiment;
mod fallback;
mod fit;
mod kept;
mod known;
mod leg;
mod limits;
mod origin;
mod probe;
mod prompt;
mod prompt_cache;
mod rate;
mod request;
mod require;
mod resumed;
mod retire;
mod route;
mod shadow;
mod shortened;
mod size;
mod sticky;
mod thread;
mod trace;
mod unfit;
mod world;

pub use assembled::Assembled;
pub use breaker::{open as open_breaker, rule};
pub use budget::Spent;
pub use cache::CACHE_CONTROL;
pub use canonical::canonical;
pub use claims::{Claim, Claims, Shared, Tokens};
pub use decision::{Caching, Candidate, Decision, Outline, Quote};
pub use expected::{Calls, Expected};
pub use fit::{Facts, misfit};
pub use kept::Keeping;
pub use leg::Leg;
pub use probe::Probe;
pub use prompt::assemble;
pub use rate::GLOBAL;
pub use request::{CHAIN, CLASS, Request};
pub use resumed::{Conversation, Opening, Origin, Resumed};
pub use route::{not_allowed, unknown_model};
pub use shadow::may_copy;
pub use shortened::Shortened;
pub use size::{Bounds, Need, Size};
pub use thread::GivenTo;
pub use trace::{Entry, Trace, Verdict, logged};
pub use unfit::Misfit;
pub use world::World;

use crate::dialect::Fault;

/// One step of a decision.
#[derive(Debug)]
pub struct Step {
    /// The step's name in the trace.
    pub name: &'static str,
    /// Adds to the decision.
    ///
    /// # Errors
    /// The reason why the request cannot be served, for the app.
    pub run: fn(&Request<'_>, &mut Decision) -> Result<(), Fault>,
}

impl Step {
    /// Adds to the decision; where the step refuses, the trace says so.
    fn decide(&self, request: &Request<'_>, decision: &mut Decision) -> Result<(), Box<Refusal>> {
        (self.run)(request, decision).map_err(|fault| {
            decision.probes.iter().for_each(|own| own.give_back(request.world.records()));
            let mut trace = core::mem::take(&mut decision.trace);
            trace.refuse(self.name, &request.ask.model, &fault);
            Box::new(Refusal { fault, trace })
        })
    }
}

/// The steps, in their order.
pub const STEPS: &[Step] = &[
    limits::STEP,
    route::STEP,
    class::STEP,
    experiment::STEP,
    shadow::STEP,
    chain::STEP,
    retire::STEP,
    cache::STEP,
    sticky::STEP,
    fallback::STEP,
    require::STEP,
    thread::STEP,
    fit::STEP,
    budget::STEP,
    breaker::STEP,
    prompt_cache::STEP,
    amend::STEP,
    cascade::STEP,
    afford::STEP,
    rate::STEP,
    account::STEP,
];

/// A request that no model may serve.
#[derive(Debug)]
pub struct Refusal {
    /// The reason, for the app.
    pub fault: Fault,
    /// What had been decided by then, and that this step refused.
    pub trace: Trace,
}

/// Counts the tokens of a request that nobody serves: for a model that there is, and within the
/// policy's limits. What is added to one has been added before ([`assemble`]).
///
/// # Errors
/// What the app is told.
pub fn count(request: &Request<'_>) -> Result<u64, Fault> {
    let mut decision = Decision::of(request);
    for step in [limits::STEP, route::STEP] {
        (step.run)(request, &mut decision)?;
    }
    thread::is_whole(request)?;
    Ok(request.input_tokens())
}

/// Decides how a request is served.
///
/// # Errors
/// The first step's refusal.
pub fn decide(request: &Request<'_>) -> Result<Decision, Box<Refusal>> {
    decide_unless(request, &mut |_| false)
}

/// The same of a request whose answer may be there already: `is_there` is asked once, where it may
/// be kept. An answer that is there needs no model, so that nothing more is decided but the limits
/// that the request is under.
///
/// # Errors
/// The first step's refusal.
pub fn decide_unless(
    request: &Request<'_>,
    is_there: &mut dyn FnMut(Caching) -> bool,
) -> Result<Decision, Box<Refusal>> {
    let mut decision = Decision::of(request);
    let mut needs_model = true;
    for step in STEPS {
        if needs_model || step.name == rate::STEP.name {
            step.decide(request, &mut decision)?;
        }
        if step.name == cache::STEP.name {
            needs_model = !decision.caching.is_some_and(&mut *is_there);
        }
    }
    Ok(decision)
}
