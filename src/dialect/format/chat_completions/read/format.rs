//! `response_format`: the shape of the answer.
use super::{best_effort, fields, member, passthrough_only};
use crate::dialect::{Ask, Fault, Given, ResponseFormat};
use crate::json::{At, Value};

pub(super) fn read<'d>(
    ask: &mut Ask<'d>,
    name: &'static str,
    value: Value<'d>,
) -> Result<(), Fault> {
    fields::object(name, value)?;
    let at = At::Root;
    let at = at.key(name);
    let format = match &*member(&at, value, "type")? {
        "text" => return Ok(()),
        "json_object" => ResponseFormat::JsonObject,
        "json_schema" => schema(ask, &at, value)?,
        _ => {
            passthrough_only(ask, name);
            return Ok(());
        }
    };
    ask.format = Some(Given { value: format, field: name });
    Ok(())
}

fn schema<'d>(
    ask: &mut Ask<'d>,
    at: &At<'_>,
    value: Value<'d>,
) -> Result<ResponseFormat<'d>, Fault> {
    let at = at.key("json_schema");
    let Some(inner) = value.get("json_schema") else {
        return Err(Fault::field(at, "is missing"));
    };
    fields::object(at, inner)?;
    let name = member(&at, inner, "name")?;
    let strict = match inner.given("strict") {
        Some(strict) => Some(fields::boolean(at.key("strict"), strict)?),
        None => None,
    };
    if inner.given("description").is_some() {
        best_effort(ask, "response_format.json_schema.description");
    }
    let Some(schema) = inner.given("schema") else {
        return Ok(ResponseFormat::JsonObject);
    };
    fields::object(at.key("schema"), schema)?;
    Ok(ResponseFormat::JsonSchema { name: Some(name), schema: schema.raw(), strict })
}
