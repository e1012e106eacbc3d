//! The access log: one JSON object per request on standard output, without prompts and keys.
use serde_json::{Value, json};

use super::extension;
use crate::exchange::filter_state;

/// The module's word of a request's id, or the header's where the request was not sent on: a
/// provider does not get that header, so an attempt has taken it away by the time the log is
/// written. Envoy reads no command that goes on in another line.
fn request_id() -> String {
    let own = json!({"command": "FILTER_STATE", "param": plain(filter_state::REQUEST_ID)});
    let header = json!({"command": "REQ", "param": "x-request-id"});
    format!("%COALESCE({})%", json!({"operators": [own, header]}))
}

/// What the module has left in filter state.
fn state(name: &str) -> String {
    format!("%FILTER_STATE({})%", plain(name))
}

fn plain(name: &str) -> String {
    format!("wasm.{name}:PLAIN")
}

pub(super) fn access_log() -> Value {
    extension(
        "envoy.access_loggers.stdout",
        "envoy.extensions.access_loggers.stream.v3.StdoutAccessLog",
        json!({"log_format": {"json_format": {
            "time": "%START_TIME%",
            "request_id": request_id(),
            "method": "%REQ(:METHOD)%",
            // Without the query, where some apps put a key.
            "path": "%PATH(NQ)%",
            "protocol": "%PROTOCOL%",
            "status": "%RESPONSE_CODE%",
            "flags": "%RESPONSE_FLAGS%",
            "details": "%RESPONSE_CODE_DETAILS%",
            "model": state(filter_state::MODEL),
            "decision": state(filter_state::DECISION),
            "tried": state(filter_state::ATTEMPTS),
            "credits": state(filter_state::BILL),
            "near_limit": state(filter_state::NEAR_LIMIT),
            // Models, not tries: Envoy's own count is higher.
            "attempts": state(filter_state::TRIED),
            "upstream": "%UPSTREAM_HOST%",
            "upstream_failure": "%UPSTREAM_TRANSPORT_FAILURE_REASON%",
            "duration_ms": "%DURATION%",
            "first_byte_ms": "%RESPONSE_DURATION%",
            "bytes_received": "%BYTES_RECEIVED%",
            "bytes_sent": "%BYTES_SENT%",
            "client": "%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%",
        }}}),
    )
}

#[cfg(test)]
mod tests {
    #[test]
    fn nothing_is_taken_from_a_header_that_an_app_is_told() {
        let log = super::access_log().to_string();
        assert!(!log.contains("%RESP(") && !log.contains("\\n"), "{log}");
    }
}
