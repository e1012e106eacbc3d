//! The exchange as a whole: scripts and stories as the other corpora have them, whatever stands in
//! them, and whatever somebody writes into the records that workers share.
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::OnceLock;

use super::seeds::files;
use crate::files::texts;
use crate::lives::{Answer, Common, Gateway, Given, Message, live, split, tell};

/// What a play says of its script, and not of the exchange.
const OF_THE_SCRIPT: &[&str] = &[
    "the script",
    "an answer of",
    "the request neither goes on nor is answered",
    "the app's answer does not end",
];

/// What a story says of itself beside that.
const OF_THE_STORY: &[&str] = &[" is still open", " is not there to go", "no answer of "];

/// Most that a text may ask for: bytes that it repeats, and milliseconds that pass.
const MOST: u64 = 1 << 20;

/// Where bytes that are no UTF-8 stand meanwhile: in a part of Unicode that is nobody's.
const RAW: u32 = 0xf700;

/// The gateway of a policy of the corpus.
pub(super) fn gateway(name: &str) -> Option<Gateway> {
    static POLICIES: OnceLock<BTreeMap<String, String>> = OnceLock::new();
    let policies = POLICIES.get_or_init(|| texts("exchange/policy", ".json"));
    Gateway::new(policies.get(name)?).ok()
}

/// Bytes as a text that keeps them all.
pub(super) fn text_of(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        out.push_str(chunk.valid());
        let raw = chunk.invalid().iter().filter_map(|byte| char::from_u32(RAW | u32::from(*byte)));
        out.extend(raw);
    }
    out
}

/// The bytes of such a text.
fn bytes_of(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    for c in String::from_utf8_lossy(text).chars() {
        match u8::try_from(u32::from(c) ^ RAW) {
            Ok(byte) if !byte.is_ascii() => out.push(byte),
            _ => out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
    out
}

fn untangle(message: &mut Message) {
    message.chunks.iter_mut().for_each(|chunk| *chunk = bytes_of(chunk));
    message.headers.iter_mut().for_each(|(_, value)| *value = bytes_of(value));
}

/// Whether a text asks for no more than [`MOST`].
fn is_tame(text: &str) -> bool {
    let number = |text: &str| {
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        text.get(..digits).and_then(|digits| digits.parse::<u64>().ok())
    };
    let repeated = text.split("<<").skip(1).map(|rest| {
        let unit = rest.find(">>").unwrap_or(rest.len());
        number(rest).unwrap_or(0).saturating_mul(u64::try_from(unit).unwrap_or(u64::MAX))
    });
    let waits =
        ["\n--- pass ", "\n--- stall "].into_iter().flat_map(|word| text.split(word).skip(1));
    let waits = waits.map(|rest| number(rest).unwrap_or(0));
    repeated.chain(waits).fold(0, u64::saturating_add) <= MOST
}

pub(super) fn scripts() -> Vec<Vec<u8>> {
    given(files("exchange", &[".txt"]))
}

pub(super) fn stories() -> Vec<Vec<u8>> {
    given(files("story", &[".txt"]))
}

/// What goes in by these texts, without what must come out.
fn given(texts: Vec<Vec<u8>>) -> Vec<Vec<u8>> {
    let own = |text: Vec<u8>| split(&text_of(&text)).0.as_bytes().to_vec();
    texts.into_iter().map(own).filter(|text| is_tame(&text_of(text))).collect()
}

/// A script: the request comes to its end, and nothing is done that Envoy would not allow.
pub(super) fn exchange(bytes: &[u8]) {
    let text = text_of(bytes);
    let Some(mut given) =
        Some(&text).filter(|text| is_tame(text)).and_then(|text| Given::read(split(text).0).ok())
    else {
        return;
    };
    untangle(&mut given.request);
    for answer in given.answers.values_mut().flatten() {
        if let Answer::Message(message) = answer {
            untangle(message);
        }
    }
    given.ledger.iter_mut().for_each(|(_, body)| *body = bytes_of(body));
    let Some(gateway) = gateway(&given.policy) else { return };
    let mut wrong = live(&Rc::new(gateway), &given).world.refused;
    wrong.retain(|own| !OF_THE_SCRIPT.iter().any(|begin| own.starts_with(begin)));
    assert_eq!(wrong, [""; 0]);
}

/// A story: so does every request of it, and the accounts are right.
pub(super) fn story(bytes: &[u8]) {
    let text = text_of(bytes);
    if !is_tame(&text) {
        return;
    }
    let policy = |name: &str| gateway(name).ok_or_else(|| "there is no such policy".to_owned());
    let Ok((_, mut wrong)) = tell(&text, policy, |_, _| ()) else { return };
    let of_itself =
        |own: &str| OF_THE_SCRIPT.iter().chain(OF_THE_STORY).any(|word| own.contains(word));
    wrong.retain(|own| !of_itself(own));
    assert_eq!(wrong, [""; 0]);
}

/// Somebody overwrites one of the records that workers share.
pub(super) fn overwrite(common: &Common, which: usize, value: &[u8]) {
    let mut shared = common.shared.borrow_mut();
    let at = which.checked_rem(shared.len()).unwrap_or(0);
    if let Some((own, changes)) = shared.values_mut().nth(at) {
        *own = value.to_vec();
        *changes = changes.wrapping_add(1);
    }
}

/// The records that every story leaves, with where they stand: the story, the thing that happens
/// next, the record.
pub(super) fn records() -> Vec<Vec<u8>> {
    let mut found: BTreeMap<(String, Vec<u8>), Vec<u8>> = BTreeMap::new();
    for (index, story) in stories().iter().enumerate() {
        let text = text_of(story);
        let mut at = 0_u8;
        let policy = |name: &str| gateway(name).ok_or_else(String::new);
        let _ = tell(&text, policy, |proxy, _| {
            for (which, (key, (value, _))) in proxy.common.shared.borrow().iter().enumerate() {
                let kind = key.rsplit_once('.').map_or(&**key, |(kind, _)| kind).to_owned();
                let place = [index, which].map(|number| u8::try_from(number).unwrap_or(u8::MAX));
                let [index, which] = place;
                let seed = [&[index, at, which], value.as_slice()].concat();
                found.insert((kind, vec![index]), seed);
            }
            at = at.saturating_add(1);
        });
    }
    super::seeds::short(found.into_values().collect())
}

/// A story in which somebody has written something else into a record.
pub(super) fn shared(bytes: &[u8]) {
    static STORIES: OnceLock<Vec<String>> = OnceLock::new();
    let Some((&[story, at, which], value)) = bytes.split_first_chunk() else { return };
    let texts = STORIES.get_or_init(|| stories().iter().map(|story| text_of(story)).collect());
    let Some(text) = texts.get(usize::from(story)) else { return };
    let mut happened = 0_u8;
    let policy = |name: &str| gateway(name).ok_or_else(String::new);
    let _ = tell(text, policy, |proxy, _| {
        if happened == at {
            overwrite(&proxy.common, usize::from(which), value);
        }
        happened = happened.saturating_add(1);
    });
}
