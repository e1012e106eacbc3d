//! The operator's pages. They are left in `target/tmp` for whoever wants to look at them.
use std::time::Duration;

use serde_json::json;

use crate::world::{PROXY, World, until};

const EVIL: &str = "<img/src=x>\\\"'&";

fn seeded() -> World {
    let world = World::new();
    for (tenant, credits) in [("acme", "600"), ("globex", "400"), ("initech", "12")] {
        world.buy(tenant, "first", credits);
    }
    world.call(
        "PUT /v1/tenants/acme",
        r#"{"alerts": ["20%", "550"], "overdraft": "5", "budgets": [
            {"per": "day", "credits": "40"}, {"per": "month", "credits": "800", "user": "*"}]}"#,
    );
    let path = "PUT /v1/tenants/%3Cimg%2Fsrc=x%3E%5C%22%27&";
    world.call(path, r#"{"budgets": [{"per": "day", "credits": "1", "user": "<b>"}]}"#);
    world.buy("%3Cimg%2Fsrc=x%3E%5C%22%27&", "<i>", "10");
    let models = ["claude-sonnet", "gpt-6-sol", "<u>", "gemini-3.8-flash"];
    for day in 0..14_u64 {
        for (at, model) in models.into_iter().enumerate() {
            for (tenant, much) in [("acme", 3), ("globex", 1), (EVIL, 0)] {
                let cost = (day * 7 + u64::try_from(at).unwrap() * 5) % 6 * much;
                let item = json!({"settlements": [{
                    "hold_id": format!("{tenant}-{day}-{at}"), "unheld": true, "tenant": tenant,
                    "user": "<s>", "credits": format!("{cost}.25"), "outcome": "answered",
                    "parts": [{"model": model, "credits": format!("{cost}.25")}],
                }]})
                .to_string();
                let settled = world.call("POST /v1/settlements", &item);
                assert!(settled.body.contains("settled_unheld"), "{settled:?}");
            }
        }
        if day < 13 {
            world.tick(Duration::from_secs(86_400));
        }
    }
    world.charge("initech", "gone", "20");
    until("the alert is looked at", || !world.call("GET /v1/alerts", "").body.contains("pending"));
    world.call("POST /v1/holds", r#"{"hold_id": "h1", "tenant": "acme", "credits": "3.75"}"#);
    world
}

/// A page as its file in `target/tmp`.
fn page(world: &World, path: &str, name: &str) -> String {
    let reply = world.call(&format!("GET {path}"), "");
    assert_eq!(reply.status, 200, "{reply:?}");
    assert_eq!(reply.header("content-type"), Some("text/html; charset=utf-8"));
    let policy = reply.header("content-security-policy").unwrap();
    assert!(policy.starts_with("default-src 'none'; style-src 'sha256-"), "{policy}");
    assert_eq!(reply.header("cache-control"), Some("no-store"));
    let file = format!("{}/ledger-{name}.html", env!("CARGO_TARGET_TMPDIR"));
    std::fs::write(file, &reply.body).unwrap();
    reply.body
}

#[test]
fn the_pages_show_what_there_is() {
    let world = seeded();
    let tenants = page(&world, "/", "tenants");
    for text in [
        "<a href=\"/tenants/acme\">acme</a>",
        "<span class=\"chip bad\">owes</span>",
        "<span class=\"chip warn\">below 550</span>",
        "title=\"-8\">\u{2212}8.00</td>",
        "Spend by model, all tenants, last 14 days: stacked bars from 2026-03-01 to 2026-03-14, in credits",
        "2026-03-02, claude-sonnet: 4.75 credits",
        "credits a day</text>",
        "day (UTC)</text>",
        "no webhook set",
    ] {
        assert!(tenants.contains(text), "{text}\n{tenants}");
    }
    let acme = page(&world, "/tenants/acme", "acme");
    for text in [
        "1 open hold<",
        "and an overdraft of 5.00",
        "each user",
        "counted for each alone",
        "aria-label=\"",
        "claude-sonnet, answered, user &lt;s&gt;, hold acme-13-0",
    ] {
        assert!(acme.contains(text), "{text}\n{acme}");
    }
}

#[test]
fn nothing_that_is_shown_is_markup() {
    let world = seeded();
    let path = "/tenants/%3Cimg%2Fsrc=x%3E%5C%22%27&";
    let shown = "&lt;img/src=x&gt;\\&quot;&#39;&amp;";
    for (path, name) in [("/", "tenants-2"), (path, "escaped")] {
        let page = page(&world, path, name);
        assert!(page.contains(shown), "{page}");
        for evil in ["<img", "<b>", "<i>", "<s>", "<u>", "<script", "onload", "javascript:"] {
            assert!(!page.contains(evil), "{evil} in {page}");
        }
        balanced(&page);
    }
    let link = "href=\"/tenants/%3Cimg%2Fsrc%3Dx%3E%5C%22%27%26\"";
    assert!(page(&world, "/", "tenants-3").contains(link));
    let missing = world.call("GET /tenants/%3Cimg%3E", "");
    assert_eq!(missing.status, 404);
    assert!(
        missing.body.contains("`&lt;img&gt;`") && !missing.body.contains("<img"),
        "{missing:?}"
    );
}

/// Every element that begins ends, in its place.
fn balanced(page: &str) {
    let mut open: Vec<&str> = Vec::new();
    for tag in page.split('<').skip(1).map(|rest| rest.split('>').next().unwrap()) {
        let name = tag.split(' ').next().unwrap();
        if let Some(name) = name.strip_prefix('/') {
            assert_eq!(open.pop(), Some(name), "{tag}");
        } else if !name.starts_with('!') && !["meta", "link"].contains(&name) {
            open.push(name);
        }
    }
    assert!(open.is_empty(), "{open:?}");
}

#[test]
fn an_empty_ledger_says_how_to_begin() {
    let world = World::new();
    assert!(page(&world, "/", "empty").contains("No tenant has bought credits yet"));
    let refused = world.as_(PROXY, "GET /", "");
    assert_eq!(refused.status, 403);
    assert!(refused.body.starts_with("<!doctype html>"), "{refused:?}");
    assert_eq!(world.call("GET /tenants/%00", "").status, 400);
    assert_eq!(world.call("GET /?page=2", "").status, 400);
}
