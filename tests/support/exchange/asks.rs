//! What a ledger is asked for, and what becomes of a request that it answers for nobody.
use tradewind::credit::wire;
use tradewind::json::{Document, Limits};

use super::*;

/// The id of the hold that is asked for, as a ledger reads it.
fn hold_id(life: &Life) -> String {
    let document =
        Document::parse(&life.world.called.first().unwrap().body, Limits::default()).unwrap();
    wire::HoldRequest::read(&document).unwrap().hold_id.into_owned()
}

/// An app may say what its request is called: what it is charged by begins with that, as far as it
/// can be a name, and is no other request's.
#[test]
fn an_apps_name_for_its_request_is_a_part_of_the_holds() {
    let long = "x".repeat(200);
    let cut = format!("{}-", "x".repeat(64));
    for (name, begins) in
        [("req-1", "req-1-"), ("a\"/_.:Z9", "aZ9-"), ("a b", "a-"), (&long, &cut), ("", "-")]
    {
        let desk = Desk::new(CREDITS);
        let ids = [(); 2].map(|()| {
            let mut asking = asking();
            let own = asking.headers.iter_mut().find(|(name, _)| name == "x-request-id");
            own.unwrap().1 = name.as_bytes().to_vec();
            hold_id(&desk.plays(&asking, &[], &answer()).life)
        });
        assert!(ids.iter().all(|id| id.strip_prefix(begins).unwrap().len() == 16), "{ids:?}");
        assert_ne!(ids[0], ids[1]);
    }
}

/// A ledger that refuses the proxy's token has held nothing, and is there: it is asked each time.
#[test]
fn while_a_token_is_refused_requests_run_or_not_as_the_policy_says() {
    let allow = r#""lease": "off", "on_token_refused": "allow""#;
    let allow = CREDITS.replace(r#""lease": "off""#, allow);
    for code in [401, 403] {
        for (policy, runs) in [(allow.as_str(), true), (CREDITS, false)] {
            let desk = Desk::new(policy);
            for _ in 0..5 {
                let life = desk.asks(&[(code, "")]);
                assert_eq!((asked(&life).len(), outcome(&life)), (1, vec!["token_refused"]));
                assert_eq!(status(&life), if runs { "200" } else { "503" });
                let settled = kept(&life);
                assert_eq!(settled.len(), usize::from(runs), "{settled:?}");
                let unheld = r#""unheld":true,"credits":"0.006""#;
                assert!(settled.iter().all(|own| own.contains(unheld)), "{settled:?}");
            }
        }
    }
}

/// Whatever was asked for is given back, a lease too: nobody knows whether it was granted.
#[test]
fn an_app_that_leaves_while_the_ledger_is_asked_gives_back_what_that_holds() {
    for (policy, begins) in [(LEASE, "lease-"), (CREDITS, "req-1-")] {
        let desk = Desk::new(policy);
        let mut play = desk.begins(&[]);
        let id = hold_id(&play.life);
        assert!(id.starts_with(begins), "{id}");
        play.leave();
        let told = format!(
            "{{\"tenant\":\"acme\",\"hold_id\":\"{id}\",\"unheld\":true,\"credits\":\"0\",\
             \"outcome\":\"abandoned\"}}"
        );
        assert_eq!(kept(&play.life), [told]);
    }
}

/// A lease for which the workers have no place serves the request that asked for it, and no other:
/// what that does not need of it goes back at once.
#[test]
fn a_lease_that_nobody_can_find_serves_one_request() {
    let desk = Desk::new(LEASE);
    let mut play = desk.begins(&[]);
    // Meanwhile its place is taken, by a name as long as may be that has credits.
    let mut shared = desk.common.shared.borrow_mut();
    let (_, (bucket, _)) = shared.iter_mut().find(|(key, _)| key.starts_with("tw.lease.")).unwrap();
    let (name, lease) = ("n".repeat(4_000), "lease-x");
    let mut record = Vec::from(u32::try_from(lease.len()).unwrap().to_le_bytes());
    record.extend_from_slice(lease.as_bytes());
    [1, u64::MAX, 0, 0].iter().for_each(|number: &u64| record.extend(number.to_le_bytes()));
    bucket.clear();
    bucket.extend(desk.common.now_ms().to_le_bytes());
    for text in [name.as_bytes(), &record] {
        bucket.extend(u32::try_from(text.len()).unwrap().to_le_bytes());
        bucket.extend_from_slice(text);
    }
    drop(shared);
    play.ledger.push_back((201, stands("10", "10", "10").into_bytes()));
    play.go_on();
    let id = hold_id(&play.life);
    let [back] = kept(&play.life).try_into().unwrap();
    let rest = format!(
        "{{\"tenant\":\"acme\",\"hold_id\":\"{id}\",\"draw\":\"remainder\",\
         \"releases\":\"0.95988\",\"credits\":\"0\"}}"
    );
    assert_eq!(back, rest);
    play.over();
    let settled = kept(&play.life).pop().unwrap();
    let all = format!("\"releases\":\"{GPT}\",\"credits\":\"0.006\"");
    assert!(settled.contains(&all), "{settled}");
}
