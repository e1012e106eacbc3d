//! `tradewind calibrate`: weights for the complexity score from an operator's own labels.
use std::fs;
use std::io::{self, IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;

use crate::companion::calibrate::label::{Label, labels};
use crate::companion::calibrate::price::{Price, RATIO};
use crate::companion::calibrate::report::{self, Report};
use crate::companion::calibrate::rule::{Rule, quantile};
use crate::companion::calibrate::{Calibration, Recipe, Set, calibrate};

/// Learn from labelled requests which of them a budget model is good enough for.
///
/// A label is a line of JSON: {"id": "1", "route": "chat", "prompt": "the text" or "request": {the
/// body as an app sends it}, "premium": 0.9, "budget": 0.8, "input_tokens": 120, "premium_tokens":
/// 300, "budget_tokens": 280}. `premium` and `budget` are the quality of both models' answers, from
/// 0 to 1; the route and the tokens may be left out. Some thousands of them are a good start.
///
/// The threshold is set so that the loss of mean quality stays under --max-loss with --confidence.
/// Where the labels do not allow that, the weights say premium for everything, and the report says
/// why. Exits with 0 when weights were written, with 1 when something is wrong with the labels, and
/// with 2 when a file cannot be read or written.
#[derive(Debug, Args)]
pub(super) struct Calibrate {
    /// The labels, one a line.
    #[arg(long)]
    labels: PathBuf,
    /// Where the weights go.
    #[arg(long)]
    out: PathBuf,
    /// The folder for report.txt, report.json and report.html.
    #[arg(long)]
    report: Option<PathBuf>,
    /// The mean quality that may be lost, of 1.
    #[arg(long, default_value_t = 0.01, value_parser = share)]
    max_loss: f64,
    /// How sure it must be that no more is lost.
    #[arg(long, default_value_t = 0.95, value_parser = confidence)]
    confidence: f64,
    /// How many times the premium model's tokens cost what the budget model's do (10 where neither
    /// this nor a policy says it).
    #[arg(long, value_parser = ratio, conflicts_with = "policy")]
    price_ratio: Option<f64>,
    /// The policy that has the prices of both models.
    #[arg(long, requires = "premium", requires = "budget")]
    policy: Option<PathBuf>,
    /// The premium model's name in the policy.
    #[arg(long, requires = "policy")]
    premium: Option<String>,
    /// The budget model's name in the policy.
    #[arg(long, requires = "policy")]
    budget: Option<String>,
    /// What the splits of the labels are made from: the same seed gives the same files.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// The largest file of labels, in bytes: 1 GiB.
const LARGEST: u64 = 1 << 30;

/// What went wrong: the exit code, and a line for each problem.
type Failure = (u8, Vec<String>);

pub(super) fn run(args: &Calibrate) -> ExitCode {
    match work(args) {
        Ok(text) => {
            // Whoever closes the pipe has read enough.
            let _ = io::stdout().write_all(text.as_bytes());
            ExitCode::SUCCESS
        }
        Err((code, lines)) => {
            for line in lines {
                // Nothing is left to do when standard error is gone.
                let _ = writeln!(io::stderr(), "{line}");
            }
            ExitCode::from(code)
        }
    }
}

fn work(args: &Calibrate) -> Result<String, Failure> {
    let (price, said) = price(args)?;
    keeps(args)?;
    let labels = read(&args.labels)?;
    let file = args.labels.display();
    let set = Set::of(labels, &price).map_err(|wrong| (1, vec![format!("{file}: {wrong}")]))?;
    for note in &set.notes {
        let _ = writeln!(io::stderr(), "{file}: {note}");
    }
    let rule = Rule { max_loss: args.max_loss, z: quantile(args.confidence) };
    let recipe = Recipe { rule, seed: args.seed };
    let calibration = calibrate(&set, &recipe, progress);
    let report = Report {
        calibration: &calibration,
        set: &set,
        rule,
        confidence: args.confidence,
        seed: args.seed,
        price: &said,
    };
    let text = report::text(&report);
    write(&args.out, &weights(&report))?;
    if let Some(folder) = &args.report {
        fs::create_dir_all(folder).map_err(|error| cannot(folder, "be made", &error))?;
        write(&folder.join("report.txt"), text.as_bytes())?;
        write(&folder.join("report.json"), report::json(&report).as_bytes())?;
        write(&folder.join("report.html"), report::html(&report).as_bytes())?;
    }
    Ok(text)
}

/// Whether nothing that is read would be written over.
fn keeps(args: &Calibrate) -> Result<(), Failure> {
    let folder = args.report.as_deref();
    let reports =
        ["report.txt", "report.json", "report.html"].map(|name| folder.map(|f| f.join(name)));
    let written: Vec<PathBuf> = reports.into_iter().flatten().chain([args.out.clone()]).collect();
    let read = [Some(&args.labels), args.policy.as_ref()];
    for own in read.into_iter().flatten() {
        // What does not exist yet is no file that is read.
        let same = |other: &PathBuf| match (fs::canonicalize(own), fs::canonicalize(other)) {
            (Ok(own), Ok(other)) => own == other,
            _ => own == other,
        };
        if written.iter().any(same) {
            let said = format!(
                "{}: would be written over by what is learned from it: choose another --out or \
                 --report",
                own.display()
            );
            return Err((2, vec![said]));
        }
    }
    Ok(())
}

/// The weights, with what they were made of.
fn weights(report: &Report<'_>) -> Vec<u8> {
    let calibration: &Calibration = report.calibration;
    calibration.weights.to_json(|out| {
        out.key("labels").number(u64::try_from(report.set.rows.len()).unwrap_or(u64::MAX));
        out.key("max_loss").raw(&report.rule.max_loss.to_string());
        out.key("confidence").raw(&report.confidence.to_string());
        out.key("seed").number(report.seed);
        out.key("price").string(report.price);
        out.key("saved").raw(&format!("{:.4}", calibration.expected.saved.mean + 0.0));
        out.key("quality").raw(&format!("{:.4}", calibration.expected.quality.mean + 0.0));
    })
}

fn read(path: &Path) -> Result<Vec<Label>, Failure> {
    let length = fs::metadata(path).map_err(|error| cannot(path, "be read", &error))?.len();
    if length > LARGEST {
        let said = format!("{}: {length} bytes are more than {LARGEST}", path.display());
        return Err((2, vec![said]));
    }
    let file = fs::read(path).map_err(|error| cannot(path, "be read", &error))?;
    labels(&file).map_err(|wrong| {
        (1, wrong.iter().map(|line| format!("{}:{line}", path.display())).collect())
    })
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    fs::write(path, bytes).map_err(|error| cannot(path, "be written", &error))
}

fn cannot(path: &Path, what: &str, error: &io::Error) -> Failure {
    (2, vec![format!("{}: cannot {what}: {error}", path.display())])
}

/// What answers cost, and the same in words.
fn price(args: &Calibrate) -> Result<(Price, String), Failure> {
    let (Some(policy), Some(premium), Some(budget)) = (&args.policy, &args.premium, &args.budget)
    else {
        let said = match args.price_ratio {
            Some(ratio) => format!("premium costs {ratio} times what budget does"),
            None => format!("premium costs {RATIO} times what budget does (assumed)"),
        };
        let out = "a token of an answer four times one of a question";
        return Ok((Price::ratio(args.price_ratio.unwrap_or(RATIO)), format!("{said}, {out}")));
    };
    let loaded = super::load(policy).map_err(|wrong| (1, wrong))?;
    let of = |name: &str| {
        let wrong = |what: &str| (1, vec![format!("{}: {what} `{name}`", policy.display())]);
        let model = loaded.policy.model(name).ok_or_else(|| wrong("there is no model"))?;
        let price = model.price.as_ref().ok_or_else(|| wrong("there is no `price` for model"))?;
        Ok::<_, Failure>((price.input.micros() as f64, price.output.micros() as f64))
    };
    let price = Price { premium: of(premium)?, budget: of(budget)? };
    if price.premium.1 <= price.budget.1 {
        let said = format!(
            "{}: `{premium}` is not dearer than `{budget}`: are they exchanged?",
            policy.display()
        );
        return Err((1, vec![said]));
    }
    Ok((price, format!("the policy's prices of {premium} and {budget}")))
}

/// Says how far it is: on one line of a terminal, or in tenths elsewhere.
fn progress(done: usize, of: usize) {
    let mut out = io::stderr().lock();
    let tenth = (of / 10).max(1);
    if out.is_terminal() {
        let end = if done == of { "\n" } else { "" };
        let _ = write!(out, "\rlearning: {done} of {of}{end}");
        let _ = out.flush();
    } else if done.is_multiple_of(tenth) || done == of {
        let _ = writeln!(out, "learning: {done} of {of}");
    }
}

fn share(text: &str) -> Result<f64, String> {
    number(text, |n| n > 0.0 && n < 1.0, "a number above 0 and below 1")
}

fn confidence(text: &str) -> Result<f64, String> {
    number(text, |n| (0.5..1.0).contains(&n), "a number from 0.5 to below 1")
}

fn ratio(text: &str) -> Result<f64, String> {
    number(text, |n| n > 1.0 && n <= 1e6, "a number above 1")
}

fn number(text: &str, fits: fn(f64) -> bool, expected: &str) -> Result<f64, String> {
    let number = text.parse().ok().filter(|number| fits(*number));
    number.ok_or_else(|| format!("expected {expected}"))
}
