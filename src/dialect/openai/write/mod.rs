//! A request, written for a provider, and what of it cannot be said.
mod lacks;
mod messages;
#[cfg(test)]
mod tests;

pub(super) use lacks::lacks;

use lacks::{STOPS, refusals};

use crate::dialect::{Ask, Effort, Format, Given, Number, Reasoning, Target, Tool, ToolChoice};
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
        if let Some(Given { value, .. }) = ask.reasoning {
            reasoning(value, target.model, body);
        }
        if !ask.tools.is_empty() {
            tools(ask, body);
        }
        if let Some(Given { value, .. }) = &ask.format {
            body.key("response_format").object(|object| format(value, object));
        }
        if let Some(Given { value, .. }) = &ask.user {
            body.key("user").string(value);
        }
    });
    out.finish()
}

fn sampling(ask: &Ask<'_>, target: &Target<'_>, body: &mut Writer) {
    let refused = refusals(ask, target);
    let numbers: [(&str, Option<Given<Number<'_>>>); 5] = [
        ("temperature", ask.temperature),
        ("top_p", ask.top_p),
        ("seed", ask.seed),
        ("frequency_penalty", ask.frequency_penalty),
        ("presence_penalty", ask.presence_penalty),
    ];
    for (name, given) in numbers {
        if let Some(Given { value, field }) = given
            && !refused.iter().any(|lack| lack.field == field)
        {
            body.key(name).raw(value.text);
        }
    }
    if let Some(Given { value, field }) = &ask.stop
        && !refused.iter().any(|lack| lack.field == *field)
    {
        body.key("stop").array(|texts| {
            for text in value.iter().take(STOPS) {
                texts.string(text);
            }
        });
    }
}

/// Effort in the words that every reasoning model takes: the newest have no `minimal`, the older
/// no `xhigh`.
fn reasoning(reasoning: Reasoning, model: &str, body: &mut Writer) {
    let word = match reasoning {
        // What is off by nature has no word for it, and the first GPT-5 cannot be switched off.
        Reasoning::Off | Reasoning::Budget(0) if lacks::may_think(model) => "none",
        // The model's own default.
        Reasoning::Off | Reasoning::Budget(0) | Reasoning::Adaptive => return,
        Reasoning::Effort(_) | Reasoning::Budget(_) => match reasoning.effort() {
            Some(Effort::High | Effort::Max) => "high",
            Some(Effort::Medium) | None => "medium",
            Some(Effort::Low | Effort::Minimal) => "low",
        },
    };
    body.key("reasoning_effort").string(word);
}

fn tools(ask: &Ask<'_>, body: &mut Writer) {
    body.key("tools").array(|list| {
        for tool in &ask.tools {
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
    if let Some(Given { value, .. }) = ask.parallel_tools {
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

fn format(format: &Format<'_>, object: &mut Writer) {
    match format {
        Format::JsonObject => object.key("type").string("json_object"),
        Format::JsonSchema { name, schema, strict } => {
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
