//! YAML written: what people read and review before they apply it.
use serde_json::Value;

/// Objects, one document each.
#[must_use]
pub(in super::super) fn documents(objects: &[Value]) -> String {
    let mut out = String::new();
    for object in objects {
        if !out.is_empty() {
            out.push_str("---\n");
        }
        block(object, 0, &mut out);
    }
    out
}

/// A value on lines of its own.
fn block(value: &Value, depth: usize, out: &mut String) {
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            for (index, (key, value)) in fields.iter().enumerate() {
                if index > 0 || at_line_start(out) {
                    indent(depth, out);
                }
                out.push_str(&text(key, depth));
                out.push(':');
                below(value, depth.saturating_add(1), out);
            }
        }
        Value::Array(items) if !items.is_empty() => {
            for item in items {
                indent(depth, out);
                out.push('-');
                item_of_list(item, depth, out);
            }
        }
        scalar => {
            out.push_str(&inline(scalar, depth));
            out.push('\n');
        }
    }
}

/// A member's value: below its key, or behind it where it is one line.
fn below(value: &Value, depth: usize, out: &mut String) {
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            out.push('\n');
            block(value, depth, out);
        }
        Value::Array(items) if !items.is_empty() => {
            out.push('\n');
            // A list stands as deep as its key, as people write them.
            block(value, depth.saturating_sub(1), out);
        }
        scalar => {
            out.push(' ');
            out.push_str(&inline(scalar, depth));
            out.push('\n');
        }
    }
}

fn item_of_list(item: &Value, depth: usize, out: &mut String) {
    out.push(' ');
    match item {
        Value::Array(items) if !items.is_empty() => {
            out.push('\n');
            block(item, depth.saturating_add(1), out);
        }
        // The first member stands behind the dash.
        other => block(other, depth.saturating_add(1), out),
    }
}

fn at_line_start(out: &str) -> bool {
    out.is_empty() || out.ends_with('\n')
}

fn indent(depth: usize, out: &mut String) {
    for _ in 0..depth {
        out.push_str("  ");
    }
}

fn inline(value: &Value, depth: usize) -> String {
    match value {
        Value::String(string) => text(string, depth),
        // What is left is empty, a number, a boolean or null: the same in JSON.
        other => other.to_string(),
    }
}

/// A text: plain where nothing of YAML could read it as anything else, a block where it has lines,
/// quoted as JSON does otherwise, which is YAML too.
fn text(string: &str, depth: usize) -> String {
    let lines = string.contains('\n') && !string.starts_with([' ', '\n']);
    let printable = |c: char| c == '\n' || !c.is_control();
    if lines && string.chars().all(printable) && !string.ends_with('\n') {
        let mut block = "|-".to_owned();
        for line in string.lines() {
            block.push('\n');
            if !line.is_empty() {
                indent(depth, &mut block);
                block.push_str(line);
            }
        }
        return block;
    }
    if is_plain(string) { string.to_owned() } else { Value::from(string).to_string() }
}

/// Whether a text means itself to any reader of YAML: letters, with signs between them that mean
/// nothing, and no word that stands for something else.
fn is_plain(string: &str) -> bool {
    const WORDS: [&str; 8] = ["true", "false", "null", "yes", "no", "on", "off", "y"];
    let sign = |c: char| "-_./".contains(c);
    let first = string.starts_with(|c: char| c.is_ascii_alphabetic());
    first
        && string.chars().all(|c| c.is_ascii_alphanumeric() || sign(c))
        && !WORDS.contains(&string.to_ascii_lowercase().as_str())
        && string != "n"
        && string != "N"
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::documents;
    use crate::companion::yaml::parse;

    /// A document, as the reader of policies understands it.
    fn read(text: &str) -> Value {
        match parse(text) {
            Ok(node) => serde_json::from_str(&node.to_json()).unwrap_or_default(),
            Err(problem) => panic!("{problem:?}: {text}"),
        }
    }

    #[test]
    fn what_is_written_is_read_as_the_same() {
        for value in [
            json!({"a": 1, "b": [1, "two", {"c": null, "d": [[1], []]}], "e": {}, "f": [true]}),
            json!({"words": ["true", "no", "on", "null", "1.0", "1e3", "0x1", "", "~", "y", "N"]}),
            json!({"signs": ["a: b", "a #b", "- a", "@a", "%a", "'", "\"", "\\", "\t", "*", "&"]}),
            json!({"lines": "one\n  two\n\nthree", "ends": "one\n", "begins": " one\ntwo"}),
            json!({"letters": "é\u{1f600}"}),
            json!([{"list": [{"of": "lists"}, [{"a": "b"}, "c"]]}, "end"]),
        ] {
            let text = documents(core::slice::from_ref(&value));
            assert_eq!(read(&text), value, "{text}");
        }
    }

    #[test]
    fn it_looks_as_people_write_it() {
        let object = json!({"kind": "A", "spec": {"hosts": ["a.b"], "ports": [{"number": 80}]}});
        let expected = "kind: A\nspec:\n  hosts:\n  - a.b\n  ports:\n  - number: 80\n";
        assert_eq!(documents(core::slice::from_ref(&object)), expected);
        assert_eq!(documents(&[object.clone(), object]), format!("{expected}---\n{expected}"));
    }
}
