//! The requests seen, for tests to look at.
use std::collections::VecDeque;
use std::sync::Mutex;
use std::sync::PoisonError;

use serde_json::{Value, json};

use super::talk::Usage;

/// The most requests remembered; older ones go first.
const MOST: usize = 20_000;
/// The most bytes of bodies remembered.
const MOST_BYTES: usize = 256 << 20;

/// How an answer ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    /// All of the answer was handed over.
    Whole,
    /// The weather broke the connection.
    Reset,
    /// The other side left before its end.
    AppLeft,
}

/// One request and its answer.
#[derive(Debug, Default)]
pub(super) struct Entry {
    pub(super) provider: &'static str,
    pub(super) serial: u64,
    pub(super) connection: u64,
    pub(super) method: String,
    pub(super) path: String,
    pub(super) version: &'static str,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: String,
    pub(super) answer: Mutex<Answer>,
}

#[derive(Debug, Default)]
pub(super) struct Answer {
    model: String,
    status: Option<u16>,
    outcome: &'static str,
    message: Option<String>,
    weather: Option<Value>,
    usage: Option<Usage>,
    ending: Option<Ending>,
}

impl Entry {
    pub(super) fn model(&self, model: &str) {
        lock(&self.answer).model = model.to_owned();
    }

    /// Says what was answered: a status and one word, with a fault's message.
    pub(super) fn answered(
        &self,
        status: Option<u16>,
        outcome: &'static str,
        message: Option<String>,
    ) {
        let mut answer = lock(&self.answer);
        answer.status = status;
        answer.outcome = outcome;
        answer.message = message;
    }

    /// Says what an answer uses, whether it tells so or not.
    pub(super) fn used(&self, usage: Usage) {
        lock(&self.answer).usage = Some(usage);
    }

    /// Says which weather there was.
    pub(super) fn weather(&self, row: &Value) {
        lock(&self.answer).weather = Some(row.clone());
    }

    /// Says how it ended; the first word stands.
    pub(super) fn end(&self, ending: Ending) {
        lock(&self.answer).ending.get_or_insert(ending);
    }

    fn json(&self) -> Value {
        let answer = lock(&self.answer);
        let headers: Vec<Value> =
            self.headers.iter().map(|(name, value)| json!([name, value])).collect();
        json!({
            "serial": self.serial,
            "provider": self.provider,
            "model": answer.model,
            "connection": self.connection,
            "version": self.version,
            "method": self.method,
            "path": self.path,
            "headers": headers,
            "body": self.body,
            "answered": {
                "status": answer.status,
                "outcome": answer.outcome,
                "message": answer.message,
                "weather": answer.weather,
                "usage": answer.usage.map(|usage| json!({
                    "input": usage.input,
                    "cached": usage.cached,
                    "cache_write": usage.cache_write,
                    "output": usage.output,
                    "thinking": usage.thinking,
                })),
                "ending": answer.ending.map(|ending| match ending {
                    Ending::Whole => "whole",
                    Ending::Reset => "reset",
                    Ending::AppLeft => "client left",
                }),
            },
        })
    }
}

/// The requests, oldest first.
#[derive(Debug, Default)]
pub(super) struct Log {
    entries: VecDeque<std::sync::Arc<Entry>>,
    bytes: usize,
}

impl Log {
    pub(super) fn push(&mut self, entry: std::sync::Arc<Entry>) {
        self.bytes = self.bytes.saturating_add(entry.body.len());
        self.entries.push_back(entry);
        while self.entries.len() > MOST || self.bytes > MOST_BYTES {
            let Some(old) = self.entries.pop_front() else { break };
            self.bytes = self.bytes.saturating_sub(old.body.len());
        }
    }

    pub(super) fn clear(&mut self) {
        self.entries.clear();
        self.bytes = 0;
    }

    pub(super) fn json(&self) -> Value {
        Value::Array(self.entries.iter().map(|entry| entry.json()).collect())
    }
}

/// Locks; a panic elsewhere does not spoil a test's view of what happened.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
