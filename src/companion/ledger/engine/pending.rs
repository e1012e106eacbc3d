//! The answers to commands on several accounts: waited for all, or for those that come soon.
use core::future::poll_fn;
use core::pin::Pin;
use core::task::{Context, Poll};
use core::time::Duration;
use std::collections::BTreeMap;

use tokio::sync::oneshot::Receiver;
use tokio::time::timeout;

use super::Unavailable;
use crate::credit::Answer;

/// How long a batch waits for its first answer. With [`OTHERS_WAIT`] this stays below the two
/// seconds that a proxy waits: an account that somebody keeps locked delays no other.
const FIRST_WAIT: Duration = Duration::from_millis(1_250);

/// How long after its first answer a batch waits for the others.
const OTHERS_WAIT: Duration = Duration::from_millis(500);

type Result<T> = core::result::Result<T, Unavailable>;

/// The answers that several accounts still owe.
#[derive(Debug, Default)]
pub(super) struct PendingAnswers(Vec<Waiting>);

/// The answers that one account still owes.
#[derive(Debug)]
struct Waiting {
    /// The indices of the account's commands among all that were sent with them.
    indices: Vec<usize>,
    answered: Receiver<Result<Vec<Answer>>>,
    found: Option<Result<Vec<Answer>>>,
}

impl PendingAnswers {
    pub(super) fn push(&mut self, indices: Vec<usize>, answered: Receiver<Result<Vec<Answer>>>) {
        self.0.push(Waiting { indices, answered, found: None });
    }

    /// Waits for all answers. When those of one account fail this fails, though others are done.
    pub(super) async fn all(self) -> Result<Vec<Answer>> {
        let mut answers: BTreeMap<usize, Answer> = BTreeMap::new();
        for Waiting { indices, answered, .. } in self.0 {
            let found = answered.await.map_err(|_| Unavailable::Closing)??;
            answers.extend(indices.into_iter().zip(found));
        }
        Ok(answers.into_values().collect())
    }

    /// Waits for the answers that come soon. The others are [`Unavailable::Late`], and their
    /// commands are dropped unless a transaction has them already.
    pub(super) async fn each(mut self) -> Vec<Result<Answer>> {
        // A timeout is no error: what is missing then is found below.
        drop(timeout(FIRST_WAIT, poll_fn(|cx| self.poll(cx, 1))).await);
        let total = self.0.len();
        drop(timeout(OTHERS_WAIT, poll_fn(|cx| self.poll(cx, total))).await);
        let mut answers: BTreeMap<usize, Result<Answer>> = BTreeMap::new();
        for Waiting { indices, found, .. } in self.0 {
            match found {
                Some(Ok(found)) => {
                    answers.extend(indices.into_iter().zip(found.into_iter().map(Ok)))
                }
                Some(Err(why)) => {
                    answers.extend(indices.into_iter().map(|index| (index, Err(why.clone()))));
                }
                None => {
                    let late = |index| (index, Err(Unavailable::Late));
                    answers.extend(indices.into_iter().map(late));
                }
            }
        }
        answers.into_values().collect()
    }

    /// Ready once `enough` accounts have answered.
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
