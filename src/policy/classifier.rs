//! `classifier`: what judges how hard a request looks.
use std::rc::Rc;

use super::field::{Field, Kind, Object, Optional, Read, Section, Shape, Spot, Text};
use super::field::{Fraction, shown};
use crate::complexity::{Classifier, Weights};

/// Longest text of weights.
const LONGEST: usize = 256 << 10;

pub(super) const CLASSIFIER: Section = Section::new(
    "an object with `weights` or a `threshold`",
    "What judges how hard a request looks, for the question `complexity`. What a score means is \
     learned from your own labelled requests, by `tradewind calibrate`; without weights it is the \
     length of the texts alone, which says little.",
    "classifier: {threshold: 0.62}",
    &[&WEIGHTS, &THRESHOLD],
);

const WEIGHTS: Optional<WeightsKind> = Field::optional(
    "weights",
    WeightsKind,
    "the length of the texts",
    "What was learned: a file that `tradewind calibrate` wrote, by its path from the policy's \
     folder; the commands put what stands in it in the place of the path. Or that base64 itself.",
);

const THRESHOLD: Optional<Fraction> = Field::optional(
    "threshold",
    Fraction,
    "that of the weights; without weights every request is `premium`",
    "The score below which the budget model is enough.",
);

/// Weights, as base64.
#[derive(Debug, Clone, Copy)]
struct WeightsKind;

impl Kind for WeightsKind {
    fn shape(&self) -> Shape {
        Shape::Text(Text {
            what: "a file of weights, or its base64",
            pattern: "^.+$",
            longest: Some(LONGEST),
            example: "complexity.json",
            ..Text::default()
        })
    }
}

impl Read for WeightsKind {
    type Value = Weights;

    fn read(&self, spot: &Spot<'_>) -> Option<Weights> {
        let text = spot.text("a file of weights, or its base64")?;
        let weights = Weights::parse(text.as_bytes());
        if let Err(wrong) = &weights {
            spot.problem(format!("`{}`: {wrong}", shown(text)));
        }
        weights.ok()
    }
}

/// Reads the section; `None`, and a report, when something is wrong with it.
pub(super) fn read(mut fields: Object<'_>) -> Option<Rc<Classifier>> {
    let (weights, threshold) = (fields.read(&WEIGHTS), fields.read(&THRESHOLD));
    fields.finish();
    let classifier = weights?.map_or_else(Classifier::baseline, Classifier::new);
    Some(Rc::new(match threshold? {
        Some(threshold) => classifier.with_threshold(threshold),
        None => classifier,
    }))
}
