//! What a database can do to a ledger: start twice, be of tomorrow, be locked, drop everybody, lie.
use core::time::Duration;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use rusqlite::Connection;
use tokio::task::JoinSet;
use tradewind::companion::ledger::{Ledger, StoreUrl};
use tradewind::credit::{Answer, Command, Outcome};

use crate::crowd::{buy, hold, settle};
use crate::stores::{Folder, Kept, Server};
use crate::subject::Subject as _;

/// Asks until it is answered, as a proxy does.
async fn insist(ledger: &Ledger, command: Command) -> Answer {
    loop {
        if let Ok(answer) = ledger.apply(command.clone()).await {
            return answer;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

async fn client(ledger: Ledger, client: usize) -> usize {
    let mut held = 0;
    for ask in 0..12 {
        let id = format!("{client}-{ask}");
        let outcome = insist(&ledger, hold(&id)).await.outcome;
        // The answer to the first may have been lost with the connection.
        if !outcome.consequence().done {
            assert_eq!(outcome, Outcome::Insufficient);
            continue;
        }
        held += 1;
        let outcome = insist(&ledger, settle(id)).await.outcome;
        assert!([Outcome::Settled, Outcome::SettledBefore].contains(&outcome), "{outcome:?}");
    }
    held
}

/// Whatever happens meanwhile, exactly what there is is held and settled, and all adds up.
fn comes_through(kept: &mut Kept, wreck: impl FnMut() + Send + 'static) {
    let over = Arc::new(AtomicBool::new(false));
    let (ends, mut wreck) = (Arc::clone(&over), wreck);
    let held = kept.runtime.block_on(async {
        buy(&kept.ledger).await;
        let wrecker = thread::spawn(move || {
            while !ends.load(Ordering::SeqCst) {
                wreck();
            }
        });
        let mut clients = JoinSet::new();
        for number in 0..32 {
            clients.spawn(client(kept.ledger.clone(), number));
        }
        let held = clients.join_all().await.into_iter().sum::<usize>();
        over.store(true, Ordering::SeqCst);
        wrecker.join().unwrap();
        held
    });
    assert_eq!(held, crate::crowd::ENOUGH);
    assert_eq!(kept.audit(), Vec::<String>::new());
}

#[test]
fn a_server_that_drops_everybody_loses_nothing() {
    let Some(server) = Server::from_environment() else { return };
    let (url, database) = server.alone();
    let mut kept = Kept::open(&url);
    comes_through(&mut kept, move || {
        server.run(&format!(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
             WHERE datname = '{database}' AND random() < 0.5",
        ));
        thread::sleep(Duration::from_millis(15));
    });
}

#[test]
fn a_file_that_others_lock_loses_nothing() {
    let folder = Folder::new("locked");
    let file = folder.file("locked.db");
    let mut kept = Kept::open(&file);
    let other = Connection::open(&file).unwrap();
    comes_through(&mut kept, move || {
        other.execute_batch("BEGIN IMMEDIATE").unwrap();
        thread::sleep(Duration::from_millis(20));
        other.execute_batch("ROLLBACK").unwrap();
        thread::sleep(Duration::from_millis(5));
    });
}

fn starts_many_times(url: &str) {
    let open = |_| {
        let url = url.to_owned();
        thread::spawn(move || Kept::open(&url).audit())
    };
    let ledgers: Vec<_> = (0..6).map(open).collect();
    for ledger in ledgers {
        assert_eq!(ledger.join().unwrap(), Vec::<String>::new());
    }
}

#[test]
fn several_may_start_at_once() {
    let folder = Folder::new("starts");
    starts_many_times(&folder.file("new.db"));
    if let Some(server) = Server::from_environment() {
        starts_many_times(&server.fresh());
    }
}

#[test]
fn a_database_of_tomorrow_is_refused() {
    let folder = Folder::new("tomorrow");
    let file = folder.file("tomorrow.db");
    drop(Kept::open(&file));
    let other = Connection::open(&file).unwrap();
    other.execute("INSERT INTO schema_version VALUES (99)", []).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let url: StoreUrl = file.parse().unwrap();
    let error = runtime.block_on(Ledger::open(&url, false)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the database is at version 99, this program knows 1: it is too old"
    );
}

#[test]
fn the_audit_finds_what_was_changed() {
    let folder = Folder::new("audit");
    let lies = [
        ("UPDATE tenants SET balance = balance + 1", "crowd: the balance is 99.000001, and"),
        ("UPDATE tenants SET held = held - 1", "crowd: what is held is 999999, and"),
        ("UPDATE tenants SET last_purchase = 1", "crowd: the last purchase is 0.000001, and"),
        ("UPDATE entries SET amount = amount + 1 WHERE number = 2", "crowd: the balance after"),
        ("DELETE FROM entries WHERE number = 1", "crowd: the number of entry 1 is 2, and"),
        ("UPDATE lots SET remaining = remaining - 1", "crowd: the lots is 98.999999 of"),
        ("UPDATE holds SET remaining = 1 WHERE state = 'settled'", "crowd: what ended hold `h1`"),
        ("UPDATE holds SET settled = NULL", "crowd: what settled hold `h1` is 0, and"),
        ("DELETE FROM holds WHERE state = 'settled'", "crowd: hold `h1` is charged and not kept"),
        ("UPDATE meters SET spent = 1 WHERE label = ''", "crowd: what is spent in `` of"),
        ("DELETE FROM meters WHERE label <> ''", "crowd: the meter `model:` of"),
        ("DELETE FROM purchases", "crowd: what purchase `k` of entry 1 bought is not kept"),
        ("DELETE FROM tenants", "crowd: there are entries and no account"),
    ];
    for (number, (sql, finds)) in lies.iter().enumerate() {
        let file = folder.file(&format!("{number}.db"));
        let mut kept = Kept::open(&file);
        kept.runtime.block_on(async {
            buy(&kept.ledger).await;
            insist(&kept.ledger, hold("h1")).await;
            insist(&kept.ledger, settle("h1".to_owned())).await;
            insist(&kept.ledger, hold("h2")).await;
        });
        assert_eq!(kept.audit(), Vec::<String>::new());
        Connection::open(&file).unwrap().execute_batch(sql).unwrap();
        let found = kept.audit();
        assert!(found.iter().any(|what| what.starts_with(finds)), "{sql}: found {found:?}");
    }
}
