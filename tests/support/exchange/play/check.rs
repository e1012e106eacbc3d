//! What is true of every life.
use super::{Play, Stage};

impl Play {
    /// What is true of every life, once there is nothing more to come.
    pub(crate) fn check(&mut self) {
        match &self.stage {
            Stage::Asking(_) => self.problem("the request neither goes on nor is answered"),
            Stage::Asked(attempt) => {
                let model = attempt.model.clone();
                self.problem(&format!("the script has no further answer of {model}"));
            }
            Stage::Answering(..) => self.problem("the script leaves an answer open"),
            Stage::Routing(_) | Stage::Done => {}
        }
        let life = &self.life;
        let length = life.headers.iter().find(|(name, _)| name == "content-length");
        let length = length.map(|(_, value)| String::from_utf8_lossy(value).into_owned());
        if length.is_some_and(|length| length != life.body.len().to_string()) {
            self.problem("content-length is not the length of the body");
        }
        if !self.life.ended && !self.life.reset {
            self.problem("the app's answer does not end");
        }
        if !self.ledger.is_empty() {
            self.problem("an answer of the ledger was never asked for");
        }
        let left = self.answers.iter().find(|(_, answers)| !answers.is_empty());
        if let Some(model) = left.map(|(model, _)| model.clone()) {
            self.problem(&format!("an answer of {model} was never asked for"));
        }
    }
}
