//! Writes how an answer is to be made: sampling, length, shape, thinking.
use super::model::{Thinking, Traits};
use super::unsupported::{int32, off, shapes_beside_tools, stops, within};
use crate::dialect::{Ask, Effort, Given, Number, Reasoning, ResponseFormat, Target};
use crate::json::Writer;

/// `generationConfig`; left out when nothing is asked.
pub(super) fn write(w: &mut Writer, ask: &Ask<'_>, target: &Target<'_>, traits: Traits) {
    let format = ask.format.as_ref().filter(|_| shapes_beside_tools(ask, traits));
    let reasoning = ask.reasoning.filter(|given| traits.thinks || !off(given.value));
    let sampled = [ask.temperature, ask.top_p, ask.top_k].iter().any(Option::is_some);
    let silent = !(sampled && traits.samples)
        && ask.seed.is_none()
        && [ask.frequency_penalty, ask.presence_penalty].iter().all(Option::is_none)
        && ask.max_tokens.is_none()
        && stops(ask).is_empty()
        && format.is_none()
        && reasoning.is_none();
    if silent {
        return;
    }
    w.key("generationConfig").object(|w| {
        sampling(w, ask, traits);
        if let Some(most) = &ask.max_tokens {
            w.key("maxOutputTokens").number(most.value.min(target.max_output_tokens));
        }
        if !stops(ask).is_empty() {
            w.key("stopSequences").array(|w| stops(ask).iter().for_each(|stop| w.string(stop)));
        }
        if let Some(format) = format {
            w.key("responseMimeType").string("application/json");
            if let ResponseFormat::JsonSchema { schema, .. } = &format.value {
                w.key("responseJsonSchema").raw(schema);
            }
        }
        if let Some(reasoning) = reasoning {
            let most = ask.max_tokens.map_or(target.max_output_tokens, |most| most.value);
            w.key("thinkingConfig").object(|w| thinking(w, reasoning.value, traits.thinking, most));
        }
    });
}

fn sampling(w: &mut Writer, ask: &Ask<'_>, traits: Traits) {
    let [temperature, top_p, top_k] =
        [ask.temperature, ask.top_p, ask.top_k].map(|given| given.filter(|_| traits.samples));
    let mut number = |key: &str, given: Option<Given<Number<'_>>>, least: f64, most: f64| {
        if let Some(given) = given.filter(|given| within(given, least, most)) {
            w.key(key).raw(given.value.text);
        }
    };
    number("temperature", temperature, 0.0, 2.0);
    number("topP", top_p, 0.0, 1.0);
    // Many models answer 400 to any penalty, so one that does nothing is not said.
    number("frequencyPenalty", ask.frequency_penalty.filter(felt), -2.0, 2.0);
    number("presencePenalty", ask.presence_penalty.filter(felt), -2.0, 2.0);
    for (key, given) in [("topK", top_k), ("seed", ask.seed)] {
        if let Some(given) = given.filter(|given| int32(*given).is_some()) {
            w.key(key).raw(given.value.text);
        }
    }
}

/// Many models answer 400 to any penalty, so one that does nothing is not said.
fn felt(given: &Given<Number<'_>>) -> bool {
    given.value.value != 0.0
}

/// Asking for thought asks to see it; asking for none does not.
///
/// Thoughts count among the tokens of the answer: a quarter of those is kept for what is said.
fn thinking(w: &mut Writer, reasoning: Reasoning, by: Thinking, tokens: u64) {
    match by {
        Thinking::Level => {
            if let Some(level) = level(reasoning) {
                w.key("thinkingLevel").string(level);
            }
        }
        Thinking::Budget { off: rests, least, most } => {
            let floor = if rests { 0 } else { least };
            match reasoning {
                Reasoning::Adaptive => w.key("thinkingBudget").raw("-1"),
                _ if off(reasoning) => w.key("thinkingBudget").number(floor),
                _ => {
                    let room = tokens.saturating_sub(tokens / 4);
                    let budget = budget(reasoning).min(room).clamp(least, most);
                    w.key("thinkingBudget").number(budget);
                }
            }
        }
    }
    if !off(reasoning) {
        w.key("includeThoughts").boolean(true);
    }
}

/// The level nearest to what is asked; `None` for the model's own choice.
///
/// `MINIMAL` is not among them: from Gemini 3.7 on it is refused, and `LOW` is taken everywhere.
const fn level(reasoning: Reasoning) -> Option<&'static str> {
    match reasoning {
        Reasoning::Adaptive => None,
        _ => match reasoning.effort() {
            None | Some(Effort::Minimal | Effort::Low) => Some("LOW"),
            Some(Effort::Medium) => Some("MEDIUM"),
            Some(Effort::High | Effort::Max) => Some("HIGH"),
        },
    }
}

/// An effort's budget is Google's own reading of it, from its OpenAI-compatible endpoint:
/// <https://ai.google.dev/gemini-api/docs/openai#thinking>.
const fn budget(reasoning: Reasoning) -> u64 {
    match reasoning {
        Reasoning::Effort(Effort::Minimal | Effort::Low) => 1024,
        Reasoning::Effort(Effort::Medium) => 8192,
        Reasoning::Effort(Effort::High) => 24_576,
        _ => reasoning.budget(),
    }
}
