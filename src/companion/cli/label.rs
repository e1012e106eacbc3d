//! `tradewind label`: labels for `tradewind calibrate`, from the records of a collector.
use std::fs;
use std::io::{self, IsTerminal as _, Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, ValueEnum};

use crate::companion::calibrate::label::lines_of;
use crate::companion::label::compare::Compared;
use crate::companion::label::gateway::{Job, Judge, Judged, judge_all};
use crate::companion::label::judge::premium_is_first;
use crate::companion::label::pairs::{Pair, Pairs};
use crate::companion::label::record::{self, Record};
use crate::companion::label::summary::{Found, Summary};
use crate::json::Writer;

/// Make labels of requests that two models have answered.
///
/// Reads what `tradewind collect` has written: a line for each request that an experiment has
/// copied (`experiments[].shadow` with a `collector`), and one for its copy. Both answers are
/// compared by what they come to: calls of functions, JSON, a letter, a number, a block of code, a
/// few words. Where that is the same, the label says that the budget model is as good; where it is
/// not, that it is worse: the premium answer is taken to be right. Nothing is said of pairs that
/// cannot be compared, mostly prose: they have no label, and what is learnt does not speak of
/// requests like these.
///
/// With --judge those go to a model of your choice, and so do short texts and code that differ,
/// since both may be right. It is asked through the gateway, so its policy needs a route for MODEL
/// and a key for you; each pair costs two requests with both answers, in both orders. A judge that
/// finds the budget answer better or equal both times makes it 1, one that does so once 0.5.
///
/// The labels are what `tradewind calibrate --labels` reads; prompts stand in them. What was found,
/// and what not, is said on standard error. Exits with 0; with 1 when lines could not be read (the
/// others are labelled); with 2 when a file cannot be read or written, when there is no pair, or
/// when the judge cannot be asked (what was judged by then is written).
#[derive(Debug, Args)]
pub(super) struct Label {
    /// What the collector has written; `-` for standard input.
    #[arg(required = true, value_name = "RECORDS")]
    records: Vec<PathBuf>,
    /// Where the labels go; `-` for standard output. Only its owner may read a new file.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Whose answer is the premium model's: that of the app's own request, or that of the copy.
    #[arg(long, value_enum, default_value_t = Side::Main)]
    premium_is: Side,
    /// Only pairs of this experiment.
    #[arg(long, value_name = "NAME")]
    experiment: Option<String>,
    /// The model that judges what cannot be compared, as an app would ask the gateway for it.
    #[arg(long, value_name = "MODEL", requires = "gateway")]
    judge: Option<String>,
    /// Where the gateway is that the judge is asked through, as in http://127.0.0.1:10000.
    #[arg(long, value_name = "URL", requires = "judge")]
    gateway: Option<String>,
    /// The file with the key that the gateway knows you by.
    #[arg(long, value_name = "FILE", requires = "judge")]
    key_file: Option<PathBuf>,
    /// Judge no more pairs than these; the others have no label.
    #[arg(long, value_name = "PAIRS", default_value_t = 2_000, requires = "judge")]
    judge_at_most: usize,
    /// So many pairs are judged at once.
    #[arg(long, value_name = "PAIRS", default_value_t = 4, requires = "judge",
        value_parser = clap::value_parser!(u8).range(1..=16))]
    at_once: u8,
    /// Which answer a judge sees first is drawn by it: the same seed, the same questions.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// One of a request and its copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Side {
    /// The app's own request.
    Main,
    /// The copy.
    Shadow,
}

/// The largest file of records, in bytes: 4 GiB.
const LARGEST: u64 = 4 << 30;

/// Lines that are told to be wrong; more of them are counted.
const TOLD: usize = 20;

pub(super) fn run(args: &Label) -> ExitCode {
    match work(args) {
        Ok(code) => ExitCode::from(code),
        Err(problem) => {
            say(&problem);
            ExitCode::from(2)
        }
    }
}

fn work(args: &Label) -> Result<u8, String> {
    // What is wrong with the judge is known before anything is read or written.
    let judge = judge(args)?;
    let mut summary = Summary::default();
    let mut records = Vec::new();
    for path in &args.records {
        records.extend(read(path, &mut summary)?);
    }
    if let Some(name) = &args.experiment {
        let before = records.len();
        records.retain(|record| record.experiment == *name);
        if records.is_empty() && before > 0 {
            return Err(format!("--experiment: no record is of an experiment `{name}`"));
        }
    }
    let found = Pairs::of(records);
    summary.without_copy = found.without_copy;
    summary.without_request = found.without_request;
    summary.again = found.again;
    if found.pairs.is_empty() {
        summary.tell(args.judge.is_some());
        return Err("there is no request with its copy among the records: expected what \
                    `tradewind collect` has written, where an experiment has `shadow: {collector: \
                    …}`"
        .to_owned());
    }
    let pairs: Vec<Sides> = found.pairs.into_iter().map(|pair| Sides::of(pair, args)).collect();
    let mut out = Out::open(&args.out)?;
    let stopped = label(args, judge, &pairs, &mut summary, &mut out)?;
    summary.tell(args.judge.is_some());
    if let Some(why) = stopped {
        return Err(format!("the judge is asked no more: {why}"));
    }
    Ok(u8::from(summary.unreadable > 0))
}

/// A pair, by what its sides are.
struct Sides {
    id: String,
    route: Option<String>,
    request: String,
    premium: Record,
    budget: Record,
    compared: Compared,
}

impl Sides {
    fn of(pair: Pair, args: &Label) -> Self {
        let Pair { id, mut main, copy } = pair;
        let (route, request) = (main.route.take(), main.request.take().unwrap_or_default());
        let (premium, budget) = match args.premium_is {
            Side::Main => (main, copy),
            Side::Shadow => (copy, main),
        };
        let compared = Compared::of(premium.said.as_ref(), budget.said.as_ref());
        Self { id, route, request, premium, budget, compared }
    }

    /// What is found without a judge; `None` for what is his.
    fn found(&self, is_judged: bool) -> Option<Found> {
        if self.premium.model == self.budget.model {
            return Some(Found::SameModel);
        }
        match self.compared {
            compared if is_judged && compared.is_for_a_judge() => None,
            Compared::Same(by) => Some(Found::Same(by)),
            Compared::Apart(by) => Some(Found::Apart(by)),
            Compared::Unclear(why) => Some(Found::Unclear(why)),
        }
    }

    fn job(&self, place: usize, seed: u64) -> Option<Job> {
        Some(Job {
            place,
            request: self.request.clone(),
            premium: self.premium.said.clone()?,
            budget: self.budget.said.clone()?,
            premium_first: premium_is_first(seed, &self.id),
        })
    }

    fn line(&self, quality: f64) -> Vec<u8> {
        let mut json = Writer::new();
        json.object(|json| {
            json.key("id").string(&self.id);
            self.route.iter().for_each(|route| json.key("route").string(route));
            json.key("request").raw(&self.request);
            json.key("premium").number(1);
            json.key("budget").raw(&quality.to_string());
            let (premium, budget) = (self.premium.usage, self.budget.usage);
            for (name, tokens) in [
                ("input_tokens", premium.or(budget).map(|usage| usage.input)),
                ("premium_tokens", premium.map(|usage| usage.output)),
                ("budget_tokens", budget.map(|usage| usage.output)),
            ] {
                tokens.iter().for_each(|tokens| json.key(name).number(*tokens));
            }
        });
        let mut line = json.finish();
        line.push(b'\n');
        line
    }
}

/// Labels every pair; why the judge was not asked to the end, where that is so.
fn label(
    args: &Label,
    judge: Option<Judge>,
    pairs: &[Sides],
    summary: &mut Summary,
    out: &mut Out,
) -> Result<Option<String>, String> {
    let mut found: Vec<Option<Found>> =
        pairs.iter().map(|pair| pair.found(judge.is_some())).collect();
    let open = found.iter().enumerate().filter(|(_, found)| found.is_none());
    let mut open: Vec<usize> = open.map(|(place, _)| place).collect();
    for place in open.split_off(open.len().min(args.judge_at_most)) {
        found.get_mut(place).into_iter().for_each(|own| *own = Some(Found::TooMany));
    }
    let job = |place: &usize| pairs.get(*place).and_then(|pair| pair.job(*place, args.seed));
    let jobs: Vec<Job> = open.iter().filter_map(job).collect();
    let mut written = 0_usize;
    let (mut done, of) = (0_usize, jobs.len());
    let mut failed = None;
    let mut write = |found: &[Option<Found>]| -> io::Result<()> {
        while let Some(Some(own)) = found.get(written) {
            if let (Some(quality), Some(pair)) = (own.quality(), pairs.get(written)) {
                out.line(&pair.line(quality))?;
            }
            written = written.saturating_add(1);
        }
        out.flush()
    };
    let cannot = |error: io::Error| format!("--out: `{}`: {error}", args.out.display());
    write(&found).map_err(cannot)?;
    let mut stopped = None;
    if let Some(judge) = judge.filter(|_| of > 0) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| format!("the judge cannot be asked: {error}"))?;
        let (used, ended) =
            runtime.block_on(judge_all(judge, jobs, args.at_once.into(), |at, own| {
                done = done.saturating_add(1);
                progress(done, of);
                found.get_mut(at).into_iter().for_each(|place| *place = Some(own.clone().into()));
                failed = failed.take().or_else(|| write(&found).err());
            }));
        summary.used = used;
        stopped = ended.err().map(|why| why.to_string());
    }
    // What was not judged has no label, and holds nobody up.
    found.iter_mut().for_each(|own| *own = own.take().or(Some(Found::NotAsked)));
    failed.map_or_else(|| write(&found), Err).map_err(cannot)?;
    for (pair, found) in pairs.iter().zip(found.into_iter().flatten()) {
        summary.add(&pair.premium.model, &pair.budget.model, found);
    }
    Ok(stopped)
}

impl From<Judged> for Found {
    fn from(judged: Judged) -> Self {
        match judged {
            Judged::Quality(quality) => Self::Judged(quality),
            Judged::NoVerdict => Self::NoVerdict,
            Judged::Unanswered(why) => Self::Unanswered(why),
        }
    }
}

fn judge(args: &Label) -> Result<Option<Judge>, String> {
    let (Some(model), Some(gateway)) = (&args.judge, &args.gateway) else { return Ok(None) };
    let key = args.key_file.as_deref().map(|path| {
        let of = |what: &str| format!("--key-file: `{}`: {what}", path.display());
        let text = fs::read_to_string(path).map_err(|error| of(&error.to_string()))?;
        let key = text.trim();
        let fits = !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_graphic());
        if fits { Ok(key.to_owned()) } else { Err(of("expected one key and nothing else")) }
    });
    let judge = Judge::new(gateway, key.transpose()?, model);
    judge.map(Some).map_err(|wrong| format!("--gateway: {wrong}"))
}

/// The records of a file; its lines that are none are told.
fn read(path: &Path, summary: &mut Summary) -> Result<Vec<Record>, String> {
    let cannot = |error: io::Error| format!("{}: cannot be read: {error}", path.display());
    let file = if path == Path::new("-") {
        let mut all = Vec::new();
        io::stdin().lock().read_to_end(&mut all).map_err(cannot)?;
        all
    } else {
        let length = fs::metadata(path).map_err(cannot)?.len();
        if length > LARGEST {
            let said = format!("{}: {length} bytes are more than {LARGEST}", path.display());
            return Err(format!("{said}: give it in parts, and the labels of each in a file"));
        }
        fs::read(path).map_err(cannot)?
    };
    let mut records = Vec::new();
    for (line, text) in lines_of(&file) {
        match record::read(text) {
            Ok(record) if record.copy_of.is_some() => {
                summary.copies = summary.copies.saturating_add(1);
                records.push(record);
            }
            Ok(record) => {
                summary.requests = summary.requests.saturating_add(1);
                records.push(record);
            }
            Err(problem) => {
                summary.unreadable = summary.unreadable.saturating_add(1);
                if summary.unreadable <= TOLD {
                    say(&format!("{}:{line}: {problem}", path.display()));
                }
            }
        }
    }
    Ok(records)
}

/// Where the labels go.
struct Out(Box<dyn io::Write>);

impl Out {
    fn open(path: &Path) -> Result<Self, String> {
        if path == Path::new("-") {
            return Ok(Self(Box::new(io::stdout())));
        }
        let mut options = fs::OpenOptions::new();
        let file = options.write(true).create(true).truncate(true).mode(0o600).open(path);
        let file = file.map_err(|error| format!("--out: `{}`: {error}", path.display()))?;
        Ok(Self(Box::new(io::BufWriter::new(file))))
    }

    fn line(&mut self, line: &[u8]) -> io::Result<()> {
        self.0.write_all(line)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

fn say(line: &str) {
    // Nothing is left to do when standard error is gone.
    let _ = writeln!(io::stderr(), "{line}");
}

/// Says how far it is: on one line of a terminal, or in tenths elsewhere.
fn progress(done: usize, of: usize) {
    let mut out = io::stderr().lock();
    let tenth = (of / 10).max(1);
    if out.is_terminal() {
        let end = if done == of { "\n" } else { "" };
        let _ = write!(out, "\rjudging: {done} of {of}{end}");
        let _ = out.flush();
    } else if done.is_multiple_of(tenth) || done == of {
        let _ = writeln!(out, "judging: {done} of {of}");
    }
}
