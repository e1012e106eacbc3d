//! A value with its place in the document. What is wrong with it is reported, and reading goes on.
use core::cell::RefCell;

use super::super::Problem;
use super::super::document::{Content, Member, Node};
use super::words::shown;
use crate::order;

/// The problems reported so far.
#[derive(Debug, Default)]
pub(in super::super) struct Report(RefCell<Vec<Problem>>);

impl Report {
    fn add(&self, path: &str, line: usize, message: impl Into<String>) {
        self.0.borrow_mut().push(Problem { path: path.to_owned(), line, message: message.into() });
    }

    /// The problems in the order of their lines.
    pub(in super::super) fn finish(self) -> Vec<Problem> {
        let mut problems = self.0.into_inner();
        order::sort_by_key(&mut problems, |problem| problem.line);
        problems
    }
}

/// A value, its place in the document, and the report of problems.
#[derive(Debug, Clone)]
pub(in super::super) struct Spot<'n> {
    pub(in super::super) node: &'n Node,
    path: String,
    /// The line to report: a field's name, or a list item's own.
    pub(in super::super) line: usize,
    report: &'n Report,
}

impl<'n> Spot<'n> {
    pub(in super::super) const fn root(node: &'n Node, report: &'n Report) -> Self {
        Self { node, path: String::new(), line: node.line, report }
    }

    pub(in super::super) fn problem(&self, message: impl Into<String>) {
        self.report.add(&self.path, self.line, message);
    }

    /// Reports that something else was expected here.
    pub(in super::super) fn expected(&self, what: &str) {
        self.problem(format!("expected {what}, found {}", self.node.kind()));
    }

    /// A string; `what` says of what.
    pub(in super::super) fn text(&self, what: &str) -> Option<&'n str> {
        match &self.node.content {
            Content::Text(text) => Some(text),
            _ => {
                self.expected(what);
                None
            }
        }
    }

    pub(super) fn item(&self, index: usize, node: &'n Node) -> Self {
        let path = format!("{}[{index}]", self.path);
        Self { node, path, line: node.line, report: self.report }
    }

    pub(super) fn member(&self, member: &'n Member) -> Self {
        let path = self.join(&member.key);
        Self { node: &member.value, path, line: member.line, report: self.report }
    }

    /// The same place with a value that is not in the document.
    pub(super) fn instead(&self, node: &'n Node) -> Self {
        Self { node, ..self.clone() }
    }

    fn join(&self, key: &str) -> String {
        let key = shown(key);
        if self.path.is_empty() { key } else { format!("{}.{key}", self.path) }
    }

    /// The members of an object whose names are the operator's own, each name once.
    pub(in super::super) fn entries(&self, what: &str) -> Option<Vec<(&'n str, Self)>> {
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

    /// The first member of every name; the others are reported.
    pub(super) fn unique(&self, members: &'n [Member]) -> impl Iterator<Item = &'n Member> {
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
                    shown(&member.key),
                    first.line
                ),
            );
            None
        })
    }
}
