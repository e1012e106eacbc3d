//! The page of metrics says what the module's table says.
#![cfg(not(target_family = "wasm"))]
use std::fs;
use std::path::Path;

use tradewind::exchange::metric::{ALL, Kind};

const PAGE: &str = "envoy/METRICS.md";

const HEAD: &str = "\
# Metrics

What the module counts, on Envoy's admin port at `/stats/prometheus`. Counters are told to Envoy
once a second. They are there from the start, at zero, with every label whose values the policy
or the module knows. Where a policy has so many models that this would be more than 2,400 of them,
those of the largest metrics come with their first count. Histograms take whole numbers, so times
are in milliseconds.

| metric | kind | labels | buckets | says |
| --- | --- | --- | --- | --- |
";

/// `BLESS=1 cargo test --test metrics` writes the page anew.
#[test]
fn the_page_is_current() {
    let mut page = HEAD.to_owned();
    for metric in ALL {
        let kind = match metric.kind {
            Kind::Counter => "counter",
            Kind::Gauge => "gauge",
            Kind::Histogram => "histogram",
        };
        let labels: Vec<String> =
            metric.labels.iter().map(|label| format!("`{}`", label.name)).collect();
        let buckets: Vec<String> = metric.buckets.iter().map(u64::to_string).collect();
        let (labels, buckets, help) = (labels.join(", "), buckets.join(" "), metric.help);
        page.push_str(&format!("| `{}` | {kind} | {labels} | {buckets} | {help} |\n", metric.name));
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(PAGE);
    if std::env::var_os("BLESS").is_some() {
        assert!(fs::write(&path, &page).is_ok(), "{PAGE} cannot be written");
    }
    let found = fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(found, page, "{PAGE} is not current: BLESS=1 cargo test --test metrics");
}
