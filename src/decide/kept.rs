//! Which model has answered whom, as far as this proxy remembers.
use super::conversation::digest;
use super::world::{World, mixed};
use crate::layout::{Reader, Writer};
use crate::resilience::{Record, Records};

/// What is to be remembered of whoever answers a request.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Keeping {
    /// The name of what is kept on its model, if anything is.
    pub(super) kept: Option<String>,
    /// Where it may call functions, and another model might be given their results.
    pub(super) calls: Option<Calls>,
}

/// Whose calls of functions they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Calls {
    /// Who pays for it.
    pub(super) tenant: String,
    /// A digest of its conversation, where that can be told, under the proxy's secret.
    pub(super) within: u64,
    /// The model that need not be remembered: it is given their results anyway.
    pub(super) unless: Option<String>,
}

impl Keeping {
    /// Remembers which model has answered. `call` is the digest of its first call's id, 0 where it
    /// has called no function. A model of another chain (`is_guest`) is kept on only where it was
    /// before: that it has stood in once is no reason. What cannot be written is not remembered.
    pub fn remember<'s>(
        &self,
        records: impl FnOnce() -> Records<'s>,
        (model, is_guest): (&str, bool),
        call: u64,
    ) {
        let calls = self.calls.as_ref().filter(|_| call != 0);
        let calls = calls.filter(|own| own.unless.as_deref() != Some(model));
        if self.kept.is_none() && calls.is_none() {
            return;
        }
        let records = records();
        if let Some(name) = &self.kept {
            let own = Answered { model: model.to_owned(), at_ms: records.now_ms() };
            let _ = records.update(name, |before: Option<Answered>| {
                let same = before.is_some_and(|before| before.model == own.model);
                (same || !is_guest).then(|| (own.clone(), ()))
            });
        }
        if let Some(calls) = calls {
            let own = Called { model: model.to_owned() };
            let _ = records.update(&calls.name(call), |_: Option<Called>| Some((own.clone(), ())));
        }
    }
}

impl Calls {
    /// The name of an answer's calls. Servers differ in how much an id of a call tells, so that the
    /// conversation is part of it.
    pub(super) fn name(&self, call: u64) -> String {
        of_tenant(&self.tenant, mixed(self.within ^ call))
    }
}

/// The name of what several texts tell. It is the tenant's own, whatever another tenant may say;
/// and whatever another user of the tenant's may say, it is that of no other texts.
pub(super) fn name(world: &World<'_>, tenant: &str, texts: &[&str]) -> String {
    let mut own = world.digest();
    texts.iter().for_each(|text| own.text(text));
    let [half, _] = own.finish();
    of_tenant(tenant, half)
}

fn of_tenant(tenant: &str, digest: u64) -> String {
    format!("{tenant}\x1f{digest:016x}")
}

/// The digest of several texts, which is the same in all proxies: for texts of the operator's own.
pub(super) fn of_texts(texts: &[&str]) -> u64 {
    texts.iter().fold(0, |before, text| digest(before, text))
}

/// Which model has answered last, and when.
#[derive(Debug, Clone)]
pub(super) struct Answered {
    pub(super) model: String,
    /// By the proxy's clock, in milliseconds.
    pub(super) at_ms: u64,
}

impl Record for Answered {
    const KIND: &'static str = "answered.1";

    fn write(&self, out: &mut Writer) {
        out.text(&self.model);
        out.number(self.at_ms);
    }

    fn read(fields: &mut Reader<'_>) -> Option<Self> {
        Some(Self { model: fields.text()?.to_owned(), at_ms: fields.number()? })
    }

    fn is_pinned(&self, _now_ms: u64) -> bool {
        false
    }
}

/// Which model has called functions.
#[derive(Debug, Clone)]
pub(super) struct Called {
    pub(super) model: String,
}

impl Record for Called {
    const KIND: &'static str = "called.1";

    fn write(&self, out: &mut Writer) {
        out.text(&self.model);
    }

    fn read(fields: &mut Reader<'_>) -> Option<Self> {
        Some(Self { model: fields.text()?.to_owned() })
    }

    fn is_pinned(&self, _now_ms: u64) -> bool {
        false
    }
}
