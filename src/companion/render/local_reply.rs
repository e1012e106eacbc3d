//! What Envoy answers by itself, before the module sees a request or instead of it, as JSON in the
//! app's dialect.
//!
//! The module rewrites what passes it (`exchange/edge/local.rs`) and says more there. This is for
//! the rest: headers that are too large, a request that never ends, an overloaded Envoy.
use serde_json::{Value, json};

use super::extension;
use crate::dialect::{Client, Fault, FaultKind, client};

/// The statuses of such answers, and the words for each; those of Envoy itself, in the access log,
/// are for operators. The last ones take every other status of an app's mistakes, and every other.
const SAID: [(u32, &str); 10] = [
    (400, "the request is not valid HTTP: it was cut, or its framing is wrong"),
    (403, "this gateway serves nothing of that kind: it upgrades no connections"),
    (408, "the request did not arrive in time: send it again"),
    (413, "the body is larger than this gateway takes: send less"),
    (426, "this gateway speaks HTTP/1.1 and HTTP/2"),
    (431, "the request's headers are larger than this gateway takes: send less"),
    (501, "this gateway does not know that transfer encoding or method"),
    (503, "the gateway is overloaded: try again in a moment"),
    (APPS, "the gateway cannot serve such a request"),
    (0, "the gateway could not serve this request"),
];

/// The last of the statuses for what an app did wrong.
const APPS: u32 = 499;

/// The last of those that are no failure.
const SUCCESS: u32 = 399;

/// Which client asks: the first that its path belongs to, or that its headers suggest; else the
/// default.
pub(super) fn config() -> Value {
    let mut mappers = vec![json!({"filter": modules_own()})];
    for client in client::ALL.iter().filter(|client| client.name != client::DEFAULT.name) {
        mappers.extend(SAID.iter().map(|said| mapper(client, Some(asks(client)), *said)));
    }
    mappers.extend(SAID.iter().map(|said| mapper(client::DEFAULT, None, *said)));
    json!({"mappers": mappers})
}

/// What a status becomes for a client.
fn mapper(client: &Client, asks: Option<Value>, (status, message): (u32, &str)) -> Value {
    let filters = [Some(has_status(status)), asks].into_iter().flatten().collect();
    let kind = FaultKind::of_refusal(u16::try_from(status).unwrap_or_default());
    let body = (client.write_fault)(&Fault::new(kind, message), "%REQ(x-request-id)%");
    json!({
        "filter": all(filters),
        "body_format_override": {
            "json_format": serde_json::from_slice::<Value>(&body).unwrap_or_default(),
            "content_type": "application/json",
        },
        "headers_to_add": [{
            "header": {"key": "x-tradewind-request-id", "value": "%REQ(x-request-id)%"},
            "append_action": "OVERWRITE_IF_EXISTS_OR_ADD",
        }],
    })
}

/// Answers of the module's, which are complete: what Envoy answers by itself is never a success,
/// and Envoy says why it did; the module's answers have no such word. They come first and are asked
/// about once: an expression takes Envoy a microsecond.
fn modules_own() -> Value {
    let has_no_word = json!({"extension_filter": extension(
        "cel",
        "envoy.extensions.access_loggers.filters.cel.v3.ExpressionFilter",
        json!({"expression": "response.code_details == ''"}),
    )});
    json!({"or_filter": {"filters": [status_is("LE", SUCCESS), has_no_word]}})
}

fn has_status(status: u32) -> Value {
    match status {
        0 => status_is("GE", 0),
        APPS => status_is("LE", APPS),
        status => status_is("EQ", status),
    }
}

fn status_is(op: &str, status: u32) -> Value {
    json!({"status_code_filter": {"comparison": {
        "op": op, "value": {"default_value": status, "runtime_key": "tradewind.unused"},
    }}})
}

fn asks(client: &Client) -> Value {
    let paths = client.own_paths();
    let paths = paths.map(|path| json!({"name": ":path", "string_match": {"prefix": path}}));
    let marks =
        client.forwarded_headers.iter().map(|name| json!({"name": name, "present_match": true}));
    let filters: Vec<Value> =
        paths.chain(marks).map(|header| json!({"header_filter": {"header": header}})).collect();
    json!({"or_filter": {"filters": filters}})
}

fn all(mut filters: Vec<Value>) -> Value {
    match filters.len() {
        1 => filters.pop().unwrap_or_default(),
        _ => json!({"and_filter": {"filters": filters}}),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn what_envoy_answers_by_itself_is_in_each_dialect() {
        let config = super::config();
        let (own, mappers) = config["mappers"].as_array().unwrap().split_first().unwrap();
        assert!(own.get("body_format_override").is_none(), "the module's own are as they are");
        let said = |status: u64, anthropic: bool| {
            let found = mappers.iter().find(|mapper| {
                let text = mapper["filter"].to_string();
                let code = text.contains(&format!(r#""default_value":{status},"#));
                code && text.contains("/v1/messages") == anthropic
            });
            &found.unwrap()["body_format_override"]["json_format"]
        };
        // An app's mistakes are an app's mistakes; 499 is for all that have no words of their own.
        let invalid = "invalid_request_error";
        for (status, anthropic, openai) in [
            (400, invalid, invalid),
            (403, "permission_error", "permission_error"),
            (408, "timeout_error", "server_error"),
            (413, "request_too_large", invalid),
            (426, invalid, invalid),
            (431, invalid, invalid),
            (499, invalid, invalid),
            (501, invalid, invalid),
            (503, "overloaded_error", "server_error"),
        ] {
            assert_eq!(said(status, true)["type"], "error", "{status}");
            assert_eq!(said(status, true)["error"]["type"], anthropic, "{status}");
            assert!(said(status, false)["error"].get("code").is_some(), "{status}");
            assert_eq!(said(status, false)["error"]["type"], openai, "{status}");
        }
    }
}
