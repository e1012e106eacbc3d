//! What follows from what a ledger answers to a hold, at the bounds: what is asked next, what is
//! told to the app, what is kept, and whether the ledger is asked the next time.
#![expect(clippy::unwrap_used, reason = "a helper that fails fails its test")]
mod asks;
mod grace;

use std::rc::Rc;

use tradewind::exchange::Item;

use super::support::{Answer, Common, Gateway, Life, Message, Play, message, request};

const CREDITS: &str = include_str!("../../corpus/exchange/policy/credits.json");
const LEASE: &str = include_str!("../../corpus/exchange/policy/lease.json");
const DENY: &str = include_str!("../../corpus/exchange/policy/deny.json");

/// What a request of a model may cost, as the policies price it.
const GPT: &str = "0.04012";
const PLAIN: &str = "0.00453";

/// A ledger's answers.
type Answers<'a> = &'a [(u16, &'a str)];

const AWAY: Answers<'_> = &[(504, "")];

/// A proxy, and whatever a ledger says.
struct Desk {
    gateway: Rc<Gateway>,
    common: Rc<Common>,
}

impl Desk {
    fn new(policy: &str) -> Self {
        Self { gateway: Rc::new(Gateway::new(policy).unwrap()), common: Rc::default() }
    }

    /// Asks `gpt`, or whatever serves in its place; the providers answer at once.
    fn asks(&self, ledger: Answers<'_>) -> Life {
        let mut play = self.begins(ledger);
        play.check();
        play.over();
        play.life
    }

    /// The same, and its end is still to come.
    fn begins(&self, ledger: Answers<'_>) -> Play {
        self.begins_with(ledger, &answer())
    }

    /// The same where its provider does something else.
    fn begins_with(&self, ledger: Answers<'_>, answer: &Answer) -> Play {
        self.plays(&asking(), ledger, answer)
    }

    fn plays(&self, asking: &Message, ledger: Answers<'_>, answer: &Answer) -> Play {
        let mut play = Play::new(&self.gateway, &self.common);
        for model in ["gpt", "plain"] {
            play.answers.insert(model.to_owned(), [answer.clone()].into());
        }
        play.ledger.extend(ledger.iter().map(|(status, body)| (*status, body.as_bytes().to_vec())));
        play.ask(asking);
        play.go_on();
        play
    }

    fn passes(&self, ms: u64) {
        self.common.pass(ms);
    }
}

fn asking() -> Message {
    request(
        "POST /v1/chat/completions\nauthorization: Bearer app-key\n\
         content-type: application/json\n\n\
         {\"model\":\"gpt\",\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]}\n",
    )
    .unwrap()
}

/// It cost 0.006.
fn answer() -> Answer {
    answer_of(500)
}

/// An answer of so many tokens.
fn answer_of(output: u64) -> Answer {
    let body = format!(
        "{{\"choices\":[{{\"index\":0,\"message\":{{\"role\":\"assistant\",\"content\":\"Hello\"}},\
         \"finish_reason\":\"stop\"}}],\"usage\":{{\"prompt_tokens\":1000,\
         \"completion_tokens\":{output}}}}}"
    );
    let text = format!("content-type: application/json\n\n{body}");
    Answer::Message(message(&text, &[(":status", "200")]).unwrap())
}

/// What a ledger says of an account: balance, available and the last purchase.
fn stands(balance: &str, available: &str, last_purchase: &str) -> String {
    format!(
        "{{\"balance\":\"{balance}\",\"available\":\"{available}\",\
         \"last_purchase\":\"{last_purchase}\"}}"
    )
}

/// What the ledger was asked for: whether as a lease, and how much.
fn asked(life: &Life) -> Vec<(bool, String)> {
    let holds = life.world.called.iter().map(|call| {
        let text = String::from_utf8_lossy(&call.body).into_owned();
        let credits = text.split("\"credits\":\"").nth(1).unwrap().split('"').next().unwrap();
        (text.contains("\"hold_id\":\"lease-"), credits.to_owned())
    });
    holds.collect()
}

/// What of it was counted.
fn outcome(life: &Life) -> Vec<&str> {
    let counted = life.world.counted.keys();
    counted.filter_map(|name| name.strip_prefix("tradewind_holds_total.outcome.")).collect()
}

fn status(life: &Life) -> String {
    let status = life.headers.iter().find(|(name, _)| name == ":status");
    status.map(|(_, value)| String::from_utf8_lossy(value).into_owned()).unwrap_or_default()
}

/// The settlements that are kept.
fn kept(life: &Life) -> Vec<String> {
    let settlements = life.world.queued.iter().filter_map(|note| match &note.item {
        Item::Settlement { json, .. } => Some(String::from_utf8_lossy(json).into_owned()),
        _ => None,
    });
    settlements.collect()
}

#[test]
fn some_answers_are_an_absence_after_three_and_others_never() {
    // What is refused of this request alone is nothing to the next one's.
    let there: &[(u16, &str)] = &[
        (400, ""),
        (409, ""),
        (422, ""),
        (401, ""),
        (403, ""),
        (404, r#"{"code":"unknown_tenant"}"#),
    ];
    let failing: &[(u16, &str)] = &[
        (200, ""),
        (200, r#"{"balance":"1"}"#),
        (302, ""),
        (402, ""),
        (404, ""),
        (404, r#"{"code":"unknown_hold"}"#),
        (405, r#"{"code":"unknown_tenant"}"#),
        (429, ""),
        (500, ""),
        (502, "connection failure"),
        (503, "upstream connect error"),
        (504, ""),
    ];
    // Nobody to connect to: Envoy says so itself.
    let refused: &[(u16, &str)] = &[
        (0, ""),
        (503, "upstream connect error … connection failure, transport"),
        (503, "no healthy upstream"),
    ];
    for (answers, most) in [(there, 9), (failing, 3), (refused, 1)] {
        for answer in answers {
            let desk = Desk::new(DENY);
            let calls: usize = (0..9).map(|_| desk.asks(&[*answer]).world.called.len()).sum();
            assert_eq!(calls, most, "{answer:?}");
        }
    }
}

/// An operator is told of what only he can mend, once a minute; of an absence the counters tell.
#[test]
fn refusals_are_logged_once_a_minute() {
    for (status, logged) in
        [(399, 0), (400, 1), (404, 1), (422, 1), (429, 1), (499, 1), (500, 0), (503, 0)]
    {
        let desk = Desk::new(CREDITS);
        let mut lines = Vec::new();
        for wait in [0, 59_999, 1] {
            desk.passes(wait);
            lines.push(desk.asks(&[(status, "")]).world.logged.len());
            // That it answers meanwhile is no reason to say the same again.
            desk.asks(&[(201, &stands("10", "10", "10"))]);
        }
        assert_eq!(lines, [logged, 0, logged], "{status}");
    }
}

/// A hold that was asked for may be there although the answer says nothing of it; what was never
/// asked for is nothing to give back.
#[test]
fn only_what_was_asked_for_is_given_back() {
    let desk = Desk::new(DENY);
    for asks in [1, 0] {
        let life = desk.asks(&[(503, "no healthy upstream")]);
        assert_eq!((status(&life).as_str(), outcome(&life)), ("503", vec!["denied"]));
        assert_eq!((asked(&life).len(), kept(&life).len()), (asks, asks));
    }
    // A quarter of a second after, somebody asks again.
    for (ms, asks) in [(249, 0), (1, 1)] {
        desk.passes(ms);
        assert_eq!(asked(&desk.asks(AWAY)).len(), asks);
    }
}

#[test]
fn who_has_ever_bought_has_grace() {
    for (status, last_purchase, grace) in
        [(201, "0", false), (402, "0", false), (402, "0.000001", true), (201, "5", true)]
    {
        let desk = Desk::new(CREDITS);
        let said = stands("0", "0", last_purchase);
        desk.asks(&[(status, &said), (status, &said)]);
        let expected = if grace { "grace" } else { "denied" };
        assert_eq!(outcome(&desk.asks(AWAY)), [expected], "{status} {last_purchase}");
        // A later refusal takes it from nobody.
        let none = stands("0", "0", "0");
        desk.asks(&[(402, &none), (402, &none)]);
        assert_eq!(outcome(&desk.asks(AWAY)), [expected], "{status} {last_purchase}");
    }
}

/// Little is what a ledger has said of an account, less what was charged since.
#[test]
fn of_an_account_that_nobody_has_told_of_nothing_is_little() {
    let amount = CREDITS.replace(r#""below": "20%""#, r#""below": "1""#);
    let amount = amount.replace(r#""on_unavailable": "grace""#, r#""on_unavailable": "allow""#);
    let amount = amount.replace(r#""grace": {"credits": "0.2", "seconds": 60}, "#, "");
    let desk = Desk::new(&amount);
    for _ in 0..3 {
        // It runs and is charged, and the ledger has said nothing.
        let life = desk.asks(AWAY);
        assert_eq!(outcome(&life), ["allowed"]);
        desk.passes(60_000);
        let next = desk.asks(&[(504, "")]);
        assert_eq!(asked(&next), [(false, GPT.to_owned())], "the usual chain");
        desk.passes(60_000);
    }
    // A refusal tells of it: as it stands there, that is little.
    let none = stands("0.5", "0", "0");
    assert_eq!(asked(&desk.asks(&[(402, &none), (402, &none)])).len(), 2);
    assert_eq!(asked(&desk.asks(AWAY)), [(false, PLAIN.to_owned())]);
}

#[test]
fn little_begins_below_its_bound_and_counts_what_was_charged_since() {
    let desk = Desk::new(CREDITS);
    let exact = stands("2", "2", "10");
    assert_eq!(asked(&desk.asks(&[(201, &exact)])), [(false, GPT.to_owned())]);
    // It cost 0.006.
    assert_eq!(
        asked(&desk.asks(&[(201, &stands("2.006", "2", "10"))])),
        [(false, PLAIN.to_owned())]
    );
    // What was charged leaves exactly what is not little yet.
    let desk = Desk::new(CREDITS);
    desk.asks(&[(201, &stands("2.006", "2", "10"))]);
    assert_eq!(asked(&desk.asks(&[(201, &exact)])), [(false, GPT.to_owned())]);
}

#[test]
fn a_lease_is_an_eighth_of_what_is_there_or_none() {
    // So much that an eighth is what this request needs, and a millionth more or less of it.
    for (available, lease) in [("0.320952", None), ("0.32096", Some(GPT)), ("0.4", Some("0.05"))]
        .into_iter()
        .chain([("8", Some("1")), ("8.1", Some("1")), ("7.2", Some("0.9")), ("-1", None)])
    {
        let desk = Desk::new(LEASE);
        let said = stands(available, available, "10");
        // Too little for a lease, it was said: how much there is, is known from then on.
        let first = desk.asks(&[(402, &said), (201, &said)]);
        assert_eq!(asked(&first), [(true, "1".to_owned()), (false, GPT.to_owned())]);
        desk.passes(1000);
        let next = desk.asks(&[(201, &said)]);
        let expected = lease.map_or((false, GPT), |credits| (true, credits));
        assert_eq!(asked(&next), [(expected.0, expected.1.to_owned())], "{available}");
    }
}

/// One asks for a lease at a time, and for no longer than a second; the others go without.
#[test]
fn one_request_at_a_time_asks_for_a_lease() {
    let desk = Desk::new(LEASE);
    let said = stands("10", "10", "10");
    let waits = desk.begins(&[]);
    assert_eq!(asked(&waits.life), [(true, "1".to_owned())]);
    for (wait, lease) in [(0, false), (999, false), (1, true)] {
        desk.passes(wait);
        let life = desk.asks(&[(201, &said)]);
        let (leased, _) = asked(&life).pop().unwrap();
        assert_eq!(leased, lease, "{wait}");
    }
    drop(waits);
}

/// At the end of its time nobody draws on it any more; a request that ends then gives all of its
/// part back to the ledger, one that ended just before gives to the lease what it did not need.
#[test]
fn a_lease_ends_on_time() {
    let said = stands("10", "10", "10");
    for (ms, lives) in [(9_999, true), (10_000, false), (10_001, false)] {
        let desk = Desk::new(LEASE);
        let mut ends = desk.begins(&[(201, &said)]);
        desk.passes(ms);
        ends.over();
        let settled = kept(&ends.life).pop().unwrap();
        let releases = if lives { "\"releases\":\"0.006\"" } else { "\"releases\":\"0.04012\"" };
        assert!(settled.contains(releases), "{ms}: {settled}");
        let life = desk.asks(&[(201, &said)]);
        assert_eq!(outcome(&life), [if lives { "drawn" } else { "lease" }], "{ms}");
    }
}

/// What is left of a lease when another takes its place goes back; of one that was used up, or
/// where there was none, nothing does.
#[test]
fn only_what_is_left_of_a_lease_goes_back() {
    let whole = LEASE.replace(r#""credits": "1""#, &format!(r#""credits": "{GPT}""#));
    let said = stands("10", "10", "10");
    for (policy, left) in [(LEASE, Some("0.95988")), (&whole, None)] {
        let desk = Desk::new(policy);
        let first = desk.begins(&[(201, &said)]);
        assert_eq!(kept(&first.life), [""; 0], "there was none before");
        desk.passes(10_000);
        let second = desk.begins(&[(201, &said)]);
        let back = kept(&second.life);
        let told = left.map(|left| format!("\"draw\":\"remainder\",\"releases\":\"{left}\""));
        assert_eq!(back.len(), usize::from(told.is_some()), "{back:?}");
        assert!(back.first().zip(told).is_none_or(|(back, told)| back.contains(&told)), "{back:?}");
    }
}

/// A request that cost nothing leaves its lease as it was, and where that is over by then its part
/// of it goes back.
#[test]
fn what_cost_nothing_is_not_told_of_while_its_lease_is_there() {
    let said = stands("10", "10", "10");
    for (ms, told) in [(9_999, false), (10_000, true)] {
        let desk = Desk::new(LEASE);
        let mut failed = desk.begins_with(&[(201, &said)], &Answer::Refused);
        assert_eq!(status(&failed.life), "503");
        desk.passes(ms);
        failed.over();
        let settled = kept(&failed.life);
        assert_eq!(settled.len(), usize::from(told), "{settled:?}");
        let back = format!("\"releases\":\"{GPT}\",\"credits\":\"0\"");
        assert!(settled.iter().all(|own| own.contains(&back)), "{settled:?}");
    }
}

/// The chain for those who have little left is asked for only where it may cost less.
#[test]
fn who_is_refused_is_not_asked_for_the_same_again() {
    let none = stands("0.5", "0", "10");
    let price = r#""price": {"input": "0.5", "output": "1.5"}"#;
    let dear = CREDITS.replace(price, r#""price": {"input": "2", "output": "8"}"#);
    let dear = dear.replace(r#""max_output_tokens": 3000"#, r#""max_output_tokens": 32000"#);
    let dear = dear.replace(r#""context_window": 4000"#, r#""context_window": 1000000"#);
    let same = Desk::new(&dear).asks(&[(402, &none), (402, &none)]);
    assert_eq!((asked(&same), status(&same)), (vec![(false, GPT.to_owned())], "402".to_owned()));
    let less = Desk::new(CREDITS).asks(&[(402, &none), (402, &none)]);
    let both = vec![(false, GPT.to_owned()), (false, PLAIN.to_owned())];
    assert_eq!((asked(&less), status(&less)), (both, "402".to_owned()));
}

#[test]
fn what_a_tenant_has_left_is_told_with_what_is_set_aside_for_this_request() {
    let desk = Desk::new(LEASE);
    let said = stands("10", "9", "10");
    for (ledger, left) in [(&[(201, said.as_str())][..], "10"), (&[], "9.994")] {
        let life = desk.asks(ledger);
        let header = life.headers.iter().find(|(name, _)| name == "x-tradewind-credits").unwrap();
        assert_eq!(String::from_utf8_lossy(&header.1), left);
    }
    // A refusal says how little there is.
    let refused = stands("0.5", "0.25", "10");
    let life = Desk::new(DENY).asks(&[(402, &refused)]);
    let gauge = life.world.gauges.get("tradewind_credits_left_micros.tenant.acme");
    assert_eq!((gauge, status(&life)), (Some(&250_000), "402".to_owned()));
}

/// A refusal is news of what is left beside a lease.
#[test]
fn what_a_refusal_says_is_left_counts_beside_a_lease() {
    let desk = Desk::new(&LEASE.replace(r#""credits": "1""#, r#""credits": "0.05""#));
    let mut first = desk.begins(&[(201, &stands("10", "9.95", "10"))]);
    // Too little of it is left for another.
    let little = stands("0.06", "0.01", "10");
    let refused = desk.asks(&[(402, &little), (402, &little)]);
    assert_eq!(asked(&refused), [(true, "0.05".to_owned()), (false, GPT.to_owned())]);
    first.over();
    // What is there, and 0.05 that were lent less 0.006 that were charged.
    let drawn = desk.asks(&[]);
    let header = drawn.headers.iter().find(|(name, _)| name == "x-tradewind-credits").unwrap();
    assert_eq!(String::from_utf8_lossy(&header.1), "0.054");
}
