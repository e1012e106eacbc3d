//! What a request needs a model to be able to do.
use super::unsupported::Field;
use super::{Ask, Block, ResponseFormat};

/// What is needed, each by the field that says so.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Needs {
    /// The model must be able to call functions.
    pub tools: Option<&'static str>,
    /// The model must be able to read images.
    pub images: Option<&'static str>,
    /// The model must be able to read documents, which every provider shows to its models as
    /// pictures of their pages.
    pub documents: Option<&'static str>,
    /// The model must be able to answer by a JSON schema.
    pub json_schema: Option<&'static str>,
    /// The model must be able to think before it answers.
    pub reasoning: Option<&'static str>,
}

impl Ask<'_> {
    /// Whether functions have been called in the conversation.
    #[must_use]
    pub fn has_called(&self) -> bool {
        self.turns.iter().flat_map(|turn| &turn.blocks).any(is_tool)
    }

    /// What this request needs.
    #[must_use]
    pub fn needs(&self) -> Needs {
        let blocks = || self.turns.iter().flat_map(|turn| &turn.blocks);
        let schema = self.format.as_ref().filter(|format| is_schema(&format.value));
        let thinks = self
            .reasoning
            .filter(|given| !self.reasoning_is_best_effort && given.value.effort().is_some());
        // A provider's own tools and an app's in another form are nothing that our words have.
        let other = || self.passthrough_only.iter().chain(&self.best_effort).find_map(tools);
        let own = (!self.tools.is_empty()).then_some("tools");
        let tools = own.or_else(other).or_else(|| blocks().any(is_tool).then_some("messages"));
        Needs {
            tools,
            images: blocks().any(|block| has(block, is_image)).then_some("messages"),
            documents: blocks().any(|block| has(block, is_file)).then_some("messages"),
            json_schema: schema.map(|format| format.field),
            reasoning: thinks.map(|reasoning| reasoning.field),
        }
    }
}

/// The field that offers tools, where that one does.
fn tools(field: &Field) -> Option<&'static str> {
    let named = |own: &&&str| field.strip_prefix(**own).is_some_and(is_place);
    ["tools", "functions", "mcp_servers"].iter().find(named).copied()
}

/// Whether what stands behind a name is nothing, or a place in a list or below.
fn is_place(rest: &str) -> bool {
    rest.is_empty() || rest.starts_with(['[', '.'])
}

const fn is_schema(format: &ResponseFormat<'_>) -> bool {
    matches!(format, ResponseFormat::JsonSchema { .. })
}

const fn is_tool(block: &Block<'_>) -> bool {
    matches!(block, Block::ToolCall { .. } | Block::ToolResult { .. })
}

const fn is_image(block: &Block<'_>) -> bool {
    matches!(block, Block::Image(_))
}

const fn is_file(block: &Block<'_>) -> bool {
    matches!(block, Block::File(_))
}

/// Whether it is one of those, or a function answered with one.
fn has(block: &Block<'_>, is: fn(&Block<'_>) -> bool) -> bool {
    match block {
        Block::ToolResult { content, .. } => content.iter().any(is),
        block => is(block),
    }
}
