//! What is true of every life.
use std::collections::BTreeSet;

use super::{Life, Play, Stage};
use tradewind::exchange::filter_state::{REQUEST_ID, TRIED};
use tradewind::exchange::{Progress, Report};

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
        let said = |key: &str| life.world.state.get(key).cloned();
        let (tried, told) = (said(TRIED), header(life, "x-tradewind-attempts").cloned());
        let asked: BTreeSet<&String> = life.saw.iter().map(|(model, ..)| model).collect();
        let least = (!asked.is_empty()).then(|| asked.len().to_string().into_bytes());
        let unsent = asked.is_empty() || said(REQUEST_ID).as_deref() == Some(b"req-1");
        if told.is_some() && tried != told {
            self.problem("the log says another number of attempts than the app was told");
        }
        if tried < least {
            self.problem("the log says that fewer models were tried than were asked");
        }
        if !unsent {
            self.problem("the log does not say the id of a request that was sent");
        }
    }
}

/// One of the headers that the app got.
fn header<'l>(life: &'l Life, name: &str) -> Option<&'l Vec<u8>> {
    life.headers.iter().find(|(own, _)| own == name).map(|(_, value)| value)
}
