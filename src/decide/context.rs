//! What becomes of a conversation that a model has no room for, where the policy does not leave it
//! to a larger one: it is sent without its oldest turns, or refused.
//!
//! How few turns have to go is found by trying: what is left is read as the request was, and its
//! tokens are counted, so that what is judged and paid is what is sent.
use core::cell::{OnceCell, RefCell};
use std::rc::Rc;

use super::{Leg, Misfit, Request, Shortened, bound};
use crate::dialect::{beginnings, dropped, splice};

/// Shortens one request for the models of its chains.
pub(super) struct Shortener<'r> {
    request: &'r Request<'r>,
    /// Where it may begin.
    beginnings: OnceCell<Vec<usize>>,
    /// What has been tried.
    tried: RefCell<Vec<Rc<Shortened>>>,
}

impl<'r> Shortener<'r> {
    pub(super) const fn of(request: &'r Request<'r>) -> Self {
        Self { request, beginnings: OnceCell::new(), tried: RefCell::new(Vec::new()) }
    }

    /// The request for a model that it is too long for: with as many of its turns as there is room
    /// for beside the answer.
    ///
    /// # Errors
    /// Where there is room for no part of it that makes sense: why.
    pub(super) fn shortened(
        &self,
        leg: &Leg,
        max_tokens: Option<u64>,
    ) -> Result<Rc<Shortened>, Misfit> {
        let window = leg.model.context_window;
        let max_tokens = max_tokens.map(|asked| asked.min(leg.max_output_tokens));
        let spare = bound::spare(leg.max_output_tokens, window);
        let room = window.saturating_sub(max_tokens.unwrap_or(spare));
        let all = self.beginnings.get_or_init(|| match self.request.ask.thread {
            // How long a conversation is that its provider keeps, only the provider knows.
            Some(_) => Vec::new(),
            None => beginnings(self.request.document.root(), self.examples()),
        });
        let last = all.last().and_then(|last| self.begin(*last));
        let most = window.saturating_sub(max_tokens.unwrap_or(1));
        let Some(last) = last.as_ref().filter(|last| last.input_tokens <= most) else {
            let least = last.map_or_else(|| self.request.input_tokens(), |last| last.input_tokens);
            return Err(Misfit::Shortened { least, max_tokens, context_window: window });
        };
        // The oldest beginning from which there is room; the last one is left where there is none.
        let (mut low, mut high) = (0, all.len().saturating_sub(1));
        let mut found = Rc::clone(last);
        let mut next = self.guess(all, room);
        let mut tries = 0_u32;
        while low < high {
            let middle = next.clamp(low, high.saturating_sub(1));
            let begun = all.get(middle).and_then(|from| self.begin(*from));
            let fits = begun.filter(|begun| begun.input_tokens <= room);
            tries = tries.saturating_add(1);
            // A guess is seldom far off: its neighbour is tried before halves are.
            let half = |low: usize, high: usize| low.midpoint(high);
            if let Some(fits) = fits {
                (found, high) = (fits, middle);
                next = if tries < 3 { middle.saturating_sub(1) } else { half(low, high) };
            } else {
                low = middle.saturating_add(1);
                next = if tries < 3 { low } else { half(low, high) };
            }
        }
        Ok(found)
    }

    /// How many of its messages are the operator's.
    fn examples(&self) -> usize {
        self.request.assembled.map_or(0, |own| own.examples)
    }

    /// Where it may have to begin, were every byte of it as many tokens as any other.
    fn guess(&self, all: &[usize], room: u64) -> usize {
        let input = self.request.input_tokens();
        let bytes = u64::try_from(self.request.bytes).unwrap_or(u64::MAX);
        let gone = u128::from(input.saturating_sub(room)).saturating_mul(bytes.into());
        let gone = gone.checked_div(input.into()).unwrap_or(0);
        let messages = self.request.document.root().get("messages");
        let starts = messages.into_iter().flat_map(|list| list.items());
        let starts: Vec<usize> = starts.map(|message| message.span().start).collect();
        let first = starts.first().copied().unwrap_or(0);
        let leaves_enough = |from: &usize| {
            let start = starts.get(*from).copied().unwrap_or(first);
            u128::try_from(start.saturating_sub(first)).is_ok_and(|before| before >= gone)
        };
        all.iter().position(leaves_enough).unwrap_or(all.len())
    }

    /// The request, beginning at that message.
    fn begin(&self, from: usize) -> Option<Rc<Shortened>> {
        let known = self.tried.borrow().iter().find(|own| own.from == from).map(Rc::clone);
        if known.is_some() {
            return known;
        }
        let Request { document, inbound, .. } = self.request;
        let edits = (inbound.shorten)(document, from, self.examples());
        let body = splice(document.text().as_bytes(), &edits, "", None)?;
        let dropped = dropped(document.root(), from, self.examples());
        let mut own =
            Shortened { from, examples: self.examples(), dropped, edits, input_tokens: 0, body };
        own.input_tokens = own.read(self.request, |_, ask| Some(ask.estimate()))?;
        let own = Rc::new(own);
        self.tried.borrow_mut().push(Rc::clone(&own));
        Some(own)
    }
}
