//! A policy with every field there is.
use serde_json::{Value, json};

use super::support::{additions, jwt, prompt, spiffe, workload};
use super::{limits, shadow, weights};

fn breaker() -> Value {
    json!({
        "failures": 3, "rate": {"share": "50%", "requests": 10}, "window": "10s",
        "open_for": "5s", "max_open_for": "1m", "observe": true,
    })
}

/// Every question there is.
fn when() -> Value {
    let bounds = json!({"over": 1, "at_most": 9});
    json!({
        "route": "auto", "requested_model": ["auto"], "tenant": ["acme", "public"], "user": "ci",
        "key": "nightly", "label": {"team": "search"}, "header": {"x-team": true},
        "client": "openai", "operation": "chat", "stream": true, "output_cap": bounds,
        "temperature": {"over": 0.5, "at_most": 1}, "top_p": {"over": 0.1, "at_most": 0.9},
        "turns": bounds, "tools": bounds, "json_schema": false, "reasoning": false,
        "images": false, "documents": false,
        "time": {"zone": "+02:00", "hours": "08:00-18:00", "days": ["mon"]},
        "credits_left": {"below": "20%"}, "input_tokens": bounds, "script": ["latin", "han"],
        "code": true, "complexity": {"over": 0.2, "at_most": 0.6}, "system_matches": "x", "text_matches": {"pattern": "x", "in": "last"},
        "all": [{"tools": true}], "any": [{"tools": ["f"]}], "not": {"tools": false},
    })
}

/// A provider with accounts.
fn accounts() -> Value {
    json!({"dialect": "anthropic", "endpoint": "https://api.example.com", "accounts": [{
        "name": "a", "secret": "a-key", "endpoint": "https://eu.example.com",
        "budget": {"credits": "5", "per": "day"},
    }]})
}

/// Every field there is.
pub(crate) fn full() -> Value {
    let price = json!({
        "input": "3", "output": "15", "cached_input": "0.3", "cache_write": "3.75",
        "cache_write_1h": "6", "reasoning": "15", "per_image": "0.01", "per_request": "0.001",
    });
    let mut model = json!({
        "provider": "p", "name": "m-1", "context_window": 1000, "max_output_tokens": 100, "capabilities": ["tools"], "price": price, "unsupported": "drop",
        "tags": {"region": "eu", "zero_retention": true}, "first_token_timeout": "5s", "prompt_cache": {"marks": "auto", "ttl": "1h", "min_tokens": 2000},
    });
    let mut next = model.clone();
    next.as_object_mut().unwrap().insert("provider".to_owned(), json!("q"));
    let retired = json!({"after": "2027-03-01", "replacement": "o"});
    model.as_object_mut().unwrap().insert("deprecated".to_owned(), retired);
    let accept = json!({
        "finish": true, "refusal": true, "empty": true, "schema_valid": true, "tools_valid": true,
        "hedging": ["perhaps"], "min_chars": 1, "max_chars": 100, "agree": ["m", "n"],
    });
    let key = json!({
        "sha256": "9f".repeat(32), "tenant": "acme", "user": "ci", "key": "nightly",
        "labels": {"team": "search"}, "require": {"region": "eu"}, "models": ["auto"],
        "expires": "2027-01-01", "user_header": "x-user",
    });
    json!({
        "version": "tradewind/v1",
        "identity": [
            {"api_key": {"keys": [key], "header": "x-team-key"}},
            jwt(), spiffe(), workload(),
            {"anonymous": {"tenant": "public", "require": ["zero_retention"]}},
        ],
        "limits": {"request": {"max_body_bytes": "1MiB", "max_messages": 10, "max_output_tokens": 9},
            "rate": [limits::rate()], "session": limits::session(), "global": limits::global()},
        "providers": {
            "p": {"dialect": "anthropic", "endpoint": "https://api.example.com", "secret": "p-key"},
            "q": accounts(),
        },
        "models": {"m": model, "n": model, "o": next},
        "chains": {"c": {"cascade": ["m", "n", "o"], "streaming": "wait", "accept": accept}},
        "request_headers": ["x-team"],
        "classifier": {"weights": weights::base64(), "threshold": 0.62},
        "classes": [{"name": "odd", "when": when()}, {"name": "usual"}],
        "routes": [{
            "models": ["auto"], "chain": {"odd": "c"}, "default": "c", "answer_model": "served",
            "app_may_choose": {"classes": ["odd"], "chains": ["c"]}, "context": {"overflow": "reject"},
        }],
        "experiments": [{
            "name": "try", "routes": ["auto"], "classes": ["odd"], "when": {"tools": true},
            "unit": {"header": "x-team"}, "layer": "first", "share": "100%", "holdout": "0%",
            "arms": [
                {"name": "control", "weight": 9, "chain": "c"},
                {"name": "other", "weight": 1, "models": ["m"], "prompt": additions()},
            ],
        }, shadow::experiment()],
        "sticky": {"by": {"header": "x-team"}, "for": "1m", "routes": ["auto"], "across_classes": true},
        "prompt": [prompt()],
        "context": {"overflow": "reject"},
        "resilience": {"attempts": 3, "idle_timeout": "30s", "breaker": breaker(),
            "first_token_timeout": "10s", "deadline": {"most": "1m", "header": "x-timeout-ms"},
            "finish_cut_streams": true, "resume": "continue", "hedge": "off",
            "retry_budget": {"share": "10%", "at_least": 5},
            "fallback": ["stale_cache", {"chain": "c"}, {"reply": "Later."}]},
        "cache": {
            "routes": ["auto"], "when": {"tools": false}, "ttl": "5m", "stale_for": "1h", "scope": "user",
            "max_bytes": "4MiB", "max_entry": "64KiB", "price": "10%", "respect_no_cache": false,
        },
        "credits": {
            "cluster": "counting", "endpoint": "http://ledger:8700", "secret": "token",
            "http2": true, "timeout": "100ms", "hold_for": "2m", "on_unavailable": "grace",
            "grace": {"credits": "5", "seconds": 60}, "lease": {"credits": "2", "seconds": 5}, "on_exhausted": "stop",
            "near_limit": {"below": "20%", "chain": "c"}, "on_token_refused": "allow", "on_abandoned": "hold",
        },
    })
}
