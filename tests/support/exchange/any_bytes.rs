//! The exchange as a whole, whatever bytes its app, its providers and its ledger send, and whatever
//! its plan is: it comes to an end, and makes no call that Envoy would not allow.
#![expect(clippy::unwrap_used, reason = "a helper that fails fails its test")]
use std::rc::Rc;

use tradewind::exchange::Plan;
use tradewind::exchange::filter_state::PLAN;

use super::files::texts;
use super::fuzz::fuzz;
use super::support::{Answer, Given, Message, gateway, live, split};

/// What a play says of its script, and not of the exchange.
const OF_THE_SCRIPT: &[&str] = &[
    "the script",
    "an answer of",
    "the request neither goes on nor is answered",
    "the app's answer does not end",
];

/// The bytes that an app and its providers send by a script, one after the other.
fn bytes(given: &Given) -> Vec<u8> {
    let answers = given.answers.values().flatten().filter_map(|answer| match answer {
        Answer::Message(message) => Some(message),
        _ => None,
    });
    let messages = [&given.request].into_iter().chain(answers);
    messages.flat_map(|message| message.chunks.concat()).collect()
}

/// The same script with other bytes: each of its messages takes as many as it had.
fn with(given: &Given, bytes: &[u8]) -> Given {
    let mut other = given.clone();
    let mut rest = bytes;
    let mut take = |message: &mut Message, is_last: bool| {
        for chunk in &mut message.chunks {
            let most = if is_last { rest.len() } else { chunk.len().min(rest.len()) };
            let (own, after) = rest.split_at_checked(most).unwrap();
            *chunk = own.to_vec();
            rest = after;
        }
    };
    take(&mut other.request, given.answers.is_empty());
    let answers = other.answers.values_mut().flatten();
    answers.for_each(|answer| {
        if let Answer::Message(message) = answer {
            take(message, false);
        }
    });
    other
}

#[test]
fn fuzzed_the_exchange_comes_to_its_end() {
    let scripts = texts("exchange", ".txt").into_values();
    let all: Vec<Given> = scripts.filter_map(|text| Given::read(split(&text).0).ok()).collect();
    // A seed begins with the number of its script, in two bytes.
    let seeds = all.iter().enumerate().map(|(index, given)| {
        let mut seed = u16::try_from(index).unwrap().to_be_bytes().to_vec();
        seed.extend(bytes(given));
        seed
    });
    let seeds: Vec<Vec<u8>> = seeds.collect();
    fuzz("exchange", &seeds, |input| {
        let Some((number, bytes)) = input.split_first_chunk::<2>() else { return };
        let number = usize::from(u16::from_be_bytes(*number));
        let given = all.get(number.checked_rem(all.len()).unwrap()).unwrap();
        let Ok(gateway) = gateway(&given.policy) else { return };
        let life = live(&Rc::new(gateway), &with(given, bytes));
        let mut wrong = life.world.refused.iter().map(ToString::to_string);
        let wrong = wrong.find(|own| !OF_THE_SCRIPT.iter().any(|begin| own.starts_with(begin)));
        assert_eq!(wrong, None);
    });
}

#[test]
fn fuzzed_a_plan_is_read_or_refused() {
    let scripts = texts("exchange", ".txt").into_values();
    let plans = scripts.filter_map(|text| {
        let given = Given::read(split(&text).0).ok()?;
        let gateway = Rc::new(gateway(&given.policy).ok()?);
        live(&gateway, &given).world.state.remove(PLAN)
    });
    let plans: Vec<Vec<u8>> = plans.take(100).collect();
    fuzz("plan", &plans, |bytes| {
        if let Ok(plan) = Plan::decode(bytes) {
            let again = plan.encode();
            assert_eq!(Plan::decode(&again).unwrap(), plan);
        }
    });
}
