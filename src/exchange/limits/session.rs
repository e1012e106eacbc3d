//! The caps of one session, which end an agent that loops.
use std::rc::Rc;

use super::slight::is_slight;
use crate::credit::Credits;
use crate::dialect::{Fault, FaultKind};
use crate::layout::{Reader, Writer};
use crate::policy::{Session, SessionBy};

/// The code by which an app's program tells that its session is over.
const CODE: &str = "session_limit";

/// What a session has had.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Had {
    /// When it began, by the proxy's clock in milliseconds.
    begun_ms: u64,
    /// When it is over where nothing more is heard of it.
    until_ms: u64,
    requests: u64,
    /// What it has cost, in millionths of a credit, and what those that run may cost.
    micros: u64,
}

impl Had {
    pub(super) fn write(self, out: &mut Writer) {
        let Self { begun_ms, until_ms, requests, micros } = self;
        [begun_ms, until_ms, requests, micros].into_iter().for_each(|own| out.number(own));
    }

    pub(super) fn read(fields: &mut Reader<'_>) -> Option<Self> {
        Some(Self {
            begun_ms: fields.number()?,
            until_ms: fields.number()?,
            requests: fields.number()?,
            micros: fields.number()?,
        })
    }

    /// Counts a request that is estimated to cost so much in a session, or says what is over. One
    /// that is refused is heard of: a loop that goes on begins no new session.
    pub(super) fn enter(
        own: &mut Option<Self>,
        session: &Rc<Session>,
        micros: u64,
        now_ms: u64,
    ) -> Result<Place, Over> {
        let known = own.filter(|own| now_ms < own.until_ms);
        let mut had = known.unwrap_or(Self { begun_ms: now_ms, ..Self::default() });
        // Requests that a policy with more patience has let in may still run.
        had.until_ms = had.until_ms.max(now_ms.saturating_add(session.idle_ms));
        let over = had.is_over(session, micros, now_ms);
        if over.is_none() {
            had.requests = had.requests.saturating_add(1);
            had.micros = had.micros.saturating_add(micros);
        }
        *own = Some(had);
        let place = |caps| Place { caps, micros, begun_ms: had.begun_ms, heard_ms: now_ms };
        over.map_or_else(|| Ok(place(Rc::clone(session))), Err)
    }

    /// Whether a request that is estimated to cost so much may enter, by what a worker knows alone:
    /// it lives, and what others have not been told of it would be little beside what is left.
    pub(super) fn may_enter(self, told: Self, session: &Session, micros: u64, now_ms: u64) -> bool {
        let lives = now_ms < self.until_ms && self.is_over(session, micros, now_ms).is_none();
        let requests = self.requests.saturating_add(1);
        let micros = self.micros.saturating_add(micros);
        lives && Self { requests, micros, ..self }.is_slight(told, session)
    }

    /// Whether what others have not been told of it is little beside what is left.
    pub(super) fn is_slight(self, told: Self, session: &Session) -> bool {
        let slight = |own: u64, told: u64, most: Option<u64>| {
            most.is_none_or(|most| is_slight(own.abs_diff(told), most.saturating_sub(own)))
        };
        slight(self.requests, told.requests, session.requests)
            && slight(self.micros, told.micros, session.credits.map(Credits::micros))
    }

    /// What has become of a session in one place happens to this one as well, unless it has begun
    /// anew meanwhile.
    pub(super) fn follow(&mut self, told: Self, own: Self) {
        if self.begun_ms != own.begun_ms {
            return;
        }
        let moved = |all: u64, told: u64, own: u64| all.saturating_add(own).saturating_sub(told);
        self.requests = moved(self.requests, told.requests, own.requests);
        self.micros = moved(self.micros, told.micros, own.micros);
        self.until_ms = self.until_ms.max(own.until_ms);
    }

    /// The cap that lets no more request in.
    fn is_over(&self, session: &Session, micros: u64, now_ms: u64) -> Option<Over> {
        // The first request of a session runs, whatever it costs.
        let costs = |most: &Credits| {
            let most = most.micros();
            let more = self.micros >= most || self.micros.saturating_add(micros) > most;
            more && self.requests > 0
        };
        let seconds = now_ms.saturating_sub(self.begun_ms) / 1000;
        let requests = session.requests.filter(|most| self.requests >= *most);
        let credits = session.credits.filter(costs);
        let lasts = session.seconds.filter(|most| seconds >= *most);
        requests
            .map(Over::Requests)
            .or(credits.map(|most| Over::Credits(self.micros, most)))
            .or(lasts.map(|most| Over::Seconds(seconds, most)))
    }
}

/// A request's place in the session that it has entered.
#[derive(Debug)]
pub(super) struct Place {
    caps: Rc<Session>,
    /// What it counts with there until its true cost is known, in millionths of a credit.
    micros: u64,
    /// When that session began: once that is over, another one may have its name.
    begun_ms: u64,
    /// When the session has last heard of it.
    heard_ms: u64,
}

impl Place {
    pub(super) fn caps(&self) -> &Session {
        &self.caps
    }

    /// How soon its session is to hear that it still runs, in milliseconds: long before it is idle,
    /// though a worker may be late.
    pub(super) fn renewal_ms(&self) -> u64 {
        self.caps.idle_ms / 4
    }

    /// Whether its session is to hear that now.
    pub(super) fn is_due(&self, now_ms: u64) -> bool {
        now_ms.saturating_sub(self.heard_ms) >= self.renewal_ms()
    }

    /// Its session, where the one that stands there is that.
    fn session<'h>(&self, had: &'h mut Option<Had>) -> Option<&'h mut Had> {
        had.as_mut().filter(|had| had.begun_ms == self.begun_ms)
    }

    /// It still runs.
    pub(super) fn renew(&self, had: &mut Option<Had>, now_ms: u64) {
        if let Some(had) = self.session(had) {
            had.until_ms = had.until_ms.max(now_ms.saturating_add(self.caps.idle_ms));
        }
    }

    /// The same is written.
    pub(super) const fn heard(&mut self, now_ms: u64) {
        self.heard_ms = now_ms;
    }

    /// It is over, and has cost this. One that never ran is none of the session's.
    pub(super) fn correct(
        &self,
        had: &mut Option<Had>,
        (micros, never_ran): (u64, bool),
        now_ms: u64,
    ) {
        self.renew(had, now_ms);
        if let Some(had) = self.session(had) {
            had.requests = had.requests.saturating_sub(u64::from(never_ran));
            had.micros = had.micros.saturating_sub(self.micros).saturating_add(micros);
        }
    }
}

/// What of a session is over: what there may be of it, and what there was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Over {
    Requests(u64),
    Credits(u64, Credits),
    Seconds(u64, u64),
}

/// What its app is told, by a status after which no SDK tries again.
pub(super) fn fault(by: Option<&SessionBy>, over: Over) -> Fault {
    let cap = match over {
        Over::Requests(most) => format!("has had {most} requests, and may have no more"),
        Over::Credits(micros, most) => {
            let cost = Credits::of_micros(micros).unwrap_or(Credits::MAX);
            format!("has cost {cost} credits with what still runs, of {most}")
        }
        Over::Seconds(seconds, most) => format!("began {seconds} s ago, and may last {most}"),
    };
    let (whose, anew) = match by {
        Some(SessionBy::PromptCacheKey) => {
            ("session", "send another `prompt_cache_key`".to_owned())
        }
        Some(SessionBy::Header(name)) => ("session", format!("send another `{name}`")),
        Some(SessionBy::Conversation) | None => {
            ("conversation", "begin a new conversation".to_owned())
        }
    };
    let message = format!(
        "the {whose} {cap} (limits.session), and sending this request again will not help: if it \
         is an agent that loops, stop it; to go on, {anew}, or have the gateway's operator raise \
         the limit"
    );
    Fault { code: Some(CODE.into()), ..Fault::new(FaultKind::InvalidRequest, message) }
}
