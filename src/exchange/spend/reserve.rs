//! Before a request runs: its credits are set aside, or the answer is no.
use std::rc::Rc;

use super::super::{Effect, Envoy, Ledger};
use super::account::{Account, Drawn};
use super::pending::{Next, PendingHold, count, near, rest};
use super::reservation::Source;
use super::tenant::Known;
use super::{Payer, away};
use crate::credit::Credits;
use crate::decide::Quote;
use crate::policy::CreditPolicy;

/// Begins: by a lease where there is one, by a call otherwise.
pub(in super::super) fn begin(
    (policy, ledger): (&CreditPolicy, &Rc<Ledger>),
    (quote, payer): (Quote, Payer),
    request_id: &str,
    envoy: &dyn Envoy,
    effects: &mut Vec<Effect>,
) -> Next {
    // An app may choose its request's id; what it is charged by must be ours.
    let safe = |c: &char| c.is_ascii_alphanumeric() || *c == '-';
    let own: String = request_id.chars().filter(safe).take(64).collect();
    let id = format!("{own}-{:016x}", envoy.unique());
    let known = |payer: &Payer| Known::of(envoy, ledger, &payer.tenant);
    let is_near_limit = quote.near_limit.is_some()
        && known(&payer).is_some_and(|known| near(policy, known.balance, known.last_purchase));
    let hold_id = id.clone();
    let mut pending = PendingHold {
        ledger: Rc::clone(ledger),
        quote,
        payer,
        id,
        hold_id,
        credits: Credits::ZERO,
        lease_seconds: None,
        is_near_limit,
        calls: 0,
        begun_ms: envoy.now_ms(),
    };
    pending.credits = pending.max_cost();
    if let Some(lease) = policy.lease {
        match Account::draw(envoy, ledger, &pending.payer, pending.credits) {
            Drawn::Lease { id, until_ms, left } => {
                effects.push(count("drawn"));
                // What is set aside for this request is still its tenant's.
                let left = left.checked_add(pending.credits).unwrap_or(left);
                let expires_ms = until_ms.saturating_add(rest(policy).saturating_mul(1000));
                return pending.go((Source::Lease(id), expires_ms), Some(left), policy, effects);
            }
            Drawn::Ask => {
                let available = known(&pending.payer).map(|known| known.available);
                pending.ask_lease(lease, available, envoy);
            }
            Drawn::Busy => {}
        }
    }
    match away::may_ask(envoy, ledger, &pending.payer.tenant, policy.timeout_ms) {
        Ok(()) => pending.call(policy, envoy, effects),
        Err(since_ms) => pending.unavailable(policy, since_ms, envoy, effects),
    }
}
