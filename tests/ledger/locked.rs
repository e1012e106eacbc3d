//! What somebody else keeps locked stops whoever it belongs to, and nobody else.
use core::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::Instant;
use tradewind::companion::ledger::{Ledger, Unavailable};
use tradewind::credit::{Answer, Buy, Buying, Command, NewHold, Outcome, Settle, SettledPart};

use crate::crowd::one;
use crate::raw::Raw;
use crate::stores::{Folder, Kept, Server};
use crate::subject::Subject as _;

/// Far less than whoever waits for a lock takes to be told, also on a busy machine.
const NOT_LONG: Duration = Duration::from_millis(2_500);

fn buy(tenant: &str) -> Command {
    let buying = Buying::Credits("100".parse().unwrap());
    Command::Buy(Buy { tenant: tenant.to_owned(), key: "k".to_owned(), buying, expires_at: None })
}

fn hold(tenant: &str, id: &str) -> Command {
    Command::Hold(NewHold {
        hold_id: id.to_owned(),
        tenant: tenant.to_owned(),
        user: None,
        key: None,
        credits: one(),
        expires_in: 900,
    })
}

fn settle(tenant: &str, id: &str) -> Command {
    let parts = vec![SettledPart { credits: one(), ..SettledPart::default() }];
    let (tenant, hold_id) = (tenant.to_owned(), id.to_owned());
    Command::Settle(Settle { tenant, hold_id, parts, ..Settle::default() })
}

type Later = JoinHandle<Result<Vec<Answer>, Unavailable>>;

/// Asks, and does not wait for the answer; who asks next comes after it.
async fn ask(ledger: &Ledger, commands: Vec<Command>) -> Later {
    let ledger = ledger.clone();
    let asked = tokio::spawn(async move { ledger.apply_all(commands).await });
    tokio::time::sleep(Duration::from_millis(5)).await;
    asked
}

async fn outcomes(asked: Vec<Later>) -> Vec<Outcome> {
    let mut found = Vec::new();
    for asked in asked {
        let answers = asked.await.unwrap().unwrap();
        found.extend(answers.iter().map(|answer| answer.outcome));
    }
    found
}

/// The slowest of some holds of other tenants.
async fn others(ledger: &Ledger, name: &str) -> Duration {
    let mut slowest = Duration::ZERO;
    for number in 0..6 {
        let (tenant, began) = (format!("t{}", number % 6), Instant::now());
        let answer = ledger.apply(hold(&tenant, &format!("{name}-{number}"))).await.unwrap();
        assert_eq!(answer.outcome, Outcome::Held);
        slowest = slowest.max(began.elapsed());
    }
    slowest
}

fn stops_nobody_else(server: &Server, lock: &str) {
    let url = server.fresh();
    let mut kept = Kept::open(&url);
    let ledger = kept.ledger.clone();
    kept.runtime.block_on(async {
        for tenant in ["stuck", "t0", "t1", "t2", "t3", "t4", "t5"] {
            ledger.apply_all(vec![buy(tenant), hold(tenant, "old")]).await.unwrap();
        }
    });
    let mut raw = Raw::open(&url);
    raw.run(&format!("BEGIN; {lock}"));
    let asked = kept.runtime.block_on(async {
        let mut asked = vec![ask(&ledger, vec![settle("stuck", "old")]).await];
        asked.push(ask(&ledger, vec![hold("stuck", "new"), hold("t0", "with")]).await);
        asked.push(ask(&ledger, vec![settle("stuck", "new")]).await);
        asked.push(ask(&ledger, vec![hold("stuck", "new")]).await);
        // The first of them meets the lock; from then on nobody waits for it.
        assert!(others(&ledger, "a").await < NOT_LONG, "{lock}");
        assert!(others(&ledger, "b").await < NOT_LONG, "{lock}");
        assert!(ledger.hold("t0", "with").await.unwrap().is_some(), "what came with it is done");
        assert!(asked.iter().all(|asked| !asked.is_finished()), "{lock}");
        ledger.ready().await.unwrap();
        asked
    });
    raw.run("ROLLBACK");
    let found = kept.runtime.block_on(outcomes(asked));
    let expected =
        [Outcome::Settled, Outcome::Held, Outcome::Held, Outcome::Settled, Outcome::HoldEnded];
    assert_eq!(found, expected, "{lock}");
    assert_eq!(kept.audit(), Vec::<String>::new());
}

#[test]
fn a_locked_account_stops_no_other() {
    let Some(server) = Server::from_environment() else { return };
    for table in ["tenants", "holds", "meters", "lots"] {
        let lock = format!("SELECT 1 FROM {table} WHERE tenant = 'stuck' FOR UPDATE");
        stops_nobody_else(&server, &lock);
    }
}

/// Of a batch, what belongs to others is done and answered, and only the rest is asked again.
#[test]
fn a_locked_account_keeps_no_other_of_its_batch_waiting() {
    let Some(server) = Server::from_environment() else { return };
    let url = server.fresh();
    let mut kept = Kept::open(&url);
    let ledger = kept.ledger.clone();
    kept.runtime.block_on(async {
        for tenant in ["stuck", "t0", "t1"] {
            ledger.apply_all(vec![buy(tenant), hold(tenant, "old")]).await.unwrap();
        }
    });
    let mut raw = Raw::open(&url);
    raw.run("BEGIN; SELECT 1 FROM holds WHERE tenant = 'stuck' FOR UPDATE");
    let batch = || vec![settle("t0", "old"), settle("stuck", "old"), settle("t1", "old")];
    let word = |answer: Result<Answer, Unavailable>| answer.map(|answer| answer.outcome);
    kept.runtime.block_on(async {
        let began = Instant::now();
        let found = ledger.apply_each(batch()).await.unwrap().into_iter().map(word);
        let expected = [Ok(Outcome::Settled), Err(Unavailable::Late), Ok(Outcome::Settled)];
        assert_eq!(found.collect::<Vec<_>>(), expected);
        assert!(began.elapsed() < NOT_LONG);
        // Others go on meanwhile, also in one batch after the other.
        let next = || vec![hold("t0", "new"), settle("t0", "new"), settle("stuck", "old")];
        let found = ledger.apply_each(next()).await.unwrap().into_iter().map(word);
        let expected = [Ok(Outcome::Held), Ok(Outcome::Settled), Err(Unavailable::Late)];
        assert_eq!(found.collect::<Vec<_>>(), expected);
        // One that is alone is not waited for longer than a proxy would.
        let began = Instant::now();
        let found = ledger.apply_each(vec![settle("stuck", "old")]).await.unwrap();
        assert_eq!(found.into_iter().map(word).collect::<Vec<_>>(), [Err(Unavailable::Late)]);
        assert!(began.elapsed() < NOT_LONG);
    });
    raw.run("ROLLBACK");
    kept.runtime.block_on(async {
        let found = ledger.apply_each(batch()).await.unwrap().into_iter().map(word);
        let found: Vec<_> = found.collect::<Result<_, _>>().unwrap();
        assert_eq!([found[0], found[2]], [Outcome::SettledBefore; 2]);
        // It may have been on its way when the lock went.
        assert!(matches!(found[1], Outcome::Settled | Outcome::SettledBefore), "{found:?}");
    });
    assert_eq!(kept.audit(), Vec::<String>::new());
}

#[test]
fn who_waits_too_long_is_told_why() {
    let Some(server) = Server::from_environment() else { return };
    let url = server.fresh();
    let kept = Kept::open(&url);
    kept.runtime.block_on(kept.ledger.apply(buy("stuck"))).unwrap();
    let mut raw = Raw::open(&url);
    raw.run("BEGIN; SELECT 1 FROM tenants WHERE tenant = 'stuck' FOR UPDATE");
    let began = Instant::now();
    let why = kept.runtime.block_on(kept.ledger.apply(hold("stuck", "h"))).unwrap_err();
    assert!(why.to_string().contains("`stuck` is locked by somebody else"), "{why}");
    assert!(began.elapsed() < Duration::from_secs(8));
}

#[test]
fn a_file_that_somebody_else_writes_is_not_ready_and_says_so() {
    let folder = Folder::new("busy");
    let file = folder.file("busy.db");
    let kept = Kept::open(&file);
    let mut raw = Raw::open(&file);
    raw.run("BEGIN IMMEDIATE");
    let why = kept.runtime.block_on(kept.ledger.ready()).unwrap_err();
    assert!(why.to_string().contains("locked"), "{why}");
    raw.run("ROLLBACK");
    // However many ask, it is looked at twice a second at most.
    let again = kept.runtime.block_on(kept.ledger.ready()).unwrap_err();
    assert_eq!(again, why);
    std::thread::sleep(Duration::from_millis(600));
    kept.runtime.block_on(kept.ledger.ready()).unwrap();
}
