//! Many at once, on one store, through two ledgers: exactly what there is is held, and no more.
use std::sync::Arc;

use tokio::task::JoinSet;
use tradewind::companion::ledger::Ledger;
use tradewind::credit::{
    Buy, Buying, Command, Credits, NewHold, Outcome, Release, Settle, SettledPart,
};

use crate::stores::{Folder, Kept, Server};

const CLIENTS: usize = 64;
/// Each asks so often.
const ASKS: usize = 5;
/// There is enough for so many.
pub(crate) const ENOUGH: usize = 100;

pub(crate) fn one() -> Credits {
    Credits::of_micros(1_000_000).unwrap()
}

pub(crate) fn hold(id: &str) -> Command {
    Command::Hold(NewHold {
        hold_id: id.to_owned(),
        tenant: "crowd".to_owned(),
        user: None,
        key: None,
        credits: one(),
        expires_in: 900,
    })
}

/// Settles a hold of this tenant for one credit.
pub(crate) fn settle(hold_id: String) -> Command {
    let part = SettledPart { credits: one(), ..SettledPart::default() };
    let tenant = "crowd".to_owned();
    Command::Settle(Settle { tenant, hold_id, parts: vec![part], ..Settle::default() })
}

pub(crate) async fn buy(ledger: &Ledger) {
    let credits = Credits::of_micros(one().micros() * u64::try_from(ENOUGH).unwrap()).unwrap();
    let buying = Buying::Credits(credits);
    let tenant = "crowd".to_owned();
    let buy = Buy { tenant, key: "k".to_owned(), buying, expires_at: None };
    ledger.apply(Command::Buy(buy)).await.unwrap();
}

/// Everybody asks both ledgers for the same ids; whoever has a hold settles it, twice.
async fn client(ledgers: Arc<[Ledger; 2]>, client: usize) -> usize {
    let mut held = 0;
    for ask in 0..ASKS {
        let id = format!("{client}-{ask}");
        let [here, there] = &*ledgers;
        let (first, second) = tokio::join!(here.apply(hold(&id)), there.apply(hold(&id)));
        let outcomes = [first.unwrap().outcome, second.unwrap().outcome];
        // When a release comes between, the second may have what the first had not.
        let new = outcomes.iter().filter(|outcome| **outcome == Outcome::Held).count();
        assert!(new <= 1, "held twice: {outcomes:?}");
        if new == 0 {
            continue;
        }
        held += 1;
        let settle = settle(id);
        let (first, second) = tokio::join!(here.apply(settle.clone()), there.apply(settle));
        let mut outcomes = [first.unwrap().outcome, second.unwrap().outcome];
        outcomes.sort_by_key(|outcome| outcome.consequence().name);
        assert_eq!(outcomes, [Outcome::Settled, Outcome::SettledBefore]);
    }
    held
}

fn exactly_enough(url: &str) {
    let (a, b) = (Kept::open(url), Kept::open(url));
    let ledgers = Arc::new([a.ledger.clone(), b.ledger.clone()]);
    let held = a.runtime.block_on(async {
        buy(&a.ledger).await;
        let mut clients = JoinSet::new();
        for number in 0..CLIENTS {
            clients.spawn(client(Arc::clone(&ledgers), number));
        }
        clients.join_all().await.into_iter().sum::<usize>()
    });
    assert_eq!(held, ENOUGH);
    let view = a.runtime.block_on(a.ledger.tenant("crowd")).unwrap().unwrap();
    assert_eq!((view.account.balance.micros(), view.account.held), (0, Credits::ZERO));
    let audit = b.runtime.block_on(b.ledger.audit()).unwrap();
    assert_eq!(audit.differences, Vec::<String>::new());
    let release = Release { tenant: "crowd".to_owned(), hold_id: "none".to_owned() };
    let release = Command::Release(release);
    let answer = a.runtime.block_on(a.ledger.apply(release)).unwrap();
    assert_eq!(answer.outcome, Outcome::UnknownHold);
}

#[test]
fn sqlite_admits_exactly_enough() {
    let folder = Folder::new("crowd");
    exactly_enough(&folder.file("crowd.db"));
}

#[test]
fn postgres_admits_exactly_enough() {
    let Some(server) = Server::from_environment() else { return };
    exactly_enough(&server.fresh());
}
