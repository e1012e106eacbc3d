//! Plays one life of a request: app, edge role, Envoy's router with its retries, provider roles
//! and what the providers answer, and back.
//!
//! A play goes on as far as what has been given allows, so that several can be played side by
//! side: one waits for the ledger while another is answered.
mod check;
mod failure;
mod limits;
mod rest;
mod waits;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::rc::Rc;

use super::envoy::{Common, Filter, Headers, Piece, Step, Way, World};
use super::gateway::Gateway;
use super::script::{Answer, Given, Message};
use tradewind::exchange::filter_state::NEXT;
use tradewind::exchange::{Memory, Reply, hop, is_retried, retries};

/// What came of a request.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Life {
    pub(crate) world: World,
    /// What each provider saw: the model, headers, body.
    pub(crate) saw: Vec<(String, Headers, Vec<u8>)>,
    pub(crate) headers: Headers,
    pub(crate) body: Vec<u8>,
    pub(crate) ended: bool,
    /// Its connection was reset.
    pub(crate) reset: bool,
}

/// Plays a whole one.
pub(crate) fn live(gateway: &Rc<Gateway>, given: &Given) -> Life {
    let mut play = Play::new(gateway, &Rc::default());
    play.answers.clone_from(&given.answers);
    play.ledger.clone_from(&given.ledger);
    play.state.clone_from(&given.state);
    play.bare.clone_from(&given.bare);
    play.nowhere.clone_from(&given.nowhere);
    play.leaves = given.leaves;
    play.ask(&given.request);
    play.go_on();
    while let Some(ms) = play.sleeps() {
        play.life.world.common.pass(ms);
        play.go_on();
    }
    if given.leaves.is_some() {
        play.leave();
    } else {
        play.check();
        play.over();
    }
    if gateway.memory.left() != Memory::default().left() {
        play.problem("memory that a stream held is not given back");
    }
    play.life
}

/// A request on its way.
pub(crate) struct Play {
    gateway: Rc<Gateway>,
    edge: Filter,
    stage: Stage,
    /// What the providers are going to answer.
    pub(crate) answers: BTreeMap<String, VecDeque<Answer>>,
    /// What the ledger is going to answer.
    pub(crate) ledger: VecDeque<(u16, Vec<u8>)>,
    /// Filter state that somebody else writes before the provider role reads it.
    state: Vec<(String, String)>,
    /// Models whose clusters lack the provider role.
    bare: BTreeSet<String>,
    /// Models that have no cluster.
    nowhere: BTreeSet<String>,
    /// How many pieces of the answer the app waits for.
    leaves: Option<usize>,
    /// The rest of an answer that broke, which another model has said: its status and its body.
    pub(crate) rest: Option<(u16, Vec<u8>)>,
    pub(crate) life: Life,
}

/// How far a request has come.
enum Stage {
    /// The edge role has it: what it has let through of the body.
    PendingHold(Vec<u8>),
    /// The router chooses the next attempt.
    Routing(Sent),
    /// A model has been asked.
    Asked(Attempt),
    /// It answers: so many pieces of its message have been delivered.
    Answering(Attempt, Message, usize),
    /// There is nothing more to come.
    Done,
}

/// What the router keeps for all attempts.
struct Sent {
    body: Vec<u8>,
    /// How many retries are left.
    retries: u64,
}

struct Attempt {
    model: String,
    filter: Filter,
    sent: Sent,
}

impl Play {
    pub(crate) fn new(gateway: &Rc<Gateway>, common: &Rc<Common>) -> Self {
        Self {
            gateway: Rc::clone(gateway),
            edge: Filter::new(gateway.edge_role(), gateway.buffer),
            stage: Stage::Done,
            answers: BTreeMap::new(),
            ledger: VecDeque::new(),
            state: Vec::new(),
            bare: BTreeSet::new(),
            nowhere: BTreeSet::new(),
            leaves: None,
            rest: None,
            life: Life { world: World::of(common), ..Life::default() },
        }
    }

    /// The request, as far as the edge role lets it through.
    pub(crate) fn ask(&mut self, request: &Message) {
        self.life.world.request.clone_from(&request.headers);
        let mut body = Vec::new();
        for piece in (0..).map_while(|index| request.piece(index)) {
            match self.edge.turn(&mut self.life.world, Way::Request, piece) {
                Step::Wait => {}
                Step::Pass { body: more, .. } => body.extend(more),
                Step::Reply(reply) => return self.reply(reply),
            }
        }
        self.stage = Stage::PendingHold(body);
    }

    /// Goes on as far as what has been given allows.
    pub(crate) fn go_on(&mut self) {
        while self.step() {}
    }

    /// The stream is over.
    pub(crate) fn over(&mut self) {
        let left = core::mem::replace(&mut self.stage, Stage::Done);
        self.edge.over(&mut self.life.world);
        // In this order: what the attempt does then is too late for everybody.
        if let Stage::Asked(mut attempt) | Stage::Answering(mut attempt, ..) = left {
            attempt.filter.done(&mut self.life.world);
        }
        self.check_log();
    }

    /// One step; false when what it needs has not been given.
    fn step(&mut self) -> bool {
        match core::mem::replace(&mut self.stage, Stage::Done) {
            Stage::Done => return false,
            Stage::PendingHold(body) if self.edge.gone(Way::Request) => self.sent(body),
            Stage::PendingHold(body) => {
                let open = self.life.world.open.first().copied();
                let Some((id, (status, answer))) = open.zip(self.ledger.pop_front()) else {
                    self.stage = Stage::PendingHold(body);
                    return false;
                };
                self.called(body, id, (status, &answer));
            }
            Stage::Routing(sent) => self.attempt(sent),
            Stage::Asked(attempt) if self.leaves == Some(0) => {
                self.stage = Stage::Asked(attempt);
                return false;
            }
            Stage::Asked(attempt) => {
                let answer = self.answers.get_mut(&attempt.model).and_then(VecDeque::pop_front);
                let Some(answer) = answer else {
                    self.stage = Stage::Asked(attempt);
                    return false;
                };
                self.provider(attempt, answer);
            }
            Stage::Answering(attempt, message, index) if self.leaves == Some(0) => {
                self.stage = Stage::Answering(attempt, message, index);
                return false;
            }
            Stage::Answering(attempt, message, index) => {
                return self.answer(attempt, message, index);
            }
        }
        true
    }

    /// The edge role has let the request go.
    fn sent(&mut self, body: Vec<u8>) {
        // A plan that somebody else wrote, or none.
        for (key, value) in &self.state {
            self.life.world.state.insert(key.clone(), value.clone().into_bytes());
        }
        if !self.life.world.rerouted {
            self.problem("nothing has the route chosen again");
        }
        let attempts = usize::try_from(self.gateway.policy.resilience().attempts);
        let most = retries(attempts.unwrap_or(usize::MAX));
        let mut retries = u64::try_from(most).unwrap_or(u64::MAX);
        self.life.world.request.retain(|(name, value)| {
            let own = name == "x-envoy-max-retries";
            if own {
                retries = String::from_utf8_lossy(value).parse().unwrap_or(retries);
            }
            // The router takes what it is told for itself.
            !own && name != "x-envoy-upstream-rq-per-try-timeout-ms"
        });
        if self.is_let_through() {
            self.stage = Stage::Routing(Sent { body, retries });
        }
    }

    /// Envoy's router begins an attempt.
    fn attempt(&mut self, sent: Sent) {
        let model = self.life.world.state.get(NEXT).cloned().unwrap_or_default();
        let model = hop::model(&String::from_utf8_lossy(&model)).to_owned();
        let role = self.gateway.provider_role(&model);
        let Some(role) = role.filter(|_| !self.nowhere.contains(&model)) else {
            let first = self.life.world.cluster.is_empty();
            let details = if first { "cluster_not_found" } else { "no_healthy_upstream" };
            return self.local(503, details, "");
        };
        let mut filter = Filter::new(role, self.gateway.buffer);
        self.life.world.cluster = self.gateway.cluster(&model).unwrap_or_default().to_owned();
        self.life.world.connected = Some(failure::SERVES);
        self.life.world.response.clear();
        if self.bare.contains(&model) {
            // Envoy's codec writes no request without a method.
            if !self.life.world.request.iter().any(|(name, _)| name == ":method") {
                let details = "filter_removed_required_request_headers{missing_:method}";
                return self.local(503, details, "missing required header: :method");
            }
            filter = Filter::missing(self.gateway.buffer);
        }
        let mut saw = None;
        for piece in [Piece::Headers { end: false }, Piece::Body(&sent.body, true)] {
            match filter.turn(&mut self.life.world, Way::Request, piece) {
                Step::Wait => {}
                Step::Pass { headers, body } => {
                    // What a role does to headers that have gone on changes nothing any more.
                    let gone = headers.then(|| (self.life.world.request.clone(), Vec::new()));
                    saw = saw.or(gone);
                    saw.iter_mut().for_each(|(_, all)| all.extend_from_slice(&body));
                }
                Step::Reply(reply) => return self.reply(reply),
            }
        }
        self.life.saw.extend(saw.map(|(headers, body)| (model.clone(), headers, body)));
        self.stage = Stage::Asked(Attempt { model, filter, sent });
    }

    /// Delivers the next piece of an answer.
    fn answer(&mut self, mut attempt: Attempt, message: Message, index: usize) -> bool {
        let (piece, step) = match message.piece(index) {
            Some(piece) => (piece, attempt.filter.turn(&mut self.life.world, Way::Response, piece)),
            None if self.life.world.awaits_rest().is_some() => {
                let Some(step) = self.hears_the_rest(&mut attempt.filter) else {
                    self.stage = Stage::Answering(attempt, message, index);
                    return false;
                };
                (Piece::Body(&[], !message.more), step)
            }
            None if message.more && attempt.filter.sleeps(&self.life.world) == Some(0) => {
                (Piece::Body(&[], false), attempt.filter.woken(&mut self.life.world))
            }
            None if message.more => {
                self.stage = Stage::Answering(attempt, message, index);
                return false;
            }
            None if message.reset && !attempt.filter.gone(Way::Response) => {
                self.reset(attempt);
                return true;
            }
            None => {
                if message.reset {
                    self.broken_off();
                }
                attempt.filter.done(&mut self.life.world);
                return true;
            }
        };
        if attempt.filter.closed() {
            self.life.reset = true;
            attempt.filter.done(&mut self.life.world);
            return true;
        }
        match step {
            Step::Wait => {}
            Step::Reply(reply) => {
                // In this order: the attempt is done before anybody sees its reply.
                attempt.filter.done(&mut self.life.world);
                self.reply(reply);
                return true;
            }
            Step::Pass { headers: true, .. }
                if retried(&self.life.world.response) && attempt.sent.retries > 0 =>
            {
                self.retry(attempt);
                return true;
            }
            Step::Pass { headers, body } => {
                if !self.passed(piece, headers, &body) {
                    attempt.filter.done(&mut self.life.world);
                    return true;
                }
            }
        }
        // To be woken takes nothing of the answer.
        let next = index.saturating_add(usize::from(message.piece(index).is_some()));
        self.stage = Stage::Answering(attempt, message, next);
        true
    }

    /// The attempt has let go of something; whether the app still waits for it.
    fn passed(&mut self, piece: Piece<'_>, headers: bool, body: &[u8]) -> bool {
        let ends = matches!(piece, Piece::Headers { end: true } | Piece::Body(_, true));
        let none = ends && body.is_empty();
        let mut open = !headers || self.down(Piece::Headers { end: none });
        if open && (!body.is_empty() || ends && !self.life.ended) {
            open = self.down(Piece::Body(body, ends));
        }
        if open && matches!(piece, Piece::Trailers) {
            self.life.world.trailers = vec![("set-cookie".to_owned(), b"a=b".to_vec())];
            self.down(Piece::Trailers);
            assert_eq!(self.life.world.trailers, [], "a provider's trailers go to the app");
            self.life.ended = true;
        }
        open
    }

    fn reply(&mut self, reply: Reply) {
        let mut headers = vec![(":status".to_owned(), reply.status.to_string().into_bytes())];
        let length = reply.body.len().to_string();
        headers.push(("content-length".to_owned(), length.into_bytes()));
        let own = reply.headers.into_iter();
        headers.extend(own.map(|(name, value)| (name.to_owned(), value.into_bytes())));
        self.life.world.response = headers;
        if self.down(Piece::Headers { end: reply.body.is_empty() }) && !reply.body.is_empty() {
            self.down(Piece::Body(&reply.body, true));
        }
    }

    /// A piece of the answer, through the edge role to the app; false when nothing may follow.
    fn down(&mut self, piece: Piece<'_>) -> bool {
        match &mut self.leaves {
            Some(0) => return true,
            Some(pieces) => *pieces = pieces.saturating_sub(1),
            None => {}
        }
        if self.life.ended {
            self.problem("something goes to the app after its answer's end");
        }
        match self.edge.turn(&mut self.life.world, Way::Response, piece) {
            Step::Wait => {}
            // In the place of an answer that the app has seen nothing of.
            Step::Reply(reply) => {
                let own = reply.headers.into_iter();
                let own = own.map(|(name, value)| (name.to_owned(), value.into_bytes()));
                let status = (":status".to_owned(), reply.status.to_string().into_bytes());
                let length = reply.body.len().to_string().into_bytes();
                let length = ("content-length".to_owned(), length);
                self.life.headers = [status, length].into_iter().chain(own).collect();
                self.life.body = reply.body;
                self.life.ended = true;
                return false;
            }
            Step::Pass { headers, body } => {
                if headers {
                    self.life.headers.clone_from(&self.life.world.response);
                }
                self.life.body.extend(body);
                let ends = matches!(piece, Piece::Headers { end: true } | Piece::Body(_, true));
                self.life.ended |= ends;
            }
        }
        true
    }

    fn problem(&mut self, what: &str) {
        self.life.world.refused.push(what.to_owned());
    }
}

/// The rendered retry policy.
fn retried(headers: &Headers) -> bool {
    let status = headers.iter().find(|(name, _)| name == ":status");
    let status = status.and_then(|(_, value)| String::from_utf8_lossy(value).parse().ok());
    status.is_some_and(is_retried)
}
