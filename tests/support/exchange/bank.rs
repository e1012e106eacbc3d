//! A ledger made of the rules alone, as a proxy meets it: calls in, answers out, and a service
//! that may be away.
#![expect(clippy::unwrap_used, reason = "a helper that fails fails its test")]
use std::collections::BTreeMap;

use tradewind::credit::wire::{self, Renewal, Settlement};
use tradewind::credit::{
    Answer, Auditor, Book, Buy, Buying, Command, Credits, Draw, Entry, Hold, Meter, MeterKey,
    Moment, Purchase, Standing,
};
use tradewind::exchange::Call;
use tradewind::json::{Document, Limits, Writer};

/// How the service does.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Weather {
    /// It answers.
    #[default]
    Fair,
    /// It does what it is asked, and its answers wait until it is fair again.
    Slow,
    /// It does what it is asked, and its answers are lost.
    Lost,
    /// It does nothing and answers this.
    Status(u16),
}

/// The ledger.
#[derive(Debug, Default)]
pub(crate) struct Bank {
    book: Book,
    pub(crate) weather: Weather,
    entries: Vec<Entry>,
    purchases: Vec<Purchase>,
    holds: BTreeMap<(String, String), Hold>,
    draws: Vec<Draw>,
    meters: BTreeMap<MeterKey, Meter>,
}

/// What a call came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Said {
    Now(u16, Vec<u8>),
    Later(u16, Vec<u8>),
}

impl Bank {
    /// A tenant buys credits.
    pub(crate) fn buy(&mut self, tenant: &str, credits: Credits, now: Moment) {
        let buy = Buy {
            tenant: tenant.to_owned(),
            key: format!("k{}", self.purchases.len()),
            buying: Buying::Credits(credits),
            expires_at: None,
        };
        self.apply(&Command::Buy(buy), now);
    }

    /// Answers a call.
    pub(crate) fn ask(&mut self, call: &Call, now: Moment) -> Said {
        if let Weather::Status(status) = self.weather {
            return Said::Now(status, b"no healthy upstream".to_vec());
        }
        let document = Document::parse(&call.body, Limits::default()).unwrap();
        let (status, body) = match call.path.as_str() {
            path if path.ends_with(wire::HOLDS) => self.hold(&document, now),
            path if path.ends_with(wire::SETTLEMENTS) => self.settle(&document, now),
            path if path.ends_with(wire::RENEWALS) => self.renew(&document, now),
            path if call.cluster.starts_with("-collector") => (204, path.as_bytes().to_vec()),
            path => (404, format!("there is no {path}").into_bytes()),
        };
        match self.weather {
            Weather::Slow => Said::Later(status, body),
            Weather::Lost => Said::Now(504, b"upstream request timeout".to_vec()),
            Weather::Fair | Weather::Status(_) => Said::Now(status, body),
        }
    }

    fn hold(&mut self, document: &Document<'_>, now: Moment) -> (u16, Vec<u8>) {
        let hold = match wire::HoldRequest::read(document) {
            Ok(hold) => hold,
            Err(wrong) => return (400, wrong.to_string().into_bytes()),
        };
        let (id, command) = (hold.hold_id.to_string(), Command::Hold(hold.into()));
        let answer = self.apply(&command, now);
        let consequence = answer.outcome.consequence();
        let mut out = Writer::new();
        out.object(|w| {
            let key = if consequence.done { "state" } else { "code" };
            w.key("hold_id").string(&id);
            w.key(key).string(if consequence.done { "held" } else { consequence.name });
            if let Some(Standing { balance, available, last_purchase }) = answer.standing {
                w.key("balance").string(&balance.to_string());
                w.key("available").string(&available.to_string());
                w.key("last_purchase").string(&last_purchase.to_string());
            }
        });
        (consequence.status, out.finish())
    }

    fn settle(&mut self, document: &Document<'_>, now: Moment) -> (u16, Vec<u8>) {
        let batch = match Settlement::read_batch(document) {
            Ok(batch) => batch,
            Err(wrong) => return (400, wrong.to_string().into_bytes()),
        };
        let states = batch.into_iter().map(|item| match item {
            Ok(item) => self.apply(&Command::Settle(item.into()), now).outcome.consequence().name,
            Err(_) => "invalid",
        });
        let states: Vec<_> = states.collect();
        let mut out = Writer::new();
        out.object(|w| {
            w.key("results").array(|w| {
                states.iter().for_each(|state| w.object(|w| w.key("state").string(state)));
            });
        });
        (200, out.finish())
    }

    fn renew(&mut self, document: &Document<'_>, now: Moment) -> (u16, Vec<u8>) {
        let batch = match Renewal::read_batch(document) {
            Ok(batch) => batch,
            Err(wrong) => return (400, wrong.to_string().into_bytes()),
        };
        let renewed = batch.into_iter().flatten().map(|item| {
            let id = item.hold_id.to_string();
            (id, self.apply(&Command::Renew(item.into()), now).outcome.consequence().name)
        });
        let renewed: Vec<_> = renewed.collect();
        let mut out = Writer::new();
        out.object(|w| {
            w.key("renewals").array(|w| {
                for (id, outcome) in &renewed {
                    w.object(|w| {
                        w.key("hold_id").string(id);
                        w.key("outcome").string(outcome);
                    });
                }
            });
        });
        (200, out.finish())
    }

    fn apply(&mut self, command: &Command, now: Moment) -> Answer {
        let answer = self.book.apply(command, now);
        let changes = self.book.take_changes();
        self.entries.extend(changes.entries);
        self.purchases.extend(changes.purchases);
        self.draws.extend(changes.draws);
        self.meters.extend(changes.meters);
        for hold in changes.holds {
            let key = (hold.record.tenant.clone(), hold.record.id.clone());
            self.holds.insert(key, hold.record);
        }
        answer
    }

    /// How an account stands.
    pub(crate) fn stands(&self, tenant: &str) -> String {
        self.book.account(tenant).map_or_else(
            || "nothing".to_owned(),
            |account| format!("{} and {} of it held", account.balance, account.held),
        )
    }

    /// What does not add up.
    pub(crate) fn audit(&self, tenant: &str) -> Vec<String> {
        let Some(account) = self.book.account(tenant) else { return Vec::new() };
        let mut auditor = Auditor::of(account.clone());
        let own = |name: &str| name == tenant;
        let purchases = self.purchases.iter().filter(|purchase| own(&purchase.tenant));
        purchases.for_each(|purchase| auditor.purchase(purchase.clone()));
        let entries = self.entries.iter().filter(|entry| own(&entry.tenant));
        entries.for_each(|entry| auditor.entry(entry));
        let holds = self.holds.values().filter(|hold| own(&hold.tenant));
        holds.for_each(|hold| auditor.hold(hold));
        self.draws.iter().for_each(|draw| auditor.draw(draw));
        let meters = self.meters.iter().filter(|(key, _)| own(&key.tenant));
        meters.for_each(|(key, meter)| auditor.meter(key, *meter));
        auditor.differences()
    }
}

#[cfg(not(target_family = "wasm"))]
impl Bank {
    /// What is held of an account.
    pub(crate) fn held(&self, tenant: &str) -> Credits {
        self.book.account(tenant).map(|account| account.held).unwrap_or_default()
    }

    /// What was charged, by the hold or the part of it that it was charged to.
    pub(crate) fn charges(&self) -> Vec<(&str, Credits)> {
        use tradewind::credit::Reason;
        let charged = self.entries.iter().filter_map(|entry| match &entry.reason {
            Reason::Charge(charge) => {
                let id = charge.draw.as_deref().unwrap_or(&charge.hold_id);
                let micros = entry.amount.micros().unsigned_abs();
                Some((id, Credits::of_micros(micros).unwrap()))
            }
            _ => None,
        });
        charged.collect()
    }

    /// What was charged for, each by its hold or the part of it, and its attempt's number.
    pub(crate) fn charged_attempts(&self) -> Vec<(&str, u64)> {
        use tradewind::credit::Reason;
        let charged = self.entries.iter().filter_map(|entry| match &entry.reason {
            Reason::Charge(charge) => {
                Some((charge.draw.as_deref().unwrap_or(&charge.hold_id), charge.part))
            }
            _ => None,
        });
        charged.collect()
    }
}
