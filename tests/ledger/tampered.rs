//! Whoever changes anything in a database beside the ledger is found out; and an audit changes
//! nothing itself.
use tradewind::companion::ledger::{Audit, Ledger, StoreUrl};
use tradewind::credit::Moment;

use crate::books::BOOKS;
use crate::raw::Raw;
use crate::script::Script;
use crate::stores::{Folder, Kept, Server};
use crate::subject::Subject as _;

const TABLES: [&str; 10] = [
    "tenants",
    "lots",
    "holds",
    "draws",
    "purchases",
    "adjustments",
    "entries",
    "alerts",
    "meters",
    "tiers",
];

fn audit(kept: &Kept, url: &str) -> Audit {
    let url: StoreUrl = url.parse().unwrap();
    kept.runtime.block_on(Ledger::audit_of(&url)).unwrap()
}

fn books(url: &str) -> Kept {
    let mut kept = Kept::open(url);
    let wrong = Script::parse(BOOKS).unwrap().play(&mut kept, 1);
    assert_eq!(wrong, Vec::<String>::new());
    kept
}

fn everything_is_covered(url: &str) {
    let kept = books(url);
    let mut raw = Raw::open(url);
    assert_eq!(audit(&kept, url).differences, Vec::<String>::new());
    let mut unseen = Vec::new();
    for table in TABLES {
        raw.run(&format!("CREATE TABLE spare AS SELECT * FROM {table}"));
        assert_ne!(raw.list("SELECT 'x' FROM spare").len(), 0, "{table} is empty");
        for (column, is_text) in raw.columns(table) {
            let other = match is_text {
                true => format!("coalesce({column}, '') || 'x'"),
                false => format!("coalesce({column}, 0) + 1000003"),
            };
            raw.run(&format!("UPDATE {table} SET {column} = {other}"));
            if audit(&kept, url).differences.is_empty() {
                unseen.push(format!("{table}.{column}"));
            }
            raw.run(&format!("DELETE FROM {table}; INSERT INTO {table} SELECT * FROM spare"));
        }
        raw.run("DROP TABLE spare");
    }
    assert_eq!(unseen, Vec::<String>::new());
    assert_eq!(audit(&kept, url).differences, Vec::<String>::new());
}

fn an_audit_only_reads(url: &str) {
    let mut kept = books(url);
    // By then more has expired, of holds and of lots; whoever wrote would let it go.
    kept.at(Moment::of_millis(1_772_323_200_000).plus_seconds(90 * 86_400));
    let mut raw = Raw::open(url);
    let state = "SELECT tenant || ' ' || id || ' ' || state FROM holds ORDER BY tenant, id";
    let before = raw.list(state);
    let found = audit(&kept, url);
    assert_eq!(found.differences, Vec::<String>::new());
    assert_eq!((found.accounts, found.holds), (2, 4));
    assert_eq!(raw.list(state), before);
    assert!(before.iter().any(|hold| hold.ends_with("open")), "{before:?}");
    let entries = raw.list("SELECT kind FROM entries");
    assert_eq!(u64::try_from(entries.len()).unwrap(), found.entries);
}

#[test]
fn every_column_of_a_file_is_covered() {
    let folder = Folder::new("tampered");
    everything_is_covered(&folder.file("tampered.db"));
}

#[test]
fn every_column_of_a_server_is_covered() {
    let Some(server) = Server::from_environment() else { return };
    everything_is_covered(&server.fresh());
}

#[test]
fn audits_only_read() {
    let folder = Folder::new("audited");
    an_audit_only_reads(&folder.file("audited.db"));
    if let Some(server) = Server::from_environment() {
        an_audit_only_reads(&server.fresh());
    }
}
