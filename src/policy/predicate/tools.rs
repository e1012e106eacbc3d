//! `tools`: the functions that a request offers.
use super::super::document::Content;
use super::super::field::{Boolean, Kind, Optional, Read as _, Section, Shape, Spot, Whole};
use super::facts::Facts;
use super::names::OneOf;
use super::question::{Question, Test};
use super::range::{self, Bounds, Range};
use crate::dialect::ToolChoice;
use crate::json::Value;

pub(super) static QUESTION: Question = Question::new(
    "tools",
    &ToolsKind,
    "The tools that the model may call, its provider's own among them: `true` for any, `false` for \
     none; the name of one, or several names of which one must be there; or how many there are. \
     With `tool_choice: none` it may call none; `true` holds all the same where the conversation \
     has called some before.",
    |spot, _| Some(Box::new(read(spot)?)),
);

const NAMES: OneOf = OneOf("the name of a function");
const COUNT: Whole = Whole { of: "functions", least: 0, most: 100_000 };
const OVER: Optional<Whole> = range::over(COUNT);
const AT_MOST: Optional<Whole> = range::at_most(COUNT);
const BOUNDS: Bounds = Bounds::new(&SECTION, (OVER, AT_MOST));

const SECTION: Section = Section::new(
    "an object with `over` or `at_most`",
    "How many functions the request offers.",
    "when: {tools: {over: 8}}",
    &[&OVER, &AT_MOST],
);

#[derive(Debug, Clone, Copy)]
struct ToolsKind;

impl Kind for ToolsKind {
    fn shape(&self) -> Shape {
        Shape::Either(vec![Boolean.shape(), NAMES.shape(), BOUNDS.section.shape()])
    }
}

#[derive(Debug)]
enum Tools {
    Any(bool),
    Named(Vec<String>),
    Count(Range),
}

fn read(spot: &Spot<'_>) -> Option<Tools> {
    match &spot.node.content {
        Content::Boolean(_) => Boolean.read(spot).map(Tools::Any),
        Content::Object(_) => BOUNDS.read(spot).map(Tools::Count),
        Content::Text(_) | Content::List(_) => {
            NAMES.known(spot, "function", None).map(Tools::Named)
        }
        _ => {
            spot.expected("`true`, `false`, names of functions, `over` or `at_most`");
            None
        }
    }
}

/// Where an app offers tools: functions, a provider's own, its own in any form, servers of tools.
const OFFERED: [&str; 3] = ["tools", "functions", "mcp_servers"];

/// Whether the app lets the model call what it offers.
fn may_call(facts: &dyn Facts) -> bool {
    let choice = facts.ask().tool_choice.as_ref().map(|given| &given.value);
    !matches!(choice, Some(ToolChoice::None))
}

/// All that a request offers, as the app wrote it; nothing where the app lets the model call none.
fn offered<'f>(facts: &'f dyn Facts) -> impl Iterator<Item = Value<'f>> {
    let may = may_call(facts);
    let lists = OFFERED.iter().filter(move |_| may).filter_map(|key| facts.body().get(key));
    lists.flat_map(Value::items)
}

fn is_named(tool: Value<'_>, names: &[String]) -> bool {
    let inner = ["function", "custom"].iter().find_map(|key| tool.get(key));
    let name = inner.unwrap_or(tool).str_of("name");
    name.is_some_and(|name| names.iter().any(|own| *own == name))
}

impl Tools {
    fn count(facts: &dyn Facts) -> u64 {
        u64::try_from(offered(facts).count()).unwrap_or(u64::MAX)
    }
}

impl Test for Tools {
    fn holds(&self, facts: &dyn Facts) -> bool {
        match self {
            // A conversation that has called some goes on with a model that can.
            Self::Any(any) => {
                let ask = facts.ask();
                let some = if may_call(facts) {
                    ask.needs().tools.is_some() || offered(facts).next().is_some()
                } else {
                    ask.has_called()
                };
                some == *any
            }
            Self::Named(names) => offered(facts).any(|tool| is_named(tool, names)),
            Self::Count(range) => range.holds(Self::count(facts)),
        }
    }

    fn found(&self, facts: &dyn Facts) -> Option<String> {
        Some(Self::count(facts).to_string())
    }
}
