//! What is refused, with which status, code and field.
use crate::world::{ADMIN, World};

const HOLD: &str = "POST /v1/holds";
const BUY: &str = "POST /v1/tenants/acme/purchases";
const SET: &str = "PUT /v1/tenants/acme";
const TIERS: &str = "PUT /v1/tiers";
const RENEW: &str = "POST /v1/renewals";
const ADJUST: &str = "POST /v1/tenants/acme/adjustments";

/// Call, body, status and code, field.
const REFUSED: &[(&str, &str, &str, &str)] = &[
    (HOLD, "", "400 invalid", ""),
    (HOLD, "{", "400 invalid", ""),
    (HOLD, "[]", "400 invalid", ""),
    (HOLD, r#"{"tenant": "acme", "credits": "1"}"#, "400 invalid", "hold_id"),
    (HOLD, r#"{"hold_id": "h", "credits": "1"}"#, "400 invalid", "tenant"),
    (HOLD, r#"{"hold_id": "h", "tenant": "acme"}"#, "400 invalid", "credits"),
    (HOLD, r#"{"hold_id": "h", "tenant": "acme", "credits": "-1"}"#, "400 invalid", "credits"),
    (HOLD, r#"{"hold_id": "h", "tenant": "acme", "credits": -1}"#, "400 invalid", "credits"),
    (
        HOLD,
        r#"{"hold_id": "h", "tenant": "acme", "credits": "0.0000001"}"#,
        "400 invalid",
        "credits",
    ),
    (HOLD, r#"{"hold_id": "h", "tenant": "acme", "credits": "ten"}"#, "400 invalid", "credits"),
    (HOLD, r#"{"hold_id": "h", "tenant": "acme", "credits": "1e3"}"#, "400 invalid", "credits"),
    (HOLD, r#"{"hold_id": "h", "tenant": "acme", "credits": 1e-7}"#, "400 invalid", "credits"),
    (HOLD, r#"{"hold_id": "h", "tenant": "acme", "credits": 1e999}"#, "400 invalid", "credits"),
    (HOLD, r#"{"hold_id": "h", "tenant": "acme", "credits": 1e3}"#, "402 insufficient", ""),
    (HOLD, r#"{"hold_id": "h", "tenant": "acme", "credits": true}"#, "400 invalid", "credits"),
    (
        HOLD,
        r#"{"hold_id": "h", "tenant": "acme", "credits": "99999999999999"}"#,
        "400 invalid",
        "credits",
    ),
    (
        HOLD,
        r#"{"hold_id": "h", "tenant": "acme", "credits": "1", "expires_in": 0}"#,
        "400 invalid",
        "expires_in",
    ),
    (
        HOLD,
        r#"{"hold_id": "h", "tenant": "acme", "credits": "1", "expires_in": 86401}"#,
        "400 invalid",
        "expires_in",
    ),
    (
        HOLD,
        r#"{"hold_id": "h", "tenant": "acme", "credits": "1", "credit": "1"}"#,
        "400 invalid",
        "credit",
    ),
    (
        HOLD,
        r#"{"hold_id": "h", "tenant": "acme", "credits": "1", "credits": "2"}"#,
        "400 invalid",
        "credits",
    ),
    (HOLD, r#"{"hold_id": "h\u0000", "tenant": "acme", "credits": "1"}"#, "400 invalid", "hold_id"),
    (HOLD, r#"{"hold_id": "h", "tenant": "nobody", "credits": "1"}"#, "404 unknown_tenant", ""),
    (HOLD, r#"{"hold_id": "h", "tenant": "acme", "credits": "10.000001"}"#, "402 insufficient", ""),
    ("GET /v1/tenants/acme/holds/none", "", "404 unknown_hold", ""),
    ("DELETE /v1/tenants/acme/holds/none", "", "404 unknown_hold", ""),
    ("GET /v1/tenants/acme/holds/a%20b", "", "400 invalid", "hold_id"),
    ("GET /v1/tenants/a%20b/holds/none", "", "400 invalid", "tenant"),
    ("GET /v1/tenants/acme/holds/%ff", "", "400 invalid", ""),
    ("POST /v1/settlements", "{}", "400 invalid", "settlements"),
    ("POST /v1/settlements", r#"{"settlements": {}}"#, "400 invalid", "settlements"),
    ("POST /v1/settlements", r#"{"settlements": [], "more": 1}"#, "400 invalid", "more"),
    (RENEW, "{}", "400 invalid", "holds"),
    (RENEW, r#"{"holds": {}}"#, "400 invalid", "holds"),
    (RENEW, r#"{"holds": [], "more": 1}"#, "400 invalid", "more"),
    (ADJUST, "{}", "400 invalid", "kind"),
    (ADJUST, r#"{"kind": "gift", "credits": "1", "reason": "x"}"#, "400 invalid", "kind"),
    (ADJUST, r#"{"kind": "credit", "reason": "x"}"#, "400 invalid", "credits"),
    (ADJUST, r#"{"kind": "credit", "credits": "0", "reason": "x"}"#, "400 invalid", "credits"),
    (ADJUST, r#"{"kind": "credit", "credits": "1"}"#, "400 invalid", "reason"),
    (ADJUST, r#"{"kind": "credit", "credits": "1", "reason": ""}"#, "400 invalid", "reason"),
    (ADJUST, r#"{"kind": "credit", "credits": "1", "reason": "a\nb"}"#, "400 invalid", "reason"),
    (
        ADJUST,
        r#"{"kind": "credit", "credits": "1", "reason": "x", "expires_at": "soon"}"#,
        "400 invalid",
        "expires_at",
    ),
    (
        ADJUST,
        r#"{"kind": "debit", "credits": "1", "reason": "x", "lot": "acme/1"}"#,
        "400 invalid",
        "lot",
    ),
    (ADJUST, r#"{"kind": "refund", "reason": "x"}"#, "400 invalid", "purchase"),
    (ADJUST, r#"{"kind": "void", "lot": "other/1", "reason": "x"}"#, "400 invalid", "lot"),
    (ADJUST, r#"{"kind": "void", "lot": "acme/x", "reason": "x"}"#, "400 invalid", "lot"),
    (
        ADJUST,
        r#"{"kind": "debit", "credits": "1", "reason": "x"}"#,
        "400 invalid",
        "idempotency-key",
    ),
    (BUY, r#"{"credits": "1"}"#, "400 invalid", "idempotency-key"),
    (SET, r#"{"overdraft": "-1"}"#, "400 invalid", "overdraft"),
    (SET, r#"{"alerts": "20%"}"#, "400 invalid", "alerts"),
    (SET, r#"{"alerts": ["20%", "101%"]}"#, "400 invalid", "alerts[1]"),
    (SET, r#"{"alerts": [20]}"#, "400 invalid", "alerts[0]"),
    (SET, r#"{"budgets": [{"per": "week", "credits": "1"}]}"#, "400 invalid", "budgets[0].per"),
    (SET, r#"{"budgets": [{"per": "day"}]}"#, "400 invalid", "budgets[0].credits"),
    (
        SET,
        r#"{"budgets": [{"per": "day", "credits": "1", "user": "u", "key": "k"}]}"#,
        "400 invalid",
        "budgets[0].key",
    ),
    (
        SET,
        r#"{"budgets": [{"per": "day", "credits": "1", "team": "t"}]}"#,
        "400 invalid",
        "budgets[0].team",
    ),
    (SET, r#"{"webhook": "ftp://example.com"}"#, "400 invalid", "webhook"),
    (SET, r#"{"webhook": "https://me:pw@example.com"}"#, "400 invalid", "webhook"),
    (SET, r#"{"webhook": 1}"#, "400 invalid", "webhook"),
    (SET, r#"{"limit": 1}"#, "400 invalid", "limit"),
    (TIERS, "{}", "400 invalid", ""),
    (TIERS, r#"[{"at_least": "1", "discount": "x"}]"#, "400 invalid", "[0].discount"),
    (TIERS, r#"[{"at_least": "1", "discount": "100%"}]"#, "400 invalid", "[0].discount"),
    (
        TIERS,
        r#"[{"at_least": "1", "discount": "1%"}, {"at_least": "1", "discount": "2%"}]"#,
        "400 invalid",
        "[1].at_least",
    ),
    ("GET /v1/tenants?limit=0", "", "400 invalid", "limit"),
    ("GET /v1/tenants?limit=+5", "", "400 invalid", "limit"),
    ("GET /v1/tenants?limit=5&limit=5", "", "400 invalid", "limit"),
    ("GET /v1/tenants?limt=5", "", "400 invalid", "limt"),
    ("GET /v1/tenants/nobody", "", "404 unknown_tenant", ""),
    ("GET /v1/tenants/nobody/entries", "", "404 unknown_tenant", ""),
    ("GET /v1/tenants/nobody/alerts", "", "404 unknown_tenant", ""),
    ("GET /v1/tenants/acme/entries?after=-1", "", "400 invalid", "after"),
    ("GET /v2/holds", "", "404 not_found", ""),
    ("PATCH /v1/holds", "", "405 method_not_allowed", ""),
];

#[test]
fn refusals_name_the_field() {
    let world = World::new();
    world.buy("acme", "first", "10");
    let mut wrong = Vec::new();
    for (call, body, says, field) in REFUSED {
        let reply = world.call(call, body);
        let kind = reply.header("content-type");
        let found = (reply.says(), reply.text("field"));
        if found != ((*says).to_owned(), (*field).to_owned())
            || kind != Some("application/problem+json")
            || reply.json()["status"] != reply.status
        {
            wrong.push(format!("{call} {body}: {kind:?} {}", reply.body));
        }
    }
    assert!(wrong.is_empty(), "\n  {}\n", wrong.join("\n  "));
    let allow = world.call("PATCH /v1/tiers", "");
    assert_eq!(allow.header("allow"), Some("GET,HEAD,PUT"));
    let untouched = world.call("GET /v1/tenants/acme", "");
    assert_eq!((untouched.text("balance"), untouched.text("held")), ("10".into(), "0".into()));
}

#[test]
fn purchases_say_one_amount() {
    let world = World::new();
    let bearer = format!("Bearer {ADMIN}");
    let buy = |body: &str, key: &str| {
        let headers = [
            ("authorization", &*bearer),
            ("content-type", "application/json"),
            ("idempotency-key", key),
        ];
        let reply = world.send(BUY, &headers, body);
        format!("{} {}", reply.says(), reply.text("field"))
    };
    for (body, says) in [
        ("{}", "400 invalid credits"),
        (r#"{"credits": "1", "paid": "1"}"#, "400 invalid paid"),
        (r#"{"credits": "0"}"#, "400 invalid credits"),
        (r#"{"paid": "0.0"}"#, "400 invalid paid"),
        (r#"{"credits": "1", "expires_at": "tomorrow"}"#, "400 invalid expires_at"),
        (r#"{"credits": "1", "expires_at": 5}"#, "400 invalid expires_at"),
        (r#"{"credits": "1", "discount": "5%"}"#, "400 invalid discount"),
    ] {
        assert_eq!(buy(body, "k"), says, "{body}");
    }
    assert_eq!(buy(r#"{"credits": "1"}"#, &"k".repeat(129)), "400 invalid idempotency-key");
    assert_eq!(buy(r#"{"credits": "1"}"#, "a b"), "400 invalid idempotency-key");
    // Nine of the largest fit into an account, a tenth does not.
    for n in 0..9 {
        assert_eq!(buy(r#"{"credits": "1000000000000"}"#, &format!("k{n}")), "201  ");
    }
    assert_eq!(buy(r#"{"credits": "1000000000000"}"#, "k9"), "409 overflow ");
}

#[test]
fn bodies_are_json_and_not_too_large() {
    let world = World::new();
    let bearer = format!("Bearer {ADMIN}");
    let kinds = [
        (None, "415 unsupported_media_type"),
        (Some("text/plain"), "415 unsupported_media_type"),
        (Some("application/x-www-form-urlencoded"), "415 unsupported_media_type"),
        (Some("application/json-seq"), "415 unsupported_media_type"),
        (Some("application/json"), "404 unknown_tenant"),
        (Some("Application/JSON; charset=utf-8"), "404 unknown_tenant"),
    ];
    for (kind, says) in kinds {
        let mut headers = vec![("authorization", &*bearer)];
        headers.extend(kind.map(|kind| ("content-type", kind)));
        let body = r#"{"hold_id": "h", "tenant": "acme", "credits": "1"}"#;
        assert_eq!(world.send(HOLD, &headers, body).says(), says, "{kind:?}");
    }
    let large = format!("{{\"hold_id\": \"{}\"}}", "x".repeat(1 << 20));
    assert_eq!(world.call(HOLD, &large).says(), "413 too_large");
    let deep = "[".repeat(100_000);
    assert_eq!(world.call(HOLD, &deep).says(), "400 invalid");
}

#[test]
fn an_item_of_a_batch_is_refused_alone() {
    let world = World::new();
    world.buy("acme", "first", "10");
    let batch = r#"{"settlements": [
        {"hold_id": "a", "unheld": true, "tenant": "acme", "credits": "1"},
        {"hold_id": "b", "tenant": "acme", "credits": "-1"},
        {"hold_id": "c", "unheld": true, "credits": "1"},
        {"hold_id": "d", "tenant": "acme", "credits": "1"},
        7,
        {"hold_id": "e", "unheld": true, "tenant": "nobody", "credits": "1"},
        {"hold_id": "f", "unheld": true, "tenant": "acme", "credits": "2"}
    ]}"#;
    let reply = world.call("POST /v1/settlements", batch).json();
    let results = reply["results"].as_array().unwrap();
    let states: Vec<_> = results.iter().map(|item| item["state"].as_str().unwrap()).collect();
    let expected = [
        "settled_unheld",
        "invalid",
        "invalid",
        "unknown_hold",
        "invalid",
        "unknown_tenant",
        "settled_unheld",
    ];
    assert_eq!(states, expected);
    assert_eq!(results[1]["hold_id"], "b");
    assert!(results[1]["detail"].as_str().unwrap().starts_with("`settlements[1].credits`"));
    assert_eq!(world.call("GET /v1/tenants/acme", "").text("balance"), "7");
    let many = vec![r#"{"hold_id": "x", "tenant": "acme", "credits": "1"}"#; 1001].join(",");
    let many = world.call("POST /v1/settlements", &format!("{{\"settlements\": [{many}]}}"));
    assert_eq!(many.says(), "400 invalid");
}

/// What is wrong with a settlement: its members after `tenant` and `hold_id`, and what is said.
const SETTLEMENTS: &[(&str, &str)] = &[
    (r#""credits": "1", "model": "gpt""#, "`settlements[0].model`: unknown"),
    (r#""credits": "1", "usage": {}"#, "`settlements[0].usage`: unknown"),
    (r#""credits": "1", "releases": "1""#, "`settlements[0].releases`: expected only with `draw`"),
    (r#""credits": "1", "draw": "d""#, "`settlements[0].releases`: missing"),
    (r#""credits": "1", "parts": {}"#, "`settlements[0].parts`: expected a list"),
    (r#""credits": "1", "parts": [7]"#, "`settlements[0].parts[0]`: expected an object"),
    (r#""credits": "1", "parts": [{"credits": "1"}]"#, "`settlements[0].parts[0].model`: missing"),
    (r#""credits": "1", "parts": [{"model": "m"}]"#, "`settlements[0].parts[0].credits`: missing"),
    (
        r#""credits": "1", "parts": [{"model": "m", "credits": "1", "tokens": 1}]"#,
        "`settlements[0].parts[0].tokens`: unknown",
    ),
    (
        r#""credits": "1", "parts": [{"model": "m", "credits": "1", "usage": {"input": 1.5}}]"#,
        "`settlements[0].parts[0].usage.input`: expected a whole number",
    ),
    (
        r#""credits": "1", "parts": [{"model": "m", "credits": "1", "usage": {"input": 1e19}}]"#,
        "`settlements[0].parts[0].usage.input`: expected a whole number",
    ),
    (
        r#""credits": "1.5", "parts": [{"model": "m", "credits": "1"}, {"model": "n", "credits": "0.25"}]"#,
        "`settlements[0].credits`: expected the sum of the parts: this says 1.5, and they come to \
         1.25",
    ),
    (
        r#""credits": "1", "parts": [{"model": "m", "credits": "1000000000000"}, {"model": "n", "credits": "1"}]"#,
        "they come to more than 1000000000000",
    ),
    (r#""credits": "1", "flags": "odd""#, "`settlements[0].flags`: expected a list"),
    (r#""credits": "1", "flags": ["Odd"]"#, "`settlements[0].flags[0]`: expected 1 to 32"),
    (r#""credits": "1", "flags": ["a\nb"]"#, "`settlements[0].flags[0]`: expected 1 to 32"),
    (r#""credits": "1", "flags": ["a", "a"]"#, "`settlements[0].flags[1]`: stands twice"),
];

#[test]
fn a_settlement_is_read_strictly() {
    let world = World::new();
    world.buy("acme", "first", "10");
    let settle = |members: &str| {
        let item = format!("{{\"tenant\": \"acme\", \"hold_id\": \"h\", {members}}}");
        let body = format!("{{\"settlements\": [{item}]}}");
        world.call("POST /v1/settlements", &body).json()["results"][0].clone()
    };
    for (members, expected) in SETTLEMENTS {
        let result = settle(members);
        assert_eq!(result["state"], "invalid", "{members}");
        let detail = result["detail"].as_str().unwrap();
        assert!(detail.contains(expected), "{members}: {detail}");
    }
    let part = r#"{"model": "m", "credits": "1"}"#;
    let many = format!(r#""credits": "17", "parts": [{}]"#, [part; 17].join(","));
    assert!(settle(&many)["detail"].as_str().unwrap().contains("expected at most 16"));
    assert_eq!(world.call("GET /v1/tenants/acme", "").text("balance"), "10");
}

#[test]
fn a_whole_number_is_one_however_it_is_written() {
    let world = World::new();
    world.buy("acme", "first", "100");
    for (at, number) in ["20", "20.0", "2e1", "0.2E+2", "\"20\""].iter().enumerate() {
        let body = format!(
            "{{\"hold_id\": \"h{at}\", \"tenant\": \"acme\", \"credits\": {number}, \
             \"expires_in\": 6e1}}"
        );
        let held = world.call(HOLD, &body);
        assert_eq!((held.status, held.text("credits")), (201, "20".into()), "{number}");
        assert_eq!(held.text("expires_at"), "2026-03-01T00:01:00Z");
        let tokens = number.trim_matches('"');
        let body = format!(
            "{{\"settlements\": [{{\"tenant\": \"acme\", \"hold_id\": \"h{at}\", \"credits\": 2e0, \
             \"parts\": [{{\"model\": \"m\", \"credits\": 2.0, \
             \"usage\": {{\"output\": {tokens}}}}}]}}]}}"
        );
        let settled = world.call("POST /v1/settlements", &body);
        assert_eq!(settled.json()["results"][0]["state"], "settled", "{settled:?}");
        let entry = &world.call("GET /v1/tenants/acme/entries", "").json()["entries"][at + 1];
        assert_eq!((&entry["usage"]["output"], &entry["credits"]), (&20.into(), &"-2".into()));
    }
}
