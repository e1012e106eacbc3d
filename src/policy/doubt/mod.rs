//! What an operator may not have meant, though nothing is wrong with it. Only the commands ask: in
//! the module there is none of this.
mod choice;
mod emptied;
mod experiment;
mod fallback;
mod identity;
mod nobody;
mod price;
mod reach;
mod require;
mod resume;
mod retirement;
mod thinking;
mod time;
mod tokens;
mod when;

use super::Policy;
use super::document::Node;

impl Policy {
    /// What nobody may have meant, though nothing is wrong with it: each with its place, in the
    /// policy that was read from a tree. `now` is in seconds since 1970.
    #[must_use]
    pub fn doubts(&self, root: &Node, now: u64) -> Vec<String> {
        let mut doubts = Vec::new();
        identity::of_callers(self, now, &mut doubts);
        doubts.extend(self.chains.iter().filter_map(|own| price::of_chain(own, &self.models)));
        doubts.extend(self.models.iter().filter_map(|own| price::of_model(own)));
        doubts.extend(self.models.iter().filter_map(|own| retirement::of_model(own, self)));
        emptied::of_chains(self, now, &mut doubts);
        require::of_callers(self, now, &mut doubts);
        nobody::of_subjects(self, &mut doubts);
        tokens::of_rates(self, &mut doubts);
        when::of_questions(root, self, &mut doubts);
        choice::of_routes(self, &mut doubts);
        experiment::of_experiments(root, self, &mut doubts);
        time::of_resilience(self, &mut doubts);
        thinking::of_models(self, &mut doubts);
        fallback::of_fallback(self, &mut doubts);
        doubts.extend(price::of_cache(self));
        doubts.extend(resume::of_resume(self));
        doubts
    }
}
