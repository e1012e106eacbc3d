//! The ledger, as far as one request meets it: an account that has so much.
use crate::credit::wire::HoldRequest;
use crate::credit::{Credits, Outcome};
use crate::json::{Document, Limits, Writer};

/// What a tenant has.
#[derive(Debug, Clone, Copy, Default)]
pub struct Account {
    /// What is left; `None` for more than anybody could ask for.
    pub balance: Option<Credits>,
    /// The last purchase, of which a policy's threshold may be a share; `None` for as much as is
    /// left.
    pub last_purchase: Option<Credits>,
}

/// What an account without bounds has: a billion credits.
const PLENTY: Credits = Credits::clamped(1_000_000_000_000_000);

impl Account {
    /// Answers `POST /v1/holds`: the status and the body.
    pub(super) fn hold(&self, body: &[u8]) -> (u16, Vec<u8>) {
        let document = Document::parse(body, Limits::default()).ok();
        let asked = document.as_ref().and_then(|document| HoldRequest::read(document).ok());
        let asked = asked.map(|hold| hold.credits).unwrap_or_default();
        let balance = self.balance.unwrap_or(PLENTY);
        let held = balance >= asked;
        let available = if held { balance.saturating_sub(asked) } else { balance };
        let mut out = Writer::new();
        out.object(|out| {
            if !held {
                out.key("code").string(Outcome::Insufficient.consequence().name);
            }
            out.key("balance").string(&balance.to_string());
            out.key("available").string(&available.to_string());
            let last = self.last_purchase.unwrap_or(balance);
            out.key("last_purchase").string(&last.to_string());
        });
        (if held { 201 } else { 402 }, out.finish())
    }
}
