//! An answer that somebody else has had: looked for by what is asked.
//!
//! The name of an answer is a digest of all that it depends on: who may be given it, the API, the
//! chain, and the body, however that is written.
use std::rc::Rc;

use super::super::Host;
use super::super::store::{Keep, Kept};
use super::body::Desk;
use super::config::Config;
use super::head::Head;
use crate::credit::Credits;
use crate::decide::{Caching, canonical};
use crate::json::Document;
use crate::policy::{Cache, CacheScope};
use crate::resilience::{Name, Spot};

/// Members of a body that say how an answer comes, and not what it says.
const HOW: [&str; 2] = ["stream", "stream_options"];

/// A request whose answer may be kept.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cached {
    /// Its name, and where its answer is to stand.
    under: (Name, Spot),
    /// Whether there is an answer that may stand in where no model answers.
    pub(super) is_stale: bool,
}

/// An answer that is given again.
#[derive(Debug)]
pub(super) struct Again {
    pub(super) kept: Box<Kept>,
    /// What it costs now; nothing where nobody counts.
    pub(super) price: Credits,
}

/// What was found of a request's answer.
#[derive(Debug, Default)]
pub(super) struct Looked {
    /// How its answer is kept; `None` where it is not.
    pub(super) cached: Option<Cached>,
    /// The answer to give again, where there is one.
    pub(super) again: Option<Again>,
}

impl Looked {
    /// Looks for the answer to a request; whether it is there.
    pub(super) fn find(
        &mut self,
        desk: &Desk<'_>,
        caching: Caching,
        document: &Document<'_>,
    ) -> bool {
        let Some((cache, _)) = desk.config.cache() else { return false };
        let name = name(cache, desk, caching, document);
        self.find_named((name, caching.max_age_ms), desk.config, desk.host)
    }

    /// The same by the answer's name, and how old it may be in milliseconds.
    pub(super) fn find_named(
        &mut self,
        (name, max_age_ms): (Name, u64),
        config: &Config,
        host: &dyn Host,
    ) -> bool {
        let Some((cache, store)) = config.cache() else { return false };
        let (kept, spot) = store.find(name, host);
        let kept = kept.filter(|_| max_age_ms > 0);
        let is_stale = kept.as_ref().is_some_and(|kept| kept.may_stand_in(cache));
        self.cached = Some(Cached { under: (name, spot), is_stale });
        let is_there = |kept: &Kept| kept.is_fresh(cache) && kept.age_ms <= max_age_ms;
        self.again = kept.filter(is_there).map(|kept| {
            let priced = config.counted().and(kept.credits);
            let price = priced.unwrap_or_default().share(cache.price);
            Again { kept: Box::new(kept), price }
        });
        self.again.is_some()
    }
}

impl Cached {
    /// The answer's name.
    pub(super) const fn name(&self) -> Name {
        self.under.0
    }

    /// The answer that may stand in, where there still is one.
    pub(super) fn stale(self, config: &Config, host: &dyn Host) -> Option<Kept> {
        let (cache, store) = config.cache()?;
        store.find(self.under.0, host).0.filter(|kept| kept.may_stand_in(cache))
    }

    /// What is to be done to keep an answer.
    pub(super) fn keep(self, config: &Config, guests: Vec<String>) -> Option<Box<Keep>> {
        let (_, store) = config.cache()?;
        Some(Box::new(Keep { store: Rc::clone(store), under: self.under, guests }))
    }
}

/// The name of the answer to a request.
fn name(cache: &Cache, desk: &Desk<'_>, caching: Caching, document: &Document<'_>) -> Name {
    let mut name = desk.config.secret.digest(desk.host);
    let head: &Head = desk.head;
    let tenant = &head.tenant;
    // What all of a tenant may find is nothing for those of it who have no user.
    let (scope, whose, user) = match cache.scope {
        CacheScope::Everybody => (0, "", None),
        CacheScope::Tenant => (1, &*tenant.tenant, None),
        CacheScope::User => (2, &*tenant.tenant, tenant.user.as_deref()),
    };
    name.number(scope);
    name.text(whose);
    name.number(u64::from(user.is_some()));
    name.text(user.unwrap_or_default());
    name.text(head.endpoint.operation.name);
    name.text(head.inbound.format.name);
    name.number(caching.chain);
    for (tag, value) in tenant.require.iter() {
        name.text(tag);
        name.text(value);
    }
    name.number(u64::MAX);
    for (header, value) in &head.forwarded {
        name.text(header);
        name.text(value);
    }
    name.number(u64::MAX);
    canonical(document.root(), &HOW, &mut |bytes| name.write(bytes));
    name.finish()
}
