//! Every script of `corpus/exchange` and every story of `corpus/story`, natively and as wasm32.
use std::rc::Rc;

use crate::files::texts;

use super::gateway::Gateway;
use super::play::live;
use super::script::{Given, split, told};
use super::story::tell;

/// Scripts there are at least.
const SCRIPTS_MIN: usize = 100;

/// Stories there are at least.
const STORIES_MIN: usize = 5;

/// The gateway of a policy of the corpus.
pub(crate) fn gateway(name: &str) -> Result<Gateway, String> {
    let policies = texts("exchange/policy", ".json");
    let text = policies.get(name).ok_or(format!("there is no policy `{name}`"))?;
    Gateway::new(text)
}

/// What is wrong with the scripts. `bless` may write what came out in the place of what was to be.
pub(crate) fn wrong_scripts(bless: impl Fn(&str, &str, &str) -> bool) -> Vec<String> {
    let play = |text: &str| {
        let given = Given::read(split(text).0)?;
        let life = live(&Rc::new(gateway(&given.policy)?), &given);
        Ok((told(&life), life.world.refused))
    };
    wrong("exchange", SCRIPTS_MIN, play, bless)
}

/// What is wrong with the stories.
pub(crate) fn wrong_stories(bless: impl Fn(&str, &str, &str) -> bool) -> Vec<String> {
    wrong("story", STORIES_MIN, |text| tell(text, gateway, |_, _| ()), bless)
}

fn wrong(
    folder: &str,
    least: usize,
    play: impl Fn(&str) -> Result<(String, Vec<String>), String>,
    bless: impl Fn(&str, &str, &str) -> bool,
) -> Vec<String> {
    let texts = texts(folder, ".txt");
    let mut problems = Vec::new();
    if texts.len() < least {
        problems.push(format!("there are only {} in corpus/{folder}", texts.len()));
    }
    for (name, text) in &texts {
        let (given, expected) = split(text);
        match play(text) {
            Err(error) => problems.push(format!("{name}: {error}")),
            Ok((out, wrong)) => {
                problems.extend(wrong.iter().map(|what| format!("{name}: {what}")));
                if !bless(folder, name, &format!("{given}{out}")) && out != expected {
                    problems.push(format!("{name}: expected\n{expected}\n--- but got\n{out}"));
                }
            }
        }
    }
    problems
}
