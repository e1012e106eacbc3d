//! Plays one life of a request: app, edge role, Envoy's router with its retries, provider roles
//! and what the providers answer, and back.
use std::collections::{BTreeMap, VecDeque};

use super::envoy::{Filter, Headers, Piece, Step, Way, World};
use super::gateway::Gateway;
use super::script::{Answer, Given, Message};
use tradewind::exchange::{NEXT, Plugin, Reply};

/// What came of a request.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Life {
    pub(crate) world: World,
    /// What each provider saw: the model, headers, body.
    pub(crate) saw: Vec<(String, Headers, Vec<u8>)>,
    /// What the app got.
    pub(crate) headers: Headers,
    pub(crate) body: Vec<u8>,
    pub(crate) ended: bool,
    /// Its connection was reset.
    pub(crate) reset: bool,
}

/// Plays it.
pub(crate) fn live(gateway: &Gateway, given: &Given) -> Life {
    let mut play = Play {
        gateway,
        edge: Filter::new(&gateway.edge),
        answers: given.answers.clone(),
        ledger: given.ledger.clone(),
        leaves: given.leaves,
        life: Life::default(),
    };
    if let Some(body) = play.ask(&given.request) {
        // A plan that somebody else wrote, or none.
        for (key, value) in &given.state {
            play.life.world.state.insert(key.clone(), value.clone().into_bytes());
        }
        play.route(&body);
    }
    play.edge.over(&mut play.life.world);
    if given.leaves.is_none() {
        play.check();
    }
    play.life
}

struct Play<'g> {
    gateway: &'g Gateway,
    edge: Filter,
    answers: BTreeMap<String, VecDeque<Answer>>,
    ledger: VecDeque<(u16, Vec<u8>)>,
    /// How many pieces of the answer the app waits for.
    leaves: Option<usize>,
    life: Life,
}

/// What became of an attempt.
#[derive(PartialEq, Eq)]
enum Tried {
    Done,
    Retry,
}

impl Play<'_> {
    /// The request, as far as the edge role lets it through.
    fn ask(&mut self, request: &Message) -> Option<Vec<u8>> {
        self.life.world.request.clone_from(&request.headers);
        let mut body = Vec::new();
        for piece in request.pieces() {
            match self.edge.turn(&mut self.life.world, Way::Request, piece) {
                Step::Wait => {}
                Step::Pass { body: more, .. } => body.extend(more),
                Step::Reply(reply) => {
                    self.reply(reply);
                    return None;
                }
            }
        }
        while !self.edge.gone(Way::Request)
            && let Some((status, answer)) = self.ledger.pop_front()
        {
            match self.edge.called(&mut self.life.world, status, &answer) {
                Step::Wait => {}
                Step::Pass { body: more, .. } => body.extend(more),
                Step::Reply(reply) => {
                    self.reply(reply);
                    return None;
                }
            }
        }
        if !self.edge.gone(Way::Request) && self.leaves.is_some() {
            return None;
        }
        if !self.edge.gone(Way::Request) {
            self.problem("the request neither goes on nor is answered");
            return None;
        }
        Some(body)
    }

    /// Envoy's router: one attempt after the other.
    fn route(&mut self, body: &[u8]) {
        if !self.life.world.rerouted {
            self.problem("nothing has the route chosen again");
        }
        let mut retries = 3;
        self.life.world.request.retain(|(name, value)| {
            let own = name == "x-envoy-max-retries";
            if own {
                retries = String::from_utf8_lossy(value).parse().unwrap_or(retries);
            }
            !own
        });
        for attempt in 0..=retries {
            self.life.world.attempts = self.life.world.attempts.saturating_add(1);
            let next = self.life.world.state.get(NEXT).cloned().unwrap_or_default();
            let next = String::from_utf8_lossy(&next).into_owned();
            let Some(plugin) = self.gateway.providers.get(&next).cloned() else {
                return self.local(503, "cluster_not_found", "");
            };
            if self.attempt(&next, &plugin, body, attempt == retries) == Tried::Done {
                return;
            }
        }
    }

    fn attempt(&mut self, model: &str, plugin: &Plugin, body: &[u8], last: bool) -> Tried {
        let mut provider = Filter::new(plugin);
        self.life.world.response.clear();
        for piece in [Piece::Headers { end: false }, Piece::Body(body, true)] {
            match provider.turn(&mut self.life.world, Way::Request, piece) {
                Step::Wait => {}
                Step::Pass { body, .. } => {
                    let headers = self.life.world.request.clone();
                    self.life.saw.push((model.to_owned(), headers, body));
                }
                Step::Reply(reply) => {
                    self.reply(reply);
                    return Tried::Done;
                }
            }
        }
        match self.answers.get_mut(model).and_then(VecDeque::pop_front) {
            Some(Answer::Message(message)) => self.answer(&mut provider, &message, last),
            Some(Answer::Refused) => self.unreached(last),
            Some(Answer::Silent) => {
                self.failed(last, 504, "upstream_per_try_idle_timeout", "stream timeout")
            }
            None => {
                self.problem(&format!("the script has no further answer of {model}"));
                Tried::Done
            }
        }
    }

    fn answer(&mut self, provider: &mut Filter, message: &Message, last: bool) -> Tried {
        self.life.world.response.clone_from(&message.headers);
        for piece in message.pieces() {
            if self.leaves == Some(0) {
                return Tried::Done;
            }
            let ends = matches!(piece, Piece::Headers { end: true } | Piece::Body(_, true));
            match provider.turn(&mut self.life.world, Way::Response, piece) {
                Step::Wait => continue,
                Step::Reply(reply) => {
                    self.reply(reply);
                    return Tried::Done;
                }
                Step::Pass { headers, body } => {
                    if headers && retried(&self.life.world.response) && !last {
                        return Tried::Retry;
                    }
                    if headers {
                        self.down(Piece::Headers { end: ends && body.is_empty() });
                    }
                    if !body.is_empty() || ends && !self.life.ended {
                        self.down(Piece::Body(&body, ends));
                    }
                    if matches!(piece, Piece::Trailers) {
                        self.down(Piece::Trailers);
                        self.life.ended = true;
                    }
                }
            }
        }
        if !message.reset {
            return Tried::Done;
        }
        if provider.gone(Way::Response) {
            self.life.reset = true;
            return Tried::Done;
        }
        self.unreached(last)
    }

    fn unreached(&mut self, last: bool) -> Tried {
        let details = "upstream_reset_before_response_started{remote_connection_failure}";
        let said = "upstream connect error or disconnect/reset before headers";
        self.failed(last, 503, details, said)
    }

    fn failed(&mut self, last: bool, status: u16, details: &str, said: &str) -> Tried {
        if !last {
            return Tried::Retry;
        }
        self.local(status, details, said);
        Tried::Done
    }

    /// An answer that Envoy makes: only the edge role meets it.
    fn local(&mut self, status: u16, details: &str, said: &str) {
        self.life.world.details = details.to_owned();
        let headers = vec![("content-type", "text/plain".to_owned())];
        self.reply(Reply { status, headers, body: said.as_bytes().to_vec() });
    }

    fn reply(&mut self, reply: Reply) {
        let mut headers = vec![(":status".to_owned(), reply.status.to_string().into_bytes())];
        let length = reply.body.len().to_string();
        headers.push(("content-length".to_owned(), length.into_bytes()));
        let own = reply.headers.into_iter();
        headers.extend(own.map(|(name, value)| (name.to_owned(), value.into_bytes())));
        self.life.world.response = headers;
        self.down(Piece::Headers { end: reply.body.is_empty() });
        if !reply.body.is_empty() {
            self.down(Piece::Body(&reply.body, true));
        }
    }

    /// A piece of the answer, through the edge role to the app.
    fn down(&mut self, piece: Piece<'_>) {
        match &mut self.leaves {
            Some(0) => return,
            Some(pieces) => *pieces = pieces.saturating_sub(1),
            None => {}
        }
        match self.edge.turn(&mut self.life.world, Way::Response, piece) {
            Step::Wait => {}
            Step::Reply(_) => self.problem("a reply to an answer"),
            Step::Pass { headers, body } => {
                if headers {
                    self.life.headers.clone_from(&self.life.world.response);
                }
                self.life.body.extend(body);
                let ends = matches!(piece, Piece::Headers { end: true } | Piece::Body(_, true));
                self.life.ended |= ends;
            }
        }
    }

    /// What is true of every life.
    fn check(&mut self) {
        let life = &self.life;
        let length = life.headers.iter().find(|(name, _)| name == "content-length");
        let length = length.map(|(_, value)| String::from_utf8_lossy(value).into_owned());
        if length.is_some_and(|length| length != life.body.len().to_string()) {
            self.problem("content-length is not the length of the body");
        }
        if !self.life.ended && !self.life.reset {
            self.problem("the app's answer does not end");
        }
        if !self.ledger.is_empty() {
            self.problem("an answer of the ledger was never asked for");
        }
        let left = self.answers.iter().find(|(_, answers)| !answers.is_empty());
        if let Some(model) = left.map(|(model, _)| model.clone()) {
            self.problem(&format!("an answer of {model} was never asked for"));
        }
    }

    fn problem(&mut self, what: &str) {
        self.life.world.refused.push(what.to_owned());
    }
}

/// The rendered retry policy.
fn retried(headers: &Headers) -> bool {
    let status = headers.iter().find(|(name, _)| name == ":status");
    let status = status.and_then(|(_, value)| String::from_utf8_lossy(value).parse().ok());
    matches!(status, Some(408 | 425 | 429 | 500..=599))
}
