//! What an answer has said, as far as it is judged by that.
use crate::dialect::{Event, Stop};
use crate::exchange::conclusion::{Called, Conclusion};

/// What an answer has said.
#[derive(Debug, Default)]
pub(in super::super) struct Heard {
    pub(in super::super) text: String,
    pub(in super::super) calls: Vec<Call>,
    /// Its provider says that the model declines.
    pub(super) refused: bool,
    /// The model has ended it itself.
    pub(super) finished: bool,
}

/// One call of a function.
#[derive(Debug)]
pub(in super::super) struct Call {
    index: u32,
    pub(in super::super) name: String,
    pub(in super::super) arguments: String,
}

impl Heard {
    /// Hears the next thing. What the model thinks is not judged.
    pub(in super::super) fn hear(&mut self, event: &Event<'_>) {
        match event {
            Event::Text(text) => self.text.push_str(text),
            Event::Refusal(why) => self.refused |= !why.is_empty(),
            Event::ToolCall { index, name, .. } => {
                let (index, name) = (*index, name.clone().into_owned());
                self.calls.push(Call { index, name, arguments: String::new() });
            }
            Event::Arguments { index, json } => {
                let own = self.calls.iter_mut().rev().find(|call| call.index == *index);
                own.into_iter().for_each(|call| call.arguments.push_str(json));
            }
            Event::Stop(Stop::Refused) => self.refused = true,
            Event::Stop(stop) => {
                self.finished = matches!(stop, Stop::End | Stop::ToolCalls | Stop::Sequence(_));
            }
            Event::Start { .. }
            | Event::Reasoning(_)
            | Event::Usage(_)
            | Event::Fault(_)
            | Event::End => {}
        }
    }

    /// What it comes to.
    pub(in super::super) fn conclusion(&self) -> Conclusion {
        let calls = self.calls.iter();
        let calls = calls.map(|Call { name, arguments, .. }| Called { name, arguments });
        Conclusion::of(&self.text, calls)
    }

    /// How long its text is, in characters, without what stands around it.
    pub(super) fn chars(&self) -> u64 {
        u64::try_from(self.text.trim().chars().count()).unwrap_or(u64::MAX)
    }

    /// Bytes that it holds.
    pub(in super::super) fn held(&self) -> usize {
        let calls = self.calls.iter().map(|call| {
            let own = call.name.len().saturating_add(call.arguments.len());
            own.saturating_add(size_of::<Call>())
        });
        calls.fold(self.text.len(), usize::saturating_add)
    }
}
