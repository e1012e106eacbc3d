//! Requests that the gateway asks itself: they come to listeners within Envoy.
use super::super::play::Play;
use super::super::script::Message;
use super::{Proxy, Request};
use tradewind::exchange::{Call, RESUME_LISTENER};

impl Proxy {
    /// A request that comes by a listener within Envoy.
    pub(super) fn within(&mut self, name: &str, listener: &'static str, call: Call) -> Play {
        let mut play = Play::new(&self.gateway, &self.common);
        let own = [(":method", "POST"), (":path", &call.path), ("x-request-id", "req-1")];
        let own = own.map(|(name, value)| (name.to_owned(), value.as_bytes().to_vec()));
        let more = call.headers.iter();
        let more = more.map(|(name, value)| (name.clone(), value.clone().into_bytes()));
        play.life.world.listener = Some(listener);
        self.told.extend(call.headers.iter().map(|(own, value)| format!("{name}: {own}: {value}")));
        let headers = own.into_iter().chain(more).collect();
        play.ask(&Message { headers, chunks: vec![call.body], ..Message::default() });
        play
    }

    /// A request's answer broke: another model is asked for the rest.
    pub(super) fn asks_for_the_rest(&mut self, index: usize, call: Call) {
        let rests = self.requests.iter().filter(|request| request.rest_of.is_some()).count();
        let name = format!("rest {}", rests.saturating_add(1));
        self.told.push(format!("{name} asks {}", String::from_utf8_lossy(&call.body).trim_end()));
        let play = self.within(&name, RESUME_LISTENER, call);
        let rest_of = Some(index);
        self.requests.push(Request { name, play, over: false, copy: None, rest_of });
    }

    /// It is there, whatever it is. Whoever has left is not told: the call runs to its end.
    pub(super) fn is_told_the_rest(&mut self, of: usize, rest: (u16, Vec<u8>)) {
        if let Some(request) = self.requests.get_mut(of).filter(|own| !own.over) {
            request.play.rest = Some(rest);
        }
    }
}
