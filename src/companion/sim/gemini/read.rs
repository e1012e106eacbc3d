//! A generateContent body, held to the published reference.
use serde_json::{Map, Value};

use super::super::api::Route;
use super::super::shape::{
    Field, InvalidField, JsonType, bad_schema, fields, given, invalid, items, missing, nullable,
    object, text,
};
use super::super::talk::{ChatRequest, Format};
use super::model::third;
use super::{contents, schema, tools};

const TOP: &[Field] = &[
    nullable("contents", JsonType::List),
    nullable("cachedContent", JsonType::Text),
    nullable("generationConfig", JsonType::Object),
    nullable("labels", JsonType::Object),
    nullable("model", JsonType::Text),
    nullable("safetySettings", JsonType::List),
    nullable("serviceTier", JsonType::Text),
    nullable("store", JsonType::Flag),
    nullable("systemInstruction", JsonType::Object),
    nullable("toolConfig", JsonType::Object),
    nullable("tools", JsonType::List),
];
const CONFIG: &[Field] = &[
    nullable("candidateCount", JsonType::Integer),
    nullable("enableEnhancedCivicAnswers", JsonType::Flag),
    nullable("frequencyPenalty", JsonType::Number),
    nullable("imageConfig", JsonType::Object),
    nullable("logprobs", JsonType::Integer),
    nullable("maxOutputTokens", JsonType::Integer),
    nullable("mediaResolution", JsonType::Text),
    nullable("presencePenalty", JsonType::Number),
    nullable("responseFormat", JsonType::Object),
    nullable("responseJsonSchema", JsonType::Any),
    nullable("responseLogprobs", JsonType::Flag),
    nullable("responseMimeType", JsonType::Text),
    nullable("responseModalities", JsonType::List),
    nullable("responseSchema", JsonType::Object),
    nullable("seed", JsonType::Integer),
    nullable("speechConfig", JsonType::Object),
    nullable("stopSequences", JsonType::List),
    nullable("temperature", JsonType::Number),
    nullable("thinkingConfig", JsonType::Object),
    nullable("topK", JsonType::Integer),
    nullable("topP", JsonType::Number),
];
const MIMES: &[&str] =
    &["text/plain", "application/json", "application/xml", "application/yaml", "text/x.enum"];

pub(super) fn read(body: &Value, route: &Route) -> Result<ChatRequest, InvalidField> {
    let body = camel(body);
    let body = object(&body, "")?;
    fields(body, "", TOP)?;
    let mut request = ChatRequest {
        provider: "gemini",
        model: route.model.clone().unwrap_or_default(),
        stream: route.stream,
        sse: route.sse,
        parallel: true,
        thinking_counts: true,
        answers: 1,
        ..ChatRequest::default()
    };
    tools::read(body, &mut request)?;
    if let Some(system) = given(body, "systemInstruction") {
        let parts = contents::system(system)?;
        request.hear(&parts);
    }
    if items(body, "contents").is_empty() {
        return Err(missing("", "contents"));
    }
    contents::read(items(body, "contents"), &mut request)?;
    if let Some(config) = given(body, "generationConfig").and_then(Value::as_object) {
        read_config(config, &mut request)?;
    }
    for (index, setting) in items(body, "safetySettings").iter().enumerate() {
        let path = format!("safetySettings.{index}");
        let known = [nullable("category", JsonType::Text), nullable("threshold", JsonType::Text)];
        fields(object(setting, &path)?, &path, &known)?;
    }
    Ok(request)
}

/// Field names in camel case: the API takes snake case too. What a user named is left alone.
fn camel(value: &Value) -> Value {
    let own = ["args", "response", "responseJsonSchema", "parametersJsonSchema", "properties"];
    match value {
        Value::Array(list) => Value::Array(list.iter().map(camel).collect()),
        Value::Object(object) => {
            let mut out = Map::new();
            for (name, value) in object {
                let name = camel_name(name);
                let is_own = own.contains(&name.as_str());
                let value = if is_own { value.clone() } else { camel(value) };
                out.insert(name, value);
            }
            Value::Object(out)
        }
        other => other.clone(),
    }
}

fn camel_name(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    let mut upper = false;
    for c in name.chars() {
        if c == '_' && !out.is_empty() {
            upper = true;
        } else if upper {
            out.push(c.to_ascii_uppercase());
            upper = false;
        } else {
            out.push(c);
        }
    }
    out
}

fn read_config(config: &Map<String, Value>, request: &mut ChatRequest) -> Result<(), InvalidField> {
    let at = "generationConfig";
    fields(config, at, CONFIG)?;
    ranges(config)?;
    request.max_tokens = config.get("maxOutputTokens").and_then(Value::as_u64);
    let stops = items(config, "stopSequences");
    if stops.len() > 5 {
        let message = format!(
            "Invalid number of stop sequences: {}. Supported range is from 0 (inclusive) to 5 \
             (inclusive).",
            stops.len()
        );
        return Err(invalid(at, message));
    }
    for (index, stop) in stops.iter().enumerate() {
        let path = format!("{at}.stopSequences.{index}");
        let wrong = || super::super::shape::mistyped(&path, JsonType::Text, stop);
        request.stops.push(stop.as_str().ok_or_else(wrong)?.to_owned());
    }
    format(config, request)?;
    match given(config, "thinkingConfig").and_then(Value::as_object) {
        Some(thinking) => read_thinking(thinking, request),
        None => Ok(()),
    }
}

fn ranges(config: &Map<String, Value>) -> Result<(), InvalidField> {
    let rows = [
        ("temperature", 0.0, 2.0),
        ("topP", 0.0, 1.0),
        ("topK", 0.0, f64::from(i32::MAX)),
        ("maxOutputTokens", 1.0, f64::from(i32::MAX)),
        ("candidateCount", 1.0, 1.0),
        ("presencePenalty", -2.0, 1.999_999),
        ("frequencyPenalty", -2.0, 1.999_999),
    ];
    for (name, low, high) in rows {
        let Some(found) = config.get(name).and_then(Value::as_f64) else { continue };
        if found < low || found > high {
            let name = super::snake(name);
            let message = format!(
                "* GenerateContentRequest.generation_config.{name}: {name} must be in the range \
                 [{low}, {high}], but got {found}\n"
            );
            return Err(invalid(&name, message));
        }
    }
    Ok(())
}

fn format(config: &Map<String, Value>, request: &mut ChatRequest) -> Result<(), InvalidField> {
    let mime = text(config, "responseMimeType").unwrap_or("text/plain");
    let at = "generation_config.response_mime_type";
    if !MIMES.contains(&mime) {
        let message = format!(
            "* GenerateContentRequest.{at}: allowed mimetypes are `text/plain`, \
             `application/json`, `application/xml`, `application/yaml` and `text/x.enum`.\n"
        );
        return Err(invalid(at, message));
    }
    let json = mime == "application/json";
    if json && !request.tools.is_empty() && !third(&request.model) {
        let message =
            "Function calling with a response mime type: 'application/json' is unsupported";
        return Err(invalid(at, message));
    }
    let old = given(config, "responseSchema");
    let new = given(config, "responseJsonSchema");
    if old.is_some() && new.is_some() {
        let message = "Only one of response_schema and response_json_schema can be set at a time.";
        return Err(invalid(at, message));
    }
    if (old.is_some() || new.is_some()) && !matches!(mime, "application/json" | "text/x.enum") {
        let message = "* GenerateContentRequest.generation_config.response_schema: only allowed \
                       for mime types `application/json` and `text/x.enum`\n";
        return Err(invalid(at, message));
    }
    if let Some(old) = old {
        schema::check(old, "generationConfig.responseSchema")?;
    }
    if let Some((path, why)) = new.and_then(|new| bad_schema(new, "response_json_schema")) {
        return Err(invalid(at, format!("Invalid JSON schema at '{path}': {why}")));
    }
    request.format = match old.or(new) {
        Some(schema) => Format::Schema(schema.clone()),
        None if json => Format::Json,
        None => Format::Text,
    };
    Ok(())
}

fn read_thinking(
    thinking: &Map<String, Value>,
    request: &mut ChatRequest,
) -> Result<(), InvalidField> {
    let at = "generationConfig.thinkingConfig";
    let known = [
        nullable("includeThoughts", JsonType::Flag),
        nullable("thinkingBudget", JsonType::Integer),
        nullable("thinkingLevel", JsonType::Text),
    ];
    fields(thinking, at, &known)?;
    let model = request.model.clone();
    let budget = given(thinking, "thinkingBudget").and_then(Value::as_i64);
    let level = given(thinking, "thinkingLevel").and_then(Value::as_str);
    if budget.is_some() && level.is_some() {
        let message = "You can only set only one of thinking budget and thinking level.";
        return Err(invalid(at, message));
    }
    if ["gemini-1", "gemini-2.0"].iter().any(|old| model.starts_with(old)) {
        let message = format!("Thinking is not enabled for models/{model}.");
        return Err(invalid(at, message));
    }
    if let Some(level) = level {
        if !third(&model) {
            return Err(invalid(at, "Thinking level is not supported for this model."));
        }
        if !["minimal", "low", "medium", "high", "xhigh"]
            .contains(&level.to_ascii_lowercase().as_str())
        {
            let message = format!(
                "Invalid value at 'generation_config.thinking_config.thinking_level' \
                 (type.googleapis.com/google.ai.generativelanguage.v1beta.ThinkingConfig.\
                 ThinkingLevel), \"{level}\""
            );
            return Err(invalid(at, message));
        }
    }
    if let Some(budget) = budget {
        check_budget(budget, &model)?;
    }
    request.thinking = if budget == Some(0) { 0 } else { 24 };
    request.show_thinking = thinking.get("includeThoughts") == Some(&Value::Bool(true));
    Ok(())
}

/// Budgets by model: ai.google.dev/gemini-api/docs/thinking#set-budget
fn check_budget(budget: i64, model: &str) -> Result<(), InvalidField> {
    let at = "generationConfig.thinkingConfig.thinkingBudget";
    let (low, high, off) = if model.contains("2.5-pro") {
        (128, 32_768, false)
    } else if model.contains("flash-lite") {
        (512, 24_576, true)
    } else if third(model) {
        (0, 32_768, !model.contains("pro"))
    } else {
        (0, 24_576, true)
    };
    let taken = if budget == 0 { off } else { (low..=high).contains(&budget) };
    if budget == -1 || taken {
        return Ok(());
    }
    if budget == 0 {
        return Err(invalid(at, "Budget 0 is invalid. This model only works in thinking mode."));
    }
    let message = format!(
        "The thinking budget {budget} is invalid. Please choose a value between {low} and {high}."
    );
    Err(invalid(at, message))
}
