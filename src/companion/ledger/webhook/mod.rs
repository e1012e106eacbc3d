//! The courier of alerts: each is POSTed, signed, until its receiver answers 2xx.
//!
//! A receiver that hangs delays no other: each is served by a task of its own, one alert after the
//! other, and alerts that the task does not get to in time are due again later.
mod send;
mod sign;

pub(super) use send::Failure;
pub use sign::Secrets;

use core::time::Duration;
use std::collections::BTreeMap;
use std::sync::Arc;

use hyper::Uri;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use self::send::Sender;
use super::engine::Ledger;
use super::metrics::Metrics;
use super::view::Webhook;

/// How often the courier looks for alerts that are due.
const EVERY: Duration = Duration::from_millis(500);

/// Most alerts that are claimed at a time.
const BATCH: u32 = 256;

/// Most receivers served at a time.
const RECEIVERS: usize = 64;

/// How long one receiver is served at a time: less than alerts stay claimed.
const TURN: Duration = Duration::from_secs(20);

/// Longest URL of a webhook, in bytes.
const URL_MAX: usize = 2048;

/// Reads a webhook's URL.
///
/// # Errors
/// What was expected, when alerts cannot be sent to that URL.
pub(super) fn target(url: &str) -> Result<Uri, &'static str> {
    const EXPECTED: &str = "expected an `http://` or `https://` URL without user or password";
    // Exactly what the pattern in `openapi.json` accepts: the `http` crate accepts more.
    if url.len() <= URL_MAX && is_url(url) {
        url.parse().map_err(|_| EXPECTED)
    } else {
        Err(EXPECTED)
    }
}

/// `http` or `https`, a host, perhaps a port, perhaps a path with a query.
fn is_url(url: &str) -> bool {
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    let Some(rest) = rest else { return false };
    let (authority, path) =
        rest.split_at_checked(rest.find('/').unwrap_or(rest.len())).unwrap_or((rest, ""));
    let (host, port) = match authority.strip_prefix('[') {
        Some(inside) => {
            let Some((address, port)) = inside.split_once(']') else { return false };
            if !is_v6(address) {
                return false;
            }
            ("", port)
        }
        None => {
            let end = authority.find(':').unwrap_or(authority.len());
            authority.split_at_checked(end).unwrap_or((authority, ""))
        }
    };
    let named = authority.starts_with('[') || is_host(host);
    let usual = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~:/?@!$&'()*+,;=%".contains(&byte);
    named && (port.is_empty() || is_port(port)) && path.bytes().all(usual)
}

/// A name or an address of IPv4: labels of letters, digits, `-` and `_`.
fn is_host(host: &str) -> bool {
    let label = |label: &str| {
        let inside = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
        (1..=63).contains(&label.len()) && label.bytes().all(inside)
    };
    host.split('.').all(label)
}

/// What may stand between brackets; whether that is an address shows when it is used.
fn is_v6(address: &str) -> bool {
    let inside = |byte: u8| byte.is_ascii_hexdigit() || b":.".contains(&byte);
    (2..=45).contains(&address.len()) && address.bytes().all(inside)
}

/// `:1` to `:65535`.
fn is_port(port: &str) -> bool {
    let Some(digits) = port.strip_prefix(':') else { return false };
    let plain = digits.bytes().all(|byte| byte.is_ascii_digit()) && !digits.starts_with('0');
    plain && digits.parse::<u16>().is_ok()
}

#[derive(Debug, Clone)]
pub(super) struct Courier {
    ledger: Ledger,
    metrics: Arc<Metrics>,
    sender: Sender,
    /// The URL for alerts of tenants that have none of their own.
    everywhere: Option<Arc<str>>,
}

impl Courier {
    pub(super) fn new(
        ledger: Ledger,
        metrics: Arc<Metrics>,
        secrets: Secrets,
        everywhere: Option<Arc<str>>,
        patience: Duration,
    ) -> Self {
        Self { ledger, metrics, sender: Sender::new(secrets, patience), everywhere }
    }

    /// Delivers due alerts until told to stop, then finishes the deliveries under way.
    pub(super) async fn run(self, mut stop: watch::Receiver<bool>) {
        let mut busy = JoinSet::new();
        let mut receivers: BTreeMap<tokio::task::Id, String> = BTreeMap::new();
        loop {
            tokio::select! {
                () = sleep(EVERY) => {}
                Some(ended) = busy.join_next_with_id() => {
                    let id = ended.map_or_else(|failed| failed.id(), |(id, ())| id);
                    receivers.remove(&id);
                    continue;
                }
                _ = stop.wait_for(|stop| *stop) => break,
            }
            if receivers.len() >= RECEIVERS {
                continue;
            }
            // The database may be back at the next interval; the alerts wait in it.
            let Ok(due) = self.ledger.due_webhooks(BATCH).await else { continue };
            for (receiver, alerts) in self.sorted(due).await {
                if receivers.len() >= RECEIVERS || receivers.values().any(|own| *own == receiver) {
                    continue;
                }
                let served = busy.spawn(self.clone().serve(alerts, stop.clone()));
                receivers.insert(served.id(), receiver);
            }
        }
        while busy.join_next().await.is_some() {}
    }

    /// Alerts by their receiver. Those that have none are recorded as such.
    async fn sorted(&self, due: Vec<Webhook>) -> BTreeMap<String, Vec<(Uri, Webhook)>> {
        let mut by_receiver: BTreeMap<String, Vec<(Uri, Webhook)>> = BTreeMap::new();
        for webhook in due {
            let url = webhook.url.as_deref().or(self.everywhere.as_deref());
            // Every URL was checked when it was set.
            let Some(uri) = url.and_then(|url| target(url).ok()) else {
                let _ = self.ledger.webhook_nowhere(&webhook).await;
                continue;
            };
            let receiver = uri.authority().map(ToString::to_string).unwrap_or_default();
            by_receiver.entry(receiver).or_default().push((uri, webhook));
        }
        by_receiver
    }

    /// Sends a receiver its alerts, until one of them fails.
    async fn serve(self, alerts: Vec<(Uri, Webhook)>, stop: watch::Receiver<bool>) {
        let started = Instant::now();
        for (uri, webhook) in alerts {
            if started.elapsed() > TURN || *stop.borrow() {
                break;
            }
            let sent = self.sender.send(uri, &webhook.alert, self.ledger.now()).await;
            self.metrics.delivery(&sent);
            let failed = sent.is_err();
            let result = sent.map_err(|failure| failure.to_string());
            // Where this cannot be recorded the alert is sent once more: its id is the same.
            let _ = self.ledger.webhook_done(&webhook, result).await;
            if failed {
                break;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::target;

    #[test]
    fn only_urls_that_can_be_posted_to() {
        for good in ["https://example.com/a?b=c", "http://127.0.0.1:8080", "http://[::1]:1/x"] {
            assert!(target(good).is_ok(), "{good}");
        }
        let long = format!("https://example.com/{}", "a".repeat(2048));
        for bad in [
            "",
            "/x",
            "example.com/x",
            "ftp://example.com",
            "https://",
            "http://me:pw@host/",
            "http://host/{id}",
            "http://host/#there",
            &long,
        ] {
            assert!(target(bad).is_err(), "{bad}");
        }
    }
}
