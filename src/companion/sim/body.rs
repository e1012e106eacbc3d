//! An answer's body as a script: pieces, waits, and how it ends.
use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use hyper::body::{Body, Bytes, Frame};
use tokio::time::{Sleep, sleep};

use super::log::{Ending, Entry};
use super::wire::Wire;

/// One step of a body.
#[derive(Debug)]
pub(super) enum Step {
    Data(Bytes),
    /// Lets what was given be written before more comes.
    Yield,
    Wait(Duration),
    /// Says nothing more and stays open.
    Hang,
    /// Breaks the connection.
    Reset,
}

/// A body that plays its steps.
#[derive(Debug)]
pub(super) struct Script {
    steps: VecDeque<Step>,
    sleep: Option<Pin<Box<Sleep>>>,
    wire: Arc<Wire>,
    entry: Arc<Entry>,
}

impl Script {
    pub(super) fn new(steps: Vec<Step>, wire: Arc<Wire>, entry: Arc<Entry>) -> Self {
        Self { steps: steps.into(), sleep: None, wire, entry }
    }
}

impl Drop for Script {
    fn drop(&mut self) {
        self.wire.one_byte(false);
        // A body of known length is not asked for what comes after its last byte.
        let whole = self.steps.iter().all(|step| matches!(step, Step::Yield | Step::Wait(_)));
        self.entry.end(if whole { Ending::Whole } else { Ending::AppLeft });
    }
}

impl Body for Script {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        loop {
            if let Some(sleep) = &mut self.sleep {
                if sleep.as_mut().poll(context).is_pending() {
                    return Poll::Pending;
                }
                self.sleep = None;
            }
            match self.steps.pop_front() {
                None => return Poll::Ready(None),
                Some(Step::Data(bytes)) => return Poll::Ready(Some(Ok(Frame::data(bytes)))),
                Some(Step::Yield) => {
                    context.waker().wake_by_ref();
                    return Poll::Pending;
                }
                Some(Step::Wait(time)) => self.sleep = Some(Box::pin(sleep(time))),
                Some(Step::Hang) => {
                    self.steps.push_front(Step::Hang);
                    return Poll::Pending;
                }
                Some(Step::Reset) => {
                    self.wire.reset();
                    self.entry.end(Ending::Reset);
                    return Poll::Ready(Some(Err(io::ErrorKind::ConnectionReset.into())));
                }
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.steps.is_empty()
    }
}
