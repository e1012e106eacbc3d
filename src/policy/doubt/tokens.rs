//! Rules of tokens that hardly any request comes under.
use super::super::{Limit, Policy};

/// What a usual request takes, in tokens: a question of 70 and an answer of 215, the means of a
/// million conversations of people with 25 models (LMSYS-Chat-1M, arXiv 2309.11998, table 1).
const USUAL: u64 = 285;

/// Doubts about rules that have less at once than one usual request takes.
pub(super) fn of_rates(policy: &Policy, doubts: &mut Vec<String>) {
    for (at, rule) in policy.rates().iter().enumerate().filter(|(_, rule)| !rule.observe) {
        let Limit::Tokens(pace) = rule.limit else { continue };
        if pace.burst < USUAL {
            doubts.push(format!(
                "limits.rate[{at}]: there are never more than {} tokens at once, and a short \
                 question and its answer take about {USUAL}: most requests are refused, those \
                 whose input alone is longer for ever; raise `burst`, or `tokens`",
                pace.burst
            ));
        }
    }
}
