//! An answer that is given again, or that no model has made: in our words, and told in those of
//! whoever asks.
//!
//! Only what every format can say is kept, so that one answer serves an app that wants it whole and
//! one that wants a stream. Whatever else an answer has makes it one that is not kept.
use super::report::{read_usage, write_usage};
use crate::decide::Outline;
use crate::dialect::{AnswerHead, Event, Inbound, Stop};
use crate::layout::{Reader, Writer};
use crate::usage::Usage;

/// What an answer has said.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Answer {
    /// The model's name, as its provider gives it; empty where it gives none.
    pub(super) model: String,
    /// Its text.
    pub(super) text: String,
    /// The stop sequence that ended it; `None` where the model was done.
    pub(super) sequence: Option<String>,
    /// What it has used, where that was reported.
    pub(super) usage: Option<Usage>,
    /// The fields that its provider did not get to see, as a header names them; empty for none.
    pub(super) dropped: String,
    /// How many of the oldest messages its model was not sent.
    pub(super) left_out: u64,
}

/// How an answer is told.
#[derive(Debug)]
pub(super) struct Telling {
    inbound: &'static Inbound,
    /// Whether it is streamed.
    pub(super) streamed: bool,
    stream_usage: bool,
    /// The name that it gives its model; `None` for the provider's own.
    answer_model: Option<String>,
}

impl Telling {
    pub(super) fn of(inbound: &'static Inbound, outline: &Outline) -> Self {
        Self {
            inbound,
            streamed: outline.stream,
            stream_usage: outline.stream_usage,
            answer_model: outline.answer_model.clone(),
        }
    }
}

impl Answer {
    /// An answer that nobody was asked for.
    pub(super) fn fixed(text: &str) -> Self {
        let usage = Some(Usage::default());
        Self { text: text.to_owned(), usage, ..Self::default() }
    }

    /// Writes it for filter state and for the cache.
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut out = Writer::with_capacity(self.text.len().saturating_add(128));
        out.text(&self.model);
        out.text(&self.text);
        out.option(self.sequence.as_deref(), Writer::text);
        out.option(self.usage, write_usage);
        out.text(&self.dropped);
        out.number(self.left_out);
        out.finish()
    }

    /// Reads what [`Answer::encode`] gave.
    pub(super) fn decode(bytes: &[u8]) -> Option<Self> {
        let mut fields = Reader::of(bytes);
        let read = Self {
            model: fields.text()?.to_owned(),
            text: fields.text()?.to_owned(),
            sequence: fields.option(|fields| fields.text().map(str::to_owned))?,
            usage: fields.option(read_usage)?,
            dropped: fields.text()?.to_owned(),
            left_out: fields.number()?,
        };
        fields.is_empty().then_some(read)
    }

    /// Its body, as the answer of that model to a request of that id, made at that second of 1970.
    pub(super) fn told(
        &self,
        telling: &Telling,
        (model, request_id): (&str, &str),
        created: u64,
    ) -> Vec<u8> {
        let Telling { inbound, streamed, stream_usage, answer_model } = telling;
        let write = if *streamed { inbound.write_stream } else { inbound.write_answer };
        let head = AnswerHead {
            request_id: request_id.to_owned(),
            model: answer_model.as_deref().unwrap_or(model).to_owned(),
            keeps_model: answer_model.is_some(),
            created,
            stream_usage: *stream_usage,
        };
        let (mut writer, mut out) = (write(head), Vec::new());
        // The id that the first answer had is that one's.
        let start = Event::Start { id: "".into(), model: self.model.as_str().into() };
        let stop = match &self.sequence {
            Some(sequence) => {
                let known = (!sequence.is_empty()).then(|| sequence.as_str().into());
                Stop::Sequence(known)
            }
            None => Stop::End,
        };
        // Some formats tell the input before anything is said.
        let input = self.usage.map(|own| Event::Usage(Usage { output: 0, reasoning: 0, ..own }));
        let said = [Event::Text(self.text.as_str().into()), Event::Stop(stop)];
        let usage = self.usage.map(Event::Usage);
        let all = [start].into_iter().chain(input).chain(said).chain(usage).chain([Event::End]);
        all.for_each(|event| writer.write(&event, &mut out));
        out
    }
}

#[cfg(test)]
mod tests {
    use super::Answer;
    use crate::usage::Usage;

    #[test]
    fn it_is_read_as_it_was_written() {
        let usage = Usage { input: 3, output: 4, reasoning: 1, ..Usage::default() };
        for answer in [
            Answer::default(),
            Answer::fixed("Later."),
            Answer {
                model: "m".to_owned(),
                text: "said".to_owned(),
                sequence: Some(String::new()),
                usage: Some(usage),
                dropped: "metadata".to_owned(),
                left_out: 2,
            },
        ] {
            let bytes = answer.encode();
            assert_eq!(Answer::decode(&bytes), Some(answer));
            assert_eq!(Answer::decode(bytes.get(1..).unwrap()), None);
        }
    }
}
