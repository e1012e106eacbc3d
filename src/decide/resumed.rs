//! A request that goes on with an answer which has broken off.
use super::{Assembled, Decision, Entry, Verdict};
use crate::policy::Policy;

/// What is left of such a request's way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resumed {
    /// The chain that it is on, by its name in the policy.
    pub chain: String,
    /// The models of it that come after the one whose answer broke, by their names.
    pub models: Vec<String>,
    /// Tokens that the app has of the answer already, estimated.
    pub said: u64,
    /// What was found of the app's own request.
    pub origin: Origin,
}

/// What was found of an app's own request, and cannot be told by one that asks for the rest of its
/// answer: what was added to it, and what was said, stand in that.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Origin {
    /// Its class, by its name.
    pub class: Option<String>,
    /// Its conversation as it is remembered; `None` where its body tells, and within where nothing
    /// does.
    pub conversation: Option<Conversation>,
    /// How many messages of examples have been added before its own.
    pub examples: usize,
}

/// A conversation that is remembered by a digest; `None` where the request has none.
pub type Conversation = Option<u64>;

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
