//! Recomputes an account from its entries and holds; a difference is an error of the ledger.
use std::collections::{BTreeMap, BTreeSet};

use super::adjustment::{Adjusted, Adjustment};
use super::alert::Alert;
use super::amount::{Balance, Credits};
use super::budget::{Labels, Meter, MeterKey};
use super::calendar::Moment;
use super::record::{Account, Charge, Draw, Entry, Hold, HoldState, Lot, Purchase, Reason};

/// Recomputes one account from its records, which are handed over one by one.
///
/// Lots, purchases and adjustments come first, then the entries in their order, then the holds,
/// draws, meters and alerts in any order.
#[derive(Debug)]
pub struct Auditor {
    account: Account,
    /// The account as its entries make it.
    replayed: Account,
    held: u128,
    meters: BTreeMap<MeterKey, Meter>,
    purchases: BTreeMap<u64, Purchase>,
    adjustments: BTreeMap<u64, Adjustment>,
    /// What was charged, by hold id and by the id of a draw on it.
    charges: BTreeMap<(String, Option<String>), Charged>,
    /// By lot: what expired and no repair brought back, and the time at which it expires.
    expired: BTreeMap<u64, (Credits, Option<Moment>)>,
    differences: Vec<String>,
}

/// The sum of a settlement's entries.
#[derive(Debug, Default)]
struct Charged {
    credits: Credits,
    parts: BTreeSet<u64>,
}

impl Auditor {
    /// Begins with the account as the database has it.
    #[must_use]
    pub fn of(account: Account) -> Self {
        Self {
            account,
            replayed: Account::default(),
            held: 0,
            meters: BTreeMap::new(),
            purchases: BTreeMap::new(),
            adjustments: BTreeMap::new(),
            charges: BTreeMap::new(),
            expired: BTreeMap::new(),
            differences: Vec::new(),
        }
    }

    /// A lot as the database has it.
    pub fn lot(&mut self, lot: Lot) {
        self.account.add_lot(lot);
    }

    /// An alert as the database has it.
    pub fn alert(&mut self, alert: &Alert) {
        self.replayed.alerts = self.replayed.alerts.saturating_add(1);
        if alert.number > self.account.alerts {
            self.report(&format!("alert {} was never told", alert.number));
        }
    }

    /// A purchase as the database has it.
    pub fn purchase(&mut self, purchase: Purchase) {
        self.purchases.insert(purchase.number, purchase);
    }

    /// An adjustment as the database has it.
    pub fn adjustment(&mut self, adjustment: Adjustment) {
        self.adjustments.insert(adjustment.number, adjustment);
    }

    pub fn entry(&mut self, entry: &Entry) {
        let number = self.replayed.entries.saturating_add(1);
        self.expect(&format!("the number of entry {number}"), entry.number, number);
        self.replayed.entries = entry.number;
        let repair = matches!(entry.reason, Reason::Repair { .. });
        if entry.at < self.replayed.latest_at && !repair {
            self.report(&format!("entry {number} is from before the one before it"));
        }
        self.replayed.latest_at = entry.at;
        let sum = self.replayed.balance.micros().saturating_add(entry.amount.micros());
        let sum = Balance::of_micros(sum);
        self.expect(&format!("the balance after entry {number}"), entry.balance, sum);
        self.replayed.balance = sum;
        match &entry.reason {
            Reason::Purchase { key, expires_at } => self.bought(entry, key, *expires_at),
            Reason::Charge(charge) => self.charged(entry, charge),
            Reason::Expiry { lot } => self.expired(entry, *lot),
            Reason::Repair { lot } => self.repaired(entry, *lot),
            Reason::Adjustment(adjusted) => self.adjusted(entry, adjusted),
        }
    }

    /// A hold as the database has it.
    pub fn hold(&mut self, hold: &Hold) {
        let id = &hold.id;
        if hold.remaining > hold.credits {
            self.report(&format!("hold `{id}` holds more than was set aside"));
        }
        if hold.lapsed > hold.credits
            || (hold.state != HoldState::Expired && !hold.lapsed.is_zero())
        {
            self.report(&format!("hold `{id}` let go more than it held"));
        }
        match hold.state {
            HoldState::Open => {
                self.held = self.held.saturating_add(hold.remaining.micros().into());
                for key in MeterKey::every(&hold.tenant, hold.labels(), hold.made) {
                    let meter = self.meters.entry(key).or_default();
                    meter.held = meter.held.checked_add(hold.remaining).unwrap_or(Credits::MAX);
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

    /// A draw on a hold as the database has it.
    pub fn draw(&mut self, draw: &Draw) {
        let key = (draw.hold_id.clone(), Some(draw.id.clone()));
        let charged = self.charges.remove(&key).unwrap_or_default().credits;
        let what = format!("what settled part `{}` of hold `{}`", draw.id, draw.hold_id);
        self.expect(&what, draw.credits, charged);
    }

    /// A meter as the database has it.
    pub fn meter(&mut self, key: &MeterKey, meter: Meter) {
        let replayed = self.meters.remove(key).unwrap_or_default();
        let what = |what: &str| format!("what is {what} in `{}` of {}", key.label, key.window);
        self.expect(&what("spent"), meter.spent, replayed.spent);
        self.expect(&what("held"), meter.held, replayed.held);
    }

    /// All differences, one sentence each, once every record has been handed over.
    #[must_use]
    pub fn differences(mut self) -> Vec<String> {
        let (kept, replayed) = (self.account.clone(), self.replayed.clone());
        self.expect("the balance", kept.balance, replayed.balance);
        self.expect("the number of entries", kept.entries, replayed.entries);
        self.expect("the number of alerts", kept.alerts, replayed.alerts);
        self.expect("the last purchase", kept.last_purchase, replayed.last_purchase);
        self.expect("what is held", u128::from(kept.held.micros()), self.held);
        let lots = |account: &Account| {
            let until = |lot: &Lot| lot.expires_at.map(|at| format!(" until {at}"));
            let lot = |lot: &Lot| {
                let until = until(lot).unwrap_or_default();
                format!("{} of entry {}{until}", lot.remaining, lot.number)
            };
            account.lots.iter().map(lot).collect::<Vec<_>>().join(", ")
        };
        self.expect("the lots", lots(&kept), lots(&replayed));
        let owned = u128::try_from(kept.balance.micros()).unwrap_or_default();
        self.expect("the sum of the lots", kept.in_lots(), owned);
        for (hold, part) in core::mem::take(&mut self.charges).into_keys() {
            let part = part.map(|part| format!("part `{part}` of ")).unwrap_or_default();
            self.report(&format!("{part}hold `{hold}` is charged and not kept"));
        }
        for (key, _) in core::mem::take(&mut self.meters)
            .into_iter()
            .filter(|(_, meter)| *meter != Meter::default())
        {
            self.report(&format!("the meter `{}` of {} is missing", key.label, key.window));
        }
        for number in core::mem::take(&mut self.purchases).into_keys() {
            self.report(&format!("the purchase of entry {number} has no entry"));
        }
        for number in core::mem::take(&mut self.adjustments).into_keys() {
            self.report(&format!("the adjustment of entry {number} has no entry"));
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
            Some(_) | None => self.report(&format!("{what} is not kept")),
        }
        self.replayed.last_purchase = credits;
        let remaining = credits.min(self.replayed.balance.credits());
        self.replayed.add_lot(Lot { number, remaining, expires_at });
    }

    fn charged(&mut self, entry: &Entry, charge: &Charge) {
        let number = entry.number;
        let micros = entry.amount.micros();
        if micros >= 0 {
            self.report(&format!("entry {number} charges nothing"));
        }
        let credits = Credits::clamped(micros.unsigned_abs().into());
        self.replayed.take(credits, &mut |_| {});
        let key = (charge.hold_id.clone(), charge.draw.clone());
        let charged = self.charges.entry(key).or_default();
        charged.credits = charged.credits.checked_add(credits).unwrap_or(Credits::MAX);
        if !charged.parts.insert(charge.part) {
            self.report(&format!("entry {number} charges hold `{}` again", charge.hold_id));
        }
        let labels = Labels { user: charge.user.as_deref(), key: charge.key.as_deref() };
        let tenant = &self.account.tenant;
        let model = charge.details.model.as_deref();
        let model = MeterKey::model(tenant, model, charge.counts_at);
        for key in MeterKey::every(tenant, labels, charge.counts_at).chain([model]) {
            let meter = self.meters.entry(key).or_default();
            meter.spent = meter.spent.checked_add(credits).unwrap_or(Credits::MAX);
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
            self.report(&format!(
                "what adjustment `{}` of entry {number} did is not kept",
                adjusted.key
            ));
        }
        if amount > Balance::ZERO {
            let remaining = amount.credits().min(self.replayed.balance.credits());
            self.replayed.add_lot(Lot { number, remaining, expires_at: adjusted.expires_at });
            return;
        }
        let credits = Credits::clamped(amount.micros().unsigned_abs().into());
        let Some(lot) = adjusted.lot else { return self.replayed.take(credits, &mut |_| {}) };
        let left = self.replayed.lots.iter().find(|own| own.number == lot);
        if left.is_none_or(|left| left.remaining < credits) {
            self.report(&format!("entry {number} takes what is not there"));
        }
        self.replayed.take_from(lot, credits, &mut |_| {});
    }

    fn expired(&mut self, entry: &Entry, number: u64) {
        let gone = Credits::clamped(entry.amount.micros().unsigned_abs().into());
        let lot = self.replayed.lots.iter_mut().find(|lot| lot.number == number);
        let over = |lot: &Lot| lot.expires_at.is_some_and(|moment| moment <= entry.at);
        match lot
            .filter(|lot| over(lot))
            .and_then(|lot| Some((lot.remaining.checked_sub(gone)?, lot)))
        {
            Some((rest, lot)) => {
                lot.remaining = rest;
                let (sum, _) =
                    self.expired.entry(number).or_insert((Credits::ZERO, lot.expires_at));
                *sum = sum.checked_add(gone).unwrap_or(Credits::MAX);
            }
            None => self.report(&format!("entry {} lets go what is not there", entry.number)),
        }
        self.replayed.lots.retain(|lot| !lot.remaining.is_zero());
    }

    fn repaired(&mut self, entry: &Entry, number: Option<u64>) {
        let back = entry.amount.credits();
        let Some(number) = number.filter(|_| !back.is_zero()) else {
            self.expect("what a repair of time alone brings back", back, Credits::ZERO);
            return;
        };
        let gone = self.expired.get_mut(&number);
        let expires_at = gone.and_then(|(sum, expires_at)| {
            *sum = sum.checked_sub(back)?;
            expires_at.filter(|at| *at > entry.at)
        });
        if expires_at.is_none() {
            self.report(&format!("entry {} brings back what did not go", entry.number));
        }
        let back = back.min(self.replayed.balance.credits());
        let left = self.replayed.lots.iter().find(|lot| lot.number == number).copied();
        let remaining = back.checked_add(left.map_or(Credits::ZERO, |lot| lot.remaining));
        self.replayed.lots.retain(|lot| lot.number != number);
        let remaining = remaining.unwrap_or(Credits::MAX);
        self.replayed.add_lot(Lot { number, remaining, expires_at });
    }

    fn expect<T: PartialEq + core::fmt::Display>(&mut self, what: &str, kept: T, replayed: T) {
        if kept != replayed {
            self.report(&format!("{what} is {kept}, and should be {replayed}"));
        }
    }

    fn report(&mut self, what: &str) {
        self.differences.push(format!("{}: {what}", self.account.tenant));
    }
}
