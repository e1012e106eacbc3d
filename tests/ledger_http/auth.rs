//! Who may call what: every route with every kind of token.
use std::net::SocketAddr;

use tradewind::companion::ledger::{Options, Tokens};

use crate::document::operations;
use crate::world::{ADMIN, PROXY, World};

/// Every route, and the least that its caller must be.
const ROUTES: &[(&str, &str)] = &[
    ("GET /openapi.json", "open"),
    ("GET /healthz", "open"),
    ("POST /v1/holds", "proxy"),
    ("GET /v1/tenants/{tenant}/holds/{hold_id}", "proxy"),
    ("DELETE /v1/tenants/{tenant}/holds/{hold_id}", "proxy"),
    ("POST /v1/settlements", "proxy"),
    ("POST /v1/renewals", "proxy"),
    ("GET /v1/tenants/{tenant}", "proxy"),
    ("GET /v1/tiers", "proxy"),
    ("GET /metrics", "proxy"),
    ("GET /v1/tenants", "admin"),
    ("PUT /v1/tenants/{tenant}", "admin"),
    ("POST /v1/tenants/{tenant}/purchases", "admin"),
    ("POST /v1/tenants/{tenant}/adjustments", "admin"),
    ("GET /v1/tenants/{tenant}/entries", "admin"),
    ("GET /v1/tenants/{tenant}/alerts", "admin"),
    ("GET /v1/alerts", "admin"),
    ("PUT /v1/tiers", "admin"),
    ("GET /", "admin"),
    ("GET /tenants/{tenant}", "admin"),
];

#[test]
fn the_table_has_every_operation() {
    for (method, path, operation) in operations() {
        let call = format!("{method} {path}");
        let row = ROUTES.iter().find(|(own, _)| *own == call);
        let (_, scope) = row.unwrap_or_else(|| panic!("{call} has no row"));
        let said = operation["description"].as_str().unwrap();
        let expected = match *scope {
            "open" => !said.contains("Scope:"),
            "proxy" => said.contains("Scope: proxy or admin."),
            _ => said.contains("Scope: admin."),
        };
        assert!(expected, "{call}: {said}");
    }
}

#[test]
fn every_route_with_every_token() {
    let world = World::new();
    let bearer = |token: &str| format!("Bearer {token}");
    let callers = [
        ("nobody", String::new()),
        ("a stranger", bearer("wrong")),
        ("half a token", bearer(ADMIN.trim_end_matches('s'))),
        ("no scheme", ADMIN.to_owned()),
        ("a proxy", bearer(PROXY)),
        ("an admin", bearer(ADMIN)),
    ];
    let mut wrong = Vec::new();
    for (route, scope) in ROUTES {
        let call = route.replace("{tenant}", "nobody").replace("{hold_id}", "none");
        for (who, credentials) in &callers {
            let headers = [("authorization", &**credentials)];
            let headers = if credentials.is_empty() { &headers[..0] } else { &headers[..] };
            let status = world.send(&call, headers, "").status;
            let known = ["a proxy", "an admin"].contains(who);
            let expected = match (*scope, *who) {
                ("open", _) | ("proxy", "a proxy") | (_, "an admin") => "in",
                ("admin", "a proxy") => "403",
                _ => "401",
            };
            let found = match status {
                401 => "401",
                403 => "403",
                _ => "in",
            };
            if found != expected {
                wrong.push(format!("{call} by {who} ({known}): {status}"));
            }
        }
    }
    assert!(wrong.is_empty(), "\n  {}\n", wrong.join("\n  "));
}

#[test]
fn a_password_opens_pages_and_nothing_else() {
    let world = World::new();
    // printf 'me:an-admin-token-of-the-tests' | base64
    let basic = [("authorization", "Basic bWU6YW4tYWRtaW4tdG9rZW4tb2YtdGhlLXRlc3Rz")];
    assert_eq!(world.send("GET /", &basic, "").status, 200);
    assert_eq!(world.send("GET /v1/tenants", &basic, "").says(), "401 unauthorized");
    let asked = world.send("GET /", &[], "");
    assert_eq!(asked.status, 401);
    assert!(asked.header("www-authenticate").unwrap().starts_with("Basic realm="), "{asked:?}");
    let api = world.send("GET /v1/tenants", &[], "");
    assert!(api.header("www-authenticate").unwrap().starts_with("Bearer realm="), "{api:?}");
}

#[test]
fn without_tokens_it_is_open_on_loopback_only() {
    let world = World::with(|options| options.tokens = Tokens::default());
    assert_eq!(world.send("GET /v1/tenants", &[], "").status, 200);
    // A web page whose own name points here.
    let rebound = world
        .raw(b"GET /v1/tenants HTTP/1.1\r\nhost: evil.example:8700\r\nconnection: close\r\n\r\n");
    assert_eq!(rebound.says(), "403 forbidden");
    for (listen, allowed) in [("127.0.0.1:0", true), ("[::1]:0", true), ("0.0.0.0:0", false)] {
        let listen: SocketAddr = listen.parse().unwrap();
        assert_eq!(Options::at(listen).check().is_ok(), allowed, "{listen}");
    }
}
