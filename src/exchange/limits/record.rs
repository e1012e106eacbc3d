//! What the workers of a proxy know of one subject of limits: all of its buckets, so that a request
//! costs one read and one write.
use super::session::Had;
use crate::layout::{Reader, Writer};
use crate::resilience::{Record, Records, Slots, UpdateError, nanos};

/// A subject: a tenant, a user, a key, a route, a session.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Subject {
    /// Of each rule that has been asked of it and is not whole again.
    buckets: Vec<Bucket>,
    /// Tokens of output that the longest of its answers have had lately; 0 where it has had none.
    pub(super) usual_output: u64,
    /// How many answers say so.
    pub(super) answers: u64,
    /// Whether apps may name it, as users and sessions. They may name many: it makes room for those
    /// that the policy names.
    pub(super) of_apps: bool,
    /// What it has had, where it is a session with caps.
    pub(super) session: Option<Had>,
}

/// What has been taken by one rule.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Bucket {
    rule: u64,
    /// When it is full again, in nanoseconds of the proxy's clock; see [`crate::resilience::Flow`].
    full_ns: u64,
    /// What of that its worker has not told the others: [`super::tab`].
    untold_ns: i64,
    /// What runs.
    pub(super) slots: Slots,
}

impl Bucket {
    /// When it is full again, in nanoseconds of the proxy's clock.
    pub(super) const fn full_ns(&self) -> u64 {
        self.full_ns
    }

    /// It is full again at another moment: earlier where something is given back.
    pub(super) fn fill_at(&mut self, full_ns: u64, now_ms: u64) {
        self.untold_ns = self.untold_with(full_ns, now_ms);
        self.full_ns = full_ns;
    }

    /// What others have not been told of it, once it is full at that moment.
    pub(super) fn untold_with(&self, full_ns: u64, now_ms: u64) -> i64 {
        let signed = |ns: u64| i64::try_from(ns).unwrap_or(i64::MAX);
        let more = match full_ns.checked_sub(self.full_ns) {
            Some(_) => signed(full_ns.saturating_sub(self.full_ns.max(nanos(now_ms)))),
            None => signed(self.full_ns.saturating_sub(full_ns)).saturating_neg(),
        };
        self.untold_ns.saturating_add(more)
    }

    /// What a worker has not told of its own happens to this one.
    fn follow(&mut self, told: Option<&Self>, own: &Self, now_ms: u64) {
        let untold = own.untold_ns.unsigned_abs();
        self.full_ns = match own.untold_ns {
            0 => self.full_ns,
            1.. => self.full_ns.max(nanos(now_ms)).saturating_add(untold),
            _ => self.full_ns.saturating_sub(untold),
        };
        let none = Slots::default();
        self.slots.follow(told.map_or(&none, |told| &told.slots), &own.slots);
    }

    /// Whether it is as if nobody had ever taken anything.
    fn is_whole(&self, now_ms: u64) -> bool {
        self.full_ns <= nanos(now_ms) && self.slots.running(now_ms) == 0
    }
}

impl Subject {
    /// What has been taken by a rule.
    pub(super) fn bucket(&mut self, rule: u64) -> Option<&mut Bucket> {
        let known = self.buckets.iter().position(|own| own.rule == rule);
        let at = known.unwrap_or_else(|| {
            self.buckets.push(Bucket { rule, ..Bucket::default() });
            self.buckets.len().saturating_sub(1)
        });
        self.buckets.get_mut(at)
    }

    /// The same where it is not changed; `None` where nothing has been taken.
    pub(super) fn known(&self, rule: u64) -> Option<&Bucket> {
        self.buckets.iter().find(|own| own.rule == rule)
    }

    /// Forgets what says nothing any more. What has been taken by rules of other policies stays:
    /// they may be in force elsewhere, or again.
    fn forget(&mut self, now_ms: u64) {
        self.buckets.iter_mut().for_each(|own| own.slots.forget(now_ms));
        self.buckets.retain(|own| !own.is_whole(now_ms));
    }

    /// Learns how much output an answer has had. A longer one than usual is the usual one at once;
    /// a shorter one lowers it by an eighth of what it is shorter: who takes too little lets more
    /// through than there may be, who takes too much only keeps others waiting for its end.
    pub(super) fn learn(&mut self, output: u64) {
        let shorter = self.usual_output.saturating_sub(output).div_ceil(8);
        self.usual_output = self.usual_output.saturating_sub(shorter).max(output);
        self.answers = self.answers.saturating_add(1);
    }

    /// What a worker's requests have made of `told`, and the others have not been told, happens to
    /// this one as well. A time that may be a little late takes a little more than there was.
    pub(super) fn follow(&mut self, told: &Self, own: &Self, now_ms: u64) {
        for bucket in &own.buckets {
            if let Some(all) = self.bucket(bucket.rule) {
                all.follow(told.known(bucket.rule), bucket, now_ms);
            }
        }
        self.of_apps = own.of_apps;
        let answers = own.answers.saturating_sub(told.answers);
        if answers > 0 {
            // Where others have learnt as well, whoever says more is believed.
            let others = if self.usual_output == told.usual_output { 0 } else { self.usual_output };
            self.usual_output = own.usual_output.max(others);
            self.answers = self.answers.saturating_add(answers);
        }
        if let (Some(all), Some(told), Some(own)) = (&mut self.session, told.session, own.session) {
            all.follow(told, own);
        }
    }

    /// All of it has been told.
    pub(super) fn told(mut self) -> Self {
        self.buckets.iter_mut().for_each(|own| own.untold_ns = 0);
        self
    }

    /// Changes the subject of that name, where `change` says that it does, and gives it as it is
    /// then; `change` is called again for each try.
    pub(super) fn update(
        records: Records<'_>,
        name: &str,
        change: &mut dyn FnMut(&mut Self) -> bool,
    ) -> Result<Self, UpdateError> {
        let now_ms = records.now_ms();
        records.update(name, |known: Option<Self>| {
            let mut subject = known.unwrap_or_default();
            subject.forget(now_ms);
            let changed = change(&mut subject);
            subject.forget(now_ms);
            changed.then(|| (subject.clone(), subject))
        })
    }
}

impl Record for Subject {
    const KIND: &'static str = "limited.2";

    /// All places of a bucket, each of a subject under four rules that count tokens or what runs;
    /// or two of a subject under 32 of them.
    const BYTES_MAX: usize = 8192;

    /// Longer than a day, after which every bucket is full again that did not owe anything.
    const STALE_MS: u64 = 90_000_000;

    /// All workers may write the record of one busy tenant at the same time.
    const TRIES: u32 = 100;

    fn write(&self, out: &mut Writer) {
        out.flag(self.of_apps);
        out.number(self.usual_output);
        out.number(self.answers);
        out.option(self.session, |out, own| own.write(out));
        out.list(&self.buckets, |out, own| {
            out.number(own.rule);
            out.number(own.full_ns);
            own.slots.write(out);
        });
    }

    fn read(fields: &mut Reader<'_>) -> Option<Self> {
        let of_apps = fields.flag()?;
        let (usual_output, answers) = (fields.number()?, fields.number()?);
        let session = fields.option(Had::read)?;
        let buckets = fields.list(|fields| {
            let (rule, full_ns) = (fields.number()?, fields.number()?);
            Some(Bucket { rule, full_ns, untold_ns: 0, slots: Slots::read(fields)? })
        })?;
        Some(Self { buckets, usual_output, answers, of_apps, session })
    }

    fn is_pinned(&self, now_ms: u64) -> bool {
        !self.of_apps && !self.buckets.iter().all(|own| own.is_whole(now_ms))
    }
}
