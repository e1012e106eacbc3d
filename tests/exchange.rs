//! Lives of requests: every script of `corpus/exchange`, played against an Envoy made of data.
//!
//! `BLESS=1 cargo test --test exchange` writes what comes out as what must come out; read the
//! difference before you keep it.
#![cfg(not(target_family = "wasm"))]
#[path = "support/exchange/added.rs"]
mod added;
#[path = "support/exchange/any_order.rs"]
mod any_order;
#[path = "support/exchange/any_story.rs"]
mod any_story;
#[path = "support/exchange/any_weather.rs"]
mod any_weather;
#[path = "support/exchange/buffer.rs"]
mod buffer;
#[path = "support/cases.rs"]
mod cases;
#[path = "support/exchange/charged.rs"]
mod charged;
#[path = "support/exchange/counted.rs"]
mod counted;
#[path = "support/exchange/fair.rs"]
mod fair;
#[path = "support/files.rs"]
mod files;
#[path = "support/exchange/first.rs"]
mod first;
#[path = "support/exchange/half.rs"]
mod half;
#[path = "support/exchange/held_back.rs"]
mod held_back;
#[path = "support/exchange/holds.rs"]
mod holds;
#[path = "support/exchange/hop.rs"]
mod hop;
#[path = "support/exchange/left.rs"]
mod left;
#[path = "support/exchange/logged.rs"]
mod logged;
#[path = "support/exchange/lost.rs"]
mod lost;
#[path = "support/exchange/memory.rs"]
mod memory;
#[path = "support/module/mod.rs"]
mod module;
#[path = "support/exchange/outbox.rs"]
mod outbox;
#[path = "support/exchange/repeats.rs"]
mod repeats;
#[path = "support/exchange/reports.rs"]
mod reports;
#[path = "support/exchange/rules.rs"]
mod rules;
#[path = "support/exchange/mod.rs"]
mod support;
#[path = "support/exchange/taken.rs"]
mod taken;
#[path = "support/exchange/unjudged.rs"]
mod unjudged;
#[path = "support/exchange/unread.rs"]
mod unread;
#[path = "support/exchange/waits.rs"]
mod waits;

use std::fs;
use std::path::Path;
use std::rc::Rc;

use files::texts;
use tradewind::exchange::filter_state::REPORT;

use support::{Answer, Given, Message, gateway, live, split, wrong_scripts, wrong_stories};
use tradewind::exchange::filter_state::JUDGED;

/// Bodies up to this many bytes are cut at every place.
const CUT_MAX: usize = 6000;

/// Writes what came out of a text of a corpus as what must come out, where that is asked for.
#[expect(clippy::unwrap_used, reason = "a helper that fails fails its test")]
fn bless(folder: &str, name: &str, text: &str) -> bool {
    let wanted = std::env::var_os("BLESS").is_some();
    if wanted {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus").join(folder);
        fs::write(folder.join(name).with_extension("txt"), text).unwrap();
    }
    wanted
}

#[test]
fn every_script() {
    assert_eq!(wrong_scripts(bless), [""; 0]);
}

#[test]
fn every_story() {
    assert_eq!(wrong_stories(bless), [""; 0]);
}

/// The same bytes, cut in two: at every place of a stream and at some of anything else, which is
/// gathered before it is read; and into single bytes, with an empty last chunk.
fn cuts(message: &Message) -> Vec<Message> {
    let streamed = message.headers.iter().any(|(_, value)| value == b"text/event-stream");
    let step = if streamed { 1 } else { 17 };
    let body = message.body();
    if body.is_empty() || body.len() > CUT_MAX {
        return Vec::new();
    }
    let chunks = |chunks: Vec<Vec<u8>>| Message { chunks, ..message.clone() };
    let two = |at: usize| {
        let (first, second) = body.split_at_checked(at).unwrap_or_default();
        chunks(vec![first.to_vec(), second.to_vec()])
    };
    let mut cuts: Vec<Message> = (1..body.len()).step_by(step).map(two).collect();
    cuts.push(chunks(body.chunks(1).map(<[u8]>::to_vec).chain([Vec::new()]).collect()));
    cuts.push(chunks(vec![body, Vec::new()]));
    cuts
}

/// Plays a script with every message cut in every way; gives how often.
fn cut(name: &str, text: &str) -> Result<usize, String> {
    let given = Given::read(split(text).0)?;
    if given.leaves.is_some() {
        // Where the app leaves depends on the chunks.
        return Ok(0);
    }
    let gateway = Rc::new(gateway(&given.policy)?);
    let settled = |given: &Given| {
        let mut life = live(&gateway, given);
        // What had been reported when an answer was judged, and when a stream was cut, depends on
        // the chunks until then.
        life.world.state.get_mut(JUDGED).into_iter().for_each(Vec::clear);
        if life.reset {
            life.world.state.retain(|key, _| !key.starts_with(REPORT));
        }
        life
    };
    // The first one makes the proxy's secret, and no other does.
    let _ = settled(&given);
    let expected = settled(&given);
    let mut played = 0_usize;
    let mut same = |other: &Given, what: &str, message: &Message| {
        played = played.saturating_add(1);
        if settled(other) == expected {
            return Ok(());
        }
        let lengths: Vec<_> = message.chunks.iter().map(Vec::len).collect();
        Err(format!("{name}: {what} in chunks of {lengths:?} bytes becomes something else"))
    };
    for request in cuts(&given.request) {
        same(&Given { request: request.clone(), ..given.clone() }, "the request", &request)?;
    }
    for (model, answers) in &given.answers {
        for (index, answer) in answers.iter().enumerate() {
            let Answer::Message(message) = answer else { continue };
            let mut other = given.clone();
            for message in cuts(message) {
                let answers = other.answers.get_mut(model);
                let own = answers.and_then(|answers| answers.get_mut(index));
                own.into_iter().for_each(|own| *own = Answer::Message(message.clone()));
                same(&other, &format!("the answer of {model}"), &message)?;
            }
        }
    }
    Ok(played)
}

#[test]
fn chunks_may_end_anywhere() {
    const THREADS: usize = 4;
    let scripts: Vec<_> = texts("exchange", ".txt").into_iter().collect();
    let share = |from: usize| {
        let own = scripts.iter().skip(from).step_by(THREADS);
        own.map(|(name, text)| cut(name, text)).sum::<Result<usize, String>>()
    };
    let played: Result<usize, String> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS)
            .map(|from| {
                scope.spawn({
                    let share = &share;
                    move || share(from)
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    let played = played.unwrap();
    assert!(played > 20_000, "only {played} lives were cut");
}
