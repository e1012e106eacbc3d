//! What the edge role takes of a request, to the byte, and when it answers one that it refuses.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a helper that fails fails its test")]
use super::support::{Filter, Gateway, Piece, Step, Way, World};

const POLICY: &str = include_str!("../../corpus/exchange/policy/usual.json");

/// What the policy allows of a body.
const BODY_MAX: usize = 65_536;

/// Most bytes of headers that are held for a request.
const HELD_MAX: usize = 4_096;

/// A request whose headers are here, and what came of them; `own` are headers beside the usual.
fn begin(first: [&str; 2], own: &[(&str, &str)]) -> (Filter, World, Step) {
    let gateway = Gateway::new(POLICY).unwrap();
    let usual = [(":method", first[0]), (":path", first[1])];
    let all = usual.iter().chain(own);
    let request = all.map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec()));
    let mut world = World { request: request.collect(), ..World::default() };
    let mut edge = Filter::new(gateway.edge_role(), gateway.buffer);
    let step = edge.turn(&mut world, Way::Request, Piece::Headers { end: false });
    (edge, world, step)
}

/// The status of a reply; 0 where the request goes on.
fn status(step: &Step) -> u16 {
    match step {
        Step::Reply(reply) => reply.status,
        Step::Pass { .. } => 0,
        Step::Wait => panic!("it waits"),
    }
}

/// What is said of a refusal.
fn said(step: &Step) -> String {
    let Step::Reply(reply) = step else { panic!("{step:?}") };
    String::from_utf8_lossy(&reply.body).into_owned()
}

const CHAT: [&str; 2] = ["POST", "/v1/chat/completions"];
const KEY: (&str, &str) = ("authorization", "Bearer app-key");

/// An HTTP/1 connection can only be used again when the request has been read to its end; a method
/// that has no body, or one without an end, is answered at once.
#[test]
fn a_refused_request_is_answered_when_it_has_been_read() {
    for method in ["POST", "PUT", "PATCH"] {
        let (mut edge, mut world, step) = begin([method, "/nowhere"], &[KEY]);
        assert!(matches!(step, Step::Wait), "{method}: {step:?}");
        let step = edge.turn(&mut world, Way::Request, Piece::Body(b"some", false));
        assert!(matches!(step, Step::Wait), "{method}: {step:?}");
        let step = edge.turn(&mut world, Way::Request, Piece::Body(b"more", true));
        assert_eq!(status(&step), 404, "{method}");
        assert_eq!(world.counted.get("tradewind_refused_total"), Some(&1));
    }
    for method in ["GET", "HEAD", "DELETE", "OPTIONS", "CONNECT"] {
        let (mut edge, mut world, step) = begin([method, "/nowhere"], &[KEY]);
        let expected = if method == "CONNECT" { 405 } else { 404 };
        assert_eq!(status(&step), expected, "{method}");
        // What still comes of it goes to nobody.
        let step = edge.turn(&mut world, Way::Request, Piece::Body(b"more", false));
        assert!(matches!(step, Step::Wait), "{method}: {step:?}");
        assert_eq!(world.counted.get("tradewind_refused_total"), Some(&1));
    }
}

/// Trailers end a refused body as its last chunk would.
#[test]
fn a_refused_request_that_ends_with_trailers_is_answered() {
    let (mut edge, mut world, _) = begin(CHAT, &[("authorization", "Bearer other")]);
    let step = edge.turn(&mut world, Way::Request, Piece::Body(b"some", false));
    assert!(matches!(step, Step::Wait), "{step:?}");
    let step = edge.turn(&mut world, Way::Request, Piece::Trailers);
    assert_eq!(status(&step), 401);
}

/// A refused body is swallowed up to four times what a body may be long: beyond that the
/// connection is the smaller loss.
#[test]
fn a_refused_body_is_swallowed_for_so_long() {
    let most = vec![b'x'; 4 * BODY_MAX];
    for (key, refused) in [(KEY, 413), (("authorization", "Bearer other"), 401)] {
        let (mut edge, mut world, _) = begin(CHAT, &[key]);
        for chunk in most.chunks(BODY_MAX + 1) {
            let step = edge.turn(&mut world, Way::Request, Piece::Body(chunk, false));
            assert!(matches!(step, Step::Wait), "{step:?}");
        }
        let step = edge.turn(&mut world, Way::Request, Piece::Body(b"x", false));
        assert_eq!(status(&step), refused);
    }
}

/// The status that a body gets; 0 where it goes on to a model.
fn asked(headers: &[(&str, &str)], body: &str) -> u16 {
    let (mut edge, mut world, step) = begin(CHAT, headers);
    // Headers that are too large are refused when the body has been read.
    assert!(matches!(step, Step::Wait), "{step:?}");
    status(&edge.turn(&mut world, Way::Request, Piece::Body(body.as_bytes(), true)))
}

#[test]
fn a_request_may_be_just_as_large_as_the_policy_says() {
    const MESSAGE: &str = r#"{"role":"user","content":"Hi"}"#;
    let body = |most: u64, messages: usize| {
        let messages = vec![MESSAGE; messages].join(",");
        format!(r#"{{"model":"gpt","max_tokens":{most},"messages":[{messages}]}}"#)
    };
    for (most, messages, status) in
        [(5_000, 1, 0), (u64::MAX, 1, 0), (4_999, 7, 0), (9, 8, 0), (9, 9, 400)]
    {
        assert_eq!(asked(&[KEY], &body(most, messages)), status, "{most} {messages}");
    }
    let short = body(9, 1);
    for (length, status) in [(BODY_MAX - 1, 0), (BODY_MAX, 0), (BODY_MAX + 1, 413)] {
        let spaces = " ".repeat(length - short.len());
        assert_eq!(asked(&[KEY], &format!("{short}{spaces}")), status, "{length}");
    }
}

/// Headers that travel are held with their values, those that are taken out by their names.
#[test]
fn so_much_of_the_headers_is_held() {
    let body = r#"{"model":"gpt","messages":[{"role":"user","content":"Hi"}]}"#;
    let taken_out = KEY.0.len() + "cookie".len();
    let rest = HELD_MAX - taken_out - "openai-beta".len();
    for (length, status) in [(rest - 1, 0), (rest, 0), (rest + 1, 431)] {
        let (beta, cookie) = ("b".repeat(length), "c".repeat(5_000));
        let headers = [KEY, ("openai-beta", beta.as_str()), ("cookie", cookie.as_str())];
        assert_eq!(asked(&headers, body), status, "{length}");
    }
}

/// The id that an app is told of its request.
fn told_id(given: &str) -> String {
    let (_, _, step) = begin(["GET", "/nowhere"], &[("x-request-id", given)]);
    let Step::Reply(reply) = step else { panic!("{step:?}") };
    let id = reply.headers.into_iter().find(|(name, _)| *name == "x-tradewind-request-id");
    id.unwrap().1
}

/// An id is said in headers and to the ledger: no more of it than may stand there.
#[test]
fn an_id_is_as_long_as_may_be_and_visible() {
    let id = |length: usize| "i".repeat(length);
    assert_eq!(told_id(&id(128)), id(128));
    assert_eq!(told_id(&id(129)), id(128));
    for (given, told) in [("a-1 b", "a-1"), ("a\tb", "a"), ("aé", "a"), ("~!", "~!"), ("", "")] {
        assert_eq!(told_id(given), told);
    }
}

#[test]
fn a_body_that_is_not_compressed_may_say_so() {
    let body = r#"{"model":"gpt","messages":[{"role":"user","content":"Hi"}]}"#;
    for (encoding, status) in [("identity", 0), ("Identity", 0), ("gzip", 415)] {
        assert_eq!(asked(&[KEY, ("content-encoding", encoding)], body), status, "{encoding}");
    }
}

/// Who asks for what is not there reads the refusal in the dialect whose path it is below.
#[test]
fn a_path_below_a_dialects_own_is_refused_in_that_dialect() {
    for (path, words) in [
        ("/v1/messages/batches", r#"{"type":"error","error":{"#),
        ("/v1/chat/completions/c1", r#"{"error":{"#),
        ("/v1/other", r#"{"error":{"#),
    ] {
        let (_, _, step) = begin(["GET", path], &[KEY]);
        assert!(said(&step).starts_with(words), "{path}: {}", said(&step));
    }
}

/// Each place is named once, however many keys are looked for there.
#[test]
fn who_brings_no_key_is_told_where_one_is_looked_for() {
    let more = r#""identity": [
        {"api_key": {"header": "x-team", "keys": [{"sha256": "HASH1", "tenant": "a"}]}},
        {"api_key": {"header": "x-team", "keys": [{"sha256": "HASH2", "tenant": "b"}]}},
        {"#;
    let more = more.replace("HASH1", &"1".repeat(64)).replace("HASH2", &"2".repeat(64));
    let policy = POLICY.replacen("\"identity\": [\n    {", &more, 1);
    let gateway = Gateway::new(&policy).unwrap();
    let first = [(":method", "GET"), (":path", "/v1/models")];
    let request = first.map(|(name, value)| (name.to_owned(), value.as_bytes().to_vec()));
    let mut world = World { request: request.to_vec(), ..World::default() };
    let mut edge = Filter::new(gateway.edge_role(), gateway.buffer);
    let step = edge.turn(&mut world, Way::Request, Piece::Headers { end: true });
    let words = "no API key: send one as `x-team: KEY` or `authorization: Bearer KEY` or \
                 `x-api-key: KEY`\"";
    assert!(said(&step).contains(words), "{}", said(&step));
}
