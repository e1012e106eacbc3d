//! Whether a ledger is there, as all workers of a proxy have found it.
//!
//! One slow answer is that request's own misfortune. Only several failures in a row, or a refused
//! connection, make a ledger *away*: it is then asked by one request at a time and by nobody in
//! between, so that requests do not wait for its timeout one after the other.
use super::super::Envoy;
use super::Ledger;
use crate::resilience::{self as cell, Reader, Record, Writer};

/// So many failures in a row, of all workers together, are an absence.
const FAILURES: u64 = 3;

/// How long after a failure a ledger that is away is not asked again, in milliseconds: service is
/// back within a second.
const PAUSE_MS: u64 = 250;

/// Two failures so far apart, with nothing asked in between, are two absences, in milliseconds.
const FORGOTTEN_MS: u64 = 60_000;

/// How often an operator is told the same, in milliseconds.
const TOLD_MS: u64 = 60_000;

/// What is known of a ledger.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Away {
    /// Failures with no answer in between.
    failures: u64,
    /// When the first of them was.
    since_ms: u64,
    /// When the last of them was.
    last_ms: u64,
    /// While it is away: not before.
    retry_ms: u64,
    /// When something was said of it in the log.
    told_ms: u64,
}

impl Record for Away {
    const KIND: &'static str = "ledger.1";

    fn write(&self, out: &mut Writer) {
        let Self { failures, since_ms, last_ms, retry_ms, told_ms } = *self;
        for number in [failures, since_ms, last_ms, retry_ms, told_ms] {
            out.number(number);
        }
    }

    fn read(fields: &mut Reader<'_>) -> Option<Self> {
        Some(Self {
            failures: fields.number()?,
            since_ms: fields.number()?,
            last_ms: fields.number()?,
            retry_ms: fields.number()?,
            told_ms: fields.number()?,
        })
    }

    fn stays(&self, _now_ms: u64) -> bool {
        self.failures > 0
    }
}

/// Whether a ledger is asked now; where it is not, since when there have been nothing but failures,
/// in milliseconds since 1970.
pub(super) fn may_ask(envoy: &dyn Envoy, ledger: &Ledger, timeout_ms: u64) -> Result<(), u64> {
    let now = envoy.now_ms();
    let away = |known: &Away| known.failures >= FAILURES;
    let Some(known) = cell::read::<Away>(envoy, &ledger.name("")).filter(away) else {
        return Ok(());
    };
    // Whoever comes first after the pause asks for all.
    let asks = cell::update(envoy, now, &ledger.name(""), |known: Option<Away>| {
        let known = known.filter(|known| away(known) && known.retry_ms <= now)?;
        let retry_ms = now.saturating_add(timeout_ms).saturating_add(PAUSE_MS);
        Some((Away { retry_ms, ..known }, ()))
    });
    asks.map_err(|_| known.since_ms)
}

/// Notes a failure; `refused` where there was nobody to connect to. Gives since when there have
/// been nothing but failures, in milliseconds since 1970.
pub(super) fn failed(envoy: &dyn Envoy, ledger: &Ledger, refused: bool) -> u64 {
    let now = envoy.now_ms();
    let since = cell::update(envoy, now, &ledger.name(""), |known: Option<Away>| {
        let known = known.unwrap_or_default();
        let lasts = known.failures > 0 && now.saturating_sub(known.last_ms) < FORGOTTEN_MS;
        let (before, since_ms) = if lasts { (known.failures, known.since_ms) } else { (0, now) };
        let failures = before.saturating_add(1).max(if refused { FAILURES } else { 0 });
        let retry_ms = now.saturating_add(PAUSE_MS);
        Some((Away { failures, since_ms, last_ms: now, retry_ms, ..known }, since_ms))
    });
    since.unwrap_or(now)
}

/// Notes an answer.
pub(super) fn answered(envoy: &dyn Envoy, ledger: &Ledger) {
    let _ = cell::update(envoy, envoy.now_ms(), &ledger.name(""), |known: Option<Away>| {
        let known = known.filter(|known| known.failures > 0)?;
        Some((Away { told_ms: known.told_ms, ..Away::default() }, ()))
    });
}

/// Whether an operator is to be told something of a ledger: once a minute, whoever asks.
pub(super) fn tells(envoy: &dyn Envoy, ledger: &Ledger) -> bool {
    let now = envoy.now_ms();
    let told = cell::update(envoy, now, &ledger.name(""), |known: Option<Away>| {
        let known = known.unwrap_or_default();
        let due = now.saturating_sub(known.told_ms) >= TOLD_MS;
        due.then_some((Away { told_ms: now, ..known }, ()))
    });
    told.is_ok()
}
