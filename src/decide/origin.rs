//! What was found of an app's own request, for the one that asks for the rest of its answer.
use super::{Assembled, Decision, Entry, Origin, Verdict};
use crate::policy::Policy;

impl Decision {
    /// What was found of the request, with what was added to it.
    #[must_use]
    pub fn origin(&self, policy: &Policy, assembled: Option<&Assembled>) -> Origin {
        let class = self.class.and_then(|class| policy.classes().get(class));
        Origin {
            class: class.map(|class| class.name.to_string()),
            conversation: assembled.and_then(|own| own.conversation),
            examples: assembled.map_or(0, |own| own.examples),
        }
    }
}

impl Origin {
    /// What a request for the rest of an answer is, by a policy: nothing is found anew of it.
    #[must_use]
    pub fn assembled(&self, policy: &Policy) -> Assembled {
        let own = |name: &str| policy.classes().iter().position(|class| &*class.name == name);
        let class = self.class.as_deref().and_then(own);
        let entry = self.class.as_ref().filter(|_| class.is_some()).map(|name| Entry {
            step: "class",
            chain: None,
            verdict: Verdict::Classed,
            subject: name.clone(),
            reason: "that of the request with whose answer it goes on".into(),
        });
        Assembled {
            body: None,
            class,
            arm: None,
            shadow: None,
            conversation: self.conversation,
            examples: self.examples,
            entries: entry.into_iter().collect(),
        }
    }
}
