//! A request as a text: what says most about it comes first.
use super::classifier::{Classifier, Judged};
use crate::dialect::{Ask, Block};

impl Classifier {
    /// Judges a request of a route.
    #[must_use]
    pub fn judge_ask(&self, ask: &Ask<'_>, route: Option<&str>) -> Judged {
        self.judge(texts(ask), ask.tools.len(), route)
    }
}

/// The texts of a request: what its user said last, the instructions, the tools, and what was said
/// before, the newest first.
#[must_use]
pub fn texts<'a>(ask: &'a Ask<'_>) -> Vec<&'a str> {
    let last = ask.said_last();
    let mut texts = Vec::new();
    let turn = |at: usize| ask.turns.get(at).into_iter().flat_map(|turn| &turn.blocks);
    last.into_iter().flat_map(turn).for_each(|block| push(block, &mut texts));
    texts.extend(ask.system.iter().map(AsRef::<str>::as_ref));
    for tool in &ask.tools {
        texts.push(tool.name.as_ref());
        texts.extend(tool.description.as_deref());
        texts.extend(tool.schema);
    }
    let before = (0..ask.turns.len()).rev().filter(|at| Some(*at) != last);
    before.flat_map(turn).for_each(|block| push(block, &mut texts));
    texts
}

fn push<'a>(block: &'a Block<'_>, texts: &mut Vec<&'a str>) {
    match block {
        Block::Text(text) | Block::Refusal(text) => texts.push(text.as_ref()),
        Block::ToolResult { content, .. } => content.iter().for_each(|block| push(block, texts)),
        Block::ToolCall { name, arguments, .. } => {
            texts.extend([name.as_ref(), arguments.as_ref()]);
        }
        // What a model thought is not sent to another one; what is no text is not read.
        Block::Reasoning(_) | Block::Image(_) | Block::File(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::{Role, Tool, Turn};

    #[test]
    fn what_was_said_last_comes_first() {
        let turn = |role, text: &'static str| Turn { role, blocks: vec![Block::Text(text.into())] };
        let ask = Ask {
            system: vec!["Be brief".into()],
            turns: vec![
                turn(Role::User, "Hello"),
                turn(Role::Assistant, "Hi"),
                turn(Role::User, "Weather?"),
            ],
            tools: vec![Tool {
                place: 0,
                name: "weather".into(),
                description: None,
                schema: Some("{}"),
                strict: None,
            }],
            ..Ask::default()
        };
        assert_eq!(texts(&ask), ["Weather?", "Be brief", "weather", "{}", "Hi", "Hello"]);
        let short = Classifier::baseline().judge_ask(&Ask::default(), None);
        assert!(Classifier::baseline().judge_ask(&ask, None).score > short.score);
    }
}
