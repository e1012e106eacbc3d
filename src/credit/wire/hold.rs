//! `POST /v1/holds`: what is asked, and how the account stands after it.
use std::borrow::Cow;

use super::{FieldError, Fields, write_optional};
use crate::credit::{Balance, Credits, Outcome};
use crate::json::{Document, Writer};

/// `POST /v1/holds`: set credits aside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HoldRequest<'h> {
    /// The asker's own id of it: asked twice, it is held once.
    pub hold_id: Cow<'h, str>,
    pub tenant: Cow<'h, str>,
    /// On whose behalf, for budgets.
    pub user: Option<Cow<'h, str>>,
    /// With which key, for budgets.
    pub key: Option<Cow<'h, str>>,
    pub credits: Credits,
    /// For how many seconds, from 1 to [`EXPIRES_MAX`](super::EXPIRES_MAX).
    pub expires_in: u64,
}

/// What a ledger says of an account, with a hold or without.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HoldReply {
    /// What became of the hold.
    pub outcome: Outcome,
    /// What the account has.
    pub balance: Balance,
    /// What of it is not held.
    pub available: Balance,
    /// What was bought last.
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

    /// Reads it, as a ledger does.
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
    /// Reads what a ledger answers to a hold, granted or not, as a proxy does.
    ///
    /// `status` decides what became of the hold: 2xx is held, 402 is not. None for anything else,
    /// and for an answer that says less than that.
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
