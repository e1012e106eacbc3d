//! The reference page: every field of a policy, section by section, in Markdown.
use serde_json::Value;

use super::meaning;
use crate::dialect::provider;
use crate::policy::field::{Absent, Row, Section, Shape};
use crate::policy::{DOCUMENT, QUESTIONS};

/// What stands before the fields.
const HEAD: &str = include_str!("head.md");

/// The page.
#[must_use]
pub fn reference() -> String {
    let mut page = Page { text: HEAD.to_owned() };
    page.section("##", "The document", &DOCUMENT, "");
    page.questions();
    page.text
}

/// What stands before the questions.
const QUESTIONS_HEAD: &str = "
## Questions

An object of questions is what `when` holds: a request is meant where every one of them holds.
`all`, `any` and `not` hold others, up to eight deep and 64 in one `when`. A question is asked once
at most for a request, and what it has to look at is looked at once for all of them.

```yaml
when: {route: auto, any: [{tools: true}, {input_tokens: {over: 4000}}], not: {script: latin}}
```

| question | is | holds where |
| --- | --- | --- |
";

struct Page {
    text: String,
}

impl Page {
    /// The questions, and after them the sections within.
    fn questions(&mut self) {
        self.text.push_str(QUESTIONS_HEAD);
        for row in QUESTIONS {
            let (key, is) = (row.key(), is(&row.shape(), row.key()));
            let meaning = meaning(*row).replace('|', "\\|");
            self.text.push_str(&format!("| `{key}` | {is} | {meaning} |\n"));
        }
        for row in QUESTIONS {
            for (path, section) in sections(&row.shape(), row.key()) {
                self.section("###", &format!("`{path}`"), section, &path);
            }
        }
    }

    /// A section under its heading, and after it the sections within.
    fn section(&mut self, level: &str, heading: &str, section: &Section, path: &str) {
        let Some(doc) = section.doc.get() else { return };
        self.text.push_str(&format!("\n{level} {heading}\n"));
        if !doc.about.is_empty() {
            self.text.push_str(&format!("\n{}\n", doc.about));
        }
        if !doc.example.is_empty() {
            self.text.push_str(&format!("\n```yaml\n{}\n```\n", doc.example));
        }
        self.text.push_str("\n| field | is | left out | means |\n| --- | --- | --- | --- |\n");
        for row in doc.fields {
            let path = join(path, row.key());
            let (is, left_out) = (is(&row.shape(), &path), left_out(*row));
            self.text.push_str(&format!(
                "| `{}` | {is} | {left_out} | {} |\n",
                row.key(),
                meaning(*row).replace('|', "\\|")
            ));
        }
        // Two levels of headings are told apart at a glance, more are not.
        let level = if path.is_empty() { "##" } else { "###" };
        for row in doc.fields {
            for (path, section) in sections(&row.shape(), &join(path, row.key())) {
                self.section(level, &format!("`{path}`"), section, &path);
            }
        }
    }
}

/// The sections that a value may consist of, each with its path.
fn sections(shape: &Shape, path: &str) -> Vec<(String, &'static Section)> {
    match shape {
        Shape::Section(section) => vec![(path.to_owned(), section)],
        Shape::List { of, .. } => sections(of, &format!("{path}[]")),
        Shape::Entries { of, .. } => sections(of, &format!("{path}.<name>")),
        Shape::OneOf(kinds) => {
            let kind = |(name, section): &(&str, _)| (join(path, name), *section);
            kinds.iter().map(kind).collect()
        }
        Shape::Either(kinds) => kinds.iter().flat_map(|kind| sections(kind, path)).collect(),
        _ => Vec::new(),
    }
}

fn join(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") }
}

/// What a value is, in a few words.
fn is(shape: &Shape, path: &str) -> String {
    match shape {
        Shape::Constant(text) => format!("`{text}`"),
        Shape::Boolean => "`true` or `false`".to_owned(),
        Shape::Off => "`off`".to_owned(),
        Shape::Whole { of, least, most } => {
            format!("a whole number of {of}, {} to {}", grouped(*least), grouped(*most))
        }
        Shape::Decimal { least, most } => format!("a number, {least} to {most}"),
        Shape::Text(text) if text.range.is_empty() => text.what.to_owned(),
        Shape::Text(text) => format!("{}, {}", text.what, text.range),
        Shape::Words(words) => one_of(words.iter().map(|(word, _)| *word)),
        Shape::Dialect => one_of(provider::names().into_iter()),
        Shape::NameOf(entry) => format!("the name of a {entry}"),
        Shape::List { what, of, unique, .. } => {
            let once = if *unique { ", each once" } else { "" };
            let see = match **of {
                Shape::Predicate => ": [questions](#questions)".to_owned(),
                _ => see(of, &format!("{path}[]")),
            };
            format!("a list of {what}{once}{see}")
        }
        Shape::Entries { one, of, .. } => {
            let see = see(of, &format!("{path}.<name>"));
            match see.is_empty() {
                true => format!("{one}s by name, each {}", is(of, path)),
                false => format!("{one}s by name{see}"),
            }
        }
        Shape::Section(_) | Shape::OneOf(_) => format!("an object{}", see(shape, path)),
        Shape::Predicate => "an object of [questions](#questions)".to_owned(),
        Shape::Either(kinds) => {
            let kinds: Vec<String> = kinds.iter().map(|kind| is(kind, path)).collect();
            kinds.join("; or ")
        }
    }
}

/// Where the sections within are described.
fn see(shape: &Shape, path: &str) -> String {
    let links = sections(shape, path).into_iter().map(|(path, _)| {
        let kept = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
        let anchor: String = path.chars().filter(kept).collect();
        format!("[`{path}`](#{anchor})")
    });
    let links: Vec<String> = links.collect();
    if links.is_empty() { String::new() } else { format!(": {}", links.join(" or ")) }
}

fn one_of<'w>(words: impl Iterator<Item = &'w str>) -> String {
    let quoted: Vec<String> = words.map(|word| format!("`{word}`")).collect();
    match quoted.split_last() {
        Some((last, before)) if !before.is_empty() => format!("{} or {last}", before.join(", ")),
        _ => quoted.concat(),
    }
}

/// What holds where a field is left out.
fn left_out(row: &dyn Row) -> String {
    match row.absent() {
        Absent::Required => "**required**".to_owned(),
        Absent::Said(words) => words.to_owned(),
        Absent::Default(json) => match serde_json::from_str(&json) {
            Ok(Value::String(text)) => format!("`{text}`"),
            Ok(value) => format!("`{}`", flow(&value)),
            Err(_) => json,
        },
    }
}

/// A value as a policy would say it on one line.
fn flow(value: &Value) -> String {
    let Value::Object(fields) = value else { return value.to_string() };
    let fields: Vec<String> =
        fields.iter().map(|(key, value)| format!("{key}: {}", flow(value))).collect();
    format!("{{{}}}", fields.join(", "))
}

/// A number with its thousands apart.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let groups: Vec<&str> = digits
        .as_bytes()
        .rchunks(3)
        .rev()
        .map(|group| core::str::from_utf8(group).unwrap_or_default())
        .collect();
    groups.join(",")
}
