//! What Envoy does before the system's memory ends: it refuses new requests first, then resets
//! those that hold most.
//!
//! Envoy counts what it has allocated itself: bodies, headers, connections. The modules' memory is
//! not in that number; the module bounds it.
use serde_json::{Value, json};

use super::any;

/// From here on new requests are refused with 503.
const REFUSE: f64 = 0.7;

/// From here on the HTTP/2 requests that hold most are reset, the more the fuller it gets, up to
/// [`RESET_ALL`].
const RESET: f64 = 0.85;
const RESET_ALL: f64 = 0.95;

/// What a connection may take of the heap: 42 KB with one small request in it, measured.
const BYTES_PER_CONNECTION: u64 = 64 << 10;

const HEAP: &str = "envoy.resource_monitors.fixed_heap";

pub(super) fn manager(max_heap: u64) -> Value {
    json!({
        // By default once a second, in which a burst would fill the memory several times.
        "refresh_interval": "0.050s",
        // Requests are told apart by what they hold from 64 KiB on.
        "buffer_factory_config": {"minimum_account_to_track_power_of_two": 16},
        "resource_monitors": [
            {
                "name": HEAP,
                "typed_config": any(
                    "envoy.extensions.resource_monitors.fixed_heap.v3.FixedHeapConfig",
                    json!({"max_heap_size_bytes": max_heap}),
                ),
            },
            {
                "name": "envoy.resource_monitors.global_downstream_max_connections",
                "typed_config": any(
                    "envoy.extensions.resource_monitors.downstream_connections.v3\
                     .DownstreamConnectionsConfig",
                    json!({
                        "max_active_downstream_connections":
                            max_heap.checked_div(BYTES_PER_CONNECTION).unwrap_or(1).max(1),
                    }),
                ),
            },
        ],
        // Read by the workers when a request comes. The action of the same effect is told to them,
        // and a busy one listens too late.
        "loadshed_points": [{
            "name": "envoy.load_shed_points.http_connection_manager_decode_headers",
            "triggers": [{"name": HEAP, "threshold": {"value": REFUSE}}],
        }],
        "actions": [
            {
                "name": "envoy.overload_actions.reset_high_memory_stream",
                "triggers": [{"name": HEAP, "scaled": {
                    "scaling_threshold": RESET, "saturation_threshold": RESET_ALL,
                }}],
            },
        ],
    })
}
