//! What the gateway adds to an app's request: blocks of instructions around the app's own, whose
//! marks for the cache stay, examples before the conversation, parameters.
use crate::dialect::assemble::{examples, said, say, written};
use crate::dialect::cut::{insert, members, replace};
use crate::dialect::{Ask, Assembly, Edit, Effort, Put, Reasoning};
use crate::json::{Document, Value};
use crate::order;

/// The least budget for thoughts that this API takes, in tokens.
const BUDGET_MIN: u64 = 1024;

pub(super) fn assemble<'d>(
    document: &'d Document<'d>,
    ask: &Ask<'d>,
    assembly: &Assembly,
) -> Vec<Edit> {
    let (root, mut edits) = (document.root(), Vec::new());
    system(root, assembly, &mut edits);
    let first = root.get("messages").and_then(|messages| messages.items().next());
    let examples = examples(assembly, ask);
    if let Some(first) = first.filter(|_| !examples.is_empty()) {
        let at = first.span().start;
        edits.push(Edit { at: at..at, put: Put::Text(examples) });
    }
    if let Some(temperature) = &assembly.temperature {
        // This API takes no more.
        let most = temperature.parse().is_ok_and(|value: f64| value > 1.0);
        say(root, "temperature", if most { "1" } else { temperature }, &mut edits);
    }
    assembly.top_p.iter().for_each(|value| say(root, "top_p", value, &mut edits));
    assembly.max_tokens.iter().for_each(|most| {
        say(root, "max_tokens", &most.to_string(), &mut edits);
    });
    let most = assembly.max_tokens.or_else(|| ask.max_tokens.map(|most| most.value));
    let reasoning = assembly.reasoning.map(Reasoning::effort);
    match reasoning {
        Some(Some(effort)) => think(root, effort, most, &mut edits),
        Some(None) => unthink(root, &mut edits),
        // A budget for thoughts is within that of the answer.
        None if assembly.max_tokens.is_some() => fit(root, u64::MAX, most, &mut edits),
        None => {}
    }
    order::sort_by_key(&mut edits, |edit| (edit.at.start, edit.at.end));
    edits
}

fn system(root: Value<'_>, assembly: &Assembly, edits: &mut Vec<Edit>) {
    let block = |text: &String| {
        written(|json| {
            json.object(|json| {
                json.key("type").string("text");
                json.key("text").string(text);
            });
        })
    };
    let blocks = |texts: &[String]| -> Vec<String> {
        texts.iter().filter(|text| said(text)).map(block).collect()
    };
    let (before, after) = (blocks(&assembly.before), blocks(&assembly.after));
    if before.is_empty() && after.is_empty() {
        return;
    }
    let Some(own) = root.get("system") else {
        let all = [before, after].concat().join(",");
        return insert(root, &format!("\"system\":[{all}],"), edits);
    };
    let ends = own.items().next().zip(own.items().last());
    if let Some((first, last)) = ends {
        let (start, end) = (first.span().start, last.span().end);
        let before: String = before.into_iter().map(|block| block + ",").collect();
        let after: String = after.into_iter().map(|block| format!(",{block}")).collect();
        for (at, text) in [(start, before), (end, after)] {
            if !text.is_empty() {
                edits.push(Edit { at: at..at, put: Put::Text(text) });
            }
        }
        return;
    }
    let says = own.as_str().is_some_and(|text| said(&text));
    let own_block = says.then(|| format!(r#"{{"type":"text","text":{}}}"#, own.raw()));
    let all: Vec<String> = before.into_iter().chain(own_block).chain(after).collect();
    replace(own, format!("[{}]", all.join(",")), edits);
}

/// Says how much to think, and gives thoughts no more than that. What a model takes of it is found
/// when one is known: adaptive thinking may become a budget, an effort may go.
fn think(root: Value<'_>, effort: Effort, most: Option<u64>, edits: &mut Vec<Edit>) {
    let word = match effort {
        Effort::Minimal | Effort::Low => "\"low\"",
        Effort::Medium => "\"medium\"",
        Effort::High => "\"high\"",
        Effort::Max => "\"max\"",
    };
    match root.given("output_config").filter(|config| config.pairs().next().is_some()) {
        Some(config) => say(config, "effort", word, edits),
        None => say(root, "output_config", &format!(r#"{{"effort":{word}}}"#), edits),
    }
    let thinking = root.given("thinking");
    if thinking.and_then(|own| own.get("type")).is_none_or(|kind| kind.is("disabled")) {
        return say(root, "thinking", r#"{"type":"adaptive"}"#, edits);
    }
    fit(root, Reasoning::Effort(effort).budget(), most, edits);
}

/// Lowers a budget for thoughts to that many tokens, and to less than the answer's, of which a
/// quarter is kept for what is said.
fn fit(root: Value<'_>, budget: u64, most: Option<u64>, edits: &mut Vec<Edit>) {
    let Some(thinking) = root.given("thinking") else { return };
    let Some(given) = thinking.given("budget_tokens") else { return };
    let own = given.as_u64().unwrap_or(BUDGET_MIN);
    let wanted = own.min(budget);
    let most = most.filter(|most| wanted >= *most);
    let fits = most.map_or(wanted, |most| most.saturating_sub(most / 4).min(wanted));
    if fits < BUDGET_MIN {
        replace(thinking, r#"{"type":"disabled"}"#, edits);
    } else if fits != own {
        replace(given, fits.to_string(), edits);
    }
}

/// Says not to think. Models that think unasked have to be told.
fn unthink(root: Value<'_>, edits: &mut Vec<Edit>) {
    say(root, "thinking", r#"{"type":"disabled"}"#, edits);
    let Some(config) = root.given("output_config") else { return };
    if config.members().all(|(key, _)| key == "effort") {
        return members(root, |key| key == "output_config", edits);
    }
    members(config, |key| key == "effort", edits);
}
