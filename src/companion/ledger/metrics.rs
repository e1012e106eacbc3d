//! What the service counts of itself, in Prometheus' text. No names of tenants and no secrets.
use core::fmt::Write as _;
use core::time::Duration;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::engine::{BATCH_BOUNDS, Stats};
use super::webhook::Failure;
use crate::credit::{Credits, Outcome};

/// Upper bounds of the latency's buckets, in microseconds, with the same in seconds.
const BOUNDS: [(u128, &str); 12] = [
    (500, "0.0005"),
    (1_000, "0.001"),
    (2_500, "0.0025"),
    (5_000, "0.005"),
    (10_000, "0.01"),
    (25_000, "0.025"),
    (50_000, "0.05"),
    (100_000, "0.1"),
    (250_000, "0.25"),
    (1_000_000, "1"),
    (5_000_000, "5"),
    (10_000_000, "10"),
];

/// Everything counted since the start.
#[derive(Debug, Default)]
pub(super) struct Metrics {
    counts: Mutex<Counts>,
}

#[derive(Debug, Default)]
struct Counts {
    requests: BTreeMap<(Route, u16), u64>,
    latency: BTreeMap<Route, Latency>,
    outcomes: BTreeMap<(&'static str, &'static str), u64>,
    deliveries: BTreeMap<&'static str, u64>,
    overruns: u64,
    overrun: u128,
}

/// A method and a path as the router has it: `/v1/tenants/{tenant}/holds/{hold_id}`.
type Route = (String, String);

#[derive(Debug, Default)]
struct Latency {
    /// Requests of each bucket alone.
    buckets: [u64; BOUNDS.len()],
    count: u64,
    micros: u128,
}

/// The operations whose outcomes are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operation {
    Hold,
    Release,
    /// Each item of a batch of settlements.
    Settlement,
    /// Each item of a batch of renewals.
    Renewal,
    Purchase,
    Adjustment,
}

impl Operation {
    const ALL: [(Self, &'static str, &'static str); 6] = [
        (Self::Hold, "holds", "Holds asked for, by what became of them."),
        (Self::Release, "releases", "Holds given back, by what became of it."),
        (Self::Settlement, "settlements", "Settlements, by what became of them."),
        (Self::Renewal, "renewals", "Renewals of holds, by what became of them."),
        (Self::Purchase, "purchases", "Purchases, by what became of them."),
        (Self::Adjustment, "adjustments", "Changes by hand, by what became of them."),
    ];

    fn name(self) -> &'static str {
        Self::ALL.iter().find(|(operation, ..)| *operation == self).map_or("", |(_, name, _)| name)
    }
}

impl Metrics {
    fn counts(&self) -> MutexGuard<'_, Counts> {
        // Counters are whole after every line that changes them.
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts an answered request.
    pub(super) fn request(&self, method: &str, path: &str, status: u16, took: Duration) {
        let route: Route = (method.to_owned(), path.to_owned());
        let mut counts = self.counts();
        let latency = counts.latency.entry(route.clone()).or_default();
        let micros = took.as_micros();
        let bucket = BOUNDS.iter().position(|(bound, _)| micros <= *bound);
        if let Some(bucket) = bucket.and_then(|at| latency.buckets.get_mut(at)) {
            *bucket = bucket.saturating_add(1);
        }
        latency.count = latency.count.saturating_add(1);
        latency.micros = latency.micros.saturating_add(micros);
        add(counts.requests.entry((route, status)).or_default());
    }

    /// Counts what became of some things.
    pub(super) fn outcomes(
        &self,
        operation: Operation,
        outcomes: impl IntoIterator<Item = Outcome>,
    ) {
        let names = outcomes.into_iter().map(|outcome| outcome.consequence().name);
        self.words(operation, names);
    }

    /// Counts some things that never were asked of an account.
    pub(super) fn words(
        &self,
        operation: Operation,
        words: impl IntoIterator<Item = &'static str>,
    ) {
        let mut counts = self.counts();
        for word in words {
            add(counts.outcomes.entry((operation.name(), word)).or_default());
        }
    }

    /// Counts a charge of which this amount went below the overdraft.
    pub(super) fn overrun(&self, credits: Credits) {
        let mut counts = self.counts();
        add(&mut counts.overruns);
        counts.overrun = counts.overrun.saturating_add(credits.micros().into());
    }

    /// Counts an attempt to deliver an alert.
    pub(super) fn delivery(&self, sent: &Result<(), Failure>) {
        let word = match sent {
            Ok(()) => "delivered",
            Err(Failure::Unsigned) => "unsigned",
            Err(Failure::Late(_)) => "timed_out",
            Err(Failure::Unreached(_)) => "unreached",
            Err(Failure::Refused(_)) => "refused",
        };
        add(self.counts().deliveries.entry(word).or_default());
    }

    pub(super) fn write(&self, text: &mut Text) {
        let counts = self.counts();
        text.family("http_requests_total", "counter", "Answered requests.");
        for (((method, path), status), count) in &counts.requests {
            let labels = [("method", &**method), ("path", path), ("status", &status.to_string())];
            text.sample("http_requests_total", &labels, count);
        }
        write_latency(&counts.latency, text);
        for (_, operation, help) in Operation::ALL {
            let name = format!("{operation}_total");
            text.family(&name, "counter", help);
            for ((_, outcome), count) in
                counts.outcomes.iter().filter(|((t, _), _)| *t == operation)
            {
                text.sample(&name, &[("outcome", outcome)], count);
            }
        }
        text.family("overruns_total", "counter", "Charges below what holds may take.");
        text.sample("overruns_total", &[], counts.overruns);
        text.family("overrun_credits_total", "counter", "What of them was below, in credits.");
        text.sample("overrun_credits_total", &[], Credits::clamped(counts.overrun));
        text.family("webhook_deliveries_total", "counter", "Attempts to deliver an alert.");
        for (result, count) in &counts.deliveries {
            text.sample("webhook_deliveries_total", &[("result", result)], count);
        }
    }
}

fn write_latency(latency: &BTreeMap<Route, Latency>, text: &mut Text) {
    const NAME: &str = "http_request_duration_seconds";
    text.family(NAME, "histogram", "How long answers took.");
    for ((method, path), latency) in latency {
        let mut below = 0_u64;
        for ((_, bound), count) in BOUNDS.iter().zip(latency.buckets) {
            below = below.saturating_add(count);
            let labels = [("method", &**method), ("path", path), ("le", bound)];
            text.sample(&format!("{NAME}_bucket"), &labels, below);
        }
        let labels = [("method", &**method), ("path", path), ("le", "+Inf")];
        text.sample(&format!("{NAME}_bucket"), &labels, latency.count);
        let seconds = Duration::from_micros(u64::try_from(latency.micros).unwrap_or(u64::MAX));
        let labels = [("method", &**method), ("path", path)];
        text.sample(&format!("{NAME}_sum"), &labels, seconds.as_secs_f64());
        text.sample(&format!("{NAME}_count"), &labels, latency.count);
    }
}

/// What the writer says of itself.
pub(super) fn writer(stats: &Stats, text: &mut Text) {
    text.family("queue_length", "gauge", "Commands that wait, or are being done.");
    text.sample("queue_length", &[], stats.waiting);
    let counters = [
        ("queue_refused_total", "Commands turned away because too much waited.", stats.refused),
        ("transactions_failed_total", "Transactions of which nothing was done.", stats.failures),
        ("transaction_conflicts_total", "Tries that met another writer.", stats.conflicts),
    ];
    for (name, help, count) in counters {
        text.family(name, "counter", help);
        text.sample(name, &[], count);
    }
    text.family("batch_size", "histogram", "Commands of one transaction.");
    let mut below = 0_u64;
    for (most, count) in BATCH_BOUNDS.iter().zip(stats.batches) {
        below = below.saturating_add(count);
        text.sample("batch_size_bucket", &[("le", &most.to_string())], below);
    }
    text.sample("batch_size_bucket", &[("le", "+Inf")], stats.transactions);
    text.sample("batch_size_sum", &[], stats.commands);
    text.sample("batch_size_count", &[], stats.transactions);
}

fn add(count: &mut u64) {
    *count = count.saturating_add(1);
}

/// Prometheus' text format, version 0.0.4.
#[derive(Debug, Default)]
pub(super) struct Text(String);

impl Text {
    /// Begins a family of samples.
    pub(super) fn family(&mut self, name: &str, kind: &str, help: &str) {
        // Writing to a string does not fail.
        let _ = write!(
            self.0,
            "# HELP tradewind_ledger_{name} {help}\n# TYPE tradewind_ledger_{name} {kind}\n"
        );
    }

    pub(super) fn sample(
        &mut self,
        name: &str,
        labels: &[(&str, &str)],
        value: impl core::fmt::Display,
    ) {
        let _ = write!(self.0, "tradewind_ledger_{name}");
        for (index, (label, value)) in labels.iter().enumerate() {
            let value = value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
            let _ = write!(self.0, "{}{label}=\"{value}\"", if index == 0 { "{" } else { "," });
        }
        let _ = writeln!(self.0, "{} {value}", if labels.is_empty() { "" } else { "}" });
    }

    /// The text so far.
    pub(super) fn finish(self) -> String {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_add_up() {
        let metrics = Metrics::default();
        for millis in [0, 3, 3, 60_000] {
            metrics.request("GET", "/x\"", 200, Duration::from_millis(millis));
        }
        metrics.outcomes(Operation::Hold, [Outcome::Held, Outcome::Held]);
        let mut text = Text::default();
        metrics.write(&mut text);
        let text = text.finish();
        for line in [
            "tradewind_ledger_http_requests_total{method=\"GET\",path=\"/x\\\"\",status=\"200\"} 4",
            "_bucket{method=\"GET\",path=\"/x\\\"\",le=\"0.0025\"} 1",
            "_bucket{method=\"GET\",path=\"/x\\\"\",le=\"0.005\"} 3",
            "_bucket{method=\"GET\",path=\"/x\\\"\",le=\"10\"} 3",
            "_bucket{method=\"GET\",path=\"/x\\\"\",le=\"+Inf\"} 4",
            "_sum{method=\"GET\",path=\"/x\\\"\"} 60.006",
            "tradewind_ledger_holds_total{outcome=\"held\"} 2",
        ] {
            assert!(text.contains(line), "{line}\n{text}");
        }
    }
}
