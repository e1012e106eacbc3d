//! What arms are compared by.
use super::entry::{Entry, Told};

/// What is measured of each request.
#[derive(Debug, Clone, Copy)]
pub(super) struct Metric {
    pub(super) name: &'static str,
    pub(super) title: &'static str,
    /// How its values read.
    pub(super) unit: Unit,
    pub(super) of: fn(&Entry) -> Measured,
}

/// How values read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unit {
    Share,
    Milliseconds,
    Tokens,
    Credits,
    /// From 0 to 1.
    Score,
}

/// What a request says of a measure.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Measured {
    /// It is no request of which that is asked.
    Not,
    /// Its line does not say it.
    Missing,
    Is(f64),
}

/// Everything that arms are compared by. Of times and tokens those of whole answers count: a part
/// of an answer is short for another reason than its arm's.
pub(super) const METRICS: &[Metric] = &[
    Metric {
        name: "errors",
        title: "errors",
        unit: Unit::Share,
        of: |own| flag(own.ended.is_error()),
    },
    Metric {
        name: "fallbacks",
        title: "fell back",
        unit: Unit::Share,
        of: |own| flag(own.fell_back),
    },
    Metric {
        name: "not_accepted",
        title: "answer not accepted",
        unit: Unit::Share,
        of: |own| flag(own.not_accepted),
    },
    Metric {
        name: "duration_ms",
        title: "duration",
        unit: Unit::Milliseconds,
        of: |own| whole(own, own.duration_ms),
    },
    Metric {
        name: "first_ms",
        title: "first token",
        unit: Unit::Milliseconds,
        // Of an answer that broke later, or was left, it is there, too.
        of: |own| own.first_ms.get().map_or_else(|| whole(own, own.first_ms), Measured::Is),
    },
    Metric {
        name: "input_tokens",
        title: "input",
        unit: Unit::Tokens,
        of: |own| whole(own, own.input_tokens),
    },
    Metric {
        name: "output_tokens",
        title: "output",
        unit: Unit::Tokens,
        of: |own| whole(own, own.output_tokens),
    },
    Metric {
        name: "credits",
        title: "cost",
        unit: Unit::Credits,
        of: |own| match own.micros.get() {
            Some(micros) => Measured::Is(micros),
            // What is refused is not charged.
            None if own.is_refused() => Measured::Not,
            None => Measured::Missing,
        },
    },
    Metric {
        name: "score",
        title: "feedback",
        unit: Unit::Score,
        of: |own| own.score.get().map_or(Measured::Not, Measured::Is),
    },
];

/// The quantiles that are shown of times.
pub(super) const QUANTILES: [(&str, f64); 3] = [("p50", 0.5), ("p95", 0.95), ("p99", 0.99)];

impl Metric {
    /// What a value is divided by to read in the metric's unit: credits are summed in millionths.
    pub(super) const fn scale(&self) -> f64 {
        match self.unit {
            Unit::Credits => 1e6,
            _ => 1.0,
        }
    }
}

fn flag(is: Option<bool>) -> Measured {
    is.map_or(Measured::Missing, |is| Measured::Is(if is { 1.0 } else { 0.0 }))
}

fn whole(entry: &Entry, told: Told) -> Measured {
    match told.get() {
        _ if !entry.ended.is_whole() => Measured::Not,
        Some(value) => Measured::Is(value),
        None => Measured::Missing,
    }
}
