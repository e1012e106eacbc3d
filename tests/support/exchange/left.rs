//! What an app pays for an answer that it leaves: near the truth where the model is known, never
//! more than was held, never less than was seen.
#![expect(
    clippy::unwrap_used,
    clippy::arithmetic_side_effects,
    reason = "a helper that fails fails its test"
)]
use std::borrow::Cow;
use std::rc::Rc;

use proptest::prelude::*;
use tradewind::credit::Credits;
use tradewind::credit::wire::Settlement;
use tradewind::dialect::Event;
use tradewind::json::{Document, Limits};
use tradewind::usage::Usage;

use super::cases::cases;
use super::support::{Answer, Gateway, Message, Proxy, message, request};

const POLICY: &str = include_str!("../../corpus/exchange/policy/credits.json");
const WORDS: &str = "one two three four five six ";

/// Most tokens of an answer here.
const BOUND: u64 = 4_000;

fn proxy() -> Proxy {
    let mut proxy = Proxy::new(Rc::new(Gateway::new(POLICY).unwrap()));
    proxy.bank.buy("acme", Credits::of_micros(500_000_000).unwrap(), proxy.now());
    proxy
}

fn asks(streamed: bool) -> Message {
    asks_for(1, streamed)
}

fn asks_for(choices: u64, streamed: bool) -> Message {
    let text = format!(
        "POST /v1/chat/completions\nauthorization: Bearer app-key\n\
         content-type: application/json\n\n{{\"model\":\"gpt\",\"stream\":{streamed},\
         \"n\":{choices},\"max_tokens\":{BOUND},\
         \"messages\":[{{\"role\":\"user\",\"content\":\"Hi\"}}]}}"
    );
    request(&text).unwrap()
}

fn says(words: &str) -> String {
    format!("data: {{\"choices\":[{{\"index\":0,\"delta\":{{\"content\":\"{words}\"}}}}]}}\n\n")
}

fn reasons(words: &str) -> String {
    let delta = format!("{{\"reasoning_content\":\"{words}\"}}");
    format!("data: {{\"choices\":[{{\"index\":0,\"delta\":{delta}}}]}}\n\n")
}

/// The end of a stream that used so much.
fn ends(usage: &str) -> String {
    format!(
        "data: {{\"choices\":[{{\"index\":0,\"delta\":{{}},\"finish_reason\":\"stop\"}}],\
         \"usage\":{usage}}}\n\ndata: [DONE]\n\n"
    )
}

fn whole(usage: &str) -> String {
    format!(
        "{{\"choices\":[{{\"index\":0,\"message\":{{\"role\":\"assistant\",\"content\":\
         \"{WORDS}\"}},\"finish_reason\":\"stop\"}}],\"usage\":{usage}}}"
    )
}

fn answers(proxy: &mut Proxy, streamed: bool, body: &str) {
    let kind = if streamed { "text/event-stream" } else { "application/json" };
    let text = format!("content-type: {kind}\n\n{body}");
    proxy.answers("gpt", Answer::Message(message(&text, &[(":status", "200")]).unwrap()));
}

fn tokens(words: &str) -> u64 {
    Event::Text(Cow::Borrowed(words)).tokens()
}

/// An answer that takes so long and makes so many tokens a second, most of them unseen; `told`
/// says whether its provider tells how many of them were reasoning.
fn teach(proxy: &mut Proxy, streamed: bool, lesson: (u64, u64), told: bool) {
    teach_by(1, proxy, streamed, lesson, told);
}

/// The same by so many answers at once, each as quick.
fn teach_by(choices: u64, proxy: &mut Proxy, streamed: bool, (ms, speed): (u64, u64), told: bool) {
    proxy.ask("teaches", &asks_for(choices, streamed));
    proxy.pass(ms);
    let hidden = ms * speed / 1000 * choices;
    let reasoning = format!(",\"completion_tokens_details\":{{\"reasoning_tokens\":{hidden}}}");
    let output = hidden + if streamed { tokens(WORDS) } else { 0 };
    let reasoning = if told { reasoning.as_str() } else { "" };
    let usage = format!("{{\"prompt_tokens\":9,\"completion_tokens\":{output}{reasoning}}}");
    let body = if streamed { format!("{}{}", says(WORDS), ends(&usage)) } else { whole(&usage) };
    answers(proxy, streamed, &body);
}

/// What the one that leaves now is charged, and what was held for it.
fn leaves(proxy: &mut Proxy) -> (Credits, Usage, Credits) {
    proxy.leaves("leaves");
    proxy.pass(2_000);
    let last = |path: &str| {
        let found = proxy.told.iter().rev().find_map(|line| line.split_once(path));
        found.unwrap().1.rsplit_once(" -> ").unwrap().0.trim().to_owned()
    };
    let (hold, batch) = (last("/v1/holds"), last("/v1/settlements"));
    let document = Document::parse(batch.as_bytes(), Limits::default()).unwrap();
    let read = Settlement::read_batch(&document).unwrap().pop().unwrap().unwrap();
    let part = read.parts.first().unwrap();
    assert_eq!((read.outcome.as_deref(), part.estimated), (Some("cut"), true));
    let document = Document::parse(hold.as_bytes(), Limits::default()).unwrap();
    let held = document.root().str_of("credits").unwrap().parse().unwrap();
    assert_eq!(proxy.wrong, Vec::<String>::new());
    (part.credits, part.usage, held)
}

#[test]
fn what_is_known_follows_a_model_that_changes() {
    for streamed in [true, false] {
        let mut proxy = proxy();
        for speed in [40, 120] {
            // Both fill what is remembered.
            for _ in 0..40 {
                teach(&mut proxy, streamed, (30_000, speed), true);
            }
            proxy.ask("leaves", &asks(streamed));
            proxy.pass(10_000);
            let (_, usage, _) = leaves(&mut proxy);
            let expected = 10 * speed;
            let near = expected * 49 / 50..=expected * 51 / 50;
            assert!(near.contains(&usage.output), "{streamed} {speed}: {usage:?}");
        }
    }
}

/// One answer that took very long is not what a model does.
#[test]
fn one_answer_alone_does_not_say_how_quick_a_model_is() {
    for streamed in [true, false] {
        let mut proxy = proxy();
        for _ in 0..5 {
            teach(&mut proxy, streamed, (30_000, 100), true);
        }
        teach(&mut proxy, streamed, (250_000, 10), true);
        proxy.ask("leaves", &asks(streamed));
        proxy.pass(10_000);
        let (_, usage, _) = leaves(&mut proxy);
        assert!((700..800).contains(&usage.output), "{streamed}: {usage:?}");
    }
}

/// A provider that answers whole though a stream was asked for: all of it was made unseen.
#[test]
fn a_whole_answer_to_who_asked_for_a_stream_is_learned_from_too() {
    let mut proxy = proxy();
    proxy.ask("teaches", &asks(true));
    proxy.pass(10_000);
    answers(&mut proxy, false, &whole("{\"prompt_tokens\":9,\"completion_tokens\":900}"));
    proxy.ask("leaves", &asks(true));
    proxy.pass(5_000);
    let (_, usage, _) = leaves(&mut proxy);
    assert!((445..=455).contains(&usage.output), "{usage:?}");
}

/// What is seen of its reasoning is a part of what its provider counts as such, and no text.
#[test]
fn reasoning_that_is_seen_is_no_text() {
    let mut proxy = proxy();
    proxy.ask("teaches", &asks(true));
    proxy.pass(10_000);
    // 500 tokens of it in 10 s, most of which are seen, and a few of text.
    let thought = WORDS.repeat(60);
    let output = 500 + tokens(WORDS);
    let body = format!(
        "{{\"choices\":[{{\"index\":0,\"message\":{{\"role\":\"assistant\",\"reasoning_content\":\
         \"{thought}\",\"content\":\"{WORDS}\"}},\"finish_reason\":\"stop\"}}],\"usage\":\
         {{\"prompt_tokens\":9,\"completion_tokens\":{output},\"completion_tokens_details\":\
         {{\"reasoning_tokens\":500}}}}}}"
    );
    answers(&mut proxy, false, &body);
    // Of the next a word of reasoning is seen every 500 ms: it makes more than that.
    proxy.ask("leaves", &asks(true));
    answers(&mut proxy, true, &format!("{}~~~ more\n", reasons("so ")));
    for _ in 0..10 {
        proxy.pass(500);
        proxy.more("gpt", &message(&format!("\n{}~~~ more\n", reasons("so ")), &[]).unwrap());
    }
    let (_, usage, _) = leaves(&mut proxy);
    assert!((250..=260).contains(&usage.output), "{usage:?}");
    assert!((250..=260).contains(&usage.reasoning), "{usage:?}");
}

/// Many short answers of text alone do not make a model that also reasons seem to make nothing.
#[test]
fn answers_without_reasoning_teach_nothing_of_it() {
    let mut proxy = proxy();
    teach(&mut proxy, true, (20_000, 100), false);
    for _ in 0..200 {
        proxy.ask("plain", &asks(true));
        proxy.pass(400);
        let text = says(WORDS).repeat(20);
        answers(
            &mut proxy,
            true,
            &format!("{text}{}", ends("{\"prompt_tokens\":9,\"completion_tokens\":90}")),
        );
    }
    proxy.ask("leaves", &asks(true));
    proxy.pass(10_000);
    let (_, usage, _) = leaves(&mut proxy);
    assert!((950..=1050).contains(&usage.output), "{usage:?}");
}

/// Answers that are made side by side make no model quicker, and are not left for the price of one.
#[test]
fn of_several_answers_at_once_each_is_as_quick_as_one() {
    for (streamed, taught, left) in [(true, 1, 4), (true, 8, 1), (false, 1, 4), (false, 8, 1)] {
        let mut proxy = proxy();
        teach_by(taught, &mut proxy, streamed, (20_000, 100), true);
        proxy.ask("leaves", &asks_for(left, streamed));
        proxy.pass(3_000);
        let (_, usage, _) = leaves(&mut proxy);
        let near = left * 299..=left * 301;
        assert!(near.contains(&usage.output), "{streamed} {taught} {left}: {usage:?}");
    }
}

/// A few tokens after a long wait tell of the wait: who asks for no more makes no model slow.
#[test]
fn short_answers_teach_nothing() {
    for (streamed, output, speed) in [(true, 63, 100), (false, 63, 100), (false, 64, 55)] {
        let mut proxy = proxy();
        teach(&mut proxy, streamed, (10_000, 100), true);
        for _ in 0..10 {
            proxy.ask("short", &asks(streamed));
            proxy.pass(9_100);
            let usage = format!("{{\"prompt_tokens\":9,\"completion_tokens\":{output}}}");
            let body = if streamed { ends(&usage) } else { whole(&usage) };
            answers(&mut proxy, streamed, &body);
            if output == 64 {
                break;
            }
        }
        proxy.ask("leaves", &asks(streamed));
        proxy.pass(10_000);
        let (_, usage, _) = leaves(&mut proxy);
        let near = speed * 10 - 10..=speed * 10 + 10;
        assert!(near.contains(&usage.output), "{streamed} {output}: {usage:?}");
    }
}

/// An answer that says nothing took its time, and tells nothing of how quick its model is.
#[test]
fn an_answer_of_nothing_teaches_nothing() {
    let mut proxy = proxy();
    proxy.ask("teaches", &asks(false));
    proxy.pass(20_000);
    let nothing = whole("{\"prompt_tokens\":9,\"completion_tokens\":0}").replace(WORDS, "");
    answers(&mut proxy, false, &nothing);
    proxy.ask("leaves", &asks(false));
    proxy.pass(10_000);
    let (_, usage, _) = leaves(&mut proxy);
    assert_eq!(usage.output, 700, "what hosted models usually make");
}

/// That there was no output is believed of an answer that says nothing, and of no other.
#[test]
fn no_output_is_believed_of_an_answer_without_words() {
    for (words, output, bill) in [
        ("", 0, "input_tokens 9 credits 0.000018"),
        (WORDS, 0, "input_tokens 9 output_tokens 6 credits 0.000066 estimated true"),
        (WORDS, 1, "input_tokens 9 output_tokens 1 credits 0.000026"),
    ] {
        let mut proxy = proxy();
        proxy.ask("stays", &asks(false));
        let usage = format!("{{\"prompt_tokens\":9,\"completion_tokens\":{output}}}");
        answers(&mut proxy, false, &whole(&usage).replace(WORDS, words));
        let bill = format!("{bill} outcome \"answered\"");
        assert!(proxy.told.iter().any(|line| line.ends_with(&bill)), "{words}: {:?}", proxy.told);
    }
}

/// A text whose tokens are guessed wrongly is no reasoning: what a model makes in a short quiet is
/// no more than it makes in the same time of its text.
#[test]
fn a_wrong_estimate_of_a_text_is_no_reasoning() {
    // More was seen than was made, or less: then a tenth of the 30 s, and a quarter.
    for (output, hidden) in [(200_u64, 0), (3_000, 375)] {
        let mut proxy = proxy();
        proxy.ask("plain", &asks(true));
        proxy.pass(2_000);
        // It says 1,500 tokens or so in 28 s.
        answers(&mut proxy, true, &format!("{}~~~ more\n", says(WORDS)));
        for _ in 0..280 {
            proxy.pass(100);
            proxy.more("gpt", &message(&format!("\n{}~~~ more\n", says(WORDS)), &[]).unwrap());
        }
        let usage = format!("{{\"prompt_tokens\":9,\"completion_tokens\":{output}}}");
        proxy.more("gpt", &message(&format!("\n{}", ends(&usage)), &[]).unwrap());
        proxy.ask("leaves", &asks(true));
        proxy.pass(3_000);
        let (_, usage, _) = leaves(&mut proxy);
        assert_eq!(usage.output, hidden, "{output}");
    }
}

/// A provider that has refused makes nothing, however long its error takes to come; one that
/// nobody has reached has nothing to make.
#[test]
fn who_leaves_before_anything_is_made_pays_nothing() {
    let refuses = |status: &str| {
        let text = "content-type: application/json\n\n{~~~ more\n";
        Answer::Message(message(text, &[(":status", status)]).unwrap())
    };
    let refusals = ["400", "401", "404", "429", "500", "503"].map(refuses);
    for answer in refusals.into_iter().chain([Answer::Unconnected]) {
        let mut proxy = proxy();
        proxy.ask("leaves", &asks(true));
        proxy.answers("gpt", answer.clone());
        proxy.pass(2_000);
        proxy.leaves("leaves");
        proxy.pass(1_000);
        let settled = proxy.told.iter().find(|line| line.contains("/v1/settlements")).unwrap();
        let nothing = "\"credits\":\"0\",\"outcome\":\"failed\"";
        assert!(settled.contains(nothing), "{answer:?}: {settled}");
    }
}

proptest! {
    #![proptest_config(cases(60))]

    #[test]
    fn of_a_known_model_the_charge_is_near_the_truth(
        streamed in any::<bool>(),
        told in any::<bool>(),
        speed in 20..200_u64,
        lessons in proptest::collection::vec(3_200..20_000_u64, 1..4),
        ms in 1_100..18_000_u64,
        text in any::<bool>(),
    ) {
        let mut proxy = proxy();
        for lesson in lessons {
            teach(&mut proxy, streamed, (lesson.div_ceil(100) * 100, speed), told);
        }
        proxy.ask("leaves", &asks(streamed));
        let ms = ms.div_ceil(100) * 100;
        proxy.pass(ms);
        let mut truth = speed * ms / 1000;
        if text && streamed {
            answers(&mut proxy, true, &format!("{}~~~ more\n", says(WORDS)));
            truth += tokens(WORDS);
        }
        let (credits, usage, held) = leaves(&mut proxy);
        prop_assert!(credits <= held);
        // Where reasoning is not told apart, a lesson is as wrong as the estimate of its text.
        let off = if streamed && !told { 30 } else { 10 };
        let least = (truth * (100 - off) / 100).saturating_sub(20);
        let near = least..=truth * (100 + off) / 100 + 20;
        prop_assert!(near.contains(&usage.output) || usage.output == BOUND, "{truth}: {usage:?}");
    }

    /// Whatever comes in whatever time.
    #[test]
    fn no_less_than_was_seen_and_no_more_than_was_held(
        lesson in proptest::option::of((1_100..9_000_u64, 0..2_000_u64)),
        pieces in proptest::collection::vec((0..3_000_u64, 0..40_usize, any::<bool>()), 0..12),
        rest in 0..200_000_u64,
    ) {
        let mut proxy = proxy();
        if let Some(lesson) = lesson {
            teach(&mut proxy, true, lesson, true);
        }
        proxy.ask("leaves", &asks(true));
        let (mut said, mut thought, mut begun) = (0, 0, false);
        for (ms, count, reasoning) in pieces {
            proxy.pass(ms);
            let piece = if reasoning { reasons(WORDS) } else { says(WORDS) };
            let sum = if reasoning { &mut thought } else { &mut said };
            for _ in 0..count {
                *sum += tokens(WORDS);
                if begun {
                    proxy.more("gpt", &message(&format!("\n{piece}~~~ more\n"), &[]).unwrap());
                } else {
                    answers(&mut proxy, true, &format!("{piece}~~~ more\n"));
                }
                begun = true;
            }
        }
        proxy.pass(rest);
        let (credits, usage, held) = leaves(&mut proxy);
        prop_assert!(credits <= held);
        // Since it was published the share of either may have changed a little.
        let seen = (said + thought).min(BOUND);
        prop_assert!(usage.output >= seen * 9 / 10, "{said} {thought} {usage:?}");
        prop_assert!(usage.output <= BOUND);
        prop_assert_eq!(usage.input, 5);
    }
}
