//! How a request's options are said to one model. [`super::unsupported`], [`super::write`] and
//! [`super::amend`] ask here, so what is named as unsupported is exactly what is left out, and an
//! app's own request is held to the same as one that is written.
use super::generation::{Generation, MostEffort};
use crate::dialect::{Ask, Effort, Number, Reason, Reasoning, Target};

/// Anthropic's least thinking budget, in tokens.
const LEAST_BUDGET: u64 = 1024;

/// How thinking is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Thinking {
    /// Not at all: the model does as it does.
    Unsaid,
    Disabled,
    Adaptive,
    Budget(u64),
}

/// An option's value, if it is to be said, or why it cannot be.
pub(super) type Said<T> = Result<Option<T>, Reason>;

/// The options of one request to one model.
#[derive(Debug)]
pub(super) struct Options<'o> {
    pub(super) max_tokens: u64,
    pub(super) thinking: Result<Thinking, Reason>,
    pub(super) effort: Option<&'static str>,
    pub(super) temperature: Said<&'o str>,
    pub(super) top_p: Said<&'o str>,
    pub(super) top_k: Said<&'o str>,
    pub(super) generation: Generation,
}

impl<'o> Options<'o> {
    pub(super) fn of(ask: &Ask<'o>, target: &Target<'_>) -> Self {
        let generation = Generation::of(target.model);
        let most = target.max_output_tokens;
        let max_tokens = ask.max_tokens.map_or(most, |given| given.value.min(most));
        let thinking = thinking(ask, generation, max_tokens);
        let thinks = matches!(thinking, Ok(Thinking::Adaptive | Thinking::Budget(_)));
        let temperature = ask.temperature.map(|given| given.value);
        let top_p = ask.top_p.map(|given| given.value);
        // Of the two, the one that is at its default can go where only one may stay.
        let alone = generation.both_samplers || top_p.is_none_or(neutral);
        Self {
            max_tokens,
            effort: effort(ask, generation),
            temperature: match temperature.filter(|n| alone || !neutral(*n)) {
                None => Ok(None),
                // Without it the model has 1.
                Some(n) if n.value > 1.0 => Err(Reason::advice("is at most 1 there")),
                Some(n) if !generation.sampling => defaults(n, generation),
                Some(n) if thinks && !neutral(n) => {
                    Err(advice("must be 1 there while the model thinks", generation))
                }
                Some(n) => Ok(Some(n.text)),
            },
            top_p: say_top_p(top_p, temperature, generation, thinks),
            top_k: match ask.top_k {
                None => Ok(None),
                Some(_) if !generation.sampling => {
                    Err(advice("is not taken by this model", generation))
                }
                Some(_) if thinks => {
                    Err(advice("cannot be set there while the model thinks", generation))
                }
                Some(given) => Ok(Some(given.value.text)),
            },
            thinking,
            generation,
        }
    }
}

impl Options<'_> {
    /// Whether an app that asks to think is told otherwise: the request goes on without.
    pub(super) fn stops_thinking(&self, ask: &Ask<'_>) -> bool {
        let asked = ask.reasoning.map(|given| given.value).filter(|_| !ask.effort_alone);
        match (asked, self.thinking) {
            (None | Some(Reasoning::Off), _) => false,
            (_, Err(reason)) => reason.of_model,
            (Some(Reasoning::Budget(_)), Ok(Thinking::Unsaid)) => true,
            // Adaptive thinking is left to a model that thinks unasked.
            (_, Ok(Thinking::Unsaid)) => !self.generation.thinks,
            (_, Ok(_)) => false,
        }
    }
}

/// Why a field that only advises is not taken by a model.
fn advice(text: &'static str, generation: Generation) -> Reason {
    Reason::advice(text).of_model(generation.known)
}

/// The same of a wish to think, which advises where the app's dialect says so.
fn wish(ask: &Ask<'_>, text: &'static str, generation: Generation) -> Reason {
    let reason =
        if ask.reasoning_is_best_effort { Reason::advice(text) } else { Reason::demand(text) };
    reason.of_model(generation.known)
}

/// The default of both samplers.
fn neutral(number: Number<'_>) -> bool {
    (number.value - 1.0).abs() < f64::EPSILON
}

fn defaults(number: Number<'_>, generation: Generation) -> Said<&str> {
    if neutral(number) { Ok(None) } else { Err(advice("is not taken by this model", generation)) }
}

fn say_top_p<'o>(
    top_p: Option<Number<'o>>,
    temperature: Option<Number<'_>>,
    generation: Generation,
    thinks: bool,
) -> Said<&'o str> {
    let Some(top_p) = top_p else { return Ok(None) };
    if !generation.sampling {
        return defaults(top_p, generation);
    }
    if thinks && top_p.value < 0.95 {
        return Err(advice("must be at least 0.95 there while the model thinks", generation));
    }
    match temperature {
        Some(_) if generation.both_samplers => Ok(Some(top_p.text)),
        Some(_) if neutral(top_p) => Ok(None),
        Some(temperature) if !neutral(temperature) => {
            Err(advice("cannot be combined with `temperature` there", generation))
        }
        _ => Ok(Some(top_p.text)),
    }
}

fn thinking(ask: &Ask<'_>, generation: Generation, max_tokens: u64) -> Result<Thinking, Reason> {
    let Some(reasoning) = ask.reasoning.map(|given| given.value).filter(|_| !ask.effort_alone)
    else {
        return Ok(Thinking::Unsaid);
    };
    match reasoning {
        Reasoning::Off | Reasoning::Budget(0) if !generation.off => {
            Err(advice("cannot be turned off for this model", generation))
        }
        Reasoning::Off | Reasoning::Budget(0) if generation.thinks => Ok(Thinking::Disabled),
        Reasoning::Off | Reasoning::Budget(0) => Ok(Thinking::Unsaid),
        Reasoning::Budget(tokens) if generation.budget => {
            budget(ask, generation, tokens.max(LEAST_BUDGET), max_tokens)
        }
        // A forced call leaves no room for thoughts; effort alone still counts.
        _ if generation.adaptive && ask.forces_a_call() => Ok(Thinking::Unsaid),
        _ if generation.adaptive => Ok(Thinking::Adaptive),
        // An app of this format's own knows what a model of an unknown name takes.
        _ if !generation.known && ask.reasoning_is_best_effort => Ok(Thinking::Adaptive),
        _ if !generation.budget => Err(wish(ask, "is not offered by this model", generation)),
        _ => budget(ask, generation, reasoning.budget(), max_tokens),
    }
}

/// A budget is a part of the most tokens: where it is not less, a quarter of those is kept for the
/// answer itself.
fn budget(
    ask: &Ask<'_>,
    generation: Generation,
    wanted: u64,
    max_tokens: u64,
) -> Result<Thinking, Reason> {
    if ask.forces_a_call() {
        let why = "cannot be combined there with a tool that must be called";
        return Err(wish(ask, why, generation));
    }
    // The message whose calls are being answered would have to begin with a thinking block that
    // Anthropic signed, and none is kept: this one turn goes on without thinking.
    if ask.answers_calls() && !ask.keeps_thoughts {
        let why = "cannot go on there from calls that came without signed thoughts";
        return Err(Reason::advice(why).of_model(true));
    }
    let given = matches!(ask.reasoning.map(|given| given.value), Some(Reasoning::Budget(_)));
    // Between the calls of one answer, an app of this format's own may let a model think more than
    // one message has room for. Only where the answer was shortened, its thoughts are as well.
    let is_whole = ask.max_tokens.is_some_and(|asked| asked.value == max_tokens);
    if given && (wanted < max_tokens || (is_whole && ask.reasoning_is_best_effort)) {
        return Ok(Thinking::Budget(wanted));
    }
    match wanted.min(max_tokens.saturating_sub(max_tokens / 4)) {
        room if room < LEAST_BUDGET => {
            let why = "needs a `max_tokens` of at least 1366 there";
            Err(wish(ask, why, generation).of_model(true))
        }
        room => Ok(Thinking::Budget(room)),
    }
}

/// `high` is what is meant when nothing is said, and adaptive thinking says no more than that.
fn effort(ask: &Ask<'_>, generation: Generation) -> Option<&'static str> {
    let reasoning = ask.reasoning?.value;
    let most = generation.effort.filter(|_| generation.adaptive || ask.effort_alone)?;
    let budget = matches!(reasoning, Reasoning::Budget(_)) && generation.budget;
    if budget || reasoning == Reasoning::Adaptive {
        return None;
    }
    Some(match reasoning.effort()? {
        Effort::Minimal | Effort::Low => "low",
        Effort::Medium => "medium",
        Effort::Max if most != MostEffort::High => "max",
        Effort::High | Effort::Max => "high",
    })
}

impl MostEffort {
    /// Whether a model with this takes that word.
    pub(super) fn takes(self, word: &str) -> bool {
        match word {
            "max" => self != Self::High,
            "xhigh" => self == Self::Any,
            _ => true,
        }
    }
}
