//! What the simulated models say: the same for every provider, and always the same for a request.
use serde_json::{Map, Value};

use super::fit::fit;

/// A tool the request offers.
#[derive(Debug, Clone)]
pub(super) struct Tool {
    pub(super) name: String,
    pub(super) schema: Value,
}

/// Whether and which tool must be called.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) enum Choice {
    #[default]
    Auto,
    Never,
    /// Any of these; of all, when the list is empty.
    Some(Vec<String>),
}

/// What the answer must look like.
#[derive(Debug, Clone, Default)]
pub(super) enum Format {
    #[default]
    Text,
    Json,
    Schema(Value),
}

/// A request as the model hears it.
#[derive(Debug, Default)]
pub(super) struct ChatRequest {
    pub(super) provider: &'static str,
    pub(super) model: String,
    pub(super) stream: bool,
    /// All that counts as input, in order.
    pub(super) prompt: String,
    /// Where in `prompt` cache marks stand, in bytes (Anthropic).
    pub(super) cache_marks: Vec<usize>,
    /// The text of the last user message.
    pub(super) last: String,
    pub(super) messages: usize,
    pub(super) images: usize,
    pub(super) tools: Vec<Tool>,
    pub(super) choice: Choice,
    /// Whether more than one call is allowed.
    pub(super) parallel: bool,
    /// The tool results at the end, as text.
    pub(super) results: Vec<String>,
    pub(super) format: Format,
    pub(super) max_tokens: Option<u64>,
    pub(super) stops: Vec<String>,
    /// Tokens the model spends on thinking.
    pub(super) thinking: u64,
    /// Whether the thinking is shown.
    pub(super) show_thinking: bool,
    /// How many answers are asked for.
    pub(super) answers: u64,
    /// Whether the stream ends with usage (OpenAI).
    pub(super) include_usage: bool,
    /// Whether the stream is server-sent events (Gemini can send a JSON array).
    pub(super) sse: bool,
    /// Whether the provider counts thinking against `max_tokens`.
    pub(super) thinking_counts: bool,
}

impl ChatRequest {
    /// Adds text to the input.
    pub(super) fn hear(&mut self, text: &str) {
        self.prompt.push_str(text);
        self.prompt.push('\n');
    }

    /// Input tokens: four characters each, 85 for an image.
    pub(super) fn input_tokens(&self) -> u64 {
        tokens(&self.prompt).saturating_add(count(self.images).saturating_mul(85))
    }
}

/// Why an answer ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum End {
    Done,
    Length,
    Stopped(String),
    Called,
    Refused,
    Filtered,
}

/// A call of a tool.
#[derive(Debug, Clone)]
pub(super) struct Call {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) input: Value,
}

/// What the model says.
#[derive(Debug)]
pub(super) struct ChatAnswer {
    /// Names this answer in ids; the same answer never has the same serial twice.
    pub(super) serial: u64,
    pub(super) thinking: Option<String>,
    pub(super) text: String,
    pub(super) calls: Vec<Call>,
    pub(super) end: End,
    pub(super) usage: Usage,
}

/// Token counts of an answer.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Usage {
    /// All input tokens, cached or not.
    pub(super) input: u64,
    pub(super) cached: u64,
    pub(super) cache_write: u64,
    /// Visible output.
    pub(super) output: u64,
    pub(super) thinking: u64,
    /// Whether to leave usage out of the answer.
    pub(super) missing: bool,
}

/// Four characters a token, at least one for any text.
pub(super) fn tokens(text: &str) -> u64 {
    count(text.chars().count()).div_ceil(4)
}

/// A length as a 64-bit number.
pub(super) fn count(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

/// The answer to `request`. `serial` makes ids; `cached` and `cache_write` come from the memory of
/// prompts; `words` are for a model that does not know when to stop.
pub(super) fn answer(
    request: &ChatRequest,
    serial: u64,
    (cached, cache_write): (u64, u64),
    words: Option<u64>,
) -> ChatAnswer {
    let calls = calls(request, serial);
    let (text, end) = if request.last.contains("refuse this") {
        ("I can't help with that.".to_owned(), End::Refused)
    } else if request.last.contains("filter this") {
        (String::new(), End::Filtered)
    } else if !calls.is_empty() {
        (String::new(), End::Called)
    } else if let Some(words) = words {
        let mut text = text(request);
        say(words, &mut text);
        (text, End::Done)
    } else {
        cut(request, text(request))
    };
    let calls = if end == End::Called { calls } else { Vec::new() };
    let called: u64 = calls
        .iter()
        .map(|call| tokens(&call.name).saturating_add(tokens(&call.input.to_string())))
        .fold(0, u64::saturating_add);
    let usage = Usage {
        input: request.input_tokens(),
        cached,
        cache_write,
        output: tokens(&text).saturating_add(called),
        thinking: match request.max_tokens {
            Some(most) if request.thinking_counts => request.thinking.min(most),
            _ => request.thinking,
        },
        missing: false,
    };
    let thinking = (request.thinking > 0 && request.show_thinking).then(|| thoughts(request));
    ChatAnswer { serial, thinking, text, calls, end, usage }
}

fn thoughts(request: &ChatRequest) -> String {
    format!("Let me think about it: the user wrote «{}».", excerpt(&request.last))
}

/// The marks `[mark:...]` in a text, joined.
fn marks(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((_, after)) = rest.split_once("[mark:") {
        let Some((mark, next)) = after.split_once(']') else { break };
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str("[mark:");
        out.push_str(mark);
        out.push(']');
        rest = next;
    }
    out
}

fn excerpt(text: &str) -> String {
    text.chars().take(80).map(|c| if c.is_control() { ' ' } else { c }).collect()
}

fn many(count: usize, one: &str) -> String {
    if count == 1 { format!("1 {one}") } else { format!("{count} {one}s") }
}

fn text(request: &ChatRequest) -> String {
    let hint = marks(&request.last);
    match &request.format {
        Format::Schema(schema) => return fit(schema, &hint).to_string(),
        Format::Json => return serde_json::json!({"answer": hint}).to_string(),
        Format::Text => {}
    }
    let mut out = format!(
        "{}/{} saw {}, {}, {}: {hint} «{}»",
        request.provider,
        request.model,
        many(request.messages, "message"),
        many(request.images, "image"),
        many(request.tools.len(), "tool"),
        excerpt(&request.last),
    );
    for result in &request.results {
        out.push_str(" tool said: ");
        out.push_str(result);
    }
    let words = request.last.split_once("[words:").and_then(|(_, rest)| rest.split_once(']'));
    let words = words.and_then(|(words, _)| words.parse().ok()).unwrap_or(0);
    say(words, &mut out);
    out
}

/// Adds that many words to a text, at most 200,000.
fn say(words: u64, out: &mut String) {
    for word in 1..=words.min(200_000) {
        out.push_str(" word");
        out.push_str(&word.to_string());
    }
}

/// Cuts a text at the first stop sequence, then at the most tokens.
fn cut(request: &ChatRequest, mut text: String) -> (String, End) {
    let mut end = End::Done;
    let first = request
        .stops
        .iter()
        .filter(|stop| !stop.is_empty())
        .filter_map(|stop| text.find(stop.as_str()).map(|at| (at, stop)))
        .min_by_key(|(at, _)| *at);
    if let Some((at, stop)) = first {
        end = End::Stopped(stop.clone());
        text.truncate(at);
    }
    if let Some(most) = request.max_tokens {
        let spent = if request.thinking_counts { request.thinking } else { 0 };
        let room = most.saturating_sub(spent).saturating_mul(4);
        let room = usize::try_from(room).unwrap_or(usize::MAX);
        if let Some((at, _)) = text.char_indices().nth(room) {
            text.truncate(at);
            end = End::Length;
        }
    }
    (text, end)
}

/// The calls the user asks for or the choice forces.
fn calls(request: &ChatRequest, serial: u64) -> Vec<Call> {
    if request.choice == Choice::Never {
        return Vec::new();
    }
    if let Some((name, input)) = next_step(request) {
        return vec![Call { id: format!("{serial:012}0000"), input, name }];
    }
    if !request.results.is_empty() {
        return Vec::new();
    }
    let mut asked = asked_tools(&request.last);
    asked.retain(|name| request.tools.iter().any(|tool| tool.name == *name));
    if let Choice::Some(allowed) = &request.choice {
        if !allowed.is_empty() {
            asked.retain(|name| allowed.contains(name));
        }
        if asked.is_empty() {
            let first = allowed.first().or_else(|| request.tools.first().map(|tool| &tool.name));
            asked.extend(first.cloned());
        }
    }
    if !request.parallel {
        asked.truncate(1);
    }
    let hint = marks(&request.last);
    let mut out = Vec::new();
    for (index, name) in asked.into_iter().enumerate() {
        let Some(tool) = request.tools.iter().find(|tool| tool.name == name) else { continue };
        let id = format!("{serial:012}{index:04}");
        out.push(Call { id, input: fit(&tool.schema, &hint), name });
    }
    out
}

/// The next step of a task that a conversation spells out, each as `[step TOOL {...}]`: the first
/// whose input has not been told again since, as it is where the call comes back.
fn next_step(request: &ChatRequest) -> Option<(String, Value)> {
    let spelt: Vec<(&str, &str, Value)> =
        request.prompt.split("[step ").skip(1).filter_map(step).collect();
    let done = |input: &Value| {
        let mut texts =
            input.as_object().into_iter().flat_map(Map::values).filter_map(Value::as_str);
        texts.all(|text| {
            let spelt = spelt.iter().map(|(_, said, _)| said.matches(text).count());
            request.prompt.matches(text).count() > spelt.fold(0, usize::saturating_add)
        })
    };
    let offered = |name: &str| request.tools.iter().any(|tool| tool.name == name);
    let next = spelt.iter().find(|(name, _, input)| offered(name) && !done(input));
    next.map(|(name, _, input)| ((*name).to_owned(), input.clone()))
}

/// A step's tool, its input as it is spelt, and as a value.
fn step(text: &str) -> Option<(&str, &str, Value)> {
    let (name, rest) = text.split_once(' ')?;
    let mut values = serde_json::Deserializer::from_str(rest).into_iter::<Value>();
    let input = values.next()?.ok().filter(Value::is_object)?;
    Some((name, rest.get(..values.byte_offset())?, input))
}

/// The names after "call the tool" or "call the tools".
fn asked_tools(text: &str) -> Vec<String> {
    let Some((_, after)) = text.split_once("call the tool") else { return Vec::new() };
    let (after, several) = match after.strip_prefix("s ") {
        Some(after) => (after, true),
        None => (after, false),
    };
    let mut out: Vec<String> = Vec::new();
    for word in after.split_whitespace() {
        let name = word.trim_matches(|c: char| !(c.is_ascii_alphanumeric() || "_-".contains(c)));
        if name == "and" {
            continue;
        }
        if !name.is_empty() && !out.iter().any(|known| known == name) {
            out.push(name.to_owned());
        }
        if !several || word.ends_with(['.', '!', ';', ':']) {
            break;
        }
    }
    out
}

/// A text in pieces of a few words, the way tokens arrive.
pub(super) fn pieces(text: &str) -> Vec<&str> {
    let size = text.len().div_ceil(40).max(12);
    let mut out = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let at = rest.char_indices().map(|(at, _)| at).find(|at| *at >= size);
        let (piece, next) = rest.split_at(at.unwrap_or(rest.len()));
        out.push(piece);
        rest = next;
    }
    out
}
