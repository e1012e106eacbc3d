//! Reading a tree field by field: whatever is wrong is noted and reading goes on.
use core::cell::RefCell;
use core::ops::RangeInclusive;

use super::document::{Content, Member, Node};
use super::nearest::nearest;
use super::{Problem, names};

/// Everything found wrong so far.
#[derive(Debug, Default)]
pub(super) struct Report(RefCell<Vec<Problem>>);

impl Report {
    pub(super) fn add(&self, path: &str, line: usize, message: impl Into<String>) {
        self.0.borrow_mut().push(Problem { path: path.to_owned(), line, message: message.into() });
    }

    /// The problems in the order of their lines.
    pub(super) fn finish(self) -> Vec<Problem> {
        let mut problems = self.0.into_inner();
        problems.sort_by_key(|problem| problem.line);
        problems
    }
}

/// A value, its place, and where to say what is wrong with it.
#[derive(Debug, Clone)]
pub(super) struct Spot<'n> {
    pub(super) node: &'n Node,
    pub(super) path: String,
    /// The line to report: a field's name, or a list item's own.
    pub(super) line: usize,
    report: &'n Report,
}

impl<'n> Spot<'n> {
    pub(super) const fn root(node: &'n Node, report: &'n Report) -> Self {
        Self { node, path: String::new(), line: node.line, report }
    }

    pub(super) fn problem(&self, message: impl Into<String>) {
        self.report.add(&self.path, self.line, message);
    }

    /// Says that something else was expected here.
    pub(super) fn expected(&self, what: &str) {
        self.problem(format!("expected {what}, found {}", self.node.kind()));
    }

    pub(super) fn text(&self, what: &str) -> Option<&'n str> {
        match &self.node.content {
            Content::Text(text) => Some(text),
            _ => {
                self.expected(what);
                None
            }
        }
    }

    pub(super) fn boolean(&self) -> Option<bool> {
        match self.node.content {
            Content::Boolean(value) => Some(value),
            _ => {
                self.expected("true or false");
                None
            }
        }
    }

    /// One of a few words.
    pub(super) fn word<T: Copy>(&self, what: &str, words: &[(&str, T)]) -> Option<T> {
        let known: Vec<&str> = words.iter().map(|word| word.0).collect();
        let text = self.text(&format!("one of {}", listed(known.iter().copied())))?;
        let found = words.iter().find(|(word, _)| *word == text).map(|(_, value)| *value);
        if found.is_none() {
            self.problem(names::unknown(what, text, &known));
        }
        found
    }

    /// A whole number within a range; `what` says of what, as in `tokens`.
    pub(super) fn whole(&self, what: &str, range: RangeInclusive<u64>) -> Option<u64> {
        let Content::Number(text) = &self.node.content else {
            self.expected(&format!("a whole number of {what}"));
            return None;
        };
        if text.contains(['.', 'e', 'E']) {
            self.problem(format!(
                "expected a whole number of {what}, found `{}`",
                names::shown(text)
            ));
            return None;
        }
        let number = text.parse().ok().filter(|number| range.contains(number));
        if number.is_none() {
            let (least, most) = range.into_inner();
            self.problem(format!(
                "expected {least} to {most} {what}, found `{}`",
                names::shown(text)
            ));
        }
        number
    }

    /// The items of a list that may not be empty.
    pub(super) fn list(&self, what: &str) -> Option<Vec<Self>> {
        let items = self.list_or_empty(what)?;
        if items.is_empty() {
            self.problem(format!("expected a list of {what}, found an empty one"));
        }
        Some(items)
    }

    /// The items of a list.
    pub(super) fn list_or_empty(&self, what: &str) -> Option<Vec<Self>> {
        let Content::List(items) = &self.node.content else {
            self.expected(&format!("a list of {what}"));
            return None;
        };
        Some(items.iter().enumerate().map(|(index, item)| self.item(index, item)).collect())
    }

    fn item(&self, index: usize, node: &'n Node) -> Self {
        let path = format!("{}[{index}]", self.path);
        Self { node, path, line: node.line, report: self.report }
    }

    fn member(&self, member: &'n Member) -> Self {
        let path = self.join(&member.key);
        Self { node: &member.value, path, line: member.line, report: self.report }
    }

    fn join(&self, key: &str) -> String {
        let key = names::shown(key);
        if self.path.is_empty() { key } else { format!("{}.{key}", self.path) }
    }

    /// The members of an object whose names are the operator's own, each name once.
    pub(super) fn entries(&self, what: &str) -> Option<Vec<(&'n str, Self)>> {
        let Content::Object(members) = &self.node.content else {
            self.expected(&format!("an object of {what}"));
            return None;
        };
        if members.is_empty() {
            self.problem(format!("expected an object of {what}, found an empty one"));
        }
        let unique = self.unique(members);
        Some(unique.map(|member| (member.key.as_str(), self.member(member))).collect())
    }

    /// An object of known fields.
    pub(super) fn object(&self, what: &str) -> Option<Object<'n>> {
        let Content::Object(members) = &self.node.content else {
            self.expected(what);
            return None;
        };
        let members = self.unique(members).collect();
        Some(Object { spot: self.clone(), members, known: Vec::new(), missing: Vec::new() })
    }

    /// The first member of every name; the others are reported.
    fn unique(&self, members: &'n [Member]) -> impl Iterator<Item = &'n Member> {
        members.iter().enumerate().filter_map(move |(index, member)| {
            let before = members.get(..index).unwrap_or_default();
            let Some(first) = before.iter().find(|other| other.key == member.key) else {
                return Some(member);
            };
            self.report.add(
                &self.join(&member.key),
                member.line,
                format!(
                    "duplicate key `{}`, first given on line {}",
                    names::shown(&member.key),
                    first.line
                ),
            );
            None
        })
    }
}

/// An object being read: asking for a field makes it known.
#[derive(Debug)]
pub(super) struct Object<'n> {
    pub(super) spot: Spot<'n>,
    members: Vec<&'n Member>,
    known: Vec<&'static str>,
    missing: Vec<&'static str>,
}

impl<'n> Object<'n> {
    pub(super) fn optional(&mut self, key: &'static str) -> Option<Spot<'n>> {
        self.known.push(key);
        let member = self.members.iter().find(|member| member.key == key)?;
        Some(self.spot.member(member))
    }

    pub(super) fn required(&mut self, key: &'static str) -> Option<Spot<'n>> {
        let found = self.optional(key);
        if found.is_none() {
            self.missing.push(key);
        }
        found
    }

    pub(super) fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// Reports the fields that nobody asked for and those that were asked for in vain; a missing
    /// field that an unknown one seems to mean is not reported twice.
    pub(super) fn finish(mut self) {
        for member in self.members.iter().filter(|own| !self.known.contains(&own.key.as_str())) {
            self.spot.report.add(
                &self.spot.join(&member.key),
                member.line,
                names::unknown("field", &member.key, &self.known),
            );
            if let Some(meant) = nearest(&member.key, self.known.iter().copied()).first() {
                self.missing.retain(|key| key != meant);
            }
        }
        for key in self.missing {
            self.spot.problem(format!("missing field `{key}`"));
        }
    }
}

/// Names in backticks, parted by commas.
pub(super) fn listed<'w>(words: impl Iterator<Item = &'w str>) -> String {
    let quoted: Vec<String> = words.map(|word| format!("`{word}`")).collect();
    quoted.join(", ")
}
