//! The document against the service: every answer of every test is one that it declares.
use std::sync::OnceLock;

use serde_json::Value;

use crate::world::{Reply, World};

/// The document in the tree.
pub(super) fn document() -> &'static Value {
    static DOCUMENT: OnceLock<Value> = OnceLock::new();
    DOCUMENT.get_or_init(|| {
        let text = include_str!("../../src/companion/ledger/http/openapi.json");
        serde_json::from_str(text).unwrap()
    })
}

/// Every operation: its method, its path and what is said of it.
pub(super) fn operations() -> Vec<(String, String, &'static Value)> {
    const METHODS: [&str; 4] = ["get", "put", "post", "delete"];
    let paths = document()["paths"].as_object().unwrap().iter();
    let of_path = |(path, item): (&String, &'static Value)| {
        let item = item.as_object().unwrap().iter();
        let operations = item.filter(|(method, _)| METHODS.contains(&&***method));
        let path = path.clone();
        operations
            .map(move |(method, said)| (method.to_uppercase(), path.clone(), said))
            .collect::<Vec<_>>()
    };
    paths.flat_map(of_path).collect()
}

/// Fails when an answer is none that the document declares.
pub(super) fn check(method: &str, path: &str, reply: &Reply) {
    let path = path.split('?').next().unwrap();
    let matches = |template: &str| {
        let (own, other): (Vec<_>, Vec<_>) =
            (template.split('/').collect(), path.split('/').collect());
        own.len() == other.len()
            && own.iter().zip(&other).all(|(own, other)| own.starts_with('{') || own == other)
    };
    let operation =
        operations().into_iter().find(|(m, template, _)| m == method && matches(template));
    let Some((_, template, operation)) = operation else { return };
    let place = format!("{method} {template} {}: {}", reply.status, reply.body);
    let declared = resolve(&operation["responses"][reply.status.to_string()]);
    assert!(declared.is_object(), "not declared: {place}");
    let kind = reply.header("content-type").unwrap_or_default().split(';').next().unwrap();
    let content = &declared["content"][kind];
    assert!(content.is_object(), "`{kind}` is not declared: {place}");
    if kind.ends_with("json") {
        let wrong = differs(&reply.json(), &content["schema"], "");
        assert!(wrong.is_empty(), "{place}\n{}", wrong.join("\n"));
    }
    for name in declared["headers"].as_object().into_iter().flat_map(|headers| headers.keys()) {
        assert!(reply.header(name).is_some(), "no {name}: {place}");
    }
}

fn resolve(value: &'static Value) -> &'static Value {
    match value["$ref"].as_str() {
        Some(path) => document().pointer(path.trim_start_matches('#')).unwrap(),
        None => value,
    }
}

/// Every member that a schema has, its parts together.
fn members(schema: &'static Value) -> Vec<(&'static String, &'static Value)> {
    let schema = resolve(schema);
    let parts = schema["allOf"].as_array().into_iter().flatten().flat_map(members);
    let own = schema["properties"].as_object().into_iter().flatten();
    own.chain(parts).collect()
}

fn required(schema: &'static Value) -> Vec<&'static str> {
    let schema = resolve(schema);
    let parts = schema["allOf"].as_array().into_iter().flatten().flat_map(required);
    schema["required"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .chain(parts)
        .collect()
}

/// Where a value is not as its schema says. Members that the schema does not name are a difference:
/// the document is to say all.
fn differs(value: &Value, schema: &'static Value, at: &str) -> Vec<String> {
    let schema = resolve(schema);
    let mut wrong = Vec::new();
    let kinds: Vec<&str> = match &schema["type"] {
        Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).collect(),
        kind => kind.as_str().into_iter().collect(),
    };
    let kind = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    if !kinds.is_empty() && !kinds.contains(&kind) {
        wrong.push(format!("{at}: {kind} is not of {kinds:?}"));
    }
    if schema.get("const").is_some_and(|only| only != value) {
        wrong.push(format!("{at}: {value} is not {}", schema["const"]));
    }
    if schema["enum"].as_array().is_some_and(|all| !all.contains(value)) {
        wrong.push(format!("{at}: {value} is none of {}", schema["enum"]));
    }
    for item in value.as_array().into_iter().flatten().filter(|_| schema["items"].is_object()) {
        wrong.extend(differs(item, &schema["items"], &format!("{at}[]")));
    }
    let members = members(schema);
    if let (Some(object), false) = (value.as_object(), members.is_empty()) {
        for name in required(schema).into_iter().filter(|name| !object.contains_key(*name)) {
            wrong.push(format!("{at}.{name} is missing"));
        }
        for (name, value) in object {
            let mut own = members.iter().filter(|(own, _)| *own == name).peekable();
            if own.peek().is_none() {
                wrong.push(format!("{at}.{name} is not in the document"));
            }
            wrong.extend(
                own.flat_map(|(_, schema)| differs(value, schema, &format!("{at}.{name}"))),
            );
        }
    }
    wrong
}

#[test]
fn the_document_is_served_as_it_is_in_the_tree() {
    let world = World::new();
    assert_eq!(world.send("GET /openapi.json", &[], "").json(), *document());
}

#[test]
fn every_outcome_that_can_be_answered_is_declared() {
    let text = document().to_string();
    for outcome in tradewind::credit::Outcome::ALL {
        let consequence = outcome.consequence();
        let said = text.contains(&format!("\"{}\"", consequence.name));
        // What is done says so by its status.
        assert!(said || consequence.done, "{}", consequence.name);
    }
}
