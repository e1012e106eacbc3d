//! What happens in ticks, and what becomes of what Envoy refuses.
use super::host::{BAD_ARGUMENT, Metric};
use super::*;
use crate::support::{Life, live};

const USUAL: &str = include_str!("../../corpus/exchange/policy/usual.json");
const CREDITS: &str = include_str!("../../corpus/exchange/policy/credits.json");

/// Envoy's status for what it cannot do and does not explain.
const INTERNAL_FAILURE: u32 = 10;

/// A batch of settlements among calls.
fn batch(deeds: &[Deed]) -> Option<(u32, String)> {
    let mut calls = calls(deeds).into_iter();
    let batch = calls.find(|call| call.path().ends_with("/v1/settlements"))?;
    Some((batch.token, batch.text()))
}

fn count(deeds: &[Deed], name: &str) -> i64 {
    let own = deeds.iter().map(|deed| match deed {
        Deed::Count(counted, by) if counted == name => *by,
        _ => 0,
    });
    own.sum()
}

fn logged(deeds: &[Deed]) -> Vec<&str> {
    fn line(deed: &Deed) -> Option<&str> {
        if let Deed::Log(_, line) = deed { Some(line) } else { None }
    }
    deeds.iter().filter_map(line).collect()
}

fn status(life: &Life) -> String {
    let status = life.headers.iter().find(|(name, _)| name == ":status");
    String::from_utf8_lossy(&status.unwrap().1).into_owned()
}

fn pass(worker: &Worker, ms: u64) {
    worker.edge.borrow_mut().store.data_mut().now_ms += ms;
    worker.providers.borrow_mut().store.data_mut().now_ms += ms;
}

/// Ticks of the edge's plugin, a tenth of a second each, until a batch is sent.
fn sends(worker: &Worker) -> (u32, String) {
    for _ in 0..100 {
        if let Some(batch) = batch(&worker.tick(None)) {
            return batch;
        }
        pass(worker, 100);
    }
    panic!("nothing is ever sent");
}

#[test]
fn a_policy_is_taken_and_ticks_as_it_needs_to() {
    for (policy, ms) in [(USUAL, 1000), (CREDITS, 100)] {
        let gateway = Gateway::new(policy).unwrap();
        let mut vm = Vm::new();
        for (provider, configuration) in &gateway.configurations {
            let (root, taken) = vm.plugin(configuration);
            assert!(taken, "{provider:?}");
            let ms = if provider.is_none() { ms } else { 1000 };
            let mut deeds = vm.take_deeds();
            assert_eq!(deeds.remove(0), Deed::TickPeriod(ms), "{provider:?}");
            assert_eq!(
                deeds.is_empty(),
                provider.is_some(),
                "the edge tells its policy: {deeds:?}"
            );
            assert_eq!(vm.on::<_, ()>(root, "proxy_on_tick", root).1, [], "{provider:?}");
        }
    }
}

/// Two workers, whose VMs share what they know, and a proxy that goes on to another policy.
#[test]
fn a_policy_is_told_once_by_a_proxy_and_measured_by_every_worker() {
    let edge = |policy: &str| {
        let mut configurations = Gateway::new(policy).unwrap().configurations.into_iter();
        configurations.find(|(provider, _)| provider.is_none()).unwrap().1
    };
    let digest = |deeds: &[Deed]| -> Vec<(String, u64)> {
        let gauges = deeds.iter().filter_map(|deed| match deed {
            Deed::Record(name, value) if name.contains("policy_info") => {
                Some((name.rsplit('.').next().unwrap().to_owned(), *value))
            }
            _ => None,
        });
        gauges.collect()
    };
    let said = |deeds: &[Deed]| {
        let lines = deeds.iter().filter(|deed| matches!(deed, Deed::Log(2, _)));
        lines.count()
    };
    let (mut vm, mut other) = (Vm::new(), Vm::new());
    vm.plugin(&edge(USUAL));
    let first = vm.take_deeds();
    let [(usual, 1)] = &digest(&first)[..] else { panic!("{first:?}") };
    assert_eq!(said(&first), 1, "{first:?}");
    other.store.data_mut().shared = vm.store.data().shared.clone();
    other.plugin(&edge(USUAL));
    let second = other.take_deeds();
    assert_eq!((digest(&second), said(&second)), (vec![(usual.clone(), 1)], 0));
    vm.plugin(&edge(CREDITS));
    let third = vm.take_deeds();
    let [(gone, 0), (_, 1)] = &digest(&third)[..] else { panic!("{third:?}") };
    assert_eq!((gone, said(&third)), (usual, 1));
    let up = Deed::Record("tradewind_ledger_up".to_owned(), 1);
    assert!(third.contains(&up) && !first.contains(&up), "{third:?}");
    // A worker that is late says nothing, one that goes back later does.
    vm.plugin(&edge(USUAL));
    assert_eq!(said(&vm.take_deeds()), 0);
    vm.store.data_mut().now_ms += 10_000;
    vm.plugin(&edge(USUAL));
    assert_eq!(said(&vm.take_deeds()), 1);
}

#[test]
fn a_policy_that_is_wrong_is_refused_loudly_and_serves_nobody() {
    let mut vm = Vm::new();
    let (root, taken) = vm.plugin(br#"{"role":"edge","policy":{}}"#);
    assert!(!taken);
    let deeds = vm.take_deeds();
    assert_eq!(count(&deeds, "tradewind_policy_refused_total"), 1);
    let lines = logged(&deeds);
    assert!(lines.len() >= 2 && lines[0].starts_with("the policy is refused"), "{lines:?}");
    let stream = vm.context(root);
    let (_, deeds) = vm.on::<_, u32>(stream, "proxy_on_request_headers", (stream, 1_u32, 0_u32));
    let [Deed::Reply(503, _, body)] = deeds.as_slice() else { panic!("{deeds:?}") };
    assert_eq!(body, b"the tradewind filter is not configured\n");
}

#[test]
fn a_settlement_leaves_with_the_tick_until_the_ledger_has_taken_it() {
    let (gateway, worker, given) = started("credits-whole");
    live(&gateway, &given);
    let (token, body) = batch(&worker.tick(None)).unwrap();
    assert!(body.starts_with(r#"{"settlements":[{"#), "{body}");
    worker.answer(token, (503, b"no healthy upstream"));
    assert_eq!(batch(&worker.tick(None)), None, "not at once");
    let (token, again) = sends(&worker);
    assert_eq!(again, body, "the same goes again");
    let told = worker.answer(token, (200, br#"{"results":[{"state":"settled"}]}"#));
    assert_eq!(count(&told, "tradewind_settlements_total.outcome.settled"), 1, "{told:?}");
    pass(&worker, 5_000);
    assert_eq!(batch(&worker.tick(None)), None);
}

#[test]
fn a_count_is_told_at_once_the_first_time_and_then_once_a_second() {
    for (script, ticks) in [("plain-openai-openai", 1), ("credits-whole", 10)] {
        let (gateway, worker, given) = started(script);
        let first: Vec<String> = live(&gateway, &given).world.counted.into_keys().collect();
        assert!(!first.is_empty(), "one that was never seen is told at once");
        for _ in 0..2 {
            assert_eq!(live(&gateway, &given).world.counted.len(), 0, "the next waits");
        }
        let edges = |deeds: &[Deed]| first.iter().map(|name| count(deeds, name)).sum::<i64>();
        let all = i64::try_from(first.len()).unwrap() * 2;
        for _ in 1..ticks {
            assert_eq!(edges(&worker.tick(None)), 0, "{script}");
        }
        assert_eq!(edges(&worker.tick(None)), all, "{script}");
        let again: Vec<Deed> = (0..ticks).flat_map(|_| worker.tick(None)).collect();
        assert_eq!(edges(&again), 0, "{script}: and only once");
        for vm in [&worker.edge, &worker.providers] {
            let vm = vm.borrow();
            let metrics = &vm.store.data().metrics;
            let defined = |metric: &&Metric| metrics.iter().filter(|own| own == metric).count();
            assert!(metrics.iter().all(|metric| defined(&metric) == 1), "{metrics:?}");
        }
    }
}

#[test]
fn a_ledger_that_cannot_be_called_is_away_for_a_request() {
    for refusal in [BAD_ARGUMENT, INTERNAL_FAILURE] {
        // Whoever may go on without it goes on, and nobody waits for what never comes.
        for (script, expected) in [("credits-denied", "503"), ("credits-allowed", "200")] {
            let (gateway, worker, given) = started(script);
            let clusters = ["ledger", "credits"].map(|name| (name.to_owned(), refusal));
            worker.edge.borrow_mut().store.data_mut().refused_clusters = clusters.into();
            let life = live(&gateway, &Given { ledger: [].into(), ..given });
            assert_eq!(
                (status(&life).as_str(), life.world.called.len()),
                (expected, 0),
                "{script}"
            );
        }
    }
}

#[test]
fn settlements_wait_for_a_cluster_that_is_missing_for_a_minute() {
    for (refusal, dropped) in [(BAD_ARGUMENT, 1), (INTERNAL_FAILURE, 0)] {
        let (gateway, worker, given) = started("credits-whole");
        live(&gateway, &given);
        let clusters = [("ledger".to_owned(), refusal)];
        worker.edge.borrow_mut().store.data_mut().refused_clusters = clusters.into();
        let mut deeds = Vec::new();
        for _ in 0..620 {
            deeds.extend(worker.tick(None));
            pass(&worker, 100);
        }
        assert_eq!(calls(&deeds).len(), 0);
        assert_eq!(count(&deeds, "tradewind_settlements_dropped_total"), dropped);
        assert_eq!(logged(&deeds).len(), usize::from(dropped > 0), "{:?}", logged(&deeds));
        worker.edge.borrow_mut().store.data_mut().refused_clusters.clear();
        pass(&worker, 2_000);
        assert_eq!(batch(&worker.tick(None)).is_some(), dropped == 0);
    }
}

#[test]
fn two_workers_do_not_lose_each_others_records() {
    let (gateway, worker, given) = started("credits-lease");
    worker.edge.borrow_mut().store.data_mut().conflicts = 1;
    let life = live(&gateway, &given);
    assert_eq!(worker.edge.borrow().store.data().conflicts, 0, "the record was written again");
    assert!(!life.world.common.shared.borrow().is_empty(), "and is there");
}

#[test]
fn the_last_plugin_stays_until_all_is_settled() {
    let (gateway, worker, given) = started("credits-lease");
    live(&gateway, &given);
    let (root, mut deeds) = (worker.root(None), Vec::new());
    // Configured once more, as it is, it is one plugin still.
    let size = worker.edge.borrow_mut().at(root).buffers[&7].len();
    let again = (root, u32::try_from(size).unwrap());
    worker.edge.borrow_mut().on::<_, u32>(root, "proxy_on_configure", again);
    let done = worker.edge.borrow_mut().on::<_, u32>(root, "proxy_on_done", root);
    assert_eq!(done.0, 0, "there is something to settle");
    // At once, and what is left of the lease with it: there may be no time for more.
    let (_, body) = batch(&done.1).unwrap();
    assert_eq!(body.matches("hold_id").count(), 2, "{body}");
    assert!(body.contains(r#""draw":"remainder""#), "{body}");
    let mut waited = 0;
    while !deeds.contains(&Deed::Done) {
        assert!(waited < 20, "it never goes");
        deeds = worker.tick(None);
        if let Some((token, body)) = batch(&deeds) {
            assert!(!deeds.contains(&Deed::Done));
            let items = vec![r#"{"state":"settled"}"#; body.matches("hold_id").count()];
            let results = format!(r#"{{"results":[{}]}}"#, items.join(","));
            worker.answer(token, (200, results.as_bytes()));
        }
        pass(&worker, 100);
        waited += 1;
    }
    assert!(!worker.tick(None).contains(&Deed::Done), "once");
}

#[test]
fn a_plugin_with_nothing_to_settle_goes_at_once() {
    let (gateway, worker, given) = started("plain-openai-openai");
    live(&gateway, &given);
    for provider in [None, Some("openai")] {
        let root = worker.root(provider);
        let (gone, _) = worker.vm(provider).borrow_mut().on::<_, u32>(root, "proxy_on_done", root);
        assert_eq!(gone, 1, "{provider:?}");
    }
}
