//! As much of JSON Schema as the schema of policies needs; a keyword beyond that fails the test.
//! `tests/e2e/test_schema.py` holds the same policies against a validator of the field.
use regex_lite::Regex;
use serde_json::{Value, json};

/// Whether a value is what a schema says.
pub(crate) fn valid(schema: &Value, value: &Value) -> bool {
    valid_in(schema, schema, value)
}

/// The same of a part of a schema.
pub(crate) fn valid_in(root: &Value, schema: &Value, value: &Value) -> bool {
    let keywords = schema.as_object().unwrap();
    keywords.iter().all(|(keyword, rule)| holds(keyword, (root, rule), schema, value))
}

/// What a `$ref` leads to.
pub(crate) fn referred<'s>(root: &'s Value, reference: &str) -> &'s Value {
    root.pointer(reference.strip_prefix('#').unwrap()).unwrap()
}

fn holds(keyword: &str, (root, rule): (&Value, &Value), schema: &Value, value: &Value) -> bool {
    let valid = |schema: &Value, value: &Value| valid_in(root, schema, value);
    let count = |values: Option<usize>| values.and_then(|count| u64::try_from(count).ok());
    let fields = value.as_object();
    match keyword {
        "$schema" | "$defs" | "title" | "description" | "default" | "examples" => true,
        "$ref" => valid(referred(root, rule.as_str().unwrap()), value),
        "const" => value == rule,
        "enum" => rule.as_array().unwrap().contains(value),
        "type" => is(rule.as_str().unwrap(), value),
        "anyOf" => rule.as_array().unwrap().iter().any(|schema| valid(schema, value)),
        "allOf" => rule.as_array().unwrap().iter().all(|schema| valid(schema, value)),
        "if" => !valid(rule, value) || valid(&schema["then"], value),
        // Asked with its `if`.
        "then" => true,
        "not" => !valid(rule, value),
        "pattern" => value.as_str().is_none_or(|text| {
            let pattern = Regex::new(rule.as_str().unwrap()).unwrap();
            pattern.is_match(text)
        }),
        "maxLength" => count(value.as_str().map(|text| text.chars().count())) <= rule.as_u64(),
        "minimum" => value.as_f64().is_none_or(|number| Some(number) >= rule.as_f64()),
        "maximum" => value.as_f64().is_none_or(|number| Some(number) <= rule.as_f64()),
        "items" => value.as_array().into_iter().flatten().all(|item| valid(rule, item)),
        "minItems" => {
            value.as_array().is_none_or(|items| count(Some(items.len())) >= rule.as_u64())
        }
        "uniqueItems" => value.as_array().is_none_or(|items| {
            items.iter().enumerate().all(|(at, item)| !items.iter().take(at).any(|own| own == item))
        }),
        "required" => fields.is_none_or(|fields| {
            rule.as_array().unwrap().iter().all(|key| fields.contains_key(key.as_str().unwrap()))
        }),
        "properties" => rule.as_object().unwrap().iter().all(|(key, schema)| {
            fields.and_then(|fields| fields.get(key)).is_none_or(|value| valid(schema, value))
        }),
        "additionalProperties" => fields.into_iter().flatten().all(|(key, value)| {
            let own = schema["properties"].get(key).is_some();
            own || (rule.is_object() && valid(rule, value))
        }),
        "propertyNames" => {
            fields.into_iter().flatten().all(|(key, _)| valid(rule, &Value::from(key.as_str())))
        }
        "minProperties" => fields.is_none_or(|fields| count(Some(fields.len())) >= rule.as_u64()),
        "maxProperties" => fields.is_none_or(|fields| count(Some(fields.len())) <= rule.as_u64()),
        other => panic!("the test knows no `{other}`"),
    }
}

fn is(kind: &str, value: &Value) -> bool {
    match kind {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "number" => value.is_number(),
        "integer" => value.as_f64().is_some_and(|number| number.fract() == 0.0),
        other => panic!("the test knows no type `{other}`"),
    }
}

/// A rule of `prompt` with every field.
pub(crate) fn prompt() -> Value {
    let mut rule = json!({"routes": ["auto"], "classes": ["odd"], "when": {"tools": true}});
    rule.as_object_mut().unwrap().extend(additions().as_object().unwrap().clone());
    rule
}

/// What is added, with every field.
pub(crate) fn additions() -> Value {
    let own = json!({"temperature": 0.5, "top_p": 0.5, "max_tokens": 100, "reasoning": "low"});
    json!({
        "prepend_system": "For {{tenant}}.", "append_system": "Yes.", "set": own, "default": own,
        "cap": own, "messages": [{"user": "Ping?", "assistant": "Pong."}],
    })
}

/// An entry of `identity` for tokens, with every field that may stand beside the others.
pub(crate) fn jwt() -> Value {
    json!({"jwt": {
        "issuer": "i", "audiences": ["a"], "jwks": {"uri": "https://i.example/keys"},
        "header": "x-token", "tenant_claim": "org", "tenants": ["acme"], "user_claim": "sub",
        "labels": {"team": "team"}, "models": ["auto"], "user_header": "x-user",
        "require": {"region": "eu"},
    }})
}

/// The same for certificates.
pub(crate) fn spiffe() -> Value {
    json!({"spiffe": {
        "pattern": "spiffe://a/{tenant}", "tenants": ["acme"], "xfcc": "trusted",
        "models": ["auto"], "user_header": "x-user", "require": {"region": "eu"},
    }})
}

/// The same for a sidecar's own workload.
pub(crate) fn workload() -> Value {
    json!({"workload": {
        "tenant_from": "NAMESPACE", "tenants": ["acme"], "user_from": "SERVICE_ACCOUNT",
        "labels": {"team": "LABELS.team"}, "models": ["auto"], "user_header": "x-user",
        "require": {"region": "eu"},
    }})
}
