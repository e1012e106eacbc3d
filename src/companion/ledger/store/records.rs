//! Records as rows of tables, and how they are read: the same way in every database.
use super::StoreError;
use super::table::{Kind, Table};
use crate::companion::ledger::view::{AlertView, Delivery, DeliveryState, SpendRow, Webhook};
use crate::credit::{
    Account, Alert, Balance, Buying, Credits, Deal, Draw, Hold, HoldState, Lot, Meter, MeterKey,
    Moment, Purchase, Share, Standing, Tier,
};

use Kind::{Int, Text};

pub(super) static TENANTS: Table = Table::new(
    "tenants",
    &[
        ("tenant", Text),
        ("balance", Int),
        ("held", Int),
        ("overdraft", Int),
        ("last_purchase", Int),
        ("budgets", Text),
        ("alarms", Text),
        ("webhook", Text),
        ("mark", Int),
        ("entries", Int),
        ("alerts", Int),
        ("seal", Int),
    ],
    1,
);

pub(super) static LOTS: Table = Table::new(
    "lots",
    &[("tenant", Text), ("number", Int), ("remaining", Int), ("expires_at", Int), ("seal", Int)],
    2,
);

pub(super) static HOLDS: Table = Table::new(
    "holds",
    &[
        ("tenant", Text),
        ("id", Text),
        ("user_name", Text),
        ("key_name", Text),
        ("credits", Int),
        ("remaining", Int),
        ("lapsed", Int),
        ("made", Int),
        ("expires_at", Int),
        ("state", Text),
        ("settled", Int),
        ("seal", Int),
    ],
    2,
);

pub(super) static DRAWS: Table = Table::new(
    "draws",
    &[
        ("tenant", Text),
        ("hold_id", Text),
        ("id", Text),
        ("credits", Int),
        ("releases", Int),
        ("seal", Int),
    ],
    3,
);

pub(super) static PURCHASES: Table = Table::new(
    "purchases",
    &[
        ("tenant", Text),
        ("key_name", Text),
        ("number", Int),
        ("asked", Text),
        ("credits", Int),
        ("paid", Int),
        ("discount", Int),
        ("expires_at", Int),
        ("at", Int),
        ("balance", Int),
        ("available", Int),
        ("last_purchase", Int),
        ("seal", Int),
    ],
    2,
);

pub(super) static ALERTS: Table = Table::new(
    "alerts",
    &[
        ("tenant", Text),
        ("number", Int),
        ("at", Int),
        ("threshold", Text),
        ("balance", Int),
        ("available", Int),
        ("last_purchase", Int),
        ("state", Text),
        ("attempts", Int),
        ("next_at", Int),
        ("error", Text),
        ("seal", Int),
    ],
    2,
);

pub(super) static METERS: Table = Table::new(
    "meters",
    &[
        ("tenant", Text),
        ("span", Text),
        ("label", Text),
        ("spent", Int),
        ("held", Int),
        ("seal", Int),
    ],
    3,
);

pub(super) static TIERS: Table =
    Table::new("tiers", &[("at_least", Int), ("discount", Int), ("seal", Int)], 1);

/// A row of a database's result.
pub(super) trait Row {
    /// A column of numbers.
    fn int(&self, column: &str) -> Result<Option<i64>, StoreError>;

    /// A column of texts.
    fn text(&self, column: &str) -> Result<Option<String>, StoreError>;
}

/// Reads records from a row, and names the column that no ledger would have written.
pub(super) struct Reader<'r, R>(pub(super) &'r R);

impl<R: Row> Reader<'_, R> {
    pub(super) fn text(&self, column: &str) -> Result<String, StoreError> {
        self.0.text(column)?.ok_or_else(|| unreadable(column))
    }

    pub(super) fn maybe_text(&self, column: &str) -> Result<Option<String>, StoreError> {
        self.0.text(column)
    }

    pub(super) fn count(&self, column: &str) -> Result<u64, StoreError> {
        self.maybe_count(column)?.ok_or_else(|| unreadable(column))
    }

    pub(super) fn maybe_count(&self, column: &str) -> Result<Option<u64>, StoreError> {
        let Some(number) = self.0.int(column)? else { return Ok(None) };
        u64::try_from(number).map(Some).map_err(|_| unreadable(column))
    }

    pub(super) fn credits(&self, column: &str) -> Result<Credits, StoreError> {
        self.maybe_credits(column)?.ok_or_else(|| unreadable(column))
    }

    pub(super) fn maybe_credits(&self, column: &str) -> Result<Option<Credits>, StoreError> {
        let Some(micros) = self.maybe_count(column)? else { return Ok(None) };
        Credits::of_micros(micros).map(Some).ok_or_else(|| unreadable(column))
    }

    pub(super) fn balance(&self, column: &str) -> Result<Balance, StoreError> {
        self.0.int(column)?.map(Balance::of_micros).ok_or_else(|| unreadable(column))
    }

    pub(super) fn moment(&self, column: &str) -> Result<Moment, StoreError> {
        self.count(column).map(Moment::of_millis)
    }

    pub(super) fn maybe_moment(&self, column: &str) -> Result<Option<Moment>, StoreError> {
        Ok(self.maybe_count(column)?.map(Moment::of_millis))
    }

    pub(super) fn lines<T: core::str::FromStr>(&self, column: &str) -> Result<Vec<T>, StoreError> {
        let text = self.text(column)?;
        text.lines().map(|line| line.parse().map_err(|_| unreadable(column))).collect()
    }

    fn share(&self, column: &str) -> Result<Share, StoreError> {
        let parts = u32::try_from(self.count(column)?).ok();
        parts.and_then(Share::of_parts).ok_or_else(|| unreadable(column))
    }

    pub(super) fn standing(&self) -> Result<Standing, StoreError> {
        Ok(Standing {
            balance: self.balance("balance")?,
            available: self.balance("available")?,
            last_purchase: self.credits("last_purchase")?,
        })
    }

    /// An account without its lots, which are rows of another table.
    pub(super) fn account(&self) -> Result<Account, StoreError> {
        Ok(Account {
            tenant: self.text("tenant")?,
            balance: self.balance("balance")?,
            held: self.credits("held")?,
            overdraft: self.credits("overdraft")?,
            last_purchase: self.credits("last_purchase")?,
            lots: Vec::new(),
            budgets: self.lines("budgets")?,
            alert_rules: self.lines("alarms")?,
            webhook: self.maybe_text("webhook")?,
            latest_at: self.moment("mark")?,
            entries: self.count("entries")?,
            alerts: self.count("alerts")?,
        })
    }

    pub(super) fn lot(&self) -> Result<(String, Lot), StoreError> {
        let lot = Lot {
            number: self.count("number")?,
            remaining: self.credits("remaining")?,
            expires_at: self.maybe_moment("expires_at")?,
        };
        Ok((self.text("tenant")?, lot))
    }

    pub(super) fn hold(&self) -> Result<Hold, StoreError> {
        Ok(Hold {
            tenant: self.text("tenant")?,
            id: self.text("id")?,
            user: self.maybe_text("user_name")?,
            key: self.maybe_text("key_name")?,
            credits: self.credits("credits")?,
            remaining: self.credits("remaining")?,
            lapsed: self.credits("lapsed")?,
            made: self.moment("made")?,
            expires_at: self.moment("expires_at")?,
            state: HoldState::named(&self.text("state")?).ok_or_else(|| unreadable("state"))?,
            settled: self.maybe_credits("settled")?,
        })
    }

    pub(super) fn draw(&self) -> Result<Draw, StoreError> {
        Ok(Draw {
            tenant: self.text("tenant")?,
            hold_id: self.text("hold_id")?,
            id: self.text("id")?,
            credits: self.credits("credits")?,
            releases: self.credits("releases")?,
        })
    }

    pub(super) fn purchase(&self) -> Result<Purchase, StoreError> {
        let deal = Deal {
            credits: self.credits("credits")?,
            paid: self.credits("paid")?,
            discount: self.share("discount")?,
        };
        Ok(Purchase {
            tenant: self.text("tenant")?,
            key: self.text("key_name")?,
            number: self.count("number")?,
            buying: match self.text("asked")?.as_str() {
                "credits" => Buying::Credits(deal.credits),
                "paid" => Buying::Paid(deal.paid),
                _ => return Err(unreadable("asked")),
            },
            deal,
            expires_at: self.maybe_moment("expires_at")?,
            at: self.moment("at")?,
            standing: self.standing()?,
        })
    }

    pub(super) fn alert(&self) -> Result<AlertView, StoreError> {
        let threshold = self.text("threshold")?;
        let Standing { balance, available, last_purchase } = self.standing()?;
        let alert = Alert {
            tenant: self.text("tenant")?,
            number: self.count("number")?,
            at: self.moment("at")?,
            threshold: threshold.parse().map_err(|_| unreadable("threshold"))?,
            balance,
            available,
            last_purchase,
        };
        let state = DeliveryState::named(&self.text("state")?);
        let delivery = Delivery {
            state: state.ok_or_else(|| unreadable("state"))?,
            attempts: u32::try_from(self.count("attempts")?).unwrap_or(u32::MAX),
            next_at: self.moment("next_at")?,
            error: self.maybe_text("error")?,
        };
        Ok(AlertView { alert, delivery })
    }

    /// An alert to deliver, with its tenant's URL.
    pub(super) fn webhook(&self) -> Result<Webhook, StoreError> {
        let AlertView { alert, delivery } = self.alert()?;
        Ok(Webhook { alert, url: self.maybe_text("webhook")?, attempts: delivery.attempts })
    }

    /// What was spent on a model on a day.
    pub(super) fn spend(&self) -> Result<SpendRow, StoreError> {
        let (span, label) = (self.text("span")?, self.text("label")?);
        let rest = |text: &str, head: &str| text.strip_prefix(head).unwrap_or(text).to_owned();
        Ok(SpendRow {
            day: rest(&span, "day:"),
            model: rest(&label, "model:"),
            credits: self.sum("spent")?,
        })
    }

    /// A sum, which may be more than one amount can be: then [`Credits::MAX`].
    pub(super) fn sum(&self, column: &str) -> Result<Credits, StoreError> {
        Ok(Credits::clamped(self.count(column)?.into()))
    }

    pub(super) fn meter(&self) -> Result<(MeterKey, Meter), StoreError> {
        let key = MeterKey {
            tenant: self.text("tenant")?,
            label: self.text("label")?,
            window: self.text("span")?.parse().map_err(|_| unreadable("span"))?,
        };
        Ok((key, Meter { spent: self.credits("spent")?, held: self.credits("held")? }))
    }

    pub(super) fn tier(&self) -> Result<Tier, StoreError> {
        Ok(Tier { at_least: self.credits("at_least")?, discount: self.share("discount")? })
    }
}

pub(super) fn unreadable(column: &str) -> StoreError {
    StoreError::Refused(format!("the column `{column}` holds what no ledger wrote"))
}
