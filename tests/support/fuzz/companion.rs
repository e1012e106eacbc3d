//! Files that the commands read: policies, labels, records of a collector, access logs, requests.
use tradewind::companion::calibrate::label::labels;
use tradewind::companion::label::compare::Compared;
use tradewind::companion::label::judge::verdict;
use tradewind::companion::label::{pairs::Pairs, record};
use tradewind::companion::ledger::StoreUrl;
use tradewind::companion::policy_file;
use tradewind::companion::rehearsal::{Failure, Request};
use tradewind::companion::report::{Reading, Wanted, page, text};
use tradewind::policy::Policy;

use super::seeds;

pub(super) fn files() -> Vec<Vec<u8>> {
    let mut lines = Vec::new();
    for file in seeds::files("commands", &[".jsonl", ".json"]) {
        // A log says the same again and again.
        let own = file.split_inclusive(|byte| *byte == b'\n').take(3);
        lines.push(own.collect::<Vec<_>>().concat());
    }
    seeds::short(lines)
}

/// A file, whichever it is.
pub(super) fn companion(bytes: &[u8]) {
    let _ = labels(bytes);
    let _ = Request::read(bytes);
    let records = bytes.split(|byte| *byte == b'\n').filter_map(|line| record::read(line).ok());
    for pair in &Pairs::of(records.collect()).pairs {
        let _ = Compared::of(pair.main.said.as_ref(), pair.copy.said.as_ref());
    }
    let all = String::from_utf8_lossy(bytes);
    let _ = (verdict(&all), all.parse::<Failure>(), all.parse::<StoreUrl>());
    let mut reading = Reading::of(Wanted::default());
    all.lines().for_each(|line| reading.line(line));
    if let Ok(report) = reading.report() {
        let _ = (text(&report), page(&report), report.json());
    }
}

pub(super) fn policies() -> Vec<Vec<u8>> {
    let all = ["policy", "problem", "exchange/policy"];
    all.map(|folder| seeds::files(folder, &[".yaml", ".json"])).concat()
}

/// A policy or a list of cases, in YAML or JSON: the module takes what the commands make of it.
pub(super) fn yaml(bytes: &[u8]) {
    if let Ok((_, node)) = policy_file::parse(bytes) {
        let again = Policy::from_json(node.to_json().as_bytes()).err();
        assert_eq!(again, None);
    }
    let _ = policy_file::cases(bytes);
}
