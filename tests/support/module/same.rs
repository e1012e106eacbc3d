//! Every script and every story comes out of the module as it does of the core.
use std::cell::RefCell;
use std::rc::Rc;

use super::*;
use crate::support::{Life, live, tell, told};

/// A story of arms that are drawn: a VM has chance of its own.
const DRAWN: &str = "cache-repeats-arms";

/// Scripts and stories are shared among so many threads.
const THREADS: usize = 4;

/// What is told, but for what differs from VM to VM: ids end in 16 random digits.
fn comparable(told: &str) -> String {
    let mut out = String::new();
    for (index, part) in told.split('-').enumerate() {
        let random = |c: char| c.is_ascii_digit() || ('a'..='f').contains(&c);
        let (id, rest) = part.split_at_checked(16).unwrap_or(("", part));
        let is_id = index > 0 && id.len() == 16 && id.chars().all(random);
        out.push_str(if index > 0 { "-" } else { "" });
        out.push_str(if is_id { "ID" } else { id });
        out.push_str(rest);
    }
    // A conversation is known under the proxy's secret, which each draws for itself.
    const KNOWN: &str = "\"conversation\":\"";
    let mut parts = out.split(KNOWN);
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |out, part| {
        out + KNOWN + part.trim_start_matches(|c: char| c.is_ascii_digit())
    })
}

/// What is told of a script, and the settlement that it leaves, which a VM keeps for itself until
/// it is sent.
fn settled(told: &str) -> (String, Option<String>) {
    let (mut rest, mut settlement) = (String::new(), None);
    for section in told.split("=== ").skip(1) {
        let Some(kept) = section.strip_prefix("kept\n") else {
            rest.push_str("=== ");
            rest.push_str(section);
            continue;
        };
        // What of it is the tenant's grace shows in stories.
        let own = kept.lines().filter(|line| line.starts_with('{'));
        let own: Vec<_> = own.filter_map(|line| line.split(" of the grace of ").next()).collect();
        settlement = (!own.is_empty()).then(|| comparable(&own.join(",")));
    }
    (comparable(&rest), settlement)
}

/// What the edge's VM has left to settle.
fn left(worker: &Worker, life: &mut Life) -> Option<String> {
    worker.edge.borrow_mut().sees(&life.world.view());
    let (counted, rest) = worker.flush();
    for (name, count) in counted {
        let all = life.world.counted.entry(name).or_default();
        *all = all.checked_add(count).unwrap();
    }
    let sent = calls(&rest).into_iter().find(|call| call.path().ends_with("/v1/settlements"))?;
    let json = sent.text();
    let json = json.strip_prefix(r#"{"settlements":["#)?.strip_suffix("]}")?;
    Some(comparable(json))
}

fn script(text: &str) -> Result<(), String> {
    let (head, expected) = split(text);
    let given = Given::read(head)?;
    let policy = texts("exchange/policy", ".json").remove(&given.policy).unwrap();
    let mut gateway = Gateway::new(&policy)?;
    let worker = Worker::start(&mut gateway);
    let mut life = live(&Rc::new(gateway), &given);
    let left = left(&worker, &mut life);
    if !life.world.refused.is_empty() {
        return Err(life.world.refused.join(", "));
    }
    let (expected, out) = (settled(expected), (settled(&told(&life)).0, left));
    if out == expected { Ok(()) } else { Err(format!("expected {expected:#?} but got {out:#?}")) }
}

fn story(text: &str) -> Result<(), String> {
    let policies = texts("exchange/policy", ".json");
    let worker: RefCell<Option<Rc<Worker>>> = RefCell::default();
    let policy = |name: &str| {
        let mut gateway = Gateway::new(policies.get(name).ok_or("no such policy")?)?;
        let running = worker.borrow().clone();
        match running {
            Some(worker) => worker.configure(&mut gateway),
            None => drop(worker.replace(Some(Worker::start(&mut gateway)))),
        }
        Ok(gateway)
    };
    let (out, wrong) = tell(text, policy, |_, _| ())?;
    let (expected, out) = (comparable(split(text).1), comparable(&out));
    if !wrong.is_empty() {
        return Err(format!("{}\n{out}", wrong.join(", ")));
    }
    if out == expected { Ok(()) } else { Err(format!("expected\n{expected}\nbut got\n{out}")) }
}

/// Plays a corpus in a few threads.
fn every(corpus: &str, play: impl Fn(&str) -> Result<(), String> + Sync) {
    let given: Vec<(String, String)> = texts(corpus, ".txt").into_iter().collect();
    let share = |from: usize| {
        let own = given.iter().filter(|(name, _)| name != DRAWN).skip(from).step_by(THREADS);
        let wrong = own.filter_map(|(name, text)| Some(format!("{name}: {}", play(text).err()?)));
        wrong.collect::<Vec<String>>()
    };
    let wrong: Vec<String> = std::thread::scope(|scope| {
        let spawned = |from: usize| {
            let share = &share;
            scope.spawn(move || share(from))
        };
        let threads: Vec<_> = (0..THREADS).map(spawned).collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}

#[test]
fn every_script_comes_out_of_the_module_as_it_does_of_the_core() {
    every("exchange", script);
}

#[test]
fn every_story_comes_out_of_the_module_as_it_does_of_the_core() {
    every("story", story);
}
