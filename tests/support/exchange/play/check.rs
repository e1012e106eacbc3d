//! What is true of every life.
use std::collections::BTreeSet;

use super::super::script::line;
use super::{Life, Play, Stage};
use tradewind::exchange::{Progress, Report};
use tradewind::json::{Document, Limits, Value};

impl Play {
    /// What is true of every life, once there is nothing more to come.
    pub(crate) fn check(&mut self) {
        match &self.stage {
            Stage::PendingHold(_) => self.problem("the request neither goes on nor is answered"),
            Stage::Asked(attempt) => {
                let model = attempt.model.clone();
                self.problem(&format!("the script has no further answer of {model}"));
            }
            Stage::Answering(..) => self.problem("the script leaves an answer open"),
            Stage::Routing(_) | Stage::Done => {}
        }
        let life = &self.life;
        let length = header(life, "content-length");
        let length = length.map(|value| String::from_utf8_lossy(value).into_owned());
        let attempt = header(life, "x-tradewind-model")
            .map(|model| Report::of(&life.world.view(), &String::from_utf8_lossy(model)));
        let told = attempt.flatten().filter(|report| report.progress == Progress::Answered);
        let sent = u64::try_from(life.body.len()).unwrap_or_default();
        let miscounted = told.is_some_and(|report| report.bytes != sent);
        if length.is_some_and(|length| length != life.body.len().to_string()) {
            self.problem("content-length is not the length of the body");
        }
        if miscounted {
            self.problem("an attempt tells of another number of bytes than the app has got");
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

    /// What the access log says by itself is what the app was told in headers, which it may be left
    /// without.
    pub(super) fn check_log(&mut self) {
        let life = &self.life;
        let line = line(life).unwrap_or_default();
        let Ok(read) = Document::parse(line.as_bytes(), Limits::default()) else {
            self.problem(&format!("its line of the log is no JSON: {line}"));
            return;
        };
        let names: Vec<_> = read.root().members().map(|(name, _)| name).collect();
        let twice = names.iter().find(|name| names.iter().filter(|own| own == name).count() > 1);
        let attempts = read.root().get("attempts");
        let attempts = attempts.iter().flat_map(|attempts| attempts.items());
        // One that has no cluster was never asked.
        let tried = attempts.filter(|one| one.get("ms").is_some() || !is_unreachable(*one)).count();
        let told = header(life, "x-tradewind-attempts").cloned();
        let asked: BTreeSet<&String> = life.saw.iter().map(|(model, ..)| model).collect();
        let id = read.root().str_of("request_id");
        let mut problems = Vec::new();
        if let Some(name) = twice {
            problems.push(format!("its line of the log has `{name}` twice"));
        }
        if told.is_some_and(|told| told != tried.to_string().into_bytes()) {
            problems
                .push("the log says another number of attempts than the app was told".to_owned());
        }
        if tried < asked.len() {
            problems.push("the log says that fewer models were tried than were asked".to_owned());
        }
        if !asked.is_empty() && id.as_deref() != Some("req-1") {
            problems.push("the log does not say the id of a request that was sent".to_owned());
        }
        problems.iter().for_each(|problem| self.problem(problem));
    }
}

/// Whether an attempt in the log is one of a model that could not be reached.
fn is_unreachable(attempt: Value<'_>) -> bool {
    attempt.str_of("outcome").as_deref() == Some("unreachable")
}

/// One of the headers that the app got.
fn header<'l>(life: &'l Life, name: &str) -> Option<&'l Vec<u8>> {
    life.headers.iter().find(|(own, _)| own == name).map(|(_, value)| value)
}
