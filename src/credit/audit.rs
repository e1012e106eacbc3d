//! An account recomputed from what led to it: whatever differs is an error of the ledger.
use std::collections::{BTreeMap, BTreeSet};

use super::adjustment::{Adjusted, Adjustment};
use super::alert::Alert;
use super::amount::{Balance, Credits};
use super::budget::{Labels, Meter, MeterKey};
use super::calendar::Moment;
use super::record::{Account, Charge, Draw, Entry, Hold, HoldState, Lot, Purchase, Reason};

/// One account, recomputed from its records as they are told.
///
/// Purchases are told before entries, these in their order, and then the rest in any.
#[derive(Debug)]
pub struct Auditor {
    account: Account,
    /// The account as its entries say.
    told: Account,
    held: u128,
    meters: BTreeMap<MeterKey, Meter>,
    purchases: BTreeMap<u64, Purchase>,
    adjustments: BTreeMap<u64, Adjustment>,
    /// What was charged by hold, and by draw on it.
    charges: BTreeMap<(String, Option<String>), Charged>,
    /// What expired of each purchase and did not come back, and when its time is.
    let_go: BTreeMap<u64, (Credits, Option<Moment>)>,
    differences: Vec<String>,
}

/// What the entries of one settlement charge.
#[derive(Debug, Default)]
struct Charged {
    credits: Credits,
    parts: BTreeSet<u64>,
}

impl Auditor {
    /// Begins with an account as it is kept.
    #[must_use]
    pub fn of(account: Account) -> Self {
        Self {
            account,
            told: Account::default(),
            held: 0,
            meters: BTreeMap::new(),
            purchases: BTreeMap::new(),
            adjustments: BTreeMap::new(),
            charges: BTreeMap::new(),
            let_go: BTreeMap::new(),
            differences: Vec::new(),
        }
    }

    /// A lot as it is kept: lots are told before entries.
    pub fn lot(&mut self, lot: Lot) {
        self.account.add_lot(lot);
    }

    /// An alert as it is kept.
    pub fn alert(&mut self, alert: &Alert) {
        self.told.alerts = self.told.alerts.saturating_add(1);
        if alert.number > self.account.alerts {
            self.differ(&format!("alert {} was never told", alert.number));
        }
    }

    /// A purchase as it is kept.
    pub fn purchase(&mut self, purchase: Purchase) {
        self.purchases.insert(purchase.number, purchase);
    }

    /// An adjustment as it is kept.
    pub fn adjustment(&mut self, adjustment: Adjustment) {
        self.adjustments.insert(adjustment.number, adjustment);
    }

    /// An entry.
    pub fn entry(&mut self, entry: &Entry) {
        let number = self.told.entries.saturating_add(1);
        self.expect(&format!("the number of entry {number}"), entry.number, number);
        self.told.entries = entry.number;
        let repair = matches!(entry.reason, Reason::Repair { .. });
        if entry.at < self.told.mark && !repair {
            self.differ(&format!("entry {number} is from before the one before it"));
        }
        self.told.mark = entry.at;
        let sum = self.told.balance.micros().saturating_add(entry.amount.micros());
        let sum = Balance::of_micros(sum);
        self.expect(&format!("the balance after entry {number}"), entry.balance, sum);
        self.told.balance = sum;
        match &entry.reason {
            Reason::Purchase { key, expires_at } => self.bought(entry, key, *expires_at),
            Reason::Charge(charge) => self.charged(entry, charge),
            Reason::Expiry { lot } => self.expired(entry, *lot),
            Reason::Repair { lot } => self.repaired(entry, *lot),
            Reason::Adjustment(adjusted) => self.adjusted(entry, adjusted),
        }
    }

    /// A hold as it is kept.
    pub fn hold(&mut self, hold: &Hold) {
        let id = &hold.id;
        if hold.remaining > hold.credits {
            self.differ(&format!("hold `{id}` holds more than was set aside"));
        }
        if hold.lapsed > hold.credits
            || (hold.state != HoldState::Expired && !hold.lapsed.is_zero())
        {
            self.differ(&format!("hold `{id}` let go more than it held"));
        }
        match hold.state {
            HoldState::Open => {
                self.held = self.held.saturating_add(hold.remaining.micros().into());
                for key in MeterKey::every(&hold.tenant, hold.labels(), hold.made) {
                    let meter = self.meters.entry(key).or_default();
                    meter.held = meter.held.plus(hold.remaining).unwrap_or(Credits::MAX);
                }
            }
            HoldState::Settled | HoldState::Released | HoldState::Expired => {
                self.expect(
                    &format!("what ended hold `{id}` holds"),
                    hold.remaining,
                    Credits::ZERO,
                );
            }
        }
        let charged = self.charges.remove(&(id.clone(), None)).unwrap_or_default().credits;
        let settled = hold.settled.unwrap_or_default();
        self.expect(&format!("what settled hold `{id}`"), settled, charged);
    }

    /// A settled part of a hold as it is kept.
    pub fn draw(&mut self, draw: &Draw) {
        let key = (draw.hold_id.clone(), Some(draw.id.clone()));
        let charged = self.charges.remove(&key).unwrap_or_default().credits;
        let what = format!("what settled part `{}` of hold `{}`", draw.id, draw.hold_id);
        self.expect(&what, draw.credits, charged);
    }

    /// A meter as it is kept.
    pub fn meter(&mut self, key: &MeterKey, meter: Meter) {
        let told = self.meters.remove(key).unwrap_or_default();
        let what = |what: &str| format!("what is {what} in `{}` of {}", key.label, key.window);
        self.expect(&what("spent"), meter.spent, told.spent);
        self.expect(&what("held"), meter.held, told.held);
    }

    /// Everything that differs, once all is told.
    #[must_use]
    pub fn differences(mut self) -> Vec<String> {
        let (kept, told) = (self.account.clone(), self.told.clone());
        self.expect("the balance", kept.balance, told.balance);
        self.expect("the number of entries", kept.entries, told.entries);
        self.expect("the number of alerts", kept.alerts, told.alerts);
        self.expect("the last purchase", kept.last_purchase, told.last_purchase);
        self.expect("what is held", u128::from(kept.held.micros()), self.held);
        let lots = |account: &Account| {
            let until = |lot: &Lot| lot.expires_at.map(|at| format!(" until {at}"));
            let lot = |lot: &Lot| {
                let until = until(lot).unwrap_or_default();
                format!("{} of entry {}{until}", lot.remaining, lot.number)
            };
            account.lots.iter().map(lot).collect::<Vec<_>>().join(", ")
        };
        self.expect("the lots", lots(&kept), lots(&told));
        let owned = u128::try_from(kept.balance.micros()).unwrap_or_default();
        self.expect("the sum of the lots", kept.in_lots(), owned);
        for (hold, part) in core::mem::take(&mut self.charges).into_keys() {
            let part = part.map(|part| format!("part `{part}` of ")).unwrap_or_default();
            self.differ(&format!("{part}hold `{hold}` is charged and not kept"));
        }
        for (key, _) in core::mem::take(&mut self.meters)
            .into_iter()
            .filter(|(_, meter)| *meter != Meter::default())
        {
            self.differ(&format!("the meter `{}` of {} is missing", key.label, key.window));
        }
        for number in core::mem::take(&mut self.purchases).into_keys() {
            self.differ(&format!("the purchase of entry {number} has no entry"));
        }
        for number in core::mem::take(&mut self.adjustments).into_keys() {
            self.differ(&format!("the adjustment of entry {number} has no entry"));
        }
        self.differences
    }

    fn bought(&mut self, entry: &Entry, key: &str, expires_at: Option<Moment>) {
        let number = entry.number;
        let credits = entry.amount.credits();
        let what = format!("what purchase `{key}` of entry {number} bought");
        match self.purchases.remove(&number) {
            Some(purchase) if purchase.key == key && purchase.expires_at == expires_at => {
                self.expect(&what, purchase.deal.credits, credits);
            }
            Some(_) | None => self.differ(&format!("{what} is not kept")),
        }
        self.told.last_purchase = credits;
        let remaining = credits.min(self.told.balance.credits());
        self.told.add_lot(Lot { number, remaining, expires_at });
    }

    fn charged(&mut self, entry: &Entry, charge: &Charge) {
        let number = entry.number;
        let micros = entry.amount.micros();
        if micros >= 0 {
            self.differ(&format!("entry {number} charges nothing"));
        }
        let credits = Credits::clamped(micros.unsigned_abs().into());
        self.told.take(credits, &mut |_| {});
        let key = (charge.hold_id.clone(), charge.draw.clone());
        let charged = self.charges.entry(key).or_default();
        charged.credits = charged.credits.plus(credits).unwrap_or(Credits::MAX);
        if !charged.parts.insert(charge.part) {
            self.differ(&format!("entry {number} charges hold `{}` again", charge.hold_id));
        }
        let labels = Labels { user: charge.user.as_deref(), key: charge.key.as_deref() };
        let tenant = &self.account.tenant;
        let model = charge.spent.model.as_deref();
        let model = MeterKey::model(tenant, model, charge.counts_at);
        for key in MeterKey::every(tenant, labels, charge.counts_at).chain([model]) {
            let meter = self.meters.entry(key).or_default();
            meter.spent = meter.spent.plus(credits).unwrap_or(Credits::MAX);
        }
    }

    fn adjusted(&mut self, entry: &Entry, adjusted: &Adjusted) {
        let (number, amount) = (entry.number, entry.amount);
        let same = |made: &Adjustment| {
            made.asked.change.name() == adjusted.change
                && (&made.asked.key, &made.asked.reason) == (&adjusted.key, &adjusted.reason)
                && made.amount == amount
        };
        if !self.adjustments.remove(&number).is_some_and(|made| same(&made)) {
            self.differ(&format!(
                "what adjustment `{}` of entry {number} did is not kept",
                adjusted.key
            ));
        }
        if amount > Balance::ZERO {
            let remaining = amount.credits().min(self.told.balance.credits());
            self.told.add_lot(Lot { number, remaining, expires_at: adjusted.expires_at });
            return;
        }
        let credits = Credits::clamped(amount.micros().unsigned_abs().into());
        let Some(lot) = adjusted.lot else { return self.told.take(credits, &mut |_| {}) };
        let left = self.told.lots.iter().find(|own| own.number == lot);
        if left.is_none_or(|left| left.remaining < credits) {
            self.differ(&format!("entry {number} takes what is not there"));
        }
        self.told.take_from(lot, credits, &mut |_| {});
    }

    fn expired(&mut self, entry: &Entry, number: u64) {
        let gone = Credits::clamped(entry.amount.micros().unsigned_abs().into());
        let lot = self.told.lots.iter_mut().find(|lot| lot.number == number);
        let over = |lot: &Lot| lot.expires_at.is_some_and(|moment| moment <= entry.at);
        match lot.filter(|lot| over(lot)).and_then(|lot| Some((lot.remaining.minus(gone)?, lot))) {
            Some((rest, lot)) => {
                lot.remaining = rest;
                let (sum, _) = self.let_go.entry(number).or_insert((Credits::ZERO, lot.expires_at));
                *sum = sum.plus(gone).unwrap_or(Credits::MAX);
            }
            None => self.differ(&format!("entry {} lets go what is not there", entry.number)),
        }
        self.told.lots.retain(|lot| !lot.remaining.is_zero());
    }

    fn repaired(&mut self, entry: &Entry, number: Option<u64>) {
        let back = entry.amount.credits();
        let Some(number) = number.filter(|_| !back.is_zero()) else {
            self.expect("what a repair of time alone brings back", back, Credits::ZERO);
            return;
        };
        let gone = self.let_go.get_mut(&number);
        let expires_at = gone.and_then(|(sum, expires_at)| {
            *sum = sum.minus(back)?;
            expires_at.filter(|at| *at > entry.at)
        });
        if expires_at.is_none() {
            self.differ(&format!("entry {} brings back what did not go", entry.number));
        }
        let back = back.min(self.told.balance.credits());
        let left = self.told.lots.iter().find(|lot| lot.number == number).copied();
        let remaining = back.plus(left.map_or(Credits::ZERO, |lot| lot.remaining));
        self.told.lots.retain(|lot| lot.number != number);
        let remaining = remaining.unwrap_or(Credits::MAX);
        self.told.add_lot(Lot { number, remaining, expires_at });
    }

    fn expect<T: PartialEq + core::fmt::Display>(&mut self, what: &str, kept: T, told: T) {
        if kept != told {
            self.differ(&format!("{what} is {kept}, and should be {told}"));
        }
    }

    fn differ(&mut self, what: &str) {
        self.differences.push(format!("{}: {what}", self.account.tenant));
    }
}
