//! A book that holds everything: the rules alone.
use tradewind::credit::{
    Account, Adjustment, Alert, Auditor, Book, Changes, Command, Draw, Entry, Hold, Meter,
    MeterKey, Moment, Purchase,
};

use std::collections::BTreeMap;

use super::subject::{self, Question, Subject, Told};

/// The book, and what a store would have kept of it.
#[derive(Debug, Default)]
pub(crate) struct Model {
    pub(crate) book: Book,
    now: Moment,
    pub(crate) kept: Kept,
}

/// What a store would have kept.
#[derive(Debug, Clone, Default)]
pub(crate) struct Kept {
    pub(crate) accounts: BTreeMap<String, Account>,
    pub(crate) holds: BTreeMap<(String, String), Hold>,
    pub(crate) draws: Vec<Draw>,
    pub(crate) purchases: Vec<Purchase>,
    pub(crate) adjustments: Vec<Adjustment>,
    pub(crate) entries: Vec<Entry>,
    pub(crate) alerts: Vec<Alert>,
    pub(crate) meters: BTreeMap<MeterKey, Meter>,
}

impl Kept {
    pub(crate) fn keep(&mut self, changes: Changes) {
        for account in changes.accounts {
            let new = self.accounts.insert(account.record.tenant.clone(), account.record);
            assert_eq!(account.new, new.is_none(), "an account is new once");
        }
        for hold in changes.holds {
            let new = self.holds.insert(hold.record.key(), hold.record);
            assert_eq!(hold.new, new.is_none(), "a hold is new once");
        }
        self.draws.extend(changes.draws);
        self.purchases.extend(changes.purchases);
        self.adjustments.extend(changes.adjustments);
        self.entries.extend(changes.entries);
        self.alerts.extend(changes.alerts);
        self.meters.extend(changes.meters);
    }

    /// What does not add up.
    pub(crate) fn differences(&self) -> Vec<String> {
        let mut wrong = Vec::new();
        for account in self.accounts.values() {
            let tenant = &account.tenant;
            let mut auditor = Auditor::of(Account { lots: Vec::new(), ..account.clone() });
            account.lots.iter().for_each(|lot| auditor.lot(*lot));
            let purchases = self.purchases.iter().filter(|p| p.tenant == *tenant);
            purchases.for_each(|purchase| auditor.purchase(purchase.clone()));
            let adjustments = self.adjustments.iter();
            let adjustments = adjustments.filter(|made| made.asked.tenant == *tenant);
            adjustments.for_each(|made| auditor.adjustment(made.clone()));
            let entries = self.entries.iter().filter(|entry| entry.tenant == *tenant);
            entries.for_each(|entry| auditor.entry(entry));
            let holds = self.holds.values().filter(|hold| hold.tenant == *tenant);
            holds.for_each(|hold| auditor.hold(hold));
            let draws = self.draws.iter().filter(|draw| draw.tenant == *tenant);
            draws.for_each(|draw| auditor.draw(draw));
            let meters = self.meters.iter().filter(|(key, _)| key.tenant == *tenant);
            meters.for_each(|(key, meter)| auditor.meter(key, *meter));
            let alerts = self.alerts.iter().filter(|alert| alert.tenant == *tenant);
            alerts.for_each(|alert| auditor.alert(alert));
            wrong.extend(auditor.differences());
        }
        wrong
    }
}

impl Model {
    pub(crate) fn apply_at(&mut self, command: &Command, now: Moment) -> tradewind::credit::Answer {
        let answer = self.book.apply(command, now);
        self.kept.keep(self.book.take_changes());
        answer
    }
}

impl Subject for Model {
    fn at(&mut self, now: Moment) {
        self.now = now;
    }

    fn apply(&mut self, commands: Vec<Command>) -> Vec<Told> {
        let now = self.now;
        commands.iter().map(|command| Told::of(&self.apply_at(command, now))).collect()
    }

    fn sees(&mut self, question: &Question) -> String {
        let of = |tenant: &str| self.book.account(tenant);
        let entries = |tenant: &str| {
            let entries = self.kept.entries.iter();
            entries.filter(|entry| entry.tenant == tenant).collect::<Vec<_>>()
        };
        match question {
            Question::Account(tenant) => subject::account(of(tenant)),
            Question::Lots(tenant) => subject::lots(of(tenant)),
            Question::Hold(tenant, id) => subject::hold(self.book.hold_of(tenant, id)),
            Question::Charges(tenant, id) => subject::charges(entries(tenant).into_iter(), id),
            Question::Spent(tenant) => {
                let meters = self.kept.meters.iter().filter(|(key, _)| key.tenant == *tenant);
                let row = |(key, meter): (&MeterKey, &Meter)| {
                    Some((key.label.strip_prefix("model:")?.to_owned(), meter.spent))
                };
                subject::spent(meters.filter_map(row))
            }
            Question::Last(tenant) => subject::entry(entries(tenant).last().copied()),
            Question::Entries(tenant) => entries(tenant).len().to_string(),
            Question::Budget(tenant, index) => {
                let meter = of(tenant).and_then(|account| {
                    let budget = account.budgets.get(*index)?;
                    let key = budget.meter(tenant, account.latest_at.max(self.now));
                    key.map(|key| self.book.meter(&key))
                });
                subject::budget(meter)
            }
            Question::Alerts(tenant) => {
                let alerts = self.kept.alerts.iter();
                subject::alerts(alerts.filter(|alert| alert.tenant == *tenant))
            }
        }
    }

    fn audit(&mut self) -> Vec<String> {
        let known = |account: &&Account| self.book.account(&account.tenant) == Some(*account);
        let other = self.kept.accounts.values().filter(|account| !known(account));
        let other = other.map(|own| format!("{}: what is kept is not what is known", own.tenant));
        other.chain(self.kept.differences()).collect()
    }
}
