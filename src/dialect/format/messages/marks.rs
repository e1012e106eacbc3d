//! Marks for Anthropic's cache, as
//! <https://platform.claude.com/docs/en/build-with-claude/prompt-caching> describes them: at most
//! four, in the order of what the cache is made of, which is tools, instructions, messages.
//!
//! A request reads what an earlier one has written up to a mark that stands no more than twenty
//! blocks before one of its own. So the turn that was marked last by the request before this one is
//! marked again, however many calls there are between the two.
use crate::dialect::cache::{CacheMarks, Mark, Marking};
use crate::dialect::{Edit, Put};
use crate::json::Value;

pub(super) static MARKING: Marking = Marking { is_marked, marks };

const KEY: &str = "cache_control";

/// Blocks that may be marked, beside text that says something. Thoughts may not.
const MARKABLE: [&str; 4] = ["document", "image", "search_result", "tool_result"];

/// Whether a body has marks: of blocks, or the one that moves on by itself.
fn is_marked(root: Value<'_>) -> bool {
    let own = |object: Value<'_>| object.given(KEY).is_some();
    let within = |block: Value<'_>| own(block) || items(block, "content").any(own);
    let said = |message: Value<'_>| items(message, "content").any(within);
    own(root)
        || items(root, "tools").any(own)
        || items(root, "system").any(own)
        || items(root, "messages").any(said)
}

fn marks(root: Value<'_>, marks: CacheMarks) -> Vec<Mark> {
    let mark = if marks.hour {
        r#""cache_control":{"type":"ephemeral","ttl":"1h"}"#
    } else {
        r#""cache_control":{"type":"ephemeral"}"#
    };
    let system = root.given("system").and_then(|system| last_of(system, mark));
    let tool = items(root, "tools").filter(|tool| is_offered(*tool)).last();
    let mut found: Vec<Mark> = tool.map(|tool| within(tool, mark)).into_iter().collect();
    found.extend(system);
    if marks.turns {
        found.extend(turns(root, mark));
    }
    found
}

/// The end of the user's last turn, and of the one before it.
fn turns(root: Value<'_>, mark: &str) -> impl Iterator<Item = Mark> {
    let messages: Vec<Value<'_>> = items(root, "messages").collect();
    let (mut last, mut before, mut answered) = (None, None, false);
    for message in messages.into_iter().rev() {
        let role = message.str_of("role").unwrap_or_default();
        if role == "assistant" {
            answered |= last.is_some();
        }
        if role != "user" {
            continue;
        }
        let slot = if answered { &mut before } else { &mut last };
        if slot.is_none() {
            *slot = message.given("content").and_then(|content| last_of(content, mark));
        }
        if before.is_some() {
            break;
        }
    }
    before.into_iter().chain(last)
}

/// The mark of the last thing that can be marked in what is said: a text, or blocks.
fn last_of(said: Value<'_>, mark: &str) -> Option<Mark> {
    match said.as_str() {
        Some(text) => (!text.trim().is_empty()).then(|| around(said, mark)),
        None => {
            said.items().filter(|block| is_markable(*block)).last().map(|own| within(own, mark))
        }
    }
}

fn is_markable(block: Value<'_>) -> bool {
    let kind = block.str_of("type").unwrap_or_default();
    if kind == "text" {
        return block.str_of("text").is_some_and(|text| !text.trim().is_empty());
    }
    MARKABLE.contains(&&*kind)
}

/// Whether a tool is a function that the model is told of: one that waits to be searched for is in
/// no cache, and of others only Anthropic knows what may stand in them.
fn is_offered(tool: Value<'_>) -> bool {
    let waits = tool.given("defer_loading").is_some_and(|waits| waits.as_bool() != Some(false));
    !waits && tool.given("type").is_none_or(|kind| kind.is("custom")) && tool.get("name").is_some()
}

/// As a member of a block or a tool, before all others; or in the place of a `null`, which says
/// that there is none.
fn within(object: Value<'_>, mark: &str) -> Mark {
    if let Some((none, (_, own))) = object.get(KEY).zip(mark.split_once(':')) {
        let at = none.span();
        return Mark { at: at.clone(), edits: vec![Edit { at, put: Put::Text(own.to_owned()) }] };
    }
    let at = object.span().start.saturating_add(1);
    Mark { at: at..at, edits: vec![put(at, format!("{mark},"))] }
}

/// With a text as the only block in its place. The text itself is not copied.
fn around(text: Value<'_>, mark: &str) -> Mark {
    let at = text.span();
    let before = put(at.start, r#"[{"type":"text","text":"#.to_owned());
    let after = put(at.end, format!(",{mark}}}]"));
    Mark { at, edits: vec![before, after] }
}

const fn put(at: usize, text: String) -> Edit {
    Edit { at: at..at, put: Put::Text(text) }
}

fn items<'d>(object: Value<'d>, key: &str) -> impl Iterator<Item = Value<'d>> {
    object.given(key).into_iter().flat_map(Value::items)
}
