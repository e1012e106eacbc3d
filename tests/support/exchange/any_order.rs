//! No order of callbacks, and nothing that they bring, may end the VM: a trap is every app's.
use std::borrow::Cow;

use proptest::prelude::*;
use proptest::sample::select;
use tradewind::decide::Expected;
use tradewind::dialect::{Edit, Operation, Put};
use tradewind::exchange::filter_state::PLAN;
use tradewind::exchange::{
    Acceptance, CallId, Callback, Change, CreditTerms, Hearing, Leg, Plan, Purpose, Stream, Turn,
};
use tradewind::policy;

use super::cases::cases;
use super::support::{Gateway, Headers, View, World};

const POLICY: &str = include_str!("../../corpus/exchange/policy/credits.json");

const BODIES: &[&str] = &[
    "",
    "{",
    "[]",
    "{}",
    "\u{feff}",
    "data: \n\n",
    "data: [DONE]\n\n",
    "event: error\ndata: {\"type\":\"error\",\"error\":{}}\n\n",
    "event: ping\ndata: {\"type\":\"ping\"}\n\n: x\n\n",
    "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"a\"}}]}\n\n",
    "data: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"a\"}]},\"finishReason\":\"STOP\"}]}\n\n",
    r#"{"balance":"9","available":"-1","last_purchase":"x"}"#,
    r#"{"balance":"99","available":"98","last_purchase":"100"}"#,
    r#"{"error":{"message":"x","type":"y","code":-1,"status":99999}}"#,
    r#"{"type":"error","error":"x"}"#,
    r#"{"model":"auto","messages":[{"role":"user","content":"Hi"}]}"#,
    r#"{"model":"auto","max_tokens":9,"stream":true,"messages":[{"role":"user","content":"Hi"}]}"#,
    r#"{"model":"plain","max_tokens":18446744073709551615,"messages":[{"role":"user","content":[]}]}"#,
    r#"{"choices":[{"message":{"content":"Hi"},"finish_reason":"stop"}],"usage":{"prompt_tokens":-1}}"#,
];

/// Nothing, what is no plan, and plans as they could be: models in any order, edits that no body
/// fits.
fn plans() -> Vec<Vec<u8>> {
    const CLAUDE: (&str, &str, &str) = ("claude", "anthropic", "c");
    const GPT: (&str, &str, &str) = ("gpt", "openai", "g");
    const GEMINI: (&str, &str, &str) = ("gemini", "google", "m");
    let edit = |start: usize, end: usize, put| Edit { at: start..end, put };
    let brace = vec![edit(0, 0, Put::Text("{".to_owned())), edit(9, 2, Put::Model)];
    let far = vec![edit(usize::MAX, 0, Put::Model)];
    let meter = CreditTerms { stop: true, left: Some("1".into()) };
    let carried = vec![("a".into(), "b".into())];
    let metered = Plan {
        stream_usage: false,
        counted: 1,
        meter: Some(meter),
        ..plan("openai", [CLAUDE, GPT, GEMINI], [Some(5), Some(0), Some(9)], brace)
    };
    let messages = plan("anthropic", [GPT, GEMINI, CLAUDE], [None; 3], Vec::new());
    let again = Plan {
        stream: false,
        turn: Turn::FIRST.again(),
        ..plan("openai", [GEMINI, GPT, CLAUDE], [None; 3], far)
    };
    let gemini = plan("gemini", [GPT, CLAUDE, GEMINI], [None; 3], Vec::new());
    let rules = policy::Acceptance {
        hedging: vec!["a".to_owned()],
        max_chars: Some(0),
        ..policy::Acceptance::default()
    };
    let expected = Expected { text: Some("{}".to_owned()), ..Expected::default() };
    let acceptance = || Some(Acceptance::of(&rules, &expected));
    let judged = Plan { acceptance: acceptance(), ..metered.clone() };
    let judged_whole = Plan { acceptance: acceptance(), ..again.clone() };
    let all =
        [metered, Plan { forwarded: carried, ..messages }, again, gemini, judged, judged_whole];
    let written = all.iter().map(Plan::encode);
    [Vec::new(), b"{}".to_vec()].into_iter().chain(written).collect()
}

fn plan(
    app: &'static str,
    models: [(&'static str, &'static str, &'static str); 3],
    bounds: [Option<u64>; 3],
    edits: Vec<Edit>,
) -> Plan<'static> {
    let leg =
        |((model, provider, provider_model), bound): ((&'static str, _, _), Option<u64>)| Leg {
            model: Cow::Borrowed(model),
            provider: Cow::Borrowed(provider),
            provider_model: Cow::Borrowed(provider_model),
            max_output_tokens: bound.unwrap_or(64_000),
            drops: model == "gemini",
            is_paid: bound.is_some(),
            states_bound: bound.is_some(),
            change: 0,
            from: 0,
            examples: 0,
            left_out: 0,
            marks: None,
            first_token_ms: bound.unwrap_or(0) % 2_000,
            is_last_resort: bound.is_some(),
            says: Vec::new(),
        };
    Plan {
        request_id: "r".into(),
        client: app.into(),
        operation: Operation::CHAT.name.into(),
        stream: true,
        stream_usage: true,
        answer_model: Some("asked".into()),
        legs: models.into_iter().zip(bounds).map(leg).collect(),
        first: None,
        changes: vec![Change { edits, dropped: "".into() }],
        forwarded: Vec::new(),
        counted: 0,
        meter: None,
        acceptance: None,
        hearing: Hearing::Words,
        keeps: 1 << 20,
        deadline_ms: 0,
        says: Vec::new(),
        resumes: Some("c".into()),
        is_rest: false,
        turn: Turn::FIRST,
    }
}

const HEADERS: &[(&str, &str)] = &[
    (":status", "200"),
    (":status", "0"),
    (":status", "429"),
    (":status", "x"),
    (":method", "POST"),
    (":method", "GET"),
    (":path", "/v1/chat/completions"),
    (":path", "/v1/messages"),
    (":path", "/v1/models?x"),
    (":path", "é"),
    ("x-api-key", "app-key"),
    ("x-request-id", "é"),
    ("content-type", "text/event-stream"),
    ("content-type", "application/json"),
    ("x-tradewind-model", "claude"),
    ("retry-after", "-1"),
];

fn headers() -> impl Strategy<Value = Headers> {
    let header = select(HEADERS).prop_map(|(n, v)| (n.to_owned(), v.as_bytes().to_vec()));
    proptest::collection::vec(header, 0..8)
}

fn body() -> impl Strategy<Value = Vec<u8>> {
    let known = select(BODIES).prop_map(|text| text.as_bytes().to_vec());
    let noise = proptest::collection::vec(any::<u8>(), 0..200);
    prop_oneof![4 => known, 1 => noise]
}

/// A callback: which, whether it is the last, by how much its size is not the body's, the body.
type Call = (u8, bool, i8, Vec<u8>);

fn call() -> impl Strategy<Value = Call> {
    (0..10_u8, any::<bool>(), prop_oneof![3 => Just(0), 1 => any::<i8>()], body())
}

fn event((which, end, off, body): &Call) -> Callback {
    let size = body.len().saturating_add_signed(isize::from(*off));
    match which {
        0 => Callback::RequestHeaders { end: *end },
        1 => Callback::RequestBody { size, end: *end },
        2 => Callback::RequestTrailers,
        3 => Callback::ResponseHeaders { end: *end },
        4 => Callback::ResponseBody { size, end: *end },
        5 => Callback::ResponseTrailers,
        6 => {
            let id = CallId { purpose: Purpose::Hold, number: 1 };
            Callback::CallAnswered { id, status: if *end { 201 } else { 0 }, size }
        }
        7 => Callback::AttemptEnded,
        8 => Callback::Woken,
        _ => Callback::StreamEnded,
    }
}

fn play(stream: &mut Stream, world: &World, calls: &[Call]) {
    for call in calls {
        let view = View { world, request: &call.3, response: &call.3, call: &[] };
        let _ = stream.on(event(call), &view);
    }
}

/// Plans of another version would all be refused, and lead nowhere.
#[test]
fn the_plans_are_plans() {
    assert_eq!(plans().iter().filter(|plan| Plan::decode(plan).is_ok()).count(), 6);
}

proptest! {
    #![proptest_config(cases(600))]

    #[test]
    fn no_order_of_callbacks_ends_a_role(
        request in headers(),
        response in headers(),
        plan in select(plans()),
        // The first calls in their usual order lead into the states; what follows does not.
        usual in proptest::option::of((body(), any::<bool>())),
        calls in proptest::collection::vec(call(), 1..12),
    ) {
        let gateway = Gateway::new(POLICY).unwrap();
        let mut world = World { request, response, ..World::default() };
        world.state.insert(PLAN.to_owned(), plan);
        let opening = usual.map_or_else(Vec::new, |(body, end)| {
            vec![(0, false, 0, Vec::new()), (1, true, 0, body), (3, end, 0, Vec::new())]
        });
        let providers = ["claude", "gpt", "gemini"].map(|model| {
            (model, gateway.providers.get(gateway.cluster(model).unwrap()).unwrap())
        });
        for (model, plugin) in providers.into_iter().chain([("", &gateway.edge)]) {
            world.turn_to(model);
            let mut stream = plugin.stream().unwrap();
            play(&mut stream, &world, &opening);
            play(&mut stream, &world, &calls);
        }
    }
}
