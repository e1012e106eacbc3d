//! The labels of the module's metrics.
//!
//! A module can only name a metric, so labels stand in the name, as pairs after it:
//! `tradewind_attempts_total.model.claude.outcome.answered`. These rules cut them out again. Values
//! have no dots: the module writes `_` for them.
use serde_json::{Value, json};

use crate::exchange::metric::{self, Metric};

pub(super) fn config() -> Value {
    let tags: Vec<Value> = metric::labels().into_iter().map(tag).collect();
    let histograms = metric::ALL.iter().filter(|metric| !metric.buckets.is_empty());
    let buckets: Vec<Value> = histograms.map(|metric| buckets(metric)).collect();
    json!({"stats_tags": tags, "histogram_bucket_settings": buckets})
}

/// The labels are still in the name that Envoy matches, so it is known by its beginning.
fn buckets(metric: &Metric) -> Value {
    let prefix = format!("wasmcustom.{}", metric.name);
    json!({"match": {"prefix": prefix}, "buckets": metric.buckets})
}

/// Envoy removes the first group from the name and takes the second as the value. The pairs
/// before are walked one by one, so that a value which is spelt like a label stays a value.
fn tag(label: &str) -> Value {
    json!({
        "tag_name": label,
        "regex": format!(
            "^wasmcustom\\.tradewind_\\w+(?:\\.\\w+\\.[^.]+)*?(\\.{label}\\.([^.]+))"
        ),
    })
}
