//! The outcome table row by row, and the plan's encoding.
use std::borrow::Cow;

use proptest::prelude::*;
use tradewind::decide::Calls;
use tradewind::dialect::{CacheMarks, Edit, Fault, FaultKind, Operation, Put};
use tradewind::exchange::{
    Acceptance, Change, CreditTerms, First, Health, Hearing, Leg, Mismatch, Outcome, Plan, Turn,
    Verdict,
};
use tradewind::policy;
use tradewind::resilience::OpenedBy;

/// What a provider said; what it is called; whether another model is asked; whether it is the
/// operator's to mend, so that an app is told something else.
type Row = (FaultKind, u16, &'static str, bool, bool);

const ROWS: &[Row] = &[
    (FaultKind::InvalidRequest, 400, "rejected", false, false),
    (FaultKind::InvalidRequest, 409, "failed", true, false),
    (FaultKind::InvalidRequest, 418, "failed", true, false),
    (FaultKind::InvalidRequest, 498, "failed", true, false),
    (FaultKind::InvalidRequest, 422, "rejected", false, false),
    (FaultKind::InvalidRequest, 408, "timed_out", true, false),
    (FaultKind::InvalidRequest, 425, "rate_limited", true, false),
    (FaultKind::InvalidRequest, 429, "rate_limited", true, false),
    (FaultKind::InvalidRequest, 500, "failed", true, false),
    (FaultKind::InvalidRequest, 529, "failed", true, false),
    (FaultKind::ContextLength, 400, "context_length", true, false),
    (FaultKind::ContextLength, 413, "context_length", true, false),
    (FaultKind::TooLarge, 400, "too_large", true, false),
    (FaultKind::TooLarge, 413, "too_large", true, false),
    (FaultKind::ModelNotFound, 404, "model_gone", true, true),
    (FaultKind::NotFound, 404, "model_gone", true, true),
    (FaultKind::MethodNotAllowed, 405, "model_gone", true, true),
    (FaultKind::Authentication, 401, "key_refused", true, true),
    (FaultKind::Authentication, 400, "key_refused", true, true),
    (FaultKind::Permission, 403, "key_refused", true, true),
    (FaultKind::Billing, 402, "unpaid", true, true),
    (FaultKind::Billing, 429, "unpaid", true, true),
    (FaultKind::RateLimit, 429, "rate_limited", true, false),
    (FaultKind::Overloaded, 503, "overloaded", true, false),
    (FaultKind::Overloaded, 529, "overloaded", true, false),
    (FaultKind::Timeout, 408, "timed_out", true, false),
    (FaultKind::Timeout, 504, "timed_out", true, false),
    (FaultKind::Internal, 500, "failed", true, false),
    (FaultKind::Internal, 502, "failed", true, false),
];

#[test]
fn every_outcome() {
    for (kind, code, expected, fails_over, operators) in ROWS.iter().copied() {
        let fault = Fault::new(kind, "said").with_status(code);
        let Verdict { name, fails_over: over, public_message: told, .. } =
            Outcome::of(&fault).verdict();
        let found = (name, over, told.is_some());
        assert_eq!(found, (expected, fails_over, operators), "{kind:?} with status {code}");
    }
}

/// What is of one request alone says nothing of the model, and what all would meet does.
#[test]
fn what_an_outcome_says_of_the_model() {
    let of = |health: Health| {
        let own = Outcome::ALL.into_iter().filter(|own| own.verdict().health == health);
        own.map(|own| own.verdict().name).collect::<Vec<_>>().join(" ")
    };
    for (health, expected) in [
        (Health::Nothing, "rejected unsupported context_length too_large oversized misconfigured"),
        (Health::Well, "not_accepted"),
        (Health::Failed, "overloaded timed_out failed unreachable silent reset"),
        (Health::Busy, "rate_limited"),
        (Health::Gone(OpenedBy::ModelGone), "model_gone"),
        (Health::Gone(OpenedBy::KeyRefused), "key_refused"),
        (Health::Gone(OpenedBy::Unpaid), "unpaid"),
    ] {
        assert_eq!(of(health), expected, "{health:?}");
    }
}

/// What a provider said; what the app is told with which status, in whose words.
type Told = (FaultKind, u16, FaultKind, u16, bool);

const TOLD: &[Told] = &[
    (FaultKind::InvalidRequest, 400, FaultKind::InvalidRequest, 400, true),
    (FaultKind::InvalidRequest, 422, FaultKind::InvalidRequest, 422, true),
    (FaultKind::InvalidRequest, 418, FaultKind::Internal, 502, true),
    (FaultKind::ContextLength, 413, FaultKind::ContextLength, 413, true),
    (FaultKind::ContextLength, 500, FaultKind::ContextLength, 400, true),
    (FaultKind::TooLarge, 413, FaultKind::TooLarge, 413, true),
    (FaultKind::ModelNotFound, 404, FaultKind::Internal, 502, false),
    (FaultKind::MethodNotAllowed, 405, FaultKind::Internal, 502, false),
    (FaultKind::Authentication, 401, FaultKind::Internal, 502, false),
    (FaultKind::Permission, 403, FaultKind::Internal, 502, false),
    (FaultKind::Billing, 400, FaultKind::Internal, 502, false),
    (FaultKind::RateLimit, 429, FaultKind::RateLimit, 429, true),
    (FaultKind::RateLimit, 400, FaultKind::RateLimit, 429, true),
    (FaultKind::Overloaded, 498, FaultKind::Overloaded, 503, true),
    (FaultKind::Overloaded, 529, FaultKind::Overloaded, 529, true),
    (FaultKind::Timeout, 408, FaultKind::Timeout, 408, true),
    (FaultKind::Timeout, 499, FaultKind::Timeout, 504, true),
    (FaultKind::Internal, 302, FaultKind::Internal, 502, true),
    (FaultKind::Internal, 409, FaultKind::Internal, 502, true),
    (FaultKind::Internal, 500, FaultKind::Internal, 500, true),
];

/// An app acts on the status that it is told: it is never told the provider's where that would
/// read as its own fault.
#[test]
fn every_outcome_is_told_with_a_status_that_says_whose_it_is() {
    for (kind, code, told, status, theirs) in TOLD.iter().copied() {
        let param = Some("field".to_owned());
        let fault = Fault { param, ..Fault::new(kind, "said").with_status(code) };
        let found = Outcome::of(&fault).public_fault(fault, "gpt");
        let words = found.message == "gpt: said" && found.param.is_some();
        assert!(words || (found.message.starts_with("gpt: the ") && found.param.is_none()));
        assert_eq!((found.kind, found.status, words), (told, status, theirs), "{kind:?} {code}");
    }
}

fn word() -> impl Strategy<Value = String> {
    let odd = ["", "\"", "\\", "\u{0}", "\u{7f}\u{2028}", "🌬", "a/b.c:d", "</script>", "null"];
    prop_oneof![any::<String>(), proptest::sample::select(odd.to_vec()).prop_map(str::to_owned)]
}

fn edit() -> impl Strategy<Value = Edit> {
    let bound = (word(), word(), word()).prop_map(|(before, after, without)| Put::Bound {
        before,
        after,
        without,
    });
    let put = prop_oneof![Just(Put::Model), word().prop_map(Put::Text), bound];
    (any::<usize>(), any::<usize>(), put).prop_map(|(start, end, put)| Edit { at: start..end, put })
}

fn pairs() -> impl Strategy<Value = Vec<(String, String)>> {
    proptest::collection::vec((word(), word()), 0..4)
}

fn leg() -> impl Strategy<Value = Leg<'static>> {
    ([word(), word(), word()], any::<u64>(), any::<[bool; 3]>(), any::<usize>()).prop_map(
        |([model, provider, provider_model], most, [drops, is_paid, states_bound], change)| Leg {
            model: Cow::Owned(model),
            provider: Cow::Owned(provider),
            provider_model: Cow::Owned(provider_model),
            max_output_tokens: most,
            drops,
            is_paid,
            states_bound,
            change,
            from: change,
            examples: change,
            left_out: most,
            marks: drops.then_some(CacheMarks { hour: is_paid, turns: states_bound }),
            first_token_ms: most,
            is_last_resort: drops,
            says: vec![("deprecation".into(), "@1".into())],
        },
    )
}

fn first() -> impl Strategy<Value = Option<First<'static>>> {
    let first = (word(), any::<u64>(), any::<bool>(), word(), any::<bool>());
    let first = first.prop_map(|(format, length, fits, dropped, keeps_original)| First {
        format: Cow::Owned(format),
        length,
        fits,
        dropped: Cow::Owned(dropped),
        keeps_original,
    });
    proptest::option::of(first)
}

fn plan() -> impl Strategy<Value = Plan<'static>> {
    let operation = prop_oneof![Just(Operation::CHAT), Just(Operation::LIST_MODELS)];
    let words = (word(), word(), operation, proptest::collection::vec(leg(), 0..4), first());
    let change = (proptest::collection::vec(edit(), 0..4), word());
    let change = change.prop_map(|(edits, dropped)| Change { edits, dropped: dropped.into() });
    let changes = proptest::collection::vec(change, 0..3);
    let meter = proptest::option::of((any::<bool>(), proptest::option::of(word())));
    let meter = (any::<u64>(), meter);
    let turn = (any::<u64>(), any::<u64>()).prop_map(|(leg, tries)| Turn { leg, tries });
    let turn = (turn, any::<u64>());
    let hearing = [Hearing::Nothing, Hearing::Conclusion, Hearing::Words];
    let meter = (meter, acceptance(), proptest::sample::select(hearing.to_vec()));
    let told = (any::<bool>(), proptest::option::of(word()));
    (words, any::<bool>(), told, changes, pairs(), meter, turn).prop_map(
        |(
            (id, client, operation, legs, first),
            stream,
            (stream_usage, answer_model),
            changes,
            carried,
            ((counted, meter), acceptance, hearing),
            (turn, keeps),
        )| Plan {
            turn,
            request_id: Cow::Owned(id),
            client: Cow::Owned(client),
            operation: operation.name.into(),
            stream,
            stream_usage,
            answer_model: answer_model.map(Cow::Owned),
            legs,
            first,
            changes,
            forwarded: carried.into_iter().map(|(n, v)| (Cow::Owned(n), Cow::Owned(v))).collect(),
            counted,
            meter: meter.map(|(stop, left)| CreditTerms { stop, left: left.map(Cow::Owned) }),
            acceptance,
            hearing,
            keeps,
            deadline_ms: keeps,
            says: vec![("x-ratelimit-limit-requests".into(), keeps.to_string().into())],
            resumes: stream.then(|| "chain".into()),
            is_rest: stream_usage,
        },
    )
}

fn acceptance() -> impl Strategy<Value = Option<Acceptance<'static>>> {
    let tool = (word(), proptest::option::of(word()));
    let tools = proptest::collection::vec(tool, 0..3);
    let chars = (proptest::option::of(any::<u64>()), proptest::option::of(any::<u64>()));
    let phrases = proptest::collection::vec(word(), 0..3);
    let agree = proptest::option::of([word(), word()]);
    let calls = prop_oneof![
        Just(Calls::Free),
        Just(Calls::None),
        Just(Calls::Some),
        word().prop_map(Calls::Of),
    ];
    let text = (proptest::option::of(word()), calls);
    let own = (any::<[bool; 7]>(), phrases, chars, tools, text, agree);
    let own = own.prop_map(|(flags, hedging, (min_chars, max_chars), tools, text, agree)| {
        let [finish, refusal, empty, schema_valid, tools_valid, other_tools, only_one] = flags;
        let (text, calls) = text;
        let owned =
            |(name, schema): (String, Option<String>)| (Cow::Owned(name), schema.map(Cow::Owned));
        Acceptance {
            rules: Cow::Owned(policy::Acceptance {
                finish,
                refusal,
                empty,
                schema_valid,
                tools_valid,
                hedging,
                min_chars,
                max_chars,
                agree,
            }),
            tools: tools.into_iter().map(owned).collect(),
            other_tools,
            text: text.map(Cow::Owned),
            calls: Cow::Owned(calls),
            only_one,
        }
    });
    proptest::option::of(own)
}

proptest! {
    #[test]
    fn a_plan_reads_as_it_was_written(plan in plan()) {
        let bytes = plan.encode();
        prop_assert_eq!(Plan::decode(&bytes), Ok(plan));
    }

    #[test]
    fn a_plan_is_handed_on_with_nothing_changed_but_the_turn(
        plan in plan(),
        leg in any::<u64>(),
        tries in any::<u64>(),
    ) {
        let turn = Turn { leg, tries };
        let handed_on = turn.written_into(&plan.encode()).unwrap();
        prop_assert_eq!(Plan::decode(&handed_on), Ok(Plan { turn, ..plan }));
    }

    /// Of a plan that was cut or changed nothing is made up: it is refused, or it is a plan.
    #[test]
    fn a_broken_plan_is_refused(
        plan in plan(),
        at in any::<prop::sample::Index>(),
        byte in any::<u8>(),
    ) {
        let mut bytes = plan.encode();
        let index = at.index(bytes.len());
        prop_assert!(Plan::decode(&bytes[..index]).is_err());
        bytes[index] = byte;
        let _ = Plan::decode(&bytes);
    }
}

#[test]
fn another_version_is_a_mismatch() {
    let plan = Plan { request_id: "r".into(), ..blank() }.encode();
    assert!(Plan::decode(&plan).is_ok());
    let (version, rest) = plan.split_first_chunk::<8>().unwrap();
    let own = u64::from_le_bytes(*version);
    for other in [0, 1, own - 1, own + 1, u64::MAX] {
        let bytes = [&other.to_le_bytes(), rest].concat();
        assert_eq!(Plan::decode(&bytes), Err(Mismatch), "{other}");
        assert_eq!(Turn::FIRST.written_into(&bytes), None, "{other}");
    }
    for bytes in [&b"{}"[..], b"", br#"{"v":5}"#, &[&plan[..], b"0"].concat()] {
        assert_eq!(Plan::decode(bytes), Err(Mismatch), "{bytes:?}");
    }
}

/// A plan without anything in it.
fn blank() -> Plan<'static> {
    Plan {
        turn: Turn::FIRST,
        request_id: "".into(),
        client: "".into(),
        operation: Operation::CHAT.name.into(),
        stream: false,
        stream_usage: false,
        answer_model: None,
        legs: Vec::new(),
        first: None,
        changes: Vec::new(),
        forwarded: Vec::new(),
        counted: 0,
        meter: None,
        acceptance: None,
        hearing: Hearing::Nothing,
        keeps: 0,
        deadline_ms: 0,
        says: Vec::new(),
        resumes: None,
        is_rest: false,
    }
}
