//! One case of the dialect corpus: a folder whose inputs are run through a client's and a
//! provider's row, and whose other files say what must come out.
use std::collections::BTreeMap;

use super::pretty::pretty;
use tradewind::dialect::{
    AnswerHead, Ask, Change, Client, Event, Fault, FaultKind, Inbound, Operation, Target,
    UnsupportedField, client, provider, splice, sse,
};
use tradewind::json::{Document, Limits, Writer};

/// A case: `app-provider/what-it-shows`, and its files.
#[derive(Debug)]
pub(crate) struct Case<'c> {
    pub(crate) name: &'c str,
    pub(crate) files: &'c [(&'c str, &'c str)],
    /// A stream is cut at every so manieth byte.
    pub(crate) step: usize,
}

impl<'c> Case<'c> {
    pub(crate) fn file(&self, name: &str) -> Option<&'c str> {
        self.files.iter().find(|(own, _)| *own == name).map(|(_, text)| *text)
    }
}

/// What came out of a case: file names and their texts.
pub(crate) type Out = BTreeMap<&'static str, String>;

/// Who talks to whom.
struct Pair {
    client: &'static Client,
    inbound: &'static Inbound,
    endpoint: &'static provider::Endpoint,
    same: bool,
    model: String,
}

/// Runs a case, and checks what is true of every case.
pub(crate) fn run(case: &Case<'_>) -> Result<Out, String> {
    let pair = pair(case)?;
    let mut out = Out::new();
    let mut head = AnswerHead {
        request_id: "req-1".to_owned(),
        model: "own-name".to_owned(),
        keeps_model: false,
        created: 1_700_000_000,
        stream_usage: true,
    };
    if let Some(text) = case.file("request.json") {
        head.stream_usage = request(&pair, text, &mut out)?;
    }
    if let Some(text) = case.file("answer.json") {
        whole(&pair, text, &head, &mut out)?;
    }
    if let Some(text) = case.file("answer.sse") {
        streams(&pair, (text, case.step), &head, &mut out)?;
    }
    if let Some(text) = case.file("fault.json") {
        let (status, body) =
            text.split_once('\n').ok_or("fault.json: the first line is a status")?;
        let status = status.trim().parse().map_err(|_| "fault.json: the status is no number")?;
        let fault = (pair.endpoint.format.read_fault)(status, body.as_bytes());
        out.insert("failed.json", failed(&pair, &fault)?);
    }
    Ok(out)
}

fn pair(case: &Case<'_>) -> Result<Pair, String> {
    let (names, _) = case.name.split_once('/').ok_or("a case stands in a pair's folder")?;
    let (client, provider) = names.split_once('-').ok_or("a pair is `client-provider`")?;
    let usual = match provider {
        "anthropic" => "claude-sonnet-4-5",
        "gemini" => "gemini-2.5-pro",
        _ => "gpt-4.1",
    };
    let client = client::named(client).ok_or_else(|| format!("no client `{client}`"))?;
    let chat = client.endpoint_for(Operation::CHAT.name);
    let inbound = chat.and_then(client::Endpoint::inbound).ok_or("the client has no chat")?;
    let provider = provider::named(provider).ok_or_else(|| format!("no provider `{provider}`"))?;
    let endpoint = provider.endpoint(Operation::CHAT).ok_or("the provider has no chat")?;
    Ok(Pair {
        client,
        inbound,
        endpoint,
        same: inbound.format == endpoint.format,
        model: case.file("target.txt").unwrap_or(usual).trim().to_owned(),
    })
}

/// Gives whether a stream is to end with its usage.
fn request(pair: &Pair, text: &str, out: &mut Out) -> Result<bool, String> {
    let document = parse("request.json", text)?;
    let ask = match (pair.inbound.read_request)(&document) {
        Ok(ask) => ask,
        Err(fault) => {
            out.insert("refused.json", failed(pair, &fault)?);
            return Ok(true);
        }
    };
    let target = Target { model: &pair.model, max_output_tokens: 65_536 };
    let stream_usage = ask.stream_usage;
    let sent = if pair.same {
        let mut name = Writer::new();
        name.string(&pair.model);
        let name = utf8(name.finish())?;
        let common = (pair.inbound.edits)(&document, &ask);
        let change = pair.inbound.change((&document, &ask), &target, (false, false), &common);
        let unsupported = refused_by_model(pair, &ask, &target, &change);
        if !unsupported.is_empty() {
            out.insert("unsupported.txt", unsupported);
        }
        // What the app asks for beyond the model's own bound is said as that.
        let asked = ask.max_tokens.map_or(0, |asked| asked.value);
        let bound = Some(target.max_output_tokens).filter(|most| asked > *most);
        let sent = splice(text.as_bytes(), &change.edits, &name, bound);
        utf8(sent.ok_or("the edits do not fit")?)?
    } else {
        let unsupported = unsupported(pair, &ask, &target);
        if !unsupported.is_empty() {
            out.insert("unsupported.txt", unsupported);
        }
        pretty(&utf8(pair.endpoint.write_request(ask, &target))?)
    };
    parse("sent.json", &sent)?;
    out.insert("sent.json", sent);
    Ok(stream_usage)
}

/// Every field that keeps the request from this provider, then those that are left out all the
/// same.
fn unsupported(pair: &Pair, ask: &Ask<'_>, target: &Target<'_>) -> String {
    let fields = pair.endpoint.unsupported(ask, target);
    let is_own = |one: &&UnsupportedField| ask.passthrough_only.contains(&one.field);
    let (own, others): (Vec<_>, Vec<_>) = fields.iter().partition(is_own);
    let own = own.iter().map(|one| format!("`{}` is the app's dialect's own\n", one.field));
    let others = others.iter().map(|one| format!("{one}\n"));
    let left_out = pair.endpoint.left_out(ask, target, false).into_iter();
    let left_out = left_out.map(|field| format!("(`{field}` only advises)\n"));
    own.chain(others).chain(left_out).collect()
}

/// The same for a provider of the app's own format, whose model does not take them.
fn refused_by_model(pair: &Pair, ask: &Ask<'_>, target: &Target<'_>, change: &Change) -> String {
    let mut demands = pair.endpoint.format.refused_by_model(ask, target);
    demands.retain(|field| !ask.is_best_effort(field));
    let demands = demands.iter().map(|one| format!("{one}\n"));
    let left_out = change.left_out.iter().map(|field| format!("(`{field}` only advises)\n"));
    demands.chain(left_out).collect()
}

fn whole(pair: &Pair, text: &str, head: &AnswerHead, out: &mut Out) -> Result<(), String> {
    let document = parse("answer.json", text)?;
    let mut writer = (pair.inbound.write_answer)(head.clone());
    let (mut seen, mut body) = (Seen::default(), Vec::new());
    (pair.endpoint.format.read_answer)(&document, &mut |event| {
        seen.note(&event);
        writer.write(&event, &mut body);
    });
    seen.check(true)?;
    if let Some(fault) = seen.fault {
        out.insert("failed.json", failed(pair, &fault)?);
    } else if !pair.same {
        let body = utf8(body)?;
        parse("received.json", &body)?;
        out.insert("received.json", pretty(&body));
    }
    if pair.same {
        out.insert("events.txt", seen.events);
    }
    Ok(())
}

/// A stream, read at once, byte by byte, and cut in two at every place: always the same.
fn streams(
    pair: &Pair,
    (text, step): (&str, usize),
    head: &AnswerHead,
    out: &mut Out,
) -> Result<(), String> {
    let (received, events) = stream(pair, head, &[text.as_bytes()])?;
    let bytes: Vec<&[u8]> = text.as_bytes().chunks(1).collect();
    let mut others = vec![("byte by byte".to_owned(), bytes)];
    for at in (1..text.len()).step_by(step.max(1)) {
        let (first, second) = text.as_bytes().split_at_checked(at).unwrap_or_default();
        others.push((format!("cut at {at}"), vec![first, second]));
    }
    for (how, chunks) in others {
        if stream(pair, head, &chunks)? != (received.clone(), events.clone()) {
            return Err(format!("answer.sse reads differently {how}"));
        }
    }
    if pair.same {
        out.insert("stream-events.txt", events);
    } else {
        events_are_json(&received)?;
        out.insert("received.sse", received);
    }
    Ok(())
}

fn stream(pair: &Pair, head: &AnswerHead, chunks: &[&[u8]]) -> Result<(String, String), String> {
    let mut parser = pair.endpoint.framing.parser();
    let mut reader = (pair.endpoint.format.read_stream)();
    let mut writer = (pair.inbound.write_stream)(head.clone());
    let (mut seen, mut body) = (Seen::default(), Vec::new());
    let mut each = |block: sse::Block<'_>, _: &[u8]| {
        let Some(event) = block.event() else { return };
        reader.read(event.name, &event.data, &mut |event| {
            seen.note(&event);
            writer.write(&event, &mut body);
        });
    };
    for chunk in chunks {
        parser.push(chunk, &mut each).map_err(|error| error.to_string())?;
    }
    parser.finish(&mut each);
    let whole = seen.ended;
    seen.check(whole)?;
    if !whole && seen.fault.is_none() {
        let cut = Fault::new(FaultKind::Internal, "the stream was cut");
        writer.write(&Event::Fault(cut), &mut body);
    }
    Ok((utf8(body)?, seen.events))
}

/// What an answer said, and what is wrong with the order it said it in.
#[derive(Default)]
struct Seen {
    events: String,
    wrong: Vec<String>,
    stopped: bool,
    ended: bool,
    fault: Option<Fault>,
    /// The arguments of each call so far.
    calls: Vec<String>,
}

impl Seen {
    fn note(&mut self, event: &Event<'_>) {
        let mut must = |good: bool, what: &str| {
            if !good {
                self.wrong.push(format!("{what}: {event:?}"));
            }
        };
        must(!self.ended, "nothing comes after the end");
        match event {
            Event::Start { .. } => must(self.events.is_empty(), "the start comes first"),
            Event::Stop(_) => {
                must(!self.stopped, "it stops once");
                self.stopped = true;
            }
            Event::ToolCall { index, .. } => {
                must(usize::try_from(*index) == Ok(self.calls.len()), "calls count from 0");
                self.calls.push(String::new());
            }
            Event::Arguments { index, json } => {
                let call = usize::try_from(*index).ok().and_then(|at| self.calls.get_mut(at));
                must(call.is_some(), "a call begins before its arguments");
                call.into_iter().for_each(|call| call.push_str(json));
            }
            Event::End => self.ended = true,
            Event::Fault(fault) => self.fault = Some(fault.clone()),
            Event::Text(_) | Event::Reasoning(_) | Event::Refusal(_) | Event::Usage(_) => {}
        }
        self.events.push_str(&format!("{event:?}\n"));
    }

    fn check(&mut self, whole: bool) -> Result<(), String> {
        if whole && self.fault.is_none() {
            for call in self.calls.iter().filter(|call| !call.is_empty()) {
                if !parse("arguments", call)?.root().is_object() {
                    self.wrong.push(format!("arguments are an object: {call}"));
                }
            }
            if !self.ended {
                self.wrong.push("it does not end".to_owned());
            }
        }
        if self.wrong.is_empty() { Ok(()) } else { Err(self.wrong.join("\n")) }
    }
}

/// A failure as the app gets it: its status, and the body.
fn failed(pair: &Pair, fault: &Fault) -> Result<String, String> {
    let body = utf8((pair.client.write_fault)(fault, "req-1"))?;
    parse("failed.json", &body)?;
    Ok(format!("{} {:?}\n{}", fault.status, fault.kind, pretty(&body)))
}

fn events_are_json(stream: &str) -> Result<(), String> {
    let mut wrong = Vec::new();
    let mut parser = sse::Parser::default();
    let pushed = parser.push(stream.as_bytes(), |block, raw| match block.event() {
        Some(event) if event.data == "[DONE]" => {}
        Some(event) => wrong.extend(parse("an event", &event.data).err()),
        None => wrong.push(format!("says nothing: {}", raw.escape_ascii())),
    });
    pushed.map_err(|error| error.to_string())?;
    if !parser.carried().is_empty() {
        wrong.push("the last event is not ended".to_owned());
    }
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n")) }
}

fn parse<'t>(what: &str, text: &'t str) -> Result<Document<'t>, String> {
    Document::parse(text.as_bytes(), Limits::default())
        .map_err(|error| format!("{what}: {error}: {text}"))
}

fn utf8(bytes: Vec<u8>) -> Result<String, String> {
    String::from_utf8(bytes).map_err(|error| error.to_string())
}
