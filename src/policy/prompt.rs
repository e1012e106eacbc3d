//! `prompt`: what the gateway adds to requests, by rules.
use std::borrow::Cow;

use super::additions::{self, APPEND, Additions, MESSAGES, PREPEND};
use super::class::Classes;
use super::field::{List, Nested, Section, Spot};
use super::parameters::{CAP, DEFAULT, SET};
use super::predicate::{Facts, Reading};
use super::scope::{self, CLASSES, ROUTES, Scope, WHEN};
use super::template::Known;

/// Most rules of a policy: each of them is asked of every request.
const RULES_MAX: usize = 32;

/// `prompt[]`: what is added to some requests.
#[derive(Debug, Clone)]
pub struct Prompt {
    /// The requests that it is for.
    scope: Scope,
    /// What it adds to them.
    pub adds: Additions,
}

impl Prompt {
    /// Why it is for a request of that class; `None` where it is not.
    #[must_use]
    pub fn takes(&self, facts: &dyn Facts, class: Option<usize>) -> Option<Cow<'static, str>> {
        self.scope.takes(facts, class).then(|| self.scope.because(facts))
    }
}

pub(super) const PROMPTS: List = List::of("rules", &Nested(&PROMPT));

const PROMPT: Section = Section::new(
    "an object that says what is added",
    "What is added to some requests, once and before anything else is decided, so that every model \
     and every API is told the same. Of all rules those count whose `routes`, `classes` and `when` \
     hold of the app's own request, in their order; what arms of experiments add (`prompt`) comes \
     after that, in the order of the experiments. What is added is estimated, held and charged \
     like the app's own words. `{{tenant}}`, `{{user}}`, `{{key}}`, `{{route}}`, `{{class}}`, \
     `{{date}}`, `{{header.NAME}}` (of `request_headers`) and `{{label.NAME}}` stand for what is \
     known of the request; a value is put in on one line, of 256 characters at most.",
    "prompt:
  - routes: [auto]
    prepend_system: \"You work for {{tenant}}. Today is {{date}}.\"
    messages: [{user: \"Ping?\", assistant: \"Pong.\"}]
    default: {temperature: 0.3}
    cap: {max_tokens: 4000, reasoning: medium}",
    &[&ROUTES, &CLASSES, &WHEN, &PREPEND, &APPEND, &MESSAGES, &SET, &DEFAULT, &CAP],
);

/// Reads the section.
pub(super) fn read(
    section: Option<Spot<'_>>,
    reading: &Reading<'_>,
    classes: &Classes<'_>,
) -> Vec<Prompt> {
    let Some(section) = section else { return Vec::new() };
    let items = PROMPTS.items(&section).unwrap_or_default();
    if items.len() > RULES_MAX {
        section.problem(format!("{} rules are more than {RULES_MAX}", items.len()));
    }
    let known = Known { reading, has_classes: classes.len() > 0 };
    items.iter().filter_map(|item| rule(item, &known, classes)).collect()
}

fn rule(spot: &Spot<'_>, known: &Known<'_>, classes: &Classes<'_>) -> Option<Prompt> {
    let mut fields = spot.object(&PROMPT)?;
    let scope = scope::read(&mut fields, known.reading, classes);
    let adds = additions::read(&mut fields, spot, known);
    fields.finish();
    Some(Prompt { scope: scope?, adds: adds? })
}
