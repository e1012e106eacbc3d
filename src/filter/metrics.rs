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
    /// It has been counted.
    seen: bool,
}

thread_local! {
    /// By name. Names are few: they are made of the policy's models and of our own words.
    static COUNTERS: RefCell<HashMap<String, Counter>> = RefCell::new(HashMap::new());

    /// Whether a counter has anything to tell. Every plugin of a VM ticks, one for each model, and
    /// only the first of them after a count has something to do.
    static WAITING: Cell<bool> = const { Cell::new(false) };

    /// By name. They are one for each tenant, and a few more; there are [`GAUGES_MOST`] at most, as
    /// tokens and certificates may name any number of tenants.
    static GAUGES: RefCell<HashMap<String, u32>> = RefCell::new(HashMap::new());

    /// By name. They are two for each model of the policy.
    static HISTOGRAMS: RefCell<HashMap<String, u32>> = RefCell::new(HashMap::new());
}

/// Counts one. A counter that Envoy refuses is not counted.
pub(super) fn count(name: &str) {
    COUNTERS.with_borrow_mut(|counters| {
        if let Some(counter) = counters.get_mut(name) {
            counter.count();
        } else if let Some((name, mut counter)) = counter(name) {
            counter.count();
            counters.insert(name, counter);
        }
    });
}

impl Counter {
    fn count(&mut self) {
        if core::mem::replace(&mut self.seen, true) {
            self.waiting = self.waiting.saturating_add(1);
            WAITING.set(true);
        } else {
            // The first is told at once: a counter that has never been seen matters now.
            let _ = hostcalls::increment_metric(self.id, 1);
        }
    }
}

/// A counter of Envoy's by that name.
fn counter(name: &str) -> Option<(String, Counter)> {
    let id = hostcalls::define_metric(MetricType::Counter, name).ok()?;
    Some((name.to_owned(), Counter { id, waiting: 0, seen: false }))
}

/// Most gauges of a VM. Envoy forgets no metric, and takes about 0.5 KB for each.
const GAUGES_MOST: usize = 2_000;

/// Sets a gauge. One that Envoy refuses is not set, nor one beyond the most that there are.
pub(super) fn gauge(name: &str, value: u64) {
    GAUGES.with_borrow_mut(|gauges| {
        if gauges.len() < GAUGES_MOST || gauges.contains_key(name) {
            record(gauges, MetricType::Gauge, name, value);
        }
    });
}

/// Adds a value to a histogram, which only Envoy can add up. One that it refuses is not measured.
pub(super) fn measure(name: &str, value: u64) {
    HISTOGRAMS.with_borrow_mut(|known| record(known, MetricType::Histogram, name, value));
}

fn record(known: &mut HashMap<String, u32>, kind: MetricType, name: &str, value: u64) {
    if let Some(id) = defined(known, kind, name) {
        let _ = hostcalls::record_metric(id, value);
    }
}

/// A metric of that name: defined once.
fn defined(known: &mut HashMap<String, u32>, kind: MetricType, name: &str) -> Option<u32> {
    if let Some(id) = known.get(name) {
        return Some(*id);
    }
    let id = hostcalls::define_metric(kind, name).ok()?;
    known.insert(name.to_owned(), id);
    Some(id)
}

/// Declares what a plugin counts, so that it exists before anything is counted.
pub(super) fn declare(declared: Vec<(metric::Kind, String)>) {
    for (kind, name) in declared {
        match kind {
            metric::Kind::Counter => COUNTERS.with_borrow_mut(|counters| {
                if !counters.contains_key(&name) {
                    counters.extend(counter(&name));
                }
            }),
            metric::Kind::Histogram => HISTOGRAMS.with_borrow_mut(|known| {
                defined(known, MetricType::Histogram, &name);
            }),
            // One that nobody has set says nothing.
            metric::Kind::Gauge => {}
        }
    }
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
