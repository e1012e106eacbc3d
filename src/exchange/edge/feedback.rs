//! What an app thinks of an answer that it had: for the access log, where a report finds it.
use super::super::Reply;
use super::super::line::Line;
use crate::dialect::{Client, Fault, FaultKind, read_fields};
use crate::json::{Kind, Value, Writer};

/// Longest body, in bytes.
const MOST: usize = 4096;

/// Longest id of a request, in bytes.
const ID_MOST: usize = 256;

/// A request of which the body is coming.
#[derive(Debug)]
pub(super) struct Feedback {
    client: &'static Client,
    request_id: String,
}

impl Feedback {
    pub(super) fn new(client: &'static Client, request_id: &str) -> Self {
        Self { client, request_id: request_id.to_owned() }
    }

    /// Whether a body of so many bytes is longer than any that is right.
    pub(super) const fn is_too_long(size: usize) -> bool {
        size > MOST
    }

    /// The refusal of a longer one.
    pub(super) fn too_long(&self, line: &mut Line) -> Reply {
        let message = format!("feedback has at most {MOST} bytes: send `request_id` and `score`");
        self.refuse(&Fault::new(FaultKind::TooLarge, message), line)
    }

    /// Reads the body, and has the access log have it.
    pub(super) fn note(&self, body: &[u8], line: &mut Line) -> Reply {
        let read = read_fields(body, &["request_id", "score"]).and_then(|document| {
            let root = document.root();
            let (about, score) = (request_id(root)?, score(root)?);
            line.feedback(&about, score);
            let mut out = Writer::new();
            out.object(|out| {
                out.key("request_id").string(&about);
                out.key("score").raw(score);
            });
            Ok(out.finish())
        });
        match read {
            Ok(body) => Reply::ok(self.client, body, &self.request_id),
            Err(fault) => self.refuse(&fault, line),
        }
    }

    /// Refuses it; the access log says why.
    pub(super) fn refuse(&self, fault: &Fault, line: &mut Line) -> Reply {
        line.refuse("request", &fault.message);
        Reply::fault(self.client, fault, &self.request_id)
    }
}

fn request_id(root: Value<'_>) -> Result<String, Fault> {
    let id = root.str_of("request_id");
    let id = id.filter(|id| (1..=ID_MOST).contains(&id.len()));
    let wrong = "expected the id that came with the answer, in `x-tradewind-request-id`";
    id.map(|id| id.into_owned()).ok_or_else(|| Fault::field("request_id", wrong))
}

/// The score as it is written.
fn score(root: Value<'_>) -> Result<&str, Fault> {
    let score = root.given("score").filter(|score| score.kind() == Kind::Number);
    let score = score.filter(|score| score.as_f64().is_some_and(|own| (0.0..=1.0).contains(&own)));
    let wrong = "expected a number from 0, for useless, to 1, for all that was wanted";
    score.map(Value::raw).ok_or_else(|| Fault::field("score", wrong))
}
