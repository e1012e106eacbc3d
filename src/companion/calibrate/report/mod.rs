//! What a calibration found, for people and for programs.
mod figures;
mod html;
mod json;
mod plot;
mod text;

pub use html::html;
pub use json::json;
pub use text::text;

use super::rule::Rule;
use super::{Calibration, Set};

/// A calibration and what it was made of.
#[derive(Debug, Clone, Copy)]
pub struct Report<'c> {
    /// What was learned.
    pub calibration: &'c Calibration,
    /// The labels.
    pub set: &'c Set,
    /// What was asked of the threshold.
    pub rule: Rule,
    /// How sure the bound of the loss is to be.
    pub confidence: f64,
    /// What everything random was made of.
    pub seed: u64,
    /// How money was counted, in words.
    pub price: &'c str,
}
