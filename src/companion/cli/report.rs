//! `tradewind report`: what an access log says of experiments, and what was saved.
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use serde_json::Value;

use crate::companion::policy_file;
use crate::companion::report::{Experiment, Policy, Reading, Wanted, page, text};
use crate::policy::digest;

/// Reports of experiments, and of what was saved, from access logs.
///
/// For each arm: requests, errors, fallbacks, times and their quantiles, tokens, cost, feedback,
/// each with an interval, and how it differs from control, by a test that may be looked at as often
/// as one likes. Without an experiment in the log the chains stand side by side, or what `--by`
/// names. Errors are requests whose app had no answer, or a part of one, and those that their arm
/// refuses; times and tokens are those of whole answers. What was saved is against the premium
/// model's price of what the answer alone used. Exits with 0, and with 2 when something cannot be
/// read, or is not there.
#[derive(Debug, Args)]
pub(super) struct Report {
    /// Access logs, one JSON object in each line; `-` for standard input.
    #[arg(required = true)]
    logs: Vec<PathBuf>,
    /// The policy in force: it knows the weights of arms, their order, and prices. Once more for
    /// each one before it, whose weights then count for the requests that it has drawn.
    #[arg(long, value_name = "FILE")]
    policy: Vec<PathBuf>,
    /// The model of the policy that all requests would have been sent to, for what was saved.
    #[arg(long, value_name = "MODEL", requires = "policy")]
    premium: Option<String>,
    /// Group requests by a member of the log instead: class, chain, model, tenant, user, key, route
    /// or api.
    #[arg(long, value_name = "MEMBER")]
    by: Option<String>,
    /// The arm, or what else is grouped by, that the others are held against; where it is not said,
    /// the first of the policy's arms, and the first by name without a policy.
    #[arg(long, value_name = "NAME")]
    control: Option<String>,
    /// Write a page of HTML, too.
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Print one JSON object instead.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Report) -> ExitCode {
    match report(args) {
        Ok(text) => {
            // Whoever closes the pipe has read enough.
            let _ = io::stdout().lock().write_all(text.as_bytes());
            ExitCode::SUCCESS
        }
        Err(messages) => {
            let mut out = io::stderr().lock();
            // Nothing is left to do when standard error is gone.
            messages.iter().for_each(|message| drop(writeln!(out, "{message}")));
            ExitCode::from(2)
        }
    }
}

fn report(args: &Report) -> Result<String, Vec<String>> {
    let mut wanted =
        Wanted { by: args.by.clone(), control: args.control.clone(), ..Wanted::default() };
    for (place, path) in args.policy.iter().enumerate() {
        learn(path, args.premium.as_deref().filter(|_| place == 0), &mut wanted)?;
    }
    let mut reading = Reading::of(wanted);
    for log in &args.logs {
        lines(log, &mut reading)
            .map_err(|error| vec![format!("{}: cannot be read: {error}", log.display())])?;
    }
    if reading.is_empty() {
        return Err(vec![
            "no request that a chain has served is in the logs: they are what Envoy \
                         writes on standard output with a configuration of `tradewind render`"
                .to_owned(),
        ]);
    }
    let report = reading.report().map_err(|message| vec![message])?;
    if let Some(path) = &args.html {
        std::fs::write(path, page(&report))
            .map_err(|error| vec![format!("{}: cannot be written: {error}", path.display())])?;
    }
    Ok(if args.json { format!("{:#}\n", report.json()) } else { text(&report) })
}

/// What the policy knows of its experiments and prices.
fn learn(path: &Path, premium: Option<&str>, wanted: &mut Wanted) -> Result<(), Vec<String>> {
    let (policy, node) = policy_file::load(path).map_err(|problems| {
        problems.iter().map(|problem| problem.in_file(path)).collect::<Vec<_>>()
    })?;
    let json = node.to_json();
    let tree: Value = serde_json::from_str(&json).unwrap_or_default();
    let digest = digest(json.as_bytes());
    wanted.policies.push(Policy { digest, experiments: experiments(&tree) });
    let Some(name) = premium else { return Ok(()) };
    let model = policy.model(name);
    let Some(model) = model else {
        let known: Vec<&str> = policy.models().iter().map(|own| own.name.as_str()).collect();
        let known = known.join(", ");
        return Err(vec![format!("--premium: the policy has no model `{name}`: it has {known}")]);
    };
    let Some(price) = model.price else {
        return Err(vec![format!("--premium: the policy has no price for `{name}`")]);
    };
    wanted.premium = Some(price);
    Ok(())
}

/// The experiments of a policy, by their names.
fn experiments(policy: &Value) -> BTreeMap<String, Experiment> {
    let list = policy.get("experiments").and_then(Value::as_array).into_iter().flatten();
    let one = |own: &Value| {
        let arms = own.get("arms").and_then(Value::as_array).into_iter().flatten();
        let arms = arms.filter_map(|arm| {
            let name = arm.get("name")?.as_str()?.to_owned();
            Some((name, arm.get("weight")?.as_f64()?))
        });
        let unit = match own.get("unit").and_then(Value::as_str) {
            Some("request") => Some(Vec::new()),
            Some("user") => Some(vec!["tenant", "user"]),
            Some("key") => Some(vec!["tenant", "key"]),
            Some("tenant") => Some(vec!["tenant"]),
            _ => None,
        };
        let name = own.get("name")?.as_str()?.to_owned();
        Some((name, Experiment { unit, arms: arms.collect() }))
    };
    list.filter_map(one).collect()
}

fn lines(path: &Path, reading: &mut Reading) -> io::Result<()> {
    let mut read = |from: &mut dyn BufRead| -> io::Result<()> {
        let mut line = Vec::new();
        while from.read_until(b'\n', &mut line)? > 0 {
            let text = String::from_utf8_lossy(&line);
            if !text.trim().is_empty() {
                reading.line(text.trim());
            }
            line.clear();
        }
        Ok(())
    };
    if path == Path::new("-") {
        return read(&mut io::stdin().lock());
    }
    read(&mut BufReader::new(File::open(path)?))
}
