//! Reads an app's request: the fields around the conversation.
use std::borrow::Cow;

use super::check::{
    array, best_effort, boolean, need_string, neutral, number, object, passthrough_only, rest,
    string, whole, wrong,
};
use super::turns;
use crate::dialect::unsupported::note;
use crate::dialect::{
    Ask, Effort, Fault, FaultKind, Given, Reasoning, ResponseFormat, Thread, Tool, ToolChoice,
    stored,
};
use crate::json::{At, Document, Value};

/// Where a request's fields stand.
const ROOT: At<'static> = At::Root;

/// Reads a request.
pub(super) fn read<'d>(document: &'d Document<'d>) -> Result<Ask<'d>, Fault> {
    request(document.root(), true)
}

/// Reads a request that is only counted, and need not bound its answer.
pub(super) fn to_count<'d>(document: &'d Document<'d>) -> Result<Ask<'d>, Fault> {
    request(document.root(), false)
}

fn request(root: Value<'_>, bound: bool) -> Result<Ask<'_>, Fault> {
    if !root.is_object() {
        let message = format!("the body must be an object, got {}", root.kind().name());
        return Err(Fault::new(FaultKind::InvalidRequest, message));
    }
    let mut ask = Ask { stream_usage: true, ..Ask::default() };
    ask.model = need_string(root, "model", &ROOT)?;
    if bound || root.given("max_tokens").is_some() {
        max_tokens(&mut ask, root)?;
    }
    if let Some(stream) = root.given("stream") {
        ask.stream = boolean(stream, &ROOT.key("stream"))?;
    }
    if let Some(system) = root.given("system") {
        turns::system(&mut ask, system, &ROOT.key("system"))?;
    }
    turns::read(&mut ask, root)?;
    tools(&mut ask, root)?;
    tool_choice(&mut ask, root)?;
    sampling(&mut ask, root)?;
    thinking(&mut ask, root)?;
    about(&mut ask, root)?;
    thread(&mut ask, root)?;
    rest(&mut ask, root, KNOWN, &ROOT);
    Ok(ask)
}

fn max_tokens(ask: &mut Ask<'_>, root: Value<'_>) -> Result<(), Fault> {
    let most = "a whole number, the most tokens of the answer";
    let tokens = super::check::need(root, "max_tokens", &ROOT, most)?;
    let value = whole(tokens, &ROOT.key("max_tokens"), most)?;
    ask.max_tokens = Some(Given { value, field: "max_tokens" });
    if value == 0 {
        // Fills Anthropic's cache and answers nothing.
        ask.passthrough_only.push("max_tokens".into());
    }
    Ok(())
}

/// The fields that are read here.
pub(super) const KNOWN: &[&str] = &[
    "context_management",
    "diagnostics",
    "max_tokens",
    "messages",
    "metadata",
    "model",
    "output_config",
    "output_format",
    "service_tier",
    "speed",
    "stop_sequences",
    "stream",
    "system",
    "temperature",
    "thinking",
    "thread",
    "tool_choice",
    "tools",
    "top_k",
    "top_p",
];

fn tools<'d>(ask: &mut Ask<'d>, root: Value<'d>) -> Result<(), Fault> {
    let Some(tools) = root.given("tools") else { return Ok(()) };
    let at = ROOT.key("tools");
    for (place, item) in array(tools, &at)?.items().enumerate() {
        let at = at.item(place);
        let item = object(item, &at)?;
        if item.given("type").is_some_and(|kind| !kind.is("custom")) {
            string(item.given("type").unwrap_or(item), &at.key("type"))?;
            stored::within(&mut ask.stored, item, &at);
            note(&mut ask.passthrough_only, at);
            continue;
        }
        tool(ask, item, place, &at)?;
    }
    Ok(())
}

fn tool<'d>(ask: &mut Ask<'d>, item: Value<'d>, place: usize, at: &At<'_>) -> Result<(), Fault> {
    let name = need_string(item, "name", at)?;
    let waits = item.given("defer_loading").is_some_and(|wait| wait.as_bool() != Some(false));
    if waits {
        // Where no tool is searched for, all are offered at once.
        best_effort(ask, "tools[].defer_loading");
        if item.given("input_schema").is_none() {
            return Ok(()); // A name to search for, of a tool that cannot be called yet.
        }
    }
    let schema = super::check::need(item, "input_schema", at, "an object, a JSON schema")?;
    let schema = object(schema, &at.key("input_schema"))?;
    let description = item.given("description");
    let strict = item.given("strict");
    ask.tools.push(Tool {
        place,
        name,
        description: description.map(|text| string(text, &at.key("description"))).transpose()?,
        schema: Some(schema.raw()),
        strict: strict.map(|strict| boolean(strict, &at.key("strict"))).transpose()?,
    });
    if item.get("input_examples").is_some_and(|examples| !neutral(examples)) {
        best_effort(ask, "tools[].input_examples");
    }
    if item.given("eager_input_streaming").is_some() {
        best_effort(ask, "tools[].eager_input_streaming");
    }
    if let Some(value) = item.given("allowed_callers").filter(|who| who.raw() != "[\"direct\"]") {
        passthrough_only(ask, value, &at.key("allowed_callers"));
    }
    rest(ask, item, TOOL, at);
    Ok(())
}

const TOOL: &[&str] = &[
    "allowed_callers",
    "defer_loading",
    "description",
    "eager_input_streaming",
    "input_examples",
    "input_schema",
    "name",
    "strict",
    "type",
];

fn tool_choice<'d>(ask: &mut Ask<'d>, root: Value<'d>) -> Result<(), Fault> {
    let Some(choice) = root.given("tool_choice") else { return Ok(()) };
    let at = ROOT.key("tool_choice");
    let choice = object(choice, &at)?;
    let kind = need_string(choice, "type", &at)?;
    let value = match &*kind {
        // What is meant when nothing is said.
        "auto" => None,
        "any" => Some(ToolChoice::Required),
        "none" => Some(ToolChoice::None),
        "tool" => Some(ToolChoice::Named(need_string(choice, "name", &at)?)),
        // A later word: Anthropic may know it.
        _ => {
            passthrough_only(ask, choice, &at);
            return Ok(());
        }
    };
    ask.tool_choice = value.map(|value| Given { value, field: "tool_choice" });
    if let Some(single) = choice.given("disable_parallel_tool_use") {
        let field = "tool_choice.disable_parallel_tool_use";
        if boolean(single, &at.key("disable_parallel_tool_use"))? {
            ask.parallel_tools = Some(Given { value: false, field });
        }
    }
    rest(ask, choice, &["type", "name", "disable_parallel_tool_use"], &at);
    Ok(())
}

fn sampling<'d>(ask: &mut Ask<'d>, root: Value<'d>) -> Result<(), Fault> {
    let read = |key: &'static str, range: (f64, f64)| {
        let value =
            root.given(key).map(|value| number(value, &ROOT.key(key), range)).transpose()?;
        Ok(value.map(|value| Given { value, field: key }))
    };
    ask.temperature = read("temperature", (0.0, 1.0))?;
    ask.top_p = read("top_p", (0.0, 1.0))?;
    if let Some(top_k) = root.given("top_k") {
        whole(top_k, &ROOT.key("top_k"), "a whole number")?;
        ask.top_k = read("top_k", (0.0, f64::INFINITY))?;
    }
    let Some(stop) = root.given("stop_sequences") else { return Ok(()) };
    let at = ROOT.key("stop_sequences");
    let mut texts: Vec<Cow<'d, str>> = Vec::new();
    for (index, item) in array(stop, &at)?.items().enumerate() {
        texts.push(string(item, &at.item(index))?);
    }
    if !texts.is_empty() {
        ask.stop = Some(Given { value: texts, field: "stop_sequences" });
    }
    Ok(())
}

/// Anthropic's words are the most that may be thought, never the least: all of them advise.
fn thinking<'d>(ask: &mut Ask<'d>, root: Value<'d>) -> Result<(), Fault> {
    ask.reasoning_is_best_effort = true;
    let config = root.given("output_config");
    let at = ROOT.key("output_config");
    let mut effort = None;
    if let Some(config) = config {
        object(config, &at)?;
        if let Some(text) = config.given("effort") {
            effort = self::effort(&string(text, &at.key("effort"))?);
            if effort.is_none() {
                best_effort(ask, "output_config.effort");
            }
        }
        if let Some(shape) = config.given("format") {
            format(ask, shape, &at.key("format"), "output_config.format")?;
        }
        if config.get("task_budget").is_some_and(|budget| !neutral(budget)) {
            best_effort(ask, "output_config.task_budget");
        }
        rest(ask, config, &["effort", "format", "task_budget"], &at);
    }
    // Where the field stood while it was in beta.
    if let Some(shape) = root.given("output_format") {
        format(ask, shape, &ROOT.key("output_format"), "output_format")?;
    }
    let reasoning = effort.map(Reasoning::Effort);
    let effort = reasoning.map(|value| Given { value, field: "output_config.effort" });
    let Some(thinking) = root.given("thinking") else {
        ask.reasoning = effort;
        ask.effort_alone = effort.is_some();
        return Ok(());
    };
    let at = ROOT.key("thinking");
    let thinking = object(thinking, &at)?;
    let given = |value| Some(Given { value, field: "thinking" });
    match &*need_string(thinking, "type", &at)? {
        "enabled" => {
            let least = "a whole number of at least 1024";
            let budget = super::check::need(thinking, "budget_tokens", &at, least)?;
            let tokens = budget.as_u64().filter(|tokens| *tokens >= 1024);
            let value = tokens.ok_or_else(|| wrong(budget, &at.key("budget_tokens"), least))?;
            ask.reasoning = given(Reasoning::Budget(value));
        }
        "adaptive" => ask.reasoning = effort.or_else(|| given(Reasoning::Adaptive)),
        "disabled" => ask.reasoning = given(Reasoning::Off),
        // A later word: Anthropic may know it.
        _ => {
            best_effort(ask, "thinking");
            return Ok(());
        }
    }
    if effort.is_some_and(|effort| ask.reasoning != Some(effort)) {
        best_effort(ask, "output_config.effort");
    }
    if thinking.given("display").is_some() {
        best_effort(ask, "thinking.display");
    }
    rest(ask, thinking, &["type", "budget_tokens", "display"], &at);
    Ok(())
}

fn effort(text: &str) -> Option<Effort> {
    Some(match text {
        "low" => Effort::Low,
        "medium" => Effort::Medium,
        "high" => Effort::High,
        "xhigh" | "max" => Effort::Max,
        _ => return None,
    })
}

fn format<'d>(
    ask: &mut Ask<'d>,
    shape: Value<'d>,
    at: &At<'_>,
    field: &'static str,
) -> Result<(), Fault> {
    let shape = object(shape, at)?;
    if &*need_string(shape, "type", at)? != "json_schema" {
        passthrough_only(ask, shape, at);
        return Ok(());
    }
    let schema = super::check::need(shape, "schema", at, "an object, a JSON schema")?;
    let schema = object(schema, &at.key("schema"))?.raw();
    // Anthropic holds every answer to its schema.
    let value = ResponseFormat::JsonSchema { name: None, schema, strict: Some(true) };
    ask.format = Some(Given { value, field });
    rest(ask, shape, &["type", "schema"], at);
    Ok(())
}

/// Whoever keeps a conversation has to be asked for what follows: no other format can say this,
/// and it is never left out.
fn thread<'d>(ask: &mut Ask<'d>, root: Value<'d>) -> Result<(), Fault> {
    let Some(thread) = root.given("thread") else { return Ok(()) };
    let kind = need_string(object(thread, &ROOT.key("thread"))?, "type", &ROOT.key("thread"))?;
    // A later word may lean on what came before as well, and so may whatever else stands here.
    let holds = |known: &[&str]| {
        thread.members().all(|(key, value)| known.contains(&&*key) || value.is_null())
    };
    let begins = kind == "create" && holds(&["type"]);
    ask.thread = Some(if begins { Thread::Create } else { Thread::Continue });
    if kind == "continue" && holds(&["type", "previous_message_id"]) {
        ask.goes_on_from = thread.str_of("previous_message_id");
    }
    note(&mut ask.passthrough_only, "thread");
    Ok(())
}

fn about<'d>(ask: &mut Ask<'d>, root: Value<'d>) -> Result<(), Fault> {
    if root.given("service_tier").is_some_and(|tier| !tier.is("auto")) {
        best_effort(ask, "service_tier");
    }
    if root.given("speed").is_some_and(|speed| !speed.is("standard")) {
        best_effort(ask, "speed");
        ask.premium = Some("speed");
    }
    // What Anthropic forgets of a long conversation, its model does not read; others read it all.
    for wish in ["context_management", "diagnostics"] {
        if root.get(wish).is_some_and(|value| !neutral(value)) {
            best_effort(ask, wish);
        }
    }
    super::context::read(ask, root);
    let Some(metadata) = root.given("metadata") else { return Ok(()) };
    let at = ROOT.key("metadata");
    let metadata = object(metadata, &at)?;
    if let Some(user) = metadata.given("user_id") {
        let value = string(user, &at.key("user_id"))?;
        ask.user = Some(Given { value, field: "metadata.user_id" });
    }
    if metadata.members().any(|(key, value)| key != "user_id" && !value.is_null()) {
        best_effort(ask, "metadata");
    }
    Ok(())
}
