//! What must hold of the rules, whatever happens.
use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use tradewind::credit::{
    Answer, Balance, Buying, Command, Credits, Outcome, Price, Tier, Tiers, TokenKind,
};
use tradewind::usage::Usage;

use super::cases::cases;
use super::commands::{commands, later, start};
use super::model::Model;
use super::subject::Subject as _;

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
                    let window = tradewind::credit::Window::of(budget.per, account.latest_at);
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
        let parts: u64 = TokenKind::ALL.into_iter().map(|part| part.tokens(&usage)).sum();
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
