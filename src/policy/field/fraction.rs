//! Numbers from 0 to 1.
use super::super::document::Content;
use super::section::shape::{Kind, Read, Shape};
use super::spot::Spot;
use super::words::shown;
use crate::complexity::Score;

/// A number from 0 to 1, to the ten-thousandth.
#[derive(Debug, Clone, Copy)]
pub(in super::super) struct Fraction;

impl Read for Fraction {
    type Value = Score;

    fn read(&self, spot: &Spot<'_>) -> Option<Score> {
        let Content::Number(text) = &spot.node.content else {
            spot.expected("a number from 0 to 1");
            return None;
        };
        let score = text.parse().ok().and_then(Score::of);
        if score.is_none() {
            spot.problem(format!("expected a number from 0 to 1, found `{}`", shown(text)));
        }
        score
    }
}

impl Kind for Fraction {
    fn shape(&self) -> Shape {
        Shape::Decimal { least: "0", most: "1" }
    }
}
