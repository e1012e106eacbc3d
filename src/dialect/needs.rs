//! What a request needs a model to be able to do.
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
    /// What this request needs.
    #[must_use]
    pub fn needs(&self) -> Needs {
        let blocks = || self.turns.iter().flat_map(|turn| &turn.blocks);
        let schema = self.format.as_ref().filter(|format| is_schema(&format.value));
        let thinks = self
            .reasoning
            .filter(|given| !self.reasoning_is_best_effort && given.value.effort().is_some());
        let tools = if self.tools.is_empty() {
            blocks().any(is_tool).then_some("messages")
        } else {
            Some("tools")
        };
        Needs {
            tools,
            images: blocks().any(|block| has(block, is_image)).then_some("messages"),
            documents: blocks().any(|block| has(block, is_file)).then_some("messages"),
            json_schema: schema.map(|format| format.field),
            reasoning: thinks.map(|reasoning| reasoning.field),
        }
    }
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
