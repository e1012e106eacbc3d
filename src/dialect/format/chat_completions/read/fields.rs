//! The fields of a request that are one value each.
use std::borrow::Cow;

use super::{string, wrong};
use crate::dialect::{Ask, Effort, Fault, Given, Number, Reasoning};
use crate::json::{At, Value};

type Read = Result<(), Fault>;

pub(super) fn model<'d>(ask: &mut Ask<'d>, name: &'static str, value: Value<'d>) -> Read {
    ask.model = string(name, value)?;
    if ask.model.is_empty() {
        return Err(Fault::field(name, "expected the name of a model, got an empty string"));
    }
    Ok(())
}

pub(super) fn stream(ask: &mut Ask<'_>, name: &'static str, value: Value<'_>) -> Read {
    ask.stream = boolean(name, value)?;
    Ok(())
}

/// `include_obfuscation` is left alone: it pads events and says nothing about the answer.
pub(super) fn stream_options(ask: &mut Ask<'_>, name: &'static str, value: Value<'_>) -> Read {
    object(name, value)?;
    if let Some(usage) = value.given("include_usage") {
        ask.stream_usage = boolean("stream_options.include_usage", usage)?;
    }
    Ok(())
}

pub(super) fn max_tokens(ask: &mut Ask<'_>, name: &'static str, value: Value<'_>) -> Read {
    match value.as_u64() {
        Some(tokens) if tokens > 0 => {
            ask.max_tokens = Some(Given { value: tokens, field: name });
            Ok(())
        }
        _ => Err(Fault::field(name, "expected a whole number above 0")),
    }
}

pub(super) fn temperature<'d>(ask: &mut Ask<'d>, name: &'static str, value: Value<'d>) -> Read {
    ask.temperature = Some(number(name, value)?);
    Ok(())
}

/// Sampling from all of the probability mass is no restriction at all.
pub(super) fn top_p<'d>(ask: &mut Ask<'d>, name: &'static str, value: Value<'d>) -> Read {
    ask.top_p = Some(number(name, value)?).filter(|given| is_not(given, 1.0));
    Ok(())
}

pub(super) fn top_k<'d>(ask: &mut Ask<'d>, name: &'static str, value: Value<'d>) -> Read {
    ask.top_k = Some(number(name, value)?);
    Ok(())
}

pub(super) fn seed<'d>(ask: &mut Ask<'d>, name: &'static str, value: Value<'d>) -> Read {
    ask.seed = Some(number(name, value)?);
    match value.raw().parse::<i64>() {
        Ok(_) => Ok(()),
        Err(_) => Err(Fault::field(name, "expected a whole number within 64 bits")),
    }
}

pub(super) fn frequency_penalty<'d>(
    ask: &mut Ask<'d>,
    name: &'static str,
    value: Value<'d>,
) -> Read {
    ask.frequency_penalty = Some(number(name, value)?).filter(|given| is_not(given, 0.0));
    Ok(())
}

pub(super) fn presence_penalty<'d>(
    ask: &mut Ask<'d>,
    name: &'static str,
    value: Value<'d>,
) -> Read {
    ask.presence_penalty = Some(number(name, value)?).filter(|given| is_not(given, 0.0));
    Ok(())
}

pub(super) fn stop<'d>(ask: &mut Ask<'d>, name: &'static str, value: Value<'d>) -> Read {
    let mut texts = Vec::new();
    if let Some(text) = value.as_str() {
        texts.push(text);
    } else if value.is_array() {
        for (index, item) in value.items().enumerate() {
            texts.push(string(format_args!("{name}[{index}]"), item)?);
        }
    } else {
        return Err(wrong(name, "a string or a list of strings", value));
    }
    ask.stop = (!texts.is_empty()).then_some(Given { value: texts, field: name });
    Ok(())
}

pub(super) fn reasoning_effort(ask: &mut Ask<'_>, name: &'static str, value: Value<'_>) -> Read {
    let effort = match &*string(name, value)? {
        "none" => Reasoning::Off,
        "minimal" => Reasoning::Effort(Effort::Minimal),
        "low" => Reasoning::Effort(Effort::Low),
        "medium" => Reasoning::Effort(Effort::Medium),
        "high" => Reasoning::Effort(Effort::High),
        "xhigh" | "max" => Reasoning::Effort(Effort::Max),
        other => {
            let known = "`none`, `minimal`, `low`, `medium`, `high`, `xhigh` or `max`";
            let got: String = other.chars().take(40).collect();
            return Err(Fault::field(name, format_args!("expected {known}, got `{got}`")));
        }
    };
    ask.reasoning = Some(Given { value: effort, field: name });
    Ok(())
}

/// A later or stranger word than Anthropic's is the business of a provider that knows it.
pub(super) fn thinking(ask: &mut Ask<'_>, name: &'static str, value: Value<'_>) -> Read {
    object(name, value)?;
    let budget = value.get("budget_tokens").and_then(Value::as_u64);
    let reasoning = match (value.str_of("type").as_deref(), budget) {
        (Some("disabled"), _) => Reasoning::Off,
        (Some("adaptive"), _) => Reasoning::Adaptive,
        (Some("enabled"), Some(tokens)) => Reasoning::Budget(tokens),
        (Some("enabled"), None) => Reasoning::Effort(Effort::Medium),
        _ => return passthrough_only(ask, name),
    };
    if ask.reasoning.is_none() {
        ask.reasoning = Some(Given { value: reasoning, field: name });
    }
    Ok(())
}

pub(super) fn user<'d>(ask: &mut Ask<'d>, name: &'static str, value: Value<'d>) -> Read {
    ask.user = Some(Given { value: string(name, value)?, field: name });
    Ok(())
}

pub(super) fn n(ask: &mut Ask<'_>, name: &'static str, value: Value<'_>) -> Read {
    match value.as_u64() {
        Some(0) | None => Err(Fault::field(name, "expected a whole number above 0")),
        Some(1) => Ok(()),
        Some(choices) => {
            ask.choices = choices;
            passthrough_only(ask, name)
        }
    }
}

pub(super) fn logprobs(ask: &mut Ask<'_>, name: &'static str, value: Value<'_>) -> Read {
    if boolean(name, value)? { passthrough_only(ask, name) } else { Ok(()) }
}

pub(super) fn top_logprobs(ask: &mut Ask<'_>, name: &'static str, value: Value<'_>) -> Read {
    match value.as_u64() {
        None => Err(wrong(name, "a whole number", value)),
        Some(0) => Ok(()),
        Some(_) => passthrough_only(ask, name),
    }
}

pub(super) fn logit_bias(ask: &mut Ask<'_>, name: &'static str, value: Value<'_>) -> Read {
    object(name, value)?;
    if value.members().next().is_some() { passthrough_only(ask, name) } else { Ok(()) }
}

pub(super) fn modalities(ask: &mut Ask<'_>, name: &'static str, value: Value<'_>) -> Read {
    array(name, value)?;
    if value.items().all(|item| item.is("text")) { Ok(()) } else { passthrough_only(ask, name) }
}

/// Something that only OpenAI does, switched on by being there.
pub(super) fn native_object(ask: &mut Ask<'_>, name: &'static str, value: Value<'_>) -> Read {
    object(name, value)?;
    passthrough_only(ask, name)
}

/// The way to offer functions before `tools`.
pub(super) fn functions(ask: &mut Ask<'_>, name: &'static str, value: Value<'_>) -> Read {
    array(name, value)?;
    if value.items().next().is_some() { passthrough_only(ask, name) } else { Ok(()) }
}

/// The way to choose a function before `tool_choice`.
pub(super) fn function_call(ask: &mut Ask<'_>, name: &'static str, value: Value<'_>) -> Read {
    if value.is("auto") || value.is("none") {
        return Ok(());
    }
    native_object(ask, name, value)
}

pub(super) fn hint_object(ask: &mut Ask<'_>, name: &'static str, value: Value<'_>) -> Read {
    object(name, value)?;
    if value.members().next().is_some() { best_effort(ask, name) } else { Ok(()) }
}

pub(super) fn store(ask: &mut Ask<'_>, name: &'static str, value: Value<'_>) -> Read {
    if boolean(name, value)? { best_effort(ask, name) } else { Ok(()) }
}

pub(super) fn service_tier(ask: &mut Ask<'_>, name: &'static str, value: Value<'_>) -> Read {
    let tier = string(name, value)?;
    if matches!(&*tier, "auto" | "default") {
        return Ok(());
    }
    // `flex` is slower for less, and a word that nobody knows may be faster for more.
    ask.premium = (tier != "flex").then_some(name);
    best_effort(ask, name)
}

pub(super) fn verbosity(ask: &mut Ask<'_>, name: &'static str, value: Value<'_>) -> Read {
    if string(name, value)? == "medium" { Ok(()) } else { best_effort(ask, name) }
}

pub(super) fn hint_string(ask: &mut Ask<'_>, name: &'static str, value: Value<'_>) -> Read {
    string(name, value)?;
    best_effort(ask, name)
}

fn passthrough_only(ask: &mut Ask<'_>, name: &'static str) -> Read {
    ask.passthrough_only.push(Cow::Borrowed(name));
    Ok(())
}

fn best_effort(ask: &mut Ask<'_>, name: &'static str) -> Read {
    ask.best_effort.push(Cow::Borrowed(name));
    Ok(())
}

fn number<'d>(name: &'static str, value: Value<'d>) -> Result<Given<Number<'d>>, Fault> {
    match value.as_f64() {
        Some(double) => {
            let number = Number { text: value.raw(), value: double };
            Ok(Given { value: number, field: name })
        }
        None => Err(wrong(name, "a number within the range of doubles", value)),
    }
}

fn is_not(given: &Given<Number<'_>>, neutral: f64) -> bool {
    (given.value.value - neutral).abs() > f64::EPSILON
}

pub(super) fn boolean(at: impl ToString, value: Value<'_>) -> Result<bool, Fault> {
    value.as_bool().ok_or_else(|| wrong(at, "a boolean", value))
}

pub(super) fn object(at: impl ToString, value: Value<'_>) -> Read {
    if value.is_object() { Ok(()) } else { Err(wrong(at, "an object", value)) }
}

pub(super) fn array(at: impl ToString, value: Value<'_>) -> Read {
    if value.is_array() { Ok(()) } else { Err(wrong(at, "a list", value)) }
}

/// Reads each item of a list, which `read` is given with its place.
pub(super) fn each<'d>(
    list: At<'_>,
    value: Value<'d>,
    mut read: impl FnMut(&At<'_>, Value<'d>) -> Read,
) -> Read {
    array(list, value)?;
    for (index, item) in value.items().enumerate() {
        read(&list.item(index), item)?;
    }
    Ok(())
}
