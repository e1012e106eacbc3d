//! What the app has of an answer, word for word: another model may have to go on with it.
use crate::dialect::Event;

/// Most bytes of text that another model goes on with: 256 KiB, some 60,000 tokens.
const MOST: usize = 256 << 10;

/// What has been said, while it is nothing but text.
#[derive(Debug, Default)]
pub(super) struct Spoken {
    text: String,
    /// What came last is a thought.
    thinks: bool,
    /// Nobody could go on with it.
    spoilt: bool,
}

impl Spoken {
    /// Takes down the next thing.
    pub(super) fn hear(&mut self, event: &Event<'_>) {
        match event {
            _ if self.spoilt => {}
            Event::Text(text) if self.text.len().saturating_add(text.len()) <= MOST => {
                self.text.push_str(text);
                self.thinks &= text.is_empty();
            }
            Event::Reasoning(text) => self.thinks |= !text.is_empty(),
            Event::Refusal(text) if text.is_empty() => {}
            Event::Start { .. } | Event::Usage(_) | Event::Fault(_) | Event::End => {}
            Event::Text(_)
            | Event::Refusal(_)
            | Event::ToolCall { .. }
            | Event::Arguments { .. }
            | Event::Stop(_) => self.forget(),
        }
    }

    /// Nobody goes on with it.
    pub(super) fn forget(&mut self) {
        *self = Self { spoilt: true, ..Self::default() };
    }

    /// Bytes that it holds.
    pub(super) const fn held(&self) -> usize {
        self.text.len()
    }

    /// The text that another model may go on with.
    pub(super) fn text(&self) -> Option<&str> {
        let text = Some(&*self.text).filter(|_| !self.spoilt && !self.thinks);
        text.filter(|text| !text.trim().is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::Spoken;
    use crate::dialect::{Event, Stop};

    #[test]
    fn text_alone_is_gone_on_with() {
        let text = |text: &'static str| Event::Text(text.into());
        let thought = |text: &'static str| Event::Reasoning(text.into());
        let call = Event::ToolCall { index: 0, id: "c".into(), name: "look".into() };
        for (events, expected) in [
            (vec![text("Hel"), text("lo ")], Some("Hello ")),
            (vec![thought("so"), text("Hello")], Some("Hello")),
            (vec![thought("so")], None),
            (vec![text("Hello"), thought("so")], None),
            (vec![text("Hello"), thought("so"), text(" you")], Some("Hello you")),
            (vec![text("Hello"), call.clone()], None),
            (vec![text("Hello"), call, text("you")], None),
            (vec![text("Hello"), Event::Refusal("No.".into())], None),
            (vec![text("Hello"), Event::Stop(Stop::End)], None),
            (vec![text(" \n")], None),
            (vec![], None),
        ] {
            let mut spoken = Spoken::default();
            events.iter().for_each(|event| spoken.hear(event));
            assert_eq!(spoken.text(), expected, "{events:?}");
        }
    }
}
