//! Attempts behind the hop: what it tells of them counts, and not the way to itself.
use tradewind::exchange::Report;
use tradewind::exchange::filter_state::{JUDGED, NEXT, PLAN};

use super::support::{Filter, Gateway, Piece, Step, Way, World};

const HOP: &str = include_str!("../../corpus/exchange/policy/hop.json");
const BODY: &[u8] = br#"{"model":"auto","messages":[{"role":"user","content":"Hi"}]}"#;

/// This side's address of a connection that has served, and of one that has not.
const KEPT: &str = "127.0.0.1:40000";
const NEW: &str = "127.0.0.1:40001";

/// What the hop tells stands for what Envoy tells of the way to it: the word of an attempt of
/// `claude`, whether it is asked once more, and what the log says of why.
#[test]
fn what_the_hop_tells_of_an_attempt_is_what_became_of_it() {
    let kept = format!("lost UC {KEPT} -");
    let table: [(&str, u64, &str, bool, &str); 7] = [
        (&kept, 1, "reset", true, ""),
        (&kept, 1_000, "reset", false, ""),
        ("lost UC 127.0.0.1:40001 -", 1, "reset", false, ""),
        (
            "lost UF,URX - delayed connect error: 111",
            1,
            "unreachable",
            false,
            "delayed connect error: 111",
        ),
        ("lost UH - -", 1, "unreachable", false, ""),
        ("lost SI 127.0.0.1:40000 -", 1_000, "silent", false, ""),
        // Envoy tells of its end alone: it was this side's.
        ("", 1, "reset", false, ""),
    ];
    for (told, took, word, again, why) in table {
        for (chain, next) in [(&["claude", "gpt"][..], "stream/gpt"), (&["claude"], "")] {
            let gateway = Gateway::new(HOP).unwrap();
            gateway.connections.served(format!("{KEPT} anthropic.test").into_bytes());
            let mut world = World { connected: Some(NEW), ..World::default() };
            world.state.insert(PLAN.to_owned(), gateway.plan(chain).encode());
            world.state.insert(NEXT.to_owned(), b"stream/claude".to_vec());
            let mut filter = Filter::new(gateway.provider_role("claude").unwrap(), gateway.buffer);
            filter.turn(&mut world, Way::Request, Piece::Headers { end: false });
            filter.turn(&mut world, Way::Request, Piece::Body(BODY, true));
            world.common.pass(took);
            if !told.is_empty() {
                world.response = vec![
                    (":status".to_owned(), b"504".to_vec()),
                    ("x-tradewind-hop".to_owned(), told.as_bytes().to_vec()),
                ];
                let step = filter.turn(&mut world, Way::Response, Piece::Headers { end: false });
                assert!(matches!(step, Step::Pass { .. }), "{told}: {step:?}");
                let status = world.response.iter().find(|(name, _)| name == ":status");
                assert_eq!(status.unwrap().1, b"503", "{told}");
                assert!(!world.state.contains_key(JUDGED), "{told}: nobody has judged it");
            }
            filter.done(&mut world);
            assert!(world.refused.is_empty(), "{told}: {:?}", world.refused);
            let report = Report::of(&world.view(), "claude").unwrap();
            let next = if again { "stream/claude" } else { next };
            let asked = String::from_utf8(world.state.remove(NEXT).unwrap()).unwrap();
            assert_eq!((report.word(), asked.as_str()), (word, next), "{told}");
            assert_eq!(report.why, why);
        }
    }
}

/// An answer behind the hop is known by the connection that it came on, and not by that to the hop.
#[test]
fn a_connection_of_the_hops_has_served_when_the_hop_says_so() {
    let gateway = Gateway::new(HOP).unwrap();
    let mut world = World { connected: Some(NEW), ..World::default() };
    world.state.insert(PLAN.to_owned(), gateway.plan(&["claude"]).encode());
    world.state.insert(NEXT.to_owned(), b"stream/claude".to_vec());
    let mut filter = Filter::new(gateway.provider_role("claude").unwrap(), gateway.buffer);
    filter.turn(&mut world, Way::Request, Piece::Headers { end: false });
    filter.turn(&mut world, Way::Request, Piece::Body(BODY, true));
    world.response = vec![
        (":status".to_owned(), b"200".to_vec()),
        ("x-tradewind-hop".to_owned(), KEPT.as_bytes().to_vec()),
    ];
    filter.turn(&mut world, Way::Response, Piece::Headers { end: false });
    let served = |address: &str| {
        gateway.connections.has_served(format!("{address} anthropic.test").as_bytes())
    };
    assert!(served(KEPT) && !served(NEW));
}
