//! Alerts on their way: signed, sent until they are taken, and nobody waits for who hangs.
use std::fmt::Write as _;
use std::time::Duration;

use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::Value;
use tradewind::companion::ledger::Secrets;

use crate::receiver::{Does, Receiver};
use crate::world::{World, until};

const SECRET: &str = "a-secret-of-the-tests";

fn world(patience: Duration) -> World {
    World::with(|options| {
        options.secrets = Secrets::new(vec![SECRET.to_owned()]);
        options.webhook_timeout = patience;
    })
}

/// A tenant that is told at that URL, and falls below its threshold.
fn falls(world: &World, tenant: &str, url: &str) {
    world.buy(tenant, "first", "100");
    let settings = format!("{{\"alerts\": [\"20%\"], \"webhook\": \"{url}\"}}");
    assert_eq!(world.call(&format!("PUT /v1/tenants/{tenant}"), &settings).status, 200);
    assert_eq!(world.charge(tenant, &format!("{tenant}-1"), "81"), "settled_unheld");
}

fn delivery(world: &World, tenant: &str) -> Value {
    let alerts = world.call(&format!("GET /v1/tenants/{tenant}/alerts"), "").json();
    alerts["alerts"][0]["delivery"].clone()
}

#[test]
fn an_alert_is_signed_and_delivered_once() {
    let world = world(Duration::from_secs(5));
    let receiver = Receiver::new(&[Does::Says(204)]);
    falls(&world, "acme", &receiver.url);
    until("it is delivered", || delivery(&world, "acme")["state"] == "delivered");
    world.charge("acme", "acme-2", "1");
    world.tick(Duration::from_secs(7200));
    std::thread::sleep(Duration::from_millis(1200));
    let seen = receiver.seen();
    assert_eq!(seen.len(), 1, "{seen:?}");
    let body: Value = serde_json::from_str(&seen[0].body).unwrap();
    assert_eq!(body["type"], "credits.below");
    assert_eq!(body["tenant"], "acme");
    assert_eq!(body["threshold"], "20%");
    assert_eq!(body["balance"], "19");
    assert_eq!(body["last_purchase"], "100");
    assert_eq!(body["id"], seen[0].header("x-tradewind-event"));
    let signature = seen[0].header("x-tradewind-signature");
    let (time, mac) = signature.strip_prefix("t=").unwrap().split_once(",v1=").unwrap();
    assert_eq!(time, "1772323200");
    let mut hmac = Hmac::<sha2::Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
    hmac.update(format!("{time}.{}", seen[0].body).as_bytes());
    let expected = hmac.finalize().into_bytes().iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    });
    assert_eq!(mac, expected);
}

#[test]
fn what_fails_is_sent_again() {
    let world = world(Duration::from_secs(5));
    let receiver = Receiver::new(&[Does::Says(500), Does::Says(302), Does::Says(200)]);
    falls(&world, "acme", &receiver.url);
    until("it failed once", || delivery(&world, "acme")["attempts"] == 1);
    let failed = delivery(&world, "acme");
    assert_eq!(failed["state"], "pending");
    assert_eq!(failed["last_error"], "answered 500");
    assert_eq!(failed["next_at"], "2026-03-01T00:00:01Z");
    world.tick(Duration::from_secs(1));
    until("it failed twice", || delivery(&world, "acme")["attempts"] == 2);
    // A redirect could lead a signed alert anywhere.
    let failed = delivery(&world, "acme");
    assert_eq!(failed["last_error"], "answered 302");
    assert_eq!(failed["next_at"], "2026-03-01T00:00:03Z");
    world.tick(Duration::from_secs(2));
    until("it is delivered", || delivery(&world, "acme")["state"] == "delivered");
    let seen = receiver.seen();
    assert_eq!(seen.len(), 3);
    assert_eq!(seen[0].body, seen[2].body);
    assert_ne!(
        seen[0].header("x-tradewind-signature"),
        seen[2].header("x-tradewind-signature"),
        "signed anew each time"
    );
}

#[test]
fn nobody_waits_for_a_receiver_that_hangs() {
    let mut world = world(Duration::from_millis(1500));
    let hangs = Receiver::new(&[Does::Hangs]);
    let takes = Receiver::new(&[Does::Says(200)]);
    for n in 0..5 {
        falls(&world, &format!("a{n}"), &hangs.url);
    }
    until("the first hangs", || !hangs.seen().is_empty());
    falls(&world, "zoe", &takes.url);
    until("the other is served", || delivery(&world, "zoe")["state"] == "delivered");
    let failed = |world: &World| {
        (0..5).map(|n| delivery(world, &format!("a{n}"))).find(|d| d["attempts"] == 1)
    };
    until("the first is given up on", || failed(&world).is_some());
    let failed = failed(&world).unwrap();
    assert_eq!(
        (&failed["state"], &failed["last_error"]),
        (&"pending".into(), &"no answer within 1.5s".into())
    );
    let text = world.call("GET /metrics", "").body;
    assert!(text.contains("webhook_deliveries_total{result=\"timed_out\"} 1"), "{text}");
    assert!(text.contains("webhook_deliveries_total{result=\"delivered\"} 1"), "{text}");
    assert!(!text.contains(SECRET) && !text.contains("/hook"), "{text}");
    world.stop();
}

#[test]
fn nothing_is_sent_unsigned_or_lost_without_a_place() {
    let world = World::new();
    let receiver = Receiver::new(&[Does::Says(200)]);
    falls(&world, "acme", &receiver.url);
    until("it was tried", || delivery(&world, "acme")["attempts"] == 1);
    let failed = delivery(&world, "acme");
    assert!(failed["last_error"].as_str().unwrap().starts_with("not sent: "), "{failed}");
    assert!(receiver.seen().is_empty());
    world.tick(Duration::from_secs(1));
    world.buy("bob", "first", "100");
    world.call("PUT /v1/tenants/bob", r#"{"alerts": ["20%"]}"#);
    world.charge("bob", "bob-1", "81");
    until("it has no place to go", || delivery(&world, "bob")["state"] == "nowhere");
    assert_eq!(world.call("GET /v1/alerts?limit=1", "").json()["alerts"][0]["tenant"], "bob");
}

#[test]
fn whom_nobody_can_reach_is_said() {
    let world = world(Duration::from_secs(5));
    falls(&world, "acme", "https://127.0.0.1:1/hook");
    until("it failed", || delivery(&world, "acme")["attempts"] == 1);
    let failed = delivery(&world, "acme");
    let error = failed["last_error"].as_str().unwrap();
    assert!(error.contains("refused"), "{error}");
}

/// Whether the service takes it, and says so with the right field when it does not.
fn takes(world: &World, url: &str) -> bool {
    let body = serde_json::json!({ "webhook": url }).to_string();
    let set = world.call("PUT /v1/tenants/acme", &body);
    assert!(set.status == 200 || set.text("field") == "webhook", "{url}: {set:?}");
    set.status == 200
}

#[test]
fn a_url_is_taken_as_the_table_says() {
    let world = World::new();
    let table = include_str!("../corpus/webhook/urls.txt");
    for line in table.lines().filter(|line| !line.starts_with('#')) {
        let (expected, url) = line.split_once(' ').unwrap();
        assert_eq!(takes(&world, url), expected == "ok", "{url}");
    }
    let longest = format!("http://a/{}", "x".repeat(2048 - 9));
    assert!(takes(&world, &longest));
    assert!(!takes(&world, &format!("{longest}x")));
    assert!(!takes(&world, &format!("http://{}/", "a".repeat(64))));
    assert!(!takes(&world, ""));
}

#[test]
fn whatever_the_documents_pattern_says_is_taken() {
    use proptest::strategy::{Strategy as _, ValueTree as _};
    let world = World::new();
    let settings = &crate::document::document()["components"]["schemas"]["Settings"];
    let pattern = settings["properties"]["webhook"]["pattern"].as_str().unwrap();
    let pattern = pattern.trim_start_matches('^').trim_end_matches('$');
    let urls = proptest::string::string_regex(pattern).unwrap();
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    for _ in 0..300 {
        let url = urls.new_tree(&mut runner).unwrap().current();
        assert!(url.len() > 2048 || takes(&world, &url), "{url}");
    }
}
