//! What a worker has let through of a subject's limits and not told the others yet.
//!
//! A busy subject would cost each of its requests a read and a write of what all workers share, and
//! as much at its end. So a worker that has just read a subject goes on by itself, for as long as
//! that is news and what it has not told is little beside what is left (`slight.rs`): a tenant
//! that is far from its limits costs next to nothing, and one that comes near them is counted
//! exactly. No worker refuses anybody by what it knows alone.
//!
//! All of it is told with the subject's next change that is not slight, and on the next tick.
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use super::record::Subject;
use super::session::{Had, Place};
use super::subject::{self, Draft, Grant};
use crate::decide::{Claim, Tokens};
use crate::policy::Session;
use crate::port::Host;
use crate::resilience::{Records, UpdateError};

/// For how long a subject is news that was read, in milliseconds: as long as it takes to the next
/// tick while anything is untold.
const NEWS_MS: u64 = 50;

/// Most subjects that a worker knows between two ticks; of more it asks for every request.
const MOST: usize = 1_024;

/// The subjects that a worker has lately read, by their names.
#[derive(Debug, Clone, Default)]
pub struct Tabs(Rc<RefCell<BTreeMap<String, Tab>>>);

/// A subject as a worker knows it.
#[derive(Debug, Default)]
struct Tab {
    /// When it was read, by the proxy's clock in milliseconds.
    read_ms: u64,
    /// As it was then; `None` where nothing has come of it since.
    told: Option<Subject>,
    /// As it is now.
    own: Subject,
}

/// What a worker's own knowledge is weighed by: the rules that are asked, and the session's caps.
#[derive(Debug, Clone, Copy)]
pub(super) struct By<'b> {
    pub(super) grants: &'b [Grant],
    pub(super) caps: Option<&'b Session>,
}

impl Tabs {
    /// Tells the others all that they have not been told, and forgets it.
    pub fn tell(&self, host: &dyn Host) {
        if !self.know_something() {
            return;
        }
        self.tell_at(Records::at(host, host.now_ms()));
    }

    /// The same, at that time.
    pub(super) fn tell_at(&self, records: Records<'_>) {
        for (name, tab) in self.0.take() {
            let untold = tab.told.is_some();
            let told = untold.then(|| tab.tell(&name, records, &mut |_| false));
            if let Some(Err(UpdateError::Contended)) = told {
                self.0.borrow_mut().insert(name, tab);
            }
        }
    }

    /// Whether there may be something to tell.
    pub(in super::super) fn know_something(&self) -> bool {
        !self.0.borrow().is_empty()
    }

    /// Lets a request through by what the worker knows alone; `None` where that will not do. `left`
    /// is told what is left then.
    pub(super) fn take(
        &self,
        claim: &Claim,
        tokens: Tokens,
        now_ms: u64,
        left: &mut dyn FnMut(&Subject),
    ) -> Option<(Vec<Grant>, Option<Place>)> {
        let mut tabs = self.0.borrow_mut();
        let tab = tabs.get_mut(&claim.subject).filter(|tab| tab.is_news(now_ms))?;
        let drafts = drafts(claim, tokens, (tab.told(), &tab.own), now_ms)?;
        let own = tab.changes();
        let place = match &claim.caps {
            None => None,
            Some((caps, estimate)) => {
                Some(Had::enter(&mut own.session, caps, estimate.micros(), now_ms).ok()?)
            }
        };
        let grants = Draft::take(drafts, own, now_ms);
        left(own);
        Some((grants, place))
    }

    /// Changes a subject for all workers, where `change` says that it does. `goes_on` says whether
    /// the worker may go on by itself then.
    pub(super) fn update(
        &self,
        name: &str,
        records: Records<'_>,
        change: &mut dyn FnMut(&mut Subject) -> bool,
        goes_on: impl FnOnce(&Subject) -> bool,
    ) -> Result<(), UpdateError> {
        let tab = self.0.borrow_mut().remove(name);
        let tab = tab.unwrap_or_default();
        match tab.tell(name, records, change) {
            Ok(subject) => {
                if goes_on(&subject) {
                    self.know(name, subject, records.now_ms());
                }
                Ok(())
            }
            Err(error) => {
                // Where it cannot be written now it is told later.
                if error == UpdateError::Contended && tab.told.is_some() {
                    self.0.borrow_mut().insert(name.to_owned(), tab);
                }
                Err(error)
            }
        }
    }

    /// Changes a subject for this worker, and for all where that is not slight. It is changed as
    /// well where the others cannot be told now: they are later.
    pub(super) fn change(
        &self,
        name: &str,
        records: Records<'_>,
        by: By<'_>,
        change: &mut dyn FnMut(&mut Subject),
    ) -> Result<(), UpdateError> {
        let now_ms = records.now_ms();
        let known =
            self.0.borrow_mut().get_mut(name).filter(|tab| tab.is_news(now_ms)).map(|tab| {
                change(tab.changes());
                tab.is_slight(by, now_ms)
            });
        match known {
            Some(true) => Ok(()),
            Some(false) => match self.update(name, records, &mut |_| false, |_| true) {
                Err(UpdateError::Contended) => Ok(()),
                told => told,
            },
            None => {
                let mut change = |subject: &mut Subject| {
                    change(subject);
                    true
                };
                self.update(name, records, &mut change, |_| false)
            }
        }
    }

    /// A subject was written just now.
    fn know(&self, name: &str, own: Subject, read_ms: u64) {
        let mut tabs = self.0.borrow_mut();
        if tabs.len() < MOST {
            tabs.insert(name.to_owned(), Tab { read_ms, told: None, own });
        }
    }
}

/// Whether a request like this one may be let through next by what a worker knows that has just
/// read its subject.
pub(super) fn goes_on(claim: &Claim, tokens: Tokens, subject: &Subject, now_ms: u64) -> bool {
    drafts(claim, tokens, (subject, subject), now_ms).is_some()
}

/// What a request is to take; `None` where others would have to be told of that at once.
fn drafts(
    claim: &Claim,
    tokens: Tokens,
    (told, own): (&Subject, &Subject),
    now_ms: u64,
) -> Option<Vec<Draft>> {
    let drafts = subject::drafts(own, &claim.rules, tokens, now_ms).ok()?;
    let may_enter = claim.caps.as_ref().is_none_or(|(caps, estimate)| {
        let sessions = own.session.zip(told.session);
        sessions.is_some_and(|(own, told)| own.may_enter(told, caps, estimate.micros(), now_ms))
    });
    let slight = drafts.iter().all(|draft| draft.is_slight(told, own, now_ms));
    (may_enter && slight).then_some(drafts)
}

impl Tab {
    const fn is_news(&self, now_ms: u64) -> bool {
        now_ms.saturating_sub(self.read_ms) < NEWS_MS
    }

    /// As all workers know it.
    fn told(&self) -> &Subject {
        self.told.as_ref().unwrap_or(&self.own)
    }

    /// As it is now, to be changed.
    fn changes(&mut self) -> &mut Subject {
        let Self { told, own, .. } = self;
        told.get_or_insert_with(|| own.clone());
        own
    }

    /// Whether what others have not been told is little beside what is left.
    fn is_slight(&self, by: By<'_>, now_ms: u64) -> bool {
        let (told, own) = (self.told(), &self.own);
        let session = by.caps.zip(own.session.zip(told.session));
        by.grants.iter().all(|grant| grant.is_slight(told, own, now_ms))
            && session.is_none_or(|(caps, (own, told))| own.is_slight(told, caps))
    }

    /// Tells what others have not been told, and changes the subject where `change` says that it
    /// does.
    fn tell(
        &self,
        name: &str,
        records: Records<'_>,
        change: &mut dyn FnMut(&mut Subject) -> bool,
    ) -> Result<Subject, UpdateError> {
        let updated = Subject::update(records, name, &mut |subject| {
            if let Some(told) = &self.told {
                subject.follow(told, &self.own, records.now_ms());
            }
            change(subject) || self.told.is_some()
        });
        updated.map(Subject::told)
    }
}
