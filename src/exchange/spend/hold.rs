//! Before a request runs: its credits are set aside, or the answer is no.
use super::super::{Effect, Envoy};
use super::account::{Account, Drawn};
use super::away::{Away, run_up};
use super::keeper::{Call, Note};
use super::settle::{never, remainder};
use super::{Bid, Choice, Payer, Source, Spent, refusal};
use crate::credit::wire::{EXPIRES_MAX, HOLDS, Hold, Standing};
use crate::credit::{Balance, Credits, Outcome};
use crate::dialect::Fault;
use crate::json::{Document, Limits};
use crate::policy::{CreditPolicy, OnUnavailable, metric_label};

/// What a ledger says of a tenant that has never bought anything.
const UNKNOWN: Outcome = Outcome::UnknownTenant;

/// What comes next for a request.
#[derive(Debug)]
pub(in super::super) enum Step {
    /// It runs.
    Go {
        choice: Choice,
        spent: Spent,
        /// What its tenant has left, where that is known.
        left: Option<Balance>,
    },
    /// The ledger is asked, and the request waits.
    Ask(Box<Asking>),
    /// The answer is no.
    Refuse(Fault),
}

/// A request that waits for the ledger.
#[derive(Debug)]
pub(in super::super) struct Asking {
    bid: Bid,
    /// The request's own id.
    id: String,
    /// The hold that is asked for: the request's own, or a lease.
    hold_id: String,
    /// How much is asked for.
    credits: Credits,
    lease: bool,
    /// Whether it is asked for the cheaper chain.
    cheap: bool,
    /// The ledger had failed before.
    was_away: bool,
    /// The ledger has been asked.
    called: bool,
    /// When that began, in milliseconds since 1970.
    begun_ms: u64,
}

/// Begins: by a lease where there is one, by a call otherwise.
pub(in super::super) fn begin(
    policy: &CreditPolicy,
    bid: Bid,
    request_id: &str,
    envoy: &dyn Envoy,
    effects: &mut Vec<Effect>,
) -> Step {
    // An app may choose its request's id; what it is charged by must be ours.
    let safe = |c: &char| c.is_ascii_alphanumeric() || *c == '-';
    let own: String = request_id.chars().filter(safe).take(64).collect();
    let id = format!("{own}-{:016x}", envoy.unique());
    let known = (policy.near_limit.is_some())
        .then(|| Account::of(envoy, &bid.payer))
        .flatten()
        .is_some_and(|account| near(policy, account.left(), account.last_purchase));
    let cheap = known && bid.cheap.is_some();
    let hold_id = id.clone();
    let mut asking = Asking {
        bid,
        id,
        hold_id,
        credits: Credits::ZERO,
        lease: false,
        cheap,
        was_away: false,
        called: false,
        begun_ms: envoy.now_ms(),
    };
    asking.credits = asking.worst();
    if let Some(lease) = &policy.lease {
        match Account::draw(envoy, &asking.bid.payer, asking.credits) {
            Drawn::Lease { id, left } => {
                effects.push(count("drawn"));
                // What is set aside for this request is still its tenant's.
                let left = left.plus(asking.credits).unwrap_or(left);
                return asking.go(Source::Lease(id), Some(left));
            }
            Drawn::Ask => {
                asking.lease = true;
                asking.hold_id = format!("lease-{:016x}", envoy.unique());
                asking.credits = asking.credits.max(lease.credits);
            }
            Drawn::Busy => {}
        }
    }
    if let Some(away) = Away::of(envoy, &policy.cluster) {
        if away.rests(envoy.now_ms()) {
            return asking.unavailable(policy, away.since_ms(), envoy, effects);
        }
        asking.was_away = true;
    }
    asking.call(policy, envoy, effects)
}

impl Asking {
    /// Goes on with what the ledger answered; status 0 says that it could not be asked.
    pub(in super::super) fn answered(
        mut self,
        policy: &CreditPolicy,
        (status, body): (u16, &[u8]),
        envoy: &dyn Envoy,
        effects: &mut Vec<Effect>,
    ) -> Step {
        let document = Document::parse(body, Limits::default()).ok();
        let standing = document.as_ref().and_then(|document| Standing::read(status, document));
        // Any other 404 is that of a wrong address.
        let code = document.as_ref().and_then(|document| document.root().str_of("code"));
        let unknown = status == 404 && code.as_deref() == Some(UNKNOWN.consequence().name);
        if self.was_away && (standing.is_some() || unknown) {
            Away::answered(envoy, &policy.cluster);
            self.was_away = false;
        }
        match standing {
            Some(standing) if standing.outcome == Outcome::Held => {
                self.granted(policy, &standing, envoy, effects)
            }
            Some(standing) => self.refused(policy, &standing, envoy, effects),
            None if unknown => {
                effects.push(count(UNKNOWN.consequence().name));
                Step::Refuse(refusal::unknown(&self.bid.payer.tenant))
            }
            None => {
                if (400..500).contains(&status) {
                    let line = format!("the ledger refuses this proxy's holds with {status}");
                    effects.push(Effect::Log(line));
                }
                // One that refuses this request alone is there for the others.
                let alone = matches!(status, 400 | 409 | 422);
                let since =
                    if alone { envoy.now_ms() } else { Away::failed(envoy, &policy.cluster) };
                self.unavailable(policy, since, envoy, effects)
            }
        }
    }

    fn granted(
        mut self,
        policy: &CreditPolicy,
        standing: &Standing,
        envoy: &dyn Envoy,
        effects: &mut Vec<Effect>,
    ) -> Step {
        effects.push(count(if self.lease { "lease" } else { "held" }));
        let Standing { available, last_purchase, .. } = *standing;
        // What is set aside for this request is still its tenant's.
        let left = available.plus(self.credits).unwrap_or(available);
        effects.push(gauge(&self.bid.payer, left));
        let cheaper = self.bid.cheap.as_ref().filter(|cheap| cheap.worst <= self.credits);
        self.cheap |= cheaper.is_some() && near(policy, left, last_purchase);
        if !self.lease {
            if policy.near_limit.is_some() {
                Account::note(envoy, &self.bid.payer, available, last_purchase);
            }
            return self.go(Source::Hold, Some(left));
        }
        let seconds = policy.lease.map_or(0, |lease| lease.seconds);
        let until = envoy.now_ms().saturating_add(seconds.saturating_mul(1000));
        let free = self.credits.less(self.worst());
        let lease = (self.hold_id.as_str(), free, until);
        let payer = self.bid.payer.clone();
        let before = Account::lend(envoy, &payer, lease, (available, last_purchase));
        let mut keep = |id: &str, credits: Credits| {
            if !id.is_empty() && !credits.is_zero() {
                effects.push(Effect::Keep(remainder(&payer, id, credits)));
            }
        };
        match before {
            Some((before, left)) => keep(&before, left),
            // There is no slot for it: this request alone is served by it.
            None => keep(&self.hold_id, free),
        }
        effects.push(Effect::Keep(Note::Lease {
            payer: payer.name(),
            tenant: payer.tenant,
            id: self.hold_id.clone(),
            until_ms: until,
        }));
        let source = Source::Lease(self.hold_id.clone());
        self.go(source, Some(left))
    }

    fn refused(
        mut self,
        policy: &CreditPolicy,
        standing: &Standing,
        envoy: &dyn Envoy,
        effects: &mut Vec<Effect>,
    ) -> Step {
        let available = standing.available.credits();
        if policy.near_limit.is_some() || policy.lease.is_some() {
            let Standing { available, last_purchase, .. } = *standing;
            Account::note(envoy, &self.bid.payer, available, last_purchase);
        }
        effects.push(gauge(&self.bid.payer, standing.available));
        if self.lease {
            // Not enough for many: perhaps for this one.
            self.lease = false;
            self.hold_id.clone_from(&self.id);
            self.credits = self.worst();
            return self.call(policy, envoy, effects);
        }
        let cheaper = self.bid.cheap.as_ref().map(|cheap| cheap.worst);
        if let Some(cheaper) = cheaper.filter(|worst| !self.cheap && *worst < self.credits) {
            self.cheap = true;
            self.credits = cheaper;
            // The id stands for what was refused; a ledger may remember it.
            self.id.push_str("-2");
            self.hold_id.clone_from(&self.id);
            return self.call(policy, envoy, effects);
        }
        effects.push(count(standing.outcome.consequence().name));
        Step::Refuse(refusal::refused(&self.bid.payer.tenant, self.credits, available, standing))
    }

    fn unavailable(
        self,
        policy: &CreditPolicy,
        since_ms: u64,
        envoy: &dyn Envoy,
        effects: &mut Vec<Effect>,
    ) -> Step {
        let worst = self.worst();
        let (word, source) = match policy.on_unavailable {
            OnUnavailable::Allow => ("allowed", Some(Source::Nowhere)),
            OnUnavailable::Deny => ("denied", None),
            OnUnavailable::Grace(grace) => {
                let within = run_up(envoy, &self.bid.payer.tenant, worst, grace, since_ms);
                if within { ("grace", Some(Source::Grace)) } else { ("denied", None) }
            }
        };
        effects.push(count(word));
        if self.called && (self.lease || source.is_none()) {
            // It may have been granted all the same, and nobody will settle it.
            effects.push(Effect::Keep(never(&self.bid.payer, &self.hold_id)));
        }
        match source {
            Some(source) => self.go(source, None),
            None => Step::Refuse(refusal::unavailable()),
        }
    }

    fn call(mut self, policy: &CreditPolicy, envoy: &dyn Envoy, effects: &mut Vec<Effect>) -> Step {
        self.called = true;
        // A second call has what the first has left of the time.
        let spent_ms = envoy.now_ms().saturating_sub(self.begun_ms);
        let timeout_ms = policy.timeout_ms.saturating_sub(spent_ms).max(1);
        let Payer { tenant, user, key } = &self.bid.payer;
        let lease = policy.lease.filter(|_| self.lease).map_or(0, |lease| lease.seconds);
        let hold = Hold {
            hold_id: self.hold_id.as_str().into(),
            tenant: tenant.into(),
            user: user.as_ref().map(Into::into),
            key: key.as_ref().map(Into::into),
            credits: self.credits,
            expires_in: policy.hold_seconds.saturating_add(lease).min(EXPIRES_MAX),
        };
        effects.push(Effect::Call(Call::new(policy, HOLDS, hold.write(), timeout_ms)));
        Step::Ask(Box::new(self))
    }

    fn go(self, source: Source, left: Option<Balance>) -> Step {
        let held = self.worst();
        let Bid { usual, cheap, payer, size } = self.bid;
        let choice = match cheap {
            Some(cheap) if self.cheap => cheap,
            _ => usual,
        };
        Step::Go { spent: Spent { id: self.id, payer, source, held, size }, choice, left }
    }

    /// The most that the chain asked for may cost.
    fn worst(&self) -> Credits {
        match &self.bid.cheap {
            Some(cheap) if self.cheap => cheap.worst,
            _ => self.bid.usual.worst,
        }
    }

    /// What is asked for, should the request be gone before the answer.
    pub(super) fn holds(&self) -> (&Payer, &str) {
        (&self.bid.payer, &self.hold_id)
    }
}

fn near(policy: &CreditPolicy, left: Balance, last_purchase: Credits) -> bool {
    policy.near_limit.is_some_and(|near| near.holds(left.credits(), last_purchase))
}

fn count(outcome: &str) -> Effect {
    Effect::Count(format!("tradewind_holds_total.outcome.{outcome}"))
}

fn gauge(payer: &Payer, left: Balance) -> Effect {
    let tenant = metric_label(&payer.tenant);
    let name = format!("tradewind_credits_left_micros.tenant.{tenant}");
    Effect::Gauge(name, left.credits().micros())
}
