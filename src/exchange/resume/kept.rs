//! What is kept of a request whose answer may have to go on: its own words, and whose they are.
use super::super::{Call, CallId, Purpose};
use super::{HEADER, RESUME_CLUSTER, Resumption};
use crate::decide::{Origin, Resumed};
use crate::dialect::with_said;
use crate::layout::{Reader, Writer};
use crate::policy::Tenant;

/// The longest body that is kept, in bytes: 4 MiB. Envoy holds it until the request is over.
pub(in super::super) const BODY_MAX: usize = 4 << 20;

/// The `host` header that the rest is asked for with.
const AUTHORITY: &str = "resume.tradewind";

/// What is kept of a request.
#[derive(Debug, PartialEq, Eq)]
pub(in super::super) struct Kept<'k> {
    /// The path that the app has called.
    pub(in super::super) path: &'k str,
    /// The app's headers that count.
    pub(in super::super) headers: Vec<(&'k str, &'k str)>,
    /// Whose it is, with nothing said and no models yet: as [`Resumption`] writes it.
    pub(in super::super) whose: &'k str,
    /// The app's own body.
    pub(in super::super) body: &'k [u8],
}

impl<'k> Kept<'k> {
    /// Whose a request of that id is, and what was found of it.
    pub(in super::super) fn whose(of: &str, tenant: &Tenant, origin: Origin) -> String {
        let resumed = Resumed { chain: String::new(), models: Vec::new(), said: 0, origin };
        Resumption { of: of.to_owned(), tenant: tenant.clone(), resumed }.write()
    }

    /// Writes it for filter state.
    pub(in super::super) fn encode(&self) -> Vec<u8> {
        let mut out = Writer::with_capacity(self.body.len().saturating_add(512));
        out.text(self.path);
        out.list(&self.headers, |out, (name, value)| {
            out.text(name);
            out.text(value);
        });
        out.text(self.whose);
        out.bytes(self.body);
        out.finish()
    }

    /// Reads what [`Kept::encode`] gave.
    pub(in super::super) fn decode(bytes: &'k [u8]) -> Option<Self> {
        let mut fields = Reader::of(bytes);
        let pair = |fields: &mut Reader<'k>| Some((fields.text()?, fields.text()?));
        let read = Self {
            path: fields.text()?,
            headers: fields.list(pair)?,
            whose: fields.text()?,
            body: fields.bytes()?,
        };
        fields.is_empty().then_some(read)
    }

    /// The call for the rest of the answer, from these models of its chain, where that was said of
    /// it in so many tokens.
    pub(in super::super) fn call(
        &self,
        (chain, models): (String, Vec<String>),
        (said, tokens): (&str, u64),
        timeout_ms: u64,
    ) -> Option<Call> {
        let own = Resumption::read(self.whose.as_bytes())?;
        let resumed = Resumed { chain, models, said: tokens, ..own.resumed };
        let header = (HEADER.to_owned(), Resumption { resumed, ..own }.write());
        let headers = self.headers.iter();
        let headers = headers.map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Some(Call {
            id: CallId { purpose: Purpose::Resume, number: 1 },
            cluster: RESUME_CLUSTER.to_owned(),
            authority: AUTHORITY.to_owned(),
            path: self.path.to_owned(),
            headers: headers.chain([header]).collect(),
            body: with_said(self.body, said)?,
            timeout_ms,
        })
    }
}
