//! Counters, defined when they are first counted.
use std::cell::RefCell;
use std::collections::HashMap;

use proxy_wasm::hostcalls;
use proxy_wasm::types::MetricType;

thread_local! {
    /// Envoy's ids by name: to define a counter again is a look-up in Envoy's own tables.
    static IDS: RefCell<HashMap<String, u32>> = RefCell::new(HashMap::new());
}

/// Counts one. A counter that Envoy refuses is not counted.
pub(super) fn count(name: &str) {
    IDS.with_borrow_mut(|ids| {
        let id = match ids.get(name) {
            Some(id) => Some(*id),
            None => hostcalls::define_metric(MetricType::Counter, name).ok().inspect(|id| {
                ids.insert(name.to_owned(), *id);
            }),
        };
        if let Some(id) = id {
            let _ = hostcalls::increment_metric(id, 1);
        }
    });
}
