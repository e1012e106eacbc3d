//! A conversation that a model has no room for: what is left of it makes sense, whatever was said.
#![cfg(not(target_family = "wasm"))]
#![expect(
    clippy::unwrap_used,
    clippy::arithmetic_side_effects,
    reason = "a helper that fails fails its test; the numbers are small"
)]
#[path = "support/decided.rs"]
mod decided;

use decided::decided_by;
use proptest::prelude::*;
use tradewind::dialect::{Ask, Block, FaultKind, Operation, Role, client, splice};
use tradewind::json::{Document, Limits};
use tradewind::port::{Clock, Random, Shared};

/// A host of which nothing is asked.
struct Nobody;

impl Clock for Nobody {
    fn now_ms(&self) -> u64 {
        0
    }

    fn unix_seconds(&self) -> u64 {
        0
    }
}

impl Random for Nobody {
    fn unique(&self) -> u64 {
        0
    }
}

impl Shared for Nobody {
    fn shared_data(&self, _key: &str) -> (Vec<u8>, Option<u32>) {
        (Vec::new(), None)
    }

    fn set_shared_data(&self, _key: &str, _value: &[u8], _unchanged: Option<u32>) -> bool {
        false
    }
}

/// What one side of a conversation says.
#[derive(Debug, Clone)]
enum Said {
    System(usize),
    User(usize),
    Assistant(usize),
    /// Calls, and what they have given.
    Calls(usize, usize),
}

fn said() -> impl Strategy<Value = Said> {
    let words = || prop_oneof![1_usize..40, 1_usize..400];
    prop_oneof![
        1 => words().prop_map(Said::System),
        4 => words().prop_map(Said::User),
        4 => words().prop_map(Said::Assistant),
        3 => (1_usize..4, words()).prop_map(|(calls, words)| Said::Calls(calls, words)),
    ]
}

/// A conversation as an app of a format sends it. Ids are used again, as some apps do. An agent
/// that works ends with what its functions have given, others with the user.
fn conversation(client: &str, said: &[Said], works: bool) -> String {
    let text = |name: &str, place: usize, words: usize| {
        format!("{name} {place} {}", "word ".repeat(words))
    };
    let openai = client == "openai";
    let mut messages = Vec::new();
    for (place, said) in said.iter().enumerate() {
        let plain = |role: &str, words: usize| {
            format!(r#"{{"role":"{role}","content":"{}"}}"#, text(role, place, words))
        };
        match said {
            Said::System(words) => messages.push(plain("system", *words)),
            Said::User(words) => messages.push(plain("user", *words)),
            Said::Assistant(words) => messages.push(plain("assistant", *words)),
            Said::Calls(calls, words) if openai => {
                let ids: Vec<String> =
                    (0..*calls).map(|call| format!("c{}", call % 2 + place % 3)).collect();
                let made = ids.iter().map(|id| {
                    let own = r#"{"name":"f","arguments":"{}"}"#;
                    format!(r#"{{"id":"{id}","type":"function","function":{own}}}"#)
                });
                let made = made.collect::<Vec<_>>().join(",");
                messages.push(format!(
                    r#"{{"role":"assistant","content":null,"tool_calls":[{made}]}}"#
                ));
                messages.extend(ids.iter().map(|id| {
                    let text = text("result", place, *words);
                    format!(r#"{{"role":"tool","tool_call_id":"{id}","content":"{text}"}}"#)
                }));
            }
            Said::Calls(calls, words) => {
                let ids: Vec<String> =
                    (0..*calls).map(|call| format!("c{}", call + place % 3)).collect();
                let made = ids.iter().map(|id| {
                    format!(r#"{{"type":"tool_use","id":"{id}","name":"f","input":{{}}}}"#)
                });
                let made = made.collect::<Vec<_>>().join(",");
                messages.push(format!(r#"{{"role":"assistant","content":[{made}]}}"#));
                let given = ids.iter().map(|id| {
                    let text = text("result", place, *words);
                    format!(r#"{{"type":"tool_result","tool_use_id":"{id}","content":"{text}"}}"#)
                });
                let given = given.collect::<Vec<_>>().join(",");
                messages.push(format!(r#"{{"role":"user","content":[{given}]}}"#));
            }
        }
    }
    if !works {
        messages.push(r#"{"role":"user","content":"The last."}"#.to_owned());
    }
    format!(r#"{{"model":"both","max_tokens":20,"messages":[{}]}}"#, messages.join(","))
}

/// A policy whose two models, one of each format, have these windows.
fn windows(one: u64, other: u64) -> String {
    format!(
        r#"{{"version":"tradewind/v1","identity":[{{"anonymous":{{"tenant":"public"}}}}],
        "providers":{{"openai":{{"dialect":"openai","endpoint":"https://openai.test"}},
          "anthropic":{{"dialect":"anthropic","endpoint":"https://anthropic.test"}}}},
        "models":{{
          "gpt":{{"provider":"openai","name":"gpt-4.1","context_window":{one},
            "max_output_tokens":20,"capabilities":["tools"],"price":{{"input":"2","output":"8"}}}},
          "claude":{{"provider":"anthropic","name":"claude-3-5-haiku","context_window":{other},
            "max_output_tokens":20,"capabilities":["tools"],
            "price":{{"input":"1","output":"8"}}}}}},
        "chains":{{"both":["gpt","claude"]}},"routes":[{{"models":["both"],"chain":"both"}}],
        "context":{{"overflow":"drop_oldest"}},
        "credits":{{"endpoint":"http://ledger.test","on_unavailable":"deny"}}}}"#
    )
}

/// Reads a body as an app's of that client, and asks something of it.
fn asked<T>(client: &str, body: &[u8], of: impl FnOnce(&Ask<'_>) -> T) -> T {
    let document = Document::parse(body, Limits::default()).unwrap();
    let client = client::named(client).unwrap();
    let inbound = client.endpoint_for(Operation::CHAT.name).unwrap().inbound().unwrap();
    of(&inbound.ask(&document).unwrap())
}

/// What is left of a conversation makes sense: turn and turn about from the user on, and no answer
/// without its call.
fn makes_sense(ask: &Ask<'_>) -> bool {
    let roles = ask.turns.iter().map(|turn| turn.role);
    let alternate = roles.zip([Role::User, Role::Assistant].into_iter().cycle());
    let called =
        |block: &Block<'_>| !matches!(block, Block::ToolResult { name, .. } if name.is_empty());
    alternate.into_iter().all(|(own, expected)| own == expected)
        && ask.turns.iter().flat_map(|turn| &turn.blocks).all(called)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    /// Whatever was said and however small a window is: what a model is sent fits it, makes sense,
    /// ends as the app's own does, has all of its instructions and what the user has said last; or
    /// the request is refused.
    #[test]
    fn a_conversation_that_is_cut_short_makes_sense_and_fits(
        said in proptest::collection::vec(said(), 0..14),
        openai in any::<bool>(),
        windows in (30_u64..1500, 30_u64..1500),
    ) {
        let client = if openai { "openai" } else { "anthropic" };
        let works = matches!(said.last(), Some(Said::Calls(..)));
        let body = conversation(client, &said, works);
        let last = said.iter().rposition(|said| matches!(said, Said::User(_)));
        let last = last.map_or_else(String::new, |place| format!("user {place} "));
        let policy = self::windows(windows.0, windows.1);
        let ends = |ask: &Ask<'_>| format!("{:?}", ask.turns.last());
        let system = |ask: &Ask<'_>| {
            let mut system: Vec<String> = ask.system.iter().map(|text| text.to_string()).collect();
            system.sort();
            system
        };
        let (own_end, own_system, input) =
            asked(client, body.as_bytes(), |ask| (ends(ask), system(ask), ask.estimate()));
        match decided_by(&policy, client, &body, &Nobody) {
            Err(refusal) => {
                prop_assert_eq!(refusal.fault.kind, FaultKind::ContextLength);
                prop_assert!(input + 20 > windows.0.max(windows.1), "{}", refusal.fault.message);
            }
            Ok(decision) => for leg in &decision.quote.primary.legs {
                let Some(shortened) = &leg.shortened else {
                    prop_assert!(input + 20 <= leg.model.context_window);
                    continue;
                };
                prop_assert!(input + 20 > leg.model.context_window, "it was cut short in vain");
                let (end, kept, fits, sense) = asked(client, shortened.body(), |ask| {
                    let fits = ask.estimate() + 20 <= leg.model.context_window;
                    (ends(ask), system(ask), fits, makes_sense(ask))
                });
                prop_assert_eq!(&end, &own_end);
                prop_assert_eq!(&kept, &own_system);
                let left = String::from_utf8_lossy(shortened.body());
                prop_assert!(fits && sense && (!works || left.contains(&last)), "{left}");
                // For a provider of the app's own format the plan's edits say the same.
                let speaks = |format: &str| leg.model.provider.dialect.name == format;
                if speaks(client) {
                    let edits = &decision.outline.changes[leg.change].edits;
                    let made = splice(body.as_bytes(), edits, "\"m\"", Some(20)).unwrap();
                    let all = |ask: &Ask<'_>| format!("{:?} {:?}", ask.turns, ask.system);
                    let (told, judged) =
                        (asked(client, &made, all), asked(client, shortened.body(), all));
                    prop_assert_eq!(told, judged);
                }
            }
        }
    }
}
