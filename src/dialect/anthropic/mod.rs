//! The `anthropic` dialect.
use super::{Dialect, Fault, FaultKind, Provider};

/// The row of this dialect.
pub(super) const DIALECT: Dialect = Dialect {
    name: "anthropic",
    app: None,
    provider: Provider {
        path: |_, _| String::new(),
        headers: &[],
        credential: ("authorization", "Bearer "),
        lacks: |_, _, _| {},
        write: |_, _| Vec::new(),
        whole: |_, _| {},
        stream: || Box::new(Nothing),
        fault: |status, _| Fault::new(FaultKind::of_status(status), "").with_status(status),
    },
};

#[derive(Debug)]
struct Nothing;

impl super::StreamReader for Nothing {
    fn read(&mut self, _: &str, _: &str, _: super::Sink<'_>) {}
}
