//! Random commands.
use proptest::prelude::*;
use tradewind::credit::{
    Adjust, Budget, Buy, Buying, Change, ChargeDetails, Command, Configure, Credits, Moment,
    NewHold, Release, Renew, Repair, Settle, SettledPart, Sweep, Tier, Tiers,
};

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
        details: ChargeDetails { model, ..ChargeDetails::default() },
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
pub(crate) fn commands(most: usize) -> impl Strategy<Value = Vec<(i64, Command)>> {
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

pub(crate) fn start() -> Moment {
    // An hour before a month ends.
    Moment::of_millis(1_772_323_200_000 - 3_600_000)
}

pub(crate) fn later(now: Moment, step: i64) -> Moment {
    Moment::of_millis(now.millis().checked_add_signed(step).unwrap())
}
