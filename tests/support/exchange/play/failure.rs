//! What Envoy's router does when an attempt fails, or an app goes.
use super::super::envoy::{Filter, Piece, Way, World};
use super::super::script::Answer;
use super::{Attempt, Play, Reply, Sent, Stage};

/// This side's address of the connections that providers answer on.
pub(super) const SERVES: &str = "127.0.0.1:40000";
/// And of those that they close when they have a request.
const CLOSES: &str = "127.0.0.1:40001";

impl Play {
    /// Another request was served on the connection before.
    fn serves(&mut self, attempt: &Attempt) {
        let mut world = World::of(&self.life.world.common);
        world.state.clone_from(&self.life.world.state);
        world.turn_to(&attempt.model);
        world.connected = Some(SERVES);
        let role = self.gateway.provider_role(&attempt.model);
        let Some(mut filter) = role.map(|role| Filter::new(role, self.gateway.buffer)) else {
            return;
        };
        filter.turn(&mut world, Way::Request, Piece::Headers { end: false });
        filter.turn(&mut world, Way::Request, Piece::Body(&attempt.sent.body, true));
        world.response = vec![(":status".to_owned(), b"500".to_vec())];
        filter.turn(&mut world, Way::Response, Piece::Headers { end: true });
        filter.done(&mut world);
        self.life.world.refused.extend(world.refused);
    }

    /// A provider does what it does.
    pub(super) fn provider(&mut self, attempt: Attempt, answer: Answer) {
        match answer {
            Answer::Message(message) => {
                self.life.world.response.clone_from(&message.headers);
                self.life.world.details = "via_upstream".to_owned();
                self.stage = Stage::Answering(attempt, message, 0);
            }
            Answer::Refused => {
                self.life.world.connected = None;
                self.reset(attempt);
            }
            Answer::HungUp => {
                self.life.world.connected = Some(CLOSES);
                self.reset(attempt);
            }
            Answer::Stale => {
                self.serves(&attempt);
                self.life.world.connected = Some(SERVES);
                self.reset(attempt);
            }
            Answer::Silent => {
                let silent_ms = self.gateway.policy.resilience().idle_timeout_ms;
                self.life.world.common.pass(silent_ms);
                let details = "upstream_per_try_idle_timeout";
                self.failed(attempt, 504, details, "stream timeout");
            }
            Answer::Trapped => self.local(503, "wasm_fail_stream", ""),
            Answer::Unconnected => {
                self.life.world.connected = None;
                self.stage = Stage::Asked(attempt);
            }
        }
    }

    pub(super) fn retry(&mut self, mut attempt: Attempt) {
        attempt.filter.done(&mut self.life.world);
        let Sent { body, retries } = attempt.sent;
        self.stage = Stage::Routing(Sent { body, retries: retries.saturating_sub(1) });
    }

    /// Its connection broke, or there was none.
    pub(super) fn reset(&mut self, attempt: Attempt) {
        let details = "upstream_reset_before_response_started{remote_connection_failure}";
        let said = "upstream connect error or disconnect/reset before headers";
        self.failed(attempt, 503, details, said);
    }

    pub(super) fn failed(&mut self, mut attempt: Attempt, status: u16, details: &str, said: &str) {
        if attempt.sent.retries > 0 {
            return self.retry(attempt);
        }
        self.local(status, details, said);
        attempt.filter.done(&mut self.life.world);
    }

    /// An answer that had begun breaks off.
    pub(super) fn broken_off(&mut self) {
        self.life.reset = true;
        let details = "upstream_reset_after_response_started{remote_reset}";
        self.life.world.details = details.to_owned();
    }

    /// Envoy ends, and cuts the app's connection as it does.
    pub(crate) fn cut(&mut self) {
        self.life.world.details = "downstream_local_disconnect(draining)".to_owned();
        self.over();
    }

    /// Envoy has too much to do, and resets the stream.
    pub(crate) fn shed(&mut self) {
        self.life.world.details = "overload".to_owned();
        self.over();
    }

    /// The app has gone.
    pub(crate) fn leave(&mut self) {
        self.life.world.details = "downstream_remote_disconnect".to_owned();
        self.over();
    }

    /// An answer that Envoy makes: only the edge role meets it.
    pub(super) fn local(&mut self, status: u16, details: &str, said: &str) {
        self.life.world.details = details.to_owned();
        let headers = vec![("content-type", "text/plain".to_owned())];
        self.reply(Reply { status, headers, body: said.as_bytes().to_vec() });
    }
}
