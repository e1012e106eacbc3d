//! Before a request runs: its credits are set aside, or the answer is no.
use std::rc::Rc;

use super::super::{Effect, Host, Ledger};
use super::lease::{Drawn, LeaseRecord};
use super::pending::{Next, PendingHold, count, is_near_limit, rest};
use super::reservation::Source;
use super::tenant::TenantRecord;
use super::{Payer, away};
use crate::credit::Credits;
use crate::decide::Quote;
use crate::policy::CreditPolicy;
use crate::resilience::Records;

/// Begins: by a lease where there is one, by a call otherwise.
pub(in super::super) fn begin(
    (policy, ledger): (&CreditPolicy, &Rc<Ledger>),
    (quote, payer): (Quote, Payer),
    request_id: &str,
    host: &dyn Host,
    effects: &mut Vec<Effect>,
) -> Next {
    // An app may choose its request's id; what it is charged by must be ours.
    let safe = |c: &char| c.is_ascii_alphanumeric() || *c == '-';
    let own: String = request_id.chars().filter(safe).take(64).collect();
    let id = format!("{own}-{:016x}", host.unique());
    let records = Records::at(host, host.now_ms());
    let known = |payer: &Payer| TenantRecord::of(records, ledger, &payer.tenant);
    let is_near_limit = quote.near_limit.is_some()
        && known(&payer)
            .is_some_and(|known| is_near_limit(policy, known.balance, known.last_purchase));
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
        begun_ms: records.now_ms(),
    };
    pending.credits = pending.max_cost();
    if let Some(lease) = policy.lease {
        match LeaseRecord::draw(records, ledger, &pending.payer, pending.credits) {
            Drawn::Lease { id, until_ms, left } => {
                effects.push(count("drawn"));
                // What is set aside for this request is still its tenant's.
                let left = left.checked_add(pending.credits).unwrap_or(left);
                let expires_ms = until_ms.saturating_add(rest(policy).saturating_mul(1000));
                return pending.proceed(
                    (Source::Lease(id), expires_ms),
                    Some(left),
                    policy,
                    effects,
                );
            }
            Drawn::Ask => {
                let available = known(&pending.payer).map(|known| known.available);
                pending.ask_lease(lease, available, host.unique());
            }
            Drawn::Busy => {}
        }
    }
    match away::admits_call(records, ledger, &pending.payer.tenant, policy.timeout_ms) {
        Ok(()) => pending.ask(policy, records, effects),
        Err(since_ms) => pending.unavailable(policy, since_ms, records, effects),
    }
}
