//! Marks in a request, up to which its provider is to keep it in its cache.
use core::ops::Range;

use super::splice::{Edit, splice};
use crate::json::{Document, Limits, Value};
use crate::order;

/// What of a request is marked, and for how long it is to be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CacheMarks {
    /// For an hour, or else for five minutes.
    pub hour: bool,
    /// Beside functions and instructions, the conversation as far as it has come.
    pub turns: bool,
}

/// How a format marks its requests.
#[derive(Debug)]
pub struct Marking {
    /// Whether a body has marks already.
    pub is_marked: for<'d> fn(Value<'d>) -> bool,
    /// The marks for a body that has none.
    pub(super) marks: for<'d> fn(Value<'d>, CacheMarks) -> Vec<Mark>,
}

/// One mark.
#[derive(Debug)]
pub(super) struct Mark {
    /// The bytes that the edits are about.
    pub(super) at: Range<usize>,
    /// What makes it.
    pub(super) edits: Vec<Edit>,
}

impl Marking {
    /// A body with its marks; as it is where it cannot be read.
    pub(super) fn marked(&self, body: Vec<u8>, marks: CacheMarks) -> Vec<u8> {
        let edits = match Document::parse(&body, Limits::default()) {
            Ok(document) => self.among(Vec::new(), document.root(), marks),
            Err(_) => return body,
        };
        splice(&body, &edits, "", None).unwrap_or(body)
    }

    /// The edits of a body with those of its marks, in order. A mark where something else changes
    /// is left out: it only advises.
    pub(super) fn among(
        &self,
        mut edits: Vec<Edit>,
        root: Value<'_>,
        marks: CacheMarks,
    ) -> Vec<Edit> {
        let mut own = (self.marks)(root, marks);
        own.retain(|mark| {
            let touched = |edit: &Edit| edit.at.start < mark.at.end && edit.at.end > mark.at.start;
            !edits.iter().any(touched)
        });
        edits.extend(own.into_iter().flat_map(|mark| mark.edits));
        order::sort_by_key(&mut edits, |edit| (edit.at.start, edit.at.end));
        edits
    }
}
