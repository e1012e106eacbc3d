//! Step `fit`: models that cannot serve the request leave its chains, each with the reason.
use core::fmt;
use std::borrow::Cow;

use super::{Decision, Entry, Leg, Request, Step, Verdict, bound};
use crate::dialect::{Fault, FaultKind, Format, Operation, Target};
use crate::policy::{Capability, Model, Unsupported};

const NAME: &str = "fit";

pub(super) const STEP: Step = Step { name: NAME, run };

/// What is known of a request.
#[derive(Debug, Clone)]
pub struct Facts {
    /// What the app asks for.
    pub operation: Operation,
    /// The format of the app: a provider that speaks the same gets the app's bound on the answer as
    /// it stands, any other one a bound that its model can keep.
    pub format: &'static Format,
    /// Most tokens of the answer, where the request says.
    pub max_tokens: Option<u64>,
    /// What the request needs a model to be able to do, and the field that says so.
    pub needs: Vec<(Capability, &'static str)>,
}

/// Why a model cannot serve a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Misfit {
    /// The request and the answer it asks for do not fit into the model's context window.
    Context {
        /// Tokens of the input, estimated.
        input_tokens: u64,
        /// Tokens of the answer asked for, where the request says.
        max_tokens: Option<u64>,
        /// The context window, in tokens.
        context_window: u64,
    },
    /// The request wants a longer answer than the model gives.
    Output {
        /// Tokens of the answer that is asked for.
        max_tokens: u64,
        /// Most tokens of an answer.
        max_output_tokens: u64,
    },
    /// The model lacks a capability that this field needs.
    Capability(Capability, &'static str),
    /// The provider's dialect cannot say these fields.
    Dialect(String),
}

impl fmt::Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Context { input_tokens, max_tokens, context_window } => {
                write!(f, "about {input_tokens} input tokens ")?;
                if let Some(max_tokens) = max_tokens {
                    write!(f, "and an answer of {max_tokens} ")?;
                }
                write!(f, "do not fit its context window of {context_window}")
            }
            Self::Output { max_tokens, max_output_tokens } => {
                write!(f, "an answer of {max_tokens} tokens is more than its {max_output_tokens}")
            }
            Self::Capability(capability, field) => {
                write!(f, "it has no `{}`, which `{field}` needs", capability.name())
            }
            Self::Dialect(lack) => f.write_str(lack),
        }
    }
}

fn run(request: &Request<'_>, decision: &mut Decision) -> Result<(), Fault> {
    let facts = facts(request);
    // A token is at least one byte of text, so a body that fits into a window by its bytes fits by
    // its tokens, and nearly all do. An image by its address is few bytes and many tokens.
    let has_images = facts.needs.iter().any(|(need, _)| *need == Capability::Images);
    let most_input = if has_images { None } else { u64::try_from(request.bytes).ok() };
    let mut misfits = Vec::new();
    let left = decision.pass_over(request, NAME, |leg| {
        let misfit = why(request, leg, &facts, most_input)?;
        let reason = misfit.to_string();
        misfits.push(misfit);
        Some(Cow::Owned(reason))
    });
    left.map_err(|message| refusal(message, &misfits))?;
    let Decision { quote, trace, .. } = decision;
    for candidate in quote.candidates() {
        for leg in &candidate.legs {
            trace.extend(bound::lowered(request, leg).map(|reason| Entry {
                step: NAME,
                chain: Some(candidate.chain.clone()),
                verdict: Verdict::Lowered,
                subject: leg.model.name.clone(),
                reason: Cow::Owned(reason),
            }));
        }
    }
    Ok(())
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
    let by_length = most_input.map(|most| misfit(&leg.model, facts, most));
    let misfit = match by_length {
        None | Some(Some(Misfit::Context { .. })) => {
            misfit(&leg.model, facts, request.input_tokens())
        }
        Some(misfit) => misfit,
    };
    misfit.or_else(|| {
        bound::lower(request, leg, most_input);
        unsayable(request, leg).map(Misfit::Dialect)
    })
}

fn facts(request: &Request<'_>) -> Facts {
    let needs = request.ask.needs();
    let mut facts = Facts {
        operation: request.operation,
        format: request.inbound.format,
        max_tokens: request.ask.max_tokens.map(|max| max.value),
        needs: Vec::new(),
    };
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
    if endpoint.format == request.inbound.format || model.unsupported == Unsupported::Drop {
        return None;
    }
    let target = Target { model: &model.provider_model, max_output_tokens: leg.max_output_tokens };
    let fields = endpoint.unsupported(request.ask, &target);
    let said: Vec<String> = fields.iter().map(ToString::to_string).collect();
    if said.is_empty() { None } else { Some(said.join(", ")) }
}

/// No model of the route's chain fits.
fn refusal(message: String, misfits: &[Misfit]) -> Fault {
    let param = misfits.iter().find_map(|misfit| match misfit {
        Misfit::Capability(_, field) => Some((*field).to_owned()),
        _ => None,
    });
    let too_long = misfits.iter().all(|misfit| matches!(misfit, Misfit::Context { .. }));
    let kind = if too_long { FaultKind::ContextLength } else { FaultKind::InvalidRequest };
    Fault { param, ..Fault::new(kind, message) }
}

/// The first reason why a model cannot serve a request with that many input tokens.
#[must_use]
pub fn misfit(model: &Model, facts: &Facts, input_tokens: u64) -> Option<Misfit> {
    // What is too long an answer for any input is said as that, though it may overflow the window
    // as well. A provider refuses such a bound; where the request is written anew, the bound is
    // lowered to what the model can give at all.
    let most = model.max_output_tokens;
    let max_tokens = match facts.max_tokens {
        Some(max_tokens) if max_tokens <= most => Some(max_tokens),
        Some(max_tokens) if model.provider.dialect.speaks(facts.operation, facts.format) => {
            return Some(Misfit::Output { max_tokens, max_output_tokens: most });
        }
        Some(_) => Some(most),
        None => None,
    };
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
