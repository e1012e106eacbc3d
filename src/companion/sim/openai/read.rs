//! A chat completions body, held to the published reference.
use serde_json::{Map, Value};

use super::super::shape::{
    Field, InvalidField, JsonType, coded, fields, given, invalid, items, missing, nullable, object,
    optional, required, text,
};
use super::super::talk::{ChatRequest, Format};
use super::model::{is_o, most_output, reasons, reasons_or_calls, takes_effort, usual_effort};
use super::{messages, tools};

const TOP: &[Field] = &[
    required("model", JsonType::Text),
    required("messages", JsonType::List),
    nullable("audio", JsonType::Object),
    nullable("frequency_penalty", JsonType::Number),
    nullable("function_call", JsonType::TextOrObject),
    nullable("functions", JsonType::List),
    nullable("logit_bias", JsonType::Object),
    nullable("logprobs", JsonType::Flag),
    nullable("max_completion_tokens", JsonType::Integer),
    nullable("max_tokens", JsonType::Integer),
    nullable("metadata", JsonType::Object),
    nullable("modalities", JsonType::List),
    nullable("moderation", JsonType::Any),
    nullable("n", JsonType::Integer),
    optional("parallel_tool_calls", JsonType::Flag),
    nullable("prediction", JsonType::Object),
    nullable("presence_penalty", JsonType::Number),
    nullable("prompt_cache_key", JsonType::Text),
    nullable("prompt_cache_options", JsonType::Object),
    nullable("prompt_cache_retention", JsonType::Text),
    nullable("reasoning_effort", JsonType::Text),
    optional("response_format", JsonType::Object),
    nullable("safety_identifier", JsonType::Text),
    nullable("seed", JsonType::Integer),
    nullable("service_tier", JsonType::Text),
    nullable("stop", JsonType::TextOrList),
    nullable("store", JsonType::Flag),
    nullable("stream", JsonType::Flag),
    nullable("stream_options", JsonType::Object),
    nullable("temperature", JsonType::Number),
    optional("tool_choice", JsonType::TextOrObject),
    optional("tools", JsonType::List),
    nullable("top_logprobs", JsonType::Integer),
    nullable("top_p", JsonType::Number),
    nullable("user", JsonType::Text),
    nullable("verbosity", JsonType::Text),
    nullable("web_search_options", JsonType::Object),
];

/// How a message names a type.
pub(super) const fn wanted(is: JsonType) -> &'static str {
    match is {
        JsonType::Text => "a string",
        JsonType::Number => "a decimal",
        JsonType::Integer => "an integer",
        JsonType::Flag => "a boolean",
        JsonType::List => "an array",
        JsonType::Object => "an object",
        JsonType::TextOrList => "one of a string or array",
        JsonType::TextOrObject => "one of a string or object",
        JsonType::Any => "a value",
    }
}

pub(super) fn read(body: &Value) -> Result<ChatRequest, InvalidField> {
    let body = object(body, "")?;
    if !body.contains_key("model") {
        return Err(invalid("", "you must provide a model parameter"));
    }
    fields(body, "", TOP)?;
    let model = text(body, "model").unwrap_or_default();
    let mut request = ChatRequest {
        provider: "openai",
        model: model.to_owned(),
        stream: body.get("stream").and_then(Value::as_bool).unwrap_or(false),
        sse: true,
        parallel: true,
        thinking_counts: true,
        ..ChatRequest::default()
    };
    ranges(body)?;
    limits(body, model, &mut request)?;
    reasoning(body, model, &mut request)?;
    stream_options(body, &mut request)?;
    tools::read(body, &mut request)?;
    messages::read(items(body, "messages"), &mut request)?;
    format(body, &mut request)?;
    Ok(request)
}

fn ranges(body: &Map<String, Value>) -> Result<(), InvalidField> {
    let rows = [
        ("temperature", 0.0, 2.0),
        ("top_p", 0.0, 1.0),
        ("frequency_penalty", -2.0, 2.0),
        ("presence_penalty", -2.0, 2.0),
        ("n", 1.0, 128.0),
        ("top_logprobs", 0.0, 20.0),
        ("max_tokens", 1.0, f64::MAX),
        ("max_completion_tokens", 1.0, f64::MAX),
    ];
    for (name, low, high) in rows {
        let Some(found) = body.get(name).and_then(Value::as_f64) else { continue };
        let kind = if body.get(name).is_some_and(Value::is_f64) { "decimal" } else { "integer" };
        if found < low {
            let code = if kind == "decimal" {
                "decimal_below_min_value"
            } else {
                "integer_below_min_value"
            };
            let message = format!(
                "Invalid '{name}': {kind} below minimum value. Expected a value >= {low}, but got \
                 {found} instead."
            );
            return Err(coded(name, code, message));
        }
        if found > high {
            let code = if kind == "decimal" {
                "decimal_above_max_value"
            } else {
                "integer_above_max_value"
            };
            let message = format!(
                "Invalid '{name}': {kind} above maximum value. Expected a value <= {high}, but \
                 got {found} instead."
            );
            return Err(coded(name, code, message));
        }
    }
    let logprobs = body.get("logprobs").and_then(Value::as_bool).unwrap_or(false);
    if given(body, "top_logprobs").is_some() && !logprobs {
        let message = "The 'top_logprobs' parameter is only allowed when 'logprobs' is enabled.";
        return Err(invalid("top_logprobs", message));
    }
    Ok(())
}

fn limits(
    body: &Map<String, Value>,
    model: &str,
    request: &mut ChatRequest,
) -> Result<(), InvalidField> {
    let old = given(body, "max_tokens").and_then(Value::as_u64);
    let new = given(body, "max_completion_tokens").and_then(Value::as_u64);
    if old.is_some() && new.is_some() {
        let message = "Setting 'max_tokens' and 'max_completion_tokens' at the same time is not \
                       supported.";
        return Err(coded("max_tokens", "invalid_parameter_combination", message));
    }
    if old.is_some() && reasons(model) {
        let message = "Unsupported parameter: 'max_tokens' is not supported with this model. Use \
                       'max_completion_tokens' instead.";
        return Err(coded("max_tokens", "unsupported_parameter", message));
    }
    request.max_tokens = old.or(new);
    let asked = request.max_tokens.unwrap_or(0);
    if let Some(most) = most_output(model).filter(|most| asked > *most) {
        let name = if old.is_some() { "max_tokens" } else { "max_completion_tokens" };
        let message = format!(
            "{name} is too large: {asked}. This model supports at most {most} completion tokens, \
             whereas you provided {asked}."
        );
        return Err(coded(name, "invalid_value", message));
    }
    request.answers = body.get("n").and_then(Value::as_u64).unwrap_or(1);
    match given(body, "stop") {
        Some(Value::String(stop)) => request.stops.push(stop.clone()),
        Some(Value::Array(list)) => {
            if list.len() > 4 {
                let message = format!(
                    "Invalid 'stop': array too long. Expected an array with maximum length 4, but \
                     got an array with length {} instead.",
                    list.len()
                );
                return Err(coded("stop", "array_above_max_length", message));
            }
            for (at, stop) in list.iter().enumerate() {
                let path = format!("stop.{at}");
                let stop = stop.as_str();
                let stop = stop.ok_or_else(|| {
                    coded(&path, "invalid_type", "Invalid type for 'stop': expected strings.")
                })?;
                request.stops.push(stop.to_owned());
            }
        }
        _ => {}
    }
    Ok(())
}

fn verbosity(body: &Map<String, Value>, model: &str) -> Result<(), InvalidField> {
    let Some(word) = text(body, "verbosity").filter(|word| !reasons(model) && *word != "medium")
    else {
        return Ok(());
    };
    let message = format!(
        "Unsupported value: '{word}' is not supported with the '{model}' model. Supported values \
         are: 'medium'."
    );
    Err(coded("verbosity", "unsupported_value", message))
}

fn reasoning(
    body: &Map<String, Value>,
    model: &str,
    request: &mut ChatRequest,
) -> Result<(), InvalidField> {
    let effort = given(body, "reasoning_effort").and_then(Value::as_str);
    if is_o(model) && given(body, "parallel_tool_calls").is_some() {
        let message =
            "Unsupported parameter: 'parallel_tool_calls' is not supported with this model.";
        return Err(coded("parallel_tool_calls", "unsupported_parameter", message));
    }
    verbosity(body, model)?;
    if !reasons(model) {
        return match effort {
            Some(_) => Err(invalid("", "Unrecognized request argument supplied: reasoning_effort")),
            None => Ok(()),
        };
    }
    request.thinking = match effort.unwrap_or_else(|| usual_effort(model)) {
        "none" => 0,
        "minimal" => 8,
        "low" => 16,
        "medium" => 64,
        "high" => 256,
        "xhigh" => 512,
        "max" => 1024,
        other => {
            let message = format!(
                "Invalid value: '{other}'. Supported values are: 'none', 'minimal', 'low', \
                 'medium', 'high', 'xhigh', and 'max'."
            );
            return Err(coded("reasoning_effort", "invalid_value", message));
        }
    };
    if let Some(word) = effort.filter(|word| !takes_effort(model, word)) {
        let message = format!(
            "Unsupported value: 'reasoning_effort' does not support '{word}' with this model."
        );
        return Err(coded("reasoning_effort", "unsupported_value", message));
    }
    if request.thinking == 0 {
        return Ok(());
    }
    if reasons_or_calls(model) && !items(body, "tools").is_empty() {
        let message = format!(
            "Function tools with reasoning_effort are not supported for {model} in \
             /v1/chat/completions. Please use /v1/responses instead."
        );
        return Err(invalid("reasoning_effort", message));
    }
    for name in ["temperature", "top_p", "frequency_penalty", "presence_penalty"] {
        let default = if name.ends_with("penalty") { 0.0 } else { 1.0 };
        let found = given(body, name).and_then(Value::as_f64);
        if let Some(found) = found.filter(|found| (found - default).abs() > f64::EPSILON) {
            let message = format!(
                "Unsupported value: '{name}' does not support {found} with this model. Only the \
                 default ({default}) value is supported."
            );
            return Err(coded(name, "unsupported_value", message));
        }
    }
    let refused = ["stop", "logprobs", "top_logprobs", "logit_bias"];
    match refused.iter().find(|name| given(body, name).is_some()) {
        Some(name) => {
            let message =
                format!("Unsupported parameter: '{name}' is not supported with this model.");
            Err(coded(name, "unsupported_parameter", message))
        }
        None => Ok(()),
    }
}

fn stream_options(
    body: &Map<String, Value>,
    request: &mut ChatRequest,
) -> Result<(), InvalidField> {
    let Some(options) = given(body, "stream_options").and_then(Value::as_object) else {
        return Ok(());
    };
    if !request.stream {
        let message = "The 'stream_options' parameter is only allowed when 'stream' is enabled.";
        return Err(invalid("stream_options", message));
    }
    let known = [
        nullable("include_usage", JsonType::Flag),
        nullable("include_obfuscation", JsonType::Flag),
    ];
    fields(options, "stream_options", &known)?;
    request.include_usage = options.get("include_usage").and_then(Value::as_bool).unwrap_or(false);
    Ok(())
}

fn format(body: &Map<String, Value>, request: &mut ChatRequest) -> Result<(), InvalidField> {
    let Some(format) = body.get("response_format").and_then(Value::as_object) else {
        return Ok(());
    };
    let at = "response_format";
    fields(
        format,
        at,
        &[required("type", JsonType::Text), optional("json_schema", JsonType::Object)],
    )?;
    match text(format, "type").unwrap_or_default() {
        "text" => {}
        "json_object" => {
            if !request.prompt.to_ascii_lowercase().contains("json") {
                let message = "'messages' must contain the word 'json' in some form, to use \
                               'response_format' of type 'json_object'.";
                return Err(invalid("messages", message));
            }
            request.format = Format::Json;
        }
        "json_schema" => {
            let inner = format.get("json_schema").and_then(Value::as_object);
            let inner = inner.ok_or_else(|| missing(at, "json_schema"))?;
            request.format = Format::Schema(tools::answer_schema(inner)?);
        }
        other => {
            let message = format!(
                "Invalid value: '{other}'. Supported values are: 'json_object', 'json_schema', \
                 and 'text'."
            );
            return Err(coded("response_format.type", "invalid_value", message));
        }
    }
    Ok(())
}
