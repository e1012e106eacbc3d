//! Counters: added up in the VM, told to Envoy once a second.
//!
//! A host call costs more than everything else about a counter, so a busy worker makes one per
//! counter and second instead of several per request.
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::time::Duration;

use proxy_wasm::hostcalls;
use proxy_wasm::types::MetricType;

use crate::exchange::{Effect, metric};

/// How long a count may wait.
pub(super) const PERIOD: Duration = Duration::from_secs(1);

/// A counter of Envoy's and what it has not been told.
#[derive(Debug)]
struct Counter {
    id: u32,
    waiting: i64,
}

thread_local! {
    /// By name. Names are few: they are made of the policy's models and of our own words.
    static COUNTERS: RefCell<HashMap<String, Counter>> = RefCell::new(HashMap::new());

    /// Whether a counter has anything to tell. Every plugin of a VM ticks, one for each model, and
    /// only the first of them after a count has something to do.
    static WAITING: Cell<bool> = const { Cell::new(false) };

    /// By name. They are one for each tenant of the policy.
    static GAUGES: RefCell<HashMap<String, u32>> = RefCell::new(HashMap::new());
}

/// Counts one. A counter that Envoy refuses is not counted.
pub(super) fn count(name: &str) {
    COUNTERS.with_borrow_mut(|counters| {
        if let Some(counter) = counters.get_mut(name) {
            counter.waiting = counter.waiting.saturating_add(1);
            WAITING.set(true);
        } else if let Ok(id) = hostcalls::define_metric(MetricType::Counter, name) {
            // The first is told at once: a counter that has never been seen matters now.
            let _ = hostcalls::increment_metric(id, 1);
            counters.insert(name.to_owned(), Counter { id, waiting: 0 });
        }
    });
}

/// Sets a gauge. One that Envoy refuses is not set.
pub(super) fn gauge(name: &str, value: u64) {
    GAUGES.with_borrow_mut(|gauges| {
        let known = gauges.get(name).copied();
        let id = known.or_else(|| hostcalls::define_metric(MetricType::Gauge, name).ok());
        if let Some(id) = id {
            if known.is_none() {
                gauges.insert(name.to_owned(), id);
            }
            let _ = hostcalls::record_metric(id, value);
        }
    });
}

/// Declares the counters that have no labels, so that they exist before anything is counted.
pub(super) fn declare() {
    let plain = metric::ALL.iter().filter(|metric| metric.labels.is_empty());
    COUNTERS.with_borrow_mut(|counters| {
        for metric in plain.filter(|metric| metric.kind == metric::Kind::Counter) {
            if counters.contains_key(metric.name) {
                continue;
            }
            if let Ok(id) = hostcalls::define_metric(MetricType::Counter, metric.name) {
                counters.insert(metric.name.to_owned(), Counter { id, waiting: 0 });
            }
        }
    });
}

/// A policy was refused: counted at once, since there may be nobody who ticks.
pub(super) fn refused() {
    if let Effect::Count(name) = metric::policy_refused() {
        count(&name);
    }
    flush();
}

/// Tells Envoy what has been counted since the last time.
pub(super) fn flush() {
    if !WAITING.replace(false) {
        return;
    }
    COUNTERS.with_borrow_mut(|counters| {
        for counter in counters.values_mut().filter(|counter| counter.waiting > 0) {
            let _ = hostcalls::increment_metric(counter.id, counter.waiting);
            counter.waiting = 0;
        }
    });
}
