//! How a request's options are said to one model. Both [`super::unsupported`] and [`super::write`]
//! ask here, so what is named as unsupported is exactly what is left out.
use super::generation::Generation;
use crate::dialect::{Ask, Block, Effort, Number, Reasoning, Role, Target, ToolChoice};

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
pub(super) type Said<T> = Result<Option<T>, &'static str>;

/// The options of one request to one model.
#[derive(Debug)]
pub(super) struct Options<'o> {
    pub(super) max_tokens: u64,
    pub(super) thinking: Result<Thinking, &'static str>,
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
            temperature: say_temperature(temperature.filter(|n| alone || !neutral(*n)), |n| {
                if !generation.sampling { defaults(n) } else { thinks_at_one(thinks, n) }
            }),
            top_p: say_top_p(top_p, temperature, generation, thinks),
            top_k: match ask.top_k {
                None => Ok(None),
                Some(_) if !generation.sampling => Err("is not taken by this model"),
                Some(_) if thinks => Err("cannot be set there while the model thinks"),
                Some(given) => Ok(Some(given.value.text)),
            },
            thinking,
            generation,
        }
    }
}

/// The default of both samplers.
fn neutral(number: Number<'_>) -> bool {
    (number.value - 1.0).abs() < f64::EPSILON
}

fn defaults(number: Number<'_>) -> Said<&str> {
    if neutral(number) { Ok(None) } else { Err("is not taken by this model") }
}

fn thinks_at_one(thinks: bool, number: Number<'_>) -> Said<&str> {
    if thinks && !neutral(number) {
        Err("must be 1 there while the model thinks")
    } else {
        Ok(Some(number.text))
    }
}

fn say_temperature<'o>(
    number: Option<Number<'o>>,
    say: impl FnOnce(Number<'o>) -> Said<&'o str>,
) -> Said<&'o str> {
    match number {
        None => Ok(None),
        Some(number) if number.value > 1.0 => Err("must be at most 1 there"),
        Some(number) => say(number),
    }
}

fn say_top_p<'o>(
    top_p: Option<Number<'o>>,
    temperature: Option<Number<'_>>,
    generation: Generation,
    thinks: bool,
) -> Said<&'o str> {
    let Some(top_p) = top_p else { return Ok(None) };
    if !generation.sampling {
        return defaults(top_p);
    }
    if thinks && top_p.value < 0.95 {
        return Err("must be at least 0.95 there while the model thinks");
    }
    match temperature {
        Some(_) if generation.both_samplers => Ok(Some(top_p.text)),
        Some(_) if neutral(top_p) => Ok(None),
        Some(temperature) if !neutral(temperature) => {
            Err("cannot be combined with `temperature` there")
        }
        _ => Ok(Some(top_p.text)),
    }
}

fn thinking(
    ask: &Ask<'_>,
    generation: Generation,
    max_tokens: u64,
) -> Result<Thinking, &'static str> {
    let Some(reasoning) = ask.reasoning.map(|given| given.value) else {
        return Ok(Thinking::Unsaid);
    };
    match reasoning {
        Reasoning::Off | Reasoning::Budget(0) if !generation.off => {
            Err("cannot be turned off for this model")
        }
        Reasoning::Off | Reasoning::Budget(0) if generation.thinks => Ok(Thinking::Disabled),
        Reasoning::Off | Reasoning::Budget(0) => Ok(Thinking::Unsaid),
        Reasoning::Budget(tokens) if generation.budget => {
            budget(ask, tokens.max(LEAST_BUDGET), max_tokens)
        }
        // A forced call leaves no room for thoughts; effort alone still counts.
        _ if generation.adaptive && forced(ask) => Ok(Thinking::Unsaid),
        _ if generation.adaptive => Ok(Thinking::Adaptive),
        _ if !generation.budget => Err("is not offered by this model"),
        _ => budget(ask, reasoning.budget(), max_tokens),
    }
}

/// A budget is a part of the most tokens: a quarter of those is kept for the answer itself.
fn budget(ask: &Ask<'_>, wanted: u64, max_tokens: u64) -> Result<Thinking, &'static str> {
    if forced(ask) {
        return Err("cannot be combined there with a tool that must be called");
    }
    // The message whose calls are being answered would have to begin with a thinking block that
    // Anthropic signed, and none is kept: this one turn goes on without thinking.
    if answers_calls(ask) {
        return Ok(Thinking::Unsaid);
    }
    match wanted.min(max_tokens.saturating_sub(max_tokens / 4)) {
        room if room < LEAST_BUDGET => Err("needs a `max_tokens` of at least 1366 there"),
        room => Ok(Thinking::Budget(room)),
    }
}

fn forced(ask: &Ask<'_>) -> bool {
    let choice = ask.tool_choice.as_ref().map(|given| &given.value);
    matches!(choice, Some(ToolChoice::Required | ToolChoice::Named(_)))
}

fn answers_calls(ask: &Ask<'_>) -> bool {
    let last = ask.turns.iter().rev().find(|turn| turn.role == Role::User);
    last.is_some_and(|turn| matches!(turn.blocks.first(), Some(Block::ToolResult { .. })))
}

/// `high` is what is meant when nothing is said, and adaptive thinking says no more than that.
fn effort(ask: &Ask<'_>, generation: Generation) -> Option<&'static str> {
    let reasoning = ask.reasoning?.value;
    let budget = matches!(reasoning, Reasoning::Budget(_)) && generation.budget;
    if !generation.adaptive || budget || reasoning == Reasoning::Adaptive {
        return None;
    }
    Some(match reasoning.effort()? {
        Effort::Minimal | Effort::Low => "low",
        Effort::Medium => "medium",
        Effort::High => "high",
        Effort::Max => "max",
    })
}
