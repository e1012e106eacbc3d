//! Writes a request's body for a provider.
use std::borrow::Cow;

use super::block_write::input;
use super::options::{Options, Thinking};
use super::schema;
use super::unsupported::{blank, fetched, media_type, nameable, readable};
use crate::dialect::file::PDF;
use crate::dialect::{
    Ask, Block, File, FileSource, Image, ResponseFormat, Role, Target, Tool, ToolChoice,
};
use crate::json::Writer;
use crate::order;

/// Writes a body.
pub(super) fn write(ask: &Ask<'_>, target: &Target<'_>) -> Vec<u8> {
    let options = Options::of(ask, target);
    let mut w = Writer::new();
    w.object(|w| {
        w.key("model").string(target.model);
        w.key("max_tokens").number(options.max_tokens);
        system(ask, w);
        w.key("messages").array(|w| messages(ask, &options, w));
        tools(ask, &options, w);
        sampling(ask, &options, w);
        thinking(ask, &options, w);
        if let Some(user) = &ask.user {
            w.key("metadata").object(|w| w.key("user_id").string(&user.value));
        }
        if ask.stream {
            w.key("stream").boolean(true);
        }
    });
    w.finish()
}

/// Asks for an object without a schema, which this format has no field for.
const JSON: &str = "Answer with one JSON object and nothing else: no words around it, no Markdown.";

const fn is_json(format: &ResponseFormat<'_>) -> bool {
    matches!(format, ResponseFormat::JsonObject)
}

fn system(ask: &Ask<'_>, w: &mut Writer) {
    let said = ask.system.iter().map(AsRef::as_ref).filter(|text: &&str| !text.trim().is_empty());
    let is_json = ask.format.as_ref().is_some_and(|given| is_json(&given.value));
    let mut said = said.chain(is_json.then_some(JSON)).peekable();
    if said.peek().is_some() {
        w.key("system").array(|w| said.for_each(|text| self::text(text, w)));
    }
}

fn sampling(ask: &Ask<'_>, options: &Options<'_>, w: &mut Writer) {
    let said =
        [("temperature", options.temperature), ("top_p", options.top_p), ("top_k", options.top_k)];
    for (key, value) in said {
        if let Ok(Some(number)) = value {
            w.key(key).raw(number);
        }
    }
    let stop = ask.stop.as_ref().map(|given| given.value.as_slice()).unwrap_or_default();
    if stop.iter().any(|text| !blank(text)) {
        w.key("stop_sequences").array(|w| {
            stop.iter().filter(|text| !blank(text)).for_each(|text| w.string(text));
        });
    }
}

fn thinking(ask: &Ask<'_>, options: &Options<'_>, w: &mut Writer) {
    let kind = match options.thinking {
        Ok(Thinking::Disabled) => Some(("disabled", None)),
        Ok(Thinking::Adaptive) => Some(("adaptive", None)),
        Ok(Thinking::Budget(tokens)) => Some(("enabled", Some(tokens))),
        Ok(Thinking::Unsaid) | Err(_) => None,
    };
    if let Some((kind, budget)) = kind {
        w.key("thinking").object(|w| {
            w.key("type").string(kind);
            if let Some(budget) = budget {
                w.key("budget_tokens").number(budget);
            }
            // Later models keep their thoughts to themselves unless asked for a summary.
            if kind == "adaptive" && !options.generation.budget {
                w.key("display").string("summarized");
            }
        });
    }
    let schema = ask.format.as_ref().and_then(|given| match &given.value {
        ResponseFormat::JsonSchema { schema, .. } => schema::of_answer(schema),
        ResponseFormat::JsonObject => None,
    });
    if options.effort.is_none() && schema.is_none() {
        return;
    }
    w.key("output_config").object(|w| {
        if let Some(effort) = options.effort {
            w.key("effort").string(effort);
        }
        if let Some(schema) = schema {
            w.key("format").object(|w| {
                w.key("type").string("json_schema");
                w.key("schema").raw(&schema);
            });
        }
    });
}

/// Functions that were called before belong to the request even when none may be called now:
/// Anthropic refuses calls and results without any tool.
fn tools(ask: &Ask<'_>, options: &Options<'_>, w: &mut Writer) {
    if ask.tools.is_empty() {
        let mut called: Vec<&str> =
            ask.turns.iter().flat_map(|turn| &turn.blocks).filter_map(name).collect();
        order::sort(&mut called);
        called.dedup();
        if !called.is_empty() {
            w.key("tools").array(|w| called.into_iter().for_each(|name| past_tool(name, w)));
            w.key("tool_choice").object(|w| w.key("type").string("none"));
        }
        return;
    }
    w.key("tools").array(|w| {
        for tool in ask.tools.iter().filter(|tool| sayable_tool(tool)) {
            w.object(|w| self::tool(tool, options.generation.strict, w));
        }
    });
    tool_choice(ask, w);
}

fn sayable_tool(tool: &Tool<'_>) -> bool {
    nameable(&tool.name) && tool.schema.is_none_or(schema::takes)
}

fn name<'b>(block: &'b Block<'_>) -> Option<&'b str> {
    match block {
        Block::ToolCall { name, .. } => Some(name),
        _ => None,
    }
}

fn past_tool(name: &str, w: &mut Writer) {
    w.object(|w| {
        w.key("name").string(name);
        w.key("input_schema").object(|w| w.key("type").string("object"));
    });
}

fn tool(tool: &Tool<'_>, strict: bool, w: &mut Writer) {
    w.key("name").string(&tool.name);
    if let Some(description) = tool.description.as_ref().filter(|text| !text.is_empty()) {
        w.key("description").string(description);
    }
    w.key("input_schema").raw(&schema::of_tool(tool.schema.unwrap_or("{}")));
    if strict && tool.strict == Some(true) {
        w.key("strict").boolean(true);
    }
}

fn tool_choice(ask: &Ask<'_>, w: &mut Writer) {
    let choice = ask.tool_choice.as_ref().map(|given| &given.value);
    let single = ask.parallel_tools.is_some_and(|given| !given.value);
    if choice.is_none_or(|choice| *choice == ToolChoice::Auto) && !single {
        return;
    }
    w.key("tool_choice").object(|w| {
        let kind = match choice {
            None | Some(ToolChoice::Auto) => "auto",
            Some(ToolChoice::None) => "none",
            Some(ToolChoice::Required) => "any",
            Some(ToolChoice::Named(_)) => "tool",
        };
        w.key("type").string(kind);
        if let Some(ToolChoice::Named(name)) = choice {
            w.key("name").string(name);
        }
        if single && kind != "none" {
            w.key("disable_parallel_tool_use").boolean(true);
        }
    });
}

/// Turns whose blocks are all left out would leave two of the same side in a row: what is said is
/// gathered first.
fn messages(ask: &Ask<'_>, options: &Options<'_>, w: &mut Writer) {
    let mut said: Vec<(Role, Vec<&Block<'_>>)> = Vec::with_capacity(ask.turns.len());
    for turn in &ask.turns {
        let blocks = turn.blocks.iter().filter(|block| sayable(block));
        match said.last_mut() {
            Some((role, gathered)) if *role == turn.role => gathered.extend(blocks),
            _ => {
                let blocks: Vec<&Block<'_>> = blocks.collect();
                if !blocks.is_empty() {
                    said.push((turn.role, blocks));
                }
            }
        }
    }
    // The user speaks first, and a filler must say something.
    if said.first().is_none_or(|(role, _)| *role == Role::Assistant) {
        message("user", w, |w| text(".", w));
    }
    let last = said.len().saturating_sub(1);
    let prefills = said.last().is_some_and(|(role, _)| *role == Role::Assistant);
    let prefill = prefills && takes_prefill(ask, options);
    for (index, (role, blocks)) in said.iter().enumerate() {
        let name = if *role == Role::User { "user" } else { "assistant" };
        let trim = prefill && index == last;
        message(name, w, |w| blocks.iter().for_each(|block| self::block(block, trim, w)));
    }
    if prefills && !prefill {
        message("user", w, |w| text("Continue.", w));
    }
}

/// Whether the model goes on with the assistant's last words. Where it does not, it is asked to.
fn takes_prefill(ask: &Ask<'_>, options: &Options<'_>) -> bool {
    let thinks = matches!(options.thinking, Ok(Thinking::Budget(_) | Thinking::Adaptive));
    options.generation.prefill && !thinks && ask.format.is_none()
}

/// Whether the model is known to go on with what another has said. One that is not might begin
/// anew, in the middle of an answer.
pub(super) fn goes_on(ask: &Ask<'_>, options: &Options<'_>) -> bool {
    options.generation.known && takes_prefill(ask, options)
}

fn message(role: &str, w: &mut Writer, content: impl FnOnce(&mut Writer)) {
    w.object(|w| {
        w.key("role").string(role);
        w.key("content").array(content);
    });
}

/// Anthropic refuses text that is empty or only white space; thoughts need a signature that only
/// their own provider could have made.
fn sayable(block: &Block<'_>) -> bool {
    match block {
        Block::Text(text) | Block::Refusal(text) => !text.trim().is_empty(),
        Block::Image(image) => readable(image),
        Block::File(file) => fetched(file),
        Block::ToolCall { .. } | Block::ToolResult { .. } => true,
        Block::Reasoning(_) => false,
    }
}

fn block(block: &Block<'_>, trim: bool, w: &mut Writer) {
    match block {
        // A prefill must not end in white space.
        Block::Text(said) | Block::Refusal(said) => {
            text(if trim { said.trim_end() } else { said }, w);
        }
        Block::Image(image) => self::image(image, w),
        Block::File(file) => self::file(file, w),
        Block::ToolCall { id, name, arguments } => w.object(|w| {
            w.key("type").string("tool_use");
            w.key("id").string(&self::id(id));
            w.key("name").string(name);
            input(arguments, w.key("input"));
        }),
        Block::ToolResult { id, content, failed, .. } => w.object(|w| {
            w.key("type").string("tool_result");
            w.key("tool_use_id").string(&self::id(id));
            if content.iter().any(sayable) {
                w.key("content").array(|w| {
                    content
                        .iter()
                        .filter(|part| sayable(part))
                        .for_each(|part| self::block(part, false, w));
                });
            }
            if *failed {
                w.key("is_error").boolean(true);
            }
        }),
        Block::Reasoning(_) => {}
    }
}

fn text(text: &str, w: &mut Writer) {
    w.object(|w| {
        w.key("type").string("text");
        w.key("text").string(text);
    });
}

fn image(image: &Image<'_>, w: &mut Writer) {
    w.object(|w| {
        w.key("type").string("image");
        w.key("source").object(|w| match image {
            Image::Url(url) => {
                w.key("type").string("url");
                w.key("url").string(url);
            }
            Image::Base64 { media_type, data } => {
                w.key("type").string("base64");
                w.key("media_type").string(self::media_type(media_type));
                w.key("data").string(data);
            }
        });
    });
}

/// Longest title of a document, in characters.
const TITLE: usize = 500;

fn file(file: &File<'_>, w: &mut Writer) {
    w.object(|w| {
        w.key("type").string("document");
        w.key("source").object(|w| match &file.source {
            FileSource::Url(url) => {
                w.key("type").string("url");
                w.key("url").string(url);
            }
            FileSource::Pdf(data) => {
                w.key("type").string("base64");
                w.key("media_type").string(PDF);
                w.key("data").string(data);
            }
        });
        if let Some(name) = file.name.as_ref().filter(|name| !name.is_empty()) {
            let title: String = name.chars().take(TITLE).collect();
            w.key("title").string(&title);
        }
    });
}

/// Anthropic's ids of calls are letters, digits, `_` and `-`; others may hold anything.
fn id(id: &str) -> Cow<'_, str> {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    if id.is_empty() {
        Cow::Borrowed("call")
    } else if id.chars().all(plain) {
        Cow::Borrowed(id)
    } else {
        Cow::Owned(id.chars().map(|c| if plain(c) { c } else { '_' }).collect())
    }
}
