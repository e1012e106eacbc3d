//! A messages body, held to the published reference.
use serde_json::{Map, Value};

use super::super::shape::{
    Field, InvalidField, JsonType, Reason, bad_schema, fields, invalid, items, missing, nullable,
    object, optional, required, text,
};
use super::super::talk::{ChatRequest, Format};
use super::model::{always_thinks, calls_freely, most_output, steered, takes_effort};
use super::{messages, parts, tools};

const TOP: &[Field] = &[
    required("model", JsonType::Text),
    required("messages", JsonType::List),
    required("max_tokens", JsonType::Integer),
    nullable("cache_control", JsonType::Object),
    nullable("container", JsonType::Text),
    nullable("context_management", JsonType::Object),
    nullable("diagnostics", JsonType::Object),
    nullable("inference_geo", JsonType::Text),
    optional("metadata", JsonType::Object),
    optional("output_config", JsonType::Object),
    optional("service_tier", JsonType::Text),
    nullable("speed", JsonType::Text),
    optional("stop_sequences", JsonType::List),
    optional("stream", JsonType::Flag),
    optional("system", JsonType::TextOrList),
    optional("temperature", JsonType::Number),
    optional("thinking", JsonType::Object),
    optional("tool_choice", JsonType::Object),
    optional("tools", JsonType::List),
    optional("top_k", JsonType::Integer),
    optional("top_p", JsonType::Number),
    nullable("user_profile_id", JsonType::Text),
    nullable("workspace_id", JsonType::Text),
];

pub(super) fn read(body: &Value, newest: bool) -> Result<ChatRequest, InvalidField> {
    let body = object(body, "")?;
    fields(body, "", TOP)?;
    let model = text(body, "model").unwrap_or_default();
    let mut request = ChatRequest {
        provider: "anthropic",
        model: model.to_owned(),
        stream: body.get("stream").and_then(Value::as_bool).unwrap_or(false),
        sse: true,
        parallel: true,
        answers: 1,
        max_tokens: body.get("max_tokens").and_then(Value::as_u64),
        ..ChatRequest::default()
    };
    if newest {
        removed(body)?;
    }
    ranges(body)?;
    small_fields(body, &mut request)?;
    let forced_thinking = thinking(body, model, &mut request)?;
    context(body)?;
    tools::read(body, forced_thinking, &mut request)?;
    let choice = body.get("tool_choice").and_then(Value::as_object);
    let kind = choice.and_then(|choice| text(choice, "type")).unwrap_or_default();
    if calls_freely(model) && matches!(kind, "any" | "tool") {
        let message = format!("tool_choice: type \"{kind}\" is not supported for this model.");
        return Err(invalid("tool_choice", message));
    }
    let mut marks = 0;
    parts::system(body.get("system"), &mut marks, &mut request)?;
    messages::read(items(body, "messages"), &mut marks, &mut request)?;
    if forced_thinking {
        messages::last_turn_thinks(items(body, "messages"))?;
    }
    if body.get("cache_control").is_some_and(Value::is_object) {
        request.cache_marks.push(request.prompt.len());
    }
    output(body, &mut request)?;
    Ok(request)
}

/// What version 2026-10-21 took away.
/// platform.claude.com/docs/en/api/migration-2026-10-21
fn removed(body: &Map<String, Value>) -> Result<(), InvalidField> {
    let mut sampling = ["temperature", "top_p", "top_k"].into_iter();
    if let Some(name) = sampling.find(|name| body.contains_key(*name)) {
        return Err(InvalidField { path: name.to_owned(), why: Reason::Unknown });
    }
    for (index, message) in items(body, "messages").iter().enumerate() {
        let is_user = message.get("role").is_some_and(|role| role == "user");
        let blocks = message.get("content").and_then(Value::as_array);
        let cites = |block: &Value| {
            block.get("citations").and_then(Value::as_array).is_some_and(|list| !list.is_empty())
        };
        if is_user && blocks.is_some_and(|blocks| blocks.iter().any(cites)) {
            let message = format!("messages.{index}: `citations` are not allowed in user messages");
            return Err(invalid("messages", message));
        }
    }
    Ok(())
}

fn ranges(body: &Map<String, Value>) -> Result<(), InvalidField> {
    let rows = [
        ("max_tokens", 1.0, f64::MAX),
        ("temperature", 0.0, 1.0),
        ("top_p", 0.0, 1.0),
        ("top_k", 0.0, f64::MAX),
    ];
    for (name, low, high) in rows {
        let Some(found) = body.get(name).and_then(Value::as_f64) else { continue };
        if found < low {
            let message = format!("{name}: Input should be greater than or equal to {low}");
            return Err(invalid(name, message));
        }
        if found > high {
            let message = format!("{name}: Input should be less than or equal to {high}");
            return Err(invalid(name, message));
        }
    }
    let model = text(body, "model").unwrap_or_default();
    let asked = body.get("max_tokens").and_then(Value::as_i64).unwrap_or(0);
    if let Some(most) = most_output(model).filter(|most| asked > *most) {
        let message = format!(
            "max_tokens: {asked} > {most}, which is the maximum allowed number of output tokens \
             for {model}"
        );
        return Err(invalid("max_tokens", message));
    }
    let mut sampling = ["temperature", "top_p", "top_k"].into_iter();
    if let (true, Some(name)) = (steered(model), sampling.find(|name| body.contains_key(*name))) {
        return Err(invalid(name, format!("`{name}` is deprecated for this model.")));
    }
    let one_only = ["-4-1", "-4-5", "-4-6"].iter().any(|version| model.contains(version));
    if one_only && body.contains_key("temperature") && body.contains_key("top_p") {
        let message = "`temperature` and `top_p` cannot both be specified for this model. Please \
                       use only one.";
        return Err(invalid("", message));
    }
    Ok(())
}

fn small_fields(body: &Map<String, Value>, request: &mut ChatRequest) -> Result<(), InvalidField> {
    if let Some(metadata) = body.get("metadata").and_then(Value::as_object) {
        fields(metadata, "metadata", &[nullable("user_id", JsonType::Text)])?;
    }
    if let Some(tier) =
        text(body, "service_tier").filter(|t| !["auto", "standard_only"].contains(t))
    {
        let message =
            format!("service_tier: Input should be 'auto' or 'standard_only', not '{tier}'");
        return Err(invalid("service_tier", message));
    }
    for (index, stop) in items(body, "stop_sequences").iter().enumerate() {
        let path = format!("stop_sequences.{index}");
        let stop = stop
            .as_str()
            .ok_or_else(|| invalid(&path, format!("{path}: Input should be a valid string")))?;
        if stop.trim().is_empty() {
            let message = "stop_sequences: each stop sequence must contain non-whitespace";
            return Err(invalid(&path, message));
        }
        request.stops.push(stop.to_owned());
    }
    Ok(())
}

/// Thoughts are taken out of a conversation only where the model goes on thinking.
/// platform.claude.com/docs/en/build-with-claude/context-editing
fn context(body: &Map<String, Value>) -> Result<(), InvalidField> {
    let Some(context) = body.get("context_management").and_then(Value::as_object) else {
        return Ok(());
    };
    let kind = body.get("thinking").and_then(|thinking| thinking.get("type"));
    let thinks = kind.is_some_and(|kind| kind == "enabled" || kind == "adaptive");
    let edits = items(context, "edits").iter().filter_map(|edit| edit.get("type"));
    for kind in edits.filter_map(Value::as_str) {
        if kind.starts_with("clear_thinking_") && !thinks {
            let message =
                format!("`{kind}` strategy requires `thinking` to be enabled or adaptive");
            return Err(invalid("context_management", message));
        }
    }
    Ok(())
}

/// Reads `thinking`. True when a budget was given, which brings rules for the other fields.
fn thinking(
    body: &Map<String, Value>,
    model: &str,
    request: &mut ChatRequest,
) -> Result<bool, InvalidField> {
    let Some(thinking) = body.get("thinking").and_then(Value::as_object) else { return Ok(false) };
    let kind = text(thinking, "type").ok_or_else(|| missing("thinking", "type"))?;
    let display = optional("display", JsonType::Text);
    match kind {
        "disabled" | "between_tools" => {
            fields(thinking, &format!("thinking.{kind}"), &[required("type", JsonType::Text)])?;
            if kind == "disabled" && always_thinks(model) {
                let message = "\"thinking.type.disabled\" is not supported for this model.";
                return Err(invalid("thinking", message));
            }
            return Ok(false);
        }
        "adaptive" => {
            fields(thinking, "thinking.adaptive", &[required("type", JsonType::Text), display])?;
            let old = ["claude-3", "-4-0", "-4-1", "-4-5", "sonnet-4-2", "opus-4-2"];
            if old.iter().any(|name| model.contains(name)) {
                return Err(invalid(
                    "thinking",
                    "adaptive thinking is not supported on this model",
                ));
            }
        }
        "enabled" => {
            let known = [
                required("type", JsonType::Text),
                required("budget_tokens", JsonType::Integer),
                display,
            ];
            fields(thinking, "thinking.enabled", &known)?;
            budget(thinking, body, model)?;
        }
        other => {
            let message = format!(
                "thinking: Input tag '{other}' found using 'type' does not match any of the \
                 expected tags: 'adaptive', 'between_tools', 'disabled', 'enabled'"
            );
            return Err(invalid("thinking", message));
        }
    }
    request.thinking = 24;
    request.show_thinking = text(thinking, "display") != Some("omitted");
    if body.get("temperature").and_then(Value::as_f64).is_some_and(|t| (t - 1.0).abs() > 1e-9) {
        return Err(invalid(
            "temperature",
            "`temperature` may only be set to 1 when thinking is enabled.",
        ));
    }
    if body.contains_key("top_k") {
        return Err(invalid("top_k", "`top_k` must be unset when thinking is enabled."));
    }
    if body.get("top_p").and_then(Value::as_f64).is_some_and(|p| p < 0.95) {
        let message =
            "`top_p` must be greater than or equal to 0.95 or unset when thinking is enabled.";
        return Err(invalid("top_p", message));
    }
    Ok(kind == "enabled")
}

fn budget(
    thinking: &Map<String, Value>,
    body: &Map<String, Value>,
    model: &str,
) -> Result<(), InvalidField> {
    if steered(model) {
        let message = "\"thinking.type.enabled\" is not supported for this model. Use \
                       \"thinking.type.adaptive\" and \"output_config.effort\" to control thinking \
                       behavior.";
        return Err(invalid("thinking", message));
    }
    if ["claude-3-5", "claude-3-haiku", "claude-3-opus"].iter().any(|old| model.contains(old)) {
        return Err(invalid("thinking", format!("'{model}' does not support thinking.")));
    }
    let budget = thinking.get("budget_tokens").and_then(Value::as_i64).unwrap_or(0);
    if budget < 1024 {
        let message =
            "thinking.enabled.budget_tokens: Input should be greater than or equal to 1024";
        return Err(invalid("thinking", message));
    }
    let most = body.get("max_tokens").and_then(Value::as_i64).unwrap_or(0);
    if most <= budget {
        let message = "`max_tokens` must be greater than `thinking.budget_tokens`. Please consult \
                       our documentation at https://docs.claude.com/en/docs/build-with-claude/\
                       extended-thinking#max-tokens-and-context-window-size";
        return Err(invalid("max_tokens", message));
    }
    Ok(())
}

fn output(body: &Map<String, Value>, request: &mut ChatRequest) -> Result<(), InvalidField> {
    let at = "output_config";
    let Some(config) = body.get(at).and_then(Value::as_object) else { return Ok(()) };
    fields(
        config,
        at,
        &[
            nullable("effort", JsonType::Text),
            nullable("format", JsonType::Object),
            nullable("task_budget", JsonType::Object),
        ],
    )?;
    let efforts = ["low", "medium", "high", "xhigh", "max"];
    if text(config, "effort").is_some_and(|effort| !efforts.contains(&effort)) {
        let message = "output_config.effort: Input should be 'low', 'medium', 'high', 'xhigh' or \
                       'max'";
        return Err(invalid(at, message));
    }
    let model = text(body, "model").unwrap_or_default();
    if let Some(effort) = text(config, "effort").filter(|effort| !takes_effort(model, effort)) {
        let message = match takes_effort(model, "low") {
            true => format!("output_config.effort: '{effort}' is not supported by this model."),
            false => "This model does not support the effort parameter.".to_owned(),
        };
        return Err(invalid(at, message));
    }
    let Some(format) = config.get("format").and_then(Value::as_object) else { return Ok(()) };
    let at = "output_config.format";
    fields(format, at, &[required("type", JsonType::Text), required("schema", JsonType::Object)])?;
    if text(format, "type") != Some("json_schema") {
        return Err(invalid(at, "output_config.format.type: Input should be 'json_schema'"));
    }
    let schema = format.get("schema").cloned().unwrap_or_default();
    if let Some((path, why)) = bad_schema(&schema, "output_config.format.schema") {
        return Err(invalid(&path, format!("{path}: {why}")));
    }
    closed(&schema)?;
    request.format = Format::Schema(schema);
    Ok(())
}

/// Structured output asks for closed objects.
fn closed(schema: &Value) -> Result<(), InvalidField> {
    let is_object = schema.get("type").is_some_and(|kind| kind == "object");
    if is_object && schema.get("additionalProperties") != Some(&Value::Bool(false)) {
        let message = "output_config.format.schema: For 'object' type, 'additionalProperties' \
                       must be explicitly set to false";
        return Err(invalid("output_config.format.schema", message));
    }
    let inner = schema.get("properties").and_then(Value::as_object);
    let mut all = inner.into_iter().flat_map(Map::values).chain(schema.get("items"));
    all.try_for_each(closed)
}
