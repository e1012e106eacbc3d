//! The access log: one JSON object per request on standard output, without prompts and keys.
use serde_json::{Value, json};

use super::extension;

/// A request's header where it was not sent on: a provider does not get it, so an attempt has taken
/// it away by the time the log is written. Envoy reads no command that goes on in another line.
const REQUEST_ID: &str = concat!(
    r#"%COALESCE({"operators":[{"command":"FILTER_STATE","param":"wasm.tw.request_id:PLAIN"},"#,
    r#"{"command":"REQ","param":"x-request-id"}]})%"#
);

pub(super) fn access_log() -> Value {
    extension(
        "envoy.access_loggers.stdout",
        "envoy.extensions.access_loggers.stream.v3.StdoutAccessLog",
        json!({"log_format": {"json_format": {
            "time": "%START_TIME%",
            "request_id": REQUEST_ID,
            "method": "%REQ(:METHOD)%",
            // Without the query, where some apps put a key.
            "path": "%PATH(NQ)%",
            "protocol": "%PROTOCOL%",
            "status": "%RESPONSE_CODE%",
            "flags": "%RESPONSE_FLAGS%",
            "details": "%RESPONSE_CODE_DETAILS%",
            "model": "%FILTER_STATE(wasm.tw.model:PLAIN)%",
            "decision": "%FILTER_STATE(wasm.tw.decision:PLAIN)%",
            "tried": "%FILTER_STATE(wasm.tw.attempts:PLAIN)%",
            "credits": "%FILTER_STATE(wasm.tw.bill:PLAIN)%",
            "near_limit": "%FILTER_STATE(wasm.tw.near_limit:PLAIN)%",
            // Models, not tries: Envoy's own count is higher.
            "attempts": "%FILTER_STATE(wasm.tw.tried:PLAIN)%",
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
