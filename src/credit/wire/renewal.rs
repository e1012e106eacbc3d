//! `POST /v1/renewals`: keeps holds open whose requests still run, in batches.
use std::borrow::Cow;

use super::{BATCH_MAX, FieldError, Fields, UNAVAILABLE};
use crate::credit::Outcome;
use crate::json::{Document, Value, Writer};

/// An item of `POST /v1/renewals`: let a hold expire later.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Renewal<'r> {
    /// The tenant of the hold.
    pub tenant: Cow<'r, str>,
    pub hold_id: Cow<'r, str>,
    /// The seconds from now until the hold may expire, from 1 to
    /// [`EXPIRES_MAX`](super::EXPIRES_MAX). A hold never expires sooner than before.
    pub expires_in: u64,
}

/// What became of one renewal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Renewed<'r> {
    /// The hold that the renewal named.
    pub hold_id: Cow<'r, str>,
    /// What the ledger says; `None` for a word that this side does not know.
    pub outcome: Option<Outcome>,
    /// The ledger could not take this renewal now: it is to be sent again.
    pub waits: bool,
}

impl Renewal<'_> {
    /// Writes the renewal as an item of a batch.
    pub fn write(&self, out: &mut Writer) {
        out.object(|w| {
            w.key("tenant").string(&self.tenant);
            w.key("hold_id").string(&self.hold_id);
            w.key("expires_in").number(self.expires_in);
        });
    }

    /// Reads a batch `{"holds": […]}` on the ledger's side: a wrong item leaves the others as they
    /// are.
    ///
    /// # Errors
    /// When the body is not such a batch, or has more than [`BATCH_MAX`] items.
    pub fn read_batch<'d>(
        document: &'d Document<'d>,
    ) -> Result<Vec<Result<Renewal<'d>, FieldError>>, FieldError> {
        let fields = Fields::of(document.root(), "")?;
        fields.allow_only(&["holds"])?;
        if fields.get("holds").is_none() {
            return Err(fields.error("holds", "expected a list"));
        }
        let list = fields.list("holds", BATCH_MAX)?;
        Ok(list.into_iter().map(|(at, item)| Renewal::read(item, &at)).collect())
    }

    fn read<'d>(value: Value<'d>, at: &str) -> Result<Renewal<'d>, FieldError> {
        let fields = Fields::of(value, at)?;
        fields.allow_only(&["tenant", "hold_id", "expires_in"])?;
        Ok(Renewal {
            tenant: fields.name("tenant")?,
            hold_id: fields.name("hold_id")?,
            expires_in: fields
                .expires_in()?
                .ok_or_else(|| fields.error("expires_in", "missing"))?,
        })
    }
}

impl<'r> Renewed<'r> {
    /// Reads a ledger's answer to a batch; `None` when it is not such an answer. An item that names
    /// no hold is left out.
    #[must_use]
    pub fn read(document: &'r Document<'_>) -> Option<Vec<Self>> {
        let list = document.root().get("renewals").filter(|list| list.is_array())?;
        let renewed = |item: Value<'r>| {
            let outcome = item.str_of("outcome").unwrap_or_default();
            Some(Self {
                hold_id: item.str_of("hold_id")?,
                outcome: Outcome::named(&outcome),
                waits: outcome == UNAVAILABLE,
            })
        };
        Some(list.items().filter_map(renewed).collect())
    }
}
