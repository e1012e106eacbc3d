//! A book in memory, as a store.
use core::future::ready;
use std::sync::{Arc, Mutex, PoisonError};

use super::{Attempt, Fault, Page, Reply, Store};
use crate::companion::ledger::view::{AlertView, Audit, SpendRow, TenantView, Webhook};
use crate::credit::{Answer, Book, Command, Entry, Hold, Moment, Tiers};

/// A book, and nothing else: what it knows is gone with it.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    book: Mutex<Book>,
}

fn now<'s, T: Send + 's>(value: T) -> Reply<'s, T> {
    Box::pin(ready(Ok::<T, Fault>(value)))
}

impl Store for Memory {
    fn transact(&self, commands: Arc<[Command]>, at: Moment) -> Reply<'_, Vec<Answer>> {
        let mut book = self.book.lock().unwrap_or_else(PoisonError::into_inner);
        now(commands.iter().map(|command| book.apply(command, at)).collect())
    }

    fn tenants(&self, _: Option<&str>, _: u32, _: Moment) -> Reply<'_, Vec<TenantView>> {
        now(Vec::new())
    }

    fn tenant(&self, _: &str, _: Moment) -> Reply<'_, Option<TenantView>> {
        now(None)
    }

    fn hold(&self, _: &str) -> Reply<'_, Option<Hold>> {
        now(None)
    }

    fn entries(&self, _: &str, _: Page, _: u32) -> Reply<'_, Vec<Entry>> {
        now(Vec::new())
    }

    fn alerts(&self, _: Option<&str>, _: u32) -> Reply<'_, Vec<AlertView>> {
        now(Vec::new())
    }

    fn spend(&self, _: Option<&str>, _: &str) -> Reply<'_, Vec<SpendRow>> {
        now(Vec::new())
    }

    fn tiers(&self) -> Reply<'_, Tiers> {
        now(Tiers::default())
    }

    fn expired(&self, _: Moment, _: u32) -> Reply<'_, Vec<String>> {
        now(Vec::new())
    }

    fn claim(&self, _: Moment, _: Moment, _: u32) -> Reply<'_, Vec<Webhook>> {
        now(Vec::new())
    }

    fn attempted(&self, _: &str, _: u64, _: Attempt) -> Reply<'_, ()> {
        now(())
    }

    fn ready(&self) -> Reply<'_, ()> {
        now(())
    }

    fn audit(&self) -> Reply<'_, Audit> {
        now(Audit::default())
    }

    fn close(&self) -> Reply<'_, ()> {
        now(())
    }
}
