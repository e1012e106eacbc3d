//! `messages`: instructions, turns and the results of calls.
use std::borrow::Cow;
use std::collections::BTreeMap;

use super::file::file;
use super::image::image;
use super::{best_effort, fields, member, passthrough_only, string, unknown, wrong};
use crate::dialect::{Ask, Block, Fault, Image, Role, Turn, stored};
use crate::json::{At, Document, Kind, Limits, Value};
use crate::order;

/// The functions of the calls so far, by the id of the call.
type Calls<'d> = BTreeMap<Cow<'d, str>, Cow<'d, str>>;

pub(super) fn read<'d>(
    ask: &mut Ask<'d>,
    name: &'static str,
    value: Value<'d>,
) -> Result<(), Fault> {
    let mut calls = Calls::new();
    fields::each(At::Root.key(name), value, |at, item| {
        message(ask, &mut calls, at, item)?;
        ask.messages = ask.messages.saturating_add(1);
        Ok(())
    })?;
    if ask.messages == 0 {
        return Err(Fault::field(name, "expected at least one message"));
    }
    // Results stand first in their turn; the sort is stable, and linear where they already do.
    for turn in ask.turns.iter_mut().filter(|turn| turn.role == Role::User) {
        order::sort_by_key(&mut turn.blocks, |block| !matches!(block, Block::ToolResult { .. }));
    }
    Ok(())
}

/// What a message may hold beside its role.
#[derive(Default)]
struct Message<'d> {
    /// The message as it stands.
    whole: Option<Value<'d>>,
    content: Option<Value<'d>>,
    name: Option<Value<'d>>,
    tool_calls: Option<Value<'d>>,
    tool_call_id: Option<Value<'d>>,
    refusal: Option<Value<'d>>,
    reasoning: Option<Value<'d>>,
    /// Whether an older or a spoken answer stands in for content.
    stands_in: bool,
}

fn message<'d>(
    ask: &mut Ask<'d>,
    calls: &mut Calls<'d>,
    at: &At<'_>,
    item: Value<'d>,
) -> Result<(), Fault> {
    fields::object(at, item)?;
    let role = member(at, item, "role")?;
    let mut message = Message { whole: Some(item), ..Message::default() };
    for (key, value) in item.members() {
        let given = Some(value).filter(|value| !value.is_null());
        match &*key {
            "role" => {}
            "content" => message.content = given,
            "name" => message.name = given,
            "tool_calls" => message.tool_calls = given,
            "tool_call_id" => message.tool_call_id = given,
            "refusal" => message.refusal = given,
            // Servers that show their reasoning differ in its name; those with both repeat it.
            "reasoning_content" => message.reasoning = given.or(message.reasoning),
            "reasoning" if value.kind() == Kind::String => {
                message.reasoning = message.reasoning.or(given);
            }
            "function_call" | "audio" if given.is_some() => {
                message.stands_in = true;
                unknown(ask, at, &key, value);
            }
            _ => unknown(ask, at, &key, value),
        }
    }
    if role != "assistant" {
        for (key, value) in [("tool_calls", message.tool_calls), ("refusal", message.refusal)] {
            if let Some(value) = value {
                unknown(ask, at, key, value);
            }
        }
    }
    match &*role {
        "system" | "developer" => instructions(ask, at, &message),
        "user" => user(ask, at, &message),
        "assistant" => assistant(ask, calls, at, &message),
        "tool" => result(ask, calls, at, &message),
        "function" => {
            passthrough_only(ask, at);
            Ok(())
        }
        other => {
            let known = "expected `system`, `developer`, `user`, `assistant` or `tool`";
            Err(Fault::field(at.key("role"), format_args!("{known}, got `{other}`")))
        }
    }
}

fn instructions<'d>(ask: &mut Ask<'d>, at: &At<'_>, message: &Message<'d>) -> Result<(), Fault> {
    participant(ask, at, message)?;
    for block in content(ask, at, message)? {
        if let Block::Text(text) = block {
            ask.system.push(text);
        }
    }
    Ok(())
}

fn user<'d>(ask: &mut Ask<'d>, at: &At<'_>, message: &Message<'d>) -> Result<(), Fault> {
    participant(ask, at, message)?;
    let blocks = content(ask, at, message)?;
    say(ask, Role::User, blocks);
    Ok(())
}

fn assistant<'d>(
    ask: &mut Ask<'d>,
    calls: &mut Calls<'d>,
    at: &At<'_>,
    message: &Message<'d>,
) -> Result<(), Fault> {
    participant(ask, at, message)?;
    let mut blocks = Vec::new();
    if let Some(reasoning) = message.reasoning {
        blocks.push(Block::Reasoning(string(at.key("reasoning_content"), reasoning)?));
    }
    let silent = message.tool_calls.is_some() || message.refusal.is_some() || message.stands_in;
    if message.content.is_some() || !silent {
        blocks.append(&mut content(ask, at, message)?);
    }
    if let Some(refusal) = message.refusal {
        blocks.push(Block::Refusal(string(at.key("refusal"), refusal)?));
    }
    if let Some(list) = message.tool_calls {
        fields::each(at.key("tool_calls"), list, |at, item| {
            call(ask, calls, at, item, &mut blocks)
        })?;
    }
    // Apps send back what they got: an empty text beside a call says nothing.
    blocks.retain(|block| !matches!(block, Block::Text(text) if text.is_empty()));
    say(ask, Role::Assistant, blocks);
    Ok(())
}

fn call<'d>(
    ask: &mut Ask<'d>,
    calls: &mut Calls<'d>,
    at: &At<'_>,
    item: Value<'d>,
    blocks: &mut Vec<Block<'d>>,
) -> Result<(), Fault> {
    fields::object(at, item)?;
    let id = member(at, item, "id")?;
    if item.given("type").is_some_and(|kind| !kind.is("function")) {
        passthrough_only(ask, at);
        return Ok(());
    }
    let at = at.key("function");
    let Some(function) = item.get("function") else {
        return Err(Fault::field(at, "is missing"));
    };
    fields::object(at, function)?;
    let name = member(&at, function, "name")?;
    let arguments = match member(&at, function, "arguments")? {
        empty if empty.trim().is_empty() => Cow::Borrowed("{}"),
        arguments => arguments,
    };
    // Models write broken JSON at times, and only this format carries arguments as a text.
    let whole = Document::parse(arguments.as_bytes(), Limits::default());
    if !whole.is_ok_and(|document| document.root().is_object()) {
        passthrough_only(ask, at.key("arguments"));
    }
    calls.insert(id.clone(), name.clone());
    blocks.push(Block::ToolCall { id, name, arguments });
    Ok(())
}

fn result<'d>(
    ask: &mut Ask<'d>,
    calls: &Calls<'d>,
    at: &At<'_>,
    message: &Message<'d>,
) -> Result<(), Fault> {
    let id = match message.tool_call_id {
        Some(id) => string(at.key("tool_call_id"), id)?,
        None => return Err(Fault::field(at.key("tool_call_id"), "is missing")),
    };
    let own = match message.name {
        Some(name) => string(at.key("name"), name)?,
        None => Cow::Borrowed(""),
    };
    let name = calls.get(&id).cloned().unwrap_or(own);
    let content = content(ask, at, message)?;
    say(ask, Role::User, vec![Block::ToolResult { id, name, content, failed: false }]);
    Ok(())
}

/// The name of a participant: nobody else's format tells speakers of one role apart. It is told
/// as advice, since apps give names out of habit where there is one user.
fn participant(ask: &mut Ask<'_>, at: &At<'_>, message: &Message<'_>) -> Result<(), Fault> {
    if let Some(name) = message.name {
        string(at.key("name"), name)?;
        best_effort(ask, at.key("name"));
    }
    Ok(())
}

fn say<'d>(ask: &mut Ask<'d>, role: Role, blocks: Vec<Block<'d>>) {
    ask.opening.get_or_insert(ask.system.len());
    match ask.turns.last_mut() {
        Some(turn) if turn.role == role => turn.blocks.extend(blocks),
        _ => ask.turns.push(Turn { role, blocks }),
    }
}

fn content<'d>(
    ask: &mut Ask<'d>,
    at: &At<'_>,
    message: &Message<'d>,
) -> Result<Vec<Block<'d>>, Fault> {
    let at = at.key("content");
    let Some(value) = message.content else {
        return Err(Fault::field(at, "expected a string or a list of parts"));
    };
    if let Some(text) = value.as_str() {
        return Ok(vec![Block::Text(text)]);
    }
    if !value.is_array() {
        return Err(wrong(at, "a string or a list of parts", value));
    }
    let mut blocks = Vec::new();
    for (index, item) in value.items().enumerate() {
        if let Some(block) = part(ask, &at.item(index), item, message.whole)? {
            blocks.push(block);
        }
    }
    Ok(blocks)
}

fn part<'d>(
    ask: &mut Ask<'d>,
    at: &At<'_>,
    item: Value<'d>,
    message: Option<Value<'d>>,
) -> Result<Option<Block<'d>>, Fault> {
    fields::object(at, item)?;
    let kind = member(at, item, "type")?;
    // Some SDKs put members of the message into its parts as well, and say nothing more by it.
    let repeats = |key: &str, value: Value<'d>| {
        let own = message.and_then(|message| message.get(key));
        own.is_some_and(|own| own.raw() == value.raw())
    };
    for (key, value) in item.members() {
        match &*key {
            "type" => {}
            own if *own == *kind => {}
            own if repeats(own, value) => {}
            _ if matches!(&*kind, "text" | "refusal" | "image_url" | "file") => {
                unknown(ask, at, &key, value);
            }
            _ => {}
        }
    }
    Ok(match &*kind {
        "text" => Some(Block::Text(member(at, item, "text")?)),
        "refusal" => Some(Block::Refusal(member(at, item, "refusal")?)),
        "image_url" => picture(ask, at, item)?,
        // Not OpenAI's own: servers that show their reasoning in parts take it back so.
        "thinking" if item.str_of("thinking").is_some() => {
            item.str_of("thinking").map(Block::Reasoning)
        }
        "file" if message.is_some_and(may_show) => file(ask, at, item)?,
        _ => {
            stored::within(&mut ask.stored, item, at);
            passthrough_only(ask, at);
            None
        }
    })
}

/// Whether other formats can say that a document stands in such a message.
fn may_show(message: Value<'_>) -> bool {
    message.get("role").is_some_and(|role| role.is("user") || role.is("tool"))
}

fn picture<'d>(
    ask: &mut Ask<'d>,
    at: &At<'_>,
    item: Value<'d>,
) -> Result<Option<Block<'d>>, Fault> {
    let at = at.key("image_url");
    let Some(value) = item.get("image_url") else {
        return Err(Fault::field(at, "is missing"));
    };
    fields::object(at, value)?;
    if value.given("detail").is_some_and(|detail| !detail.is("auto")) {
        best_effort(ask, at.key("detail"));
    }
    let at_url = at.key("url");
    let url = member(&at, value, "url")?;
    let image = image(&at_url, url.clone())?;
    if !matches!(image, Some(Image::Base64 { .. })) {
        stored::address(&mut ask.stored, &url, &at_url);
    }
    if image.is_none() {
        passthrough_only(ask, at_url);
    }
    Ok(image.map(Block::Image))
}
