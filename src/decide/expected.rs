//! What an answer is judged by.
use crate::dialect::{Ask, ResponseFormat, ToolChoice};

/// What a request says of its answer, as far as that can be judged.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Expected {
    /// The functions that there are, each with the schema of its arguments.
    pub tools: Vec<(String, Option<String>)>,
    /// Whether there are others, of a kind that nobody here knows.
    pub other_tools: bool,
    /// The schema of its text; `None` where that may be anything.
    pub text: Option<String>,
    /// Which functions it may call, and must.
    pub calls: Calls,
    /// Whether it may call one at most.
    pub only_one: bool,
}

/// Which functions an answer calls.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Calls {
    /// Any, or none.
    #[default]
    Free,
    /// None.
    None,
    /// One at least.
    Some,
    /// That one.
    Of(String),
}

impl Expected {
    /// That of a request.
    pub(super) fn of(ask: &Ask<'_>) -> Self {
        let tools = ask
            .tools
            .iter()
            .map(|tool| (tool.name.clone().into_owned(), tool.schema.map(str::to_owned)));
        let text = ask.format.as_ref().map(|format| match &format.value {
            ResponseFormat::JsonObject => r#"{"type":"object"}"#.to_owned(),
            ResponseFormat::JsonSchema { schema, .. } => (*schema).to_owned(),
        });
        Self {
            tools: tools.collect(),
            other_tools: ask.passthrough_only.iter().any(|field| field.starts_with("tools[")),
            // What goes on with the app's own words is no JSON by itself.
            text: text.filter(|_| ask.prefill.is_none()),
            calls: match ask.tool_choice.as_ref().map(|given| &given.value) {
                None | Some(ToolChoice::Auto) => Calls::Free,
                Some(ToolChoice::None) => Calls::None,
                Some(ToolChoice::Required) => Calls::Some,
                Some(ToolChoice::Named(name)) => Calls::Of(name.clone().into_owned()),
            },
            only_one: ask.parallel_tools.is_some_and(|given| !given.value),
        }
    }

    /// How long it is, in bytes.
    pub(super) fn bytes(&self) -> usize {
        let tools = self.tools.iter().map(|(name, schema)| {
            name.len().saturating_add(schema.as_ref().map_or(0, String::len))
        });
        let text = self.text.as_ref().map_or(0, String::len);
        tools.fold(text, usize::saturating_add)
    }
}
