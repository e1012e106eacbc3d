//! Random commands on a store, as on the rules.
use proptest::prelude::*;
use tradewind::credit::Command;

use crate::cases::cases;
use crate::commands::{commands, later, start};
use crate::model::Model;
use crate::stores;
use crate::subject::{Question, Subject as _, Told};

/// The same commands on a store, some at a time, as on the rules.
fn same(store: &mut stores::Kept, commands: &[(i64, Command)]) {
    let mut model = Model::default();
    let mut now = start();
    // One transaction for what comes at the same moment.
    let mut rest = commands;
    while let Some(((step, _), _)) = rest.split_first() {
        now = later(now, *step);
        let end =
            rest.iter().skip(1).position(|(step, _)| *step != 0).map_or(rest.len(), |at| at + 1);
        let (batch, after) = rest.split_at(end);
        let batch: Vec<Command> = batch.iter().map(|(_, command)| command.clone()).collect();
        model.at(now);
        store.at(now);
        let expected: Vec<Told> = model.apply(batch.clone());
        assert_eq!(store.apply(batch), expected);
        rest = after;
    }
    for tenant in ["a", "b"] {
        for question in [
            Question::Account(tenant.to_owned()),
            Question::Lots(tenant.to_owned()),
            Question::Last(tenant.to_owned()),
            Question::Entries(tenant.to_owned()),
            Question::Alerts(tenant.to_owned()),
            Question::Spent(tenant.to_owned()),
        ] {
            assert_eq!(store.sees(&question), model.sees(&question), "{question:?}");
        }
    }
    assert_eq!(store.audit(), Vec::<String>::new());
}

proptest! {
    #![proptest_config(cases(60))]

    #[test]
    fn sqlite_does_as_the_rules_do(commands in commands(80)) {
        same(&mut stores::Kept::open("sqlite::memory:"), &commands);
    }
}

#[test]
fn postgres_does_as_the_rules_do() {
    let Some(server) = stores::Server::from_environment() else { return };
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig {
        cases: 12,
        failure_persistence: None,
        ..ProptestConfig::default()
    });
    let run = |commands: Vec<(i64, Command)>| {
        same(&mut stores::Kept::open(&server.fresh()), &commands);
        Ok(())
    };
    runner.run(&commands(80), run).unwrap();
}
