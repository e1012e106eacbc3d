//! `tradewind check`: every problem of a policy at once.
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, ValueEnum};

use crate::companion::policy_file;
use crate::json::Writer;
use crate::policy::{Policy, Problem, digest};

/// Reports every problem of a policy, each with its place.
///
/// What nobody may have meant is a warning, on standard error.
///
/// Exits with 0 when there is none, with 1 when there are some, and with 2 when the file cannot
/// be read.
#[derive(Debug, Args)]
pub(super) struct Check {
    /// The policy, in YAML or JSON.
    policy: PathBuf,
    /// How problems are written.
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    /// One line for each: `policy.yaml:12: routes[0].chain: what is wrong`.
    Human,
    /// A JSON list of objects with `path`, `line` and `message`; empty when all is well.
    Json,
}

pub(super) fn run(args: &Check) -> ExitCode {
    let bytes = match policy_file::read(&args.policy) {
        Ok(bytes) => bytes,
        Err(message) => {
            // Nothing is left to do when standard error is gone.
            let _ = writeln!(io::stderr(), "{}: {message}", args.policy.display());
            return ExitCode::from(2);
        }
    };
    let parsed = policy_file::parse_at(&bytes, args.policy.parent());
    let checked = parsed.map(|(policy, node)| {
        for doubt in policy.doubts(&node, super::now()) {
            let _ = writeln!(io::stderr(), "warning: {doubt}");
        }
        summary(&policy, &digest(node.to_json().as_bytes()))
    });
    let text = match args.format {
        Format::Human => human(&args.policy, &checked),
        Format::Json => json(checked.as_ref().err().map_or(&[][..], Vec::as_slice)),
    };
    // Whoever closes the pipe has read enough; the exit code still says how it went.
    let _ = io::stdout().write_all(&text);
    ExitCode::from(u8::from(checked.is_err()))
}

fn human(file: &Path, checked: &Result<String, Vec<Problem>>) -> Vec<u8> {
    let text = match checked {
        Ok(summary) => format!("{}: no problems in {summary}\n", file.display()),
        Err(problems) => problems.iter().map(|problem| problem.in_file(file) + "\n").collect(),
    };
    text.into_bytes()
}

/// What a policy has, and the digest by which proxies name it in their log and metrics.
fn summary(policy: &Policy, digest: &str) -> String {
    let counted = |count: usize, what: &str| match count {
        1 => format!("1 {what}"),
        _ => format!("{count} {what}s"),
    };
    let models = counted(policy.models().len(), "model");
    let chains = counted(policy.chains().count(), "chain");
    let routes = counted(policy.routes().len(), "route");
    format!("{models}, {chains} and {routes}; its digest is {digest}")
}

fn json(problems: &[Problem]) -> Vec<u8> {
    let mut out = Writer::new();
    out.array(|out| {
        for problem in problems {
            out.object(|out| {
                out.key("path").string(&problem.path);
                out.key("line").number(u64::try_from(problem.line).unwrap_or(u64::MAX));
                out.key("message").string(&problem.message);
            });
        }
    });
    let mut text = out.finish();
    text.push(b'\n');
    text
}
