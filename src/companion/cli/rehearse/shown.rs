//! A request's course as people read it, and as JSON.
use core::fmt::Write as _;

use serde_json::{Value, json};

use crate::companion::rehearsal::{Attempted, Course, Ending, Request};
use crate::decide::{Candidate, Entry, Trace};
use crate::exchange::edge::{Considered, Unserved};
use crate::policy::{Policy, Shadow, parted, tag};

/// All that is known of a request's course.
pub(super) struct Shown<'s> {
    pub(super) request: &'s Request,
    pub(super) considered: &'s Result<Considered, Box<Unserved>>,
    pub(super) course: &'s Course,
    pub(super) policy: &'s Policy,
}

impl Shown<'_> {
    /// Whether the app would get an answer, a model's or the gateway's own.
    pub(super) fn is_served(&self) -> bool {
        match self.course.ending {
            Ending::Answered => true,
            Ending::Told { status, .. } => (200..300).contains(&status),
        }
    }

    /// Whether the answer before this attempt's is held back, and compared with it.
    fn is_after_held(&self, index: usize) -> bool {
        let before = index.checked_sub(1).and_then(|before| self.course.attempts.get(before));
        before.is_some_and(|before| before.held_back)
    }

    /// The experiment that may copy the request.
    fn may_copy(&self, considered: &Considered) -> Option<&Shadow> {
        let name = considered.may_copy.as_ref()?;
        self.policy.shadows().iter().find(|own| own.name == *name)
    }

    /// Why no copy is served, where no model of the copies' chain has what the caller requires.
    fn no_copy_is_served(&self, considered: &Considered, shadow: &Shadow) -> Option<String> {
        let required = &considered.tenant.require;
        let models = self.policy.shadow_chain(shadow).models();
        let mut missing = None;
        for model in models {
            let (tag_name, value) = required.missing_in(&model.tags)?;
            missing = Some(tag(tag_name, value));
        }
        missing.map(|tag| {
            format!("none of its models has the tag `{tag}`, which this caller requires")
        })
    }

    fn trace(&self) -> Option<&Trace> {
        match self.considered {
            Ok(considered) => Some(&considered.decision.trace),
            Err(unserved) => unserved.trace.as_ref(),
        }
    }

    pub(super) fn text(&self, bodies: bool) -> String {
        let mut out = String::new();
        // Writing into a string does not fail.
        let _ = self.write(&mut out, bodies);
        out
    }

    fn write(&self, out: &mut String, bodies: bool) -> core::fmt::Result {
        match self.considered {
            Ok(considered) => {
                let api = considered.client.name;
                let path = &self.request.path;
                let guessed = if self.request.guessed { ", as its body looks" } else { "" };
                writeln!(out, "{path} of the {api} API{guessed}, from {}", caller(considered))?;
                let streamed = if considered.stream { ", streamed" } else { "" };
                let tokens = thousands(considered.input_tokens);
                writeln!(
                    out,
                    "asks for `{}`{streamed}, with about {tokens} tokens of input",
                    considered.asked
                )?;
            }
            Err(_) => writeln!(out, "{}", self.request.path)?,
        }
        if let Some(trace) = self.trace() {
            writeln!(out, "\nwhy")?;
            let rows: Vec<[String; 5]> = trace.of(None).map(row).collect();
            table(out, &rows)?;
        }
        if let Ok(considered) = self.considered {
            for candidate in considered.decision.quote.candidates() {
                self.candidate(out, candidate)?;
            }
            if let Some(own) = self.may_copy(considered) {
                let (chain, name) = (self.policy.shadow_chain(own).name(), &own.name);
                let share = own.share();
                writeln!(out, "\n{share} are copied to chain {chain}, by experiment {name}")?;
                if let Some(why) = self.no_copy_is_served(considered, own) {
                    writeln!(out, "  each copy is refused: {why}")?;
                }
            }
        }
        if !self.course.attempts.is_empty() {
            writeln!(out, "\nwhat happens")?;
        }
        for (index, attempt) in self.course.attempts.iter().enumerate() {
            let what = match attempt.failure {
                Some(failure) => failure.to_string(),
                None if attempt.held_back => "answers, and is held back".to_owned(),
                None if self.is_after_held(index) => "answers the same".to_owned(),
                None => "answers".to_owned(),
            };
            let number = index.saturating_add(1);
            writeln!(out, "  {number}. {}  {}  {what}", attempt.model, attempt.url)?;
            if bodies {
                body(out, attempt)?;
            }
        }
        if let Ending::Told { status, body } = &self.course.ending {
            writeln!(out, "\nthe app is told {status}")?;
            writeln!(out, "  {}", String::from_utf8_lossy(body).trim_end())?;
        }
        Ok(())
    }

    fn candidate(&self, out: &mut String, candidate: &Candidate) -> core::fmt::Result {
        let chosen = if self.course.chosen(candidate) { "" } else { ", not chosen" };
        let cost = candidate.max_cost;
        let cost = if cost.is_zero() { String::new() } else { format!(", {cost} credits held") };
        writeln!(out, "\nchain {}{cost}{chosen}", candidate.chain)?;
        let rows: Vec<[String; 5]> = candidate
            .legs
            .iter()
            .enumerate()
            .map(|(index, leg)| {
                let model = &leg.model;
                let price = model.price.map_or_else(String::new, |price| {
                    format!("{} in, {} out a million", price.input, price.output)
                });
                [
                    format!("{}.", index.saturating_add(1)),
                    model.name.clone(),
                    format!("{} of {}", model.provider_model, model.provider.name),
                    format!("at most {} tokens out", thousands(leg.max_output_tokens)),
                    price,
                ]
            })
            .collect();
        table(out, &rows)
    }

    pub(super) fn json(&self) -> Value {
        let mut out = json!({
            "path": self.request.path,
            "attempts": self.course.attempts.iter().map(attempt).collect::<Vec<_>>(),
            "decided": self.course.line,
        });
        let Some(members) = out.as_object_mut() else { return out };
        if let Some(trace) = self.trace() {
            members.insert("trace".to_owned(), trace.of(None).map(entry).collect());
        }
        if let Ok(own) = self.considered {
            members.insert("api".to_owned(), json!(own.client.name));
            members.insert("guessed".to_owned(), json!(self.request.guessed));
            members.insert("operation".to_owned(), json!(own.operation.name));
            members.insert("tenant".to_owned(), json!(own.tenant.tenant));
            members.insert("user".to_owned(), json!(own.tenant.user));
            members.insert("key".to_owned(), json!(own.tenant.key));
            members.insert("asked".to_owned(), json!(own.asked));
            members.insert("stream".to_owned(), json!(own.stream));
            members.insert("input_tokens".to_owned(), json!(own.input_tokens));
            let candidates = own.decision.quote.candidates().map(candidate).collect();
            members.insert("candidates".to_owned(), candidates);
            let copied = self.may_copy(own).map(|own| {
                let chain = self.policy.shadow_chain(own).name();
                json!({"experiment": &*own.name, "rate": own.share(), "chain": chain})
            });
            members.extend(copied.map(|own| ("shadow".to_owned(), own)));
        }
        let is_a_models = self.course.ending == Ending::Answered;
        let answered = self.course.attempts.last().filter(|_| is_a_models);
        members.insert("model".to_owned(), json!(answered.map(|own| parted(&own.model).0)));
        if let Ending::Told { status, body } = &self.course.ending {
            let text = String::from_utf8_lossy(body);
            let body = serde_json::from_slice(body).unwrap_or_else(|_| json!(text));
            members.insert("told".to_owned(), json!({"status": status, "body": body}));
        }
        out
    }
}

fn caller(considered: &Considered) -> String {
    let tenant = &considered.tenant;
    let mut out = format!("tenant `{}`", tenant.tenant);
    for (what, name) in [("user", &tenant.user), ("key", &tenant.key)] {
        if let Some(name) = name {
            out.push_str(&format!(", {what} `{name}`"));
        }
    }
    out
}

fn row(entry: &Entry) -> [String; 5] {
    let chain = entry.chain.as_deref().filter(|chain| *chain != entry.subject);
    [
        entry.step.to_owned(),
        entry.verdict.name().to_owned(),
        entry.subject.clone(),
        chain.map(|chain| format!("in {chain}")).unwrap_or_default(),
        entry.reason.clone().into_owned(),
    ]
}

fn entry(entry: &Entry) -> Value {
    json!({
        "step": entry.step,
        "verdict": entry.verdict.name(),
        "subject": entry.subject,
        "chain": entry.chain,
        "reason": entry.reason,
    })
}

fn candidate(candidate: &Candidate) -> Value {
    let models = candidate.legs.iter().map(|leg| {
        json!({
            "model": leg.model.name,
            "provider": leg.model.provider.name,
            "name": leg.model.provider_model,
            "max_output_tokens": leg.max_output_tokens,
        })
    });
    json!({
        "chain": candidate.chain,
        "max_cost": candidate.max_cost.to_string(),
        "models": models.collect::<Vec<_>>(),
    })
}

fn attempt(attempt: &Attempted) -> Value {
    let text = String::from_utf8_lossy(&attempt.body);
    let body: Value = serde_json::from_slice(&attempt.body).unwrap_or_else(|_| json!(text));
    let headers = attempt.headers.iter().map(|(name, value)| (name.clone(), json!(value)));
    let mut shown = json!({
        "model": attempt.model,
        "provider": attempt.provider,
        "url": attempt.url,
        "headers": headers.collect::<serde_json::Map<_, _>>(),
        "body": body,
        "failure": attempt.failure.map(|failure| failure.to_string()),
    });
    if let Some(members) = shown.as_object_mut().filter(|_| attempt.held_back) {
        members.insert("held_back".to_owned(), json!(true));
    }
    shown
}

/// A provider's request, indented, without its key: the module never sees one.
fn body(out: &mut String, attempt: &Attempted) -> core::fmt::Result {
    for (name, value) in &attempt.headers {
        writeln!(out, "     {name}: {value}")?;
    }
    let text = match serde_json::from_slice::<Value>(&attempt.body) {
        Ok(body) => format!("{body:#}"),
        Err(_) => String::from_utf8_lossy(&attempt.body).into_owned(),
    };
    text.lines().try_for_each(|line| writeln!(out, "     {line}"))
}

/// Columns as wide as what stands in them.
fn table<const N: usize>(out: &mut String, rows: &[[String; N]]) -> core::fmt::Result {
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..N).map(width).collect();
    for row in rows {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(&widths).filter(|(_, width)| **width > 0) {
            line.push_str(&format!("  {cell:<width$}"));
        }
        writeln!(out, "{}", line.trim_end())?;
    }
    Ok(())
}

/// A number with its thousands apart.
fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && digits.len().saturating_sub(index) % 3 == 0 {
            out.push(',');
        }
        out.push(digit);
    }
    out
}
