//! Who waits for answers: for all of them, or for what can be had soon.
use core::future::poll_fn;
use core::pin::Pin;
use core::task::{Context, Poll};
use core::time::Duration;
use std::collections::BTreeMap;

use tokio::sync::oneshot::Receiver;
use tokio::time::timeout;

use super::Unavailable;
use crate::credit::Answer;

/// Whoever asks something of several accounts waits so long for the first of them, and from then on
/// so long for the others: what somebody keeps locked is asked again, and holds up nobody. A proxy
/// waits two seconds.
const PATIENCE: (Duration, Duration) = (Duration::from_millis(1_250), Duration::from_millis(500));

type Result<T> = core::result::Result<T, Unavailable>;

/// What several accounts have been asked.
#[derive(Debug, Default)]
pub(super) struct Asked(Vec<Waiting>);

/// What one account has been asked.
#[derive(Debug)]
struct Waiting {
    /// Where its commands stand among all.
    places: Vec<usize>,
    answered: Receiver<Result<Vec<Answer>>>,
    found: Option<Result<Vec<Answer>>>,
}

impl Asked {
    pub(super) fn push(&mut self, places: Vec<usize>, answered: Receiver<Result<Vec<Answer>>>) {
        self.0.push(Waiting { places, answered, found: None });
    }

    /// Waits for all answers. When one account's fail, all have failed, though others are done.
    pub(super) async fn all(self) -> Result<Vec<Answer>> {
        let mut answers: BTreeMap<usize, Answer> = BTreeMap::new();
        for Waiting { places, answered, .. } in self.0 {
            let found = answered.await.map_err(|_| Unavailable::Closing)??;
            answers.extend(places.into_iter().zip(found));
        }
        Ok(answers.into_values().collect())
    }

    /// Waits for those that can be had soon; who is not answered by then is not served either,
    /// unless it is being served already.
    pub(super) async fn each(mut self) -> Vec<Result<Answer>> {
        let (first, others) = PATIENCE;
        // What is late is found below.
        drop(timeout(first, poll_fn(|cx| self.poll(cx, 1))).await);
        let total = self.0.len();
        drop(timeout(others, poll_fn(|cx| self.poll(cx, total))).await);
        let mut answers: BTreeMap<usize, Result<Answer>> = BTreeMap::new();
        for Waiting { places, found, .. } in self.0 {
            match found {
                Some(Ok(found)) => {
                    answers.extend(places.into_iter().zip(found.into_iter().map(Ok)))
                }
                Some(Err(why)) => {
                    answers.extend(places.into_iter().map(|place| (place, Err(why.clone()))));
                }
                None => {
                    let late = |place| (place, Err(Unavailable::Late));
                    answers.extend(places.into_iter().map(late));
                }
            }
        }
        answers.into_values().collect()
    }

    /// Ready once so many are answered.
    fn poll(&mut self, cx: &mut Context<'_>, enough: usize) -> Poll<()> {
        let mut count = 0_usize;
        for waiting in &mut self.0 {
            if waiting.found.is_none()
                && let Poll::Ready(answered) = Pin::new(&mut waiting.answered).poll(cx)
            {
                waiting.found = Some(answered.unwrap_or(Err(Unavailable::Closing)));
            }
            count = count.saturating_add(usize::from(waiting.found.is_some()));
        }
        if count >= enough.min(self.0.len()) { Poll::Ready(()) } else { Poll::Pending }
    }
}
