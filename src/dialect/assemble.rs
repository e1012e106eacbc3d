//! What a gateway adds to a request of an app's, in our words; each format says it in its own.
use super::cut::{insert, replace};
use super::splice::Edit;
use super::{Ask, Reasoning};
use crate::json::{Value, Writer};

/// What is added to a request.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Assembly {
    /// Instructions before the app's own, in order.
    pub before: Vec<String>,
    /// Instructions behind the app's own, in order.
    pub after: Vec<String>,
    /// What a user has asked and what was answered, before the conversation.
    pub examples: Vec<(String, String)>,
    /// Sampling temperature, as JSON; `None` for what the app has said.
    pub temperature: Option<String>,
    /// Nucleus sampling, as JSON; `None` for what the app has said.
    pub top_p: Option<String>,
    /// Most tokens of the answer; `None` for what the app has said.
    pub max_tokens: Option<u64>,
    /// How much to think; `None` for what the app has said.
    pub reasoning: Option<Reasoning>,
}

/// Whose words a message holds.
#[derive(Debug, Clone, Copy)]
pub(super) enum Speaker {
    System,
    User,
    Assistant,
}

/// A message, as both formats have it.
pub(super) fn message(speaker: Speaker, text: &str) -> String {
    let role = match speaker {
        Speaker::System => "system",
        Speaker::User => "user",
        Speaker::Assistant => "assistant",
    };
    written(|json| {
        json.object(|json| {
            json.key("role").string(role);
            json.key("content").string(text);
        });
    })
}

/// Examples as messages, each with the comma behind it.
pub(super) fn examples(assembly: &Assembly, ask: &Ask<'_>) -> String {
    // What a provider keeps of a conversation began with them.
    if ask.goes_on_from.is_some() {
        return String::new();
    }
    let is_said = |(user, assistant): &&(String, String)| said(user) && said(assistant);
    let both = |(user, assistant): &(String, String)| {
        let asked = message(Speaker::User, user);
        format!("{asked},{},", message(Speaker::Assistant, assistant))
    };
    assembly.examples.iter().filter(is_said).map(both).collect()
}

/// Whether a text says anything: a variable may stand for nothing, and an empty text is refused.
pub(super) fn said(text: &str) -> bool {
    !text.trim().is_empty()
}

/// Says a member of a request: in the place of what the app says, or as its first one.
pub(super) fn say(root: Value<'_>, key: &str, json: &str, edits: &mut Vec<Edit>) {
    match root.get(key) {
        Some(value) => replace(value, json, edits),
        None => insert(root, &format!("\"{key}\":{json},"), edits),
    }
}

/// A value as JSON.
pub(super) fn written(write: impl FnOnce(&mut Writer)) -> String {
    let mut json = Writer::new();
    write(&mut json);
    String::from_utf8(json.finish()).unwrap_or_default()
}
