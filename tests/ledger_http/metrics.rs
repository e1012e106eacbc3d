//! What the service counts, as Prometheus reads it.
use crate::world::{ADMIN, PROXY, World};

#[test]
fn it_counts_what_happens() {
    let world = World::new();
    world.buy("acme", "first", "10");
    let hold = |id: &str, credits: &str| {
        let body = format!(r#"{{"hold_id": "{id}", "tenant": "acme", "credits": "{credits}"}}"#);
        world.as_(PROXY, "POST /v1/holds", &body)
    };
    hold("h1", "4");
    hold("h1", "4");
    hold("h2", "40");
    world.charge("acme", "x", "11.5");
    world.send("BREW /coffee", &[], "");
    world.send("GET /v1/tenants", &[], "");
    let text = world.as_(PROXY, "GET /metrics", "").body;
    for line in [
        "tradewind_ledger_holds_total{outcome=\"held\"} 1",
        "tradewind_ledger_holds_total{outcome=\"held_before\"} 1",
        "tradewind_ledger_holds_total{outcome=\"insufficient\"} 1",
        "tradewind_ledger_purchases_total{outcome=\"purchased\"} 1",
        "tradewind_ledger_settlements_total{outcome=\"settled_unheld\"} 1",
        "tradewind_ledger_queue_length 0",
        "tradewind_ledger_batch_size_bucket{le=\"1\"} 5",
        "tradewind_ledger_batch_size_count 5",
        "tradewind_ledger_overruns_total 1",
        "tradewind_ledger_overrun_credits_total 1.5",
        "requests_total{method=\"POST\",path=\"/v1/holds\",status=\"402\"} 1",
        "requests_total{method=\"OTHER\",path=\"other\",status=\"404\"} 1",
        "requests_total{method=\"GET\",path=\"/v1/tenants\",status=\"401\"} 1",
        "duration_seconds_bucket{method=\"POST\",path=\"/v1/holds\",le=\"+Inf\"} 3",
        "duration_seconds_count{method=\"POST\",path=\"/v1/holds\"} 3",
    ] {
        assert!(text.contains(&format!("{line}\n")), "{line}\n{text}");
    }
    for secret in ["acme", ADMIN, PROXY] {
        assert!(!text.contains(secret), "{secret}\n{text}");
    }
    for line in text.lines() {
        let sample = line.split_once(' ').is_some() && line.starts_with("tradewind_ledger_");
        assert!(sample || line.starts_with("# HELP ") || line.starts_with("# TYPE "), "{line}");
    }
}
