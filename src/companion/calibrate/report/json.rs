//! The report as JSON, for programs.
use serde_json::{Value, json};

use super::Report;
use super::figures::{CAVEATS, verdict};
use crate::companion::calibrate::curve::Point;
use crate::companion::calibrate::outcome::{Estimate, Outcome};
use crate::companion::calibrate::{Verdict, fewest};

/// The report as JSON.
#[must_use]
pub fn json(report: &Report<'_>) -> String {
    let calibration = report.calibration;
    let routes = calibration.routes.iter().map(|route| {
        let mut of = outcome(&route.outcome);
        if let Some(of) = of.as_object_mut() {
            of.insert("route".to_owned(), json!(route.name));
            of.insert("verdict".to_owned(), json!(route.verdict));
        }
        of
    });
    let value = json!({
        "verdict": match calibration.verdict {
            Verdict::Promised => "promised",
            Verdict::TooFew => "too_few_labels",
            Verdict::NothingSafe => "nothing_safe",
        },
        "says": verdict(report),
        "threshold": f64::from(calibration.weights.threshold.parts()) / 10_000.0,
        "asked": {
            "max_loss": report.rule.max_loss,
            "confidence": report.confidence,
            "seed": report.seed,
            "price": report.price,
        },
        "labels": {
            "rows": report.set.rows.len(),
            "texts": report.set.clusters,
            "fewest": fewest(&report.rule),
            "notes": report.set.notes,
        },
        "expected": outcome(&calibration.expected),
        "same_rule": {
            "length": outcome(&calibration.by_length),
            "chance": outcome(&calibration.by_chance),
        },
        "ranking": {
            "calibrated": calibration.ranking.map(|own| round(own.0)),
            "length": calibration.ranking.map(|own| round(own.1)),
            "chance": 0.5,
        },
        "curves": {
            "calibrated": curve(&calibration.curves.calibrated),
            "length": curve(&calibration.curves.length),
            "always_budget": point(&calibration.curves.all_budget),
        },
        "learning": calibration.learning.iter().map(|(labels, ranking)| {
            json!({"labels": labels, "ranking": round(*ranking)})
        }).collect::<Vec<_>>(),
        "more_labels": calibration.more.iter().map(|(more, saved)| {
            json!({"labels": more * report.set.rows.len() as f64, "saved": round(*saved)})
        }).collect::<Vec<_>>(),
        "routes": routes.collect::<Vec<_>>(),
        "caveats": CAVEATS,
    });
    format!("{value:#}\n")
}

fn outcome(of: &Outcome) -> Value {
    json!({
        "labels": of.rows,
        "budget": round(of.budget),
        "unknown": round(of.unknown),
        "saved": estimate(of.saved),
        "quality": estimate(of.quality),
        "gap": estimate(of.gap),
    })
}

fn estimate(of: Estimate) -> Value {
    let (low, high) = of.interval();
    json!({"mean": round(of.mean), "low": round(low), "high": round(high)})
}

fn curve(points: &[Point]) -> Vec<Value> {
    points.iter().map(point).collect()
}

fn point(point: &Point) -> Value {
    json!({
        "budget": round(point.budget),
        "saved": round(point.saved),
        "quality": round(point.quality),
    })
}

/// Six digits are more than are known.
fn round(number: f64) -> f64 {
    (number * 1e6).round() / 1e6 + 0.0
}
