//! A YAML or JSON document as a tree whose values know their lines.
use crate::json::{Document, Kind, Limits, Value, Writer};

use super::Problem;

/// A value and its place in the document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// The value itself.
    pub content: Content,
    /// The line on which the value begins, from 1.
    pub line: usize,
    /// The column at which the value begins, from 1.
    pub column: usize,
}

/// What a value is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// `null`, or an empty value in YAML.
    Null,
    /// `true` or `false`, by YAML's core schema.
    Boolean(bool),
    /// A number, as JSON writes it.
    Number(String),
    /// A string, its escapes resolved.
    Text(String),
    /// The items of a list in their order.
    List(Vec<Node>),
    /// The members of an object in their order, also those of the same name.
    Object(Vec<Member>),
}

/// A named value of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// The member's name, its escapes resolved.
    pub key: String,
    /// The line of the name, from 1.
    pub line: usize,
    /// The member's value.
    pub value: Node,
}

impl Node {
    /// Reads a JSON text.
    ///
    /// # Errors
    /// The first place where the text is not JSON.
    pub fn from_json(text: &[u8]) -> Result<Self, Problem> {
        match Document::parse(text, Limits::default()) {
            Ok(document) => Ok(Lines { text, offset: 0, line: 1, start: 0 }.node(document.root())),
            Err(wrong) => Err(Problem {
                path: String::new(),
                line: wrong.line,
                message: format!("expected {} at column {}", wrong.expected, wrong.column),
            }),
        }
    }

    /// The shortest JSON text of the same document: the order of fields is kept.
    #[must_use]
    pub fn to_json(&self) -> String {
        let mut out = Writer::new();
        self.write(&mut out);
        // Written from strings: it is UTF-8.
        String::from_utf8(out.finish()).unwrap_or_default()
    }

    fn write(&self, out: &mut Writer) {
        match &self.content {
            Content::Null => out.null(),
            Content::Boolean(value) => out.boolean(*value),
            Content::Number(text) => out.raw(text),
            Content::Text(text) => out.string(text),
            Content::List(items) => out.array(|out| items.iter().for_each(|item| item.write(out))),
            Content::Object(members) => out.object(|out| {
                for member in members {
                    member.value.write(out.key(&member.key));
                }
            }),
        }
    }

    /// The items of a list.
    pub(super) fn items(&self) -> Option<&[Self]> {
        if let Content::List(items) = &self.content { Some(items) } else { None }
    }

    /// The first member of that name of an object.
    pub(super) fn member(&self, key: &str) -> Option<&Self> {
        let Content::Object(members) = &self.content else { return None };
        members.iter().find(|member| member.key == key).map(|member| &member.value)
    }

    /// The text of a string.
    pub(super) fn text(&self) -> Option<&str> {
        if let Content::Text(text) = &self.content { Some(text) } else { None }
    }

    /// What messages call a value of this kind.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match &self.content {
            Content::Null => "null",
            Content::Boolean(_) => "a boolean",
            Content::Number(_) => "a number",
            Content::Text(_) => "a string",
            Content::List(_) => "a list",
            Content::Object(_) => "an object",
        }
    }
}

/// Turns offsets that only grow into lines, in one pass over the text.
struct Lines<'t> {
    text: &'t [u8],
    offset: usize,
    line: usize,
    /// Where the line begins.
    start: usize,
}

impl Lines<'_> {
    fn node(&mut self, value: Value<'_>) -> Node {
        let (line, column) = self.place(value.span().start);
        Node { content: self.content(value), line, column }
    }

    fn content(&mut self, value: Value<'_>) -> Content {
        match value.kind() {
            Kind::Null => Content::Null,
            Kind::True => Content::Boolean(true),
            Kind::False => Content::Boolean(false),
            Kind::Number => Content::Number(value.raw().to_owned()),
            Kind::String => Content::Text(value.as_str().unwrap_or_default().into_owned()),
            Kind::Array => Content::List(value.items().map(|item| self.node(item)).collect()),
            Kind::Object => Content::Object(
                value.members().map(|(key, value)| self.member(key.into_owned(), value)).collect(),
            ),
        }
    }

    /// A name is taken to stand on its value's line: nobody parts the two.
    fn member(&mut self, key: String, value: Value<'_>) -> Member {
        let value = self.node(value);
        Member { key, line: value.line, value }
    }

    fn place(&mut self, offset: usize) -> (usize, usize) {
        let passed = self.text.get(self.offset..offset).unwrap_or_default();
        for (index, byte) in passed.iter().enumerate() {
            if *byte == b'\n' {
                self.line = self.line.saturating_add(1);
                self.start = self.offset.saturating_add(index).saturating_add(1);
            }
        }
        self.offset = self.offset.max(offset);
        (self.line, offset.saturating_sub(self.start).saturating_add(1))
    }
}
