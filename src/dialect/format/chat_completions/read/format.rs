//! `response_format`: the shape of the answer.
use super::{fields, hint, member, native};
use crate::dialect::{Ask, Fault, Format, Given};
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
        "json_object" => Format::JsonObject,
        "json_schema" => schema(ask, &at, value)?,
        _ => {
            native(ask, name);
            return Ok(());
        }
    };
    ask.format = Some(Given { value: format, field: name });
    Ok(())
}

fn schema<'d>(ask: &mut Ask<'d>, at: &At<'_>, value: Value<'d>) -> Result<Format<'d>, Fault> {
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
        hint(ask, "response_format.json_schema.description");
    }
    let Some(schema) = inner.given("schema") else {
        return Ok(Format::JsonObject);
    };
    fields::object(at.key("schema"), schema)?;
    Ok(Format::JsonSchema { name: Some(name), schema: schema.raw(), strict })
}
