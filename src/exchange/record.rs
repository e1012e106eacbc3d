//! What became of a request's attempts, for counters and for the access log.
use super::filter_state::{ATTEMPTS, DECISION, MODEL, REQUEST_ID, TRIED};
use super::{Effect, Progress, Report, metric};
use crate::decide::Trace;
use crate::json::Writer;

/// Records a request that goes to a provider.
pub(super) fn sent(request_id: &str) -> Effect {
    Effect::State(REQUEST_ID.into(), request_id.as_bytes().to_vec())
}

/// Records why a request is served by a chain; or why by none, where no chain is given.
pub(super) fn decided(trace: &Trace, chain: Option<&str>) -> Effect {
    Effect::State(DECISION.into(), trace.json(chain))
}

/// Counts every attempt, and records them; `tried` is how many models have been tried where one of
/// them told nothing of itself.
pub(super) fn of(reports: &[Report], tried: usize) -> Vec<Effect> {
    let mut effects = Vec::with_capacity(4);
    let tried = reports.len().max(tried);
    if tried > 0 {
        effects.push(Effect::State(TRIED.into(), tried.to_string().into_bytes()));
    }
    let Some(last) = reports.last() else { return effects };
    for report in reports {
        effects.push(metric::ATTEMPTS.count(&[&report.model, report.word()]));
        if report.progress == Progress::Cut {
            effects.push(metric::STREAMS_CUT.count(&[&report.model]));
        }
    }
    effects.push(Effect::State(MODEL.into(), last.model.clone().into_bytes()));
    effects.push(Effect::State(ATTEMPTS.into(), attempts(reports)));
    effects
}

/// `[{"model":"gpt","outcome":"answered","status":200,"first_ms":310,"ms":2200}]`: times count
/// from the attempt's beginning, and stand where there is one.
fn attempts(reports: &[Report]) -> Vec<u8> {
    let mut json = Writer::after(Vec::with_capacity(128));
    json.array(|json| {
        for report in reports {
            json.object(|json| {
                json.key("model").string(&report.model);
                json.key("outcome").string(report.word());
                if report.tries > 1 {
                    json.key("tries").number(report.tries);
                }
                if report.status > 0 {
                    json.key("status").number(report.status.into());
                }
                for (name, at) in [("first_ms", report.first_ms), ("ms", report.ended_ms)] {
                    if at > 0 {
                        json.key(name).number(at.saturating_sub(report.began_ms));
                    }
                }
            });
        }
    });
    json.finish()
}
