//! `tools`, `tool_choice` and `parallel_tool_calls`.
use super::{fields, member, passthrough_only, string, unknown, wrong};
use crate::dialect::{Ask, Fault, Given, Tool, ToolChoice, stored};
use crate::json::{At, Value};

pub(super) fn tools<'d>(
    ask: &mut Ask<'d>,
    name: &'static str,
    value: Value<'d>,
) -> Result<(), Fault> {
    let mut place = 0_usize;
    fields::each(At::Root.key(name), value, |at, item| {
        fields::object(at, item)?;
        if member(at, item, "type")? == "function" {
            let tool = tool(ask, at, item)?;
            ask.tools.push(Tool { place, ..tool });
        } else {
            stored::within(&mut ask.stored, item, at);
            passthrough_only(ask, at);
        }
        place = place.saturating_add(1);
        Ok(())
    })
}

fn tool<'d>(ask: &mut Ask<'d>, at: &At<'_>, item: Value<'d>) -> Result<Tool<'d>, Fault> {
    let mut function = None;
    for (key, value) in item.members() {
        match &*key {
            "type" => {}
            "function" => function = Some(value),
            _ => unknown(ask, at, &key, value),
        }
    }
    let at = at.key("function");
    let Some(function) = function else {
        return Err(Fault::field(at, "is missing"));
    };
    fields::object(at, function)?;
    let name = member(&at, function, "name")?;
    if name.is_empty() {
        return Err(Fault::field(at.key("name"), "expected a name, got an empty string"));
    }
    let mut tool = Tool { name, ..Tool::default() };
    for (key, value) in function.members() {
        let at_key = at.key(&key);
        match &*key {
            "name" => {}
            "description" => tool.description = optional(value, |v| string(at_key, v))?,
            "strict" => tool.strict = optional(value, |v| fields::boolean(at_key, v))?,
            "parameters" => {
                tool.schema = optional(value, |v| fields::object(at_key, v).map(|()| v.raw()))?
                    .filter(|_| value.members().next().is_some());
            }
            _ => unknown(ask, &at, &key, value),
        }
    }
    Ok(tool)
}

/// Reads what may be `null`.
fn optional<'d, T>(
    value: Value<'d>,
    read: impl FnOnce(Value<'d>) -> Result<T, Fault>,
) -> Result<Option<T>, Fault> {
    if value.is_null() { Ok(None) } else { read(value).map(Some) }
}

pub(super) fn choice<'d>(
    ask: &mut Ask<'d>,
    name: &'static str,
    value: Value<'d>,
) -> Result<(), Fault> {
    let choice = if let Some(word) = value.as_str() {
        match &*word {
            "auto" => ToolChoice::Auto,
            "none" => ToolChoice::None,
            "required" => ToolChoice::Required,
            other => {
                let known = "expected `auto`, `none`, `required` or an object";
                return Err(Fault::field(name, format_args!("{known}, got `{other}`")));
            }
        }
    } else if value.is_object() {
        let at = At::Root;
        let at = at.key(name);
        if member(&at, value, "type")? != "function" {
            passthrough_only(ask, name);
            return Ok(());
        }
        let at = at.key("function");
        let Some(function) = value.get("function") else {
            return Err(Fault::field(at, "is missing"));
        };
        fields::object(at, function)?;
        ToolChoice::Named(member(&at, function, "name")?)
    } else {
        return Err(wrong(name, "a string or an object", value));
    };
    ask.tool_choice = Some(Given { value: choice, field: name });
    Ok(())
}

pub(super) fn parallel(
    ask: &mut Ask<'_>,
    name: &'static str,
    value: Value<'_>,
) -> Result<(), Fault> {
    ask.parallel_tools = Some(Given { value: fields::boolean(name, value)?, field: name });
    Ok(())
}
