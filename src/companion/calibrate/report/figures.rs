//! Numbers and sentences that all forms of the report share.
use super::Report;
use crate::companion::calibrate::outcome::{Estimate, Outcome};
use crate::companion::calibrate::{Verdict, fewest};

/// A share as a percentage.
pub(super) fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}

/// A change of quality in percentage points.
pub(super) fn points(change: f64) -> String {
    // A zero has no sign.
    format!("{:+.2} pp", change * 100.0 + 0.0)
}

pub(super) fn saved(of: &Outcome) -> String {
    let (low, high) = of.saved.interval();
    format!("{} [{:.1}, {:.1}]", percent(of.saved.mean), low * 100.0, high * 100.0)
}

pub(super) fn quality(of: Estimate) -> String {
    let (low, high) = of.interval();
    format!("{} [{:+.2}, {:+.2}]", points(of.mean), low * 100.0 + 0.0, high * 100.0 + 0.0)
}

/// What the labels allow to say, in one sentence or two.
pub(super) fn verdict(report: &Report<'_>) -> String {
    let calibration = report.calibration;
    let bound = format!(
        "{} at {} confidence",
        points(-report.rule.max_loss).trim_start_matches('-'),
        percent(report.confidence)
    );
    match calibration.verdict {
        Verdict::Promised => format!(
            "Below a score of {} the budget model is enough: {} of the spend is saved, and the \
             mean quality changes by {}. The bound that was asked for is a loss of {bound}.",
            calibration.weights.threshold,
            saved(&calibration.expected),
            quality(calibration.expected.quality),
        ),
        Verdict::TooFew => format!(
            "Nothing is promised, and everything stays premium: {} labels cannot show that a loss \
             is within {bound}. It takes {} even if none of them lost anything, and some thousands \
             as a rule.",
            report.set.clusters,
            fewest(&report.rule),
        ),
        Verdict::NothingSafe => format!(
            "Nothing is promised, and everything stays premium: of {} labels no part was found \
             whose loss is surely within {bound}. {}",
            report.set.clusters,
            hope(report),
        ),
    }
}

/// What more labels could do.
fn hope(report: &Report<'_>) -> String {
    let first = report.calibration.more.iter().find(|(more, saved)| *more > 1.0 && *saved > 0.05);
    match first {
        Some((more, saved)) => format!(
            "If the ranking stays as good as it is, {more:.0} times as many labels could allow {} \
             to be saved.",
            percent(*saved)
        ),
        None => "More labels are not likely to change that: the models are too far apart on this \
                 work, or its texts do not tell hard from easy. Routes by themselves, or a cascade \
                 that looks at the answer, may do better."
            .to_owned(),
    }
}

/// Why there is no figure of how good a ranking is.
pub(super) const NO_GAP: &str = "premium is no better in the mean, so there is nothing to win back";

/// What the figures do not say.
pub(super) const CAVEATS: [&str; 5] = [
    "All figures are for work like the labelled one. They say nothing of other routes, other \
     models or other months: label again when one of them changes.",
    "Savings and quality are nested: five times, weights and threshold were made without the rows \
     that they then decided. The file has weights from all rows, so it is not worse on average.",
    "The bound holds for the mean over as many requests as there are labels. Fewer may lose more \
     by chance, and a single route may lose more, or win.",
    "Texts of a kind that the labels hold none of, and routes that are named and have too few \
     labels, stay premium.",
    "The quality is what the labels say it is. A judge that errs is learned from as if it were \
     right.",
];
