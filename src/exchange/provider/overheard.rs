//! An answer that is listened to while it passes: what it comes to, and what it says. Nobody waits
//! for that, and where there is no room for it the answer passes all the same.
use super::super::said::{Hearing, Said, Words};
use super::acceptance::Heard;
use crate::dialect::{Event, Stop};

/// Most bytes of an answer that are kept until its end: 64 KiB. Of a longer one only its length is
/// known.
const MOST: usize = 64 << 10;

/// What stands around a call, in bytes.
const AROUND: usize = 64;

/// What has been heard of an answer.
#[derive(Debug)]
pub(super) struct Overheard {
    hearing: Hearing,
    heard: Heard,
    finish: &'static str,
    bytes: u64,
    too_long: bool,
}

impl Overheard {
    /// Of an answer of which nothing has come; `None` where nobody listens.
    pub(super) fn begin(hearing: Hearing) -> Option<Box<Self>> {
        (hearing != Hearing::Nothing).then(|| {
            Box::new(Self {
                hearing,
                heard: Heard::default(),
                finish: "",
                bytes: 0,
                too_long: false,
            })
        })
    }

    /// Hears the next thing.
    pub(super) fn hear(&mut self, event: &Event<'_>) {
        let bytes = match event {
            Event::Text(_) | Event::Refusal(_) | Event::Arguments { .. } => event.bytes(),
            Event::ToolCall { name, .. } => name.len(),
            Event::Stop(stop) => {
                self.finish = word(stop);
                0
            }
            _ => return,
        };
        self.bytes = self.bytes.saturating_add(u64::try_from(bytes).unwrap_or(u64::MAX));
        let more = bytes.saturating_add(AROUND);
        if self.heard.held().saturating_add(more) > MOST {
            self.forget();
        } else if !self.too_long {
            self.heard.hear(event);
        }
    }

    /// What it says is not kept any more.
    pub(super) fn forget(&mut self) {
        self.too_long = true;
        self.heard = Heard::default();
    }

    /// Bytes that it holds.
    pub(super) fn held(&self) -> usize {
        self.heard.held()
    }

    /// What it has said, all of it.
    pub(super) fn said(&self) -> Said {
        let (bytes, finish) = (self.bytes, self.finish.to_owned());
        if self.too_long {
            return Said { bytes, finish, ..Said::default() };
        }
        let conclusion = self.heard.conclusion();
        let calls = self.heard.calls.iter();
        let calls = calls.map(|call| (call.name.clone(), call.arguments.clone()));
        let words = (self.hearing == Hearing::Words)
            .then(|| Words { text: self.heard.text.clone(), calls: calls.collect() });
        let kind = conclusion.kind.name().to_owned();
        Said { bytes, finish, kind, digest: conclusion.digest(), words }
    }
}

const fn word(stop: &Stop<'_>) -> &'static str {
    match stop {
        Stop::End | Stop::Sequence(_) => "stop",
        Stop::MaxTokens => "length",
        Stop::ToolCalls => "tool_calls",
        Stop::Filtered => "filtered",
        Stop::Refused => "refused",
        Stop::Unsaid { .. } => "",
    }
}

#[cfg(test)]
mod tests {
    use super::{MOST, Overheard};
    use crate::dialect::{Event, Stop};
    use crate::exchange::said::{Hearing, Said};

    fn said(hearing: Hearing, events: &[Event<'_>]) -> Option<Said> {
        let mut overheard = Overheard::begin(hearing)?;
        events.iter().for_each(|event| overheard.hear(event));
        Some(overheard.said())
    }

    #[test]
    fn answers_that_come_to_the_same_have_one_digest() {
        let of = |pieces: &[&str]| {
            let events: Vec<_> = pieces.iter().map(|piece| Event::Text((*piece).into())).collect();
            said(Hearing::Conclusion, &events).unwrap()
        };
        let (one, other) = (of(&["The answer", " is 42."]), of(&[" the  answer is 42.\n"]));
        assert_eq!((&one.kind, one.digest), (&other.kind, other.digest));
        assert_ne!(one.digest, of(&["The answer is 43."]).digest);
        assert_eq!(one.words, None, "nobody asked for them");
        assert_eq!(said(Hearing::Nothing, &[]), None);
    }

    #[test]
    fn words_and_calls_are_told_where_they_are_asked_for() {
        let arguments = |json: &'static str| Event::Arguments { index: 0, json: json.into() };
        let call = Event::ToolCall { index: 0, id: "c".into(), name: "look".into() };
        let stop = Event::Stop(Stop::ToolCalls);
        let all = [Event::Text("See".into()), call, arguments("{\"a\""), arguments(":1}"), stop];
        let said = said(Hearing::Words, &all).unwrap();
        assert_eq!(
            (said.kind.as_str(), said.finish.as_str(), said.bytes),
            ("calls", "tool_calls", 14)
        );
        let words = said.words.unwrap();
        assert_eq!(words.text, "See");
        assert_eq!(words.calls, [("look".to_owned(), "{\"a\":1}".to_owned())]);
    }

    #[test]
    fn of_a_long_answer_only_its_length_is_known() {
        let long = "x".repeat(MOST);
        let events = [Event::Text(long.as_str().into()), Event::Text("y".into())];
        let said = said(Hearing::Words, &events).unwrap();
        let bytes = u64::try_from(MOST + 1).unwrap();
        assert_eq!(said, Said { bytes, ..Said::default() });
    }
}
