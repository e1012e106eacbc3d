//! Records as rows of tables, and how they are written: each value in the order of its columns.
use super::table::Cell;
use crate::companion::ledger::view::{Delivery, DeliveryState};
use crate::credit::{
    Account, Alert, Balance, Buying, Credits, Draw, Hold, Lot, Meter, MeterKey, Moment, Purchase,
    Tier,
};

pub(super) fn text(text: &str) -> Cell {
    Cell::Text(Some(text.to_owned()))
}

pub(super) fn maybe_text(text: Option<&String>) -> Cell {
    Cell::Text(text.cloned())
}

/// All numbers are far below 2^63: amounts by their type, times until the year 9999.
pub(super) fn count(number: u64) -> Cell {
    Cell::Int(Some(i64::try_from(number).unwrap_or(i64::MAX)))
}

pub(super) fn credits(credits: Credits) -> Cell {
    count(credits.micros())
}

pub(super) fn balance(balance: Balance) -> Cell {
    Cell::Int(Some(balance.micros()))
}

pub(super) fn moment(moment: Moment) -> Cell {
    count(moment.millis())
}

pub(super) fn maybe_moment(at: Option<Moment>) -> Cell {
    at.map_or(Cell::Int(None), moment)
}

pub(super) fn lines<T: core::fmt::Display>(items: &[T]) -> Cell {
    Cell::Text(Some(items.iter().map(T::to_string).collect::<Vec<_>>().join("\n")))
}

pub(super) fn account_row(account: &Account) -> Vec<Cell> {
    vec![
        text(&account.tenant),
        balance(account.balance),
        credits(account.held),
        credits(account.overdraft),
        credits(account.last_purchase),
        lines(&account.budgets),
        lines(&account.alert_rules),
        maybe_text(account.webhook.as_ref()),
        moment(account.latest_at),
        count(account.entries),
        count(account.alerts),
    ]
}

pub(super) fn lot_row(tenant: &str, lot: &Lot) -> Vec<Cell> {
    vec![text(tenant), count(lot.number), credits(lot.remaining), maybe_moment(lot.expires_at)]
}

pub(super) fn hold_row(hold: &Hold) -> Vec<Cell> {
    vec![
        text(&hold.tenant),
        text(&hold.id),
        maybe_text(hold.user.as_ref()),
        maybe_text(hold.key.as_ref()),
        credits(hold.credits),
        credits(hold.remaining),
        credits(hold.lapsed),
        moment(hold.made),
        moment(hold.expires_at),
        text(hold.state.name()),
        hold.settled.map_or(Cell::Int(None), credits),
    ]
}

pub(super) fn draw_row(draw: &Draw) -> Vec<Cell> {
    vec![
        text(&draw.tenant),
        text(&draw.hold_id),
        text(&draw.id),
        credits(draw.credits),
        credits(draw.releases),
    ]
}

pub(super) fn purchase_row(purchase: &Purchase) -> Vec<Cell> {
    let asked = match purchase.buying {
        Buying::Credits(_) => "credits",
        Buying::Paid(_) => "paid",
    };
    vec![
        text(&purchase.tenant),
        text(&purchase.key),
        count(purchase.number),
        text(asked),
        credits(purchase.deal.credits),
        credits(purchase.deal.paid),
        count(purchase.deal.discount.parts().into()),
        maybe_moment(purchase.expires_at),
        moment(purchase.at),
        balance(purchase.standing.balance),
        balance(purchase.standing.available),
        credits(purchase.standing.last_purchase),
    ]
}

pub(super) fn alert_row(alert: &Alert) -> Vec<Cell> {
    let delivery =
        Delivery { state: DeliveryState::Pending, attempts: 0, next_at: alert.at, error: None };
    alert_view_row(alert, &delivery)
}

pub(super) fn alert_view_row(alert: &Alert, delivery: &Delivery) -> Vec<Cell> {
    vec![
        text(&alert.tenant),
        count(alert.number),
        moment(alert.at),
        text(&alert.threshold.to_string()),
        balance(alert.balance),
        balance(alert.available),
        credits(alert.last_purchase),
        text(delivery.state.name()),
        count(delivery.attempts.into()),
        moment(delivery.next_at),
        maybe_text(delivery.error.as_ref()),
    ]
}

pub(super) fn meter_row(key: &MeterKey, meter: &Meter) -> Vec<Cell> {
    vec![
        text(&key.tenant),
        text(&key.window.to_string()),
        text(&key.label),
        credits(meter.spent),
        credits(meter.held),
    ]
}

/// The columns of its key.
pub(super) fn meter_key(key: &MeterKey) -> Vec<Cell> {
    vec![text(&key.tenant), text(&key.window.to_string()), text(&key.label)]
}

pub(super) fn tier_row(tier: &Tier) -> Vec<Cell> {
    vec![credits(tier.at_least), count(tier.discount.parts().into())]
}
