//! What the gateway adds to an app's request: messages of instructions around the app's own,
//! examples behind them, parameters.
use crate::dialect::assemble::{Speaker, examples, message, said, say};
use crate::dialect::cut::members;
use crate::dialect::{Ask, Assembly, Edit, Effort, Put, Reasoning};
use crate::json::{Document, Value};
use crate::order;

pub(super) fn assemble<'d>(
    document: &'d Document<'d>,
    ask: &Ask<'d>,
    assembly: &Assembly,
) -> Vec<Edit> {
    let (root, mut edits) = (document.root(), Vec::new());
    if let Some(messages) = root.get("messages") {
        around(messages, ask, assembly, &mut edits);
    }
    for (key, value) in [("temperature", &assembly.temperature), ("top_p", &assembly.top_p)] {
        value.iter().for_each(|value| say(root, key, value, &mut edits));
    }
    if let Some(most) = assembly.max_tokens {
        let mut given = ["max_completion_tokens", "max_tokens"].map(|key| (key, root.get(key)));
        // Where nothing is there the newer word is said.
        order::sort_by_key(&mut given, |(_, value)| value.is_none());
        for (place, (key, value)) in given.into_iter().enumerate() {
            if place == 0 || value.is_some() {
                say(root, key, &most.to_string(), &mut edits);
            }
        }
    }
    if let Some(reasoning) = assembly.reasoning {
        say(root, "reasoning_effort", &format!("\"{}\"", word(reasoning)), &mut edits);
        members(root, |key| key == "thinking", &mut edits);
    }
    // What is put in one place stays in its order.
    order::sort_by_key(&mut edits, |edit| (edit.at.start, edit.at.end));
    edits
}

fn around(messages: Value<'_>, ask: &Ask<'_>, assembly: &Assembly, edits: &mut Vec<Edit>) {
    let is_instruction = |message: &Value<'_>| {
        let role = message.get("role");
        role.is_some_and(|role| role.is("system") || role.is("developer"))
    };
    let system = |texts: &[String], comma: fn(String) -> String| -> String {
        let texts = texts.iter().filter(|text| said(text));
        texts.map(|text| comma(message(Speaker::System, text))).collect()
    };
    let mut put = |at: usize, text: String| {
        if !text.is_empty() {
            edits.push(Edit { at: at..at, put: Put::Text(text) });
        }
    };
    let Some(first) = messages.items().next() else { return };
    put(first.span().start, system(&assembly.before, |text| text + ","));
    match messages.items().find(|message| !is_instruction(message)) {
        Some(conversation) => {
            let after = system(&assembly.after, |text| text + ",");
            put(conversation.span().start, after + &examples(assembly, ask));
        }
        // It is instructions alone.
        None => {
            let end = messages.items().last().map_or(first, |last| last).span().end;
            put(end, system(&assembly.after, |text| format!(",{text}")));
        }
    }
}

const fn word(reasoning: Reasoning) -> &'static str {
    match reasoning.effort() {
        None => "none",
        Some(Effort::Minimal) => "minimal",
        Some(Effort::Low) => "low",
        Some(Effort::Medium) => "medium",
        Some(Effort::High) => "high",
        Some(Effort::Max) => "max",
    }
}
