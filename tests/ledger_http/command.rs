//! The command: how it starts, what it refuses, and how it stops.
use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};

use crate::world::{self, ADMIN, World, until};

fn command(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tradewind-ledger"));
    command.args(args).stdout(Stdio::piped()).stderr(Stdio::piped());
    for name in ["DATABASE_URL", "TRADEWIND_LEDGER_ADMIN_TOKEN", "TRADEWIND_LEDGER_PROXY_TOKEN"] {
        command.env_remove(name);
    }
    command
}

/// Exit code and what was said.
fn run(args: &[&str]) -> (Option<i32>, String, String) {
    let output = command(args).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
    }
}

#[test]
fn requests_in_flight_are_finished() {
    let mut world = World::new();
    world.buy("acme", "first", "10");
    let body = r#"{"hold_id": "slow", "tenant": "acme", "credits": "1"}"#;
    let mut slow = TcpStream::connect(world.address).unwrap();
    let idle = TcpStream::connect(world.address).unwrap();
    let (begin, rest) = body.split_at(10);
    write!(
        slow,
        "POST /v1/holds HTTP/1.1\r\nhost: ledger\r\nauthorization: Bearer {ADMIN}\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{begin}",
        body.len()
    )
    .unwrap();
    std::thread::sleep(std::time::Duration::from_millis(300));
    let address = world.address;
    let stopping = std::thread::spawn(move || world.stop());
    until("it takes no more", || TcpStream::connect(address).is_err());
    assert!(!stopping.is_finished(), "it waits for the one in flight");
    slow.write_all(rest.as_bytes()).unwrap();
    let reply = world::read(&mut slow);
    assert_eq!((reply.status, reply.text("state")), (201, "held".into()));
    stopping.join().unwrap();
    drop(idle);
}

#[test]
fn it_starts_and_stops_as_it_is_told() {
    let file = format!("{}/ledger-command.db", env!("CARGO_TARGET_TMPDIR"));
    let _ = std::fs::remove_file(&file);
    let args = ["serve", "--listen", "127.0.0.1:0", "--database", &file];
    for signal in ["-TERM", "-INT"] {
        let mut running = Running(command(&args).spawn().unwrap());
        let mut line = String::new();
        BufReader::new(running.0.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.strip_prefix("ledger: listening on http://127.0.0.1:").unwrap();
        assert!(address.trim_end().ends_with(&format!("(sqlite {file})")), "{line}");
        assert!(
            Command::new("kill")
                .args([signal, &running.0.id().to_string()])
                .status()
                .unwrap()
                .success()
        );
        assert_eq!(running.0.wait().unwrap().code(), Some(0), "{signal}");
    }
    let (code, said, _) = run(&["audit", "--database", &file]);
    assert_eq!(
        (code, &*said),
        (Some(0), "audit: no differences (0 accounts, 0 entries, 0 holds)\n")
    );
}

#[test]
fn an_account_is_changed_by_hand_once() {
    let file = format!("{}/ledger-adjust.db", env!("CARGO_TARGET_TMPDIR"));
    let _ = std::fs::remove_file(&file);
    let (code, _, error) =
        run(&["adjust", "acme", "--key", "k", "--reason", "r", "--database", &file, "credit", "1"]);
    assert!(code == Some(2) && error.contains("no such file"), "{error}");
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let url = file.parse().unwrap();
        let ledger = tradewind::companion::ledger::Ledger::open(&url, false).await.unwrap();
        let buying = tradewind::credit::Buying::Credits("10".parse().unwrap());
        let (tenant, key) = ("acme".to_owned(), "order-17".to_owned());
        let buy = tradewind::credit::Buy { tenant, key, buying, expires_at: None };
        ledger.apply(tradewind::credit::Command::Buy(buy)).await.unwrap();
        ledger.close().await;
    });
    let adjust = |tenant: &str, key: &str, change: &[&str]| {
        let own = ["adjust", tenant, "--key", key, "--reason", "t-1", "--database", &file];
        run(&[&own[..], change].concat())
    };
    let (code, said, error) = adjust("acme", "a1", &["credit", "2.5"]);
    assert_eq!(
        (code, &*said),
        (Some(0), "adjusted: acme/2 2.5: balance 12.5, available 12.5\n"),
        "{error}"
    );
    let (code, said, _) = adjust("acme", "a2", &["refund", "order-17", "4"]);
    assert_eq!(
        (code, &*said),
        (Some(0), "adjusted: acme/3 -4, paid 4: balance 8.5, available 8.5\n")
    );
    let (code, again, _) = adjust("acme", "a2", &["refund", "order-17", "4"]);
    assert_eq!((code, again), (Some(0), said.replace("adjusted:", "adjusted_before:")));
    let (code, said, _) = adjust("acme", "a3", &["void", "acme/2"]);
    assert_eq!((code, &*said), (Some(0), "adjusted: acme/4 -2.5: balance 6, available 6\n"));
    let refused: &[(&str, &str, &[&str], i32, &str)] = &[
        ("acme", "a1", &["debit", "1"], 1, "stands for another adjustment"),
        ("acme", "a4", &["refund", "order-17", "7"], 1, "is not left"),
        ("acme", "a4", &["refund", "order-18"], 1, "no purchase with the key `order-18`"),
        ("acme", "a4", &["void", "acme/2"], 1, "no lot `acme/2`"),
        ("nobody", "a4", &["credit", "1"], 1, "there is no tenant `nobody`"),
        ("acme", "a4", &["void", "other/2"], 2, "such as `acme/3`"),
        ("acme", "a4", &["credit", "0"], 2, "more than 0"),
        ("acme", "a 4", &["credit", "1"], 2, "visible ASCII"),
        ("acme", "a4", &["credit", "1", "--expires-at", "soon"], 2, "expected a time"),
    ];
    for (tenant, key, change, expected, why) in refused {
        let (code, said, error) = adjust(tenant, key, change);
        assert!(code == Some(*expected) && error.contains(why), "{change:?}: {code:?} {error}");
        assert!(said.is_empty(), "{change:?}: {said}");
    }
    let (code, said, _) = run(&["audit", "--database", &file]);
    assert_eq!(
        (code, &*said),
        (Some(0), "audit: no differences (1 accounts, 4 entries, 0 holds)\n")
    );
}

#[test]
fn what_cannot_be_served_is_said() {
    let folder = env!("CARGO_TARGET_TMPDIR");
    let empty = format!("{folder}/ledger-no-token");
    std::fs::write(&empty, "\n\n").unwrap();
    let refused: &[(&[&str], &str)] = &[
        (&["serve", "--listen", "0.0.0.0:0"], "without tokens"),
        (&["serve", "--admin-token-file", &empty], "expected one secret per line"),
        (&["serve", "--proxy-token-file", "/none"], "/none: "),
        (&["serve", "--webhook-url", "example.com"], "--webhook-url: `example.com`"),
        (&["serve", "--database", "mysql://x"], "names no database"),
        (&["audit", "--database", "/none/ledger.db"], "no such file"),
        (&[], "Usage:"),
    ];
    for (args, why) in refused {
        let (code, said, error) = run(args);
        assert_eq!(code, Some(2), "{args:?}: {said}{error}");
        assert!(error.contains(why), "{args:?}: {error}");
        assert!(said.is_empty(), "{args:?}: {said}");
    }
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let (code, _, error) = run(&["serve", "--listen", &address, "--database", "sqlite::memory:"]);
    assert_eq!(code, Some(1));
    assert!(error.contains(&address) && error.contains("in use"), "{error}");
}

#[test]
fn help_says_what_to_do() {
    let mut shown = command(&["serve", "--help"]);
    shown.env("DATABASE_URL", "postgres://me:secret@db/x");
    let text = String::from_utf8(shown.output().unwrap().stdout).unwrap();
    for words in ["--admin-token-file", "idempotency-key", "GET /healthz", "SIGTERM", "Examples:"] {
        assert!(text.contains(words), "{words}\n{text}");
    }
    assert!(!text.contains("secret@"), "{text}");
    let (code, text, _) = run(&["adjust", "--help"]);
    for words in ["credit", "debit", "refund", "void", "--key", "Examples:", "Exits with 0"] {
        assert!(code == Some(0) && text.contains(words), "{words}\n{text}");
    }
    let (code, text, _) = run(&["audit", "--help"]);
    assert!(code == Some(0) && text.contains("Exits with 0"), "{text}");
}
