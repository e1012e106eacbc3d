//! A report as JSON: every number with its interval, whose end is null where it has none.
use serde_json::{Map, Value, json};

use super::Report;
use super::copies::Found;
use super::group::{Group, Row};
use super::metric::{METRICS, QUANTILES};
use super::sample::Savings;
use super::stats::Interval;

impl Report {
    /// The report as JSON: every number with its interval.
    #[must_use]
    pub fn json(&self) -> Value {
        let mut out = json!({
            "lines": self.lines,
            "unreadable": self.unreadable,
            "repeated": self.repeated,
            "requests": self.requests,
            "feedback_left_out": self.strangers,
            "groups": self.groups.iter().map(group).collect::<Vec<_>>(),
        });
        saved(&self.saved, &mut out);
        let copies: Vec<Value> = self.copies.iter().map(Found::json).collect();
        if let (false, Value::Object(members)) = (copies.is_empty(), &mut out) {
            members.insert("copies".to_owned(), copies.into());
        }
        out
    }
}

fn group(group: &Group) -> Value {
    json!({
        "name": group.name,
        "by": group.what,
        "drawn": group.drawn,
        "independent": group.independent.name(),
        "mismatch_p": group.sizes.chance,
        "mismatch_left_out": group.sizes.left_out,
        "mismatch_supposes_one_policy": group.sizes.unnamed,
        "weights_changed": group.sizes.changed,
        "rows": group.rows.iter().map(row).collect::<Vec<_>>(),
    })
}

fn row(row: &Row) -> Value {
    let mut metrics = Map::new();
    for (metric, own) in METRICS.iter().zip(&row.metrics) {
        let Some((shown, difference)) = own else { continue };
        let mut own = Map::new();
        own.insert("mean".to_owned(), interval(shown.mean));
        for ((name, _), found) in QUANTILES.iter().zip(shown.quantiles) {
            own.extend(found.map(|found| ((*name).to_owned(), interval(found))));
        }
        own.insert("missing".to_owned(), shown.missing.into());
        if let Some(difference) = difference {
            own.insert("difference".to_owned(), interval(difference.interval));
            own.insert("p".to_owned(), json!(difference.p));
        }
        metrics.insert(metric.name.to_owned(), Value::Object(own));
    }
    let mut out = json!({
        "name": row.name,
        "requests": row.requests,
        "units": row.units,
        "metrics": metrics,
    });
    saved(&row.saved, &mut out);
    out
}

/// What was saved, beside the rest.
fn saved(savings: &Savings, out: &mut Value) {
    let members = json!({
        "saved": savings.share.map(interval),
        "saved_left_out": savings.untold,
        "paid": savings.paid,
        "premium": savings.premium,
    });
    if let (Value::Object(out), Value::Object(members)) = (out, members) {
        out.extend(members);
    }
}

fn interval(own: Interval) -> Value {
    json!({"value": own.value, "low": own.low, "high": own.high})
}
