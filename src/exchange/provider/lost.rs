//! Attempts of which no answer came: Envoy tells of their end alone, the role says what follows.
//!
//! A kept connection that the provider closed as the request went out has nothing to do with the
//! model: it is asked once more, on another connection, and so again. Envoy may try each model as
//! often ([`TRIES_MAX`]); once the chain is over, what it has left leads nowhere, and the edge role
//! says what became of the last model.
use super::super::contract::TRIES_MAX;
use super::super::hop::Told;
use super::super::{Effect, Effects, Envoy, NEXT, Outcome, PLAN, Progress, metric};
use super::Config;
use super::request::Asked;

/// Longest time in which a kept connection turns out to be closed, in milliseconds: the way to a
/// provider and back takes a few hundred.
const STALE_MS: u64 = 1_000;

/// Longest of Envoy's words for why a connection failed, in characters: those for a certificate
/// that is not trusted name what is wrong with it.
const WHY_MAX: usize = 200;

/// What is known of the way to a provider that gave no answer.
#[derive(Debug, Default)]
pub(super) struct Way {
    /// A connection was made.
    connected: bool,
    /// That connection's key, as [`connection`] makes it.
    connection: Vec<u8>,
    /// Why none was, in Envoy's words, where it says so.
    why: String,
    /// It is known to have ended by silence.
    silent: bool,
}

impl Way {
    /// As Envoy tells of it: to the provider, or to the hop, which tells of the rest itself and is
    /// always there.
    pub(super) fn of(config: &Config, envoy: &dyn Envoy) -> Self {
        if config.hop {
            return Self { connected: true, ..Self::default() };
        }
        let connection = connection(config, envoy);
        let why = envoy.property(&["upstream", "transport_failure_reason"]).unwrap_or_default();
        let why = String::from_utf8_lossy(&why).into_owned();
        Self { connected: !connection.is_empty(), connection, why, silent: false }
    }

    /// As the hop tells of it; `None` where the provider answers.
    pub(super) fn behind(told: &Told<'_>, config: &Config) -> Option<Self> {
        let Told::Lost { silent, connection, why } = *told else { return None };
        let connected = !connection.is_empty();
        let connection = key(config, connection.as_bytes().to_vec());
        Some(Self { connected, connection, why: why.to_owned(), silent })
    }
}

/// What follows on an attempt that ended before its answer was judged.
pub(super) fn follow(config: &Config, asked: &mut Asked, way: &Way, envoy: &dyn Envoy) -> Effects {
    let now = envoy.now_ms();
    if asked.time.is_over(now) {
        // The edge role ends it, if it has not yet: what is known is what was published, as where
        // an app leaves, and nobody else is asked.
        return Effects::go_on().and(Effect::State(NEXT.into(), Vec::new()));
    }
    let mut report = asked.report.clone();
    let took = now.saturating_sub(report.began_ms);
    let kept = config.connections.has_served(&way.connection);
    let became = outcome(asked, way, took);
    report.end(Progress::Failed(became), now);
    // What it had said of its usage was no last word: nobody is charged by it.
    report.used.reported = None;
    report.why = way.why.chars().take(WHY_MAX).collect();
    // Nothing of an answer came, and that soon: nobody will have begun to work on it.
    let soon = report.status == 0 && took < STALE_MS.min(asked.time.silence / 2);
    let stale = report.tries < u64::from(TRIES_MAX) && kept && soon;
    let once_more = stale.then(|| once_more(asked, envoy)).flatten();
    let more = once_more.is_some()
        || (asked.way.more && (has_left(envoy) || asked.goes_on(config, became, now)));
    report.stopped_by = asked.report.stopped_by;
    let passed =
        (more && once_more.is_none()).then(|| asked.way.passes(became, &asked.pair, false));
    let passed = passed.flatten().and_then(|ahead| ahead.follow(asked.turn, config, envoy));
    report.skips = passed.as_ref().map_or(0, |(_, skips)| *skips);
    let mut effects = Effects::go_on().and(report.publish());
    effects.list.extend(passed.into_iter().flat_map(|(effects, _)| effects));
    let over = asked.is_over_budget();
    effects.list.extend(over.then(|| metric::OVER_BUDGET.count(&[asked.model()])));
    if let Some(plan) = once_more {
        effects.list.push(Effect::State(PLAN.into(), plan));
        effects.list.push(config.next(&asked.report.leg()));
    } else if !more {
        effects.list.push(Effect::State(NEXT.into(), Vec::new()));
    }
    effects
}

/// Whether the app has left: nobody goes on.
fn has_left(envoy: &dyn Envoy) -> bool {
    let details = envoy.property(&["response", "code_details"]);
    details.is_some_and(|details| details.starts_with(b"downstream"))
}

/// A key for the upstream connection: this side's address, which may be that of a connection to
/// another provider too, and the provider's authority. Empty where there is no connection.
pub(super) fn connection(config: &Config, envoy: &dyn Envoy) -> Vec<u8> {
    key(config, envoy.property(&["upstream", "local_address"]).unwrap_or_default())
}

/// The key of the connection with that address; empty for none.
pub(super) fn key(config: &Config, mut address: Vec<u8>) -> Vec<u8> {
    if !address.is_empty() {
        address.push(b' ');
        address.extend_from_slice(config.authority.as_bytes());
    }
    address
}

/// Envoy does not say why it ended an attempt; what it does say tells these apart. Its timers may
/// be a little early by our clock.
fn outcome(asked: &Asked, way: &Way, took: u64) -> Outcome {
    let silence = asked.time.silence.saturating_sub(asked.time.silence / 20);
    match way.connected {
        false => Outcome::Unreachable,
        true if way.silent || took >= silence => Outcome::Silent,
        true => Outcome::Reset,
    }
}

/// The plan that has the same model asked once more; `None` where there is no plan any more.
fn once_more(asked: &Asked, envoy: &dyn Envoy) -> Option<Vec<u8>> {
    asked.turn.again().written_into(&envoy.property(&[PLAN])?)
}
