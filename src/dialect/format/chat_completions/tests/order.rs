//! Every order of events, and back again.
use super::super::fault;
use super::{
    USAGE, arguments, call, overloaded, read_stream, read_whole, start, streamed, text, whole,
};
use crate::dialect::{Event, Fault, FaultKind, Stop};
use crate::json::{Document, Limits};

/// One event of each kind that stands between the start and the end.
fn kinds() -> [Event<'static>; 8] {
    [
        start(),
        text("t"),
        Event::Reasoning("r".into()),
        Event::Refusal("no".into()),
        call(0, "c", "f"),
        arguments(0, "{}"),
        Event::Stop(Stop::MaxTokens),
        Event::Usage(USAGE),
    ]
}

/// Whatever comes in whatever order, each line is one JSON object, the role comes first, the
/// reason once, and the stream ends properly.
#[test]
fn any_order_makes_a_stream_that_can_be_read() {
    let kinds = kinds();
    for (a, b, c, last) in orders() {
        let end = if last { Event::End } else { overloaded() };
        let events: Vec<Event<'_>> =
            [a, b, c].iter().filter_map(|at| kinds.get(*at).cloned()).chain([end]).collect();
        let out = streamed(&events);
        let mut lines: Vec<&str> =
            out.split_terminator("\n\n").map(|l| l.strip_prefix("data: ").unwrap()).collect();
        assert_eq!(lines.pop(), Some("[DONE]"), "{events:?}\n{out}");
        for line in &lines {
            Document::parse(line.as_bytes(), Limits::default()).expect(line);
        }
        let reasons = out.matches(r#""finish_reason":""#).count();
        let stopped = events.iter().any(|event| matches!(event, Event::Stop(_)));
        assert_eq!(reasons, usize::from(last || stopped), "{events:?}\n{out}");
        let spoke = out.matches(r#""role":"assistant""#).count();
        let first = lines.first().is_some_and(|line| line.contains(r#""role":"assistant""#));
        assert_eq!(spoke == 1, first, "{events:?}\n{out}");
        assert_eq!(out.contains(r#"{"error":"#), !last, "{out}");
    }
}

/// Three kinds in any order, each as often as it likes, and whether all ends well.
fn orders() -> impl Iterator<Item = (usize, usize, usize, bool)> {
    let many = || 0..8_usize;
    many().flat_map(move |a| {
        many()
            .flat_map(move |b| many().flat_map(move |c| [true, false].map(|well| (a, b, c, well))))
    })
}

/// Answers in the order a provider gives them.
fn answers() -> Vec<Vec<Event<'static>>> {
    let stops = [Stop::End, Stop::MaxTokens, Stop::Filtered];
    let mut answers: Vec<Vec<Event<'static>>> =
        stops.map(|stop| vec![text("t"), Event::Stop(stop)]).into();
    answers.push(vec![
        Event::Reasoning("r \u{1F600}\n".into()),
        text("a\\\"\u{7}\u{2028}"),
        Event::Stop(Stop::End),
        Event::Usage(USAGE),
    ]);
    answers.push(vec![Event::Refusal("no".into()), Event::Stop(Stop::Refused)]);
    answers.push(vec![
        text("calling"),
        call(0, "c", "f"),
        arguments(0, r#"{"q":"\"x\""}"#),
        call(1, "d", "f"),
        arguments(1, "{}"),
        Event::Stop(Stop::ToolCalls),
        Event::Usage(USAGE),
    ]);
    answers.push(vec![call(0, "c", "f"), arguments(0, "{}"), Event::Stop(Stop::MaxTokens)]);
    answers
        .into_iter()
        .map(|middle| [start()].into_iter().chain(middle).chain([Event::End]).collect())
        .collect()
}

#[test]
fn what_is_written_reads_back_the_same() {
    for events in answers() {
        assert_eq!(read_stream(&streamed(&events)), events);
        assert_eq!(read_whole(&whole(&events)), events);
    }
}

#[test]
fn a_failure_reads_back_the_same() {
    use FaultKind as K;
    let kinds = [
        K::InvalidRequest,
        K::ContextLength,
        K::ModelNotFound,
        K::MethodNotAllowed,
        K::TooLarge,
        K::Authentication,
        K::Permission,
        K::Billing,
        K::RateLimit,
        K::Overloaded,
        K::Timeout,
        K::Internal,
    ];
    for kind in kinds {
        let (param, code) = (Some("p".to_owned()), fault::names(kind).1.map(Into::into));
        let fault = Fault { param, code, ..Fault::new(kind, "why") };
        let event = Event::Fault(fault);
        let answer = [start(), event];
        assert_eq!(read_whole(&whole(&answer)), answer[1..]);
        assert_eq!(read_stream(&streamed(&answer)), answer);
    }
}
