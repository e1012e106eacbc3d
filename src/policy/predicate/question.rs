//! A question: its row, and what it becomes where a policy asks it.
use core::fmt;

use super::super::field::{Absent, DocOnly, Kind, Row, Shape, Spot};
use super::facts::Facts;
use super::reading::Depth;

/// A question about a request.
#[derive(Debug)]
pub struct Question {
    key: &'static str,
    kind: DocOnly<&'static (dyn Kind + Sync)>,
    about: DocOnly<&'static str>,
    read: fn(&Spot<'_>, &Depth<'_>) -> Option<Box<dyn Test>>,
}

/// A question as a policy asks it: with what it must be.
pub(in super::super) trait Test: fmt::Debug {
    /// Whether it holds of a request.
    fn holds(&self, facts: &dyn Facts) -> bool;

    /// What of a request it has looked at, where that is a number and no secret.
    fn found(&self, _facts: &dyn Facts) -> Option<String> {
        None
    }

    /// Says by what it holds, with the name by which it is asked.
    fn say(&self, at: &str, facts: &dyn Facts, out: &mut String) {
        named(at, self.found(facts), out);
    }

    /// Says by what it does not hold, where it does not.
    fn deny(&self, at: &str, facts: &dyn Facts, out: &mut String) {
        named(at, self.found(facts), out);
    }
}

/// Says the name by which a question is asked, and what it has found.
fn named(at: &str, found: Option<String>, out: &mut String) {
    if !out.is_empty() {
        out.push_str(", ");
    }
    out.push('`');
    out.push_str(at);
    out.push('`');
    if let Some(found) = found {
        out.push_str(&format!(" ({found})"));
    }
}

impl Question {
    /// `read` reads what stands behind the key; `None`, and a report, when something is wrong.
    pub(super) const fn new(
        key: &'static str,
        kind: &'static (dyn Kind + Sync),
        about: &'static str,
        read: fn(&Spot<'_>, &Depth<'_>) -> Option<Box<dyn Test>>,
    ) -> Self {
        Self { key, kind: DocOnly::new(kind), about: DocOnly::new(about), read }
    }

    /// Reads what stands behind the key.
    pub(super) fn read(&self, spot: &Spot<'_>, depth: &Depth<'_>) -> Option<Box<dyn Test>> {
        (self.read)(spot, depth)
    }
}

impl Row for Question {
    fn key(&self) -> &'static str {
        self.key
    }

    fn shape(&self) -> Shape {
        self.kind.get().map_or(Shape::Boolean, |kind| kind.shape())
    }

    fn absent(&self) -> Absent {
        Absent::Said("not asked")
    }

    fn about(&self) -> &'static str {
        self.about.get().unwrap_or_default()
    }
}
