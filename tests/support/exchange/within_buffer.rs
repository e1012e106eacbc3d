//! Whatever a provider sends and however it is cut, no more of it is held back than Envoy buffers.
use proptest::prelude::*;
use proptest::sample::select;

use super::*;

/// What a stream of OpenAI's dialect is made of; `~` stands for something long.
const EVENTS: &[&str] = &[
    ": ~\n\n",
    "data: {\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\"}}]}\n\n",
    "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"~\"}}]}\n\n",
    "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n",
    "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":1,\"completion_tokens\":1}}\n\n",
    "data: {\"choices\":[],\"unknown\":\"~\"}\n\n",
    "data: {\"error\":{\"message\":\"~\"}}\n\n",
    "data: [DONE]\n\n",
];

/// An answer that begins, is whole but for its mark, and goes on with what is for nobody.
const WHOLE: &[usize] = &[2, 3];

fn stream() -> impl Strategy<Value = Vec<usize>> {
    let any = || prop::collection::vec(0..EVENTS.len(), 0..30);
    let silent = prop::collection::vec(select(&[0_usize, 4, 5][..]), 0..30);
    prop_oneof![any(), silent.prop_map(|silent| [WHOLE, &silent].concat())]
}

/// Kinds of an answer: its status and its content type.
const KINDS: &[(&str, &str)] =
    &[("200", "text/event-stream"), ("200", "application/json"), ("529", "application/json")];

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn no_more_is_held_back_than_envoy_buffers(
        events in stream(),
        kind in prop_oneof![4 => Just(KINDS[0]), 1 => select(KINDS)],
        long in 1_usize..9_000,
        // 0 for a chunk of each event.
        cut in prop_oneof![Just(0_usize), 1_usize..6_000],
        (buffer, trailers) in (3_000_u64..90_000, any::<bool>()),
        path in select(&["/v1/chat/completions", "/v1/messages"][..]),
    ) {
        let long = "x".repeat(long);
        let sent: Vec<_> = events.iter().map(|event| EVENTS[*event].replace('~', &long)).collect();
        let (status, content) = kind;
        let headers = [(":status", status), ("content-type", content)];
        let headers = headers.map(|(name, value)| (name.to_owned(), value.as_bytes().to_vec()));
        let chunks = match cut {
            0 => sent.into_iter().map(String::into_bytes).collect(),
            cut => sent.concat().as_bytes().chunks(cut).map(<[u8]>::to_vec).collect(),
        };
        let answer = Message { headers: headers.to_vec(), chunks, trailers, ..Message::default() };
        let life = send(buffer, path, "gpt", true, "Hi", vec![Answer::Message(answer)]);
        prop_assert_eq!(life.world.refused, [""; 0]);
        prop_assert!(life.ended || life.reset);
        // What is whole reaches its app, whatever comes after it that is for nobody.
        let fits = u64::try_from(4 * long.len() + 2 * cut).unwrap() + 2_000 < buffer;
        if events.starts_with(WHOLE) && kind == KINDS[0] && path == "/v1/chat/completions" && fits {
            prop_assert!(String::from_utf8_lossy(&life.body).contains(&long));
        }
    }
}
