//! Reads the parts of an answer.
use std::borrow::Cow;

use crate::dialect::{Event, Sink};
use crate::json::Value;

/// Reads one part. `calls` counts the function calls of the answer so far.
pub(super) fn read(part: Value<'_>, answer: &str, calls: &mut u32, sink: Sink<'_>) {
    if let Some(text) = part.str_of("text") {
        // A signature may come with an empty text.
        if !text.is_empty() {
            let thought = part.get("thought").and_then(Value::as_bool) == Some(true);
            sink(if thought { Event::Reasoning(text) } else { Event::Text(text) });
        }
    }
    if let Some(call) = part.given("functionCall") {
        let index = *calls;
        *calls = calls.saturating_add(1);
        let name = call.str_of("name").unwrap_or_default();
        let args = call.get("args").filter(|args| args.is_object()).map_or("{}", Value::raw);
        let id = match call.str_of("id").filter(|id| !id.is_empty()) {
            Some(id) => id,
            None => Cow::Owned(id(answer, index, args)),
        };
        sink(Event::ToolCall { index, id, name });
        sink(Event::Arguments { index, json: Cow::Borrowed(args) });
    }
}

/// An id for a call that came without one: the same for the same call of the same answer, and
/// short and plain enough for every app's format (OpenAI takes at most 40 characters).
fn id(answer: &str, index: u32, args: &str) -> String {
    // FNV-1a, 64 bits: <http://www.isthe.com/chongo/tech/comp/fnv/>.
    let hash = answer.bytes().chain(args.bytes()).fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    format!("call_{hash:016x}_{index}")
}
