//! Entries as rows: one table for every reason that a balance can change for.
use super::StoreError;
use super::cells::{balance, count, credits, lines, maybe_moment, maybe_text, moment, text};
use super::records::{Reader, Row, unreadable};
use super::table::{Cell, Kind, Table};
use crate::credit::{Adjusted, Change, Charge, ChargeDetails, Entry, Reason};
use crate::usage::Usage;

use Kind::{Int, Text};

pub(super) static ENTRIES: Table = Table::new(
    "entries",
    &[
        ("tenant", Text),
        ("number", Int),
        ("at", Int),
        ("kind", Text),
        ("amount", Int),
        ("balance", Int),
        ("hold_id", Text),
        ("draw", Text),
        ("part", Int),
        ("user_name", Text),
        ("key_name", Text),
        ("model", Text),
        ("outcome", Text),
        ("counts_at", Int),
        ("late", Int),
        ("overrun", Int),
        ("flags", Text),
        ("estimated", Int),
        ("input", Int),
        ("cached_input", Int),
        ("cache_write", Int),
        ("cache_write_1h", Int),
        ("output", Int),
        ("reasoning", Int),
        ("lot", Int),
        ("expires_at", Int),
        ("reason", Text),
        ("seal", Int),
    ],
    2,
);

/// What stands in the columns that a reason does not need.
const NO_TEXT: Cell = Cell::Text(None);
const NO_INT: Cell = Cell::Int(None);

pub(super) fn entry_row(entry: &Entry) -> Vec<Cell> {
    let mut row = vec![
        text(&entry.tenant),
        count(entry.number),
        moment(entry.at),
        text(entry.reason.name()),
        balance(entry.amount),
        balance(entry.balance),
    ];
    row.extend(match &entry.reason {
        Reason::Charge(charge) => charge_cells(charge),
        Reason::Purchase { key, expires_at } => {
            cells(text(key), NO_INT, maybe_moment(*expires_at), NO_TEXT)
        }
        Reason::Expiry { lot } => cells(NO_TEXT, count(*lot), NO_INT, NO_TEXT),
        Reason::Repair { lot } => cells(NO_TEXT, lot.map_or(NO_INT, count), NO_INT, NO_TEXT),
        Reason::Adjustment(adjusted) => {
            let Adjusted { change: _, key, lot, expires_at, reason } = &**adjusted;
            cells(text(key), lot.map_or(NO_INT, count), maybe_moment(*expires_at), text(reason))
        }
    });
    row
}

fn cells(key: Cell, lot: Cell, expires_at: Cell, reason: Cell) -> [Cell; 21] {
    [
        NO_TEXT, NO_TEXT, NO_INT, NO_TEXT, key, NO_TEXT, NO_TEXT, NO_INT, NO_INT, NO_INT, NO_TEXT,
        NO_INT, NO_INT, NO_INT, NO_INT, NO_INT, NO_INT, NO_INT, lot, expires_at, reason,
    ]
}

fn charge_cells(charge: &Charge) -> [Cell; 21] {
    let ChargeDetails { model, outcome, usage, estimated } = &charge.details;
    [
        text(&charge.hold_id),
        maybe_text(charge.draw.as_ref()),
        count(charge.part),
        maybe_text(charge.user.as_ref()),
        maybe_text(charge.key.as_ref()),
        maybe_text(model.as_ref()),
        maybe_text(outcome.as_ref()),
        moment(charge.counts_at),
        count(charge.late.into()),
        credits(charge.overrun),
        lines(&charge.flags),
        count((*estimated).into()),
        count(usage.input),
        count(usage.cached_input),
        count(usage.cache_write),
        count(usage.cache_write_hour),
        count(usage.output),
        count(usage.reasoning),
        NO_INT,
        NO_INT,
        NO_TEXT,
    ]
}

impl<R: Row> Reader<'_, R> {
    pub(super) fn entry(&self) -> Result<Entry, StoreError> {
        Ok(Entry {
            tenant: self.text("tenant")?,
            number: self.count("number")?,
            at: self.moment("at")?,
            amount: self.balance("amount")?,
            balance: self.balance("balance")?,
            reason: match self.text("kind")?.as_str() {
                "purchase" => Reason::Purchase {
                    key: self.text("key_name")?,
                    expires_at: self.maybe_moment("expires_at")?,
                },
                "charge" => Reason::Charge(Box::new(self.charge()?)),
                "expiry" => Reason::Expiry { lot: self.count("lot")? },
                "repair" => Reason::Repair { lot: self.maybe_count("lot")? },
                kind => {
                    let known = Change::NAMES.into_iter().find(|name| *name == kind);
                    Reason::Adjustment(Box::new(Adjusted {
                        change: known.ok_or_else(|| unreadable("kind"))?,
                        key: self.text("key_name")?,
                        lot: self.maybe_count("lot")?,
                        expires_at: self.maybe_moment("expires_at")?,
                        reason: self.text("reason")?,
                    }))
                }
            },
        })
    }

    fn charge(&self) -> Result<Charge, StoreError> {
        Ok(Charge {
            hold_id: self.text("hold_id")?,
            draw: self.maybe_text("draw")?,
            part: self.count("part")?,
            user: self.maybe_text("user_name")?,
            key: self.maybe_text("key_name")?,
            counts_at: self.moment("counts_at")?,
            late: self.count("late")? > 0,
            overrun: self.credits("overrun")?,
            flags: self.lines("flags")?,
            details: ChargeDetails {
                model: self.maybe_text("model")?,
                outcome: self.maybe_text("outcome")?,
                usage: self.usage()?,
                estimated: self.count("estimated")? > 0,
            },
        })
    }

    fn usage(&self) -> Result<Usage, StoreError> {
        Ok(Usage {
            input: self.count("input")?,
            cached_input: self.count("cached_input")?,
            cache_write: self.count("cache_write")?,
            cache_write_hour: self.count("cache_write_1h")?,
            output: self.count("output")?,
            reasoning: self.count("reasoning")?,
            garbled: false,
        })
    }
}
