//! `tradewind schema`: the fields of a policy, for editors and for people.
use std::io::{self, Write as _};
use std::process::ExitCode;

use clap::Args;

use crate::companion::schema;

/// Print the JSON Schema of a policy (draft 2020-12), or its reference page.
///
/// Both are made of the rows by which a policy is read. An editor that knows the schema completes
/// and checks a policy as it is written; `tradewind check` finds what a schema cannot say.
#[derive(Debug, Args)]
pub(super) struct Schema {
    /// Print the reference page instead, in Markdown: every field with its type, default and
    /// meaning.
    #[arg(long)]
    reference: bool,
}

pub(super) fn run(args: &Schema) -> ExitCode {
    let text =
        if args.reference { schema::reference() } else { format!("{:#}\n", schema::schema()) };
    match io::stdout().lock().write_all(text.as_bytes()) {
        // A reader that has closed the pipe has read enough.
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            let _ = writeln!(io::stderr().lock(), "cannot write: {error}");
            ExitCode::FAILURE
        }
        _ => ExitCode::SUCCESS,
    }
}
