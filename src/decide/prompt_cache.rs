//! Step `prompt_cache`: up to where a request is marked for its provider's cache, where the policy
//! says so and its app has set no marks.
use std::borrow::Cow;

use super::{Decision, Entry, Leg, Request, Step, Verdict};
use crate::dialect::{CacheMarks, Fault, composed};
use crate::policy::PromptCache;

const NAME: &str = "prompt_cache";

pub(super) const STEP: Step = Step { name: NAME, run };

fn run(request: &Request<'_>, decision: &mut Decision) -> Result<(), Fault> {
    // What its provider has kept of a conversation is in no request.
    if request.ask.thread.is_some() {
        return Ok(());
    }
    let Decision { quote, trace, .. } = decision;
    let mut own_marks: Option<bool> = None;
    for candidate in core::iter::once(&mut quote.primary).chain(&mut quote.near_limit) {
        for leg in &mut candidate.legs {
            let Some(cache) = leg.model.prompt_cache.filter(|own| is_worth_it(request, leg, *own))
            else {
                continue;
            };
            // An app of another format has no marks that the provider would be told.
            let spoken = request.is_spoken_by(&leg.model);
            if spoken && *own_marks.get_or_insert_with(|| is_marked(request)) {
                continue;
            }
            // What begins otherwise each time is not found again.
            let turns = cache.turns && leg.shortened.is_none();
            let marks = CacheMarks { hour: cache.hour, turns };
            if spoken && !is_markable(request, leg, marks) {
                continue;
            }
            leg.marks = Some(marks);
            trace.add(Entry {
                step: NAME,
                chain: Some(candidate.chain.clone()),
                verdict: Verdict::Marked,
                subject: leg.model.name.clone(),
                reason: Cow::Borrowed(match turns {
                    true => "for its provider's cache: functions, instructions and turns",
                    false => "for its provider's cache: functions and instructions",
                }),
            });
        }
    }
    Ok(())
}

/// So many bytes of a request are taken for a token at least, where it is long: a provider passes
/// over a mark that is too early for its cache.
const BYTES: u64 = 8;

/// Whether a request is long enough. A token is at least a byte of text: one that is far from the
/// least need not be counted.
fn is_worth_it(request: &Request<'_>, leg: &Leg, cache: PromptCache) -> bool {
    let bytes = u64::try_from(request.bytes).unwrap_or(u64::MAX);
    let least = cache.min_tokens;
    let is_long = leg.shortened.is_none() && bytes >= least.saturating_mul(BYTES);
    bytes >= least && (is_long || leg.input_tokens(request) >= least)
}

/// Whether what is left of a conversation can be marked: not where instructions were moved to those
/// that are marked.
fn is_markable(request: &Request<'_>, leg: &Leg, marks: CacheMarks) -> bool {
    leg.shortened.as_ref().is_none_or(|own| {
        let marked = own.read(request, |document, _| {
            let edits = request.inbound.marked(document, Vec::new(), Some(marks));
            composed(&own.edits, &edits)
        });
        marked.is_some()
    })
}

/// Whether its app has set marks.
fn is_marked(request: &Request<'_>) -> bool {
    let marking = request.inbound.format.marking;
    marking.is_some_and(|marking| (marking.is_marked)(request.document.root()))
}
