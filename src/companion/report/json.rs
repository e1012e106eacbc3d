//! A report as JSON: every number with its interval, whose end is null where it has none.
use serde_json::{Map, Value, json};

use super::copies::Found;
use super::sample::{METRICS, QUANTILES, Sample};
use super::stats::Interval;
use super::{Group, Report, Row};

impl Report {
    /// The report as JSON: every number with its interval.
    #[must_use]
    pub fn json(&self) -> Value {
        let mut out = json!({
            "lines": self.lines,
            "unreadable": self.unreadable,
            "requests": self.all.requests,
            "groups": self.groups.iter().map(group).collect::<Vec<_>>(),
        });
        saved(&self.all, &mut out);
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
    for (metric, difference) in METRICS.iter().zip(&row.differences) {
        let Some(mean) = row.sample.shown(metric) else { continue };
        let mut own = Map::new();
        own.insert("mean".to_owned(), interval(mean));
        for (name, part) in QUANTILES {
            let found = row.sample.quantile(metric, part);
            own.extend(found.map(|found| (name.to_owned(), interval(found))));
        }
        if let Some(difference) = difference {
            own.insert("difference".to_owned(), interval(difference.interval));
            own.insert("p".to_owned(), json!(difference.p));
        }
        metrics.insert(metric.name.to_owned(), Value::Object(own));
    }
    let mut out = json!({
        "name": row.name,
        "requests": row.sample.requests,
        "units": row.sample.units(),
        "metrics": metrics,
    });
    saved(&row.sample, &mut out);
    out
}

/// What was saved, beside the rest.
fn saved(sample: &Sample, out: &mut Value) {
    let (paid, premium) = sample.paid();
    let members = json!({
        "saved": sample.saved().map(interval),
        "saved_left_out": sample.untold,
        "paid": paid,
        "premium": premium,
    });
    if let (Value::Object(out), Value::Object(members)) = (out, members) {
        out.extend(members);
    }
}

fn interval(own: Interval) -> Value {
    json!({"value": own.value, "low": own.low, "high": own.high})
}
