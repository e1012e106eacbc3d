//! Before a request runs: its credits are set aside, or the answer is no.
use std::rc::Rc;

use super::super::{Effect, Envoy};
use super::account::{Account, Drawn};
use super::outbox::{Kept, Note};
use super::settle::{never, returned};
use super::tenant::Known;
use super::{Bid, Choice, Ledger, Payer, Source, Spent, away, refusal};
use crate::credit::wire::{EXPIRES_MAX, HOLDS, Hold, Standing};
use crate::credit::{Balance, Credits, Outcome};
use crate::dialect::Fault;
use crate::json::{Document, Limits};
use crate::policy::{Allowance, CreditPolicy, OnTokenRefused, OnUnavailable, metric_label};

/// What a ledger says of a tenant that has never bought anything.
const UNKNOWN: Outcome = Outcome::UnknownTenant;

/// What comes next for a request.
#[derive(Debug)]
pub(in super::super) enum Step {
    /// It runs.
    Go {
        choice: Choice,
        spent: Box<Spent>,
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
    ledger: Rc<Ledger>,
    bid: Bid,
    /// The request's own id.
    id: String,
    /// The hold that is asked for: the request's own, or a lease.
    hold_id: String,
    /// How much is asked for.
    credits: Credits,
    /// For how long it is lent; none for a hold of the request's own.
    lease_seconds: Option<u64>,
    /// Whether it is asked for the cheaper chain.
    cheap: bool,
    /// The ledger has been asked.
    called: bool,
    /// When that began, by the proxy's clock in milliseconds.
    begun_ms: u64,
}

/// Filter state for the access log: the chain for those who have little left, where it serves.
const NEAR_LIMIT: &str = "tw.near_limit";

/// What a lease's hold outlives it by at most, in seconds: requests that have just drawn on it go
/// on, and renew it while they do. A proxy that dies leaves it held no longer than that.
const LEASE_REST: u64 = 30;

/// A lease takes at most so much of what a tenant has available: one part in so many. Others of the
/// tenant's users and other proxies need holds too.
const LEASE_SHARE: u64 = 8;

/// Begins: by a lease where there is one, by a call otherwise.
pub(in super::super) fn begin(
    (policy, ledger): (&CreditPolicy, &Rc<Ledger>),
    bid: Bid,
    request_id: &str,
    envoy: &dyn Envoy,
    effects: &mut Vec<Effect>,
) -> Step {
    // An app may choose its request's id; what it is charged by must be ours.
    let safe = |c: &char| c.is_ascii_alphanumeric() || *c == '-';
    let own: String = request_id.chars().filter(safe).take(64).collect();
    let id = format!("{own}-{:016x}", envoy.unique());
    let known = |bid: &Bid| Known::of(envoy, ledger, &bid.payer.tenant);
    let little = policy.near_limit.is_some()
        && known(&bid).is_some_and(|known| near(policy, known.balance, known.last_purchase));
    let cheap = little && bid.cheap.is_some();
    let hold_id = id.clone();
    let mut asking = Asking {
        ledger: Rc::clone(ledger),
        bid,
        id,
        hold_id,
        credits: Credits::ZERO,
        lease_seconds: None,
        cheap,
        called: false,
        begun_ms: envoy.now_ms(),
    };
    asking.credits = asking.worst();
    if let Some(lease) = policy.lease {
        match Account::draw(envoy, ledger, &asking.bid.payer, asking.credits) {
            Drawn::Lease { id, until_ms, left } => {
                effects.push(count("drawn"));
                // What is set aside for this request is still its tenant's.
                let left = left.plus(asking.credits).unwrap_or(left);
                let expires_ms = until_ms.saturating_add(rest(policy).saturating_mul(1000));
                return asking.go((Source::Lease(id), expires_ms), Some(left), policy, effects);
            }
            Drawn::Ask => {
                let available = known(&asking.bid).map(|known| known.available);
                asking.ask_lease(lease, available, envoy);
            }
            Drawn::Busy => {}
        }
    }
    match away::may_ask(envoy, ledger, &asking.bid.payer.tenant, policy.timeout_ms) {
        Ok(()) => asking.call(policy, envoy, effects),
        Err(since_ms) => asking.unavailable(policy, since_ms, envoy, effects),
    }
}

impl Asking {
    /// Goes on with what the ledger answered; status 0 says that it could not be asked.
    pub(in super::super) fn answered(
        self,
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
        if standing.is_some() || unknown {
            away::answered(envoy, &self.ledger, &self.bid.payer.tenant);
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
            None if matches!(status, 401 | 403) => {
                self.token_refused(policy, status, envoy, effects)
            }
            None => {
                if (400..500).contains(&status) && away::tells(envoy, &self.ledger) {
                    let shown = self.ledger.shown();
                    let line = format!("the ledger {shown} refuses this proxy's holds: {status}");
                    effects.push(Effect::Log(line));
                }
                // One that refuses this request alone is there for the others.
                let alone = matches!(status, 400 | 409 | 422);
                let since = if alone {
                    envoy.now_ms()
                } else {
                    let tenant = &self.bid.payer.tenant;
                    away::failed(envoy, &self.ledger, tenant, refused(status, body))
                };
                self.unavailable(policy, since, envoy, effects)
            }
        }
    }

    /// Asks for credits for many requests at once, where the tenant has enough for that.
    fn ask_lease(&mut self, lease: Allowance, available: Option<Balance>, envoy: &dyn Envoy) {
        let share = |available: Balance| {
            let micros = available.credits().micros().checked_div(LEASE_SHARE);
            micros.and_then(Credits::of_micros).unwrap_or_default()
        };
        let most = available.map_or(lease.credits, share);
        if most < self.credits {
            return;
        }
        self.lease_seconds = Some(lease.seconds);
        self.hold_id = format!("lease-{:016x}", envoy.unique());
        self.credits = self.credits.max(lease.credits.min(most));
    }

    fn granted(
        mut self,
        policy: &CreditPolicy,
        standing: &Standing,
        envoy: &dyn Envoy,
        effects: &mut Vec<Effect>,
    ) -> Step {
        effects.push(count(if self.lease_seconds.is_some() { "lease" } else { "held" }));
        let Standing { balance, available, last_purchase, .. } = *standing;
        // What is set aside for this request is still its tenant's.
        let left = available.plus(self.credits).unwrap_or(available);
        effects.push(gauge(&self.bid.payer, left));
        let cheaper = self.bid.cheap.as_ref().filter(|cheap| cheap.worst <= self.credits);
        self.cheap |= cheaper.is_some() && near(policy, balance, last_purchase);
        self.know(standing, envoy);
        let Some(seconds) = self.lease_seconds else {
            let expires_ms = self.begun_ms.saturating_add(policy.hold_seconds.saturating_mul(1000));
            return self.go((Source::Hold, expires_ms), Some(left), policy, effects);
        };
        let until = envoy.now_ms().saturating_add(seconds.saturating_mul(1000));
        let free = self.credits.less(self.worst());
        let payer = self.bid.payer.name(&self.ledger);
        let lease = (self.hold_id.as_str(), free, until);
        let before = Account::lend(envoy, &payer, lease, available);
        let mut keep = |id: &str, credits: Credits| {
            if !id.is_empty() && !credits.is_zero() {
                let lease = (self.bid.payer.tenant.as_str(), id);
                effects.push(Effect::Keep(returned(&self.ledger, lease, credits)));
            }
        };
        match before {
            Some((before, left)) => keep(&before, left),
            // There is no place for it: this request alone is served by it.
            None => keep(&self.hold_id, free),
        }
        let (tenant, id) = (self.bid.payer.tenant.clone(), self.hold_id.clone());
        let kept = Kept::Lease { payer, tenant, id, until_ms: until };
        effects.push(Effect::Keep(Note { ledger: Rc::clone(&self.ledger), kept }));
        let source = Source::Lease(self.hold_id.clone());
        let expires_ms = until.saturating_add(rest(policy).saturating_mul(1000));
        self.go((source, expires_ms), Some(left), policy, effects)
    }

    /// How the account stands now.
    fn know(&self, standing: &Standing, envoy: &dyn Envoy) {
        Known::note(envoy, &self.ledger, &self.bid.payer.tenant, standing);
    }

    fn refused(
        mut self,
        policy: &CreditPolicy,
        standing: &Standing,
        envoy: &dyn Envoy,
        effects: &mut Vec<Effect>,
    ) -> Step {
        let available = standing.available.credits();
        self.know(standing, envoy);
        if policy.lease.is_some() {
            Account::note(envoy, &self.ledger, &self.bid.payer, standing.available);
        }
        effects.push(gauge(&self.bid.payer, standing.available));
        if self.lease_seconds.take().is_some() {
            // Not enough for many: perhaps for this one.
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

    /// The ledger is there, and does not take this proxy for one of its own: no hold was made.
    fn token_refused(
        self,
        policy: &CreditPolicy,
        status: u16,
        envoy: &dyn Envoy,
        effects: &mut Vec<Effect>,
    ) -> Step {
        if away::tells(envoy, &self.ledger) {
            effects.push(Effect::Log(self.ledger.token_refused(status)));
        }
        effects.push(count("token_refused"));
        match policy.on_token_refused {
            OnTokenRefused::Allow => self.go((Source::Nowhere, 0), None, policy, effects),
            OnTokenRefused::Deny => Step::Refuse(refusal::token_refused()),
        }
    }

    fn unavailable(
        self,
        policy: &CreditPolicy,
        since_ms: u64,
        envoy: &dyn Envoy,
        effects: &mut Vec<Effect>,
    ) -> Step {
        let (word, source) = match policy.on_unavailable {
            OnUnavailable::Allow => ("allowed", Some(Source::Nowhere)),
            OnUnavailable::Deny => ("denied", None),
            OnUnavailable::Grace(grace) => {
                let (tenant, wanted) = (&self.bid.payer.tenant, (self.worst(), grace));
                let within = Known::run_up(envoy, &self.ledger, tenant, wanted, since_ms);
                if within { ("grace", Some(Source::Grace)) } else { ("denied", None) }
            }
        };
        effects.push(count(word));
        if self.called && (self.lease_seconds.is_some() || source.is_none()) {
            // It may have been granted all the same, and nobody will settle it.
            effects.push(Effect::Keep(self.never()));
        }
        match source {
            Some(source) => self.go((source, 0), None, policy, effects),
            None => Step::Refuse(refusal::unavailable()),
        }
    }

    fn call(mut self, policy: &CreditPolicy, envoy: &dyn Envoy, effects: &mut Vec<Effect>) -> Step {
        self.called = true;
        // A second call has what the first has left of the time.
        let spent_ms = envoy.now_ms().saturating_sub(self.begun_ms);
        let timeout_ms = policy.timeout_ms.saturating_sub(spent_ms).max(1);
        let Payer { tenant, user, key } = &self.bid.payer;
        let lease = self.lease_seconds.map(|seconds| seconds.saturating_add(rest(policy)));
        let hold = Hold {
            hold_id: self.hold_id.as_str().into(),
            tenant: tenant.into(),
            user: user.as_ref().map(Into::into),
            key: key.as_ref().map(Into::into),
            credits: self.credits,
            expires_in: lease.unwrap_or(policy.hold_seconds).min(EXPIRES_MAX),
        };
        effects.push(Effect::Call(self.ledger.call(HOLDS, hold.write(), timeout_ms)));
        Step::Ask(Box::new(self))
    }

    /// It runs; its hold, where it has one, expires then, by the proxy's clock in milliseconds.
    fn go(
        self,
        (source, expires_ms): (Source, u64),
        left: Option<Balance>,
        policy: &CreditPolicy,
        effects: &mut Vec<Effect>,
    ) -> Step {
        let held = self.worst();
        let Bid { usual, cheap, payer, size } = self.bid;
        let choice = match cheap {
            Some(cheap) if self.cheap => cheap,
            _ => usual,
        };
        let seconds = if source == Source::Hold { policy.hold_seconds } else { rest(policy) };
        let near_limit = choice.near_limit.clone();
        let limits = Rc::clone(&choice.limits);
        let (id, ledger) = (self.id, self.ledger);
        let spent = Spent { id, ledger, payer, source, held, limits, size, near_limit };
        effects.extend(spent.opened(expires_ms, seconds));
        if let Some(chain) = &choice.near_limit {
            effects.push(Effect::Count("tradewind_near_limit_total".to_owned()));
            effects.push(Effect::State(NEAR_LIMIT.into(), chain.clone().into_bytes()));
        }
        Step::Go { spent: Box::new(spent), choice, left }
    }

    /// The most that the chain asked for may cost.
    fn worst(&self) -> Credits {
        match &self.bid.cheap {
            Some(cheap) if self.cheap => cheap.worst,
            _ => self.bid.usual.worst,
        }
    }

    /// What was asked for serves nobody.
    pub(super) fn never(&self) -> Note {
        never(&self.ledger, &self.bid.payer, &self.hold_id)
    }
}

/// Whether there was nobody to connect to. Envoy answers that itself, in words; where they are
/// others it counts as one failure of several.
fn refused(status: u16, body: &[u8]) -> bool {
    let said = core::str::from_utf8(body).unwrap_or_default();
    let words = ["connection failure", "no healthy upstream"];
    status == 0 || (status == 503 && words.iter().any(|words| said.contains(words)))
}

fn rest(policy: &CreditPolicy) -> u64 {
    policy.hold_seconds.min(LEASE_REST)
}

fn near(policy: &CreditPolicy, balance: Balance, last_purchase: Credits) -> bool {
    policy.near_limit.is_some_and(|near| near.holds(balance.credits(), last_purchase))
}

fn count(outcome: &str) -> Effect {
    Effect::Count(format!("tradewind_holds_total.outcome.{outcome}"))
}

fn gauge(payer: &Payer, left: Balance) -> Effect {
    let tenant = metric_label(&payer.tenant);
    let name = format!("tradewind_credits_left_micros.tenant.{tenant}");
    Effect::Gauge(name, left.credits().micros())
}
