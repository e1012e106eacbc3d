//! One request from its app to the model that answers it: what Envoy's router does, without a
//! network.

use super::host::{Done, Headers, World};
use super::{Attempted, Course, Ending, Failure, Rehearsal, Request, Scene};
use crate::exchange::filter_state::{LOG, NEXT, PLAN};
use crate::exchange::{
    Callback, Clock as _, Plan, Plugin, Purpose, Reply, Stream, hop, is_retried,
};
use crate::policy::parted;

/// What the provider role makes of an answer that is not accepted.
const UNACCEPTED: u16 = 503;

/// A request on its way.
struct Run<'r> {
    rehearsal: &'r Rehearsal,
    scene: &'r Scene,
    world: World,
    edge: Stream,
    attempts: Vec<Attempted>,
}

/// What comes of an attempt.
enum Next {
    /// Another one.
    Retry,
    Ends(Ending),
}

pub(super) fn run(rehearsal: &Rehearsal, request: &Request, scene: &Scene) -> Course {
    let mut world = World::of(scene, rehearsal.policy());
    world.request = request.headers();
    let edge = Stream::edge(&rehearsal.edge);
    let mut run = Run { rehearsal, scene, world, edge, attempts: Vec::new() };
    let ending = run.serve(&request.body);
    run.on_edge(Callback::StreamEnded, &[]);
    let line = line(&run.world.text(LOG));
    Course { attempts: run.attempts, ending, line }
}

impl Run<'_> {
    fn serve(&mut self, body: &[u8]) -> Ending {
        let end = body.is_empty();
        let mut done = self.on_edge(Callback::RequestHeaders { end }, body);
        if done.reply.is_none() && !end {
            done = self.on_edge(Callback::RequestBody { size: body.len(), end: true }, body);
        }
        let mut sent = done.request_body.take();
        while let Some(call) = done.calls.iter().find(|call| call.id.purpose == Purpose::Hold) {
            let (status, answer) = self.scene.account.hold(&call.body);
            let event = Callback::CallAnswered { id: call.id, status, size: answer.len() };
            done = self.on_edge(event, &answer);
            sent = sent.or_else(|| done.request_body.take());
        }
        if let Some(reply) = done.reply {
            return told(reply);
        }
        let body = sent.unwrap_or_else(|| body.to_vec());
        let retries = header(&self.world.request, "x-envoy-max-retries");
        let retries: usize = retries.and_then(|text| text.parse().ok()).unwrap_or_default();
        self.world.request.retain(|(name, _)| name != "x-envoy-max-retries");
        for left in (0..=retries).rev() {
            match self.attempt(&body, left > 0) {
                Next::Retry => {}
                Next::Ends(ending) => return ending,
            }
        }
        // The last attempt has none after it, so it has ended.
        Ending::Told { status: 503, body: Vec::new() }
    }

    /// One try of the model whose turn it is.
    fn attempt(&mut self, body: &[u8], may_retry: bool) -> Next {
        let model = hop::model(&self.world.text(NEXT)).to_owned();
        let policy = self.rehearsal.policy();
        let own = policy.asked().find(|own| own.name == model);
        let plugin = own.and_then(|own| self.rehearsal.providers.get(&own.provider.name));
        let stream = plugin.and_then(Plugin::stream);
        let (Some(own), Some(mut stream)) = (own, stream) else {
            return Next::Ends(self.local(503, "no_healthy_upstream"));
        };
        let (judged, compared) = self.is_judged(&model);
        self.world.cluster.clone_from(&own.provider.name);
        (self.world.connected, self.world.details) = (true, "");
        self.world.response.clear();
        let mut written = None;
        let size = body.len();
        for event in
            [Callback::RequestHeaders { end: false }, Callback::RequestBody { size, end: true }]
        {
            let done = on(&mut stream, &mut self.world, event, body);
            written = written.or(done.request_body);
            if let Some(reply) = done.reply {
                on(&mut stream, &mut self.world, Callback::AttemptEnded, &[]);
                return Next::Ends(self.down(&[], reply.status, reply.body));
            }
        }
        let failure = self.scene.weather.of(&model);
        let failure = failure.filter(|failure| judged || *failure != Failure::Unaccepted);
        let endpoint = &own.provider.endpoint;
        let scheme = if endpoint.tls { "https" } else { "http" };
        let path = header(&self.world.request, ":path").unwrap_or_default();
        self.attempts.push(Attempted {
            provider: own.provider.name.clone(),
            url: format!("{scheme}://{}{path}", endpoint.authority()),
            headers: shown(&self.world.request),
            body: written.unwrap_or_else(|| body.to_vec()),
            failure,
            held_back: compared && failure.is_none(),
            model,
        });
        match failure {
            // What it says is nobody's yet, and its attempt has named the next model.
            None if compared => Next::Retry,
            None => Next::Ends(Ending::Answered),
            Some(Failure::Status(status)) => self.refused(stream, status, may_retry),
            // There is no answer to judge here; what follows is what follows on any failure.
            Some(Failure::Unaccepted) => self.refused(stream, UNACCEPTED, may_retry),
            Some(failure) => self.lost(stream, failure, may_retry),
        }
    }

    /// Whether the answer of the next attempt is judged before the app sees any of it, and whether
    /// it is held back then until the next model's comes to the same.
    fn is_judged(&self, model: &str) -> (bool, bool) {
        let plan = self.world.state.get(PLAN).map(Vec::as_slice).unwrap_or_default();
        let Ok(plan) = Plan::decode(plan) else { return (false, false) };
        let left = usize::try_from(plan.turn.leg).ok().and_then(|leg| plan.legs.get(leg..));
        let later = left.and_then(|left| left.split_first()).map(|(_, later)| later);
        let own_model = parted(model).0;
        let other = later.is_some_and(|own| own.iter().any(|leg| leg.own_model() != own_model));
        let own = plan.acceptance.filter(|_| other);
        let pair = own.as_ref().and_then(|own| own.rules.agree.as_ref());
        (own.is_some(), pair.is_some_and(|[first, _]| first == own_model))
    }

    /// The model answers, with a failure.
    fn refused(&mut self, mut stream: Stream, status: u16, may_retry: bool) -> Next {
        let said = br#"{"error":{"message":"the weather of a rehearsal"}}"#;
        self.world.response = vec![
            (":status".to_owned(), status.to_string().into_bytes()),
            ("content-type".to_owned(), b"application/json".to_vec()),
            ("content-length".to_owned(), said.len().to_string().into_bytes()),
        ];
        self.world.details = "via_upstream";
        let (mut answer, mut reply) = (None, None);
        let size = said.len();
        for event in
            [Callback::ResponseHeaders { end: false }, Callback::ResponseBody { size, end: true }]
        {
            let done = on(&mut stream, &mut self.world, event, said);
            (answer, reply) = (answer.or(done.response_body), reply.or(done.reply));
        }
        on(&mut stream, &mut self.world, Callback::AttemptEnded, &[]);
        // What the role answers itself is not tried again: it is the last model's failure.
        if let Some(reply) = reply {
            return Next::Ends(self.down(&[], reply.status, reply.body));
        }
        let own = header(&self.world.response, ":status").and_then(|text| text.parse().ok());
        let status = own.unwrap_or(status);
        if may_retry && is_retried(status) {
            return Next::Retry;
        }
        let body = answer.unwrap_or_else(|| said.to_vec());
        let headers = self.world.response.clone();
        Next::Ends(self.down(&headers, status, body))
    }

    /// The model never answers.
    fn lost(&mut self, mut stream: Stream, failure: Failure, may_retry: bool) -> Next {
        let (status, details) = match failure {
            Failure::Silent => {
                let (silent_ms, left_ms) = self.patience();
                let passes_ms = left_ms.unwrap_or(u64::MAX).min(silent_ms);
                self.world.passed_ms = self.world.passed_ms.saturating_add(passes_ms);
                if left_ms == Some(passes_ms)
                    && let Some(reply) = self.on_edge(Callback::Woken, &[]).reply
                {
                    on(&mut stream, &mut self.world, Callback::AttemptEnded, &[]);
                    return Next::Ends(told(reply));
                }
                (504, "upstream_per_try_idle_timeout")
            }
            _ => {
                self.world.connected = failure != Failure::Unreachable;
                (503, "upstream_reset_before_response_started{remote_connection_failure}")
            }
        };
        if may_retry {
            on(&mut stream, &mut self.world, Callback::AttemptEnded, &[]);
            return Next::Retry;
        }
        let ending = self.local(status, details);
        on(&mut stream, &mut self.world, Callback::AttemptEnded, &[]);
        Next::Ends(ending)
    }

    /// How long an attempt may say nothing, and how long its app waits yet, in milliseconds; `None`
    /// where that waits for as long as it takes.
    fn patience(&self) -> (u64, Option<u64>) {
        let idle_ms = self.rehearsal.policy().resilience().idle_timeout_ms;
        let plan = self.world.state.get(PLAN).map(Vec::as_slice).unwrap_or_default();
        let Ok(plan) = Plan::decode(plan) else { return (idle_ms, None) };
        let waits = (plan.deadline_ms > 0)
            .then(|| plan.deadline_ms.saturating_sub(self.world.view(&[]).now_ms()));
        (plan.silence(idle_ms).unwrap_or(idle_ms), waits)
    }

    /// Envoy answers itself.
    fn local(&mut self, status: u16, details: &'static str) -> Ending {
        self.world.details = details;
        self.down(&[], status, b"upstream connect error".to_vec())
    }

    /// An answer, through the edge role to the app.
    fn down(&mut self, headers: &[(String, Vec<u8>)], status: u16, body: Vec<u8>) -> Ending {
        let own = headers.iter().filter(|(name, _)| name != ":status").cloned();
        self.world.response = vec![(":status".to_owned(), status.to_string().into_bytes())];
        self.world.response.extend(own);
        let (size, end) = (body.len(), body.is_empty());
        let mut written = None;
        let headers = Callback::ResponseHeaders { end };
        let rest = (!end).then_some(Callback::ResponseBody { size, end: true });
        for event in [Some(headers), rest].into_iter().flatten() {
            let done = self.on_edge(event, &body);
            if let Some(reply) = done.reply {
                return told(reply);
            }
            written = written.or(done.response_body);
        }
        let own = header(&self.world.response, ":status").and_then(|text| text.parse().ok());
        Ending::Told { status: own.unwrap_or(status), body: written.unwrap_or(body) }
    }

    fn on_edge(&mut self, event: Callback, body: &[u8]) -> Done {
        on(&mut self.edge, &mut self.world, event, body)
    }
}

fn on(stream: &mut Stream, world: &mut World, event: Callback, body: &[u8]) -> Done {
    let effects = stream.on(event, &world.view(body));
    world.perform(effects.list)
}

fn told(reply: Reply) -> Ending {
    Ending::Told { status: reply.status, body: reply.body }
}

fn header(headers: &Headers, name: &str) -> Option<String> {
    let value = headers.iter().find(|(own, _)| own == name).map(|(_, value)| value)?;
    Some(String::from_utf8_lossy(value).into_owned())
}

/// The headers that a provider is sent beside its key, which the module never sees.
fn shown(headers: &Headers) -> Vec<(String, String)> {
    let own = headers.iter().filter(|(name, _)| !name.starts_with(':'));
    own.map(|(name, value)| (name.clone(), String::from_utf8_lossy(value).into_owned())).collect()
}

/// What is known of a request before any model answers it: a rehearsal has no answers.
const DECIDED: &[&str] = &[
    "class",
    "class_by",
    "chain",
    "arms",
    "kept",
    "skipped",
    "tried",
    "prompt",
    "lowered",
    "shortened",
    "marked",
    "unjudged",
    "raised",
    "near_limit",
    "refused_by",
    "refused",
];

/// The members of a request's line of the access log that say how it was decided. The line begins
/// within a string and ends within one.
fn line(members: &str) -> serde_json::Map<String, serde_json::Value> {
    let text = format!("{{\"details\":\"{members}\"}}");
    let mut line: serde_json::Map<_, _> = serde_json::from_str(&text).unwrap_or_default();
    line.retain(|name, _| DECIDED.contains(&name.as_str()));
    line
}
