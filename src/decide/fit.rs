//! Step `fit`: models that cannot serve the request leave its chains, each with the reason.
use std::borrow::Cow;

use super::context::Shortener;
use super::{Decision, Entry, Leg, Misfit, Request, Step, Verdict, bound};
use crate::dialect::{Fault, FaultKind, Target};
use crate::policy::{Capability, Model, Overflow, Unsupported};

const NAME: &str = "fit";

pub(super) const STEP: Step = Step { name: NAME, run };

/// Most fields of a request that an app is told of for one model: each of its tools may be one.
const SAID: usize = 16;

/// What is known of a request.
#[derive(Debug, Clone)]
pub struct Facts {
    /// Most tokens of the answer, where the request says.
    pub max_tokens: Option<u64>,
    /// What the request needs a model to be able to do, and the field that says so.
    pub needs: Vec<(Capability, &'static str)>,
}

fn run(request: &Request<'_>, decision: &mut Decision) -> Result<(), Fault> {
    let facts = facts(request);
    let documents = request.ask.needs().documents;
    // A token is at least one byte of text, so a body that fits into a window by its bytes fits by
    // its tokens, and nearly all do. An image by its address is few bytes and many tokens, and so
    // is a document.
    let has_images = facts.needs.iter().any(|(need, _)| *need == Capability::Images);
    let most_input =
        if has_images || documents.is_some() { None } else { u64::try_from(request.bytes).ok() };
    let route = decision.asked.route;
    let overflow = request.policy.context(route).overflow;
    if request.world.is_watched() {
        decision.trace.extend(applied(request, route, overflow));
    }
    if overflow == Overflow::Reject {
        too_long(request, decision, (&facts, documents), most_input)?;
    }
    let shortener = Shortener::of(request);
    let mut misfits = Vec::new();
    let left = decision.pass_over(request, NAME, |leg| {
        let mut unshortened = None;
        if overflow == Overflow::DropOldest && lacks_room(request, leg, &facts, most_input) {
            match shortener.shortened(leg, facts.max_tokens) {
                Ok(own) => leg.shortened = Some(own),
                Err(misfit) => unshortened = Some(misfit),
            }
        }
        let left = leg.shortened.as_ref().map(|own| own.input_tokens);
        let misfit = unread(request, leg, documents)
            .or_else(|| why(request, leg, &facts, left.or(most_input)))
            .map(|misfit| match (misfit, unshortened) {
                (Misfit::Context { .. }, Some(unshortened)) => unshortened,
                (misfit, _) => misfit,
            });
        let misfit = misfit?;
        let reason = misfit.to_string();
        misfits.push(misfit);
        Some(Cow::Owned(reason))
    });
    left.map_err(|message| refusal(message, &misfits))?;
    // Where another model of the chain has more room, a few words are no answer.
    if overflow != Overflow::Reject {
        decision.prefer(NAME, |leg| {
            let left = leg.shortened.as_ref().map(|own| own.input_tokens);
            let is_cramped = lacks_room(request, leg, &facts, left.or(most_input));
            is_cramped.then(|| cramped(request, leg).into())
        });
    }
    let Decision { quote, trace, .. } = decision;
    for candidate in quote.candidates() {
        for leg in &candidate.legs {
            let entry = |verdict: Verdict, reason: String| Entry {
                step: NAME,
                chain: Some(candidate.chain.clone()),
                verdict,
                subject: leg.model.name.clone(),
                reason: Cow::Owned(reason),
            };
            let shortened = shortened(request, leg, &facts);
            trace.extend(shortened.map(|reason| entry(Verdict::Shortened, reason)));
            let lowered = bound::lowered(request, leg);
            trace.extend(lowered.map(|reason| entry(Verdict::Lowered, reason)));
        }
    }
    Ok(())
}

/// Where the policy says what becomes of a conversation that a model has no room for.
fn applied(request: &Request<'_>, route: usize, overflow: Overflow) -> Option<Entry> {
    let from = request.policy.context_from(route)?;
    let reason =
        format!("`{from}` says what becomes of a conversation that a model has no room for");
    Some(Entry {
        step: NAME,
        chain: None,
        verdict: Verdict::Applied,
        subject: overflow.name().to_owned(),
        reason: reason.into(),
    })
}

/// What of a conversation a model is not sent, and why.
fn shortened(request: &Request<'_>, leg: &Leg, facts: &Facts) -> Option<String> {
    let own = leg.shortened.as_ref()?;
    let (window, most) = (leg.model.context_window, Leg::of(&leg.model, request.policy));
    let most = most.max_output_tokens;
    let answer = facts.max_tokens.map_or_else(|| bound::spare(most, window), |own| own.min(most));
    let whole = Misfit::Context {
        input_tokens: request.input_tokens(),
        max_tokens: Some(answer),
        context_window: window,
    };
    let (dropped, left) = (own.dropped, own.input_tokens);
    Some(format!("the oldest {dropped} messages are left out: {whole}; about {left} are left"))
}

/// Refuses a request that is too long for the first model that could serve it otherwise.
///
/// # Errors
/// What the app is told.
fn too_long(
    request: &Request<'_>,
    decision: &Decision,
    (facts, documents): (&Facts, Option<&'static str>),
    most_input: Option<u64>,
) -> Result<(), Fault> {
    let short = Facts { max_tokens: Some(0), ..facts.clone() };
    for leg in &decision.quote.primary.legs {
        let own = &leg.model;
        if misfit(own, &short, leg.max_output_tokens, 0).is_some()
            || unread(request, leg, documents).is_some()
            || unsayable(request, leg).is_some()
        {
            continue;
        }
        let fitting = |input| misfit(own, facts, leg.max_output_tokens, input);
        if most_input.is_some_and(|most| fitting(most).is_none()) {
            return Ok(());
        }
        return fitting(request.input_tokens()).map_or(Ok(()), |misfit| {
            let message = format!(
                "`{}`, which would serve this request: {misfit}: send a shorter conversation",
                own.name
            );
            Err(Fault::new(FaultKind::ContextLength, message))
        });
    }
    Ok(())
}

/// Whether a request and its answer do not fit a model's context window; one that nobody bounded
/// needs more of it than a word.
fn lacks_room(request: &Request<'_>, leg: &Leg, facts: &Facts, most_input: Option<u64>) -> bool {
    let most = Leg::of(&leg.model, request.policy).max_output_tokens;
    let answer = facts.max_tokens.map(|asked| asked.min(most));
    let answer = answer.unwrap_or_else(|| bound::spare(most, leg.model.context_window));
    let fits = |input: u64| input.saturating_add(answer) <= leg.model.context_window;
    !most_input.is_some_and(fits) && !fits(leg.input_tokens(request))
}

/// Why a model that has little room for its answer leaves a request to others.
fn cramped(request: &Request<'_>, leg: &Leg) -> String {
    let (input, window) = (leg.input_tokens(request), leg.model.context_window);
    let left = window.saturating_sub(input);
    format!(
        "about {input} input tokens leave {left} for its answer in its context window of {window}"
    )
}

/// Whether a model cannot read the request's documents, which it is shown as pictures of their
/// pages. A provider of the app's own format is asked as it is: what its models read, it knows.
fn unread(request: &Request<'_>, leg: &Leg, documents: Option<&'static str>) -> Option<Misfit> {
    let field = documents.filter(|_| !request.is_spoken_by(&leg.model))?;
    let sees = leg.model.capabilities.contains(&Capability::Images);
    (!sees).then_some(Misfit::Capability(Capability::Images, field))
}

/// Why a model cannot serve the request; where it can, its answer is bound from here on.
///
/// `most_input` is the most tokens that the request can have by its length. Tokens are counted only
/// where that many would pass the model over, or where the length says nothing.
fn why(
    request: &Request<'_>,
    leg: &mut Leg,
    facts: &Facts,
    most_input: Option<u64>,
) -> Option<Misfit> {
    let most = leg.max_output_tokens;
    let misfit = |input| misfit(&leg.model, facts, most, input);
    let misfit = match most_input.map(misfit) {
        None | Some(Some(Misfit::Context { .. })) => misfit(request.input_tokens()),
        Some(misfit) => misfit,
    };
    misfit.or_else(|| {
        bound::lower(request, leg, most_input);
        unsayable(request, leg).map(Misfit::Dialect)
    })
}

fn facts(request: &Request<'_>) -> Facts {
    let needs = request.ask.needs();
    let max_tokens = request.max_tokens();
    let mut facts = Facts { max_tokens, needs: Vec::new() };
    for (capability, field) in [
        (Capability::Tools, needs.tools),
        (Capability::Images, needs.images),
        (Capability::JsonSchema, needs.json_schema),
        (Capability::Reasoning, needs.reasoning),
    ] {
        facts.needs.extend(field.map(|field| (capability, field)));
    }
    facts
}

/// What the provider of a model cannot be told of a request; `None` where it can be told all.
fn unsayable(request: &Request<'_>, leg: &Leg) -> Option<String> {
    let model = &leg.model;
    let Some(endpoint) = model.provider.dialect.endpoint(request.operation) else {
        return Some(format!("its provider has no `{}`", request.operation.name));
    };
    let target = Target { model: &model.provider_model, max_output_tokens: leg.max_output_tokens };
    if request.resumed.is_some() && !(endpoint.format.goes_on)(request.ask, &target) {
        return Some("it does not go on with an answer that another has begun".to_owned());
    }
    if model.unsupported == Unsupported::Drop {
        return None;
    }
    let fields = if endpoint.format == request.inbound.format {
        let mut fields = endpoint.format.refused_by_model(request.ask, &target);
        fields.retain(|field| !request.ask.is_best_effort(field));
        fields
    } else {
        endpoint.unsupported(request.ask, &target)
    };
    let mut said: Vec<String> = fields.iter().take(SAID).map(ToString::to_string).collect();
    let more = fields.len().saturating_sub(SAID);
    if more > 0 {
        said.push(format!("and {more} more"));
    }
    if said.is_empty() { None } else { Some(said.join(", ")) }
}

/// No model of the route's chain fits.
fn refusal(message: String, misfits: &[Misfit]) -> Fault {
    let param = misfits.iter().find_map(|misfit| match misfit {
        Misfit::Capability(_, field) => Some((*field).to_owned()),
        _ => None,
    });
    let too_long = misfits
        .iter()
        .all(|misfit| matches!(misfit, Misfit::Context { .. } | Misfit::Shortened { .. }));
    let kind = if too_long { FaultKind::ContextLength } else { FaultKind::InvalidRequest };
    Fault { param, ..Fault::new(kind, message) }
}

/// The first reason why a model that answers with so many tokens at most cannot serve a request
/// with that many input tokens. A longer answer than that is no reason: its bound is lowered.
#[must_use]
pub fn misfit(model: &Model, facts: &Facts, most: u64, input_tokens: u64) -> Option<Misfit> {
    let max_tokens = facts.max_tokens.map(|asked| asked.min(most));
    // An answer that nobody bounded needs room for one token at least.
    let answer = max_tokens.unwrap_or(1);
    if input_tokens.saturating_add(answer) > model.context_window {
        return Some(Misfit::Context {
            input_tokens,
            max_tokens,
            context_window: model.context_window,
        });
    }
    facts
        .needs
        .iter()
        .find(|(need, _)| !model.capabilities.contains(need))
        .map(|(need, field)| Misfit::Capability(*need, field))
}
