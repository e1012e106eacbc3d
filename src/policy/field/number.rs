//! Whole numbers and booleans.
use super::super::document::Content;
use super::section::shape::{Defaults, Kind, Read, Shape};
use super::spot::Spot;
use super::words::shown;

/// A whole number within bounds.
#[derive(Debug, Clone, Copy)]
pub(in super::super) struct Whole {
    /// What is counted, as in `tokens`.
    pub(in super::super) of: &'static str,
    /// The least that it may be.
    pub(in super::super) least: u64,
    /// The most that it may be.
    pub(in super::super) most: u64,
}

impl Read for Whole {
    type Value = u64;

    #[inline(never)]
    fn read(&self, spot: &Spot<'_>) -> Option<u64> {
        let what = self.of;
        let Content::Number(text) = &spot.node.content else {
            spot.expected(&format!("a whole number of {what}"));
            return None;
        };
        if text.contains(['.', 'e', 'E']) {
            spot.problem(format!("expected a whole number of {what}, found `{}`", shown(text)));
            return None;
        }
        let number = text.parse().ok().filter(|number| (self.least..=self.most).contains(number));
        if number.is_none() {
            let (least, most) = (self.least, self.most);
            spot.problem(format!("expected {least} to {most} {what}, found `{}`", shown(text)));
        }
        number
    }
}

impl Kind for Whole {
    fn shape(&self) -> Shape {
        Shape::Whole { of: self.of, least: self.least, most: self.most }
    }
}

impl Defaults for Whole {
    type Literal = u64;

    fn json(&self, literal: u64) -> String {
        literal.to_string()
    }
}

/// A boolean, written `true` or `false`.
#[derive(Debug, Clone, Copy)]
pub(in super::super) struct Boolean;

impl Read for Boolean {
    type Value = bool;

    fn read(&self, spot: &Spot<'_>) -> Option<bool> {
        match spot.node.content {
            Content::Boolean(value) => Some(value),
            _ => {
                spot.expected("true or false");
                None
            }
        }
    }
}

impl Kind for Boolean {
    fn shape(&self) -> Shape {
        Shape::Boolean
    }
}

impl Defaults for Boolean {
    type Literal = bool;

    fn json(&self, literal: bool) -> String {
        literal.to_string()
    }
}

/// A decimal number within bounds.
#[derive(Debug, Clone, Copy)]
pub(in super::super) struct Decimal {
    /// The least that it may be.
    pub(in super::super) least: &'static str,
    /// The most that it may be.
    pub(in super::super) most: &'static str,
}

/// A decimal number as a policy has it, and its nearest double.
#[derive(Debug, Clone, PartialEq)]
pub struct DecimalText {
    /// The digits, as JSON has them.
    pub text: String,
    /// The nearest double, to be compared.
    pub value: f64,
}

impl Read for Decimal {
    type Value = DecimalText;

    fn read(&self, spot: &Spot<'_>) -> Option<DecimalText> {
        let Content::Number(text) = &spot.node.content else {
            spot.expected("a number");
            return None;
        };
        let bound = |text: &str| text.parse().unwrap_or(0.0);
        let (least, most): (f64, f64) = (bound(self.least), bound(self.most));
        let value = text.parse().ok().filter(|value| (least..=most).contains(value));
        if value.is_none() {
            let (least, most) = (self.least, self.most);
            spot.problem(format!("expected {least} to {most}, found `{}`", shown(text)));
        }
        value.map(|value| DecimalText { text: text.clone(), value })
    }
}

impl Kind for Decimal {
    fn shape(&self) -> Shape {
        Shape::Decimal { least: self.least, most: self.most }
    }
}
