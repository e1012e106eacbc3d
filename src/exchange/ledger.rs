//! A ledger as a proxy knows it: where it is, and what sets it apart from every other.
use std::rc::Rc;

use super::call::{Call, CallId};
use crate::policy::CreditPolicy;
use crate::resilience::digest;

/// A ledger. What is held, lent or owed there is nobody else's: settlements carry it with them, and
/// what workers share of a payer is kept by it.
#[derive(Debug, PartialEq, Eq)]
pub struct Ledger {
    cluster: String,
    authority: String,
    prefix: String,
    secret: Option<String>,
    id: u64,
}

impl Ledger {
    /// The ledger of a policy.
    #[must_use]
    pub fn of(policy: &CreditPolicy) -> Rc<Self> {
        let cluster = policy.cluster.clone();
        let endpoint = policy.endpoint.as_ref();
        let authority = endpoint.map_or_else(|| cluster.clone(), |own| own.authority());
        let prefix = endpoint.map_or("", |endpoint| endpoint.prefix.as_str()).to_owned();
        let id = digest(&format!("{cluster} {authority}{prefix}"));
        Rc::new(Self { cluster, authority, prefix, secret: policy.secret.clone(), id })
    }

    /// A call to the ledger; the path is that of the wire.
    pub(super) fn call(&self, id: CallId, path: &str, body: Vec<u8>, timeout_ms: u64) -> Call {
        Call {
            id,
            cluster: self.cluster.clone(),
            authority: self.authority.clone(),
            path: format!("{}{path}", self.prefix),
            headers: Vec::new(),
            body,
            timeout_ms,
        }
    }

    /// The name of a shared record of this ledger.
    pub(super) fn name(&self, of: &str) -> String {
        format!("{:016x}\u{1f}{of}", self.id)
    }

    /// Where it is, for a log line.
    pub(super) fn shown(&self) -> String {
        format!("`{}` ({}{})", self.cluster, self.authority, self.prefix)
    }

    /// What an operator is told when it refuses this proxy's token.
    pub(super) fn token_refused(&self, status: u16) -> String {
        let token = match &self.secret {
            Some(name) => format!("the token in the secret `{name}`"),
            None => "calls without a token (`credits.secret` names none)".to_owned(),
        };
        format!("the ledger {} refuses {token} with {status}: replace it", self.shown())
    }
}
