//! What all connections share.
use std::collections::HashSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use super::log::{Log, lock};
use super::talk::{ChatRequest, count};
use super::weather::Weather;

/// Prefixes remembered before all are forgotten.
const MOST_PREFIXES: usize = 1_000_000;
/// Characters in a step of the prompt cache: 128 tokens.
const STEP: usize = 512;
/// Tokens under which nothing is cached.
const LEAST: u64 = 1024;

/// The simulator's memory.
#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) weather: Mutex<Weather>,
    pub(super) log: Mutex<Log>,
    prefixes: Mutex<HashSet<u64>>,
    serial: AtomicU64,
}

impl State {
    /// The next number, for ids.
    pub(super) fn serial(&self) -> u64 {
        self.serial.fetch_add(1, Ordering::Relaxed)
    }

    /// How many tokens of this prompt were seen before, and how many are written now.
    pub(super) fn remember(&self, request: &ChatRequest) -> (u64, u64) {
        if request.provider == "anthropic" {
            return self.remember_marked(request);
        }
        let mut seen = lock(&self.prefixes);
        let mut hash = start(request);
        let mut cached = 0_u64;
        let mut whole = true;
        for (index, step) in request.prompt.as_bytes().chunks_exact(STEP).enumerate() {
            hash = more(hash, step);
            whole &= !seen.insert(hash);
            if whole {
                cached = count(index).saturating_add(1).saturating_mul(128);
            }
        }
        if seen.len() > MOST_PREFIXES {
            seen.clear();
        }
        (if cached >= LEAST { cached } else { 0 }, 0)
    }

    /// Anthropic caches what the request marks, and says what it wrote: what comes after the
    /// longest marked part that it has.
    fn remember_marked(&self, request: &ChatRequest) -> (u64, u64) {
        let marked = request.cache_marks.iter().filter_map(|at| request.prompt.get(..*at));
        let marked: Vec<(u64, u64)> = marked
            .map(|own| (super::talk::tokens(own), more(start(request), own.as_bytes())))
            .filter(|(tokens, _)| *tokens >= LEAST)
            .collect();
        let mut seen = lock(&self.prefixes);
        let known = marked.iter().filter(|(_, own)| seen.contains(own));
        let read = known.map(|(tokens, _)| *tokens).max().unwrap_or(0);
        let all = marked.iter().map(|(tokens, _)| *tokens).max().unwrap_or(0);
        seen.extend(marked.into_iter().map(|(_, own)| own));
        (read, all.saturating_sub(read))
    }
}

fn start(request: &ChatRequest) -> u64 {
    let base = more(0xcbf2_9ce4_8422_2325, request.provider.as_bytes());
    more(base, request.model.as_bytes())
}

/// FNV-1a, over one more piece.
fn more(hash: u64, bytes: &[u8]) -> u64 {
    bytes.iter().fold(hash, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}
