//! One proxy for many requests: they share its records, its clock, what it keeps for later and
//! the ledger behind it.
mod told;
mod within;

use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;

use tradewind::credit::Moment;
use tradewind::credit::wire::HOLDS;
use tradewind::exchange::{
    Call, CallId, Effect, OutboxItem, Parcel, Purpose, SHADOW_CLUSTER, SHADOW_LISTENER,
};

use super::bank::{Bank, Said};
use super::envoy::{Common, World};
use super::gateway::{Gateway, Keeper};
use super::play::Play;
use super::script::{Answer, Message, line};
use super::service::Service;
use told::{heard, told};

/// How often a worker's time passes, in milliseconds.
const TICK_MS: u64 = 100;

/// A proxy with one worker.
pub(crate) struct Proxy {
    gateway: Rc<Gateway>,
    /// Those of the policies before it.
    before: Vec<Rc<Gateway>>,
    pub(crate) common: Rc<Common>,
    /// Where effects of no request go.
    own: World,
    outboxes: Box<dyn Keeper>,
    pub(crate) bank: Bank,
    requests: Vec<Request>,
    /// Answers that providers will give, to whoever asks first.
    answers: BTreeMap<String, VecDeque<Answer>>,
    /// Answers of the ledger that are on their way.
    late: Vec<(Caller, u16, Vec<u8>)>,
    counted: BTreeMap<String, u64>,
    /// Until when each request waits for the ledger, in milliseconds.
    patience: BTreeMap<usize, u64>,
    /// What happened, a line each.
    pub(crate) told: Vec<String>,
    /// What must not have happened.
    pub(crate) wrong: Vec<String>,
}

/// Who has called the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Caller {
    Request(usize),
    Outboxes(CallId),
}

struct Request {
    name: String,
    play: Play,
    /// The stream is over, and its end has been told.
    over: bool,
    /// The outboxes' call that it is, where it is a copy.
    copy: Option<CallId>,
    /// The request whose answer it says the rest of.
    rest_of: Option<usize>,
}

impl Proxy {
    pub(crate) fn new(gateway: Rc<Gateway>) -> Self {
        let common = Rc::<Common>::default();
        Self {
            outboxes: gateway.keeper(),
            gateway,
            before: Vec::new(),
            own: World::of(&common),
            common,
            bank: Bank::default(),
            requests: Vec::new(),
            answers: BTreeMap::new(),
            late: Vec::new(),
            counted: BTreeMap::new(),
            patience: BTreeMap::new(),
            told: Vec::new(),
            wrong: Vec::new(),
        }
    }

    pub(crate) fn now(&self) -> Moment {
        Moment::of_millis(self.common.now_ms())
    }

    /// Another policy: what runs goes on by the one that it began with.
    pub(crate) fn configure(&mut self, gateway: Rc<Gateway>) {
        self.tell();
        self.before.push(core::mem::replace(&mut self.gateway, gateway));
    }

    /// Its worker tells the others what they do not know of limits.
    fn tell(&self) {
        let view = self.own.view();
        self.before.iter().chain([&self.gateway]).for_each(|own| own.tabs.tell(&view));
    }

    /// A provider's next answer.
    pub(crate) fn answers(&mut self, model: &str, answer: Answer) {
        self.answers.entry(model.to_owned()).or_default().push_back(answer);
        self.settle_down();
    }

    /// More of an answer that was left open.
    pub(crate) fn more(&mut self, model: &str, rest: &Message) {
        let found = self.requests.iter_mut().any(|request| request.play.more(model, rest));
        if !found {
            self.wrong.push(format!("no answer of {model} is open"));
        }
        self.settle_down();
    }

    /// An app asks.
    pub(crate) fn ask(&mut self, name: &str, request: &Message) {
        let mut play = Play::new(&self.gateway, &self.common);
        play.ask(request);
        self.requests.push(Request {
            name: name.to_owned(),
            play,
            over: false,
            copy: None,
            rest_of: None,
        });
        self.settle_down();
    }

    /// An app goes away.
    pub(crate) fn leaves(&mut self, name: &str) {
        self.goes(name, "leaves", Play::leave);
    }

    /// Envoy ends, and cuts a request's connection as it does.
    pub(crate) fn cut(&mut self, name: &str) {
        self.goes(name, "is cut", Play::cut);
    }

    /// Envoy sheds load, and resets a request's stream.
    pub(crate) fn sheds(&mut self, name: &str) {
        self.goes(name, "is shed", Play::shed);
    }

    fn goes(&mut self, name: &str, how: &str, go: impl FnOnce(&mut Play)) {
        let found = self.requests.iter_mut().find(|request| request.name == name && !request.over);
        match found {
            Some(request) => {
                go(&mut request.play);
                request.over = true;
                self.told.push(format!("{name} {how}"));
                self.told.extend(told(&request.play));
            }
            None => self.wrong.push(format!("{name} is not there to go")),
        }
        self.settle_down();
    }

    /// How many requests are still on their way.
    pub(crate) fn open(&self) -> impl Iterator<Item = (&str, Option<&str>)> {
        let open = self.requests.iter().filter(|request| !request.over);
        open.map(|request| (request.name.as_str(), request.play.waits_for()))
    }

    /// What the ledger owes answers to gets them.
    pub(crate) fn ledger_answers(&mut self) {
        for (caller, status, body) in core::mem::take(&mut self.late) {
            self.called(caller, status, &body);
        }
        self.settle_down();
    }

    /// Time passes.
    pub(crate) fn pass(&mut self, ms: u64) {
        for _ in 0..ms.div_ceil(TICK_MS) {
            self.common.pass(TICK_MS);
            let open = self.requests.iter_mut().filter(|request| !request.over);
            open.for_each(|request| request.play.wake());
            let effects = self.outboxes.tick(&self.own.view());
            self.perform(effects);
            self.tell();
            self.settle_down();
        }
    }

    /// The service that counts for several proxies says something else from now on.
    pub(crate) fn limits(&self, service: Service) {
        self.common.limits.set(service);
    }

    /// Tells what an app has of its answer by now.
    pub(crate) fn hears(&mut self, name: &str) {
        let request = self.requests.iter().find(|request| request.name == name);
        let body = request.map_or("nobody".into(), |request| {
            String::from_utf8_lossy(&request.play.life.body).trim_end().replace("\n\n", " ")
        });
        self.told.push(format!("{name} has {body}"));
    }

    /// Time passes, and the worker has none.
    pub(crate) fn stall(&mut self, ms: u64) {
        self.common.pass(ms);
    }

    /// Lets everything go on as far as it can.
    fn settle_down(&mut self) {
        while (0..self.requests.len()).any(|index| self.go_on(index)) {}
    }

    /// One request, as far as it can; whether anything came of it for others.
    fn go_on(&mut self, index: usize) -> bool {
        let Some(request) = self.requests.get_mut(index) else { return false };
        let wanted = request.play.waits_for().map(str::to_owned);
        if let Some(model) = wanted
            && let Some(answer) = self.answers.get_mut(&model).and_then(VecDeque::pop_front)
        {
            request.play.answers.entry(model).or_default().push_back(answer);
        }
        request.play.go_on();
        let (mut copied, mut rest) = (None, None);
        if request.play.is_done() && !request.over {
            request.over = true;
            request.play.check();
            request.play.over();
            let line = heard(&request.name, &request.play);
            self.told.push(line);
            self.told.extend(told(&request.play));
            let status = status(&request.play);
            copied = request.copy.map(|id| (id, status));
            rest = request.rest_of.map(|of| (of, status, request.play.life.body.clone()));
        }
        let world = &mut request.play.life.world;
        let calls = core::mem::take(&mut world.called);
        let notes = core::mem::take(&mut world.queued);
        let posted = core::mem::take(&mut world.posted);
        let logged = core::mem::take(&mut world.logged);
        let hurried = core::mem::take(&mut world.hurried);
        for (name, count) in core::mem::take(&mut world.counted) {
            let all = self.counted.entry(name).or_default();
            *all = all.saturating_add(count);
        }
        let refused = core::mem::take(&mut world.refused);
        let name = request.name.clone();
        self.wrong.extend(refused.into_iter().map(|what| format!("{name}: {what}")));
        self.told.extend(logged.into_iter().map(|line| format!("log: {line}")));
        let busy = !calls.is_empty() || !notes.is_empty() || rest.is_some();
        notes.into_iter().for_each(|note| self.queue(note));
        posted.into_iter().for_each(|parcel| self.post(parcel));
        if let Some((id, status)) = copied {
            self.called(Caller::Outboxes(id), status, b"");
        }
        if let Some((of, status, body)) = rest {
            self.is_told_the_rest(of, (status, body));
        }
        if hurried {
            let effects = self.outboxes.send_now();
            self.perform(effects);
        }
        for call in calls {
            match call.id.purpose {
                Purpose::Resume => self.asks_for_the_rest(index, call),
                Purpose::Hold => self.call(Caller::Request(index), &call),
                // A VM that is woken for a request does then what its worker has to do.
                _ => self.perform(vec![Effect::Call(call)]),
            }
        }
        busy
    }

    fn queue(&mut self, note: OutboxItem) {
        let effects = self.outboxes.queue(note);
        self.perform(effects);
    }

    fn post(&mut self, parcel: Parcel) {
        let effects = self.outboxes.post(parcel);
        self.perform(effects);
    }

    /// A copy comes to the gateway, by the listener for copies.
    fn copy(&mut self, call: Call) {
        let copies = self.requests.iter().filter(|request| request.copy.is_some()).count();
        let name = format!("copy {}", copies.saturating_add(1));
        let id = call.id;
        let play = self.within(&name, SHADOW_LISTENER, call);
        self.requests.push(Request { name, play, over: false, copy: Some(id), rest_of: None });
        self.settle_down();
    }

    fn perform(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Call(call) if call.cluster == SHADOW_CLUSTER => self.copy(call),
                Effect::Call(call) => self.call(Caller::Outboxes(call.id), &call),
                Effect::Queue(note) => self.queue(note),
                Effect::Count(name) => {
                    let all = self.counted.entry(name).or_default();
                    *all = all.saturating_add(1);
                }
                Effect::Log(line) => self.told.push(format!("log: {line}")),
                other => self.wrong.push(format!("the outboxes may not {other:?}")),
            }
        }
    }

    fn call(&mut self, caller: Caller, call: &Call) {
        let body = String::from_utf8_lossy(&call.body);
        let line = format!("{}{} {body}", call.cluster, call.path);
        let until_ms = self.common.now_ms().saturating_add(call.timeout_ms);
        if let Caller::Request(index) = caller
            && call.path.ends_with(HOLDS)
            && until_ms > *self.patience.entry(index).or_insert(until_ms)
        {
            self.wrong.push("a second call takes longer than the first had left".to_owned());
        }
        match self.bank.ask(call, self.now()) {
            Said::Now(status, body) => {
                self.told.push(format!("{line} -> {status}"));
                self.called(caller, status, &body);
            }
            Said::Later(status, body) => {
                self.told.push(format!("{line} -> later"));
                self.late.push((caller, status, body));
            }
        }
    }

    fn called(&mut self, caller: Caller, status: u16, body: &[u8]) {
        match caller {
            Caller::Outboxes(id) => {
                let effects = self.outboxes.answered(id, (status, body), &self.own.view());
                self.perform(effects);
            }
            Caller::Request(index) => {
                // Whoever has gone is not called back.
                if let Some(request) = self.requests.get_mut(index).filter(|own| !own.over) {
                    request.play.ledger.push_back((status, body.to_vec()));
                }
            }
        }
    }

    /// The line of a request in the access log.
    #[cfg_attr(target_family = "wasm", expect(dead_code, reason = "native tests alone ask"))]
    pub(crate) fn line(&self, name: &str) -> String {
        let request = self.requests.iter().find(|request| request.name == name);
        request.and_then(|request| line(&request.play.life)).unwrap_or_default()
    }

    /// What histograms were given, request by request.
    #[cfg_attr(target_family = "wasm", expect(dead_code, reason = "native tests alone ask"))]
    pub(crate) fn measured(&self) -> Vec<(String, u64)> {
        let worlds = self.requests.iter().map(|request| &request.play.life.world);
        worlds.flat_map(|world| world.measured.iter().cloned()).collect()
    }

    /// What has been counted since the last time.
    pub(crate) fn take_counted(&mut self) -> BTreeMap<String, u64> {
        for (name, count) in self.outboxes.counted() {
            let all = self.counted.entry(name).or_default();
            *all = all.saturating_add(count);
        }
        core::mem::take(&mut self.counted)
    }
}

/// The status that an app got; 0 where it got none.
fn status(play: &Play) -> u16 {
    let status = play.life.headers.iter().find(|(name, _)| name == ":status");
    status.and_then(|(_, status)| core::str::from_utf8(status).ok()?.parse().ok()).unwrap_or(0)
}
