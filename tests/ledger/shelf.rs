//! The rules as a store uses them: for each batch a new book, which is given the records that the
//! commands want and no other; what it changed is kept, record by record.
//!
//! A rule that reads what it does not say it wants, or changes what it does not tell of, does well
//! on a book that holds everything. Here it does not.
use std::collections::BTreeMap;

use tradewind::credit::{
    Answer, Balance, Book, Changes, Command, Credits, Hold, HoldState, Lot, Moment, Reason, Tiers,
    Wanted,
};

use super::model::Model;
use super::subject::{Question, Subject, Told};

/// What is kept between two batches.
#[derive(Debug, Default)]
pub(crate) struct Shelf {
    /// The records, and a book that holds all of them, for questions.
    model: Model,
    /// Lots by tenant and number: an account's are kept apart, as long as anything is left.
    lots: BTreeMap<(String, u64), Lot>,
    tiers: Tiers,
    now: Moment,
}

impl Shelf {
    fn load(&self, commands: &[Command]) -> Book {
        let (wanted, kept) = (Wanted::by(commands), &self.model.kept);
        let mut book = Book::default();
        let holds = wanted.holds.iter().filter_map(|key| kept.holds.get(key));
        holds.for_each(|hold| book.load_hold(hold.clone()));
        wanted.tenants.iter().for_each(|tenant| self.load_account(tenant, &mut book));
        for tenant in &wanted.repairs {
            self.too_early(tenant).for_each(|lot| book.load_expired(tenant.clone(), lot));
            self.open(tenant).for_each(|hold| book.load_hold(hold.clone()));
        }
        let key = |own: &(&str, &str)| (own.0.to_owned(), own.1.to_owned());
        for draw in &kept.draws {
            if wanted.draws.contains(&(draw.tenant.clone(), draw.hold_id.clone(), draw.id.clone()))
            {
                book.load_draw(draw.clone());
            }
        }
        for purchase in &kept.purchases {
            if wanted.purchases.contains(&key(&(&purchase.tenant, &purchase.key))) {
                book.load_purchase(purchase.clone());
            }
        }
        for made in &kept.adjustments {
            if wanted.adjustments.contains(&key(&(&made.asked.tenant, &made.asked.key))) {
                book.load_adjustment(made.clone());
            }
        }
        if !wanted.purchases.is_empty() {
            book.load_tiers(self.tiers.clone());
        }
        for key in book.meters_wanted(commands, self.now) {
            if let Some(meter) = kept.meters.get(&key) {
                book.load_meter(key, *meter);
            }
        }
        book
    }

    fn load_account(&self, tenant: &str, book: &mut Book) {
        let Some(mut account) = self.model.kept.accounts.get(tenant).cloned() else { return };
        account.lots.clear();
        let lots = self.lots.iter().filter(|((own, _), _)| own == tenant);
        lots.for_each(|(_, lot)| account.add_lot(*lot));
        let now = account.latest_at.max(self.now);
        let due = self.open(tenant).filter(|hold| hold.expires_at <= now);
        due.for_each(|hold| book.load_hold(hold.clone()));
        book.load_account(account);
    }

    fn open(&self, tenant: &str) -> impl Iterator<Item = &Hold> {
        let own = self.model.kept.holds.values().filter(move |hold| hold.tenant == tenant);
        own.filter(|hold| hold.state == HoldState::Open)
    }

    /// What has expired of lots whose time is still to come, and has not come back.
    fn too_early(&self, tenant: &str) -> impl Iterator<Item = Lot> {
        let mut gone: BTreeMap<u64, (Option<Moment>, i64)> = BTreeMap::new();
        for entry in self.model.kept.entries.iter().filter(|entry| entry.tenant == tenant) {
            match &entry.reason {
                Reason::Purchase { expires_at, .. } => {
                    gone.insert(entry.number, (*expires_at, 0));
                }
                Reason::Adjustment(adjusted) => {
                    gone.insert(entry.number, (adjusted.expires_at, 0));
                }
                Reason::Expiry { lot } | Reason::Repair { lot: Some(lot) } => {
                    let (_, sum) = gone.get_mut(lot).unwrap();
                    *sum -= entry.amount.micros();
                }
                Reason::Repair { lot: None } | Reason::Charge(_) => {}
            }
        }
        let lot = |(number, (expires_at, sum))| {
            let remaining = Balance::of_micros(sum).credits();
            Lot { number, remaining, expires_at }
        };
        let now = self.now;
        gone.into_iter().map(lot).filter(move |lot| {
            lot.remaining > Credits::ZERO && lot.expires_at.is_some_and(|moment| moment > now)
        })
    }

    fn keep(&mut self, changes: Changes) {
        for lot in &changes.lots {
            let (tenant, record) = &lot.record;
            let key = (tenant.clone(), record.number);
            let before = match record.remaining.is_zero() {
                true => self.lots.remove(&key),
                false => self.lots.insert(key, *record),
            };
            assert_eq!(lot.new, before.is_none(), "a lot is new once: {lot:?}");
        }
        self.tiers = changes.tiers.clone().unwrap_or_else(|| self.tiers.clone());
        self.model.kept.keep(changes);
    }

    /// A book of all that is kept, for questions.
    fn whole(&self) -> Book {
        let kept = &self.model.kept;
        let mut book = Book::default();
        kept.accounts.keys().for_each(|tenant| self.load_account(tenant, &mut book));
        kept.holds.values().for_each(|hold| book.load_hold(hold.clone()));
        kept.meters.iter().for_each(|(key, meter)| book.load_meter(key.clone(), *meter));
        book
    }
}

impl Subject for Shelf {
    fn at(&mut self, now: Moment) {
        self.now = now;
        self.model.at(now);
    }

    fn apply(&mut self, commands: Vec<Command>) -> Vec<Told> {
        let mut book = self.load(&commands);
        let answers: Vec<Answer> =
            commands.iter().map(|command| book.apply(command, self.now)).collect();
        self.keep(book.take_changes());
        self.model.book = self.whole();
        answers.iter().map(Told::of).collect()
    }

    fn sees(&mut self, question: &Question) -> String {
        self.model.sees(question)
    }

    fn audit(&mut self) -> Vec<String> {
        self.model.audit()
    }
}
