//! Who may stay connected: callers with a token for long, strangers briefly and never in the way.
#![expect(clippy::disallowed_methods, reason = "how long a connection lives is what is tested")]
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use crate::world::{PROXY, World, until};

/// More than may stay.
const CROWD: usize = 300;

fn connect(world: &World) -> TcpStream {
    let stream = TcpStream::connect(world.address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    stream
}

/// Asks for something that needs a token, and reads the whole answer; its status.
fn ask(stream: &mut TcpStream, token: &str) -> u16 {
    let head =
        format!("GET /v1/tiers HTTP/1.1\r\nhost: ledger\r\nauthorization: Bearer {token}\r\n\r\n");
    stream.write_all(head.as_bytes()).unwrap();
    let mut seen = Vec::new();
    let mut part = [0; 1024];
    loop {
        let count = stream.read(&mut part).unwrap();
        assert!(count > 0, "closed: {}", String::from_utf8_lossy(&seen));
        seen.extend_from_slice(&part[..count]);
        let text = String::from_utf8_lossy(&seen);
        // Tiers are a list, a refusal is an object.
        if text.contains("\r\n\r\n") && (text.ends_with(']') || text.ends_with('}')) {
            return text.split(' ').nth(1).unwrap().parse().unwrap();
        }
    }
}

/// Waits until the other side has closed it; how long that took.
fn closed(stream: &mut TcpStream, since: Instant) -> Duration {
    // A reset is an end as well.
    drop(stream.read_to_end(&mut Vec::new()));
    since.elapsed()
}

#[test]
fn a_crowd_of_strangers_shuts_nobody_out() {
    let world = World::with(|options| options.auth_timeout = Duration::from_secs(60));
    let mut proxy = connect(&world);
    assert_eq!(ask(&mut proxy, PROXY), 200);
    let mut crowd: Vec<TcpStream> = (0..CROWD).map(|_| connect(&world)).collect();
    // Whoever was there stays, whoever comes is heard, and the oldest strangers have gone.
    assert_eq!(ask(&mut proxy, PROXY), 200);
    assert_eq!(ask(&mut connect(&world), PROXY), 200);
    let began = Instant::now();
    assert!(closed(&mut crowd[0], began) < Duration::from_secs(10));
    // One that came late is a stranger still, and becomes known by its token.
    assert_eq!(ask(crowd.last_mut().unwrap(), PROXY), 200);
}

#[test]
fn whoever_shows_no_token_has_to_go() {
    let world = World::with(|options| options.auth_timeout = Duration::from_millis(500));
    let began = Instant::now();
    let mut known = connect(&world);
    assert_eq!(ask(&mut known, PROXY), 200);
    let mut silent = connect(&world);
    // A head that never ends, by both protocols; and answers that need no token.
    let mut slow = connect(&world);
    slow.write_all(b"GET /v1/tiers HTTP/1.1\r\nhost: led").unwrap();
    let mut half = connect(&world);
    half.write_all(b"PRI * HTTP/2.0\r\n").unwrap();
    let mut framed = connect(&world);
    framed.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0").unwrap();
    let mut wrong = connect(&world);
    assert_eq!(ask(&mut wrong, "none-of-ours"), 401);
    for (name, stream) in [
        ("silent", &mut silent),
        ("slow", &mut slow),
        ("half a preface", &mut half),
        ("frames", &mut framed),
        ("a wrong token", &mut wrong),
    ] {
        let took = closed(stream, began);
        assert!(took < Duration::from_secs(10), "{name}: {took:?}");
    }
    assert!(began.elapsed() >= Duration::from_millis(450), "not before its time");
    std::thread::sleep(Duration::from_millis(800));
    assert_eq!(ask(&mut known, PROXY), 200, "whoever has shown a token stays");
}

#[test]
fn what_was_asked_is_done_though_the_asker_is_gone() {
    const ASKERS: usize = 40;
    let world = World::new();
    world.buy("acme", "first", "1000");
    for asker in 0..ASKERS {
        let body =
            format!("{{\"hold_id\": \"last-{asker}\", \"tenant\": \"acme\", \"credits\": \"1\"}}");
        let length = body.len();
        let request = format!(
            "POST /v1/holds HTTP/1.1\r\nhost: ledger\r\nauthorization: Bearer {PROXY}\r\n\
             content-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
        );
        // Gone as soon as it has asked, as a proxy is that ends.
        connect(&world).write_all(request.as_bytes()).unwrap();
    }
    until("every hold stands", || {
        world.call("GET /v1/tenants/acme", "").text("held") == ASKERS.to_string()
    });
}
