//! A request that waits for its ledger: what follows on each answer, and where none comes.
use std::rc::Rc;

use super::super::{CallId, Effect, Item, Ledger, OutboxItem, Purpose, metric};
use super::lease::LeaseRecord;
use super::reservation::{Reservation, Source};
use super::settle::{returned, void};
use super::tenant::TenantRecord;
use super::{Payer, away, refusal};
use crate::credit::wire::{EXPIRES_MAX, HOLDS, HoldReply, HoldRequest};
use crate::credit::{Balance, Credits, Outcome};
use crate::decide::Quote;
use crate::dialect::Fault;
use crate::json::{Document, Limits};
use crate::policy::{Allowance, CreditPolicy, OnTokenRefused, OnUnavailable};
use crate::resilience::Records;

/// A ledger's word for a tenant that has never bought anything.
const UNKNOWN: Outcome = Outcome::UnknownTenant;

/// What comes next for a request.
#[derive(Debug)]
pub(in super::super) enum Next {
    /// The request runs.
    Proceed {
        reservation: Box<Reservation>,
        /// What its tenant has left, where that is known.
        left: Option<Balance>,
    },
    /// The ledger is asked, and the request waits.
    AwaitLedger(Box<PendingHold>),
    /// The request is refused.
    Deny(Fault),
}

/// A request that waits for the ledger.
#[derive(Debug)]
pub(in super::super) struct PendingHold {
    pub(super) ledger: Rc<Ledger>,
    pub(super) quote: Quote,
    pub(super) payer: Payer,
    /// The request's own id.
    pub(super) id: String,
    /// The hold that is asked for: the request's own, or a lease.
    pub(super) hold_id: String,
    /// How much is asked for.
    pub(super) credits: Credits,
    /// For how long a lease is lent, in seconds; `None` for a hold of the request's own.
    pub(super) lease_seconds: Option<u64>,
    /// Whether it is asked for the chain of those who have little left.
    pub(super) is_near_limit: bool,
    /// Calls to the ledger so far. The last one's number is its id.
    pub(super) calls: u64,
    /// When the first call began, by the proxy's clock in milliseconds.
    pub(super) begun_ms: u64,
}

/// The longest that a lease's hold outlives the lease, in seconds: requests that have just drawn on
/// the lease go on, and renew the hold while they do. A proxy that dies leaves it held no longer.
const LEASE_REST: u64 = 30;

/// A lease takes at most one part in this many of what a tenant has available: others of the
/// tenant's users and other proxies need holds too.
const LEASE_SHARE: u64 = 8;

impl PendingHold {
    /// Goes on with what the ledger answered; status 0 says that it could not be asked.
    pub(in super::super) fn answered(
        self,
        policy: &CreditPolicy,
        (status, body): (u16, &[u8]),
        records: Records<'_>,
        effects: &mut Vec<Effect>,
    ) -> Next {
        let document = Document::parse(body, Limits::default()).ok();
        let standing = document.as_ref().and_then(|document| HoldReply::read(status, document));
        // Any other 404 is that of a wrong address.
        let code = document.as_ref().and_then(|document| document.root().str_of("code"));
        let unknown = status == 404 && code.as_deref() == Some(UNKNOWN.consequence().name);
        if standing.is_some() || unknown {
            away::note_answer(records, &self.ledger, &self.payer.tenant, effects);
        }
        if let Some(standing) = &standing {
            TenantRecord::note(records, &self.ledger, &self.payer.tenant, standing);
        }
        match standing {
            Some(standing) if standing.outcome == Outcome::Held => {
                self.granted(policy, &standing, records, effects)
            }
            Some(standing) => self.refused(policy, &standing, records, effects),
            None if unknown => {
                effects.push(count(UNKNOWN.consequence().name));
                Next::Deny(refusal::unknown(&self.payer.tenant))
            }
            None if matches!(status, 401 | 403) => {
                self.token_refused(policy, status, records, effects)
            }
            None => {
                if (400..500).contains(&status) && away::may_log(records, &self.ledger) {
                    let shown = self.ledger.shown();
                    let line = format!("the ledger {shown} refuses this proxy's holds: {status}");
                    effects.push(Effect::Log(line));
                }
                // One that refuses this request alone is there for the others.
                let alone = matches!(status, 400 | 409 | 422);
                let since = if alone {
                    records.now_ms()
                } else {
                    let failed = (&*self.payer.tenant, refused(status, body));
                    away::note_failure(records, &self.ledger, failed, effects)
                };
                self.unavailable(policy, since, records, effects)
            }
        }
    }

    /// Asks for credits for many requests at once, where the tenant has enough for that; `unique`
    /// is a number that no other lease has.
    pub(super) fn ask_lease(&mut self, lease: Allowance, available: Option<Balance>, unique: u64) {
        let share = |available: Balance| {
            let micros = available.credits().micros().checked_div(LEASE_SHARE);
            micros.and_then(Credits::of_micros).unwrap_or_default()
        };
        let most = available.map_or(lease.credits, share);
        if most < self.credits {
            return;
        }
        self.lease_seconds = Some(lease.seconds);
        self.hold_id = format!("lease-{:016x}", unique);
        self.credits = self.credits.max(lease.credits.min(most));
    }

    fn granted(
        mut self,
        policy: &CreditPolicy,
        standing: &HoldReply,
        records: Records<'_>,
        effects: &mut Vec<Effect>,
    ) -> Next {
        effects.push(count(if self.lease_seconds.is_some() { "lease" } else { "held" }));
        let HoldReply { balance, available, last_purchase, .. } = *standing;
        // What is set aside for this request is still its tenant's.
        let left = available.checked_add(self.credits).unwrap_or(available);
        effects.push(gauge(&self.payer, left));
        let cheaper = self.quote.near_limit.as_ref();
        let cheaper = cheaper.is_some_and(|cheaper| cheaper.max_cost <= self.credits);
        self.is_near_limit |= cheaper && is_near_limit(policy, balance, last_purchase);
        let Some(seconds) = self.lease_seconds else {
            let expires_ms = self.begun_ms.saturating_add(policy.hold_seconds.saturating_mul(1000));
            return self.proceed((Source::Hold, expires_ms), Some(left), policy, effects);
        };
        let until = records.now_ms().saturating_add(seconds.saturating_mul(1000));
        let free = self.credits.saturating_sub(self.max_cost());
        let payer = self.payer.name(&self.ledger);
        let lease = (self.hold_id.as_str(), free, until);
        let before = LeaseRecord::lend(records, &payer, lease, available);
        let mut give_back = |id: &str, credits: Credits| {
            if !id.is_empty() && !credits.is_zero() {
                let lease = (self.payer.tenant.as_str(), id);
                effects.push(Effect::Queue(returned(&self.ledger, lease, credits)));
            }
        };
        match before {
            Some((before, left)) => give_back(&before, left),
            // There is no place for the record: the lease serves this request alone.
            None => give_back(&self.hold_id, free),
        }
        let (tenant, id) = (self.payer.tenant.clone(), self.hold_id.clone());
        let item = Item::Lease { payer, tenant, id, until_ms: until };
        effects.push(Effect::Queue(OutboxItem { ledger: Rc::clone(&self.ledger), item }));
        let source = Source::Lease(self.hold_id.clone());
        let expires_ms = until.saturating_add(rest(policy).saturating_mul(1000));
        self.proceed((source, expires_ms), Some(left), policy, effects)
    }

    fn refused(
        mut self,
        policy: &CreditPolicy,
        standing: &HoldReply,
        records: Records<'_>,
        effects: &mut Vec<Effect>,
    ) -> Next {
        let available = standing.available.credits();
        if policy.lease.is_some() {
            LeaseRecord::note(records, &self.ledger, &self.payer, standing.available);
        }
        effects.push(gauge(&self.payer, standing.available));
        if self.lease_seconds.take().is_some() {
            // Not enough for many: perhaps for this one.
            self.hold_id.clone_from(&self.id);
            self.credits = self.max_cost();
            return self.ask(policy, records, effects);
        }
        let cheaper = self.quote.near_limit.as_ref().map(|cheaper| cheaper.max_cost);
        let cheaper = cheaper.filter(|cost| !self.is_near_limit && *cost < self.credits);
        if let Some(cheaper) = cheaper {
            self.is_near_limit = true;
            self.credits = cheaper;
            // The id stands for what was refused; a ledger may remember it.
            self.id.push_str("-2");
            self.hold_id.clone_from(&self.id);
            return self.ask(policy, records, effects);
        }
        effects.push(count(standing.outcome.consequence().name));
        Next::Deny(refusal::refused(&self.payer.tenant, self.credits, available, standing))
    }

    /// The ledger is there, and does not take this proxy for one of its own: no hold was made.
    fn token_refused(
        self,
        policy: &CreditPolicy,
        status: u16,
        records: Records<'_>,
        effects: &mut Vec<Effect>,
    ) -> Next {
        if away::may_log(records, &self.ledger) {
            effects.push(Effect::Log(self.ledger.token_refused(status)));
        }
        effects.push(count("token_refused"));
        match policy.on_token_refused {
            OnTokenRefused::Allow => self.proceed((Source::Nowhere, 0), None, policy, effects),
            OnTokenRefused::Deny => Next::Deny(refusal::token_refused()),
        }
    }

    pub(super) fn unavailable(
        self,
        policy: &CreditPolicy,
        since_ms: u64,
        records: Records<'_>,
        effects: &mut Vec<Effect>,
    ) -> Next {
        let (word, source) = match policy.on_unavailable {
            OnUnavailable::Allow => ("allowed", Some(Source::Nowhere)),
            OnUnavailable::Deny => ("denied", None),
            OnUnavailable::Grace(grace) => {
                let (tenant, wanted) = (&self.payer.tenant, (self.max_cost(), grace));
                let within = TenantRecord::run_up(records, &self.ledger, tenant, wanted, since_ms);
                if within { ("grace", Some(Source::Grace)) } else { ("denied", None) }
            }
        };
        effects.push(count(word));
        if self.calls > 0 && (self.lease_seconds.is_some() || source.is_none()) {
            // The hold may have been granted all the same, and nobody will settle it.
            effects.push(Effect::Queue(self.void()));
        }
        match source {
            Some(source) => self.proceed((source, 0), None, policy, effects),
            None => Next::Deny(refusal::unavailable()),
        }
    }

    pub(super) fn ask(
        mut self,
        policy: &CreditPolicy,
        records: Records<'_>,
        effects: &mut Vec<Effect>,
    ) -> Next {
        self.calls = self.calls.saturating_add(1);
        // A second call has what the first has left of the time.
        let spent_ms = records.now_ms().saturating_sub(self.begun_ms);
        let timeout_ms = policy.timeout_ms.saturating_sub(spent_ms).max(1);
        let Payer { tenant, user, key } = &self.payer;
        let lease = self.lease_seconds.map(|seconds| seconds.saturating_add(rest(policy)));
        let hold = HoldRequest {
            hold_id: self.hold_id.as_str().into(),
            tenant: tenant.into(),
            user: user.as_ref().map(Into::into),
            key: key.as_ref().map(Into::into),
            credits: self.credits,
            expires_in: lease.unwrap_or(policy.hold_seconds).min(EXPIRES_MAX),
        };
        let own = CallId { purpose: Purpose::Hold, number: self.calls };
        effects.push(Effect::Call(self.ledger.call(own, HOLDS, hold.write(), timeout_ms)));
        Next::AwaitLedger(Box::new(self))
    }

    /// The request runs; its hold, where it has one, expires then, by the proxy's clock in
    /// milliseconds.
    pub(super) fn proceed(
        self,
        (source, expires_ms): (Source, u64),
        left: Option<Balance>,
        policy: &CreditPolicy,
        effects: &mut Vec<Effect>,
    ) -> Next {
        let Quote { primary, near_limit, size } = self.quote;
        let seconds = if source == Source::Hold { policy.hold_seconds } else { rest(policy) };
        let (candidate, is_near_limit) = match near_limit {
            Some(near_limit) if self.is_near_limit => (near_limit, true),
            _ => (primary, false),
        };
        let Self { id, ledger, payer, .. } = self;
        let reservation = Reservation {
            id,
            ledger,
            payer,
            source,
            candidate,
            size,
            again: None,
            is_near_limit,
            follows_balance: policy.follows_balance,
            on_abandoned: policy.on_abandoned,
        };
        effects.extend(reservation.opened(expires_ms, seconds));
        effects.extend(reservation.is_near_limit.then(|| metric::NEAR_LIMIT.count(&[])));
        Next::Proceed { reservation: Box::new(reservation), left }
    }

    /// The most that the chain asked for may cost.
    pub(super) fn max_cost(&self) -> Credits {
        match &self.quote.near_limit {
            Some(near_limit) if self.is_near_limit => near_limit.max_cost,
            _ => self.quote.primary.max_cost,
        }
    }

    /// Whether this is the call whose answer the request waits for.
    pub(in super::super) const fn awaits(&self, call: u64) -> bool {
        self.calls == call
    }

    /// The request is gone before the ledger has answered: what was asked for is given back.
    pub(in super::super) fn abandon(&self) -> Effect {
        Effect::Queue(self.void())
    }

    /// The hold that was asked for serves nobody.
    pub(super) fn void(&self) -> OutboxItem {
        void(&self.ledger, &self.payer, &self.hold_id)
    }
}

/// Whether there was nobody to connect to. Envoy answers that itself, in words; where they are
/// others it counts as one failure of several.
fn refused(status: u16, body: &[u8]) -> bool {
    let said = core::str::from_utf8(body).unwrap_or_default();
    let words = ["connection failure", "no healthy upstream"];
    status == 0 || (status == 503 && words.iter().any(|words| said.contains(words)))
}

/// How long a lease's hold outlives the lease, in seconds.
pub(super) fn rest(policy: &CreditPolicy) -> u64 {
    policy.hold_seconds.min(LEASE_REST)
}

/// Whether a balance is below the threshold of the cheaper chain.
pub(super) fn is_near_limit(
    policy: &CreditPolicy,
    balance: Balance,
    last_purchase: Credits,
) -> bool {
    policy.near_limit.is_some_and(|near| near.applies(balance.credits(), last_purchase))
}

pub(super) fn count(outcome: &str) -> Effect {
    metric::HOLDS.count(&[outcome])
}

fn gauge(payer: &Payer, left: Balance) -> Effect {
    metric::CREDITS_LEFT.set(&[&payer.tenant], left.credits().micros())
}
