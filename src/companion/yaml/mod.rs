//! YAML 1.2 read into the policy's tree: the core schema, one document, aliases within bounds.
mod scalar;
#[cfg(test)]
mod tests;
mod write;

use std::collections::HashMap;

use saphyr_parser::{Event, Marker, Parser, ScanError, Span};

pub(super) use self::write::documents;
use crate::policy::{Content, Member, Node, Problem, shown};

/// How much a document may hold.
#[derive(Debug, Clone, Copy)]
pub(super) struct Most {
    /// Values, those that aliases repeat included: an alias of aliases grows faster than any file.
    values: usize,
    /// What is to be done about more.
    advice: &'static str,
}

impl Most {
    /// In a policy: the largest have some thousands.
    pub(super) const POLICY: Self = Self { values: 100_000, advice: "" };

    /// In a list of cases: 100,000 cases of 40 values each, which take half a gigabyte.
    pub(super) const CASES: Self =
        Self { values: 4_000_000, advice: ": put the cases into several files" };
}

/// Most lists and objects inside one another.
const DEEPEST: usize = 64;

/// Reads one document of a policy's size.
///
/// # Errors
/// The first place where the text is not YAML, or is YAML that a policy cannot mean.
pub(super) fn parse(text: &str) -> Result<Node, Problem> {
    parse_within(text, Most::POLICY)
}

/// Reads one document that holds no more than that.
///
/// # Errors
/// The first place where the text is not YAML, or is YAML that a policy cannot mean.
pub(super) fn parse_within(text: &str, most: Most) -> Result<Node, Problem> {
    let mut tree = Tree { root: None, open: Vec::new(), anchors: HashMap::new(), values: 0, most };
    let mut parser = Parser::new_from_str(text);
    while let Some(event) = parser.next_event() {
        let (event, span) = event.map_err(|error| syntax(text, &error))?;
        tree.event(event, span)?;
    }
    tree.root.ok_or_else(|| problem(1, "the file is empty"))
}

fn problem(line: usize, message: impl Into<String>) -> Problem {
    Problem { path: String::new(), line, message: message.into() }
}

/// Says what the parser found, and names a tab where one is the likely cause.
fn syntax(text: &str, error: &ScanError) -> Problem {
    let (line, column) = (error.marker().line(), error.marker().col().saturating_add(1));
    let indent = text.lines().nth(line.saturating_sub(1)).unwrap_or_default();
    let indent = indent.chars().take_while(|char| char.is_whitespace()).collect::<String>();
    if indent.contains('\t') {
        return problem(line, "a tab in the indentation; YAML indents with spaces");
    }
    problem(line, format!("not YAML at column {column}: {}", error.info()))
}

/// The tree as far as it is read.
#[derive(Debug)]
struct Tree {
    root: Option<Node>,
    open: Vec<Open>,
    anchors: HashMap<usize, Node>,
    values: usize,
    most: Most,
}

/// A list or an object that goes on.
#[derive(Debug)]
struct Open {
    start: Marker,
    anchor: usize,
    inside: Inside,
}

#[derive(Debug)]
enum Inside {
    List(Vec<Node>),
    Object { members: Vec<Member>, key: Option<(String, usize)> },
}

impl Tree {
    fn event(&mut self, event: Event<'_>, span: Span) -> Result<(), Problem> {
        let line = span.start.line();
        match event {
            Event::DocumentStart(_) if self.root.is_some() => {
                Err(problem(line, "a second document begins here; expected one policy in a file"))
            }
            Event::Scalar(text, style, anchor, tag) => {
                let content =
                    if self.awaits_key() {
                        Content::Text(text.into_owned())
                    } else {
                        scalar::content(&text, style, tag.as_deref())
                            .map_err(|message| Problem { path: self.path(), line, message })?
                    };
                self.value(node(content, span.start), anchor)
            }
            Event::SequenceStart(anchor, tag) => {
                scalar::check_tag(tag.as_deref(), "seq").map_err(|wrong| problem(line, wrong))?;
                self.open(span.start, anchor, Inside::List(Vec::new()))
            }
            Event::MappingStart(anchor, tag) => {
                scalar::check_tag(tag.as_deref(), "map").map_err(|wrong| problem(line, wrong))?;
                let inside = Inside::Object { members: Vec::new(), key: None };
                self.open(span.start, anchor, inside)
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(),
            Event::Alias(anchor) => {
                let Some(known) = self.anchors.get(&anchor).cloned() else {
                    return Err(problem(line, "this alias stands inside what it repeats"));
                };
                if self.open.len().saturating_add(depth(&known)) > DEEPEST {
                    return Err(too_deep(line));
                }
                self.count(size(&known), line)?;
                self.value(known, 0)
            }
            _ => Ok(()),
        }
    }

    /// Where the next value stands.
    fn path(&self) -> String {
        let mut path = String::new();
        for open in &self.open {
            match &open.inside {
                Inside::List(items) => path.push_str(&format!("[{}]", items.len())),
                Inside::Object { key, .. } => {
                    let name = key.as_ref().map(|(name, _)| shown(name)).unwrap_or_default();
                    path.push_str(if path.is_empty() { "" } else { "." });
                    path.push_str(&name);
                }
            }
        }
        path
    }

    fn awaits_key(&self) -> bool {
        let innermost = self.open.last().map(|open| &open.inside);
        matches!(innermost, Some(Inside::Object { key: None, .. }))
    }

    fn open(&mut self, start: Marker, anchor: usize, inside: Inside) -> Result<(), Problem> {
        if self.awaits_key() {
            return Err(problem(start.line(), "expected a name, found a list or an object"));
        }
        if self.open.len() >= DEEPEST {
            return Err(too_deep(start.line()));
        }
        self.open.push(Open { start, anchor, inside });
        Ok(())
    }

    fn close(&mut self) -> Result<(), Problem> {
        let Some(Open { start, anchor, inside }) = self.open.pop() else { return Ok(()) };
        let content = match inside {
            Inside::List(items) => Content::List(items),
            Inside::Object { members, .. } => Content::Object(members),
        };
        self.value(node(content, start), anchor)
    }

    /// Counts that many values more, where there may be so many.
    fn count(&mut self, more: usize, line: usize) -> Result<(), Problem> {
        self.values = self.values.saturating_add(more);
        let Most { values, advice } = self.most;
        if self.values <= values {
            return Ok(());
        }
        let message =
            format!("more than {values} values, those that aliases repeat included{advice}");
        Err(Problem { path: self.path(), line, message })
    }

    /// Puts a whole value where it belongs.
    fn value(&mut self, node: Node, anchor: usize) -> Result<(), Problem> {
        self.count(1, node.line)?;
        if anchor > 0 {
            self.anchors.insert(anchor, node.clone());
        }
        match self.open.last_mut().map(|open| &mut open.inside) {
            None => self.root = Some(node),
            Some(Inside::List(items)) => items.push(node),
            Some(Inside::Object { members, key }) => match (key.take(), node.content) {
                (Some((key, line)), _) if key == "<<" => {
                    return Err(problem(
                        line,
                        "merge keys (`<<`) are no part of YAML 1.2; write the fields out",
                    ));
                }
                (Some((key, line)), content) => {
                    members.push(Member { key, line, value: Node { content, ..node } });
                }
                (None, Content::Text(text)) => *key = Some((text, node.line)),
                (None, _) => return Err(problem(node.line, "expected a name")),
            },
        }
        Ok(())
    }
}

fn node(content: Content, start: Marker) -> Node {
    Node { content, line: start.line(), column: start.col().saturating_add(1) }
}

fn too_deep(line: usize) -> Problem {
    problem(line, format!("more than {DEEPEST} lists and objects inside one another"))
}

fn size(node: &Node) -> usize {
    children(node).map(size).fold(1, usize::saturating_add)
}

fn depth(node: &Node) -> usize {
    children(node).map(depth).max().unwrap_or(0).saturating_add(1)
}

fn children(node: &Node) -> Box<dyn Iterator<Item = &Node> + '_> {
    match &node.content {
        Content::List(items) => Box::new(items.iter()),
        Content::Object(members) => Box::new(members.iter().map(|member| &member.value)),
        _ => Box::new(core::iter::empty()),
    }
}
