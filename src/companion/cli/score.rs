//! `tradewind score`: what the filter would think of requests.
use std::fs;
use std::io::{self, BufWriter, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use crate::companion::calibrate::label::{id, lines_of, route, with, with_texts};
use crate::complexity::{Classifier, Score, Weights};
use crate::json::Writer;

/// Score requests as the filter does.
///
/// A request is a line of JSON, as a label of `tradewind calibrate` is: {"id": "1", "route":
/// "chat", "prompt": "the text" or "request": {the body as an app sends it}}. Printed is a line
/// for each: {"id": "1", "score": 0.4213, "class": "premium" or "budget"}. Exits with 1 when a
/// line could not be read, and with 2 when a file could not.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// What `tradewind calibrate` wrote; without it the score is the length of the text.
    #[arg(long)]
    weights: Option<PathBuf>,
    /// Another threshold than that of the weights: below it the class is `budget`.
    #[arg(long, value_parser = threshold)]
    threshold: Option<Score>,
    /// The requests, one a line.
    requests: PathBuf,
}

pub(super) fn run(args: &Arguments) -> ExitCode {
    match work(args) {
        Ok(0) => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(problem) => {
            // Nothing is left to do when standard error is gone.
            let _ = writeln!(io::stderr(), "{problem}");
            ExitCode::from(2)
        }
    }
}

/// How many lines could not be read.
fn work(args: &Arguments) -> Result<usize, String> {
    let mut classifier = Classifier::baseline();
    if let Some(path) = &args.weights {
        let wrong = |error: String| format!("{}: {error}", path.display());
        let file = fs::read(path).map_err(|error| wrong(format!("cannot be read: {error}")))?;
        classifier = Classifier::new(Weights::parse(&file).map_err(wrong)?);
    }
    if let Some(threshold) = args.threshold {
        classifier = classifier.with_threshold(threshold);
    }
    let path = args.requests.display();
    let file =
        fs::read(&args.requests).map_err(|error| format!("{path}: cannot be read: {error}"))?;
    let mut out = BufWriter::new(io::stdout().lock());
    let (mut wrong, mut read) = (0_usize, 0_usize);
    for (line, text) in lines_of(&file) {
        read = read.saturating_add(1);
        let scored = with(text, |root| {
            let (id, route) = (id(root)?, route(root)?);
            with_texts(root, |texts, tools| {
                let texts = texts.iter().copied();
                (id, classifier.judge(texts, tools, route.as_deref()))
            })
        });
        match scored {
            Ok((id, judged)) => {
                let mut json = Writer::new();
                json.object(|out| {
                    out.key("id").string(&id);
                    out.key("score").raw(&judged.score.to_string());
                    out.key("class").string(judged.class.name());
                });
                let mut json = json.finish();
                json.push(b'\n');
                if out.write_all(&json).is_err() {
                    // Whoever closes the pipe has read enough.
                    return Ok(wrong);
                }
            }
            Err(problem) => {
                wrong = wrong.saturating_add(1);
                let _ = writeln!(io::stderr(), "{path}:{line}: {problem}");
            }
        }
    }
    if read == 0 {
        return Err(format!("{path}: there are no requests: expected one JSON object a line"));
    }
    Ok(wrong)
}

fn threshold(text: &str) -> Result<Score, String> {
    let score = text.parse().ok().and_then(Score::of);
    score.ok_or_else(|| "expected a number from 0 to 1".to_owned())
}
