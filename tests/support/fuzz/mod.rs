//! What is fuzzed: every parser, and the exchange as a whole. One table for both that use it:
//! `tests/fuzz/`, where libFuzzer searches for inputs, and `tests/fuzz.rs`, which plays again what
//! it has found.
//!
//! A target takes whatever bytes there are: it reads them or says no. It fails where something
//! panics, and where what it has read is not what must hold of it.
#[cfg(feature = "companion")]
mod companion;
mod dialect;
mod exchange;
mod json;
mod ledger;
mod played;
mod policy;
mod said;
mod seeds;

/// Something that reads bytes.
#[derive(Debug)]
pub(crate) struct Target {
    pub(crate) name: &'static str,
    /// Inputs to begin with, made of the other corpora, so that they follow every change of a
    /// format.
    pub(crate) seeds: fn() -> Vec<Vec<u8>>,
    pub(crate) reads: fn(&[u8]),
}

/// Every target: `fuzz_targets/NAME.rs` is one, and so is `corpus/fuzz/NAME/`, where that exists.
pub(crate) const TARGETS: &[Target] = &[
    Target { name: "json", seeds: json::documents, reads: json::json },
    Target { name: "schema", seeds: json::schemas, reads: json::schema },
    Target { name: "sse", seeds: dialect::bare_streams, reads: dialect::sse },
    Target { name: "request", seeds: dialect::requests, reads: dialect::request },
    Target { name: "answer", seeds: dialect::answers, reads: dialect::answer },
    Target { name: "stream", seeds: dialect::streams, reads: dialect::stream },
    Target { name: "fault", seeds: dialect::faults, reads: dialect::fault },
    Target { name: "policy", seeds: policy::policies, reads: policy::policy },
    Target { name: "config", seeds: policy::configs, reads: policy::config },
    Target { name: "pattern", seeds: said::patterns, reads: said::pattern },
    Target { name: "conclusion", seeds: said::endings, reads: said::conclusion },
    Target { name: "identity", seeds: said::callers, reads: said::identity },
    Target { name: "words", seeds: said::headers, reads: said::words },
    Target { name: "ledger", seeds: ledger::messages, reads: ledger::ledger },
    #[cfg(feature = "companion")]
    Target { name: "companion", seeds: companion::files, reads: companion::companion },
    #[cfg(feature = "companion")]
    Target { name: "yaml", seeds: companion::policies, reads: companion::yaml },
    Target { name: "plan", seeds: exchange::plans, reads: exchange::plan },
    Target { name: "callbacks", seeds: exchange::calls, reads: exchange::callbacks },
    Target { name: "exchange", seeds: played::scripts, reads: played::exchange },
    Target { name: "story", seeds: played::stories, reads: played::story },
    Target { name: "shared", seeds: played::records, reads: played::shared },
];

/// What stands between the parts of an input that has several: no UTF-8 has it.
const BETWEEN: u8 = 0xff;

/// The target of that name.
pub(crate) fn target(name: &str) -> Option<&'static Target> {
    TARGETS.iter().find(|target| target.name == name)
}

/// The parts of an input.
fn parts(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    bytes.split(|byte| *byte == BETWEEN)
}
