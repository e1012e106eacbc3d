//! An answer that is kept for whoever asks the same: taken down while it passes. Nobody waits for
//! that, and where there is no room for it the answer passes all the same.
use super::super::Effect;
use super::super::answer::Answer;
use super::super::filter_state::ANSWER;
use super::request::Asked;
use crate::dialect::{Event, Stop};

/// What has been taken down of an answer.
#[derive(Debug)]
pub(super) struct Captured {
    answer: Answer,
    /// Most bytes of an answer that is kept.
    most: usize,
    /// It ended as one that may be kept does.
    ended: bool,
    /// It is not kept.
    spoilt: bool,
}

impl Captured {
    /// Of an answer of which nothing has come; `None` where none is kept.
    pub(super) fn begin(asked: &Asked) -> Option<Box<Self>> {
        (asked.keeps > 0).then(|| {
            let (dropped, left_out) = (asked.dropped.clone(), asked.left_out);
            Self::of(asked.keeps, Answer { dropped, left_out, ..Answer::default() })
        })
    }

    fn of(most: u64, answer: Answer) -> Box<Self> {
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        Box::new(Self { answer, most, ended: false, spoilt: false })
    }

    /// Takes down the next thing.
    pub(super) fn hear(&mut self, event: &Event<'_>) {
        let answer = &mut self.answer;
        match event {
            _ if self.spoilt => {}
            Event::Start { model, .. } => (**model).clone_into(&mut answer.model),
            Event::Text(text) if answer.text.len().saturating_add(text.len()) <= self.most => {
                answer.text.push_str(text);
            }
            Event::Refusal(text) | Event::Reasoning(text) if text.is_empty() => {}
            Event::Usage(usage) => {
                answer.usage = Some(answer.usage.map_or(*usage, |sum| sum.updated_by(*usage)));
            }
            Event::Stop(Stop::End) => self.ended = true,
            Event::Stop(Stop::Sequence(sequence)) => {
                self.ended = true;
                answer.sequence = Some(sequence.as_deref().unwrap_or_default().to_owned());
            }
            Event::End => {}
            Event::Text(_)
            | Event::Refusal(_)
            | Event::Reasoning(_)
            | Event::ToolCall { .. }
            | Event::Arguments { .. }
            | Event::Stop(_)
            | Event::Fault(_) => self.forget(),
        }
    }

    /// It is not kept.
    pub(super) fn forget(&mut self) {
        self.spoilt = true;
        self.answer = Answer::default();
    }

    /// Bytes that it holds.
    pub(super) const fn held(&self) -> usize {
        self.answer.text.len()
    }

    /// Has the edge role keep an answer that has come to its own end.
    pub(super) fn kept(&self) -> Option<Effect> {
        let whole = self.ended && !self.spoilt && !self.answer.text.is_empty();
        whole
            .then(|| self.answer.encode())
            .filter(|bytes| bytes.len() <= self.most)
            .map(|bytes| Effect::State(ANSWER.into(), bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::{Answer, Captured};
    use crate::dialect::{Event, Stop};

    fn text(text: &'static str) -> Event<'static> {
        Event::Text(text.into())
    }

    #[test]
    fn what_ends_by_itself_is_kept_and_nothing_else() {
        let call = Event::ToolCall { index: 0, id: "c".into(), name: "look".into() };
        let end = Event::Stop(Stop::End);
        for (events, kept) in [
            (vec![text("Hel"), text("lo"), end.clone()], true),
            (vec![text("Hello"), Event::Stop(Stop::Sequence(None)), Event::End], true),
            (vec![text("Hello"), Event::Refusal("".into()), end.clone()], true),
            (vec![text("Hello")], false),
            (vec![end.clone()], false),
            (vec![text("Hello"), Event::Stop(Stop::MaxTokens)], false),
            (vec![text("Hello"), Event::Stop(Stop::Filtered)], false),
            (vec![text("Hello"), Event::Stop(Stop::Refused)], false),
            (vec![text("Hello"), call, end.clone()], false),
            (vec![Event::Refusal("No.".into()), text("Hello"), end.clone()], false),
            (vec![Event::Reasoning("Well".into()), text("Hello"), end.clone()], false),
            (
                vec![
                    text(
                        "Hello, this is longer than one that is kept may be, by far, and then \
                        some more, and again some more than that, so that nobody who reads it \
                        doubts it, however much is added for what stands around it",
                    ),
                    end,
                ],
                false,
            ),
        ] {
            let mut captured = Captured::of(96, Answer::default());
            events.iter().for_each(|event| captured.hear(event));
            assert_eq!(captured.kept().is_some(), kept, "{events:?}");
        }
    }
}
