//! What must hold whatever happens: random commands on the rules, and on a store beside them.
use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use tradewind::credit::{
    Adjust, Answer, Balance, Budget, Buy, Buying, Change, Command, Configure, Credits, Moment,
    NewHold, Outcome, Part, Price, Release, Renew, Repair, Settle, SettledPart, Spent, Sweep, Tier,
    Tiers,
};
use tradewind::usage::Usage;

use crate::model::Model;
use crate::stores;
use crate::subject::{Question, Subject, Told};

fn micros() -> impl Strategy<Value = Credits> {
    // Few values, so that replays and exact fits happen; and the largest there are.
    prop_oneof![
        8 => (0_u64..40).prop_map(|count| count * 250_000),
        1 => 0_u64..1_000_000,
        1 => Just(Credits::MAX.micros()),
    ]
    .prop_map(|micros| Credits::of_micros(micros).unwrap())
}

fn tenant() -> impl Strategy<Value = String> {
    prop_oneof![4 => Just("a".to_owned()), 1 => Just("b".to_owned())]
}

fn id() -> impl Strategy<Value = String> {
    (0_u8..12).prop_map(|number| format!("h{number}"))
}

fn label() -> impl Strategy<Value = Option<String>> {
    prop_oneof![Just(None), Just(Some("x".to_owned())), Just(Some("y".to_owned()))]
}

fn hold() -> impl Strategy<Value = Command> {
    (id(), tenant(), label(), label(), micros(), 1_u64..200).prop_map(
        |(hold_id, tenant, user, key, credits, expires_in)| {
            Command::Hold(NewHold { hold_id, tenant, user, key, credits, expires_in })
        },
    )
}

fn settle() -> impl Strategy<Value = Command> {
    let draw = prop_oneof![2 => Just(None), 1 => ((0_u8..4).prop_map(|n| format!("d{n}")), micros()).prop_map(Some)];
    let part = (micros(), label()).prop_map(|(credits, model)| SettledPart {
        credits,
        spent: Spent { model, ..Spent::default() },
    });
    let parts = proptest::collection::vec(part, 1..4);
    (id(), draw, any::<bool>(), tenant(), label(), parts).prop_map(
        |(hold_id, draw, unheld, tenant, user, parts)| {
            let settle = Settle { hold_id, draw, unheld, tenant, user, parts, ..Settle::default() };
            Command::Settle(settle)
        },
    )
}

fn buy() -> impl Strategy<Value = Command> {
    let expires_at = prop_oneof![Just(None), (0_u64..400).prop_map(Some)];
    (tenant(), 0_u8..20, micros(), any::<bool>(), expires_at).prop_map(
        |(tenant, key, credits, paid, expires_at)| {
            let buying = if paid { Buying::Paid(credits) } else { Buying::Credits(credits) };
            let expires_at = expires_at.map(|seconds| start().plus_seconds(seconds));
            Command::Buy(Buy { tenant, key: format!("k{key}"), buying, expires_at })
        },
    )
}

fn adjust() -> impl Strategy<Value = Command> {
    let expires_at = prop_oneof![Just(None), (0_u64..400).prop_map(Some)];
    let change = prop_oneof![
        (micros(), expires_at).prop_map(|(credits, expires_at)| {
            let expires_at = expires_at.map(|seconds| start().plus_seconds(seconds));
            Change::Credit { credits, expires_at }
        }),
        micros().prop_map(|credits| Change::Debit { credits }),
        (0_u8..20, proptest::option::of(micros())).prop_map(|(purchase, credits)| {
            Change::Refund { purchase: format!("k{purchase}"), credits }
        }),
        (1_u64..20).prop_map(|lot| Change::Void { lot }),
    ];
    (tenant(), 0_u8..20, change).prop_map(|(tenant, key, change)| {
        let (key, reason) = (format!("a{key}"), "because".to_owned());
        Command::Adjust(Adjust { tenant, key, change, reason })
    })
}

fn configure() -> impl Strategy<Value = Command> {
    let budgets = ["day 5", "month 9 user x", "day 2 key *"];
    let budgets = budgets.map(|text| text.parse::<Budget>().unwrap()).to_vec();
    let budgets = proptest::sample::subsequence(budgets, 0..3);
    let alerts = ["20%", "1", "3.5"].map(|text| text.parse().unwrap()).to_vec();
    let alerts = proptest::sample::subsequence(alerts, 0..3);
    let overdraft = proptest::option::of((0_u64..4).prop_map(|n| Credits::of_micros(n * 500_000)));
    (tenant(), overdraft, proptest::option::of(alerts), proptest::option::of(budgets)).prop_map(
        |(tenant, overdraft, alerts, budgets)| {
            let overdraft = overdraft.flatten();
            Command::Configure(Configure { tenant, overdraft, alerts, budgets, webhook: None })
        },
    )
}

fn tiers() -> impl Strategy<Value = Command> {
    (0_u64..8, 0_u32..900_000).prop_map(|(at_least, parts)| {
        let at_least = Credits::of_micros(at_least * 1_000_000).unwrap();
        let discount = tradewind::credit::Share::of_parts(parts).unwrap();
        Command::SetTiers(Tiers::of(vec![Tier { at_least, discount }]).unwrap())
    })
}

/// Commands, each so many milliseconds after the one before it, or before.
fn commands(most: usize) -> impl Strategy<Value = Vec<(i64, Command)>> {
    let command = prop_oneof![
        6 => hold(),
        6 => settle(),
        1 => (tenant(), id()).prop_map(|(tenant, hold_id)| {
            Command::Release(Release { tenant, hold_id })
        }),
        2 => (tenant(), id(), 1_u64..200).prop_map(|(tenant, hold_id, expires_in)| {
            Command::Renew(Renew { tenant, hold_id, expires_in })
        }),
        2 => buy(),
        2 => adjust(),
        1 => configure(),
        1 => tiers(),
        1 => tenant().prop_map(|tenant| Command::Sweep(Sweep { tenant })),
        1 => (tenant(), any::<bool>())
            .prop_map(|(tenant, apply)| Command::Repair(Repair { tenant, apply })),
    ];
    let step = prop_oneof![
        4 => Just(0_i64),
        4 => 0_i64..30_000,
        1 => -30_000_i64..0,
        1 => Just(40_000_000),
    ];
    proptest::collection::vec((step, command), 1..most)
}

fn start() -> Moment {
    // An hour before a month ends.
    Moment::of_millis(1_772_323_200_000 - 3_600_000)
}

fn later(now: Moment, step: i64) -> Moment {
    Moment::of_millis(now.millis().checked_add_signed(step).unwrap())
}

/// What is held of all accounts.
fn held(model: &Model) -> i128 {
    model.kept.accounts.values().map(|account| i128::from(account.held.micros())).sum()
}

/// What holds of an account after a command, beside what the audit recomputes.
fn check(model: &Model, command: &Command, answer: &Answer, before: &BTreeMap<String, i128>) {
    let done = answer.outcome.consequence().done;
    for account in model.kept.accounts.values() {
        let room = i128::from(account.balance.micros()) - i128::from(account.held.micros())
            + i128::from(account.overdraft.micros());
        if let (Command::Renew(renew), Outcome::Renewed) = (command, answer.outcome)
            && renew.tenant == account.tenant
        {
            assert!(room >= 0 || before["held"] >= held(model), "a renewal took what is not there");
        }
        if let (Command::Hold(new), Outcome::Held) = (command, answer.outcome)
            && new.tenant == account.tenant
        {
            assert!(room >= 0, "a hold took more than there is");
            for budget in &account.budgets {
                let meter = budget.label(new.labels()).map(|label| {
                    let window = tradewind::credit::Window::of(budget.per, account.mark);
                    model.book.meter(&tradewind::credit::MeterKey::of(&new.tenant, &label, window))
                });
                let used = meter.map_or(0, |meter| meter.spent.micros() + meter.held.micros());
                let over = used > budget.credits.micros() && !new.credits.is_zero();
                assert!(!over, "a hold went over a budget");
            }
        }
    }
    if !done {
        // What is refused changes nothing but what time did by itself.
        let charged = model.kept.entries.iter().filter(|e| e.reason.name() != "expiry").count();
        assert_eq!(i128::try_from(charged).unwrap(), before["entries"], "a refusal wrote");
    }
}

fn settled_once(model: &Model) {
    let mut seen = BTreeSet::new();
    for entry in &model.kept.entries {
        if let tradewind::credit::Reason::Charge(charge) = &entry.reason {
            let hold = (entry.tenant.clone(), charge.hold_id.clone());
            let id = (hold, charge.draw.clone(), charge.part);
            assert!(seen.insert(id), "charged twice: {charge:?}");
        }
    }
}

/// So many cases, and nothing written beside the source when one fails.
fn cases(cases: u32) -> ProptestConfig {
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(cases(600))]

    #[test]
    fn the_rules_keep_their_promises(commands in commands(60)) {
        let mut model = Model::default();
        let mut now = start();
        for (step, command) in &commands {
            now = later(now, *step);
            let entries = model.kept.entries.iter().filter(|e| e.reason.name() != "expiry").count();
            let entries = i128::try_from(entries).unwrap();
            let before =
                BTreeMap::from([("entries".to_owned(), entries), ("held".to_owned(), held(&model))]);
            let answer = model.apply_at(command, now);
            check(&model, command, &answer, &before);
        }
        settled_once(&model);
        prop_assert_eq!(model.audit(), Vec::<String>::new());
    }

    #[test]
    fn every_token_is_priced_once(
        prices in proptest::array::uniform8(0_u64..50_000_000),
        tokens in proptest::array::uniform6(0_u64..2_000_000),
        images in 0_u64..20,
    ) {
        let [
            input, cached_input, cache_write, cache_write_1h, output, reasoning, per_image,
            per_request,
        ] =
            prices.map(|micros| Credits::of_micros(micros).unwrap());
        let price = Price {
            input, cached_input, cache_write, cache_write_1h, output, reasoning, per_image,
            per_request,
        };
        let usage = Usage {
            input: tokens[0],
            cached_input: tokens[1],
            cache_write: tokens[2],
            cache_write_hour: tokens[3],
            output: tokens[4].max(tokens[5]),
            reasoning: tokens[5],
            garbled: false,
        };
        let parts: u64 = Part::ALL.into_iter().map(|part| part.tokens(&usage)).sum();
        prop_assert_eq!(parts, usage.input_total() + usage.output);
        let of = |price: Credits, tokens: u64| u128::from(price.micros()) * u128::from(tokens);
        let exact = of(input, usage.input) + of(cached_input, usage.cached_input)
            + of(cache_write, usage.cache_write) + of(cache_write_1h, usage.cache_write_hour)
            + of(output, usage.output - usage.reasoning) + of(reasoning, usage.reasoning);
        let beside = of(per_image, images) + u128::from(per_request.micros());
        let cost = price.cost(&usage, images);
        prop_assert_eq!(u128::from(cost.micros()), exact.div_ceil(1_000_000) + beside);
        let worst = price.worst(usage.input_total() + 3, usage.output + 5, images);
        prop_assert!(worst >= cost);
    }

    #[test]
    fn amounts_are_read_as_they_are_written(micros in 0..=Credits::MAX.micros(), balance: i64) {
        let credits = Credits::of_micros(micros).unwrap();
        prop_assert_eq!(credits.to_string().parse(), Ok(credits));
        let largest = i64::try_from(Credits::MAX.micros()).unwrap();
        let balance = Balance::of_micros(balance % largest);
        prop_assert_eq!(Balance::parse(&balance.to_string()), Some(balance));
    }

    #[test]
    fn no_discount_is_given_twice(credits in 1_u64..u64::pow(10, 15), parts in 0_u32..999_999) {
        let discount = tradewind::credit::Share::of_parts(parts).unwrap();
        let tiers = Tiers::of(vec![Tier { at_least: Credits::ZERO, discount }]).unwrap();
        let credits = Credits::of_micros(credits).unwrap();
        let bought = tiers.deal(Buying::Credits(credits)).unwrap();
        prop_assert!(bought.paid <= credits);
        // The same money buys the same, but for what rounding up paid beyond it.
        let back = tiers.deal(Buying::Paid(bought.paid)).unwrap();
        prop_assert!(back.credits >= credits);
        let slack = 1_000_000_u64.div_ceil(u64::from(discount.rest()));
        prop_assert!(back.credits.micros() - credits.micros() <= slack);
    }
}

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
