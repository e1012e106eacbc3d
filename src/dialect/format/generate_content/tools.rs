//! Writes the functions a model may call, and whether it must.
use super::unsupported::callable;
use crate::dialect::{Ask, ToolChoice};
use crate::json::Writer;

/// `tools` and `toolConfig`; nothing when there is no function to call.
pub(super) fn write(w: &mut Writer, ask: &Ask<'_>) {
    let tools = || ask.tools.iter().filter(|tool| callable(&tool.name));
    if tools().next().is_none() {
        return;
    }
    w.key("tools").array(|w| {
        w.object(|w| {
            w.key("functionDeclarations").array(|w| {
                for tool in tools() {
                    w.object(|w| {
                        w.key("name").string(&tool.name);
                        if let Some(description) = &tool.description {
                            w.key("description").string(description);
                        }
                        if let Some(schema) = tool.schema {
                            w.key("parametersJsonSchema").raw(schema);
                        }
                    });
                }
            });
        });
    });
    let strict = tools().any(|tool| tool.strict == Some(true));
    let choice = ask.tool_choice.as_ref().map(|given| &given.value);
    if choice.is_some() || strict {
        w.key("toolConfig").object(|w| {
            w.key("functionCallingConfig").object(|w| mode(w, choice, strict));
        });
    }
}

fn mode(w: &mut Writer, choice: Option<&ToolChoice<'_>>, strict: bool) {
    let mode = match choice {
        // Free to call or not, but a call must follow its schema.
        None | Some(ToolChoice::Auto) if strict => "VALIDATED",
        None | Some(ToolChoice::Auto) => "AUTO",
        Some(ToolChoice::None) => "NONE",
        Some(ToolChoice::Required | ToolChoice::Named(_)) => "ANY",
    };
    w.key("mode").string(mode);
    if let Some(ToolChoice::Named(name)) = choice {
        w.key("allowedFunctionNames").array(|w| w.string(name));
    }
}
