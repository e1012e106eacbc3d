//! What a script is played on, and how it says what it sees.
use std::collections::BTreeMap;

use tradewind::credit::{
    Account, Alert, Answer, Command, Credits, Entry, Hold, Meter, Moment, Reason,
};

/// Something that keeps accounts.
pub(crate) trait Subject {
    /// Sets its clock.
    fn at(&mut self, now: Moment);

    /// Does some commands: what it tells of each.
    fn apply(&mut self, commands: Vec<Command>) -> Vec<Told>;

    /// What a question finds, as a script says it.
    fn sees(&mut self, question: &Question) -> String;

    /// What does not add up.
    fn audit(&mut self) -> Vec<String>;
}

/// What a subject tells of a command, in words.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Told {
    /// The outcome's name.
    pub(crate) outcome: String,
    /// Balance, available and last purchase; `-` where nothing is said of an account.
    pub(crate) standing: String,
    /// Credits, what was paid, and the discount of a purchase; credits and what goes back of an
    /// adjustment; `-` for all else.
    pub(crate) deal: String,
    /// The budget that was in the way; `-` where none was.
    pub(crate) because: String,
}

/// What a script asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Question {
    /// Balance, held and available of a tenant.
    Account(String),
    /// What is left of each purchase, in the order in which it is used.
    Lots(String),
    /// A hold's state and what it still holds.
    Hold(String, String),
    /// The entries of a tenant's hold: part, model and amount of each, and its flags.
    Charges(String, String),
    /// What a tenant spent on each model.
    Spent(String),
    /// A tenant's last entry.
    Last(String),
    /// How many entries a tenant has.
    Entries(String),
    /// What is spent and held of a tenant's nth budget.
    Budget(String, usize),
    /// The thresholds that a tenant was told of, in order.
    Alerts(String),
}

impl Told {
    pub(crate) fn of(answer: &Answer) -> Self {
        let none = || "-".to_owned();
        let standing = answer.standing.map(|standing| {
            let last = standing.last_purchase;
            format!("{} {} {last}", standing.balance, standing.available)
        });
        let deal = answer.purchase.as_ref().map(|purchase| {
            let deal = purchase.deal;
            format!("{} {} {}", deal.credits, deal.paid, deal.discount)
        });
        let adjusted = answer.adjustment.as_ref();
        let adjusted = adjusted.map(|made| format!("{} {}", made.amount, made.paid));
        let deal = deal.or(adjusted);
        let because = answer.exceeded.as_ref().map(|exceeded| {
            let Meter { spent, held } = exceeded.meter;
            format!("{} {spent} {held} {}", exceeded.budget, exceeded.resets_at)
        });
        Self {
            outcome: answer.outcome.consequence().name.to_owned(),
            standing: standing.unwrap_or_else(none),
            deal: deal.unwrap_or_else(none),
            because: because.unwrap_or_else(none),
        }
    }
}

pub(crate) fn account(account: Option<&Account>) -> String {
    account.map_or("-".to_owned(), |account| {
        format!("{} {} {}", account.balance, account.held, account.standing().available)
    })
}

pub(crate) fn lots(account: Option<&Account>) -> String {
    let lots = account.into_iter().flat_map(|account| &account.lots);
    list(lots.map(|lot| lot.remaining.to_string()))
}

pub(crate) fn hold(hold: Option<&Hold>) -> String {
    hold.map_or("-".to_owned(), |hold| format!("{} {}", hold.state.name(), hold.remaining))
}

pub(crate) fn budget(meter: Option<Meter>) -> String {
    meter.map_or("-".to_owned(), |meter| format!("{} {}", meter.spent, meter.held))
}

pub(crate) fn alerts<'a>(alerts: impl Iterator<Item = &'a Alert>) -> String {
    list(alerts.map(|alert| alert.threshold.to_string()))
}

pub(crate) fn entry(entry: Option<&Entry>) -> String {
    let Some(entry) = entry else { return "-".to_owned() };
    let mut said = format!("{} {}", entry.reason.name(), entry.amount);
    if let Reason::Charge(charge) = &entry.reason {
        if charge.late {
            said.push_str(" late");
        }
        if !charge.overrun.is_zero() {
            said.push_str(&format!(" overrun {}", charge.overrun));
        }
    }
    said
}

pub(crate) fn charges<'e>(entries: impl Iterator<Item = &'e Entry>, hold: &str) -> String {
    list(entries.filter_map(|entry| {
        let Reason::Charge(charge) = &entry.reason else { return None };
        let model = charge.details.model.as_deref().unwrap_or("-");
        let flags: String = charge.flags.iter().map(|flag| format!(":{flag}")).collect();
        let said = format!("{}:{model}:{}{flags}", charge.part, entry.amount);
        (charge.hold_id == hold).then_some(said)
    }))
}

/// By model, all days together.
pub(crate) fn spent(rows: impl Iterator<Item = (String, Credits)>) -> String {
    let mut sums: BTreeMap<String, Credits> = BTreeMap::new();
    for (model, credits) in rows {
        let sum = sums.entry(model).or_default();
        *sum = sum.checked_add(credits).unwrap_or(Credits::MAX);
    }
    sums.retain(|_, credits| !credits.is_zero());
    let said = |(model, credits): (String, Credits)| match model.as_str() {
        "" => format!("-:{credits}"),
        model => format!("{model}:{credits}"),
    };
    list(sums.into_iter().map(said))
}

fn list(items: impl Iterator<Item = String>) -> String {
    let items: Vec<String> = items.collect();
    if items.is_empty() { "-".to_owned() } else { items.join(" ") }
}
