//! The exchange, callback by callback: whatever Envoy tells it, in whatever order, and whatever
//! stands in filter state and in what workers share.
use std::rc::Rc;

use tradewind::exchange::filter_state::{NEXT, PLAN};
use tradewind::exchange::{CallId, Plan, Purpose, hop};

use super::played::{gateway, overwrite, scripts, text_of};
use super::{BETWEEN, parts};
use crate::lives::{
    Answer, Filter, Given, Headers, Keeper, Message, Piece, Step, Way, World, live, split,
};

/// The plans of all scripts.
pub(super) fn plans() -> Vec<Vec<u8>> {
    let plans = scripts().into_iter().filter_map(|script| {
        let given = Given::read(split(&text_of(&script)).0).ok()?;
        live(&Rc::new(gateway(&given.policy)?), &given).world.state.remove(PLAN)
    });
    super::seeds::short(plans.collect())
}

/// A plan is written as it was read.
pub(super) fn plan(bytes: &[u8]) {
    if let Ok(plan) = Plan::decode(bytes) {
        let again = plan.encode();
        assert_eq!(Plan::decode(&again), Ok(plan));
    }
}

/// The lives of all scripts, as callbacks.
pub(super) fn calls() -> Vec<Vec<u8>> {
    let given = scripts().into_iter().filter_map(|script| {
        let given = Given::read(split(&text_of(&script)).0).ok()?;
        Some(told(&given))
    });
    super::seeds::short(given.collect())
}

/// A script as callbacks.
fn told(given: &Given) -> Vec<u8> {
    let mut parts: Vec<Vec<u8>> = vec![given.policy.clone().into_bytes()];
    let message = |message: &Message, [head, body, trailers]: [u8; 3], parts: &mut Vec<_>| {
        let lines = message.headers.iter();
        let lines = lines.map(|(name, value)| [name.as_bytes(), b": ", value, b"\n"].concat());
        let open = message.trailers || message.reset || message.more;
        let last = message.chunks.len().checked_sub(1).filter(|_| !open);
        // The last piece is told by the lower case of its letter.
        let end = |letter: u8, ends: bool| if ends { letter.to_ascii_lowercase() } else { letter };
        let ends = message.chunks.is_empty() && !open;
        parts.push([vec![end(head, ends)], lines.collect::<Vec<_>>().concat()].concat());
        for (index, chunk) in message.chunks.iter().enumerate() {
            parts.push([vec![end(body, Some(index) == last)], chunk.clone()].concat());
        }
        if message.trailers {
            parts.push(vec![trailers]);
        }
    };
    message(&given.request, *b"RBT", &mut parts);
    for (status, body) in &given.ledger {
        let status = STATUSES.iter().position(|own| own == status).unwrap_or_default();
        parts.push([vec![b'C', u8::try_from(status).unwrap_or_default()], body.clone()].concat());
    }
    for (model, answers) in &given.answers {
        for answer in answers {
            parts.push([b"G", model.as_bytes()].concat());
            parts.extend([b"R".to_vec(), b"b".to_vec()]);
            if let Answer::Message(own) = answer {
                message(own, *b"HDt", &mut parts);
            }
            parts.push(b"a".to_vec());
        }
    }
    parts.push(b"E".to_vec());
    let first = given.answers.values().flatten().next();
    if let Some(Answer::Message(own)) = first {
        message(own, *b"HDt", &mut parts);
    }
    parts.push(b"e".to_vec());
    parts.join(&BETWEEN)
}

const STATUSES: [u16; 6] = [201, 200, 402, 409, 503, 0];

/// A policy's name, and callbacks: a letter each, and what comes with it.
pub(super) fn callbacks(bytes: &[u8]) {
    let mut parts = parts(bytes);
    let name = String::from_utf8_lossy(parts.next().unwrap_or_default());
    let Some(gateway) = gateway(&name).map(Rc::new) else { return };
    let mut keeper = gateway.keeper();
    let mut world = World::default();
    let mut edge = Filter::new(gateway.edge_role(), gateway.buffer);
    let (mut attempt, mut sent) = (None, Vec::new());
    for part in parts {
        let Some((letter, with)) = part.split_first() else { continue };
        match letter {
            b'E' => attempt = None,
            b'G' => {
                let next = world.state.get(NEXT).filter(|_| with.is_empty());
                let model = String::from_utf8_lossy(next.map_or(with, Vec::as_slice)).into_owned();
                let role = gateway.provider_role(hop::model(&model));
                attempt = role.map(|role| Filter::new(role, gateway.buffer));
                world.turn_to(&model);
            }
            b'S' => {
                if let Some((key, value)) = String::from_utf8_lossy(with).split_once('\n') {
                    world.state.insert(key.to_owned(), value.as_bytes().to_vec());
                }
            }
            b'M' => shared(&world, with),
            b'P' => {
                let seconds = with.first().map_or(0, |seconds| u64::from(*seconds));
                world.common.pass(seconds.saturating_mul(1000));
                time(keeper.as_mut(), &mut world);
            }
            _ => {
                let filter = attempt.as_mut().unwrap_or(&mut edge);
                if let Some(Step::Pass { body, .. }) =
                    call(filter, &mut world, (*letter, with), &sent)
                {
                    sent = body;
                }
            }
        }
    }
}

/// One callback; what is none is left out.
fn call(
    filter: &mut Filter,
    world: &mut World,
    (letter, with): (u8, &[u8]),
    sent: &[u8],
) -> Option<Step> {
    let end = letter.is_ascii_lowercase();
    let (way, piece) = match letter {
        b'R' | b'r' => (Way::Request, Piece::Headers { end }),
        // The second role gets what the first has let go of.
        b'B' | b'b' if with.is_empty() => (Way::Request, Piece::Body(sent, end)),
        b'B' | b'b' => (Way::Request, Piece::Body(with, end)),
        b'T' => (Way::Request, Piece::Trailers),
        b'H' | b'h' => (Way::Response, Piece::Headers { end }),
        b'D' | b'd' => (Way::Response, Piece::Body(with, end)),
        b't' => (Way::Response, Piece::Trailers),
        b'C' => {
            let (status, body) = with.split_first()?;
            let status = STATUSES.get(usize::from(*status)).copied().unwrap_or(u16::from(*status));
            let hold = CallId { purpose: Purpose::Hold, number: 1 };
            let id = world.open.first().copied().unwrap_or(hold);
            return Some(filter.called(world, id, (status, body)));
        }
        b'w' => return Some(filter.woken(world)),
        b'a' => {
            filter.done(world);
            return None;
        }
        b'e' => {
            filter.over(world);
            return None;
        }
        _ => return None,
    };
    if let (Piece::Headers { .. }, false) = (piece, with.is_empty()) {
        let map = if way == Way::Request { &mut world.request } else { &mut world.response };
        *map = headers(with);
    }
    Some(filter.turn(world, way, piece))
}

/// Headers, a line each.
fn headers(lines: &[u8]) -> Headers {
    let lines = lines.split(|byte| *byte == b'\n').filter_map(|line| {
        let at = line.windows(2).position(|two| two == b": ")?;
        let (name, value) = line.split_at_checked(at)?;
        let name = String::from_utf8_lossy(name).to_ascii_lowercase();
        Some((name, value.get(2..).unwrap_or_default().to_vec()))
    });
    lines.collect()
}

/// Somebody overwrites one of the records that workers share.
fn shared(world: &World, with: &[u8]) {
    if let Some((which, value)) = with.split_first() {
        overwrite(&world.common, usize::from(*which), value);
    }
}

/// The worker's outboxes get what is for them, and time.
fn time(keeper: &mut dyn Keeper, world: &mut World) {
    core::mem::take(&mut world.queued).into_iter().for_each(|item| drop(keeper.queue(item)));
    core::mem::take(&mut world.posted).into_iter().for_each(|parcel| drop(keeper.post(parcel)));
    drop(keeper.tick(&world.view()));
}
