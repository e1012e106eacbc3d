//! How many cases a property is tried with.
use proptest::prelude::ProptestConfig;

/// So many cases, or fewer where `PROPTEST_CASES` says so; nothing is written beside the source
/// when one fails.
pub(crate) fn cases(usual: u32) -> ProptestConfig {
    let most = std::env::var("PROPTEST_CASES").ok().and_then(|most| most.parse().ok());
    let cases = most.unwrap_or(usual).min(usual);
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}
