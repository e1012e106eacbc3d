//! Reads an app's conversation: messages into turns, content into blocks.
use std::borrow::Cow;
use std::collections::BTreeMap;

use super::check::{
    array, boolean, need, need_string, object, passthrough_only, rest, string, wrong,
};
use super::documents::document;
use super::edits::ours;
use super::parts::{image, text};
use crate::dialect::unsupported::note;
use crate::dialect::{Ask, Block, Fault, Role, Turn};
use crate::json::{At, Value};
use crate::order;

/// What a block of a message may be.
const KINDS: &str = "a string, the block's type";

/// Reads the instructions: a string, or blocks of text.
pub(super) fn system<'d>(ask: &mut Ask<'d>, system: Value<'d>, at: &At<'_>) -> Result<(), Fault> {
    if let Some(text) = system.as_str() {
        ask.system.push(text);
        return Ok(());
    }
    if !system.is_array() {
        return Err(wrong(system, at, "a string or an array of text blocks"));
    }
    for (index, item) in system.items().enumerate() {
        let at = at.item(index);
        let item = object(item, &at)?;
        if &*need_string(item, "type", &at)? != "text" {
            return Err(Fault::field(at.key("type"), "expected `text`"));
        }
        let text = text(ask, item, &at)?;
        ask.system.push(text);
    }
    Ok(())
}

/// Reads `messages`.
pub(super) fn read<'d>(ask: &mut Ask<'d>, root: Value<'d>) -> Result<(), Fault> {
    let at = At::Root.key("messages");
    let messages = need(root, "messages", &At::Root, "an array of messages")?;
    let mut reader = Reader { ask, calls: BTreeMap::new() };
    let mut prefill = None;
    for (index, message) in array(messages, &at)?.items().enumerate() {
        let assistant = reader.message(message, &at.item(index))?;
        prefill = assistant.then_some(index);
        reader.ask.messages = reader.ask.messages.saturating_add(1);
    }
    for turn in ask.turns.iter_mut().filter(|turn| turn.role == Role::User) {
        order::sort_by_key(&mut turn.blocks, |block| !matches!(block, Block::ToolResult { .. }));
    }
    if ask.messages == 0 {
        return Err(Fault::field(at, "expected at least one message"));
    }
    // Other formats answer the assistant's last words; they do not go on with them.
    if let Some(index) = prefill {
        note(&mut ask.passthrough_only, at.item(index));
    }
    ask.prefill = prefill;
    ask.keeps_thoughts = ask.answers_calls() && keeps_thoughts(messages);
    Ok(())
}

/// Whether the thoughts before the calls that are being answered are there, as Anthropic signed
/// them: they begin the assistant's last message. A model that is not told to think between its
/// calls thinks before the first of them alone, so where the later calls are Anthropic's own, the
/// thoughts of an earlier message will do.
fn keeps_thoughts(messages: Value<'_>) -> bool {
    let messages: Vec<Value<'_>> = messages.items().collect();
    let is = |block: Value<'_>, kind: &str| block.get("type").is_some_and(|own| own.is(kind));
    let mut in_calls = false;
    for message in messages.into_iter().rev() {
        let content = message.get("content");
        let blocks = || content.iter().flat_map(|content| content.items());
        let spoken_by = |role| message.get("role").is_some_and(|own| own.is(role));
        if spoken_by("assistant") {
            let first = blocks().find(|block| !ours(*block));
            if first.is_some_and(|first| is(first, "thinking") || is(first, "redacted_thinking")) {
                return true;
            }
            let own =
                |call: Value<'_>| call.str_of("id").is_some_and(|id| id.starts_with("toolu_"));
            let mut calls = blocks().filter(|block| is(*block, "tool_use")).peekable();
            if calls.peek().is_none() || !calls.all(own) {
                return false;
            }
            in_calls = true;
        } else if in_calls && spoken_by("user") && !blocks().any(|block| is(block, "tool_result")) {
            return false;
        }
    }
    false
}

struct Reader<'r, 'd> {
    ask: &'r mut Ask<'d>,
    /// The function of each call so far, by the call's id.
    calls: BTreeMap<Cow<'d, str>, Cow<'d, str>>,
}

impl<'d> Reader<'_, 'd> {
    /// Reads a message; whether the assistant said it.
    fn message(&mut self, message: Value<'d>, at: &At<'_>) -> Result<bool, Fault> {
        let message = object(message, at)?;
        let role = match &*need_string(message, "role", at)? {
            "user" => Some(Role::User),
            "assistant" => Some(Role::Assistant),
            "system" => None,
            _ => {
                let expected = "expected `user`, `assistant` or `system`";
                return Err(Fault::field(at.key("role"), expected));
            }
        };
        let content = need(message, "content", at, "a string or an array of blocks")?;
        rest(self.ask, message, &["role", "content"], at);
        let at = at.key("content");
        let Some(role) = role else {
            // Instructions that come later are still instructions; their place is lost.
            system(self.ask, content, &at)?;
            return Ok(false);
        };
        if let Some(text) = content.as_str() {
            self.push(role, Block::Text(text));
        } else if content.is_array() {
            for (index, item) in content.items().enumerate() {
                self.block(role, item, &at.item(index))?;
            }
        } else {
            return Err(wrong(content, &at, "a string or an array of blocks"));
        }
        Ok(role == Role::Assistant)
    }

    fn block(&mut self, role: Role, item: Value<'d>, at: &At<'_>) -> Result<(), Fault> {
        let item = object(item, at)?;
        let kind = string(need(item, "type", at, KINDS)?, &at.key("type"))?;
        let block = match (&*kind, role) {
            ("text", _) => Block::Text(text(self.ask, item, at)?),
            ("image", _) => match image(self.ask, item, at)? {
                Some(image) => Block::Image(image),
                None => return Ok(()),
            },
            ("document", Role::User) => {
                let blocks = document(self.ask, item, at)?;
                blocks.into_iter().for_each(|block| self.push(role, block));
                return Ok(());
            }
            ("tool_use", Role::Assistant) => self.tool_use(item, at)?,
            ("tool_result", Role::User) => self.tool_result(item, at)?,
            ("thinking", Role::Assistant) => {
                rest(self.ask, item, &["type", "thinking", "signature"], at);
                Block::Reasoning(need_string(item, "thinking", at)?)
            }
            // Only their provider can read those.
            ("redacted_thinking", Role::Assistant) => return Ok(()),
            ("mid_conv_system", _) => {
                rest(self.ask, item, &["type", "content"], at);
                let content = need(item, "content", at, "an array of text blocks")?;
                return system(self.ask, content, &at.key("content"));
            }
            ("tool_use" | "thinking" | "redacted_thinking", Role::User) => {
                let why = format_args!("`{kind}` belongs into a message of the assistant");
                return Err(Fault::field(at.key("type"), why));
            }
            ("tool_result", Role::Assistant) => {
                let why = "`tool_result` belongs into a message of the user";
                return Err(Fault::field(at.key("type"), why));
            }
            _ => {
                passthrough_only(self.ask, item, at);
                return Ok(());
            }
        };
        self.push(role, block);
        Ok(())
    }

    fn tool_use(&mut self, item: Value<'d>, at: &At<'_>) -> Result<Block<'d>, Fault> {
        let id = need_string(item, "id", at)?;
        let name = need_string(item, "name", at)?;
        let input = need(item, "input", at, "an object, the function's arguments")?;
        let arguments = Cow::Borrowed(object(input, &at.key("input"))?.raw());
        if let Some(caller) = item.given("caller")
            && !caller.get("type").is_some_and(|kind| kind.is("direct"))
        {
            passthrough_only(self.ask, caller, &at.key("caller"));
        }
        rest(self.ask, item, &["type", "id", "name", "input", "caller"], at);
        self.calls.insert(id.clone(), name.clone());
        Ok(Block::ToolCall { id, name, arguments })
    }

    fn tool_result(&mut self, item: Value<'d>, at: &At<'_>) -> Result<Block<'d>, Fault> {
        let id = need_string(item, "tool_use_id", at)?;
        let failed = item.given("is_error");
        let failed = failed.map(|value| boolean(value, &at.key("is_error"))).transpose()?;
        let mut content = Vec::new();
        if let Some(value) = item.given("content") {
            let at = at.key("content");
            if let Some(text) = value.as_str() {
                content.push(Block::Text(text));
            } else if value.is_array() {
                for (index, part) in value.items().enumerate() {
                    result_part(self.ask, part, &at.item(index), &mut content)?;
                }
            } else {
                return Err(wrong(value, &at, "a string or an array of blocks"));
            }
        }
        rest(self.ask, item, &["type", "tool_use_id", "content", "is_error"], at);
        let name = self.calls.get(&id).cloned().unwrap_or_default();
        Ok(Block::ToolResult { id, name, content, failed: failed.unwrap_or(false) })
    }

    /// Adds a block to the turn of its side: a new one when the other side spoke last.
    fn push(&mut self, role: Role, block: Block<'d>) {
        let turns = &mut self.ask.turns;
        self.ask.opening.get_or_insert(self.ask.system.len());
        match turns.last_mut() {
            Some(turn) if turn.role == role => turn.blocks.push(block),
            _ => turns.push(Turn { role, blocks: vec![block] }),
        }
    }
}

fn result_part<'d>(
    ask: &mut Ask<'d>,
    part: Value<'d>,
    at: &At<'_>,
    content: &mut Vec<Block<'d>>,
) -> Result<(), Fault> {
    let part = object(part, at)?;
    match &*string(need(part, "type", at, KINDS)?, &at.key("type"))? {
        "text" => content.push(Block::Text(text(ask, part, at)?)),
        "image" => content.extend(image(ask, part, at)?.map(Block::Image)),
        "document" => content.append(&mut document(ask, part, at)?),
        // What a search of the app's own for tools has found: from here on it is among `tools`.
        "tool_reference" => {
            rest(ask, part, &["type", "tool_name"], at);
            let name = need_string(part, "tool_name", at)?;
            content.push(Block::Text(Cow::Owned(format!("Found the tool `{name}`."))));
        }
        _ => passthrough_only(ask, part, at),
    }
    Ok(())
}
