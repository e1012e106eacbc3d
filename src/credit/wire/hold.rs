//! `POST /v1/holds`: the request for a hold, and the ledger's answer.
use std::borrow::Cow;

use super::{FieldError, Fields, write_optional};
use crate::credit::{Balance, Credits, Outcome};
use crate::json::{Document, Writer};

/// The body of `POST /v1/holds`: set credits aside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HoldRequest<'h> {
    /// The caller's id for the hold: sent twice, it is held once.
    pub hold_id: Cow<'h, str>,
    pub tenant: Cow<'h, str>,
    /// The user, for budgets.
    pub user: Option<Cow<'h, str>>,
    /// The key's name, for budgets.
    pub key: Option<Cow<'h, str>>,
    pub credits: Credits,
    /// After how many seconds the hold expires, from 1 to [`EXPIRES_MAX`](super::EXPIRES_MAX).
    pub expires_in: u64,
}

/// The ledger's answer: what became of the hold, and the account after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HoldReply {
    /// [`Outcome::Held`], or why the hold was refused.
    pub outcome: Outcome,
    pub balance: Balance,
    /// The balance without what is held.
    pub available: Balance,
    /// The credits of the tenant's last purchase.
    pub last_purchase: Credits,
}

impl HoldRequest<'_> {
    #[must_use]
    pub fn write(&self) -> Vec<u8> {
        let mut out = Writer::after(Vec::with_capacity(192));
        out.object(|w| {
            w.key("hold_id").string(&self.hold_id);
            w.key("tenant").string(&self.tenant);
            write_optional("user", self.user.as_deref(), w);
            write_optional("key", self.key.as_deref(), w);
            w.key("credits").string(&self.credits.to_string());
            w.key("expires_in").number(self.expires_in);
        });
        out.finish()
    }

    /// Reads the request, on the ledger's side.
    ///
    /// # Errors
    /// The first field that is missing, unknown or wrong.
    pub fn read<'d>(document: &'d Document<'d>) -> Result<HoldRequest<'d>, FieldError> {
        let fields = Fields::of(document.root(), "")?;
        fields.allow_only(&["hold_id", "tenant", "user", "key", "credits", "expires_in"])?;
        Ok(HoldRequest {
            hold_id: fields.name("hold_id")?,
            tenant: fields.name("tenant")?,
            user: fields.optional_name("user")?,
            key: fields.optional_name("key")?,
            credits: fields.credits("credits")?,
            expires_in: fields.expires_in()?.unwrap_or(900),
        })
    }
}

impl HoldReply {
    /// Reads the answer, on the proxy's side.
    ///
    /// The HTTP `status` decides: 2xx is held, 402 is refused. `None` for any other status, and for
    /// a body without a balance.
    #[must_use]
    pub fn read(status: u16, document: &Document<'_>) -> Option<Self> {
        let root = document.root();
        let balance = |key| root.str_of(key).and_then(|text| Balance::parse(&text));
        let last = root.str_of("last_purchase").and_then(|text| text.parse().ok());
        let outcome = root.str_of("code").and_then(|code| Outcome::named(&code));
        let outcome = match status {
            200..=299 => Outcome::Held,
            402 => outcome.unwrap_or(Outcome::Insufficient),
            _ => return None,
        };
        Some(Self {
            outcome,
            balance: balance("balance")?,
            available: balance("available")?,
            last_purchase: last.unwrap_or_default(),
        })
    }
}
