//! A request, written for a provider, and what of it cannot be said.
mod messages;
mod models;
#[cfg(test)]
mod tests;
mod unsupported;

pub(super) use models::{Family, effort};
pub(super) use unsupported::{TOOLS, unsupported};

use std::borrow::Cow;

use sha2::{Digest as _, Sha256};

use unsupported::{STOPS, refused};

use crate::dialect::{Ask, Given, Number, ResponseFormat, Target, Tool, ToolChoice};
use crate::json::Writer;

/// Writes a request's body.
pub(super) fn write(ask: &Ask<'_>, target: &Target<'_>) -> Vec<u8> {
    let mut out = Writer::new();
    out.object(|body| {
        body.key("model").string(target.model);
        body.key("messages").array(|list| messages::write(ask, list));
        if ask.stream {
            body.key("stream").boolean(true);
            // Tokens are counted whether or not the app wants to see them.
            body.key("stream_options").object(|o| o.key("include_usage").boolean(true));
        }
        if let Some(Given { value, .. }) = ask.max_tokens {
            // Reasoning models refuse the older `max_tokens`; every current model takes this one.
            body.key("max_completion_tokens").number(value);
        }
        sampling(ask, target, body);
        if let Some(effort) = effort(ask, Family::of(target.model)) {
            body.key("reasoning_effort").string(effort);
        }
        if !ask.tools.is_empty() {
            tools(ask, Family::of(target.model), body);
        }
        if let Some(Given { value, .. }) = &ask.format {
            body.key("response_format").object(|object| format(value, object));
        }
        if let Some(Given { value, .. }) = &ask.user {
            body.key("user").string(&short(value, USER));
        }
    });
    out.finish()
}

fn sampling(ask: &Ask<'_>, target: &Target<'_>, body: &mut Writer) {
    let refused = refused(ask, target);
    let numbers: [(&str, Option<Given<Number<'_>>>); 5] = [
        ("temperature", ask.temperature),
        ("top_p", ask.top_p),
        ("seed", ask.seed),
        ("frequency_penalty", ask.frequency_penalty),
        ("presence_penalty", ask.presence_penalty),
    ];
    for (name, given) in numbers {
        if let Some(Given { value, field }) = given
            && !refused.iter().any(|one| one.field == field)
        {
            body.key(name).raw(value.text);
        }
    }
    if let Some(Given { value, field }) = &ask.stop
        && !refused.iter().any(|one| one.field == *field)
    {
        body.key("stop").array(|texts| {
            for text in value.iter().take(STOPS) {
                texts.string(text);
            }
        });
    }
}

/// Longest `user`, in bytes.
const USER: usize = 64;

/// Longest id of a call, in bytes.
const CALL_ID: usize = 40;

/// A text that only has to be the same each time: one that is too long becomes its digest.
fn short(text: &str, most: usize) -> Cow<'_, str> {
    if text.len() <= most {
        return Cow::Borrowed(text);
    }
    let digest = Sha256::digest(text.as_bytes());
    let mut hex = String::with_capacity(64);
    for digit in digest.iter().flat_map(|byte| [byte >> 4, byte & 15]).take(most) {
        hex.extend(char::from_digit(u32::from(digit), 16));
    }
    Cow::Owned(hex)
}

fn tools(ask: &Ask<'_>, family: Family, body: &mut Writer) {
    let most = if family.is_known() { TOOLS } else { usize::MAX };
    body.key("tools").array(|list| {
        for tool in ask.tools.iter().take(most) {
            list.object(|item| self::tool(tool, item));
        }
    });
    if let Some(Given { value, .. }) = &ask.tool_choice {
        let choice = body.key("tool_choice");
        match value {
            ToolChoice::Auto => choice.string("auto"),
            ToolChoice::None => choice.string("none"),
            ToolChoice::Required => choice.string("required"),
            ToolChoice::Named(name) => choice.object(|object| {
                object.key("type").string("function");
                object.key("function").object(|function| function.key("name").string(name));
            }),
        }
    }
    if let Some(Given { value, .. }) = ask.parallel_tools.filter(|_| family != Family::O) {
        body.key("parallel_tool_calls").boolean(value);
    }
}

fn tool(tool: &Tool<'_>, item: &mut Writer) {
    item.key("type").string("function");
    item.key("function").object(|function| {
        function.key("name").string(&tool.name);
        if let Some(description) = &tool.description {
            function.key("description").string(description);
        }
        if let Some(schema) = tool.schema {
            function.key("parameters").raw(schema);
        }
        if let Some(strict) = tool.strict {
            function.key("strict").boolean(strict);
        }
    });
}

fn format(format: &ResponseFormat<'_>, object: &mut Writer) {
    match format {
        ResponseFormat::JsonObject => object.key("type").string("json_object"),
        ResponseFormat::JsonSchema { name, schema, strict } => {
            object.key("type").string("json_schema");
            object.key("json_schema").object(|inner| {
                inner.key("name").string(name.as_deref().unwrap_or("response"));
                inner.key("schema").raw(schema);
                if let Some(strict) = strict {
                    inner.key("strict").boolean(*strict);
                }
            });
        }
    }
}
