//! `tradewind diff`: what another policy changes for requests that there were.
use core::fmt::Write as _;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use serde_json::{Map, Value, json};

use super::super::now;
use super::{Loaded, fail, print, read};
use crate::companion::rehearsal::{
    Account, Caller, Ending, Entered, Rehearsal, Request, Scene, Weather,
};
use crate::credit::Credits;
use crate::policy::unknown;
use crate::usage::Usage;

/// Shows what changes for a sample of requests: class, chain, models, refusals and cost.
///
/// Each line of the sample is a body as an app sends it, or `{"path": …, "headers": {…}, "body":
/// {…}, "tenant": …, "user": …, "key": …, "output_tokens": N}`, of which all but the body may be
/// left out. Costs are estimates: the input as it is counted before a call, the output as the
/// sample or `--output-tokens` says, at the price of the first model; of the requests that both
/// policies serve, since a refusal saves nothing. Exits with 0 when nothing changes, with 1 when
/// something does, and with 2 when something cannot be read.
#[derive(Debug, Args)]
pub(crate) struct Diff {
    /// The policy in force, in YAML or JSON.
    old: PathBuf,
    /// The other one.
    new: PathBuf,
    /// Requests, one in each line; `-` for standard input.
    #[arg(long, value_name = "FILE")]
    sample: PathBuf,
    /// How long answers are whose length the sample does not say, in tokens.
    #[arg(long, value_name = "N", default_value_t = 500)]
    output_tokens: u64,
    /// Most requests that are shown one by one; 20 where it is not said, and all with `--json`.
    #[arg(long, value_name = "N")]
    show: Option<usize>,
    /// Print one JSON object instead.
    #[arg(long)]
    json: bool,
}

/// The longest answer that a sample may tell of, in tokens: none is a hundred times as short.
const OUTPUT_MOST: u64 = 1_000_000_000;

/// So many requests are shown one by one where nobody says how many.
const SHOWN: usize = 20;

/// A policy, and its rehearsals by their callers.
struct Side {
    loaded: Loaded,
    known: BTreeMap<[Option<String>; 3], Known>,
}

type Known = (Rehearsal, Entered);

/// One request of the sample.
struct Sample {
    request: Request,
    caller: [Option<String>; 3],
    output_tokens: u64,
}

/// How a policy serves a request.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Served {
    class: String,
    chain: String,
    /// The models that may be tried, in order.
    models: Vec<String>,
    /// The status of a refusal; 0 for none.
    refused: u16,
    cost: Credits,
}

pub(crate) fn run(args: &Diff) -> ExitCode {
    match compare(args) {
        Ok((text, changed)) => {
            print(&text);
            ExitCode::from(u8::from(changed))
        }
        Err(messages) => fail(&messages),
    }
}

fn compare(args: &Diff) -> Result<(String, bool), Vec<String>> {
    let mut old = Side { loaded: Loaded::of(&args.old)?, known: BTreeMap::new() };
    let mut new = Side { loaded: Loaded::of(&args.new)?, known: BTreeMap::new() };
    let bytes = read(&args.sample).map_err(|message| vec![message])?;
    let mut totals = Totals::default();
    let unix_seconds = now();
    let lines = bytes.split(|byte| *byte == b'\n').enumerate();
    for (index, line) in lines.filter(|(_, line)| !line.trim_ascii().is_empty()) {
        let number = index.saturating_add(1);
        let wrong =
            |message: String| vec![format!("{}:{number}: {message}", args.sample.display())];
        let sample = sample(line, args.output_tokens).map_err(wrong)?;
        // The same chance for both, and another for each request.
        let scene = Scene {
            account: Account::default(),
            caller: Value::Null,
            weather: Weather::default(),
            unix_seconds,
            seed: u64::try_from(number).unwrap_or_default(),
        };
        let before = old.serve(&sample, &scene, &args.old).map_err(wrong)?;
        let after = new.serve(&sample, &scene, &args.new).map_err(wrong)?;
        totals.add(number, before, after);
    }
    if totals.requests == 0 {
        return Err(vec![format!("{}: no request in it", args.sample.display())]);
    }
    let changed = !totals.changed.is_empty();
    let text = if args.json {
        format!("{:#}\n", totals.json(args.show.unwrap_or(usize::MAX)))
    } else {
        totals.text(args.show.unwrap_or(SHOWN))
    };
    Ok((text, changed))
}

fn sample(line: &[u8], output_tokens: u64) -> Result<Sample, String> {
    let root: Value = serde_json::from_slice(line).map_err(|error| error.to_string())?;
    // A body has a member `user` of its own.
    let known = match &root {
        Value::Object(members) if Request::is_beside(members) => beside(members)?,
        _ => Beside::default(),
    };
    let mut request = Request::read(line)?;
    request.settle_path();
    let output_tokens = known.output_tokens.unwrap_or(output_tokens);
    Ok(Sample { request, caller: known.caller, output_tokens })
}

/// What a line of the sample says beside the request.
#[derive(Default)]
struct Beside {
    caller: [Option<String>; 3],
    output_tokens: Option<u64>,
}

const BESIDE: [&str; 7] = ["path", "headers", "body", "tenant", "user", "key", "output_tokens"];

fn beside(members: &Map<String, Value>) -> Result<Beside, String> {
    if let Some(other) = members.keys().find(|own| !BESIDE.contains(&own.as_str())) {
        return Err(unknown("member", other, &BESIDE));
    }
    let text = |member: &str| match members.get(member) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(other) => Err(format!("`{member}`: expected a string, found {other}")),
    };
    let output_tokens = match members.get("output_tokens") {
        None | Some(Value::Null) => None,
        Some(own) => Some(own.as_u64().filter(|own| *own <= OUTPUT_MOST).ok_or_else(|| {
            format!("`output_tokens`: expected a whole number up to {OUTPUT_MOST}, found {own}")
        })?),
    };
    Ok(Beside { caller: [text("tenant")?, text("user")?, text("key")?], output_tokens })
}

impl Side {
    fn serve(&mut self, sample: &Sample, scene: &Scene, file: &Path) -> Result<Served, String> {
        let Self { loaded, known } = self;
        if !known.contains_key(&sample.caller) {
            let [tenant, user, key] = sample.caller.clone();
            let caller = Caller { tenant, user, key, ..Caller::default() };
            let own = loaded.known(&caller, &sample.request.headers);
            let own = own.map_err(|message| format!("{}: {message}", file.display()))?;
            known.insert(sample.caller.clone(), own);
        }
        let Some((rehearsal, entered)) = known.get(&sample.caller) else {
            return Err("nobody sends this request".to_owned());
        };
        let mut request = sample.request.clone();
        if let Some((name, value)) = &entered.header {
            request.set_header(name, value);
        }
        let scene = Scene { caller: entered.caller.clone(), ..scene.clone() };
        Ok(served(rehearsal, &request, sample.output_tokens, &scene))
    }
}

fn served(rehearsal: &Rehearsal, request: &Request, output: u64, scene: &Scene) -> Served {
    let course = rehearsal.run(request, scene);
    let logged = |member: &str| {
        let value = course.line.get(member).and_then(Value::as_str);
        value.unwrap_or_default().to_owned()
    };
    let mut served = Served { class: logged("class"), chain: logged("chain"), ..Served::default() };
    if let Ending::Told { status, .. } = course.ending {
        served.refused = status;
        return served;
    }
    let Ok(considered) = rehearsal.consider(request, scene) else { return served };
    let mut candidates = considered.decision.quote.candidates();
    let Some(candidate) = candidates.find(|own| course.chosen(own)) else { return served };
    served.models = candidate.legs.iter().map(|leg| leg.model.name.clone()).collect();
    let priced = candidate.legs.first().and_then(|leg| Some((leg, leg.model.price?)));
    if let Some((leg, price)) = priced {
        let output = output.min(leg.max_output_tokens);
        let usage = Usage { input: considered.input_tokens, output, ..Usage::default() };
        served.cost = price.cost(&usage, considered.decision.quote.size.images);
    }
    served
}

/// What a sample has shown.
#[derive(Default)]
struct Totals {
    requests: usize,
    /// The requests that are served otherwise, by their lines.
    changed: Vec<(usize, Served, Served)>,
    /// How often what became what.
    moves: BTreeMap<(&'static str, String, String), usize>,
    /// What those cost that both serve.
    before: Credits,
    after: Credits,
    /// Requests that only the old policy serves.
    lost: usize,
    /// Requests that only the new one serves.
    won: usize,
}

impl Totals {
    fn add(&mut self, line: usize, before: Served, after: Served) {
        self.requests = self.requests.saturating_add(1);
        let (refused, now) = (before.refused != 0, after.refused != 0);
        if !refused && !now {
            self.before = self.before.checked_add(before.cost).unwrap_or(Credits::MAX);
            self.after = self.after.checked_add(after.cost).unwrap_or(Credits::MAX);
        }
        self.lost = self.lost.saturating_add(usize::from(!refused && now));
        self.won = self.won.saturating_add(usize::from(refused && !now));
        if before == after {
            return;
        }
        for (what, of) in ASPECTS {
            let (own, other) = (of(&before), of(&after));
            if own != other {
                let count = self.moves.entry((what, own, other)).or_default();
                *count = count.saturating_add(1);
            }
        }
        self.changed.push((line, before, after));
    }

    fn text(&self, show: usize) -> String {
        let mut out = String::new();
        // Writing into a string does not fail.
        let _ = self.write(&mut out, show);
        out
    }

    fn write(&self, out: &mut String, show: usize) -> core::fmt::Result {
        let (changed, all) = (self.changed.len(), self.requests);
        writeln!(out, "{changed} of {all} requests are served otherwise")?;
        for ((what, before, after), count) in &self.moves {
            writeln!(out, "  {count:>6}  {what}: {} -> {}", named(before), named(after))?;
        }
        writeln!(
            out,
            "cost, estimated: {} -> {} credits{}",
            self.before,
            self.after,
            self.share()
        )?;
        for (count, what) in
            [(self.lost, "the new policy refuses"), (self.won, "the old policy refused")]
        {
            let requests = if count == 1 { "request" } else { "requests" };
            if count > 0 {
                writeln!(out, "  without {count} {requests} that {what}")?;
            }
        }
        for (line, before, after) in self.changed.iter().take(show) {
            let aspects = ASPECTS.iter().map(|(what, of)| (what, of(before), of(after)));
            let aspects = aspects.filter(|(_, own, other)| own != other);
            let mut aspects: Vec<String> = aspects
                .map(|(what, own, other)| format!("{what} {} -> {}", named(&own), named(&other)))
                .collect();
            if before.cost != after.cost {
                aspects.push(format!("cost {} -> {}", before.cost, after.cost));
            }
            writeln!(out, "line {line}: {}", aspects.join(", "))?;
        }
        if changed > show {
            writeln!(out, "and {} more: --show N shows them", changed.saturating_sub(show))?;
        }
        Ok(())
    }

    /// By how much the cost changes, in per cent.
    #[expect(clippy::as_conversions, clippy::cast_precision_loss, reason = "shown, not charged")]
    fn share(&self) -> String {
        let (before, after) = (self.before.micros() as f64, self.after.micros() as f64);
        if self.before.is_zero() {
            String::new()
        } else {
            format!(" ({:+.1} %)", (after / before - 1.0) * 100.0)
        }
    }

    fn json(&self, show: usize) -> Value {
        let served = |own: &Served| {
            json!({
                "class": (!own.class.is_empty()).then_some(&own.class),
                "chain": (!own.chain.is_empty()).then_some(&own.chain),
                "models": own.models,
                "refused": (own.refused != 0).then_some(own.refused),
                "cost": own.cost.to_string(),
            })
        };
        let changed = self.changed.iter().take(show).map(|(line, before, after)| {
            json!({"line": line, "before": served(before), "after": served(after)})
        });
        let moves = self.moves.iter().map(|((what, before, after), count)| {
            json!({"what": what, "before": before, "after": after, "requests": count})
        });
        json!({
            "requests": self.requests,
            "served_otherwise": self.changed.len(),
            "newly_refused": self.lost,
            "newly_served": self.won,
            "changed": changed.collect::<Vec<_>>(),
            "moves": moves.collect::<Vec<_>>(),
            "cost_before": self.before.to_string(),
            "cost_after": self.after.to_string(),
        })
    }
}

/// Something of a request's service, and how it reads.
type Aspect = (&'static str, fn(&Served) -> String);

/// What of a request's service is compared, beside its cost.
const ASPECTS: [Aspect; 4] = [
    ("class", |served| served.class.clone()),
    ("chain", |served| served.chain.clone()),
    ("models", |served| served.models.join(", ")),
    (
        "refused",
        |served| if served.refused == 0 { String::new() } else { served.refused.to_string() },
    ),
];

fn named(text: &str) -> &str {
    if text.is_empty() { "none" } else { text }
}
