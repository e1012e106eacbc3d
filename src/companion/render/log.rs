//! The access log: one JSON object per request on standard output, without prompts and keys.
use serde_json::{Value, json};

use super::extension;

pub(super) fn access_log() -> Value {
    extension(
        "envoy.access_loggers.stdout",
        "envoy.extensions.access_loggers.stream.v3.StdoutAccessLog",
        json!({"log_format": {"json_format": {
            "time": "%START_TIME%",
            // Not the request's header: a provider does not get it, so the last attempt has taken
            // it away by the time this is written.
            "request_id": "%RESP(x-tradewind-request-id)%",
            "method": "%REQ(:METHOD)%",
            // Without the query, where some apps put a key.
            "path": "%PATH(NQ)%",
            "protocol": "%PROTOCOL%",
            "status": "%RESPONSE_CODE%",
            "flags": "%RESPONSE_FLAGS%",
            "details": "%RESPONSE_CODE_DETAILS%",
            "model": "%FILTER_STATE(wasm.tw.model:PLAIN)%",
            "tried": "%FILTER_STATE(wasm.tw.attempts:PLAIN)%",
            "credits": "%FILTER_STATE(wasm.tw.bill:PLAIN)%",
            "near_limit": "%FILTER_STATE(wasm.tw.near_limit:PLAIN)%",
            // Models, not tries: Envoy's own count is higher.
            "attempts": "%RESP(x-tradewind-attempts)%",
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
