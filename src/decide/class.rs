//! Step `class`: the first class whose questions hold of the request, or what its app chooses.
use std::borrow::Cow;

use super::known::Known;
use super::{Decision, Entry, Request, Step, Verdict};
use crate::dialect::Fault;

const NAME: &str = "class";

pub(super) const STEP: Step = Step { name: NAME, run };

fn run(request: &Request<'_>, decision: &mut Decision) -> Result<(), Fault> {
    // The app's own request has its class and its arms; what was added to it changes none.
    if let Some(own) = request.assembled {
        (decision.class, decision.arm) = (own.class, own.arm);
        decision.trace.extend(own.entries.iter().cloned());
        return Ok(());
    }
    let classes = request.policy.classes();
    if classes.is_empty() {
        return Ok(());
    }
    let Decision { asked, class, trace, .. } = decision;
    let found = match asked.class {
        Some(chosen) => Some((chosen, Cow::Borrowed("the app has chosen it"))),
        None => {
            let known = Known { request, asked };
            let mut takes = classes.iter().map(|class| class.takes(&known)).enumerate();
            takes.find_map(|(index, why)| Some((index, Cow::Owned(why?))))
        }
    };
    let Some((index, reason)) = found else { return Ok(()) };
    *class = Some(index);
    trace.extend(classes.get(index).map(|class| Entry {
        step: NAME,
        chain: None,
        verdict: Verdict::Classed,
        subject: class.name.to_string(),
        reason,
    }));
    Ok(())
}
