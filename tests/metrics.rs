//! The page of metrics says what the module's table says.
#![cfg(not(target_family = "wasm"))]
use std::fs;
use std::path::Path;

use tradewind::exchange::metric::{ALL, Kind};

const PAGE: &str = "envoy/METRICS.md";

const HEAD: &str = "\
# Metrics

What the module counts, on Envoy's admin port at `/stats/prometheus`. Counters are told to Envoy
once a second; those without labels are there from the start, the others from their first count.

| metric | kind | labels | says |
| --- | --- | --- | --- |
";

/// `BLESS=1 cargo test --test metrics` writes the page anew.
#[test]
fn the_page_is_current() {
    let mut page = HEAD.to_owned();
    for metric in ALL {
        let kind = match metric.kind {
            Kind::Counter => "counter",
            Kind::Gauge => "gauge",
        };
        let labels: Vec<String> = metric.labels.iter().map(|label| format!("`{label}`")).collect();
        let (labels, help) = (labels.join(", "), metric.help);
        page.push_str(&format!("| `{}` | {kind} | {labels} | {help} |\n", metric.name));
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(PAGE);
    if std::env::var_os("BLESS").is_some() {
        assert!(fs::write(&path, &page).is_ok(), "{PAGE} cannot be written");
    }
    let found = fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(found, page, "{PAGE} is not current: BLESS=1 cargo test --test metrics");
}
