//! The access log: one flat JSON object per request on standard output, without prompts and keys.
//!
//! What the module knows of a request it leaves as text that stands within the object
//! (`exchange/line.rs`), and Envoy copies it as it is. That is less work than a formatter's own
//! JSON, and lets members be what they are: numbers, lists. What Envoy adds in that line has
//! nothing in it that an app or a provider could have chosen. Requests that the module has not
//! seen, since Envoy refused them before, have a line of their own, in which Envoy escapes whatever
//! they brought.
use serde_json::{Value, json};

use super::extension;
use crate::exchange::filter_state::LOG;

/// What Envoy knows of every request, in the line that the module goes on with. Quotes stand around
/// what may be missing.
const SEEN: &str = concat!(
    r#"{"time":"%START_TIME%","status":%RESPONSE_CODE%,"flags":"%RESPONSE_FLAGS%","#,
    r#""duration_ms":%DURATION%,"bytes_received":%BYTES_RECEIVED%,"bytes_sent":%BYTES_SENT%,"#,
    r#""protocol":"%PROTOCOL%","client":"%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%","#,
    r#""upstream":"%UPSTREAM_HOST%","details":""#,
);

pub(super) fn access_log() -> Value {
    json!([
        filtered(any_of([status("LE", 399), expression(&seen())]), line()),
        filtered(
            all_of([status("GE", 400), expression(&format!("!({})", seen()))]),
            json!({
                "json_format": {
                    "time": "%START_TIME%",
                    "request_id": "%REQ(x-request-id)%",
                    "method": "%REQ(:METHOD)%",
                    // Without the query, where some apps put a key.
                    "path": "%PATH(NQ)%",
                    "protocol": "%PROTOCOL%",
                    "status": "%RESPONSE_CODE%",
                    "flags": "%RESPONSE_FLAGS%",
                    "details": "%RESPONSE_CODE_DETAILS%",
                    "outcome": "refused",
                    "refused_by": "envoy",
                    "duration_ms": "%DURATION%",
                    "bytes_received": "%BYTES_RECEIVED%",
                    "bytes_sent": "%BYTES_SENT%",
                    "client": "%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%",
                },
            })
        ),
    ])
}

/// The line of requests that the module has seen, and of no other: of a proxy that serves other
/// hosts too, which have a log of their own.
pub(super) fn of_seen() -> Value {
    filtered(expression(&seen()), line())
}

fn line() -> Value {
    json!({"text_format_source": {"inline_string": format!("{SEEN}{}\"}}\n", own())}})
}

/// What the module has left, or, where its VM has failed, Envoy's own word for what happened. Envoy
/// reads no command that goes on in another line.
fn own() -> String {
    let own = json!({"command": "FILTER_STATE", "param": format!("wasm.{LOG}:PLAIN")});
    format!("%COALESCE({})%", json!({"operators": [own, "RESPONSE_CODE_DETAILS"]}))
}

/// Whether the module has left anything, as an expression. Most requests need not be asked: they
/// succeed, and the module has seen them.
fn seen() -> String {
    format!("'wasm.{LOG}' in filter_state")
}

fn filtered(filter: Value, format: Value) -> Value {
    let mut logger = extension(
        "envoy.access_loggers.stdout",
        "envoy.extensions.access_loggers.stream.v3.StdoutAccessLog",
        json!({"log_format": format}),
    );
    if let Value::Object(fields) = &mut logger {
        fields.insert("filter".into(), filter);
    }
    logger
}

fn any_of(filters: [Value; 2]) -> Value {
    json!({"or_filter": {"filters": filters}})
}

fn all_of(filters: [Value; 2]) -> Value {
    json!({"and_filter": {"filters": filters}})
}

/// Compares the status, which is 0 where the app had left before there was one. Envoy wants the
/// name of a setting that could change the number at run time: nobody sets it.
fn status(op: &str, status: u16) -> Value {
    let value = json!({"default_value": status, "runtime_key": "tradewind.access_log.status"});
    json!({"status_code_filter": {"comparison": {"op": op, "value": value}}})
}

fn expression(expression: &str) -> Value {
    json!({"extension_filter": extension(
        "envoy.access_loggers.extension_filters.cel",
        "envoy.extensions.access_loggers.filters.cel.v3.ExpressionFilter",
        json!({"expression": expression}),
    )})
}

#[cfg(test)]
mod tests {
    use super::{SEEN, access_log};

    /// Envoy copies these as they are: none of them is what an app or a provider has said.
    const SAFE: [&str; 9] = [
        "START_TIME",
        "RESPONSE_CODE",
        "RESPONSE_FLAGS",
        "DURATION",
        "BYTES_RECEIVED",
        "BYTES_SENT",
        "PROTOCOL",
        "DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT",
        "UPSTREAM_HOST",
    ];

    #[test]
    fn nothing_that_others_have_said_stands_in_a_line_that_is_not_escaped() {
        let commands: Vec<&str> = SEEN.split('%').skip(1).step_by(2).collect();
        assert_eq!(commands, SAFE);
    }

    #[test]
    fn a_line_is_json_whatever_the_module_has_left() {
        let log = access_log().to_string();
        assert!(!log.contains("%RESP("), "what an app is told is for others to decide: {log}");
        let line = SAFE
            .into_iter()
            .fold(SEEN.to_owned(), |line, command| line.replacen(&format!("%{command}%"), "1", 1));
        for left in ["via_upstream", r#"via_upstream","attempts":[],"outcome":"answered"#] {
            let read = serde_json::from_str::<serde_json::Value>(&format!("{line}{left}\"}}"));
            assert!(read.is_ok(), "{read:?}");
        }
    }
}
