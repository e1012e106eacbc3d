//! Asked twice, done once.
use std::time::Duration;

use crate::world::{ADMIN, PROXY, World};

fn hold(id: &str, credits: &str) -> String {
    format!("{{\"hold_id\": \"{id}\", \"tenant\": \"acme\", \"credits\": \"{credits}\"}}")
}

/// What becomes of a settlement of acme's.
fn settle(world: &World, members: &str) -> String {
    let body = format!("{{\"settlements\": [{{\"tenant\": \"acme\", {members}}}]}}");
    let reply = world.as_(PROXY, "POST /v1/settlements", &body);
    assert_eq!(reply.status, 200, "{reply:?}");
    reply.json()["results"][0]["state"].as_str().unwrap().to_owned()
}

#[test]
fn a_holds_life() {
    let world = World::new();
    world.buy("acme", "first", "100");
    let made = world.as_(PROXY, "POST /v1/holds", &hold("h1", "40"));
    assert_eq!(made.status, 201);
    assert_eq!(made.text("state"), "held");
    assert_eq!((made.text("balance"), made.text("available")), ("100".into(), "60".into()));
    assert_eq!(made.text("expires_at"), "2026-03-01T00:15:00Z");
    let again = world.as_(PROXY, "POST /v1/holds", &hold("h1", "40"));
    assert_eq!((again.status, again.text("state")), (200, "held".into()));
    assert_eq!(again.text("available"), "60");
    let other = world.as_(PROXY, "POST /v1/holds", &hold("h1", "41"));
    assert_eq!(other.says(), "409 held_differently");
    let more = world.as_(PROXY, "POST /v1/holds", &hold("h2", "60.000001"));
    assert_eq!(more.says(), "402 insufficient");
    assert_eq!((more.text("needed"), more.text("available")), ("60.000001".into(), "60".into()));

    assert_eq!(settle(&world, r#""hold_id": "h1", "credits": "25""#), "settled");
    assert_eq!(settle(&world, r#""hold_id": "h1", "credits": "25""#), "settled_before");
    assert_eq!(settle(&world, r#""hold_id": "h1", "credits": "26""#), "settled_differently");
    let ended = world.as_(PROXY, "POST /v1/holds", &hold("h1", "40"));
    assert_eq!(ended.says(), "409 hold_ended");
    assert_eq!(world.as_(PROXY, "DELETE /v1/tenants/acme/holds/h1", "").says(), "409 hold_ended");
    let shown = world.as_(PROXY, "GET /v1/tenants/acme/holds/h1", "");
    assert_eq!((shown.text("state"), shown.text("settled")), ("settled".into(), "25".into()));

    world.as_(PROXY, "POST /v1/holds", &hold("h3", "10"));
    assert_eq!(world.as_(PROXY, "DELETE /v1/tenants/acme/holds/h3", "").text("state"), "released");
    assert_eq!(
        world.as_(PROXY, "DELETE /v1/tenants/acme/holds/h3", "").text("state"),
        "released_before"
    );
    assert_eq!(settle(&world, r#""hold_id": "h3", "credits": "1""#), "hold_released");

    world.as_(PROXY, "POST /v1/holds", &hold("h4", "10"));
    world.tick(Duration::from_secs(901));
    assert_eq!(settle(&world, r#""hold_id": "h4", "credits": "5""#), "settled_late");
    assert_eq!(world.call("GET /v1/tenants/acme", "").text("balance"), "70");
    let entries = world.call("GET /v1/tenants/acme/entries?limit=2", "").json();
    assert_eq!(entries["entries"].as_array().unwrap().len(), 2);
    let rest = world.call("GET /v1/tenants/acme/entries?after=2", "").json();
    assert_eq!((&entries["next"], &rest["next"]), (&2.into(), &serde_json::Value::Null));
    assert_eq!(rest["entries"][0]["late"], true);
}

#[test]
fn a_lease_is_drawn_on() {
    let world = World::new();
    world.buy("acme", "first", "100");
    world.as_(PROXY, "POST /v1/holds", &hold("lease", "20"));
    let draw = |id: &str, credits: &str| {
        settle(
            &world,
            &format!(
                "\"hold_id\": \"lease\", \"draw\": \"{id}\", \"releases\": \"5\", \
                 \"credits\": \"{credits}\""
            ),
        )
    };
    assert_eq!(draw("a", "3"), "settled");
    assert_eq!(draw("a", "3"), "settled_before");
    assert_eq!(draw("a", "4"), "settled_differently");
    let shown = world.as_(PROXY, "GET /v1/tenants/acme/holds/lease", "");
    assert_eq!((shown.text("state"), shown.text("remaining")), ("open".into(), "15".into()));
}

#[test]
fn a_purchase_is_made_once() {
    let world = World::new();
    let tiers =
        r#"[{"at_least": "1000", "discount": "17.5%"}, {"at_least": "100", "discount": "10%"}]"#;
    let set = world.call("PUT /v1/tiers", tiers);
    assert_eq!(set.json()[0]["at_least"], "100");
    assert_eq!(world.as_(PROXY, "GET /v1/tiers", "").json(), set.json());
    let first = world.buy("acme", "k1", "1000");
    assert_eq!((first.status, first.text("paid")), (201, "825".into()));
    world.charge("acme", "x", "10");
    let again = world.buy("acme", "k1", "1000");
    assert_eq!(again.status, 200);
    assert_eq!(again.json(), first.json(), "the first answer again");
    assert_eq!(world.buy("acme", "k1", "999").says(), "409 purchased_differently");
    let bearer = format!("Bearer {ADMIN}");
    let headers = [
        ("authorization", &*bearer),
        ("content-type", "application/json"),
        ("idempotency-key", "k2"),
    ];
    let body = r#"{"paid": "90", "expires_at": "2026-03-02T00:00:00+01:00"}"#;
    let paid = world.send("POST /v1/tenants/acme/purchases", &headers, body);
    assert_eq!((paid.text("credits"), paid.text("discount")), ("100".into(), "10%".into()));
    assert_eq!(paid.text("expires_at"), "2026-03-01T23:00:00Z");
}

#[test]
fn settings_stay_until_they_are_cleared() {
    let world = World::new();
    let body = r#"{"overdraft": 5, "alerts": ["20%", "50"], "webhook": "http://127.0.0.1:1/",
        "budgets": [{"per": "day", "credits": "10", "user": "*"}, {"per": "month", "credits": 7}]}"#;
    let set = world.call("PUT /v1/tenants/acme", body);
    assert_eq!(set.status, 200);
    let same = world.call("PUT /v1/tenants/acme", "{}");
    assert_eq!(same.json(), set.json());
    assert_eq!(world.as_(PROXY, "GET /v1/tenants/acme", "").json(), set.json());
    assert_eq!(set.json()["budgets"][0]["user"], "*");
    assert_eq!(set.json()["budgets"][1]["resets_at"], "2026-04-01T00:00:00Z");
    let over = r#"{"hold_id": "h", "tenant": "acme", "credits": "5", "user": "u"}"#;
    assert_eq!(world.as_(PROXY, "POST /v1/holds", over).status, 201);
    let over = r#"{"hold_id": "i", "tenant": "acme", "credits": "0.000001"}"#;
    assert_eq!(world.as_(PROXY, "POST /v1/holds", over).says(), "402 insufficient");
    world.buy("acme", "k", "100");
    let over = r#"{"hold_id": "j", "tenant": "acme", "credits": "2.5"}"#;
    let refused = world.as_(PROXY, "POST /v1/holds", over);
    assert_eq!(refused.says(), "402 budget_exceeded");
    assert_eq!(refused.json()["budget"]["held"], "5");
    let clear = r#"{"overdraft": null, "alerts": [], "budgets": null, "webhook": null}"#;
    let cleared = world.call("PUT /v1/tenants/acme", clear).json();
    assert_eq!(
        (&cleared["overdraft"], &cleared["webhook"]),
        (&"0".into(), &serde_json::Value::Null)
    );
    assert!(cleared["alerts"].as_array().unwrap().is_empty());
    assert!(cleared["budgets"].as_array().unwrap().is_empty());
}

#[test]
fn tenants_come_in_pages() {
    let world = World::new();
    for tenant in ["b", "a", "c%2Fd"] {
        world.buy(tenant, "k", "1");
    }
    let first = world.call("GET /v1/tenants?limit=2", "").json();
    assert_eq!((&first["tenants"][0]["tenant"], &first["next"]), (&"a".into(), &"b".into()));
    let rest = world.call("GET /v1/tenants?after=b", "").json();
    assert_eq!(rest["tenants"][0]["tenant"], "c/d");
    assert_eq!(rest["next"], serde_json::Value::Null);
}

#[test]
fn holds_of_requests_that_run_are_renewed() {
    let world = World::new();
    world.buy("acme", "first", "100");
    for id in ["h1", "h2", "h3"] {
        world.as_(PROXY, "POST /v1/holds", &hold(id, "30"));
    }
    assert_eq!(settle(&world, r#""hold_id": "h3", "credits": "1""#), "settled");
    world.tick(Duration::from_secs(890));
    let item =
        |id: &str| format!("{{\"tenant\": \"acme\", \"hold_id\": \"{id}\", \"expires_in\": 60}}");
    let wrong = r#"{"tenant": "acme", "hold_id": "h1", "expires_in": 0}"#;
    let body = format!(
        "{{\"holds\": [{}, {}, {}, {wrong}, 7, {}]}}",
        item("h1"),
        item("none"),
        item("h3"),
        item("h1")
    );
    let renewals = world.as_(PROXY, "POST /v1/renewals", &body).json()["renewals"].clone();
    let outcomes: Vec<_> =
        renewals.as_array().unwrap().iter().map(|item| item["outcome"].as_str().unwrap()).collect();
    let expected = ["renewed", "unknown_hold", "hold_ended", "invalid", "invalid", "renewed"];
    assert_eq!(outcomes, expected);
    assert_eq!(renewals[0]["expires_at"], "2026-03-01T00:15:50Z");
    assert!(renewals[3]["detail"].as_str().unwrap().starts_with("`holds[3].expires_in`"));
    world.tick(Duration::from_secs(20));
    let state =
        |id: &str| world.as_(PROXY, &format!("GET /v1/tenants/acme/holds/{id}"), "").text("state");
    assert_eq!(settle(&world, r#""hold_id": "h2", "credits": "1""#), "settled_late");
    assert_eq!((state("h1"), state("h2")), ("open".into(), "settled".into()));
}

#[test]
fn an_account_is_adjusted_once() {
    let world = World::new();
    world.call("PUT /v1/tiers", r#"[{"at_least": "100", "discount": "10%"}]"#);
    world.buy("acme", "order-17", "100");
    let bearer = format!("Bearer {ADMIN}");
    let adjust = |key: &str, body: &str| {
        let headers = [
            ("authorization", &*bearer),
            ("content-type", "application/json"),
            ("idempotency-key", key),
        ];
        world.send("POST /v1/tenants/acme/adjustments", &headers, body)
    };
    let refund = r#"{"kind": "refund", "purchase": "order-17", "credits": "40", "reason": "t-1"}"#;
    let first = adjust("a1", refund);
    assert_eq!((first.status, first.text("credits")), (201, "-40".into()));
    assert_eq!((first.text("paid"), first.text("balance")), ("36".into(), "60".into()));
    let gift = r#"{"kind": "credit", "credits": 5, "reason": "sorry <b>"}"#;
    assert_eq!(adjust("a2", gift).text("adjustment_id"), "acme/3");
    let again = adjust("a1", refund);
    assert_eq!((again.status, again.json()), (200, first.json()));
    assert_eq!(adjust("a1", gift).says(), "409 adjusted_differently");
    assert_eq!(
        adjust("a3", r#"{"kind": "void", "lot": "acme/9", "reason": "x"}"#).says(),
        "409 not_left"
    );
    let none = r#"{"kind": "refund", "purchase": "order-18", "reason": "x"}"#;
    assert_eq!(adjust("a3", none).says(), "404 unknown_purchase");
    assert_eq!(adjust("a3", r#"{"kind": "void", "lot": "acme/3", "reason": "x"}"#).status, 201);
    let entries = world.call("GET /v1/tenants/acme/entries", "").json()["entries"].clone();
    let kinds: Vec<_> =
        entries.as_array().unwrap().iter().map(|entry| entry["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["purchase", "refund", "credit", "void"]);
    assert_eq!(
        (&entries[1]["reason"], &entries[1]["purchase_id"]),
        (&"t-1".into(), &"acme/1".into())
    );
    let page = world.call("GET /tenants/acme", "").body;
    assert!(page.contains("sorry &lt;b&gt;, key a2"), "{page}");
    let nobody = world.as_(PROXY, "POST /v1/tenants/acme/adjustments", gift);
    assert_eq!(nobody.says(), "403 forbidden");
}
