//! Adjustments as rows: what was asked, and what it came to.
use super::StoreError;
use super::cells::{balance, count, credits, maybe_moment, maybe_text, moment, text};
use super::records::{Reader, Row, unreadable};
use super::table::{Cell, Kind, Table};
use crate::credit::{Adjust, Adjustment, Change};

use Kind::{Int, Text};

pub(super) static ADJUSTMENTS: Table = Table::new(
    "adjustments",
    &[
        ("tenant", Text),
        ("key_name", Text),
        ("number", Int),
        ("kind", Text),
        ("credits", Int),
        ("purchase", Text),
        ("lot", Int),
        ("expires_at", Int),
        ("reason", Text),
        ("amount", Int),
        ("paid", Int),
        ("at", Int),
        ("balance", Int),
        ("available", Int),
        ("last_purchase", Int),
        ("seal", Int),
    ],
    2,
);

pub(super) fn adjustment_row(adjustment: &Adjustment) -> Vec<Cell> {
    let Adjust { tenant, key, change, reason } = &adjustment.asked;
    let (asked, purchase, lot, expires_at) = match change {
        Change::Credit { credits, expires_at } => (Some(*credits), None, None, *expires_at),
        Change::Debit { credits } => (Some(*credits), None, None, None),
        Change::Refund { purchase, credits } => (*credits, Some(purchase), None, None),
        Change::Void { lot } => (None, None, Some(*lot), None),
    };
    vec![
        text(tenant),
        text(key),
        count(adjustment.number),
        text(change.name()),
        asked.map_or(Cell::Int(None), credits),
        maybe_text(purchase),
        lot.map_or(Cell::Int(None), count),
        maybe_moment(expires_at),
        text(reason),
        balance(adjustment.amount),
        credits(adjustment.paid),
        moment(adjustment.at),
        balance(adjustment.standing.balance),
        balance(adjustment.standing.available),
        credits(adjustment.standing.last_purchase),
    ]
}

impl<R: Row> Reader<'_, R> {
    pub(super) fn adjustment(&self) -> Result<Adjustment, StoreError> {
        let change = match self.text("kind")?.as_str() {
            "credit" => Change::Credit {
                credits: self.credits("credits")?,
                expires_at: self.maybe_moment("expires_at")?,
            },
            "debit" => Change::Debit { credits: self.credits("credits")? },
            "refund" => Change::Refund {
                purchase: self.text("purchase")?,
                credits: self.maybe_credits("credits")?,
            },
            "void" => Change::Void { lot: self.count("lot")? },
            _ => return Err(unreadable("kind")),
        };
        let (tenant, key) = (self.text("tenant")?, self.text("key_name")?);
        Ok(Adjustment {
            asked: Adjust { tenant, key, change, reason: self.text("reason")? },
            number: self.count("number")?,
            amount: self.balance("amount")?,
            paid: self.credits("paid")?,
            at: self.moment("at")?,
            standing: self.standing()?,
        })
    }
}
