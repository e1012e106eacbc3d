//! The schema and the reference page of a policy: they say what the reader does.
//!
//! After a change of fields, `BLESS=1 cargo test --features companion --test schema` writes the
//! page anew: read the diff.
#![cfg(feature = "companion")]
#![expect(clippy::unwrap_used, clippy::panic, reason = "a helper that fails fails its test")]
#[path = "support/full.rs"]
mod full;
#[path = "support/limits.rs"]
mod limits;
#[path = "support/shadow.rs"]
mod shadow;
#[path = "support/schema.rs"]
mod support;
#[path = "support/weights.rs"]
mod weights;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use full::full;
use proptest::prelude::*;
use serde_json::{Map, Value, json};
use support::{referred, valid, valid_in};
use tradewind::companion::{policy_file, schema};
use tradewind::policy::Policy;

const PAGE: &str = "envoy/POLICY.md";

/// Problems that only the reader finds: what a schema cannot say.
const BEYOND: &[&str] = &[
    "accounts-long",
    "breaker-short",
    "cache",
    "cascade-unknown",
    "classes",
    "credits-cluster-own",
    "credits-cluster",
    "dangling",
    "deadline-agent",
    "deadline-host",
    "deprecated-circle",
    "duplicate-key",
    "experiments",
    "global-session",
    "long-chain",
    "metric-label",
    "patterns",
    "prompt-cache",
    "prompt",
    "questions",
    "session-nothing",
    "session-rate",
    "sticky-routes",
    "sticky",
    "tags",
    "unused",
    "user-header",
    "window",
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The policies of a folder of the corpus, in order.
fn policies(folder: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(root().join("tests/corpus").join(folder)).unwrap();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|own| own != "txt"));
    paths.sort();
    paths
}

fn accepted() -> Vec<PathBuf> {
    let mut paths = policies("policy");
    paths.push(root().join("envoy/gateway/policy.yaml"));
    paths
}

/// A policy's text as JSON; `None` where it is neither YAML nor JSON.
fn value(text: &[u8]) -> Option<Value> {
    let tree = policy_file::tree(text).ok()?;
    Some(serde_json::from_str(&tree.to_json()).unwrap())
}

fn read(policy: &Value) -> Result<Policy, Vec<String>> {
    let read = Policy::from_json(policy.to_string().as_bytes());
    read.map_err(|problems| problems.iter().map(ToString::to_string).collect())
}

/// Calls with every object of known fields: its schema, and its place in a policy of all fields.
fn objects(schema: &Value, at: &str, value: &Value, found: &mut dyn FnMut(&Value, &str)) {
    // Questions hold others, of which there are not all.
    if let Some(reference) = schema["$ref"].as_str() {
        if at == "/classes/0/when" {
            objects(referred(&schema::schema(), reference), at, value, found);
        }
        return;
    }
    for branch in schema["anyOf"].as_array().into_iter().flatten() {
        objects(branch, at, value, found);
    }
    if let (Some(properties), true) = (schema["properties"].as_object(), value.is_object()) {
        // An entry of `identity` has one of several, the last class no `when`, a copy no arms, and
        // the last model is not retired.
        let some = ["/classes/1", "/experiments/1", "/models/o"].contains(&at);
        if schema["maxProperties"].is_null() && !some {
            found(schema, at);
        }
        for (key, schema) in properties {
            if let Some(value) = value.get(key) {
                objects(schema, &format!("{at}/{key}"), value, found);
            }
        }
    }
    for (key, value) in value.as_object().into_iter().flatten() {
        if schema["additionalProperties"].is_object() {
            objects(&schema["additionalProperties"], &format!("{at}/{key}"), value, found);
        }
    }
    for (index, value) in value.as_array().into_iter().flatten().enumerate() {
        objects(&schema["items"], &format!("{at}/{index}"), value, found);
    }
}

/// Fields without which others mean something else, which is reported.
const TOGETHER: &str = "price grace request_headers user key labels tags when classes credits \
                        default arms unit tenant jwks tenant_claim uri requests per";

/// Fields that not every object of their kind has in `full`.
const PARTS: &[&str] = &[
    "chain",
    "models",
    "prompt",
    "reply",
    "shadow",
    "tenant",
    "metadata",
    "file",
    "tokens",
    "concurrent",
    "accounts",
    "secret",
];

/// The fields of one object of a policy.
fn fields<'p>(policy: &'p mut Value, at: &str) -> &'p mut Map<String, Value> {
    policy.pointer_mut(at).and_then(Value::as_object_mut).unwrap()
}

#[test]
fn the_reader_knows_the_fields_of_the_schema_and_no_others() {
    let (full, schema) = (full(), schema::schema());
    read(&full).unwrap();
    let mut sections = 0;
    objects(&schema, "", &full, &mut |schema, at| {
        let known: BTreeSet<&String> = schema["properties"].as_object().unwrap().keys().collect();
        let mut given = full.clone();
        let own: BTreeSet<String> = fields(&mut given, at).keys().cloned().collect();
        let has = |key: &&&String| own.contains(**key) || PARTS.contains(&key.as_str());
        assert!(known.iter().all(|key| has(&key)), "{at}: `full` lacks a field of {known:?}");
        fields(&mut given, at).insert("zzzzzz".to_owned(), Value::Null);
        let problems = read(&given).unwrap_err().concat();
        let listed: Vec<String> = known.iter().map(|key| format!("`{key}`")).collect();
        let expected = match listed.as_slice() {
            [only] => format!("unknown field `zzzzzz`, expected {only}"),
            all => format!("unknown field `zzzzzz`, expected one of {}", all.join(", ")),
        };
        assert!(problems.ends_with(&expected), "{at}: {problems}\n{expected}");
        sections += 1;
    });
    assert_eq!(sections, 78, "sections, as the reference page has them");
}

#[test]
fn what_the_schema_requires_or_gives_the_reader_does() {
    let (full, schema) = (full(), schema::schema());
    let mut defaults = 0;
    objects(&schema, "", &full, &mut |schema, at| {
        let required = schema["required"].as_array().cloned().unwrap_or_default();
        for (key, field) in schema["properties"].as_object().unwrap() {
            let mut without = full.clone();
            fields(&mut without, at).remove(key);
            // Without one of them the others mean something else, which is reported.
            let one_of_two = at.starts_with("/resilience/fallback/");
            let together = one_of_two || TOGETHER.split(' ').any(|own| own == key);
            let must = required.contains(&Value::from(key.as_str()));
            let missing = format!("missing field `{key}`");
            match read(&without) {
                Ok(policy) if !field["default"].is_null() => {
                    let mut said = full.clone();
                    fields(&mut said, at).insert(key.clone(), field["default"].clone());
                    assert!(valid_in(schema, field, &field["default"]), "{at}/{key}");
                    let said = read(&said).unwrap();
                    assert_eq!(format!("{policy:?}"), format!("{said:?}"), "{at}/{key}");
                    defaults += 1;
                }
                Ok(_) => assert!(!must, "{at}/{key} may be left out"),
                Err(problems) => {
                    let missing = problems.iter().any(|problem| problem.contains(&missing));
                    assert!(together || (must && missing), "{at}/{key}: {problems:?}");
                }
            }
        }
    });
    assert!(defaults >= 15, "only {defaults} defaults");
}

#[test]
fn accepted_policies_are_valid() {
    let schema = schema::schema();
    for path in accepted() {
        let value = value(&fs::read(&path).unwrap()).unwrap();
        assert!(valid(&schema, &value), "{}", path.display());
    }
}

#[test]
fn wrong_policies_are_not_where_a_schema_can_say_so() {
    let schema = schema::schema();
    let passed: Vec<String> = policies("problem")
        .into_iter()
        .filter(|path| value(&fs::read(path).unwrap()).is_some_and(|value| valid(&schema, &value)))
        .map(|path| path.file_stem().unwrap().to_string_lossy().into_owned())
        .collect();
    assert_eq!(passed, BEYOND);
}

/// A policy that is right but for what is put at that place.
fn with(at: &str, key: &str, given: Value) -> Value {
    let mut policy = full();
    fields(&mut policy, at).insert(key.to_owned(), given);
    policy
}

#[test]
fn fields_that_exclude_or_need_each_other_do_so_in_the_schema() {
    let schema = schema::schema();
    let without = |at: &str, key: &str, mut policy: Value| {
        fields(&mut policy, at).remove(key);
        policy
    };
    let https = with("/credits", "endpoint", json!("https://ledger:8700"));
    let denied = with("/credits", "on_unavailable", json!("deny"));
    let unasked = without("/classes/0/when", "credits_left", full());
    let unasked = without("/providers/q/accounts/0", "budget", unasked);
    for (policy, right) in [
        (full(), true),
        (with("/experiments/0/arms/0", "models", json!(["m"])), false),
        (without("/credits", "grace", full()), false),
        (with("/providers/q", "secret", json!("q-key")), false),
        (with("/limits/rate/0", "tokens", json!(9)), false),
        (with("/limits/rate/0", "concurrent", json!(9)), false),
        (without("/limits/rate/0", "per", full()), false),
        (without("/credits", "on_unavailable", full()), true),
        (denied.clone(), false),
        (without("/credits", "grace", denied), true),
        (https.clone(), false),
        (without("/credits", "http2", https), true),
        (without("/models/m", "price", full()), false),
        (without("/experiments/0", "arms", full()), false),
        (with("/experiments/1", "holdout", json!("5%")), false),
        (without("/limits/session", "credits", without("", "credits", unasked)), true),
    ] {
        let read = read(&policy);
        assert_eq!((read.is_ok(), valid(&schema, &policy)), (right, right), "{read:?} {policy}");
    }
}

proptest! {
    /// A quantity has the same bounds for both.
    #[test]
    fn a_quantity_is_valid_where_it_is_read(
        field in prop::sample::select(&[
            ("/resilience", "idle_timeout"), ("/credits", "timeout"), ("/credits", "hold_for"),
            ("/limits/request", "max_body_bytes"),
        ][..]),
        length in 0_u32..12,
        number in any::<u64>(),
        zeros in 0_usize..3,
        unit in prop::sample::select(&["ms", "s", "m", "h", "B", "KB", "KiB", "MiB", "d", ""][..]),
    ) {
        let number = number.checked_rem(10_u64.pow(length)).unwrap_or(0);
        let text = format!("{}{number}{unit}", "0".repeat(zeros));
        let policy = with(field.0, field.1, Value::from(text));
        let read = read(&policy);
        prop_assert_eq!(read.is_ok(), valid(&schema::schema(), &policy), "{:?} {}", read, policy);
    }

    /// The schema refuses nothing that the reader takes.
    #[test]
    fn a_changed_policy_that_is_read_is_valid(
        policy in prop::sample::select(accepted()),
        at in any::<prop::sample::Index>(),
        length in 0_usize..4,
        instead in "[a-zA-Z0-9.%_/: -]{0,4}",
    ) {
        let mut text = fs::read(policy).unwrap();
        let start = at.index(text.len());
        let end = start.saturating_add(length).min(text.len());
        text.splice(start..end, instead.bytes());
        if policy_file::parse(&text).is_ok() {
            prop_assert!(valid(&schema::schema(), &value(&text).unwrap()));
        }
    }
}

#[test]
fn the_page_is_current() {
    let (file, page) = (root().join(PAGE), schema::reference());
    if std::env::var_os("BLESS").is_some() {
        fs::write(&file, &page).unwrap();
    }
    let kept = fs::read_to_string(&file).unwrap_or_default();
    let changed = page.lines().zip(kept.lines()).find(|(now, kept)| now != kept);
    assert!(page == kept, "{PAGE} is old, `BLESS=1` writes it anew: {changed:?}");
}

/// The schema of the field of that name, wherever it stands.
fn named<'s>(schema: &'s Value, name: &str) -> Option<&'s Value> {
    match schema {
        Value::Object(fields) => {
            let own = fields.get("properties").and_then(|properties| properties.get(name));
            own.or_else(|| fields.values().find_map(|value| named(value, name)))
        }
        Value::Array(items) => items.iter().find_map(|value| named(value, name)),
        _ => None,
    }
}

#[test]
fn the_examples_of_the_page_are_right() {
    let (page, schema) = (schema::reference(), schema::schema());
    let whole = schema.clone();
    let mut examples = 0;
    for block in page.split("```yaml\n").skip(1) {
        let text = block.split("```").next().unwrap();
        let value = value(text.as_bytes()).unwrap_or_else(|| panic!("not YAML:\n{text}"));
        for (key, value) in value.as_object().unwrap() {
            let schema = named(&schema, key).unwrap_or_else(|| panic!("no `{key}`"));
            assert!(valid_in(&whole, schema, value), "{text}");
        }
        examples += 1;
    }
    assert!(examples >= 12, "only {examples} examples");
}

#[test]
fn the_command_prints_both() {
    let run = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tradewind"));
        String::from_utf8(command.arg("schema").args(arguments).output().unwrap().stdout).unwrap()
    };
    let printed = run(&[]);
    assert!(printed.ends_with("}\n"));
    assert_eq!(serde_json::from_str::<Value>(&printed).unwrap(), schema::schema());
    assert_eq!(run(&["--reference"]), schema::reference());
}
