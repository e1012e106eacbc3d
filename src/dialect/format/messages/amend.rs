//! What changes in an app's body for one model of a provider that speaks this format: what that
//! model does not take is said otherwise or left out. How is found where a request is written, in
//! [`super::options`].
use super::context::{EDITS, cut_thoughts};
use super::instructions::Left;
use super::options::{Options, Thinking};
use crate::dialect::cut::{insert, members, replace};
use crate::dialect::{Ask, Edit, Field, Put, Target};
use crate::json::{Document, Value};

/// Changes a body for one model.
pub(super) fn amend<'d>(
    document: &'d Document<'d>,
    ask: &Ask<'d>,
    target: &Target<'_>,
    gone: &[Field],
    edits: &mut Vec<Edit>,
) {
    let root = document.root();
    let options = Options::of(ask, target);
    let is_gone = |field: &str| gone.iter().any(|own| own == field);
    let mut unsaid = Vec::new();
    if options.generation.known {
        let samplers = [
            ("temperature", options.temperature),
            ("top_p", options.top_p),
            ("top_k", options.top_k),
        ];
        // A default that the model does not want to hear of is left out and means the same.
        let unsayable = samplers.iter().filter(|(_, said)| !matches!(said, Ok(Some(_))));
        unsaid.extend(unsayable.map(|(key, _)| *key));
    }
    unsaid.extend(["speed", "tool_choice"].into_iter().filter(|field| is_gone(field)));
    let rewritten = thinking(root, &options, edits);
    if rewritten == Rewritten::Unsaid {
        unsaid.push("thinking");
    }
    let effort = options.effort.filter(|_| rewritten == Rewritten::Adaptive);
    if effort_is_all(root, &options) {
        unsaid.push("output_config");
    } else {
        self::effort(root, &options, effort, edits);
    }
    if is_gone(EDITS) && cut_thoughts(root, edits) {
        unsaid.push("context_management");
    }
    members(root, |key| unsaid.contains(&key), edits);
    let mut ends = ask.prefill.is_some_and(|index| is_gone(&format!("messages[{index}]")));
    if options.generation.known && !options.generation.instructions {
        // What follows the assistant's last words may be lifted from behind them.
        match super::instructions::lift(root, edits) {
            Some(Left::Nothing) => ends = false,
            Some(Left::Assistant) => ends |= !options.generation.prefill,
            Some(Left::User) | None => {}
        }
    }
    for place in gone.iter().filter_map(|field| field.strip_prefix("tools[")?.strip_suffix(']')) {
        let listed = root.get("tools").into_iter().flat_map(|tools| tools.items());
        let own = place.parse().ok().and_then(|place| listed.into_iter().nth(place));
        own.into_iter().for_each(|own| members(own, |key| key == "strict", edits));
    }
    if ends {
        go_on(root, edits);
    }
}

/// What became of the app's word about thinking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rewritten {
    /// It stays, or says the same in another way.
    No,
    /// A budget has become adaptive thinking, of which an effort says how much.
    Adaptive,
    /// It goes.
    Unsaid,
}

fn thinking(root: Value<'_>, options: &Options<'_>, edits: &mut Vec<Edit>) -> Rewritten {
    let Some(value) = root.given("thinking") else { return Rewritten::No };
    let generation = options.generation;
    let kind = value.str_of("type").unwrap_or_default();
    let budget = value.get("budget_tokens").and_then(Value::as_u64);
    match (&*kind, options.thinking) {
        ("enabled", Ok(Thinking::Budget(room))) => {
            if let Some(value) = value.get("budget_tokens").filter(|_| budget != Some(room)) {
                replace(value, room.to_string(), edits);
            }
        }
        ("enabled", Ok(Thinking::Adaptive)) => {
            // Later models keep their thoughts to themselves unless asked for a summary.
            let display = value.given("display").map_or(r#""summarized""#, Value::raw);
            replace(value, format!(r#"{{"type":"adaptive","display":{display}}}"#), edits);
            return Rewritten::Adaptive;
        }
        ("adaptive", Ok(Thinking::Budget(room))) => {
            replace(value, format!(r#"{{"type":"enabled","budget_tokens":{room}}}"#), edits);
        }
        // A model that thinks unasked is left to do so.
        ("enabled", Ok(Thinking::Unsaid)) if generation.thinks => return Rewritten::Unsaid,
        ("enabled", Ok(Thinking::Unsaid)) => return off(value, options, edits),
        ("adaptive", Ok(Thinking::Unsaid)) if !generation.thinks => {
            return off(value, options, edits);
        }
        ("enabled" | "adaptive", Err(reason)) if reason.of_model => {
            return off(value, options, edits);
        }
        ("disabled", Err(reason)) if reason.of_model => return Rewritten::Unsaid,
        _ => {}
    }
    Rewritten::No
}

/// This turn goes on without thinking.
fn off(value: Value<'_>, options: &Options<'_>, edits: &mut Vec<Edit>) -> Rewritten {
    if !options.generation.off {
        return Rewritten::Unsaid;
    }
    replace(value, r#"{"type":"disabled"}"#, edits);
    Rewritten::No
}

/// Whether the app's options of the output are an effort alone, which the model takes none of.
fn effort_is_all(root: Value<'_>, options: &Options<'_>) -> bool {
    let untaken = options.generation.known && options.generation.effort.is_none();
    let config = root.given("output_config").filter(|_| untaken);
    config.is_some_and(|config| {
        let mut keys = config.members().map(|(key, _)| key).peekable();
        keys.peek().is_some() && keys.all(|key| key == "effort")
    })
}

/// The effort in a word that the model takes; where none is given, the word that stands for a
/// budget.
fn effort(root: Value<'_>, options: &Options<'_>, for_budget: Option<&str>, edits: &mut Vec<Edit>) {
    let config = root.given("output_config");
    let given = config.and_then(|config| config.given("effort"));
    match (config, given, for_budget) {
        (Some(config), Some(word), _) if options.generation.known => {
            match options.generation.effort {
                None => members(config, |key| key == "effort", edits),
                Some(most) => {
                    let text = word.as_str().unwrap_or_default();
                    let nearest = options.effort.filter(|_| !most.takes(&text));
                    if let Some(nearest) = nearest {
                        replace(word, format!("\"{nearest}\""), edits);
                    }
                }
            }
        }
        (Some(config), None, Some(word)) if config.get("effort").is_some() => {
            config.get("effort").into_iter().for_each(|null| {
                replace(null, format!("\"{word}\""), edits);
            });
        }
        (Some(config), None, Some(word)) => {
            let comma = if config.members().next().is_some() { "," } else { "" };
            insert(config, &format!(r#""effort":"{word}"{comma}"#), edits);
        }
        (None, None, Some(word)) if root.get("output_config").is_none() => {
            insert(root, &format!(r#""output_config":{{"effort":"{word}"}},"#), edits);
        }
        _ => {}
    }
}

/// The assistant's last words are not gone on with: the user asks for more of them.
fn go_on(root: Value<'_>, edits: &mut Vec<Edit>) {
    let Some(last) = root.get("messages").and_then(|messages| messages.items().last()) else {
        return;
    };
    let at = last.span().end;
    let message = r#",{"role":"user","content":"Continue."}"#.to_owned();
    edits.push(Edit { at: at..at, put: Put::Text(message) });
}
