//! A value that fits a JSON schema: what the simulated models put into tool calls and JSON answers.
use serde_json::{Map, Number, Value, json};

const DEEPEST: usize = 16;

/// The smallest sensible value for `schema`; `hint` goes into free texts.
pub(super) fn fit(schema: &Value, hint: &str) -> Value {
    value(schema, schema, hint, 0)
}

fn value(schema: &Value, root: &Value, hint: &str, depth: usize) -> Value {
    let Some(object) = schema.as_object().filter(|_| depth < DEEPEST) else {
        return if schema.is_boolean() { json!({}) } else { Value::Null };
    };
    let deeper = depth.saturating_add(1);
    if let Some(found) = object.get("const") {
        return found.clone();
    }
    if let Some(first) = object.get("enum").and_then(Value::as_array).and_then(|list| list.first())
    {
        return first.clone();
    }
    if let Some(target) = object.get("$ref").and_then(Value::as_str) {
        let found = target.strip_prefix('#').and_then(|pointer| root.pointer(pointer));
        return found.map_or(Value::Null, |found| value(found, root, hint, deeper));
    }
    for choice in ["anyOf", "any_of", "oneOf", "allOf"] {
        let first = object.get(choice).and_then(Value::as_array).and_then(|list| list.first());
        if let (Some(first), None) = (first, object.get("properties")) {
            return value(first, root, hint, deeper);
        }
    }
    match kind(object).as_str() {
        "string" => Value::String(text(object, hint)),
        "integer" => integer(object),
        "number" => number(object),
        "boolean" => Value::Bool(true),
        "null" => Value::Null,
        "array" => array(object, root, hint, deeper),
        _ => members(object, root, hint, deeper),
    }
}

/// The type's name in lower case, the first that is not null where several are given.
fn kind(object: &Map<String, Value>) -> String {
    let found = match object.get("type") {
        Some(Value::String(name)) => Some(name.as_str()),
        Some(Value::Array(names)) => {
            names.iter().filter_map(Value::as_str).find(|name| *name != "null")
        }
        _ if object.contains_key("items") => Some("array"),
        _ => None,
    };
    found.unwrap_or("object").to_ascii_lowercase()
}

fn text(object: &Map<String, Value>, hint: &str) -> String {
    match object.get("format").and_then(Value::as_str) {
        Some("date-time") => return "2026-01-02T03:04:05Z".to_owned(),
        Some("date") => return "2026-01-02".to_owned(),
        Some("time") => return "03:04:05Z".to_owned(),
        Some("duration") => return "PT1H".to_owned(),
        Some("email") => return "sim@example.com".to_owned(),
        Some("uri") => return "https://example.com/sim".to_owned(),
        Some("hostname") => return "example.com".to_owned(),
        Some("ipv4") => return "192.0.2.1".to_owned(),
        Some("ipv6") => return "2001:db8::1".to_owned(),
        Some("uuid") => return "00000000-0000-4000-8000-000000000001".to_owned(),
        _ => {}
    }
    let size = |name: &str| {
        object.get(name).and_then(Value::as_u64).and_then(|size| usize::try_from(size).ok())
    };
    let mut out: String = hint.chars().take(size("maxLength").unwrap_or(usize::MAX)).collect();
    let least = size("minLength").unwrap_or(0).min(10_000);
    while out.chars().count() < least {
        out.push('x');
    }
    out
}

fn integer(object: &Map<String, Value>) -> Value {
    let bound = |name: &str| object.get(name).and_then(Value::as_i64);
    let least =
        bound("minimum").or_else(|| bound("exclusiveMinimum").map(|low| low.saturating_add(1)));
    let most =
        bound("maximum").or_else(|| bound("exclusiveMaximum").map(|high| high.saturating_sub(1)));
    let step = bound("multipleOf").filter(|step| *step > 0).unwrap_or(1);
    let from = least.unwrap_or(1).min(most.unwrap_or(i64::MAX));
    let over = from.rem_euclid(step);
    let fitted = if over == 0 { from } else { from.saturating_add(step.saturating_sub(over)) };
    json!(fitted)
}

fn number(object: &Map<String, Value>) -> Value {
    let bound = |name: &str| object.get(name).and_then(Value::as_f64);
    let least = bound("minimum").or_else(|| bound("exclusiveMinimum").map(|low| low + 0.5));
    let most = bound("maximum").or_else(|| bound("exclusiveMaximum").map(|high| high - 0.5));
    let found = least.unwrap_or(1.5).min(most.unwrap_or(f64::MAX));
    Number::from_f64(found).map_or(Value::Null, Value::Number)
}

fn array(object: &Map<String, Value>, root: &Value, hint: &str, depth: usize) -> Value {
    let least = object.get("minItems").map_or(Some(1), |least| {
        least.as_u64().or_else(|| least.as_str().and_then(|least| least.parse().ok()))
    });
    let Some(items) = object.get("items") else { return json!([]) };
    let one = value(items, root, hint, depth);
    let count = usize::try_from(least.unwrap_or(1).clamp(1, 100)).unwrap_or(1);
    Value::Array(vec![one; count])
}

fn members(object: &Map<String, Value>, root: &Value, hint: &str, depth: usize) -> Value {
    let mut out = Map::new();
    let known = object.get("properties").and_then(Value::as_object);
    let required = object.get("required").and_then(Value::as_array);
    for name in required.into_iter().flatten().filter_map(Value::as_str) {
        let inner = known.and_then(|known| known.get(name));
        let hint = if hint.is_empty() { name.to_owned() } else { format!("{name} {hint}") };
        let fitted = inner.map_or(Value::Null, |inner| value(inner, root, &hint, depth));
        out.insert(name.to_owned(), fitted);
    }
    Value::Object(out)
}
