//! A policy's fields as documents: the JSON Schema, and the reference page beside it. Both are made
//! of the rows that the reader asks (`policy/field`), so they say what holds.
mod range;
mod reference;

pub use reference::reference;

use serde_json::{Map, Value, json};

use crate::dialect::provider;
use crate::policy::field::{Absent, Holds, Is, Quantity, Row, Rule, Section, Shape, Text};
use crate::policy::{DOCUMENT, QUESTIONS};

/// The JSON Schema of a policy, in draft 2020-12.
///
/// What no schema can say is left to the reader: names that lead nowhere, or that nothing leads to,
/// and numbers that are too large beside others.
#[must_use]
pub fn schema() -> Value {
    let mut schema = Map::new();
    let about = "A policy of Tradewind. `tradewind check` finds what a schema cannot say.";
    schema.insert("$schema".into(), "https://json-schema.org/draft/2020-12/schema".into());
    schema.insert("title".into(), "Tradewind policy".into());
    schema.insert("description".into(), about.into());
    schema.extend(object(&DOCUMENT));
    schema.insert("$defs".into(), json!({PREDICATE: questions()}));
    Value::Object(schema)
}

/// What an object of questions is called where the schema refers to it: questions hold others.
const PREDICATE: &str = "questions";

/// An object of questions.
fn questions() -> Value {
    let question = |row: &&dyn Row| (row.key().to_owned(), Value::Object(property(*row)));
    let rows = QUESTIONS.iter().map(|question| *question as &dyn Row);
    json!({
        "type": "object",
        "properties": rows.map(|row| question(&row)).collect::<Map<_, _>>(),
        "minProperties": 1,
        "additionalProperties": false,
    })
}

/// An object of a section's fields and no others.
fn object(section: &Section) -> Map<String, Value> {
    let rows = section.doc.get().map_or(&[][..], |doc| doc.fields);
    let required: Vec<&str> =
        rows.iter().filter(|row| row.absent() == Absent::Required).map(|row| row.key()).collect();
    let properties: Map<String, Value> =
        rows.iter().map(|row| (row.key().to_owned(), Value::Object(property(*row)))).collect();
    let mut object = Map::new();
    object.insert("type".into(), "object".into());
    object.insert("properties".into(), properties.into());
    if !required.is_empty() {
        object.insert("required".into(), required.into());
    }
    object.insert("additionalProperties".into(), false.into());
    let rules = section.doc.get().map_or(&[][..], |doc| doc.rules);
    if !rules.is_empty() {
        let rule = |rule: &Rule| json!({"if": holds(rule.when), "then": holds(rule.then)});
        object.insert("allOf".into(), rules.iter().map(rule).collect());
    }
    object
}

/// Something that holds of a field, as a schema of its object.
fn holds(Holds { key, is }: Holds) -> Value {
    let field = |is: Value| json!({"properties": {key: is}});
    let given = |is: Value| json!({"properties": {key: is}, "required": [key]});
    match is {
        Is::Given => json!({"required": [key]}),
        Is::Absent => json!({"not": {"required": [key]}}),
        Is::Word(word) => given(json!({"const": word})),
        Is::AbsentOr(word) => field(json!({"const": word})),
        Is::Begins(start) => given(json!({"type": "string", "pattern": format!("^{start}")})),
        Is::Each(own) => field(json!({"additionalProperties": {"required": [own]}})),
    }
}

fn property(row: &dyn Row) -> Map<String, Value> {
    let mut property = Map::new();
    property.insert("description".into(), meaning(row).into());
    property.extend(of(&row.shape()));
    if let Absent::Default(json) = row.absent() {
        // The row's own JSON.
        property.insert("default".into(), serde_json::from_str(&json).unwrap_or_default());
    }
    property
}

/// What a field means, and where it is one of a few words what each of them does.
fn meaning(row: &dyn Row) -> String {
    let mut meaning = row.about().to_owned();
    for (word, about) in words(&row.shape()) {
        meaning.push_str(&format!(" `{word}`: {about}"));
    }
    meaning
}

/// The words that a value may be, itself or in a list.
fn words(shape: &Shape) -> Vec<(&'static str, &'static str)> {
    match shape {
        Shape::Words(words) => words.clone(),
        Shape::List { of, .. } => words(of),
        Shape::Either(kinds) => kinds.first().map(words).unwrap_or_default(),
        _ => Vec::new(),
    }
}

/// A kind, said in the words of JSON Schema.
fn of(shape: &Shape) -> Map<String, Value> {
    let value = match shape {
        Shape::Constant(text) => json!({"const": text}),
        Shape::Boolean => json!({"type": "boolean"}),
        Shape::Off => json!({"enum": ["off", false]}),
        Shape::Whole { least, most, .. } => {
            json!({"type": "integer", "minimum": least, "maximum": most})
        }
        Shape::Decimal { least, most } => {
            let bound = |text: &str| text.parse::<u64>().unwrap_or_default();
            json!({"type": "number", "minimum": bound(least), "maximum": bound(most)})
        }
        Shape::Text(text) => Value::Object(of_text(text)),
        Shape::Words(words) => {
            json!({"enum": words.iter().map(|(word, _)| *word).collect::<Vec<_>>()})
        }
        Shape::Dialect => json!({"enum": provider::names()}),
        Shape::NameOf(_) => json!({"type": "string"}),
        Shape::List { of: item, least, unique, .. } => {
            let mut list = json!({"type": "array", "items": of(item)});
            if let Value::Object(list) = &mut list {
                if *least > 0 {
                    list.insert("minItems".into(), (*least).into());
                }
                if *unique {
                    list.insert("uniqueItems".into(), true.into());
                }
            }
            list
        }
        Shape::Entries { of: entry, names, .. } => json!({
            "type": "object",
            "propertyNames": of_text(names),
            "minProperties": 1,
            "additionalProperties": of(entry),
        }),
        Shape::Section(section) => Value::Object(object(section)),
        Shape::OneOf(kinds) => {
            let fields = kinds.iter().map(|(name, section)| {
                let about = section.doc.get().map_or("", |doc| doc.about);
                let mut field = Map::new();
                field.insert("description".into(), about.into());
                field.extend(object(section));
                ((*name).to_owned(), Value::Object(field))
            });
            json!({
                "type": "object",
                "properties": fields.collect::<Map<_, _>>(),
                "minProperties": 1,
                "maxProperties": 1,
                "additionalProperties": false,
            })
        }
        Shape::Predicate => json!({"$ref": format!("#/$defs/{PREDICATE}")}),
        Shape::Either(kinds) => json!({"anyOf": kinds.iter().map(of).collect::<Vec<_>>()}),
    };
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

fn of_text(text: &Text) -> Map<String, Value> {
    let mut schema = Map::new();
    schema.insert("type".into(), "string".into());
    let pattern = match text.quantity {
        Some(Quantity { units, least, most }) => range::pattern(units, least, most),
        None => text.pattern.to_owned(),
    };
    schema.insert("pattern".into(), pattern.into());
    if let Some(longest) = text.longest {
        schema.insert("maxLength".into(), longest.into());
    }
    if !text.unlike.is_empty() {
        schema.insert("not".into(), json!({"pattern": text.unlike}));
    }
    if !text.example.is_empty() {
        schema.insert("examples".into(), json!([text.example]));
    }
    schema
}
