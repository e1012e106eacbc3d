//! `POST /v1/renewals`: holds of requests that still run live on, in batches.
use std::borrow::Cow;

use super::{BATCH_MAX, Fields, Wrong};
use crate::credit::Outcome;
use crate::json::{Document, Value, Writer};

/// One item of `POST /v1/renewals`: let a hold live longer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Renewal<'r> {
    /// Whose hold it is.
    pub tenant: Cow<'r, str>,
    /// Its id.
    pub hold_id: Cow<'r, str>,
    /// For how many seconds from now, from 1 to [`EXPIRES_MAX`](super::EXPIRES_MAX). It never ends
    /// sooner than it did.
    pub expires_in: u64,
}

/// What became of one renewal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Renewed {
    /// What; none for a word that this side does not know.
    pub outcome: Option<Outcome>,
}

impl Renewal<'_> {
    /// Writes a batch, the body of a call; of at most [`BATCH_MAX`].
    #[must_use]
    pub fn write_batch(renewals: &[Self]) -> Vec<u8> {
        let size = renewals.len().saturating_mul(96).saturating_add(16);
        let mut out = Writer::after(Vec::with_capacity(size));
        out.object(|w| {
            w.key("holds").array(|w| renewals.iter().for_each(|renewal| renewal.write(w)));
        });
        out.finish()
    }

    /// Writes it, as one item of a batch.
    pub fn write(&self, out: &mut Writer) {
        out.object(|w| {
            w.key("tenant").string(&self.tenant);
            w.key("hold_id").string(&self.hold_id);
            w.key("expires_in").number(self.expires_in);
        });
    }

    /// Reads a batch `{"holds": […]}`, as a ledger does: each item for itself.
    ///
    /// # Errors
    /// When it is no batch at all, or one of more than [`BATCH_MAX`].
    pub fn read_batch<'d>(
        document: &'d Document<'d>,
    ) -> Result<Vec<Result<Renewal<'d>, Wrong>>, Wrong> {
        let fields = Fields::of(document.root(), "")?;
        fields.known(&["holds"])?;
        if fields.get("holds").is_none() {
            return Err(fields.wrong("holds", "expected a list"));
        }
        let list = fields.list("holds", BATCH_MAX)?;
        Ok(list.into_iter().map(|(at, item)| Renewal::read(item, &at)).collect())
    }

    fn read<'d>(value: Value<'d>, at: &str) -> Result<Renewal<'d>, Wrong> {
        let fields = Fields::of(value, at)?;
        fields.known(&["tenant", "hold_id", "expires_in"])?;
        Ok(Renewal {
            tenant: fields.name("tenant")?,
            hold_id: fields.name("hold_id")?,
            expires_in: fields
                .expires_in()?
                .ok_or_else(|| fields.wrong("expires_in", "missing"))?,
        })
    }
}

impl Renewed {
    /// Reads what a ledger answers to a batch, in the order of its items, as a proxy does; none
    /// when it is no such answer.
    #[must_use]
    pub fn read(document: &Document<'_>) -> Option<Vec<Self>> {
        let renewals = document.root().get("renewals").filter(|list| list.is_array())?;
        let word = |item: Value<'_>| item.str_of("outcome").and_then(|word| Outcome::named(&word));
        Some(renewals.items().map(|item| Self { outcome: word(item) }).collect())
    }
}
